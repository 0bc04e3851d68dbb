"""What an owner holds: one acquisition, from its grant to its release. Imports core and errors only; no I/O.

Invariant: what is said here errs on the safe side. ``valid_for()`` counts from before the server was asked.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, Final

from redicts.core.keys import LockKeys
from redicts.core.paths import Path

if TYPE_CHECKING:
    from redicts.locks.owners import Context

__all__ = ["Holding"]

log: Final = logging.getLogger("redicts.locks")


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
        lost: Set when it is known that the lock was lost.
        on_lost: Called then, once, with ``handle``; in whichever thread noticed.
        handle: What the face gave out for it.
        stop_renewal: To be called before it is released.
    """

    __slots__ = (
        "__weakref__",
        "_told",
        "context",
        "fence",
        "handle",
        "keys",
        "lease_ms",
        "lost",
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
        self.lost = Event()
        self._told = Lock()
        self.on_lost: Callable[[Any], object] | None = None
        self.handle: Any = None
        self.stop_renewal: Callable[[Holding], object] | None = None

    def valid_for(self) -> float:
        """Return for how many seconds the lock is held at least; 0 where it may be lost already."""
        return 0.0 if self.lost.is_set() else max(0.0, self.valid_until - time.monotonic())

    def mark_lost(self) -> None:
        """Note that the lock was lost, and tell who wants to know, once."""
        self.lost.set()
        if not self._told.acquire(blocking=False):
            return
        if self.on_lost is not None:
            try:
                _ = self.on_lost(self.handle)
            except Exception:
                log.exception("on_lost of the lock at %r failed", self.keys.tail)
