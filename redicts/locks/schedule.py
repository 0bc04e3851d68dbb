"""When which lock is renewed, together with which, and when one counts as lost. What runs it is in ``renewal.py``.

May import core, errors, holding and keeping; no I/O, no threads, no tasks. Invariants: nothing released is renewed (the
script renews only what is there and alive, and what was forgotten here is no longer asked for); a lock that is found
to be lost is marked so within one interval, a third of its lease; one of which nothing is known, when its lease may
have run out.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Generator
from itertools import count
from time import monotonic
from typing import Final, NamedTuple

import redicts.locks.keeping as keeping
from redicts.core.effects import Op
from redicts.core.units import to_seconds
from redicts.errors import ConnectionLost, OutcomeUnknown
from redicts.locks.holding import Holding

__all__ = ["Asked", "Item", "Schedule", "interval_of"]

log: Final = logging.getLogger("redicts.locks")

LEAST_PATIENCE: Final = 0.02
"""How long the server is given even where leases are very short, in seconds."""

STALE: Final = 100
"""So many locks that are renewed no more are carried along at least."""

TOGETHER: Final = 0.1
"""What is due within this part of its interval is renewed in the same round trip as what is due now; and so long the
server is given at least."""


def interval_of(holding: Holding) -> float:
    """Return how often a lock is renewed, in seconds: three times in each lease."""
    return to_seconds(holding.lease_ms) / 3


class Item:
    """A lock that is renewed until it is forgotten, lost, or as old as it may be."""

    __slots__ = ("due", "holding", "until")

    def __init__(self, holding: Holding, max_lifetime: float | None) -> None:
        self.holding = holding
        self.until = None if max_lifetime is None else monotonic() + max_lifetime
        self.due = monotonic() + interval_of(holding)

    @property
    def renewable(self) -> bool:
        """Whether it is to be renewed again, and not only watched until it runs out."""
        context = self.holding.context
        orphan = self.holding.owner == context.owner and not context.alive
        return not orphan and not self.holding.is_lost and (self.until is None or monotonic() < self.until)


class Asked(NamedTuple):
    """What is to be run: an operation that may be repeated, and how many seconds the server is given for it."""

    op: Op[list[bool]]
    patience: float


class Schedule:
    """The locks of one database that are renewed. Threads take turns: who uses it sees to that."""

    def __init__(self) -> None:
        self._items: dict[Holding, Item] = {}
        self._heap: list[tuple[float, int, Item]] = []
        self._order = count()

    def __bool__(self) -> bool:
        """Whether there is anything to renew."""
        return bool(self._items)

    def add(self, holding: Holding, max_lifetime: float | None) -> None:
        """Renew a lock from now on.

        Args:
            holding: The lock.
            max_lifetime: Seconds after which it is no longer renewed; ``None``: no limit.
        """
        item = self._items[holding] = Item(holding, max_lifetime)
        self._push(item)

    def forget(self, holding: Holding) -> bool:
        """Renew a lock no more; False where it was not renewed."""
        found = self._items.pop(holding, None) is not None
        if len(self._heap) > 2 * len(self._items) + STALE:  # else they stay until they would have been due
            self._heap = [entry for entry in self._heap if self._items.get(entry[2].holding) is entry[2]]
            heapq.heapify(self._heap)
        return found

    def holdings(self) -> list[Holding]:
        """Give the locks that are renewed."""
        return list(self._items)

    def has(self, holding: Holding) -> bool:
        """Whether a lock is renewed."""
        return holding in self._items

    def put_back(self, items: list[Item]) -> None:
        """Take locks that were due again, as far as they were not forgotten meanwhile."""
        for item in items:
            if self._items.get(item.holding) is item:
                self._push(item)

    def wait(self) -> float | None:
        """Return the seconds until something is due; ``None`` where there is nothing."""
        while self._heap and self._items.get(self._heap[0][2].holding) is not self._heap[0][2]:
            _ = heapq.heappop(self._heap)
        return max(0.0, self._heap[0][0] - monotonic()) if self._heap else None

    def take_due(self) -> list[Item]:
        """Take what is due, and what soon is."""
        now, due = monotonic(), []
        while self._heap and self._heap[0][0] <= now + TOGETHER * interval_of(self._heap[0][2].holding):
            item = heapq.heappop(self._heap)[2]
            if self._items.get(item.holding) is item:
                due.append(item)
        return due

    def renew(self, items: list[Item]) -> Generator[Asked, list[bool], list[Holding]]:
        """Renew what is due: yields what is to be run, and takes what came of it, or the error.

        Returns:
            What is found to be lost. ``forget`` tells which of it was not released meanwhile.
        """
        asked = [item for item in items if item.renewable]
        held = (yield from self._ask(asked)) if asked else []
        now = monotonic()
        lost = []
        for item, still in zip(asked, held, strict=True):
            item.due = now + interval_of(item.holding) / (1 if still else 5)  # no answer: again soon
            if still is False:
                lost.append(item.holding)
        for item in items:
            if item not in asked:
                item.due = item.holding.valid_until  # watched until it runs out
            if item.holding.valid_until <= now and item.holding not in lost:
                lost.append(item.holding)
        return lost

    def _ask(self, items: list[Item]) -> Generator[Asked, list[bool], list[bool | None]]:
        """Renew locks; ``None`` for those of which nothing is known."""
        try:
            return [*(yield Asked(keeping.renew([item.holding for item in items]), self._patience(items)))]
        except (ConnectionLost, OutcomeUnknown) as error:
            log.warning("%d locks could not be renewed: %s", len(items), error)
        except Exception as error:  # noqa: BLE001  # whatever it is, the others are renewed
            if len(items) == 1:
                log.warning("the lock at %r could not be renewed: %s", items[0].holding.keys.tail, error)
            else:  # it may be the fault of one
                held: list[bool | None] = []
                for item in items:
                    held += yield from self._ask([item])
                return held
        return [None] * len(items)

    def _patience(self, items: list[Item]) -> float:
        # What is lost meanwhile is told in time, and what a server lost on its way is asked for again.
        first = min([item.holding.valid_until for item in list(self._items.values())], default=monotonic())
        intervals = [interval_of(item.holding) for item in items]
        # But one that is about to run out must not cost all the others the time that their reply takes.
        return max(min(first - monotonic(), *intervals), TOGETHER * min(intervals), LEAST_PATIENCE)

    def _push(self, item: Item) -> None:
        heapq.heappush(self._heap, (item.due, next(self._order), item))
