"""The synchronous face: ``Proxy``, ``root`` and ``section``.

Operations come from ``tree/``; here is only what cannot be an operation: giving the object itself back, the dict
protocol, iteration, and where the place is. May import everything below the faces.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import redicts.core.paths as paths
from redicts.core.codec import Json
from redicts.core.paths import Name, Path, PathLike
from redicts.faces.located import Located, check_one_of
from redicts.faces.queued import QueuedProxy
from redicts.leaves.opening import SyncOpening
from redicts.lockable import Lockable
from redicts.locks.options import ACQUIRE_TIMEOUT, EXPIRE_TIMEOUT, LockOptions
from redicts.pipeline import Pipeline, check_pipe
from redicts.pool import Database, Pool
from redicts.tree.operations import TreeOperations

if TYPE_CHECKING:
    from redicts.pool.masters import SyncMasters

__all__ = ["Proxy", "root", "section"]


class Proxy(Located, Lockable, TreeOperations, SyncOpening):
    r"""A place in the tree. Making one costs nothing and asks nothing of the server.

    Args:
        path: Dotted text (``r"hosts.example\.org"`` for a literal dot), or components. ``""`` is the root.
        lock_acquire_timeout: Seconds to wait for this place's lock; ``None`` for no limit, 0 for one try.
        lock_expire_timeout: Seconds until this place's lock runs out.
        db_name: A database of the ``Pool``; ``None`` for the default one.
        rconn: A redis-py client to use instead of the ``Pool``.
        lock_renew: Whether this place's lock is renewed while it is held; ``None``: as the ``Pool`` is configured.

    Raises:
        PathError: ``path`` cannot be one.
        ValueError: A negative timeout, or both ``db_name`` and ``rconn``.

    Example:
        >>> point = Proxy("shapes.point")
        >>> _ = point.set("x", 1).set("y", 2)
        >>> point.val() == {"x": 1, "y": 2}
        True
        >>> point["x"].add(10), "z" in point, sorted(point)
        (11, False, ['x', 'y'])
    """

    __slots__ = ("_database", "_db_name", "_options")

    def __init__(
        self,
        path: PathLike,
        lock_acquire_timeout: float | None = ACQUIRE_TIMEOUT,
        lock_expire_timeout: float = EXPIRE_TIMEOUT,
        db_name: str | None = None,
        rconn: Any = None,
        *,
        lock_renew: bool | None = None,
    ) -> None:
        self._path = paths.parse(path)
        self._options = LockOptions.checked(lock_acquire_timeout, lock_expire_timeout, lock_renew, "lock_")
        self._db_name = check_one_of(db_name, rconn)
        self._database = None if rconn is None else Database.of_client(rconn)

    # ---- where it is

    def _at(self, path: Path) -> Proxy:
        """Make a proxy of a path that is known to be one, with everything else as here."""
        other = Proxy.__new__(Proxy)
        other._path = path
        other._options = self._options
        other._db_name = self._db_name
        other._database = self._database
        return other

    def _where(self) -> Database:
        return self._database if self._database is not None else Pool().database(self._db_name)

    def _masters(self, masters: Sequence[object] | None) -> SyncMasters:
        from redicts.pool.masters import SyncMasters

        return SyncMasters.of(masters, self._where)

    def __repr__(self) -> str:
        name = "" if self._db_name is None else f", db_name={self._db_name!r}"
        return f"Proxy({self.key()!r}{name})"

    def using(self, pipe: Pipeline) -> QueuedProxy:
        """Lead to the same place as a pipeline sees it: its operations are queued. No round trip.

        Args:
            pipe: A pipeline of ``redicts.pipeline()``.

        Raises:
            TypeError: It is none.

        Example:
            >>> hits = Proxy("hits")
            >>> with redicts.pipeline() as pipe:
            ...     sums = [hits.using(pipe).add(), hits.using(pipe).add()]
            >>> [each.result for each in sums]
            [1, 2]
        """
        return QueuedProxy(check_pipe(pipe), self._where(), self._path)

    # ---- what gives the object back, or goes in steps

    def set(self, key: PathLike, value: Json, expire: float | None = None) -> Proxy:
        """Set the place at ``key`` below this one.

        What stood there is replaced, with everything below it and its time to live. A leaf on the way becomes a node,
        and keeps its own time to live: a write below a place leaves that as it is.

        Args:
            key: Dotted text or components; ``()`` for the place itself.
            value: Anything that ``json.dumps`` takes. A non-empty dict becomes a node, level by level; its keys are
                names, dots and all.
            expire: Seconds to live, above 0; ``None`` for no limit but the parent's.

        Returns:
            This proxy, so that calls can be chained.

        Raises:
            PathError: ``key`` or a name in ``value`` cannot be one, or it is the root itself.
            TypeError: ``json.dumps`` refuses the value, or a dict in it has a key that is not text.
            ValueError: The value holds itself, or ``expire`` is not above 0, or it is too large for one step.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step, whatever stood there before.
        Cost: 1 round trip, O(leaves written + what is replaced).

        Example:
            >>> _ = root().set("user", {"name": "Ada", "tags": ["x"]}).set("user.age", 36)
            >>> root().get("user.age").val()
            36
        """
        self.store(key, value, expire)
        return self

    def iter_children(self) -> Iterator[Proxy]:
        """Go over the leaves below, however many, in steps.

        Yields:
            A proxy for each leaf, the leaves of a node together. A leaf that stays throughout is given once; one that
            comes or goes meanwhile may be given or not.

        Atomicity: none over the whole; each step is.
        Cost: 1 round trip for up to 100 nodes (fewer at first) and about 1,000 children; 1 more where leaves among them
            expire, and 1 for the root. Memory for some thousand children, and the names of a node that has more.

        Example:
            >>> _ = root().set("a", {"x": 1, "b": {"y": 2}})
            >>> sorted(leaf.key() for leaf in root().get("a").iter_children())
            ['a.b.y', 'a.x']
        """
        walk = self.begin_walk()
        while (leaves := self.walk_on(walk)) is not None:
            for leaf in leaves:
                yield self._at(leaf.path)

    # ---- the dict protocol

    def __getitem__(self, key: PathLike) -> Proxy:
        return self.get(key)

    def __setitem__(self, key: PathLike, value: Json) -> None:
        self.store(key, value)

    def __delitem__(self, key: PathLike) -> None:
        if not self.delete(key):
            raise KeyError(paths.dotted(paths.join(self._path, key)))

    def __contains__(self, key: PathLike) -> bool:
        return self.get(key).exists()

    def __iter__(self) -> Iterator[Name]:
        return iter(self.children())

    def __len__(self) -> int:
        return self.count_children()


def root(
    lock_acquire_timeout: float | None = ACQUIRE_TIMEOUT,
    lock_expire_timeout: float = EXPIRE_TIMEOUT,
    db_name: str | None = None,
    rconn: Any = None,
    *,
    lock_renew: bool | None = None,
) -> Proxy:
    """Lead to the root of the tree. The arguments are those of ``Proxy``. No round trip.

    Example:
        >>> _ = root().set("x", {"y": 1})
        >>> root().val()
        {'x': {'y': 1}}
    """
    return Proxy((), lock_acquire_timeout, lock_expire_timeout, db_name, rconn, lock_renew=lock_renew)


def section(
    name: PathLike,
    lock_acquire_timeout: float | None = ACQUIRE_TIMEOUT,
    lock_expire_timeout: float = EXPIRE_TIMEOUT,
    db_name: str | None = None,
    rconn: Any = None,
    *,
    lock_renew: bool | None = None,
) -> Proxy:
    """Lead to a corner of the tree: ``section(__name__)`` is a module's own. No round trip.

    Args:
        name: A path, which ``"package.module"`` is too.
        lock_acquire_timeout: As for ``Proxy``.
        lock_expire_timeout: As for ``Proxy``.
        db_name: As for ``Proxy``.
        rconn: As for ``Proxy``.
        lock_renew: As for ``Proxy``.

    Raises:
        PathError: ``name`` cannot be a path, or is empty.

    Example:
        >>> section("shop.cart").key()
        'shop.cart'
    """
    path = paths.join((), name)
    return Proxy(path, lock_acquire_timeout, lock_expire_timeout, db_name, rconn, lock_renew=lock_renew)
