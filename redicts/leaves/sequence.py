"""What lists and deques have in common: elements by their index.

May import core and its neighbours. Invariant: an index is made out on the server, in the step that uses it; no element
is moved by what was read before.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Final, SupportsIndex, cast

from redicts.core.effects import Op, Refused
from redicts.core.missing import MISSING
from redicts.core.operation import operation
from redicts.leaves.elements import T
from redicts.leaves.leaf import ADDS, KEEPS, TAKES, Leaf
from redicts.leaves.waiting import Attempt, check_timeout, wait_for

__all__ = ["PAGE", "SequenceOperations", "spell_index"]

PAGE: Final = 1000
"""How many elements an iteration asks for at once."""

NO_ELEMENT: Final = "@"
"""A text that no element has."""

_LARGEST: Final = 2**53 - 1


def spell_index(index: SupportsIndex) -> str:
    """Spell an index for the server; what is beyond all lists is cut to what is beyond all lists there, too.

    Raises:
        TypeError: It is none.
    """
    return str(max(-_LARGEST, min(_LARGEST, operator.index(index))))


def spell_bound(bound: SupportsIndex | None) -> str:
    """Spell a bound of a slice; ``None`` is the empty text."""
    return "" if bound is None else spell_index(bound)


class SequenceOperations(Leaf[T]):
    """Operations on elements that stand in a row."""

    __slots__ = ()

    LENGTH = "LLEN"
    WAITED = True

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
        yield from self._write(ADDS, "RPUSH", self._encode(value))

    @operation(idempotent=False)
    def extend(self, values: Iterable[T]) -> Op[None]:
        """Add elements at the end.

        Args:
            values: The elements, in order.

        Raises:
            WrongType: The place holds something else.
            TypeError: One is no JSON value.
            InvalidElement: One is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: all were added once, or none.

        Atomicity: one step: all of them or none.
        Cost: 1 round trip, O(elements); none where there are none.
        """
        texts = self._elements.encode_all(values, self.key())
        if texts:
            yield from self._write(ADDS, "RPUSH", *texts)

    @operation(idempotent=False)
    def pop(self, index: SupportsIndex = -1) -> Op[T]:
        """Take one element out, and give it.

        Args:
            index: From 0; negative from the end.

        Raises:
            IndexError: There is none.
            WrongType: The place holds something else.
            InvalidElement: It is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was taken, or not.

        Atomicity: one step: of several callers one gets it.
        Cost: 1 round trip, O(distance from the nearer end). With ``of``, 2: it is looked at before it is taken; and 1
            more for each time somebody came between.

        Example:
            >>> todo = root().get("todo").as_list()
            >>> todo.extend(["tea", "cups"])
            >>> todo.pop(0), todo.pop(), len(todo)
            ('tea', 'cups', 0)
        """
        return (yield from self._pop(index))

    def _pop(self, index: SupportsIndex) -> Op[T]:
        at = spell_index(index)
        if not self._elements.checked:
            if at in {"0", "-1"}:
                text = yield from self._write(TAKES, "LPOP" if at == "0" else "RPOP")
            else:
                _, *found = yield from self._run_writing("list_take", at, "", "0")
                text = found[0] if found else None
            if text is None:
                raise self._no_index(index)
            return self._decode(text)
        guards = self._guards()
        text = yield from self._read("LINDEX", at)
        while text is not None:
            value = self._decode(text)
            taken, *found = yield from self._run_writing("list_take", at, text, "0", guards=guards)
            if taken:
                return value
            text = found[0] if found else None
        raise self._no_index(index)

    @operation(idempotent=False, one_step=False)
    def blocking_pop(self, index: SupportsIndex = -1, timeout: float | None = None) -> Op[T]:
        """Take one element out, and give it; wait for one where there is none.

        Whoever waits is woken in turn, by whatever adds elements; nobody polls. (A newcomer may be faster than who was
        woken.)

        Args:
            index: From 0; negative from the end.
            timeout: Seconds to wait; 0 for one try, ``None`` for no limit.

        Raises:
            WaitTimeout: There was none in time. (A ``TimeoutError``.)
            ValueError: ``timeout`` is negative.
            WrongType: The place holds something else.
            InvalidElement: It is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            PipelineMisused: It is called in a pipeline, which cannot wait.
            OutcomeUnknown: The connection was cut on the way: it was taken, or not.

        Atomicity: one step takes it: of several callers one gets it.
        Cost: 1 round trip where there is one, 2 with ``of``; while it waits, 1 command a second.

        Example:
            >>> root().get("jobs").as_list().append(7)
            >>> root().get("jobs").as_list().blocking_pop(0, timeout=1)
            7
        """
        at, guards, patience = spell_index(index), self._guards(), check_timeout(timeout)

        def attempt(waits: bool) -> Op[Attempt[T]]:
            expected, value, flag = "", None, "1" if waits else "0"
            if self._elements.checked:
                expected = (yield from self._read("LINDEX", at)) or NO_ELEMENT
            while True:
                if expected not in {"", NO_ELEMENT}:
                    value = self._decode(expected)
                taken, *found = yield from self._run_writing("list_take", at, expected, flag, guards=guards)
                if taken:
                    return Attempt(cast("T", value) if expected else self._decode(found[0]))
                if not found:
                    return Attempt(MISSING)
                expected = found[0]

        return (yield from wait_for(self, attempt, patience))

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
        text = self._elements.spell(value, self.key())
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
        text = self._elements.spell(value, self.key())
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
        text = self._elements.spell(value, self.key())
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
        text = self._elements.spell(value, self.key())
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

    def _range(self, first: str, last: str) -> Op[list[T]]:
        """Read elements by their first and last index, as LRANGE has them."""
        return self._decode_all((yield from self._read("LRANGE", first, last)))

    def _no_index(self, index: SupportsIndex) -> IndexError:
        return IndexError(f"{self.KIND.name} index out of range: {operator.index(index)} at {self.key()!r}")

    def _not_in(self, value: object) -> ValueError:
        return ValueError(f"{value!r} is not in the {self.KIND.name} at {self.key()!r}")
