"""Renewal: one thread of this process, for each database, gives locks new leases while they are held.

(For each, because a server that hangs must not cost the locks of another.) In asyncio it is one task for each loop and
database. May import core and the rest of ``locks/``; what runs the operations comes from the face. What is renewed
when, and the invariants, are in ``schedule.py``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from time import monotonic
from typing import Any, Final

from redicts.core.effects import Op
from redicts.locks.holding import Holding
from redicts.locks.schedule import Item, Schedule, interval_of

__all__ = ["AsyncRenewal", "AsyncRun", "Renewal", "Run", "interval_of", "keep_renewed"]

log: Final = logging.getLogger("redicts.locks")

IDLE_SECONDS: Final = 10.0
"""For how long the thread stays when there is nothing to renew."""

Run = Callable[[Op[Any], float], Any]
"""Runs an operation that may be repeated, waiting so many seconds for the server at most."""

AsyncRun = Callable[[Op[Any], float], Awaitable[Any]]
"""The same in asyncio."""


class Renewal:
    """The locks of one database that are renewed, and the thread that does it.

    Args:
        run: Runs operations on the database.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._changed = threading.Condition()
        self._schedule = Schedule()
        self._thread: threading.Thread | None = None

    def keep(self, holding: Holding, max_lifetime: float | None) -> None:
        """Renew a lock from now on.

        Args:
            holding: The lock.
            max_lifetime: Seconds after which it is no longer renewed; ``None``: no limit.
        """
        holding.stop_renewal, holding.renew_again = self.forget, _again(self.keep, holding, max_lifetime)
        with self._changed:
            self._schedule.add(holding, max_lifetime)
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="redicts-renewal", daemon=True)
                thread.start()
                self._thread = thread
            self._changed.notify()

    def forget(self, holding: Holding) -> bool:
        """Renew a lock no more: it is about to be released. False where it was not renewed."""
        if not self._schedule:
            return False
        with self._changed:
            return self._schedule.forget(holding)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to renew, and the thread has ended."""
        return self._thread is None and not self._schedule

    def _work(self) -> None:
        while (due := self._next()) is not None:
            for holding in self._renew(due):
                if self.forget(holding):
                    _mark_lost(holding)
            with self._changed:
                self._schedule.put_back(due)

    def _next(self) -> list[Item] | None:
        """Wait for what is due; ``None`` when there was nothing for a while, and the thread may end."""
        with self._changed:
            while True:
                wait = self._schedule.wait()
                if wait is None:
                    if not self._changed.wait(IDLE_SECONDS) and self._schedule.wait() is None:
                        self._thread = None
                        return None
                elif wait > 0:
                    _ = self._changed.wait(wait)
                else:
                    return self._schedule.take_due()

    def _renew(self, due: list[Item]) -> list[Holding]:
        steps = self._schedule.renew(due)
        try:
            asked = next(steps)
            while True:
                try:
                    held = self._run(*asked)
                except Exception as error:  # noqa: BLE001  # the schedule knows what it means
                    asked = steps.throw(error)
                else:
                    asked = steps.send(held)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # StopIteration forgets the type


class AsyncRenewal:
    """The locks of one database that are renewed in one event loop, and the task that does it.

    The task ends when there is nothing to renew. Not safe in threads: all is done in the loop.

    Args:
        run: Runs operations on the database.
    """

    def __init__(self, run: AsyncRun) -> None:
        self._run = run
        self._schedule = Schedule()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def keep(self, holding: Holding, max_lifetime: float | None) -> None:
        """Renew a lock from now on.

        Args:
            holding: The lock.
            max_lifetime: Seconds after which it is no longer renewed; ``None``: no limit.
        """
        holding.stop_renewal, holding.renew_again = self.forget, _again(self.keep, holding, max_lifetime)
        self._schedule.add(holding, max_lifetime)
        self._changed.set()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work(), name="redicts-renewal")
            self._task.add_done_callback(self._ended)

    def forget(self, holding: Holding) -> bool:
        """Renew a lock no more: it is about to be released. False where it was not renewed."""
        found = self._schedule.forget(holding)
        if found and not self._schedule:
            self._changed.set()
        return found

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to renew, and the task has ended."""
        return not self._schedule and (self._task is None or self._task.done())

    async def _work(self) -> None:
        while (wait := self._schedule.wait()) is not None:
            if wait > 0:
                self._changed.clear()
                # Rejected: wait_for(), which before Python 3.12 may swallow the cancellation that ends a loop's tasks.
                timer = asyncio.get_running_loop().call_later(wait, self._changed.set)
                try:
                    _ = await self._changed.wait()
                finally:
                    timer.cancel()
                continue
            due = self._schedule.take_due()
            for holding in await self._renew(due):
                if self.forget(holding):
                    _mark_lost(holding)
            self._schedule.put_back(due)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """See to it that losses are told where the task was cancelled, as by who cancels all there are."""
        if task.cancelled():
            for holding in self._schedule.holdings():
                self._watch(holding)

    def _watch(self, holding: Holding) -> None:
        left = holding.valid_for()
        if left > 0 and self._schedule.has(holding):
            _ = asyncio.get_running_loop().call_later(left, self._watch, holding)
        elif self.forget(holding):
            _mark_lost(holding)

    async def _renew(self, due: list[Item]) -> list[Holding]:
        steps = self._schedule.renew(due)
        try:
            asked = next(steps)
            while True:
                try:
                    held = await self._run(*asked)
                except Exception as error:  # noqa: BLE001  # the schedule knows what it means
                    asked = steps.throw(error)
                else:
                    asked = steps.send(held)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # StopIteration forgets the type


def _again(
    keep: Callable[[Holding, float | None], None], holding: Holding, max_lifetime: float | None
) -> Callable[[], None]:
    """Make what renews a lock again, for as long as it was to be renewed."""
    began = monotonic()

    def renew() -> None:
        left = None if max_lifetime is None else max(0.0, began + max_lifetime - monotonic())
        with suppress(RuntimeError):  # no loop runs any more
            keep(holding, left)

    return renew


def _mark_lost(holding: Holding) -> None:
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
