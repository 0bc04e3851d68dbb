"""What a set becomes by others: in place, or as what is stored in it.

May import core and its neighbours. Invariant: no key is made but that of the set that is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from redicts.core.effects import Op
from redicts.core.operation import operation
from redicts.leaves.elements import T
from redicts.leaves.leaf import ADDS, TAKES
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

__all__ = ["SetUpdates"]


class SetUpdates(SetCombined[T]):
    """Operations that change a set by others, each of which is a set of this database, or any iterable."""

    __slots__ = ()

    @operation(idempotent=True)
    def update(self, *others: Iterable[T]) -> Op[None]:
        """Put the elements of others in.

        Args:
            *others: Sets as this one, and any iterables.

        Raises:
            TypeError: One is no iterable, or an element is not hashable, or no JSON value.
            WrongType: A place holds something else than a set.
            InvalidElement: An element is not of the type asked for.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step, with sets of the same section and with iterables. A set of another section is read first.
        Cost: 1 round trip, O(elements of the others); 2 with a set of another section; none where nothing is given.

        Example:
            >>> tags = root().get("tags").as_set()
            >>> tags.update(["x", "y"], ("y", "z"))
            >>> sorted(tags)
            ['x', 'y', 'z']
        """
        yield from self._change(UNION, others)

    @operation(idempotent=True)
    def intersection_update(self, *others: Iterable[Any]) -> Op[None]:
        """Take out what is not in all of the others.

        Args:
            *others: As for ``update``.

        Raises:
            TypeError: One is no iterable, or an element is not hashable.
            WrongType: A place holds something else than a set.
            LockLost: A lock that this owner took has run out.

        Atomicity: as ``update``.
        Cost: 1 round trip, O(elements of all of them); 2 with a set of another section; none where nothing is given.
        """
        yield from self._change(INTERSECTION, others)

    @operation(idempotent=True)
    def difference_update(self, *others: Iterable[Any]) -> Op[None]:
        """Take out what is in any of the others.

        Args:
            *others: As for ``update``.

        Raises:
            TypeError: One is no iterable, or an element is not hashable.
            WrongType: A place holds something else than a set.
            LockLost: A lock that this owner took has run out.

        Atomicity: as ``update``.
        Cost: 1 round trip, O(elements of iterables, and of all sets); 2 with a set of another section; none where
            nothing is given.
        """
        yield from self._change(DIFFERENCE, others)

    @operation(idempotent=False)
    def symmetric_difference_update(self, other: Iterable[T]) -> Op[None]:
        """Take out what is in the other too, and put in what is only there.

        Args:
            other: As for ``update``.

        Raises:
            TypeError: It is no iterable, or an element is not hashable, or no JSON value.
            WrongType: A place holds something else than a set.
            InvalidElement: An element is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was done once, or not at all.

        Atomicity: as ``update``.
        Cost: 1 round trip, O(elements of both); 2 with a set of another section.
        """
        yield from self._change(SYMMETRIC, (other,))

    # ---- storing

    @operation(idempotent=True)
    def store_union(self, first: Iterable[T], *others: Iterable[T]) -> Op[int]:
        """Become what is in any of several sets: what was here before is gone. Nothing else is written.

        Args:
            first: A set as this one, or any iterable.
            *others: More of them. This set may be among them.

        Returns:
            How many elements it has then. Its time to live stays.

        Raises:
            TypeError: As for ``update``.
            WrongType: As for ``update``.
            InvalidElement: As for ``update``.
            LockLost: As for ``update``.

        Atomicity: one step, where all are sets of the same section, and where all are iterables. Else the sets are read
            first.
        Cost: 1 round trip, O(elements of all of them); else 2.

        Example:
            >>> tags = root().get("tags")
            >>> tags.get("a").as_set().update(["x", "y"])
            >>> tags.get("b").as_set().update(["y", "z"])
            >>> every = tags.get("all").as_set()
            >>> every.store_union(tags.get("a").as_set(), tags.get("b").as_set()), sorted(every)
            (3, ['x', 'y', 'z'])
        """
        return (yield from self._store(UNION, (first, *others)))

    @operation(idempotent=True)
    def store_intersection(self, first: Iterable[T], *others: Iterable[T]) -> Op[int]:
        """Become what is in all of several sets: what was here before is gone. Nothing else is written.

        Args:
            first: As for ``store_union``.
            *others: As for ``store_union``.

        Returns:
            How many elements it has then. Its time to live stays.

        Raises:
            TypeError: As for ``update``.
            WrongType: As for ``update``.
            InvalidElement: As for ``update``.
            LockLost: As for ``update``.

        Atomicity: as ``store_union``.
        Cost: as ``store_union``.
        """
        return (yield from self._store(INTERSECTION, (first, *others)))

    @operation(idempotent=False)
    def store_difference(self, first: Iterable[T], *others: Iterable[T]) -> Op[int]:
        """Become what is in a set and in none of others: what was here before is gone. Nothing else is written.

        Args:
            first: As for ``store_union``.
            *others: As for ``store_union``.

        Returns:
            How many elements it has then. Its time to live stays.

        Raises:
            TypeError: As for ``update``.
            WrongType: As for ``update``.
            InvalidElement: As for ``update``.
            LockLost: As for ``update``.
            OutcomeUnknown: The connection was cut on the way: it was done once, or not at all.

        Atomicity: as ``store_union``.
        Cost: as ``store_union``.
        """
        return (yield from self._store(DIFFERENCE, (first, *others)))

    @operation(idempotent=False)
    def store_symmetric_difference(self, first: Iterable[T], other: Iterable[T]) -> Op[int]:
        """Become what is in one of two sets: what was here before is gone. Nothing else is written.

        Args:
            first: As for ``store_union``.
            other: The other one.

        Returns:
            How many elements it has then. Its time to live stays.

        Raises:
            TypeError: As for ``update``.
            WrongType: As for ``update``.
            InvalidElement: As for ``update``.
            LockLost: As for ``update``.
            OutcomeUnknown: The connection was cut on the way: it was done once, or not at all.

        Atomicity: as ``store_union``.
        Cost: as ``store_union``.
        """
        return (yield from self._store(SYMMETRIC, (first, other)))

    def _change(self, verb: str, others: tuple[Iterable[Any], ...]) -> Op[None]:
        guards = self._guards()
        near, far, given = self._sort_out(others, adds=verb in {UNION, SYMMETRIC})
        if not others:
            return
        given.extend((yield from self._read_all(UNION, [], far)))
        texts = texts_of(set[Key].intersection(*given) if verb == INTERSECTION and given else set[Key]().union(*given))
        if near or verb in {INTERSECTION, SYMMETRIC}:
            yield from self._changed(verb, near, texts if given else None, guards, part=True)
        elif texts:
            change, command = (ADDS, "SADD") if verb == UNION else (TAKES, "SREM")
            yield from self._write(change, command, *texts, guards=guards)

    def _store(self, verb: str, sources: tuple[Iterable[Any], ...]) -> Op[int]:
        guards = self._guards()
        sorted_out = [self._sort_out((source,), adds=True) for source in sources]
        near = [leaf for each in sorted_out for leaf in each.near]
        if len(near) == len(sources):
            return (yield from self._changed(verb, near, None, guards, part=False))
        leaves = [leaf for each in sorted_out for leaf in (*each.near, *each.far)]
        read = iter((yield from self._read_all(UNION, [], leaves)))
        parts = [each.given[0] if each.given else next(read) for each in sorted_out]
        return (yield from self._changed(verb, [], texts_of(fold(verb, parts)), guards, part=False))
