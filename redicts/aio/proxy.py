"""The asyncio face: ``Proxy``, ``root`` and ``section``, with the names of the synchronous one.

Operations come from ``tree/``; here is only what cannot be an operation: giving the object itself back, iteration, and
where the place is. May import everything below the faces.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

import redicts.core.paths as paths
from redicts.aio.lockable import Lockable
from redicts.aio.pipeline import Pipeline, check_pipe
from redicts.core.codec import Json
from redicts.core.paths import Name, Path, PathLike
from redicts.faces.located import Located, check_one_of
from redicts.faces.queued import QueuedProxy
from redicts.leaves.opening_aio import AsyncOpening
from redicts.locks.options import ACQUIRE_TIMEOUT, EXPIRE_TIMEOUT, LockOptions
from redicts.pool import AsyncDatabase, Pool
from redicts.tree.operations import TreeOperations

if TYPE_CHECKING:
    from redicts.pool.masters import AsyncMasters

__all__ = ["Proxy", "root", "section"]


class Proxy(Located, Lockable, TreeOperations, AsyncOpening):
    r"""A place in the tree, for asyncio. Making one costs nothing and asks nothing of the server.

    It belongs to no event loop: each loop that it is used in has connections of its own.

    Args:
        path: Dotted text (``r"hosts.example\.org"`` for a literal dot), or components. ``""`` is the root.
        lock_acquire_timeout: Seconds to wait for this place's lock; ``None`` for no limit, 0 for one try.
        lock_expire_timeout: Seconds until this place's lock runs out.
        db_name: A database of the ``Pool``; ``None`` for the default one.
        rconn: A client of redis.asyncio to use instead of the ``Pool``. It belongs to one loop.
        lock_renew: Whether this place's lock is renewed while it is held; ``None``: as the ``Pool`` is configured.

    Raises:
        PathError: ``path`` cannot be one.
        ValueError: A negative timeout, or both ``db_name`` and ``rconn``.

    Example:
        >>> point = aio.Proxy("shapes.point")
        >>> await point.update({"x": 1, "y": 2})
        >>> await point.get("x").add(10), await point.get("z").exists()
        (11, False)
        >>> sorted([name async for name in point])
        ['x', 'y']
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
        self._database = None if rconn is None else AsyncDatabase.of_client(rconn)

    # ---- where it is

    def _at(self, path: Path) -> Proxy:
        other = Proxy.__new__(Proxy)
        other._path = path
        other._options = self._options
        other._db_name = self._db_name
        other._database = self._database
        return other

    def _where(self) -> AsyncDatabase:
        return self._database if self._database is not None else Pool().async_database(self._db_name)

    def _masters(self, masters: Sequence[object] | None) -> AsyncMasters:
        from redicts.pool.masters import AsyncMasters

        return AsyncMasters.of(masters, self._where)

    def __repr__(self) -> str:
        name = "" if self._db_name is None else f", db_name={self._db_name!r}"
        return f"aio.Proxy({self.key()!r}{name})"

    def using(self, pipe: Pipeline) -> QueuedProxy:
        """Lead to the same place as a pipeline sees it: its operations are queued. No round trip.

        Args:
            pipe: A pipeline of ``aio.pipeline()``.

        Raises:
            TypeError: It is none.

        Example:
            >>> hits = aio.Proxy("hits")
            >>> async with aio.pipeline() as pipe:
            ...     sums = [hits.using(pipe).add(), hits.using(pipe).add()]
            >>> [each.result for each in sums]
            [1, 2]
        """
        return QueuedProxy(check_pipe(pipe), self._where(), self._path)

    # ---- what gives the object back, or goes in steps

    def set(self, key: PathLike, value: Json, expire: float | None = None) -> Coroutine[object, None, Proxy]:
        """Set the place at ``key`` below this one.

        What stood there is replaced, with everything below it and its time to live. A leaf on the way becomes a node,
        and keeps its own time to live: a write below a place leaves that as it is.

        Args:
            key: Dotted text or components; ``()`` for the place itself.
            value: Anything that ``json.dumps`` takes. A non-empty dict becomes a node, level by level; its keys are
                names, dots and all.
            expire: Seconds to live, above 0; ``None`` for no limit but the parent's.

        Returns:
            This proxy.

        Raises:
            PathError: ``key`` or a name in ``value`` cannot be one, or it is the root itself.
            TypeError: ``json.dumps`` refuses the value, or a dict in it has a key that is not text.
            ValueError: The value holds itself, or ``expire`` is not above 0, or it is too large for one step.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step, whatever stood there before.
        Cost: 1 round trip, O(leaves written + what is replaced).

        Example:
            >>> _ = await aio.root().set("user", {"name": "Ada", "tags": ["x"]})
            >>> await aio.root().get("user.name").val()
            'Ada'
        """
        return _then_give(self, self.store(key, value, expire))

    async def iter_children(self) -> AsyncIterator[Proxy]:
        """Go over the leaves below, however many, in steps: ``async for leaf in place.iter_children()``.

        Yields:
            A proxy for each leaf, the leaves of a node together. A leaf that stays throughout is given once; one that
            comes or goes meanwhile may be given or not.

        Atomicity: none over the whole; each step is.
        Cost: 1 round trip for up to 100 nodes (fewer at first) and about 1,000 children; 1 more where leaves among them
            expire, and 1 for the root. Memory for some thousand children, and the names of a node that has more.

        Example:
            >>> _ = await aio.root().set("a", {"x": 1, "b": {"y": 2}})
            >>> sorted([leaf.key() async for leaf in aio.root().get("a").iter_children()])
            ['a.b.y', 'a.x']
        """
        walk = await self.begin_walk()
        while (leaves := await self.walk_on(walk)) is not None:
            for leaf in leaves:
                yield self._at(leaf.path)

    async def __aiter__(self) -> AsyncIterator[Name]:
        for name in await self.children():
            yield name


async def _then_give(place: Proxy, storing: Coroutine[object, None, None]) -> Proxy:
    await storing
    return place


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
        >>> _ = await aio.root().set("x", {"y": 1})
        >>> await aio.root().val()
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
        >>> aio.section("shop.cart").key()
        'shop.cart'
    """
    path = paths.join((), name)
    return Proxy(path, lock_acquire_timeout, lock_expire_timeout, db_name, rconn, lock_renew=lock_renew)
