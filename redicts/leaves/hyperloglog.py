"""HyperLogLog, as a typed leaf: about how many different elements were seen, in 12 KB at most.

The algorithm is that of P. Flajolet, E. Fusy, O. Gandouet and F. Meunier, "HyperLogLog: the analysis of a near-optimal
cardinality estimation algorithm" (AofA 2007, page 127: the standard error is 1.04 / sqrt(registers)), with hashes of
64 bits, as in S. Heule, M. Nunkesser and A. Hall, "HyperLogLog in Practice" (EDBT 2013, section 5.1). The server has
16,384 registers. The body is its own string, which ``PFADD``, ``PFCOUNT`` and ``PFMERGE`` know.

May import core and its neighbours. Invariant: no register ever gets less, but by ``clear`` and ``store_union``.
"""

from __future__ import annotations

from typing import Any, Final

from redicts.core.effects import Eval, Op, Refused
from redicts.core.guarded import run_guarded
from redicts.core.operation import operation
from redicts.core.place import Guard
from redicts.core.scripts import load
from redicts.leaves.elements import T
from redicts.leaves.leaf import PACKAGE, AsyncLeaf, QueuedLeaf, SyncLeaf
from redicts.leaves.parts.beside import fields_of, keys_of, refusal_of, together
from redicts.leaves.parts.hyperloglog_seen import HyperLogLogSeen

__all__ = ["AsyncHyperLogLog", "HyperLogLog", "HyperLogLogOperations", "QueuedHyperLogLog"]

OTHERS: Final = 4000
"""How many HyperLogLogs one command can take."""


