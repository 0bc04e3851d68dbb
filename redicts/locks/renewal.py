"""Renewal: one thread of this process, for each database, gives locks new leases while they are held.

(For each, because a server that hangs must not cost the locks of another.) May import core, errors and the rest of
``locks/``; what runs the operations comes from the face. Invariants: nothing released is renewed (the script renews
only what is there and alive, and what was forgotten here is no longer asked for); a lock that is found to be lost is
marked so within one interval, a third of its lease; one of which nothing is known, when its lease may have run out.
"""

from __future__ import annotations

import heapq
import logging
import os
import threading
from collections.abc import Callable, Hashable
from itertools import count
from time import monotonic
from typing import Any, Final

import redicts.locks.keeping as keeping
from redicts.core.effects import Op
from redicts.core.units import to_seconds
from redicts.errors import ConnectionLost, OutcomeUnknown
from redicts.locks.holding import Holding

__all__ = ["Renewal", "Run", "interval_of", "keep_renewed"]

log: Final = logging.getLogger("redicts.locks")

IDLE_SECONDS: Final = 10.0
"""For how long the thread stays when there is nothing to renew."""

LEAST_PATIENCE: Final = 0.02
"""How long the server is given at least, in seconds."""

TOGETHER: Final = 0.1
"""What is due within this part of its interval is renewed in the same round trip as what is due now."""

Run = Callable[[Op[Any], float], Any]
"""Runs an operation that may be repeated, waiting so many seconds for the server at most."""


def interval_of(holding: Holding) -> float:
    """Return how often a lock is renewed, in seconds: three times in each lease."""
    return to_seconds(holding.lease_ms) / 3


class _Item:
    """A lock that is renewed until it is forgotten, lost, or as old as it may be."""

    __slots__ = ("due", "holding", "until")

    def __init__(self, holding: Holding, until: float | None) -> None:
        self.holding = holding
        self.until = until
        self.due = monotonic() + interval_of(holding)

    @property
    def renewable(self) -> bool:
        """Whether it is to be renewed again, and not only watched until it runs out."""
        context = self.holding.context
        orphan = self.holding.owner == context.owner and not context.alive
        return not orphan and (self.until is None or monotonic() < self.until)


class Renewal:
    """The locks of one database that are renewed, and the thread that does it.

    Args:
        run: Runs operations on the database.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._changed = threading.Condition()
        self._items: dict[Holding, _Item] = {}
        self._heap: list[tuple[float, int, _Item]] = []
        self._order = count()
        self._thread: threading.Thread | None = None

    def keep(self, holding: Holding, max_lifetime: float | None) -> None:
        """Renew a lock from now on.

        Args:
            holding: The lock.
            max_lifetime: Seconds after which it is no longer renewed; ``None``: no limit.
        """
        item = _Item(holding, None if max_lifetime is None else monotonic() + max_lifetime)
        holding.stop_renewal = self.forget
        with self._changed:
            self._items[holding] = item
            self._schedule(item)
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="redicts-renewal", daemon=True)
                thread.start()
                self._thread = thread
            self._changed.notify()

    def forget(self, holding: Holding) -> None:
        """Renew a lock no more: it is about to be released."""
        if self._items:
            with self._changed:
                _ = self._items.pop(holding, None)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to renew, and the thread has ended."""
        return self._thread is None and not self._items

    def _schedule(self, item: _Item) -> None:
        heapq.heappush(self._heap, (item.due, next(self._order), item))

    def _work(self) -> None:
        while (due := self._next()) is not None:
            self._renew(due)
            with self._changed:
                for item in due:
                    if self._items.get(item.holding) is item:
                        self._schedule(item)

    def _next(self) -> list[_Item] | None:
        """Wait for what is due; ``None`` when there was nothing for a while, and the thread may end."""
        with self._changed:
            while True:
                while self._heap and self._items.get(self._heap[0][2].holding) is not self._heap[0][2]:
                    _ = heapq.heappop(self._heap)
                if not self._heap:
                    if not self._changed.wait(IDLE_SECONDS) and not self._heap:
                        self._thread = None
                        return None
                    continue
                now = monotonic()
                if self._heap[0][0] > now:
                    _ = self._changed.wait(self._heap[0][0] - now)
                    continue
                due = []
                while self._heap and self._heap[0][0] <= now + TOGETHER * interval_of(self._heap[0][2].holding):
                    item = heapq.heappop(self._heap)[2]
                    if self._items.get(item.holding) is item:
                        due.append(item)
                return due

    def _renew(self, items: list[_Item]) -> None:
        asked = [item for item in items if item.renewable and not item.holding.is_lost]
        held = self._ask(asked) if asked else []
        now = monotonic()
        for item, still in zip(asked, held, strict=True):
            item.due = now + interval_of(item.holding) / (1 if still else 5)  # no answer: again soon
            if still is False:
                self._lost(item)
        for item in items:
            if item not in asked:
                item.due = item.holding.valid_until  # watched until it runs out
            if item.holding.valid_until <= now:
                self._lost(item)

    def _ask(self, items: list[_Item]) -> list[bool | None]:
        """Renew locks; ``None`` for those of which nothing is known."""
        with self._changed:
            first = min([item.holding.valid_until for item in self._items.values()], default=monotonic())
        # What is lost meanwhile is told in time, and what a server lost on its way is asked for again.
        patience = max(min(first - monotonic(), *[interval_of(item.holding) for item in items]), LEAST_PATIENCE)
        try:
            held: list[bool | None] = self._run(keeping.renew([item.holding for item in items]), patience)
        except (ConnectionLost, OutcomeUnknown) as error:
            log.warning("%d locks could not be renewed: %s", len(items), error)
        except Exception as error:  # noqa: BLE001  # whatever it is, the thread goes on for the others
            if len(items) > 1:  # it may be the fault of one
                return [held for item in items for held in self._ask([item])]
            log.warning("the lock at %r could not be renewed: %s", items[0].holding.keys.tail, error)
        else:
            return held
        return [None] * len(items)

    def _lost(self, item: _Item) -> None:
        holding = item.holding
        with self._changed:
            if self._items.get(holding) is not item:
                return  # released meanwhile
            del self._items[holding]
        log.warning("the lock at %r was lost", holding.keys.tail)
        holding.mark_lost()


_renewals: dict[Hashable, Renewal] = {}


def keep_renewed(holding: Holding, run: Run, max_lifetime: float | None) -> None:
    """Renew a lock from now on, until it is released.

    Args:
        holding: The lock.
        run: Runs operations on its database.
        max_lifetime: Seconds after which it is no longer renewed; ``None``: no limit.
    """
    for place, idle in list(_renewals.items()):  # databases that are no longer used are not kept for ever
        if idle.is_idle:
            _ = _renewals.pop(place, None)
    _renewals.setdefault(holding.place, Renewal(run)).keep(holding, max_lifetime)


def _after_fork() -> None:
    global _renewals  # noqa: PLW0603  # the threads are not here
    _renewals = {}


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
