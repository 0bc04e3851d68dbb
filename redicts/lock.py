"""``Lock``: a tree lock by itself, with the forms of ``threading.RLock``. May import everything below the faces."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from types import TracebackType
from typing import Any

import redicts.core.paths as paths
from redicts.core.missing import MISSING, Missing
from redicts.core.paths import PathLike
from redicts.errors import LockTimeout, NotOwner
from redicts.lockable import Lease, Locking, leave, told
from redicts.locks.options import (
    ACQUIRE_TIMEOUT,
    EXPIRE_TIMEOUT,
    LockOptions,
    check_lease,
    check_owner,
    check_seconds,
)
from redicts.locks.owners import find
from redicts.pool import Database

__all__ = ["Lock"]


class Lock(Locking):
    """A tree lock by itself, with the methods of ``threading.RLock``: it and ``Proxy`` exclude each other.

    Locks are held by threads, not by this object: one ``Lock`` may serve many threads, each for itself.

    Args:
        redis_conn: A redis-py client, whatever its settings; fakeredis too.
        key: What to lock, with everything below: a path as for ``Proxy``.
        expire_timeout: Seconds until the lock runs out, above 0.
        acquire_timeout: Seconds to wait for it; 0 for one try, ``None`` for no limit.
        shared: Whether others may hold it too, as long as they share.
        owner: A name to hold it under, instead of the thread: to hand it to another thread or process, which
            acquires it under the same name.
        renew: Whether it is renewed in the background while it is held.
        max_lifetime: Seconds after which it is no longer renewed. ``None`` for no limit.
        on_lost: Called with the lease, in another thread, when the lock is found to be lost.
        namespace: What every key of redicts begins with, in this database.

    Raises:
        ConfigError: It is no synchronous redis-py client of one server, or the namespace cannot be used.
        PathError: ``key`` cannot be a path.
        ValueError: A negative time, or a lease of no time.
        TypeError: A time is no number, or the owner no text.

    Example:
        >>> client = Pool().get_connection()
        >>> lock = Lock(client, "reports.daily", expire_timeout=5)
        >>> with lock:
        ...     lock.locked(), lock.fence > 0, lock.valid_for() > 4
        (True, True, True)
        >>> lock.locked()
        False
    """

    __slots__ = ("_database", "_last", "_max_lifetime", "_name", "_on_lost", "_options", "_path", "_shared")

    def __init__(
        self,
        redis_conn: Any,
        key: PathLike,
        expire_timeout: float = EXPIRE_TIMEOUT,
        acquire_timeout: float | None = ACQUIRE_TIMEOUT,
        *,
        shared: bool = False,
        owner: str | None = None,
        renew: bool = False,
        max_lifetime: float | None = None,
        on_lost: Callable[[Lease], object] | None = None,
        namespace: str = "redicts",
    ) -> None:
        self._path = paths.parse(key)
        self._options = LockOptions(
            check_seconds("acquire_timeout", acquire_timeout),
            check_lease("expire_timeout", expire_timeout),
            renew,
        )
        self._shared = shared
        self._name = check_owner(owner)
        self._max_lifetime = None if max_lifetime is None else check_lease("max_lifetime", max_lifetime)
        self._on_lost = on_lost
        self._database = Database.of_client(redis_conn, namespace)
        self._last: Lease | None = None

    def _where(self) -> Database:
        return self._database

    @property
    def _owner(self) -> str | None:
        return self._name

    def key(self) -> str:
        """Spell the path as dotted text. No round trip."""
        return paths.dotted(self._path)

    def acquire(self, blocking: bool = True, timeout: float | Missing | None = MISSING) -> bool:
        """Take the lock, as ``threading.Lock.acquire`` does.

        Args:
            blocking: Whether to wait for it.
            timeout: Seconds to wait; ``None`` for no limit. Else as the lock was made with.

        Returns:
            Whether it was acquired. ``with`` raises ``LockTimeout`` instead.

        Raises:
            ValueError: A negative timeout, or one for a call that does not wait.
            TypeError: The timeout is no number.
            InternalError: Somebody else wrote to the keys of locks.

        Cost: 2 round trips where it is free, whatever the depth.

        Example:
            >>> lock = Lock(Pool().get_connection(), "a")
            >>> lock.acquire(blocking=False), lock.acquire(timeout=2), lock.release(), lock.release()
            (True, True, None, None)
        """
        options = self._options
        if timeout is not MISSING:
            if not blocking:
                raise ValueError("a call that does not wait takes no timeout: leave blocking=False or timeout out")
            options = options._replace(acquire_timeout=check_seconds("timeout", timeout))
        try:
            _ = self._take(options if blocking else options._replace(acquire_timeout=0))
        except LockTimeout:
            return False
        return True

    def locked(self) -> bool:
        """Tell whether anybody holds it, or a lock above or below: as ``is_locked``. 1 round trip."""
        return self.is_locked()

    def owned(self) -> bool:
        """Tell whether this thread (or the lock's owner) has acquired it here, and not released it. No round trip."""
        return find(self._place, self._path, self._name) is not None

    _is_owned = owned
    """What ``threading.Condition`` asks."""

    def _take(self, options: LockOptions) -> Lease:
        lease = self._last = self._acquire(
            options,
            shared=self._shared,
            owner=self._name,
            max_lifetime=self._max_lifetime,
            on_lost=self._on_lost,
        )
        return lease

    def __enter__(self) -> Lock:  # noqa: PYI034  # typing.Self came with Python 3.11
        _ = self._take(self._options)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        holding = find(self._place, self._path, self._name)
        if holding is None and self._name is not None and self._last is not None:
            holding = self._last._holding  # handed over, perhaps
        leave(self.release, holding, error)

    # ---- what is held

    @property
    def lease(self) -> Lease:
        """What this thread (or the lock's owner) acquired last; else what was acquired last through this object.

        Raises:
            NotOwner: Nothing was acquired yet.
        """
        holding = find(self._place, self._path, self._name)
        lease: Lease | None = self._last if holding is None else holding.handle
        if lease is None:
            raise NotOwner(
                f"the lock at {self.key()!r} was not acquired yet", path=self.key(), owner=self._name or "this thread"
            )
        return lease

    @property
    def fence(self) -> int:
        """The fence token of ``lease``, greater than that of every earlier holder."""
        return self.lease.fence

    @property
    def lost(self) -> Event:
        """The event of ``lease``, set as soon as it is known that the lock was lost."""
        return self.lease.lost

    def valid_for(self) -> float:
        """Return for how many seconds ``lease`` is held at least; 0 where it may be lost. No round trip."""
        return self.lease.valid_for()

    def ensure_held(self) -> None:
        """Ask the server whether ``lease`` is still held.

        Raises:
            NotOwner: It was released already, or never acquired.
            LockLost: It is not held any more.

        Cost: 1 round trip; none where the loss is known.
        """
        self.lease.ensure_held()

    def renew(self) -> None:
        """Give ``lease`` its whole time again, from now on.

        Raises:
            NotOwner: It was released already, or never acquired.
            LockLost: It is not held any more.

        Cost: 1 round trip.
        """
        self.lease.renew()

    def __repr__(self) -> str:
        holding = find(self._place, self._path, self._name)
        mode = "shared" if self._shared else "exclusive"
        state = "not held by this thread" if self._name is None else f"not acquired by {self._name!r} here"
        if holding is not None:
            state = f"held, fence {holding.fence}, {told(holding.valid_for())}"
        return f"Lock({self.key()!r} on {self._database.address}, {mode}, {state})"
