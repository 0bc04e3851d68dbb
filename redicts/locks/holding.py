"""An owner and what it holds: one acquisition, from its grant to its release. Imports core and errors only; no I/O.

Invariant: what is said here errs on the safe side. ``valid_for()`` counts from before the server was asked.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Hashable
from threading import Event, Lock
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

    Attributes:
        process: As above.
        owner: As above.
        holdings: What was acquired in it, the last one last. Replaced as a whole, never changed.
        thread: The thread, if it is alive.
    """

    __slots__ = ("holdings", "owner", "process", "thread")

    def __init__(self, process: object, owner: str) -> None:
        self.process = process
        self.owner = owner
        self.holdings: tuple[Holding, ...] = ()
        self.thread = ref(threading.current_thread())

    @property
    def alive(self) -> bool:
        """Whether the thread has not ended."""
        thread = self.thread()
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
        on_lost: Called then, once, with ``handle``, in a thread of its own.
        handle: What the face gave out for it.
        stop_renewal: What ``end_renewal`` calls: set where it is renewed.
        handed_over: Whether it was left to who acquires or releases it under the same name.
    """

    __slots__ = (
        "__weakref__",
        "_event",
        "context",
        "fence",
        "handed_over",
        "handle",
        "is_lost",
        "keys",
        "lease_ms",
        "on_lost",
        "owner",
        "path",
        "place",
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
        self._event: Event | None = None
        self.on_lost: Callable[[Any], object] | None = None
        self.handle: Any = None
        self.handed_over = False
        self.stop_renewal: Callable[[Holding], object] | None = None

    @property
    def lost(self) -> Event:
        """Set when it is known that the lock was lost. Made when it is first asked for: most never are."""
        with _lock:
            if self._event is None:
                self._event = Event()
                if self.is_lost:
                    self._event.set()
            return self._event

    def valid_for(self) -> float:
        """Return for how many seconds the lock is held at least; 0 where it may be lost already."""
        return 0.0 if self.is_lost else max(0.0, self.valid_until - time.monotonic())

    def end_renewal(self) -> None:
        """Have it renewed no more, if it is."""
        if self.stop_renewal is not None:
            _ = self.stop_renewal(self)

    def mark_lost(self) -> None:
        """Note that the lock was lost, and tell who wants to know, once."""
        with _lock:
            told, self.is_lost = self.is_lost, True
            if self._event is not None:
                self._event.set()
        if self.on_lost is not None and not told:
            # In a thread of its own: it may take its time, and whoever noticed has other things to do.
            threading.Thread(target=self._tell, name="redicts-lost", daemon=True).start()

    def _tell(self) -> None:
        try:
            if self.on_lost is not None:
                _ = self.on_lost(self.handle)
        except Exception:
            log.exception("on_lost of the lock at %r failed", self.keys.tail)


def _after_fork() -> None:
    global _lock  # noqa: PLW0603  # another thread may have held it, and that thread is not here
    _lock = Lock()


_lock = Lock()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
