"""The arithmetic of a row: rounds in turns, a ratio for each round, medians.

Pure but for the clock. Invariant: whatever slows the machine down for longer than a round slows both sides of that
round, so it leaves the round's ratio as it is; what is shorter hits one round, and the median does not see it.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["Effort", "Figures", "Pair", "Spent", "interleave", "measure", "summary"]

Side = Callable[[], object]

ROUND_SECONDS: Final = 0.0004
"""How long one side of a round takes, about: some ten calls. Rounds ten times as long were tried on a busy machine: the
others' turns on the core fell into half of them, and the medians of two runs were a third apart instead of a tenth."""


@dataclass(frozen=True)
class Pair:
    """Two things that do the same work.

    Attributes:
        raw: What a user of redis-py would write.
        ours: What a user of redicts writes.
        prepare: Run before each of them, off the clock; there is one run to a round then.
        own_clock: They give the seconds that count, instead of being timed from outside.
    """

    raw: Side
    ours: Side
    prepare: Side | None = None
    own_clock: bool = False


@dataclass(frozen=True)
class Figures:
    """Two figures that need no clock, as bytes of memory."""

    raw: float
    ours: float


@dataclass(frozen=True)
class Effort:
    """How long to measure.

    Attributes:
        seconds: For the rounds of one row, about.
        rounds: At least so many of them, however long they take.
    """

    seconds: float
    rounds: int


@dataclass(frozen=True)
class Spent:
    """What a row came to.

    Attributes:
        raw: Median over the rounds: seconds for each run, or the figure.
        ours: Likewise.
        ratio: Median of the rounds' ratios. (Not the ratio of the medians, which lie in different rounds.)
        low: A quarter of the rounds had a lower ratio.
        high: A quarter had a higher one.
        rounds: How many there were.
    """

    raw: float
    ours: float
    ratio: float
    low: float
    high: float
    rounds: int


def measure(work: Pair | Figures, effort: Effort) -> Spent:
    """Measure one row.

    Args:
        work: What the row compares.
        effort: How long it may take.

    Returns:
        Medians and the spread of the ratio.
    """
    if isinstance(work, Figures):
        return summary([(work.raw, work.ours)])
    raw, ours = _clocked(work, work.raw, 1), _clocked(work, work.ours, 1)
    for _ in range(1 if work.own_clock else 3):  # warm-up: connections, scripts, caches of both sides
        first, second = raw(), ours()
    loops = 1
    if work.prepare is None and not work.own_clock:
        loops = max(1, round(ROUND_SECONDS / max(min(first, second), 1e-7)))
        raw, ours = _clocked(work, work.raw, loops), _clocked(work, work.ours, loops)
    return summary(interleave(raw, ours, effort))


def interleave(raw: Callable[[], float], ours: Callable[[], float], effort: Effort) -> list[tuple[float, float]]:
    """Run both sides in turns, each first in every other round: what one leaves behind does not favour the other.

    Args:
        raw: Gives its seconds.
        ours: Gives its seconds.
        effort: When to stop.

    Returns:
        A pair of seconds for each round.
    """
    rounds: list[tuple[float, float]] = []
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        end = time.perf_counter() + effort.seconds
        while len(rounds) < effort.rounds or time.perf_counter() < end:
            if len(rounds) % 2:
                mine = ours()
                rounds.append((raw(), mine))
            else:
                rounds.append((raw(), ours()))
    finally:
        if collecting:
            gc.enable()
    return rounds


def summary(rounds: Sequence[tuple[float, float]]) -> Spent:
    """Sum rounds up.

    Example:
        >>> summary([(1.0, 2.0), (10.0, 30.0), (1.0, 3.0)]).ratio
        3.0
    """
    ratios = [ours / raw for raw, ours in rounds]
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
    return Spent(
        raw=statistics.median([raw for raw, _ in rounds]),
        ours=statistics.median([ours for _, ours in rounds]),
        ratio=middle,
        low=low,
        high=high,
        rounds=len(rounds),
    )


def _clocked(work: Pair, side: Side, loops: int) -> Callable[[], float]:
    """Make of a side a function that runs it and gives the seconds of one run."""
    prepare = work.prepare

    def run() -> float:
        if prepare is not None:
            prepare()
        if work.own_clock:
            return float(side())  # type: ignore[arg-type]  # such a side gives seconds
        begun = time.perf_counter()
        for _ in range(loops):
            side()
        return (time.perf_counter() - begun) / loops

    return run
