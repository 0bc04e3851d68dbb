"""The table and the JSON file."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final, TextIO

from benchmarks.measure import Spent
from benchmarks.registry import Row

__all__ = ["Result", "cells", "print_table", "write_json"]

Result = tuple[Row, Spent]

HEADINGS: Final = ("row", "against", "raw", "ours", "ratio", "middle half", "budget", "")
_LEFT: Final = frozenset({0, 1, 7})


def cells(row: Row, spent: Spent) -> tuple[str, ...]:
    """Spell one row as it stands in the table."""
    spread = f"{spent.low:.2f}-{spent.high:.2f}" if spent.rounds > 1 else ""
    limit = "" if row.budget is None else f"{row.budget:.2f}" if row.held == "ratio" else _figure(row.budget, row.unit)
    verdict = row.verdict(spent)
    figures = (_figure(spent.raw, row.unit), _figure(spent.ours, row.unit), f"{spent.ratio:.2f}")
    return (row.name, row.against, *figures, spread, limit, verdict)


def print_table(results: Sequence[Result], about: Mapping[str, str], out: TextIO) -> None:
    """Print the table, by rich where that is installed."""
    lines = [cells(row, spent) for row, spent in results]
    title = ", ".join([*[f"{name} {value}" for name, value in about.items()], f"Python {platform.python_version()}"])
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        _print_plain(lines, title, out)
        return
    table = Table(title=title, title_justify="left", row_styles=["", "dim"])
    for index, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="left" if index in _LEFT else "right", no_wrap=index != 1)
    for line in lines:
        table.add_row(*line[:-1], {"ok": "[green]ok", "miss": "[bold red]miss"}.get(line[-1], ""))
    console = Console(file=out)
    if not console.is_terminal:
        console = Console(file=out, width=160)  # a file has no width of its own, and lines are to stay whole
    console.print(table)


def _print_plain(lines: Sequence[Sequence[str]], title: str, out: TextIO) -> None:
    widths = [max(len(line[column]) for line in (HEADINGS, *lines)) for column in range(len(HEADINGS))]
    print(title, file=out)
    for line in (HEADINGS, *lines):
        padded = [
            text.ljust(width) if index in _LEFT else text.rjust(width)
            for index, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        print("  ".join(padded).rstrip(), file=out)


def write_json(results: Sequence[Result], about: Mapping[str, str], path: Path) -> None:
    """Write everything that was measured, in seconds and bytes."""
    rows = [
        {
            "row": row.name,
            "against": row.against,
            "unit": row.unit,
            **asdict(spent),
            "budget": row.budget,
            "held": row.held,
            "verdict": row.verdict(spent),
        }
        for row, spent in results
    ]
    where = {**about, "python": platform.python_version(), "machine": platform.platform()}
    path.write_text(json.dumps({"about": where, "rows": rows}, indent=2) + "\n", encoding="utf-8")


def _figure(value: float, unit: str) -> str:
    if unit == "n":
        return f"{value:.0f}"
    if unit == "B":
        return f"{value:.1f} B"
    if value < 0.001:
        return f"{value * 1e6:.1f} us"
    return f"{value * 1e3:.2f} ms"
