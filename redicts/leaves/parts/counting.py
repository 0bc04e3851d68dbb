"""Counting: the operations of counters. ``counter`` has the faces.

May import core and its neighbours.
"""

from __future__ import annotations

import operator
from collections import Counter as Plain
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, SupportsIndex

from redicts.core.effects import Op
from redicts.core.kinds import KINDS
from redicts.core.operation import operation
from redicts.core.place import Place
from redicts.leaves.elements import Of, T
from redicts.leaves.leaf import ADDS, TAKES
from redicts.leaves.parts.counts import COUNTS, too_large, wrote
from redicts.leaves.parts.mapping import MappingOperations
from redicts.leaves.parts.pairs import items_of

__all__ = ["CounterOperations"]

_PART: Final = 10**7
"""See ``counter_total.lua``."""


class CounterOperations(MappingOperations[T, int]):
    """What a counter can do, besides what dicts can.

    Args:
        place: The place, of any face.
        of: The type of what is counted, as for every typed leaf.

    Raises:
        PathError: The place is the root.
        ImportError: ``of`` was given, and pydantic is not installed.
    """

    __slots__ = ()

    KIND = KINDS["counter"]

    def __init__(self, place: Place, of: Of[T] = None) -> None:
        super().__init__(place, None, of)
        self._elements = COUNTS

    def _missing(self, key: T) -> int:  # noqa: ARG002  # a dict names it
        return 0

    def _begin_write(self) -> None:
        wrote()

    @operation(idempotent=True)
    def set(self, key: T, count: int) -> Op[None]:
        """Set the count of a key: ``[key] = count``. Zero is kept.

        Args:
            key: A ``str``, ``int``, ``float``, ``bool``, ``None``, or a tuple of these; with ``of=`` one of that type.
            count: An integer of 64 bits.

        Raises:
            TypeError: The key, or the count, cannot be one.
            OverflowError: The count has more than 64 bits.
            WrongType: The place holds something else.
            InvalidElement: The key is not of the type asked for.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        yield from self._write(ADDS, "HSET", self._keys.spell(key, self.key), self._encode(count))

    @operation(idempotent=True)
    def delete(self, key: T) -> Op[None]:
        """Take a key out: ``del [key]``. One that is not there is no error.

        Args:
            key: Compared as JSON: 1, 1.0, True and "1" are four keys here.

        Raises:
            TypeError: The key is not hashable.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        name = self._keys.find(key, self.key)
        if name is not None:
            yield from self._write(TAKES, "HDEL", name)

    @operation(idempotent=True)
    def get_many(self, keys: Iterable[T], default: int = 0) -> Op[list[int]]:
        """Read the counts of several keys.

        Args:
            keys: In any number.
            default: What to give for one that is not there.

        Returns:
            The counts in the order of the keys.

        Raises:
            TypeError: A key is not hashable.
            WrongType: The place holds something else.

        Atomicity: one step for 5,000 keys each.
        Cost: 1 round trip, O(keys); none where there are none.
        """
        return (yield from self._get_many(keys, default))

    @operation(idempotent=False)
    def increment(self, key: T, n: int = 1) -> Op[int]:
        """Add to the count of a key; one that is not there counts as 0.

        Args:
            key: A ``str``, ``int``, ``float``, ``bool``, ``None``, or a tuple of these; with ``of=`` one of that type.
            n: An integer, negative ones too.

        Returns:
            The new count.

        Raises:
            TypeError: The key cannot be one, or ``n`` is no integer.
            OverflowError: The count would have more than 64 bits; nothing was written.
            WrongType: The place holds something else.
            InvalidElement: The key is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was counted once, or not at all.

        Atomicity: one step.
        Cost: 1 round trip, O(1).

        Example:
            >>> hits = root().get("hits").as_counter()
            >>> hits.increment("/"), hits.increment("/", 10)
            (1, 11)
        """
        name = self._keys.spell(key, self.key)
        return int((yield from self._done("counter_add", name, self._encode(n))))

    @operation(idempotent=False)
    def update(self, other: Mapping[T, int] | Iterable[T] | None = None, /, **more: int) -> Op[None]:
        """Count elements, or add counts: as ``collections.Counter.update``.

        Args:
            other: What to count, each element once for each time it comes; or a mapping, with counts to add.
            **more: More counts to add.

        Raises:
            TypeError: It is neither of these, an element cannot be a key, or a count is no integer.
            OverflowError: A count would have more than 64 bits; nothing was written.
            ValueError: There is more than one command can carry: half a million keys.
            WrongType: The place holds something else.
            InvalidElement: A key is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: all was counted once, or nothing.

        Atomicity: one step: all of it or nothing.
        Cost: 1 round trip, O(keys); none where there are none.

        Example:
            >>> hits = root().get("hits").as_counter()
            >>> hits.update("abca")
            >>> hits.update({"a": 5}, z=1)
            >>> hits.most_common(1), hits.total()
            ([('a', 7)], 10)
        """
        tally = self._tally(other, more, 1)
        if tally:
            yield from self._add(tally)

    @operation(idempotent=False)
    def subtract(self, other: Mapping[T, int] | Iterable[T] | None = None, /, **more: int) -> Op[None]:
        """Count elements off, or subtract counts: as ``update``, the other way. Counts may become negative.

        Args:
            other: What to count off; or a mapping, with counts to subtract.
            **more: More counts to subtract.

        Raises:
            TypeError: It is neither of these, an element cannot be a key, or a count is no integer.
            OverflowError: A count would have more than 64 bits; nothing was written.
            ValueError: There is more than one command can carry: half a million keys.
            WrongType: The place holds something else.
            InvalidElement: A key is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: all was counted once, or nothing.

        Atomicity: one step: all of it or nothing.
        Cost: 1 round trip, O(keys); none where there are none.
        """
        tally = self._tally(other, more, -1)
        if tally:
            yield from self._add(tally)

    @operation(idempotent=False)
    def combine(self, how: Literal["+", "-", "|", "&"], other: Mapping[T, int]) -> Op[None]:
        """Combine with other counts in place: ``+=``, ``-=``, ``|=``, ``&=``. Then only positive counts are kept.

        Args:
            how: ``+`` for sums, ``-`` for differences, ``|`` for the larger, ``&`` for the smaller of two counts.
            other: The other counts; what is not there counts as 0.

        Raises:
            TypeError: It is no mapping, an element cannot be a key, or a count is no integer.
            OverflowError: A count would have more than 64 bits; nothing was written.
            ValueError: ``how`` is something else, or there is more than one command can carry.
            WrongType: The place holds something else.
            InvalidElement: A key is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was done once, or not at all.

        Atomicity: one step.
        Cost: 1 round trip, O(length + keys).
        """
        if how not in {"+", "-", "|", "&"}:
            raise ValueError(f"how is one of '+', '-', '|' and '&', not {how!r}")
        if not isinstance(other, Mapping):
            raise TypeError(f"a counter is combined with a mapping of counts, not {other!r}")
        tally = self._tally(other, {}, -1 if how == "-" else 1)
        yield from self._done("counter_combine", "+" if how == "-" else how, *self._in_turn(tally))

    @operation(idempotent=True)
    def most_common(self, n: SupportsIndex | None = None) -> Op[list[tuple[T, int]]]:
        """Read the largest counts, the largest first.

        A hash has no order: of equal counts, any may be first.

        Args:
            n: How many; ``None`` for all.

        Returns:
            Keys and counts, in pairs.

        Raises:
            TypeError: ``n`` is no integer.
            WrongType: The place holds something else.
            InvalidElement: A key is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(length) on the server, which sends those only that are asked for.
        """
        if n is None:
            return sorted((yield from self._all()), key=operator.itemgetter(1), reverse=True)
        count = max(operator.index(n), 0)
        flat = yield from self._run_reading("counter_top", str(min(count, 2**32)))
        return self._pairs(flat[::2], flat[1::2])

    @operation(idempotent=True)
    def total(self) -> Op[int]:
        """Add up the counts.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(length) on the server.
        """
        last, middle, first = yield from self._run_reading("counter_total")
        return int(last) + _PART * (int(middle) + _PART * int(first))

    @operation(idempotent=True)
    def to_counter(self) -> Op[Plain[T]]:
        """Read all counts at one moment, as a plain ``collections.Counter``.

        Raises:
            WrongType: The place holds something else.
            InvalidElement: A key is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(length).
        """
        return Plain(dict((yield from self._all())))

    # ---- what those above are made of

    def _tally(self, other: Any, more: Mapping[str, int], sign: int) -> dict[str, int]:
        """Sum up what is to be added, by the texts of the keys."""
        tally: dict[str, int] = {}
        place, spell = self.key, self._keys.spell
        if other is not None and not isinstance(other, Mapping):
            for key in other:
                name = spell(key, place)
                tally[name] = tally.get(name, 0) + sign
            other = None
        added: list[Iterable[tuple[Any, int]]] = [() if other is None else items_of(other), more.items()]
        for items in added:
            for key, count in items:
                name = spell(key, place)
                tally[name] = tally.get(name, 0) + sign * int(self._encode(count))
        return tally

    def _in_turn(self, tally: Mapping[str, int]) -> list[str]:
        return [text for name, count in tally.items() for text in (name, self._encode(count))]

    def _add(self, tally: Mapping[str, int]) -> Op[Any]:
        return self._done("counter_add", *self._in_turn(tally))

    def _done(self, script: str, *args: str) -> Op[Any]:
        reply = yield from self._run_writing(script, *args)
        if isinstance(reply, list):
            raise too_large(self.key())
        return reply
