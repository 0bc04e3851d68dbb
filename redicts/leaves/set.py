"""``set``, as a typed leaf: different elements in no order, with all that a ``MutableSet`` can do.

May import core and its neighbours.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, MutableSet
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar

from redicts.leaves.elements import T
from redicts.leaves.leaf import AsyncLeaf, QueuedLeaf, SyncLeaf
from redicts.leaves.parts.seen import Seen
from redicts.leaves.parts.set_algebra import Overlap, SetAlgebra
from redicts.leaves.parts.set_members import BEGINNING
from redicts.leaves.parts.set_updates import SetUpdates

__all__ = ["AsyncSet", "Overlap", "QueuedSet", "Set", "SetOperations"]

V = TypeVar("V")


class SetOperations(SetAlgebra[T], SetUpdates[T]):
    """What a set can do."""

    __slots__ = ()


class Set(SetOperations[T], SyncLeaf, MutableSet[T]):
    """A set that processes share, as ``as_set()`` opens it: a ``MutableSet``.

    Elements are hashable JSON values, compared as JSON: 1, 1.0 and True are three values here, and NaN is itself.
    Tuples are kept as arrays, and come back as tuples. A frozenset cannot be an element. What an operator gives is a
    plain ``set`` (with a ``frozenset`` on its left: one); in-place ones change the set, in one step.

    With sets of the same section the server does it, in one step; so it does for ``==``, ``<=`` and the like. A set of
    another section is read in a step of its own.

    An iteration asks for about 1,000 elements at a time, and gives each once, whatever is written meanwhile; what
    comes or goes meanwhile may be given or not. So it remembers what it gave: 16 bytes for each in the end.
    ``to_set()`` reads all at one moment.

    Example:
        >>> online = root().get("users.online").as_set()
        >>> admins = root().get("users.admins").as_set()
        >>> online |= {"ada", "bob"}
        >>> admins.add("ada")
        >>> online & admins, "bob" in online - admins, admins <= online, len(online)
        ({'ada'}, True, True, 2)
        >>> admins.store_difference(online, ["ada"]), root().get("users.admins").val()
        (1, ['bob'])
    """

    __slots__ = ()

    __hash__ = None  # type: ignore[assignment]  # as of every set that can change

    def __len__(self) -> int:
        return self.length()

    def __contains__(self, value: object) -> bool:
        return self.contains(value)

    def __iter__(self) -> Iterator[T]:
        cursor, seen = BEGINNING, Seen()
        while True:
            cursor, elements = self.page(cursor, seen)
            yield from elements
            if cursor == BEGINNING:
                return

    def copy(self) -> set[T]:
        """Read all elements at one moment: as ``to_set()``."""
        return self.to_set()

    @classmethod
    def _from_iterable(cls, it: Iterable[V]) -> set[V]:  # what operators give is a plain set
        return set(it)

    # ---- what gives a plain set

    def __or__(self, other: AbstractSet[V]) -> set[T | V]:
        return self.union(other) if isinstance(other, AbstractSet) else NotImplemented

    def __and__(self, other: AbstractSet[Any]) -> set[T]:
        return self.intersection(other) if isinstance(other, AbstractSet) else NotImplemented

    def __sub__(self, other: AbstractSet[Any]) -> set[T]:
        return self.difference(other) if isinstance(other, AbstractSet) else NotImplemented

    def __xor__(self, other: AbstractSet[V]) -> set[T | V]:
        return self.symmetric_difference(other) if isinstance(other, AbstractSet) else NotImplemented

    def __ror__(self, other: AbstractSet[V]) -> AbstractSet[T | V]:
        return _like(other, self.union(other)) if isinstance(other, AbstractSet) else NotImplemented

    def __rand__(self, other: AbstractSet[V]) -> AbstractSet[V]:
        return _like(other, self.intersection(other)) if isinstance(other, AbstractSet) else NotImplemented

    def __rsub__(self, other: AbstractSet[V]) -> AbstractSet[V]:
        if not isinstance(other, AbstractSet):
            return NotImplemented
        values = list(other)
        found = self.contains_many(values)
        return _like(other, {value for value, there in zip(values, found, strict=True) if not there})

    def __rxor__(self, other: AbstractSet[V]) -> AbstractSet[T | V]:
        return _like(other, self.symmetric_difference(other)) if isinstance(other, AbstractSet) else NotImplemented

    # ---- in place

    def __ior__(self, other: AbstractSet[T]) -> Set[T]:  # type: ignore[override,misc]  # typing.Self came with Python 3.11
        if not isinstance(other, AbstractSet):
            return NotImplemented
        self.update(other)
        return self

    def __iand__(self, other: AbstractSet[Any]) -> Set[T]:
        if not isinstance(other, AbstractSet):
            return NotImplemented
        self.intersection_update(other)
        return self

    def __isub__(self, other: AbstractSet[Any]) -> Set[T]:
        if not isinstance(other, AbstractSet):
            return NotImplemented
        self.difference_update(other)
        return self

    def __ixor__(self, other: AbstractSet[T]) -> Set[T]:  # type: ignore[override,misc]  # as above
        if not isinstance(other, AbstractSet):
            return NotImplemented
        self.symmetric_difference_update(other)
        return self

    # ---- comparisons

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AbstractSet):
            return NotImplemented
        found = self.overlap(other)
        return found.size == found.other == found.both

    def __le__(self, other: AbstractSet[Any]) -> bool:
        return self.issubset(other) if isinstance(other, AbstractSet) else NotImplemented

    def __lt__(self, other: AbstractSet[Any]) -> bool:
        if not isinstance(other, AbstractSet):
            return NotImplemented
        found = self.overlap(other)
        return found.both == found.size < found.other

    def __ge__(self, other: AbstractSet[Any]) -> bool:
        return self.issuperset(other) if isinstance(other, AbstractSet) else NotImplemented

    def __gt__(self, other: AbstractSet[Any]) -> bool:
        if not isinstance(other, AbstractSet):
            return NotImplemented
        found = self.overlap(other)
        return found.both == found.other < found.size


def _like(other: AbstractSet[Any], found: set[Any]) -> AbstractSet[Any]:
    """Give a result as Python does: of the type of what stands on the left."""
    return frozenset(found) if isinstance(other, frozenset) else found


class AsyncSet(SetOperations[T], AsyncLeaf):
    """A set that processes share, for asyncio: ``async for`` goes over it, and every operation is awaited.

    Example:
        >>> online = aio.root().get("online").as_set()
        >>> await online.update(["ada", "bob"])
        >>> sorted([each async for each in online]), await online.contains("ada")
        (['ada', 'bob'], True)
    """

    __slots__ = ()

    async def __aiter__(self) -> AsyncIterator[T]:
        cursor, seen = BEGINNING, Seen()
        while True:
            cursor, elements = await self.page(cursor, seen)
            for each in elements:
                yield each
            if cursor == BEGINNING:
                return


class QueuedSet(SetOperations[T], QueuedLeaf):
    """A set that processes share, as a pipeline sees it.

    Example:
        >>> with redicts.pipeline() as pipe:
        ...     online = pipe.proxy("online").as_set()
        ...     _ = online.add("ada")
        ...     there, count = online.contains("ada"), online.length()
        >>> there.result, count.result
        (True, 1)
    """

    __slots__ = ()
