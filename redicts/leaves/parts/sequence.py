"""What lists and deques have in common: operations on elements by their index.

May import core and its neighbours.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import SupportsIndex

from redicts.core.effects import Op, Refused
from redicts.core.operation import operation
from redicts.leaves.elements import T
from redicts.leaves.leaf import KEEPS, TAKES
from redicts.leaves.parts.row import MAX_REPEATED, PAGE, Row, spell_bound, spell_index

__all__ = ["SequenceOperations"]


class SequenceOperations(Row[T]):
    """Operations on elements that stand in a row."""

    __slots__ = ()

    @operation(idempotent=True)
    def get(self, index: SupportsIndex) -> Op[T]:
        """Read one element.

        Args:
            index: From 0; negative from the end.

        Raises:
            IndexError: There is none.
            WrongType: The place holds something else.
            InvalidElement: It is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(distance from the nearer end).

        Example:
            >>> todo = root().get("todo").as_list()
            >>> todo.extend(["tea", "cups"])
            >>> todo.get(-1)
            'cups'
        """
        text = yield from self._read("LINDEX", spell_index(index))
        if text is None:
            raise self._no_index(index)
        return self._decode(text)

    @operation(idempotent=True)
    def set(self, index: SupportsIndex, value: T) -> Op[None]:
        """Replace one element.

        Args:
            index: From 0; negative from the end.
            value: The new element.

        Raises:
            IndexError: There is none.
            WrongType: The place holds something else.
            TypeError: It is no JSON value.
            InvalidElement: It is not of the type asked for.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(distance from the nearer end).
        """
        try:
            yield from self._write(KEEPS, "LSET", spell_index(index), self._encode(value))
        except Refused as refused:
            if refused.code != "OUTOFRANGE":
                raise
            raise self._no_index(index) from None

    @operation(idempotent=False)
    def delete(self, index: SupportsIndex) -> Op[None]:
        """Take one element out.

        Args:
            index: From 0; negative from the end.

        Raises:
            IndexError: There is none.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(distance from the nearer end).
        """
        reply = yield from self._run_writing("list_take", spell_index(index), "", "0")
        if len(reply) < 2:
            raise self._no_index(index)

    @operation(idempotent=False)
    def append(self, value: T) -> Op[None]:
        """Add an element at the end.

        Args:
            value: The element.

        Raises:
            WrongType: The place holds something else.
            TypeError: It is no JSON value.
            InvalidElement: It is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was added once, or not at all.

        Atomicity: one step.
        Cost: 1 round trip, O(1).

        Example:
            >>> todo = root().get("todo").as_list()
            >>> todo.append({"what": "tea"})
            >>> root().val()
            {'todo': [{'what': 'tea'}]}
        """
        yield from self._add("RPUSH", (self._encode(value),))

    @operation(idempotent=False)
    def extend(self, values: Iterable[T]) -> Op[None]:
        """Add elements at the end.

        Args:
            values: The elements, in order. Where getting them raises an error, none is added.

        Raises:
            WrongType: The place holds something else.
            TypeError: One is no JSON value.
            ValueError: They are more than 1,000,000: too many for one step.
            InvalidElement: One is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: all were added once, or none.

        Atomicity: one step: all of them or none.
        Cost: 1 round trip, O(elements); none where there are none.
        """
        yield from self._add_all("RPUSH", values)

    @operation(idempotent=False)
    def remove(self, value: T) -> Op[None]:
        """Take the first element out that equals a value.

        Args:
            value: Compared as JSON: 1, 1.0 and True are three values here.

        Raises:
            ValueError: There is none.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was removed, or not.

        Atomicity: one step.
        Cost: 1 round trip, O(length).
        """
        text = self._spell(value)
        removed = 0 if text is None else (yield from self._write(TAKES, "LREM", "1", text))
        if not removed:
            raise self._not_in(value)

    @operation(idempotent=True)
    def index(self, value: T, start: SupportsIndex = 0, stop: SupportsIndex | None = None) -> Op[int]:
        """Find the first element that equals a value.

        Args:
            value: Compared as JSON: 1, 1.0 and True are three values here.
            start: Where to begin.
            stop: Where to end, exclusive.

        Raises:
            ValueError: There is none.
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(length).
        """
        text = self._spell(value)
        at = None
        if text is not None:
            at = yield from self._run_reading("list_find", "index", text, spell_index(start), spell_bound(stop))
        if at is None:
            raise self._not_in(value)
        return int(at)

    @operation(idempotent=True)
    def count(self, value: T) -> Op[int]:
        """Count the elements that equal a value.

        Args:
            value: Compared as JSON: 1, 1.0 and True are three values here.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(length).
        """
        text = self._spell(value)
        return 0 if text is None else int((yield from self._run_reading("list_find", "count", text)))

    @operation(idempotent=True)
    def contains(self, value: object) -> Op[bool]:
        """Tell whether an element equals a value.

        Args:
            value: Compared as JSON: 1, 1.0 and True are three values here.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(length).
        """
        text = self._spell(value)
        return text is not None and (yield from self._read("LPOS", text)) is not None

    @operation(idempotent=False)
    def reverse(self) -> Op[None]:
        """Put the elements in the opposite order.

        Raises:
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(length).
        """
        yield from self._run_writing("list_reorder", "reverse")

    @operation(idempotent=False)
    def repeat(self, times: SupportsIndex) -> Op[None]:
        """Repeat the elements: ``*=``.

        Args:
            times: How often they are there then; nothing is left where it is not above 0.

        Raises:
            WrongType: The place holds something else.
            ValueError: It would add more than 1,000,000 elements: too many for one step.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was done once, or not at all.

        Atomicity: one step.
        Cost: 1 round trip, O(length and what is added).
        """
        asked = ("repeat", spell_index(times), self._most(), str(MAX_REPEATED))
        if (yield from self._run_writing("list_reorder", *asked)) < 0:
            raise ValueError(
                f"too large for one atomic step: {self.key()!r} {operator.index(times)} times; at most {MAX_REPEATED} "
                "elements can be added; extend it in parts"
            )

    @operation(idempotent=True)
    def to_list(self) -> Op[list[T]]:
        """Read all elements at one moment.

        Raises:
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(length).
        """
        return (yield from self._range("0", "-1"))

    @operation(idempotent=True)
    def page(self, start: int, count: int = PAGE) -> Op[list[T]]:
        """Read some elements: what an iteration goes on with.

        Args:
            start: The index of the first, from 0.
            count: How many at most.

        Raises:
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(distance from the nearer end + count).
        """
        return (yield from self._range(str(start), str(start + count - 1)))
