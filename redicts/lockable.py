"""The synchronous face of locks, but for ``Lock``: ``Lease``, and the locking half of ``Proxy``.

What happens is in ``locks/``; here is what cannot be an operation: what is given out for a lock, and ``with``. May
import everything below the faces.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from threading import Event, Thread
from types import TracebackType
from typing import Final, TypeVar

from redicts.core.effects import Op
from redicts.core.keys import KeySpace
from redicts.core.missing import MISSING, Missing
from redicts.core.operation import Sync
from redicts.errors import LockTimeout, RedictsError
from redicts.faces.leasing import ends_badly, told, wish
from redicts.faces.queued import QueuedLease
from redicts.locks.holding import Holding
from redicts.locks.operations import LeaseOperations, LockOperations
from redicts.locks.options import LockOptions
from redicts.locks.owners import find, process
from redicts.locks.renewal import keep_renewed
from redicts.pipeline import Pipeline, check_pipe
from redicts.pool import Database

__all__ = ["Lease", "Lockable", "Locking", "leave"]

T = TypeVar("T")
LockableT = TypeVar("LockableT", bound="Lockable")

log: Final = logging.getLogger("redicts.locks")


class Lease(LeaseOperations, Sync):
    """One acquisition of a lock, as ``acquire`` gives it. ``with`` releases it at the end.

    Example:
        >>> with Proxy("report").acquire(shared=True) as lease:
        ...     lease.mode, lease.valid_for() > 29, lease.lost.is_set()
        ('shared', True, False)
    """

    __slots__ = ("_database", "_lost")

    def __init__(self, holding: Holding, database: Database) -> None:
        self._holding = holding
        self._database = database
        self._lost: Event | None = None

    def _run(self, op: Op[T], idempotent: bool) -> T:
        return self._database.runner.run(op, idempotent)

    @property
    def lost(self) -> Event:
        """Set as soon as it is known that the lock was lost."""
        if self._lost is None:  # made when it is first asked for: most never are
            self._lost = Event()
            self._holding.when_lost(self._lost.set)
        return self._lost

    def using(self, pipe: Pipeline) -> QueuedLease:
        """Give the lease as a pipeline sees it: what is asked of it goes with the rest. No round trip.

        Args:
            pipe: A pipeline of ``redicts.pipeline()``.

        Raises:
            TypeError: It is none.

        Example:
            >>> with Proxy("job").acquire() as lease, redicts.pipeline(atomic=True) as pipe:
            ...     _ = pipe.proxy("job").set("state", "done")
            ...     _ = lease.using(pipe).renew()
        """
        return QueuedLease(check_pipe(pipe), self._database, self._holding)

    def __enter__(self) -> Lease:  # noqa: PYI034  # typing.Self came with Python 3.11
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        leave(self.release, self._holding, error)

    def __repr__(self) -> str:
        return f"Lease({self.path!r}, {self.mode}, fence {self.fence}, {told(self.valid_for())})"


def leave(release: Callable[[], None], holding: Holding | None, error: BaseException | None) -> None:
    """Release at the end of a ``with`` block, without hiding the error that it ends with."""
    if holding is not None and holding.handed_over:
        return
    try:
        release()
    except RedictsError as problem:
        if ends_badly(error, problem):
            raise
    finally:
        if holding is not None:
            process().remove(holding)  # a release that did not get through is left to the lease


class Locking(LockOperations, Sync):
    """What ``Proxy`` and ``Lock`` have in common."""

    __slots__ = ()

    def _where(self) -> Database:
        raise NotImplementedError

    @property
    def _space(self) -> KeySpace:
        return self._where().space

    @property
    def _place(self) -> Database:
        return self._where()

    def _run(self, op: Op[T], idempotent: bool) -> T:
        return self._where().runner.run(op, idempotent)

    def _acquire(
        self,
        options: LockOptions,
        *,
        shared: bool,
        owner: str | None,
        max_lifetime: float | None,
        on_lost: Callable[[Lease], object] | None,
    ) -> Lease:
        """Acquire, note what was acquired, and begin to renew it."""
        database = self._where()
        asked = wish(self._path, options, shared=shared, owner=owner, max_lifetime=max_lifetime)
        holding = asked.holding(database, database.space, self._run(asked.op(database.space), False))
        lease = holding.handle = Lease(holding, database)
        if on_lost is not None:
            holding.when_lost(partial(_tell, on_lost, lease))
        if database.lock_renew if asked.renew is None else asked.renew:
            keep_renewed(holding, database.runner.run_apart, asked.max_lifetime)
        return lease


def _tell(on_lost: Callable[[Lease], object], lease: Lease) -> None:
    # In a thread of its own: it may take its time, and whoever noticed has other things to do.
    Thread(target=_call, args=(on_lost, lease), name="redicts-lost", daemon=True).start()


def _call(on_lost: Callable[[Lease], object], lease: Lease) -> None:
    try:
        _ = on_lost(lease)
    except Exception:
        log.exception("on_lost of the lock at %r failed", lease.path)


class Lockable(Locking):
    """The locking half of ``Proxy``: ``with`` and what is acquired by hand."""

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
        on_lost: Callable[[Lease], object] | None = None,
    ) -> Lease:
        """Lock this place and everything below it, waiting until it is free.

        The same owner is let in again, here, above and below, if nobody else is there. Each acquisition is released by
        itself: by the lease that is returned (``with`` does so), or by ``release()``, the last one first.

        Args:
            shared: Whether others may hold it too, as long as they share. Whoever holds it alone may take it
                exclusively on top.
            acquire_timeout: Seconds to wait; 0 for one try, ``None`` for no limit. Else as the place was made with.
            expire_timeout: Seconds until the lock runs out, above 0. ``None``: as the place was made with.
            owner: A name to hold it under, instead of this thread (or task): to hand it to another, or to another
                process, which acquires it under the same name.
            renew: Whether it is renewed in the background until it is released, or this thread ends (which does not
                matter for a named owner). ``None``: as the place was made with, or its database is configured.
            max_lifetime: Seconds after which it is no longer renewed. ``None`` for no limit.
            on_lost: Called with the lease, in another thread, when the lock is found to be lost.

        Returns:
            The lease.

        Raises:
            LockTimeout: It was not free in time; nothing was changed.
            ValueError: A negative time, or a lease of no time.
            TypeError: A time is no number, or the owner no text.
            InternalError: Somebody else wrote to the keys of locks.

        Cost: 2 round trips where it is free, whatever the depth.

        Example:
            >>> with Proxy("stock").acquire(expire_timeout=5) as lease:
            ...     Proxy("stock").set("apples", 3).is_locked()
            True
        """
        options = self._options.but(acquire_timeout, expire_timeout, renew)
        return self._acquire(options, shared=shared, owner=owner, max_lifetime=max_lifetime, on_lost=on_lost)

    def try_acquire(
        self,
        shared: bool = False,
        *,
        expire_timeout: float | None = None,
        owner: str | None = None,
        renew: bool | None = None,
        max_lifetime: float | None = None,
        on_lost: Callable[[Lease], object] | None = None,
    ) -> Lease | None:
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
            >>> with Proxy("a").acquire(owner="somebody"):
            ...     Proxy("a.b").try_acquire() is None
            True
        """
        try:
            return self.acquire(
                shared,
                acquire_timeout=0,
                expire_timeout=expire_timeout,
                owner=owner,
                renew=renew,
                max_lifetime=max_lifetime,
                on_lost=on_lost,
            )
        except LockTimeout:
            return None

    def __enter__(self: LockableT) -> LockableT:  # noqa: PYI019  # typing.Self came with Python 3.11
        _ = self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        leave(self.release, find(self._place, self._path, None), error)
