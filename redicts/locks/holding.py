"""An owner and what it holds: one acquisition, from its grant to its release. Imports core and errors only; no I/O.

Invariant: what is said here errs on the safe side. ``valid_for()`` counts from before the server was asked.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from asyncio import Task
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Final
from weakref import ref

from redicts.core.keys import LockKeys
from redicts.core.paths import Path

__all__ = ["Context", "Holding"]

log: Final = logging.getLogger("redicts.locks")


class Context:
    """A thread or task, as the owner of locks.

    Args:
        process: The process it belongs to.
        owner: Its name.
        task: The task; ``None``: the thread that runs just now.

    Attributes:
        process: As above.
        owner: As above.
        holdings: What was acquired in it, the last one last. Replaced as a whole, never changed.
    """

    __slots__ = ("_task", "_thread", "holdings", "owner", "process")

    def __init__(self, process: object, owner: str, task: Task[Any] | None = None) -> None:
        self.process = process
        self.owner = owner
        self.holdings: tuple[Holding, ...] = ()
        self._task = None if task is None else ref(task)
        self._thread = ref(threading.current_thread())

    @property
    def alive(self) -> bool:
        """Whether the thread, or the task, has not ended."""
        if self._task is not None:
            task = self._task()
            return task is not None and not task.done()
        thread = self._thread()
        return thread is not None and thread.is_alive()


class Holding:
    """One acquisition of a lock.

    Attributes:
        place: Which database it is in; equal for equal databases.
        path: What is locked, with everything below.
        shared: Whether others may hold it too.
        owner: Who holds it.
        keys: The keys of the lock.
        text: The entry, as it stands in Redis.
        fence: The fence token.
        lease_ms: For how long it was taken, and is renewed.
        valid_until: When it may have run out, on the monotonic clock.
        context: The thread or task that acquired it.
        is_lost: Whether it is known that the lock was lost.
        handle: What the face gave out for it.
        stop_renewal: What ``end_renewal`` calls: set where it is renewed.
        renew_again: What ``resume_renewal`` calls: likewise.
        handed_over: Whether it was left to who acquires or releases it under the same name.
    """

    __slots__ = (
        "__weakref__",
        "_when_lost",
        "context",
        "fence",
        "handed_over",
        "handle",
        "is_lost",
        "keys",
        "lease_ms",
        "owner",
        "path",
        "place",
        "renew_again",
        "shared",
        "stop_renewal",
        "text",
        "valid_until",
    )

    def __init__(
        self,
        *,
        place: Hashable,
        path: Path,
        shared: bool,
        owner: str,
        keys: LockKeys,
        text: str,
        fence: int,
        lease_ms: int,
        valid_until: float,
        context: Context,
    ) -> None:
        self.place = place
        self.path = path
        self.shared = shared
        self.owner = owner
        self.keys = keys
        self.text = text
        self.fence = fence
        self.lease_ms = lease_ms
        self.valid_until = valid_until
        self.context = context
        self.is_lost = False
        self._when_lost: tuple[Callable[[], object], ...] = ()
        self.handle: Any = None
        self.handed_over = False
        self.stop_renewal: Callable[[Holding], object] | None = None
        self.renew_again: Callable[[], object] | None = None

    def when_lost(self, call: Callable[[], object]) -> None:
        """Have something called, once, when it is known that the lock was lost: at once where it is known already.

        It is called by whoever finds out, in whatever thread, and must be quick.
        """
        with _lock:
            if not self.is_lost:
                self._when_lost = (*self._when_lost, call)
                return
        _ = call()

    def valid_for(self) -> float:
        """Return for how many seconds the lock is held at least; 0 where it may be lost already."""
        return 0.0 if self.is_lost else max(0.0, self.valid_until - time.monotonic())

    def end_renewal(self) -> None:
        """Have it renewed no more, if it is."""
        if self.stop_renewal is not None and not self.stop_renewal(self):
            self.renew_again = None

    def resume_renewal(self) -> None:
        """Have it renewed again, if it was: it is held on."""
        if self.renew_again is not None and not self.is_lost:
            _ = self.renew_again()

    def mark_lost(self) -> None:
        """Note that the lock was lost, and tell who wants to know, once."""
        with _lock:
            self.is_lost = True
            calls, self._when_lost = self._when_lost, ()
        for call in calls:
            try:
                _ = call()
            except Exception:  # a loop that is closed, say
                log.exception("who holds the lock at %r could not be told that it was lost", self.keys.tail)


def _after_fork() -> None:
    global _lock  # noqa: PLW0603  # another thread may have held it, and that thread is not here
    _lock = Lock()


_lock = Lock()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
