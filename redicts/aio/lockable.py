"""The asyncio face of locks, but for ``Lock``: ``Lease``, and the locking half of ``Proxy``.

What happens is in ``locks/``; here is what cannot be an operation: what is given out for a lock, and ``async with``.
May import everything below the faces.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio.events import _get_running_loop
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from types import TracebackType
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

from redicts.aio.pipeline import Pipeline, check_pipe
from redicts.core.effects import Op
from redicts.core.keys import KeySpace
from redicts.core.missing import MISSING, Missing
from redicts.core.operation import Async
from redicts.errors import LockTimeout, RedictsError
from redicts.faces.leasing import Wish, ends_badly, told, wish
from redicts.faces.queued import QueuedLease
from redicts.locks.holding import Holding
from redicts.locks.operations import LeaseOperations, LockOperations
from redicts.locks.options import LockOptions
from redicts.locks.owners import find, process
from redicts.locks.renewal import AsyncRenewal
from redicts.pool import AsyncDatabase
from redicts.runners.aio import begin, go_on

__all__ = ["Lease", "Lockable", "Locking", "leave", "run"]

T = TypeVar("T")
LockableT = TypeVar("LockableT", bound="Lockable")

log: Final = logging.getLogger("redicts.locks")

OnLost = Callable[["Lease"], object]
"""What is called when a lock is found to be lost: a function, or one that gives a coroutine."""


def run(where: Callable[[], AsyncDatabase], op: Op[T], idempotent: bool) -> Coroutine[object, None, T]:
    """Run an operation on a database; it is begun here, by who calls, and its database found where it is awaited."""
    running: Any = go_on(op, begin(op), idempotent, lambda: where().runner)
    running.__qualname__ = getattr(op, "__qualname__", "operation")  # what is said where nobody awaits it
    coroutine: Coroutine[object, None, T] = running
    return coroutine


class Lease(LeaseOperations, Async):
    """One acquisition of a lock, as ``acquire`` gives it. ``async with`` releases it at the end.

    Example:
        >>> async with await aio.Proxy("report").acquire(shared=True) as lease:
        ...     lease.mode, lease.valid_for() > 29, lease.lost.is_set()
        ('shared', True, False)
    """

    __slots__ = ("_database", "_lost")

    def __init__(self, holding: Holding, database: AsyncDatabase) -> None:
        self._holding = holding
        self._database = database
        self._lost: asyncio.Event | None = None

    def _where(self) -> AsyncDatabase:
        return self._database

    def _await(self, op: Op[T], idempotent: bool) -> Coroutine[object, None, T]:
        return run(self._where, op, idempotent)

    @property
    def lost(self) -> asyncio.Event:
        """Set as soon as it is known that the lock was lost; ``await lease.lost.wait()``. To be used in its loop."""
        if self._lost is None:  # made when it is first asked for: most never are
            self._lost = asyncio.Event()
            self._holding.when_lost(partial(_in_loop, asyncio.get_running_loop(), self._lost.set))
        return self._lost

    def using(self, pipe: Pipeline) -> QueuedLease:
        """Give the lease as a pipeline sees it: what is asked of it goes with the rest. No round trip.

        Args:
            pipe: A pipeline of ``aio.pipeline()``.

        Raises:
            TypeError: It is none.

        Example:
            >>> async with await aio.Proxy("job").acquire() as lease, aio.pipeline(atomic=True) as pipe:
            ...     _ = pipe.proxy("job").set("state", "done")
            ...     _ = lease.using(pipe).renew()
        """
        return QueuedLease(check_pipe(pipe), self._database, self._holding)

    async def __aenter__(self) -> Lease:  # noqa: PYI034  # typing.Self came with Python 3.11
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await leave(self.release, self._holding, error)

    def __repr__(self) -> str:
        return f"Lease({self.path!r}, {self.mode}, fence {self.fence}, {told(self.valid_for())})"


async def leave(release: Callable[[], Awaitable[None]], holding: Holding | None, error: BaseException | None) -> None:
    """Release at the end of an ``async with`` block, without hiding the error that it ends with."""
    if holding is not None and holding.handed_over:
        return
    try:
        await release()
    except RedictsError as problem:
        if ends_badly(error, problem):
            raise
    finally:
        if holding is not None:
            process().remove(holding)  # a release that did not get through is left to the lease


class Locking(LockOperations, Async):
    """What ``Proxy`` and ``Lock`` have in common."""

    __slots__ = ()

    def _where(self) -> AsyncDatabase:
        raise NotImplementedError

    @property
    def _space(self) -> KeySpace:
        return self._where().space

    @property
    def _place(self) -> AsyncDatabase:
        return self._where()

    def _await(self, op: Op[T], idempotent: bool) -> Coroutine[object, None, T]:
        return run(self._where, op, idempotent)

    async def _acquire(self, asked: Wish, on_lost: OnLost | None) -> Lease:
        """Acquire, note what was acquired, and begin to renew it."""
        database = self._where()
        grant = await database.runner.run(asked.op(database.space), False)
        # From here on nothing is awaited: a cancellation cannot come between.
        holding = asked.holding(database, database.space, grant)
        lease = holding.handle = Lease(holding, database)
        if on_lost is not None:
            holding.when_lost(partial(_in_loop, asyncio.get_running_loop(), partial(_tell, on_lost, lease)))
        if database.lock_renew if asked.renew is None else asked.renew:
            _renewal(database).keep(holding, asked.max_lifetime)
        return lease


class Lockable(Locking):
    """The locking half of ``Proxy``: ``async with`` and what is acquired by hand."""

    __slots__ = ()

    _options: LockOptions

    def acquire(
        self,
        shared: bool = False,
        *,
        acquire_timeout: float | Missing | None = MISSING,
        expire_timeout: float | None = None,
        owner: str | None = None,
        renew: bool | None = None,
        max_lifetime: float | None = None,
        on_lost: OnLost | None = None,
    ) -> Coroutine[object, None, Lease]:
        """Lock this place and everything below it, waiting until it is free.

        The task that calls is the owner, also where another one awaits (as ``asyncio.wait_for`` lets it). The same
        owner is let in again, here, above and below, if nobody else is there. Each acquisition is released by itself:
        by the lease that is returned (``async with`` does so), or by ``release()``, the last one first.

        Args:
            shared: Whether others may hold it too, as long as they share. Whoever holds it alone may take it
                exclusively on top.
            acquire_timeout: Seconds to wait; 0 for one try, ``None`` for no limit. Else as the place was made with.
            expire_timeout: Seconds until the lock runs out, above 0. ``None``: as the place was made with.
            owner: A name to hold it under, instead of this task: to hand it to another task or process, which
                acquires it under the same name.
            renew: Whether it is renewed in the background until it is released, or this task ends (which does not
                matter for a named owner). ``None``: as the place was made with, or its database is configured.
            max_lifetime: Seconds after which it is no longer renewed. ``None`` for no limit.
            on_lost: Called with the lease, in this loop, when the lock is found to be lost; a coroutine that it gives
                is run as a task.

        Returns:
            The lease.

        Raises:
            LockTimeout: It was not free in time; nothing was changed.
            ValueError: A negative time, or a lease of no time.
            TypeError: A time is no number, or the owner no text.
            InternalError: Somebody else wrote to the keys of locks.

        Cost: 2 round trips where it is free, whatever the depth. Waiting costs a task; tasks of a loop that wait at the
            same place share a connection.

        Example:
            >>> async with await aio.Proxy("stock").acquire(expire_timeout=5) as lease:
            ...     await (await aio.Proxy("stock").set("apples", 3)).is_locked()
            True
        """
        options = self._options.but(acquire_timeout, expire_timeout, renew)
        return self._acquire(wish(self._path, options, shared=shared, owner=owner, max_lifetime=max_lifetime), on_lost)

    def try_acquire(
        self,
        shared: bool = False,
        *,
        expire_timeout: float | None = None,
        owner: str | None = None,
        renew: bool | None = None,
        max_lifetime: float | None = None,
        on_lost: OnLost | None = None,
    ) -> Coroutine[object, None, Lease | None]:
        """Lock this place and everything below it, if that is possible at once.

        Args:
            shared: As for ``acquire``.
            expire_timeout: As for ``acquire``.
            owner: As for ``acquire``.
            renew: As for ``acquire``.
            max_lifetime: As for ``acquire``.
            on_lost: As for ``acquire``.

        Returns:
            The lease; ``None`` where the place is not free.

        Raises:
            ValueError: A lease of no time.
            TypeError: A time is no number, or the owner no text.
            InternalError: Somebody else wrote to the keys of locks.

        Cost: 2 round trips.

        Example:
            >>> async with await aio.Proxy("a").acquire(owner="somebody"):
            ...     await aio.Proxy("a.b").try_acquire() is None
            True
        """
        return _or_none(
            self.acquire(
                shared,
                acquire_timeout=0,
                expire_timeout=expire_timeout,
                owner=owner,
                renew=renew,
                max_lifetime=max_lifetime,
                on_lost=on_lost,
            )
        )

    async def __aenter__(self: LockableT) -> LockableT:  # noqa: PYI019  # typing.Self came with Python 3.11
        _ = await self.acquire()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await leave(self.release, find(self._place, self._path, None), error)


async def _or_none(acquiring: Coroutine[object, None, Lease]) -> Lease | None:
    try:
        return await acquiring
    except LockTimeout:
        return None


_renewals: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, dict[AsyncDatabase, AsyncRenewal]]] = WeakKeyDictionary()


def _renewal(database: AsyncDatabase) -> AsyncRenewal:
    """Give what renews the locks of a database in this loop."""
    loop = asyncio.get_running_loop()
    if loop not in _renewals:  # what is kept here leads to its loop, so none would go by itself
        for closed in [each for each in list(_renewals) if each.is_closed()]:
            _ = _renewals.pop(closed, None)
    databases = _renewals.setdefault(loop, {})
    for other, renewal in list(databases.items()):  # databases that are no longer used are not kept for ever
        if renewal.is_idle:
            del databases[other]
    return databases.setdefault(database, AsyncRenewal(database.runner.run_apart))


def _in_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    """Have something called in a loop, at once where it runs here; where it is closed, nobody is left to be told."""
    if _get_running_loop() is loop:
        _ = call()
    elif not loop.is_closed():
        _ = loop.call_soon_threadsafe(call)


_telling: Final[set[asyncio.Task[None]]] = set()


def _tell(on_lost: OnLost, lease: Lease) -> None:
    task = asyncio.get_running_loop().create_task(_call(on_lost, lease), name="redicts-lost")
    _telling.add(task)  # a loop keeps no strong reference to its tasks
    task.add_done_callback(_telling.discard)


async def _call(on_lost: OnLost, lease: Lease) -> None:
    try:
        result = on_lost(lease)
        if isinstance(result, Awaitable):
            _ = await result
    except Exception:
        log.exception("on_lost of the lock at %r failed", lease.path)
