"""What a set makes with others, and how they compare: nothing is written here.

May import core and its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from redicts.core.effects import Op
from redicts.core.operation import operation
from redicts.leaves.elements import T
from redicts.leaves.parts.set_combined import (
    DIFFERENCE,
    INTERSECTION,
    SYMMETRIC,
    UNION,
    Key,
    SetCombined,
    fold,
    texts_of,
)
from redicts.leaves.parts.set_members import AT_ONCE

__all__ = ["Overlap", "SetAlgebra"]

MOST: Final = 100_000
"""How many elements are sent to be compared there, at most; where there are more, the set is read and compared here."""


class Overlap(NamedTuple):
    """How much of a set is in another.

    Attributes:
        size: How many elements the set has.
        other: How many the other has.
        both: How many are in both.
    """

    size: int
    other: int
    both: int


class SetAlgebra(SetCombined[T]):
    """Operations of a set with others, each of which is a set of this database, or any iterable."""

    __slots__ = ()

    @operation(idempotent=True)
    def union(self, *others: Iterable[Any]) -> Op[set[Any]]:
        """Give the elements that are in this set, or in any of the others. Nothing is written.

        Args:
            *others: Sets as this one, and any iterables.

        Returns:
            A plain ``set``.

        Raises:
            TypeError: One is no iterable, or an element is not hashable.
            WrongType: A place holds something else than a set.
            InvalidElement: A stored element is not of the type asked for.

        Atomicity: sets of one section are read in one step, those of other sections each in its own.
        Cost: 1 round trip, O(elements of all of them).

        Example:
            >>> tags = root().get("tags")
            >>> tags.get("a").as_set().update(["x", "y"])
            >>> tags.get("b").as_set().update(["y", "z"])
            >>> sorted(tags.get("a").as_set().union(tags.get("b").as_set(), ["w"]))
            ['w', 'x', 'y', 'z']
        """
        return (yield from self._combined(UNION, others))

    @operation(idempotent=True)
    def intersection(self, *others: Iterable[Any]) -> Op[set[T]]:
        """Give the elements that are in this set and in all of the others. Nothing is written.

        Args:
            *others: As for ``union``.

        Returns:
            A plain ``set``.

        Raises:
            TypeError: As for ``union``.
            WrongType: As for ``union``.
            InvalidElement: As for ``union``.

        Atomicity: as ``union``.
        Cost: 1 round trip, O(elements of all of them); with an iterable of up to 4,000, O(iterable).
        """
        return (yield from self._combined(INTERSECTION, others))

    @operation(idempotent=True)
    def difference(self, *others: Iterable[Any]) -> Op[set[T]]:
        """Give the elements that are in this set and in none of the others. Nothing is written.

        Args:
            *others: As for ``union``.

        Returns:
            A plain ``set``.

        Raises:
            TypeError: As for ``union``.
            WrongType: As for ``union``.
            InvalidElement: As for ``union``.

        Atomicity: as ``union``.
        Cost: as ``union``.
        """
        return (yield from self._combined(DIFFERENCE, others))

    @operation(idempotent=True)
    def symmetric_difference(self, other: Iterable[Any]) -> Op[set[Any]]:
        """Give the elements that are in this set or in the other, but not in both. Nothing is written.

        Args:
            other: As for ``union``.

        Returns:
            A plain ``set``.

        Raises:
            TypeError: As for ``union``.
            WrongType: As for ``union``.
            InvalidElement: As for ``union``.

        Atomicity: as ``union``.
        Cost: as ``union``.
        """
        return (yield from self._combined(SYMMETRIC, (other,)))

    # ---- comparisons

    @operation(idempotent=True)
    def overlap(self, other: Iterable[Any]) -> Op[Overlap]:
        """Count the elements of this set, of another, and of both: what all comparisons are made of.

        Args:
            other: As for ``union``.

        Returns:
            The three numbers.

        Raises:
            TypeError: As for ``union``.
            WrongType: As for ``union``.

        Atomicity: as ``union``.
        Cost: 1 round trip, O(the smaller of two sets of one section), else O(other).

        Example:
            >>> liked = root().get("liked")
            >>> liked.get("ada").as_set().update([1, 2, 3])
            >>> liked.get("bob").as_set().update([2, 3, 4, 5])
            >>> liked.get("ada").as_set().overlap(liked.get("bob").as_set())
            Overlap(size=3, other=4, both=2)
        """
        near, far, given = self._sort_out((other,))
        if near:
            return Overlap(*(yield from self._overlap(near, [])))
        texts = [] if far else texts_of(given[0])
        if not far and len(texts) <= MOST:
            size, _, both = yield from self._overlap([], texts)
            return Overlap(size, len(given[0]), both)
        mine, *read = yield from self._read_all(UNION, [self], far)
        (theirs,) = read or given
        return Overlap(len(mine), len(theirs), len(mine & theirs))

    @operation(idempotent=True)
    def issubset(self, other: Iterable[Any]) -> Op[bool]:
        """Tell whether every element is in another set.

        Args:
            other: As for ``union``.

        Raises:
            TypeError: As for ``union``.
            WrongType: As for ``union``.

        Atomicity: as ``union``.
        Cost: as ``overlap``.
        """
        found: Overlap = yield from SetAlgebra.overlap(self, other)
        return found.both == found.size

    @operation(idempotent=True)
    def issuperset(self, other: Iterable[Any]) -> Op[bool]:
        """Tell whether every element of another set is in this one.

        Args:
            other: As for ``union``.

        Raises:
            TypeError: As for ``union``.
            WrongType: As for ``union``.

        Atomicity: as ``union``.
        Cost: as ``overlap``.
        """
        found: Overlap = yield from SetAlgebra.overlap(self, other)
        return found.both == found.other

    @operation(idempotent=True)
    def isdisjoint(self, other: Iterable[Any]) -> Op[bool]:
        """Tell whether no element is in another set.

        Args:
            other: As for ``union``.

        Raises:
            TypeError: As for ``union``.
            WrongType: As for ``union``.

        Atomicity: as ``union``.
        Cost: as ``overlap``.
        """
        found: Overlap = yield from SetAlgebra.overlap(self, other)
        return found.both == 0

    def _combined(self, verb: str, others: tuple[Iterable[Any], ...]) -> Op[set[Any]]:
        near, far, given = self._sort_out(others)
        if verb == INTERSECTION and given and not near and not far:
            texts = texts_of(set[Key].intersection(*given))
            if 0 < len(texts) <= AT_ONCE:  # the set need not be read whole
                flags = yield from self._read("SMISMEMBER", *texts)
                return self._values([text for text, flag in zip(texts, flags, strict=True) if flag])
        parts = yield from self._read_all(verb if near else UNION, [self, *near], far)
        return self._values(parts[0] if near and verb == SYMMETRIC else fold(verb, [*parts, *given]))
