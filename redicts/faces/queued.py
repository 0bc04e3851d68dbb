"""The queued face of places and leases: every operation is taken by a pipeline and gives a ``Deferred``.

The same classes serve the synchronous pipeline and that of asyncio. May import core, tree, locks and pool; nothing here
does I/O.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from redicts.core.codec import Json
from redicts.core.deferred import Deferred
from redicts.core.effects import Op
from redicts.core.keys import KeySpace
from redicts.core.operation import Queued
from redicts.core.paths import Path, PathLike
from redicts.faces.located import Located
from redicts.leaves.opening_queued import QueuedOpening
from redicts.locks.holding import Holding
from redicts.locks.operations import LeaseOperations, LockOperations
from redicts.pool import AsyncDatabase, Database
from redicts.tree.operations import TreeOperations

__all__ = ["AnyDatabase", "Queue", "QueuedLease", "QueuedProxy"]

AnyDatabase = Database | AsyncDatabase
T = TypeVar("T")


class Queue(Protocol):
    """What takes operations: a block of a pipeline."""

    def _take(
        self, database: Any, place: Any, op: Op[T], idempotent: bool, one_step: bool, command: str = ""
    ) -> Deferred[T]: ...


class QueuedProxy(Located, LockOperations, TreeOperations, QueuedOpening, Queued):
    """A place in the tree, as a pipeline sees it: every operation gives a ``Deferred``, whose ``result`` comes later.

    Bad arguments raise at once; all that the server says is raised by ``result``. Which locks are held, and so prove
    that a write may be done, is asked of who queues it; they are checked when it is sent. There is no ``acquire``: a
    pipeline cannot wait, and holds locks for as long as its round trip takes. Take locks first, and write under them.
    A walk is driven step by step, so there is no ``iter_children`` either.

    Made by ``pipe.proxy("a.b")``, or by ``using(pipe)`` of a place that one has.

    Example:
        >>> with redicts.pipeline() as pipe:
        ...     user = pipe.proxy("users.42")
        ...     _ = user.set("name", "Ada")
        ...     visits, name = user.get("visits").add(), user.get("name").val()
        >>> visits.result, name.result
        (1, 'Ada')
    """

    __slots__ = ("_database", "_pipe")

    _batched = True

    def __init__(self, pipe: Queue, database: AnyDatabase, path: Path) -> None:
        self._pipe = pipe
        self._database = database
        self._path = path

    def _at(self, path: Path) -> QueuedProxy:
        other = QueuedProxy.__new__(QueuedProxy)
        other._pipe = self._pipe
        other._database = self._database
        other._path = path
        return other

    def _where(self) -> AnyDatabase:
        return self._database

    @property
    def _place(self) -> AnyDatabase:
        return self._database

    @property
    def _space(self) -> KeySpace:
        return self._database.space

    def _queue(self, op: Op[T], idempotent: bool, one_step: bool) -> Deferred[T]:
        return self._pipe._take(self._database, self, op, idempotent, one_step)

    def set(self, key: PathLike, value: Json, expire: float | None = None) -> Deferred[None]:
        """Set the place at ``key`` below this one, as ``store`` does. Calls cannot be chained here.

        Args:
            key: As for ``store``.
            value: As for ``store``.
            expire: As for ``store``.

        Raises:
            PathError: As for ``store``.
            TypeError: As for ``store``.
            ValueError: As for ``store``.

        Example:
            >>> with redicts.pipeline() as pipe:
            ...     done = pipe.root().set("a.b", 1)
            >>> done.result is None, root().val()
            (True, {'a': {'b': 1}})
        """
        return self.store(key, value, expire)

    def __repr__(self) -> str:
        return f"QueuedProxy({self.key()!r} on {self._database.address})"


class QueuedLease(LeaseOperations, Queued):
    """An acquisition of a lock, as a pipeline sees it. Made by ``lease.using(pipe)``.

    Example:
        >>> with Proxy("job").acquire() as lease, redicts.pipeline() as pipe:
        ...     held = lease.using(pipe).ensure_held()
        ...     _ = pipe.proxy("job").set("state", "running")
        >>> held.error is None
        True
    """

    __slots__ = ("_database", "_pipe")

    def __init__(self, pipe: Queue, database: AnyDatabase, holding: Holding) -> None:
        self._holding = holding
        self._pipe = pipe
        self._database = database

    def key(self) -> str:
        """Spell the path as dotted text. No round trip."""
        return self.path

    def _queue(self, op: Op[T], idempotent: bool, one_step: bool) -> Deferred[T]:
        return self._pipe._take(self._database, self, op, idempotent, one_step)

    def __repr__(self) -> str:
        return f"QueuedLease({self.path!r}, {self.mode}, fence {self.fence})"
