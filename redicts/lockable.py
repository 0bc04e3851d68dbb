"""The synchronous face of locks, but for ``Lock``: ``Lease``, and the locking half of ``Proxy``.

What happens is in ``locks/``; here is what cannot be an operation: what is given out for a lock, and ``with``. May
import everything below the faces.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, TypeVar

from redicts.core.effects import Op
from redicts.core.keys import KeySpace
from redicts.core.missing import MISSING, Missing
from redicts.core.operation import Sync
from redicts.core.units import to_ms
from redicts.errors import LockTimeout, RedictsError
from redicts.locks.acquiring import acquire
from redicts.locks.holding import Holding
from redicts.locks.operations import LeaseOperations, LockOperations
from redicts.locks.options import LockOptions, check_lease, check_owner, check_seconds
from redicts.locks.owners import current, find, process
from redicts.locks.renewal import keep_renewed
from redicts.locks.rules import Request
from redicts.pool import Database

__all__ = ["Lease", "Lockable", "Locking", "leave", "told"]

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

    __slots__ = ("_database",)

    def __init__(self, holding: Holding, database: Database) -> None:
        self._holding = holding
        self._database = database

    def _run(self, op: Op[T], idempotent: bool) -> T:
        return self._database.runner.run(op, idempotent)

    def __enter__(self) -> Lease:  # noqa: PYI034  # typing.Self came with Python 3.11
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        leave(self.release, self._holding, error)

    def __repr__(self) -> str:
        return f"Lease({self.path!r}, {self.mode}, fence {self.fence}, {told(self.valid_for())})"


def told(left: float) -> str:
    """Tell in a ``repr`` for how long a lock is held, given what ``valid_for`` says."""
    return f"{left:.1f} s left" if left else "lost, or perhaps so"


def leave(release: Callable[[], None], holding: Holding | None, error: BaseException | None) -> None:
    """Release at the end of a ``with`` block, without hiding the error that it ends with."""
    if holding is not None and holding.handed_over:
        return
    try:
        release()
    except RedictsError as problem:
        if error is None:
            raise
        log.warning("at the end of a block that failed itself: %s", problem)
        add_note: Any = getattr(error, "add_note", None)  # Python 3.11
        if add_note is not None:
            add_note(f"redicts, at the end of the block: {problem}")
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
        database, context = self._where(), current()
        request = Request(self._path, shared, context.owner if owner is None else owner)
        lease_ms = to_ms(options.expire_timeout)
        grant = self._run(acquire(database.space, request, lease_ms, options.acquire_timeout, process()), False)
        holding = Holding(
            place=database,
            path=self._path,
            shared=shared,
            owner=request.owner,
            keys=database.space.locks(self._path),
            text=grant.text,
            fence=grant.fence,
            lease_ms=lease_ms,
            valid_until=grant.valid_until,
            context=context,
        )
        lease = holding.handle = Lease(holding, database)
        holding.on_lost = on_lost
        process().add(holding)
        if database.lock_renew if options.renew is None else options.renew:
            keep_renewed(holding, database.runner.run_apart, max_lifetime)
        return lease


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
            owner: A name to hold it under, instead of this thread: to hand it to another thread or process, which
                acquires it under the same name.
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
        own = self._options
        options = LockOptions(
            own.acquire_timeout if acquire_timeout is MISSING else check_seconds("acquire_timeout", acquire_timeout),
            own.expire_timeout if expire_timeout is None else check_lease("expire_timeout", expire_timeout),
            own.renew if renew is None else renew,
        )
        lifetime = None if max_lifetime is None else check_lease("max_lifetime", max_lifetime)
        return self._acquire(options, shared=shared, owner=check_owner(owner), max_lifetime=lifetime, on_lost=on_lost)

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
