"""Writers that go on through outages and keep a journal of what the server acknowledged, to be held against the tree.

Each entry ``n`` of a writer is a small document at a name of its own, never written again, and is counted by ``add``.
So whatever an outage takes away stays away, and can be told from what was never acknowledged.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from redicts import ConnectionLost, OutcomeUnknown, Proxy
from tests.concurrency.trees import Spot

__all__ = ["Journal", "entry", "keep_journal", "missing_entries"]


class Journal(NamedTuple):
    """What a writer knows at its end.

    Attributes:
        me: Its number.
        attempted: How many entries it began to write.
        acknowledged: The entries whose ``set`` returned, and when (monotonic clock, the same for all processes).
        sums: What ``add`` returned, in order.
        unknown: How many ``add`` ended in ``OutcomeUnknown``.
        outages: For each outage that it met, how long it went without an answer.
        errors: Names of the errors that came, and how often.
    """

    me: int
    attempted: int
    acknowledged: dict[int, float]
    sums: list[int]
    unknown: int
    outages: list[float]
    errors: dict[str, int]


def entry(me: int, n: int) -> Any:
    """Give the document of an entry."""
    return {"n": n, "deep": {"er": {"n": n, "me": me}}, "list": [n, me]}


def keep_journal(spot: Spot, me: int, stop: Path, options: dict[str, Any]) -> Journal:
    """Write until the file ``stop`` is there, and then until one whole entry was acknowledged.

    It prints the name of each error. None but ``ConnectionLost`` and ``OutcomeUnknown`` is a part of life: any other
    ends the process.
    """
    tree = spot.open(**options)
    place, counter = tree.get(f"w{me}.entries"), tree.get(f"w{me}.count")
    journal = Journal(me, 0, {}, [], 0, [], {})
    n = unknown = 0
    last_answer, out = time.monotonic(), False
    while True:
        stopping = stop.exists()
        n += 1

        def write(n: int = n) -> None:
            place.set(f"e{n}", entry(me, n))
            journal.acknowledged[n] = time.monotonic()
            journal.sums.append(int(counter.add()))
            tree.get(f"w{me}").update({"state.last": n, "state.shape": entry(me, n) if n % 2 else n})

        error = _error_of(write)
        if error is None:
            if out:
                journal.outages.append(time.monotonic() - last_answer)
            last_answer, out = time.monotonic(), False
            if stopping:
                return journal._replace(attempted=n, unknown=unknown)
        else:
            out = True
            unknown += isinstance(error, OutcomeUnknown)
            name = type(error).__name__
            print(name, flush=True)
            journal.errors[name] = journal.errors.get(name, 0) + 1


def _error_of(write: Callable[[], None]) -> Exception | None:
    try:
        write()
    except (ConnectionLost, OutcomeUnknown) as error:
        return error
    return None


def missing_entries(tree: Proxy, journal: Journal) -> dict[int, float]:
    """Find acknowledged entries that are not there, and when they were acknowledged.

    Raises:
        AssertionError: There is half an entry, one that nobody wrote, or a count that cannot be.
    """
    there = tree.get(f"w{journal.me}.entries").val({})
    for name, value in there.items():
        n = int(name.removeprefix("e"))
        assert n <= journal.attempted
        assert value == entry(journal.me, n), f"half an entry: {value}"
    return {n: when for n, when in journal.acknowledged.items() if f"e{n}" not in there}
