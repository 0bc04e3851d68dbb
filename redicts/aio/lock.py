"""``Lock``: a tree lock by itself, for asyncio. May import everything below the faces."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any

import redicts.core.paths as paths
from redicts.aio.lockable import Lease, Locking, OnLost, leave
from redicts.core.missing import MISSING, Missing
from redicts.core.paths import PathLike
from redicts.errors import LockTimeout
from redicts.faces.alone import Alone
from redicts.faces.leasing import Wish, wish
from redicts.locks.options import ACQUIRE_TIMEOUT, EXPIRE_TIMEOUT, LockOptions, check_lease, check_owner
from redicts.pool import AsyncDatabase

__all__ = ["Lock"]


class Lock(Alone[Lease], Locking):
    """A tree lock by itself, with the methods of ``redicts.Lock``: it and every ``Proxy`` exclude each other.

    Locks are held by tasks, not by this object: one ``Lock`` may serve many tasks, each for itself.

    Args:
        redis_conn: A client of redis.asyncio, whatever its settings; fakeredis too.
        key: What to lock, with everything below: a path as for ``Proxy``.
        expire_timeout: Seconds until the lock runs out, above 0.
        acquire_timeout: Seconds to wait for it; 0 for one try, ``None`` for no limit.
        shared: Whether others may hold it too, as long as they share.
        owner: A name to hold it under, instead of the task: to hand it to another task or process, which
            acquires it under the same name.
        renew: Whether it is renewed in the background while it is held.
        max_lifetime: Seconds after which it is no longer renewed. ``None`` for no limit.
        on_lost: Called with the lease, in the loop, when the lock is found to be lost; a coroutine that it gives is
            run as a task.
        namespace: What every key of redicts begins with, in this database.

    Raises:
        ConfigError: It is no redis.asyncio client of one server, or the namespace cannot be used.
        PathError: ``key`` cannot be a path.
        ValueError: A negative time, or a lease of no time.
        TypeError: A time is no number, or the owner no text.

    Example:
        >>> client = aio.Pool().get_connection()
        >>> lock = aio.Lock(client, "reports.daily", expire_timeout=5)
        >>> async with lock:
        ...     await lock.locked(), lock.fence > 0, lock.valid_for() > 4
        (True, True, True)
        >>> await lock.locked()
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
        on_lost: OnLost | None = None,
        namespace: str = "redicts",
    ) -> None:
        self._path = paths.parse(key)
        self._options = LockOptions.checked(acquire_timeout, expire_timeout, renew)
        self._shared = shared
        self._name = check_owner(owner)
        self._max_lifetime = None if max_lifetime is None else check_lease("max_lifetime", max_lifetime)
        self._on_lost = on_lost
        self._database = AsyncDatabase.of_client(redis_conn, namespace)
        self._last: Lease | None = None

    def _where(self) -> AsyncDatabase:
        return self._database

    def acquire(
        self, blocking: bool = True, timeout: float | Missing | None = MISSING
    ) -> Coroutine[object, None, bool]:
        """Take the lock, for the task that calls, also where another one awaits.

        Args:
            blocking: Whether to wait for it.
            timeout: Seconds to wait; ``None`` for no limit. Else as the lock was made with.

        Returns:
            Whether it was acquired. ``async with`` raises ``LockTimeout`` instead.

        Raises:
            ValueError: A negative timeout, or one for a call that does not wait.
            TypeError: The timeout is no number.
            InternalError: Somebody else wrote to the keys of locks.

        Cost: 2 round trips where it is free, whatever the depth.

        Example:
            >>> lock = aio.Lock(aio.Pool().get_connection(), "a")
            >>> await lock.acquire(blocking=False), await lock.acquire(timeout=2)
            (True, True)
            >>> await lock.release()
            >>> await lock.release()
        """
        return self._try(self._wish(self._asked(blocking, timeout)))

    async def locked(self) -> bool:
        """Tell whether anybody holds it, or a lock above or below: as ``is_locked``. 1 round trip."""
        return await self.is_locked()

    def _wish(self, options: LockOptions) -> Wish:
        return wish(self._path, options, shared=self._shared, owner=self._name, max_lifetime=self._max_lifetime)

    async def _try(self, asked: Wish) -> bool:
        try:
            self._last = await self._acquire(asked, self._on_lost)
        except LockTimeout:
            return False
        return True

    async def __aenter__(self) -> Lock:  # noqa: PYI034  # typing.Self came with Python 3.11
        self._last = await self._acquire(self._wish(self._options), self._on_lost)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await leave(self.release, self._leaving(), error)

    # ---- what is held

    @property
    def fence(self) -> int:
        """The fence token of ``lease``, greater than that of every earlier holder."""
        return self.lease.fence

    @property
    def lost(self) -> asyncio.Event:
        """The event of ``lease``, set as soon as it is known that the lock was lost."""
        return self.lease.lost

    def valid_for(self) -> float:
        """Return for how many seconds ``lease`` is held at least; 0 where it may be lost. No round trip."""
        return self.lease.valid_for()

    async def ensure_held(self) -> None:
        """Ask the server whether ``lease`` is still held.

        Raises:
            NotOwner: It was released already, or never acquired.
            LockLost: It is not held any more.

        Cost: 1 round trip; none where the loss is known.
        """
        await self.lease.ensure_held()

    async def renew(self) -> None:
        """Give ``lease`` its whole time again, from now on.

        Raises:
            NotOwner: It was released already, or never acquired.
            LockLost: It is not held any more.

        Cost: 1 round trip.
        """
        await self.lease.renew()

    def __repr__(self) -> str:
        return self._told(self._database.address)
