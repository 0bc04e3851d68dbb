"""The registry of rows: each is one short function, with what it is compared with and what it may cost.

A row's function gets the ``Stage`` (a server, clients, places), puts there what it needs, and gives the two sides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Literal

from benchmarks.measure import Figures, Pair, Spent
from benchmarks.stage import Stage

__all__ = ["ROWS", "Row", "row", "select"]

Setting = Callable[[Stage], Pair | Figures]


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Attributes:
        name: What is measured.
        against: What it is measured against, in words or in Python.
        budget: The most it may come to; ``None`` for a row that only informs.
        held: What the budget is for: the ratio, or our own figure.
        unit: Of the two figures: seconds (``s``), bytes (``B``) or a number (``n``).
        setting: Makes the two sides.
    """

    name: str
    against: str
    budget: float | None
    held: Literal["ratio", "ours"]
    unit: Literal["s", "B", "n"]
    setting: Setting

    def verdict(self, spent: Spent, tolerance: float = 1.0) -> Literal["ok", "miss", ""]:
        """Hold what was measured against the budget, as it is printed: to two digits, of ms where it is a time.

        Args:
            spent: What was measured.
            tolerance: The budget counts so many times.
        """
        if self.budget is None:
            return ""
        if self.held == "ratio":
            found, digits = spent.ratio, 2
        else:
            found, digits = spent.ours, 5 if self.unit == "s" else 2
        return "ok" if round(found, digits) <= round(self.budget * tolerance, digits) else "miss"


ROWS: Final[list[Row]] = []
"""All rows, in the order of the table."""


def row(
    name: str,
    against: str,
    budget: float | None = None,
    *,
    held: Literal["ratio", "ours"] = "ratio",
    unit: Literal["s", "B", "n"] = "s",
) -> Callable[[Setting], Setting]:
    """Register a function as a row. The arguments are the attributes of ``Row``."""

    def register(setting: Setting) -> Setting:
        ROWS.append(Row(name, against, budget, held, unit, setting))
        return setting

    return register


def select(pattern: str | None) -> list[Row]:
    """Find rows by a part of their name, or by a pattern with ``*``; upper and lower case are the same.

    Raises:
        ValueError: No row matches.
    """
    if pattern is None:
        return list(ROWS)
    wanted = pattern.casefold()
    found = [r for r in ROWS if wanted in r.name.casefold() or fnmatchcase(r.name.casefold(), wanted)]
    if not found:
        raise ValueError(f"no row matches {pattern!r}; the rows are: {', '.join(r.name for r in ROWS)}")
    return found