class HyperLogLogOperations(HyperLogLogSeen[T]):
    """What a HyperLogLog can do."""

    __slots__ = ()

    @operation(idempotent=True)
    def union_length(self, *others: HyperLogLogOperations[Any]) -> Op[int]:
        """Estimate how many different elements this one and others have seen together. Nothing is written.

        Args:
            *others: HyperLogLogs, of this database; with a synchronous face also of others.

        Returns:
            The estimate, which is as good as that of one.

        Raises:
            TypeError: One is no HyperLogLog, or in another database and not of the synchronous face.
            ValueError: There are more than 4,000.
            WrongType: A place holds something else.
            InternalError: What is at a place is no HyperLogLog.

        Atomicity: one step. One of another database is read before; so is, on a cluster, one of another section.
        Cost: 1 round trip, O(HyperLogLogs). (On a cluster 1 more for each of another section.)

        Example:
            >>> monday, tuesday = root().get("monday").as_hyperloglog(), root().get("tuesday").as_hyperloglog()
            >>> monday.update(["ada", "bob"]), tuesday.update(["bob", "eve"])
            (True, True)
            >>> monday.union_length(tuesday)
            3
        """
        near, bodies = yield from self._gather(others)
        leaves = [self, *near]
        args = [self._marker, str(len(leaves)), *fields_of(leaves), *bodies]
        try:
            (count,) = yield (Eval(load(PACKAGE, "hyperloglog_union"), keys_of(leaves), args),)
        except Refused as refused:
            raise refusal_of(refused, leaves) from None
        return int(count)

    @operation(idempotent=True)
    def union_update(self, *others: HyperLogLogOperations[Any]) -> Op[None]:
        """Let it have seen what others saw too: they are merged into this one.

        Args:
            *others: As for ``union_length``.

        Raises:
            TypeError: As for ``union_length``.
            ValueError: As for ``union_length``.
            WrongType: As for ``union_length``.
            InternalError: As for ``union_length``.
            LockLost: A lock that this owner took has run out.

        Atomicity: as ``union_length``.
        Cost: 1 round trip, O(others); none where there are none. (On a cluster 1 more for each of another section.)

        Example:
            >>> monday, week = root().get("monday").as_hyperloglog(), root().get("week").as_hyperloglog()
            >>> monday.update(["ada", "bob"])
            True
            >>> week.union_update(monday)
            >>> root().val() == {"monday": 2, "week": 2}
            True
        """
        guards = self._guards()
        if others:
            _ = yield from self._merge(others, guards, part=True)

    @operation(idempotent=True)
    def store_union(self, first: HyperLogLogOperations[Any], *others: HyperLogLogOperations[Any]) -> Op[int]:
        """Become what others saw together: what was here before is gone. Nothing else is written.

        Args:
            first: As for ``union_length``.
            *others: More of them. This one may be among them.

        Returns:
            The estimate of the union. Its time to live stays.

        Raises:
            TypeError: As for ``union_length``.
            ValueError: As for ``union_length``.
            WrongType: As for ``union_length``.
            InternalError: As for ``union_length``.
            LockLost: A lock that this owner took has run out.

        Atomicity: as ``union_length``.
        Cost: as ``union_length``.
        """
        guards = self._guards()
        return (yield from self._merge((first, *others), guards, part=False))

    def _merge(
        self, others: tuple[HyperLogLogOperations[Any], ...], guards: tuple[Guard, ...], *, part: bool
    ) -> Op[int]:
        near, bodies = yield from self._gather(others)
        leaves, path = [self, *near], self._place._path
        field, *fields = fields_of(leaves)
        args = [field, self._marker, "1" if part else "0", str(len(near)), *fields, *bodies]
        script = load(PACKAGE, "hyperloglog_merge")
        try:
            return int((yield from run_guarded(self._place, script, (path,), keys_of(leaves), args, guards)))
        except Refused as refused:
            raise refusal_of(refused, leaves) from None

    def _gather(
        self, others: tuple[HyperLogLogOperations[Any], ...]
    ) -> Op[tuple[list[HyperLogLogOperations[Any]], list[str | bytes]]]:
        """Sort out others: those that the server finds by itself, and the bodies of the rest, which are read."""
        if len(others) > OTHERS:
            raise ValueError(
                f"{len(others)} HyperLogLogs are too many at once, more than {OTHERS}; merge them in parts"
            )
        space, section = self._place._space, self._place._path[0]
        near: list[HyperLogLogOperations[Any]] = []
        far: list[HyperLogLogOperations[Any]] = []
        bodies: list[str | bytes] = []
        for other in others:
            leaf: object = other
            if not isinstance(leaf, HyperLogLogOperations):
                raise TypeError(f"a HyperLogLog is united with others, not with {other!r}; update() takes elements")
            if together(self._place, other._place):
                (far if space.spread and other._place._path[0] != section else near).append(other)
            elif isinstance(other, HyperLogLog):
                bodies.append(other._body())
            else:
                raise TypeError(f"{other!r} is in another database: open it there with the synchronous face")
        for other in far:
            body: bytes = yield from HyperLogLogOperations._body(other)
            bodies.append(body)
        return near, [body for body in bodies if body]

    @operation(idempotent=True)
    def _body(self) -> Op[bytes]:
        """Read the string that it is kept in; empty where nothing is. fakeredis keeps no such string.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        text = yield from self._read("GET")
        return (text or "").encode("utf-8", "surrogateescape")  # as replies are decoded


class HyperLogLog(HyperLogLogOperations[T], SyncLeaf):
    """About how many different elements were seen, as ``as_hyperloglog()`` opens it: 12 KB, for any number of them.

    Elements are JSON values, compared as JSON: 1, 1.0 and True are three values here. They cannot be listed, nor taken
    out. Some hundred take much less than 12 KB.

    Example:
        >>> monday = root().get("visitors.monday").as_hyperloglog()
        >>> tuesday = root().get("visitors.tuesday").as_hyperloglog()
        >>> monday.update(["ada", "bob", "ada"]), tuesday.update(["bob", "eve"])
        (True, True)
        >>> len(monday), "ada" in monday, "eve" in monday, monday.union_length(tuesday)
        (2, True, False, 3)
        >>> monday |= tuesday
        >>> len(monday)
        3
    """

    __slots__ = ()

    def __len__(self) -> int:
        return self.length()

    def __contains__(self, value: object) -> bool:
        return self.contains(value)

    def __ior__(self, other: HyperLogLogOperations[Any]) -> HyperLogLog[T]:  # typing.Self came with Python 3.11
        if not isinstance(other, HyperLogLogOperations):
            return NotImplemented
        self.union_update(other)
        return self


class AsyncHyperLogLog(HyperLogLogOperations[T], AsyncLeaf):
    """About how many different elements were seen, for asyncio: every operation is awaited.

    Example:
        >>> visitors = aio.root().get("visitors").as_hyperloglog()
        >>> await visitors.update(["ada", "bob", "ada"])
        True
        >>> await visitors.length(), await visitors.contains("eve")
        (2, False)
    """

    __slots__ = ()


class QueuedHyperLogLog(HyperLogLogOperations[T], QueuedLeaf):
    """About how many different elements were seen, as a pipeline sees it.

    Example:
        >>> with redicts.pipeline() as pipe:
        ...     visitors = pipe.proxy("visitors").as_hyperloglog()
        ...     changed, count = visitors.add("ada"), visitors.length()
        >>> changed.result, count.result
        (True, 1)
    """

    __slots__ = ()
