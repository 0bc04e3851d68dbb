"""What a set does with its elements, one by one and many at once. May import core and its neighbours.

Invariant: an element is hashable, as in every set, and has one text; what cannot be one is in no set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar, cast

from redicts.core.codec import encode_canonical
from redicts.core.effects import Op, Refused
from redicts.core.kinds import KINDS
from redicts.core.operation import operation
from redicts.errors import InvalidElement
from redicts.leaves.elements import T, frozen
from redicts.leaves.leaf import ADDS, TAKES, Leaf
from redicts.leaves.parts.seen import Seen

__all__ = ["AT_ONCE", "BEGINNING", "PAGE", "SetMembers"]

R = TypeVar("R")

PAGE: Final = 1000
"""How many elements an iteration asks for at once."""

AT_ONCE: Final = 4000
"""How many elements one command is asked about."""

BEGINNING: Final = "0"
"""Where an iteration begins, and what it comes back to at its end."""

_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
"""Types of elements that are hashable and JSON for certain: most are, and so many cost little."""

_NONE: Final[frozenset[type]] = frozenset()


class SetMembers(Leaf[T]):
    """Operations on the elements of a set."""

    __slots__ = ()

    KIND = KINDS["set"]
    LENGTH = "SCARD"

    # ---- spelling

    def _encode(self, value: T) -> str:
        if type(value) in _PLAIN and not self._elements.checked:
            return encode_canonical(value)
        _ = hash(value)
        if isinstance(value, frozenset):
            raise TypeError("a frozenset cannot be an element: as JSON it would be an array, which has an order")
        return self._elements.encode(value, self.key)

    def _each(self, spell: Callable[[Any], R], values: Iterable[object]) -> list[str | R]:
        """Spell many as ``spell`` does."""
        plain = _NONE if self._elements.checked else _PLAIN
        return [encode_canonical(value) if type(value) in plain else spell(value) for value in values]

    def _encode_all(self, values: Iterable[T]) -> list[str]:
        return self._each(self._encode, values)

    def _spell(self, value: object) -> str | None:
        """Spell what is looked for; ``None``: it is hashable, but no element can be like it."""
        _ = hash(value)
        if isinstance(value, frozenset):
            return None
        try:
            return self._elements.encode(cast("T", value), self.key)
        except (InvalidElement, TypeError):
            return None

    def _sought(self, value: object) -> str | None:
        """Spell one value that is looked for. A set may be asked for, as in Python: it counts as a frozenset."""
        if type(value) in _PLAIN and not self._elements.checked:
            return encode_canonical(value)
        return None if isinstance(value, (set, SetMembers)) else self._spell(value)

    def _decode(self, text: str) -> T:
        return cast("T", frozen(super()._decode(text)))

    def _decode_all(self, texts: list[str]) -> list[T]:
        return [cast("T", frozen(each)) if isinstance(each, list) else each for each in super()._decode_all(texts)]

    # ---- elements

    @operation(idempotent=True)
    def add(self, value: T) -> Op[None]:
        """Put an element in; where it is already, nothing changes.

        Args:
            value: The element.

        Raises:
            TypeError: It is not hashable, or no JSON value.
            WrongType: The place holds something else.
            InvalidElement: It is not of the type asked for.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(1).

        Example:
            >>> online = root().get("online").as_set()
            >>> online.add("ada")
            >>> root().val()
            {'online': ['ada']}
        """
        yield from self._write(ADDS, "SADD", self._encode(value))

    @operation(idempotent=False)
    def add_many(self, values: Iterable[T]) -> Op[int]:
        """Put elements in, and tell how many of them are new: of several callers, one is told of each.

        Args:
            values: The elements.

        Returns:
            How many were not in it.

        Raises:
            TypeError: One is not hashable, or no JSON value.
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: all were put in, or none.

        Atomicity: one step: all of them or none.
        Cost: 1 round trip, O(elements); none where there are none.

        Example:
            >>> seen = root().get("seen").as_set()
            >>> seen.add_many(["/a", "/b"]), seen.add_many(["/b", "/c"])
            (2, 1)
        """
        texts = self._encode_all(values)
        return int((yield from self._write(ADDS, "SADD", *texts))) if texts else 0

    @operation(idempotent=True)
    def discard(self, value: object) -> Op[None]:
        """Take an element out; where it is not, nothing changes.

        Args:
            value: Compared as JSON: 1, 1.0 and True are three values here.

        Raises:
            TypeError: It is not hashable.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        text = self._sought(value)
        if text is not None:
            yield from self._write(TAKES, "SREM", text)

    @operation(idempotent=False)
    def remove(self, value: object) -> Op[None]:
        """Take an element out that must be in.

        Args:
            value: Compared as JSON: 1, 1.0 and True are three values here.

        Raises:
            KeyError: It is not in it.
            TypeError: It is not hashable.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was removed, or not.

        Atomicity: one step: of several callers one removes it.
        Cost: 1 round trip, O(1).
        """
        text = self._sought(value)
        if text is None or not (yield from self._write(TAKES, "SREM", text)):
            raise KeyError(value)

    @operation(idempotent=False)
    def pop(self) -> Op[T]:
        """Take any element out, and give it: one that the server draws at random.

        Raises:
            KeyError: There is none.
            WrongType: The place holds something else.
            InvalidElement: It is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: one was taken, or none.

        Atomicity: one step: of several callers one gets it.
        Cost: 1 round trip, O(1). With ``of``, 2: it is looked at before it is taken; and 2 more for each time somebody
            else took it.

        Example:
            >>> root().get("free").as_set().add(7)
            >>> root().get("free").as_set().pop(), root().val()
            (7, {})
        """
        if not self._elements.checked:
            text = yield from self._write(TAKES, "SPOP")
            if text is not None:
                return self._decode(text)
        else:
            guards = self._guards()
            while (text := (yield from self._read("SRANDMEMBER"))) is not None:
                value = self._decode(text)
                if (yield from self._write(TAKES, "SREM", text, guards=guards)):
                    return value
        raise KeyError(f"pop from an empty set: nothing is in {self.key()!r}")

    @operation(idempotent=True)
    def contains(self, value: object) -> Op[bool]:
        """Tell whether an element is in it.

        Args:
            value: Compared as JSON: 1, 1.0 and True are three values here.

        Raises:
            TypeError: It is not hashable.
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        text = self._sought(value)
        return text is not None and bool((yield from self._read("SISMEMBER", text)))

    @operation(idempotent=True)
    def contains_many(self, values: Iterable[object]) -> Op[list[bool]]:
        """Tell of many values which are in it.

        Args:
            values: Compared as JSON: 1, 1.0 and True are three values here.

        Returns:
            For each, in order, whether it is.

        Raises:
            TypeError: One is not hashable.
            WrongType: The place holds something else.

        Atomicity: one step for up to 4,000; of more, each 4,000.
        Cost: 1 round trip, O(values); none where there are none.

        Example:
            >>> seen = root().get("seen").as_set()
            >>> seen.update(["/a", "/b"])
            >>> seen.contains_many(["/a", "/x", "/b"])
            [True, False, True]
        """
        texts = self._each(self._sought, values)
        asked = [text for text in texts if text is not None]
        if not asked:
            return [False] * len(texts)
        effects = [self._reading("SMISMEMBER", *asked[at : at + AT_ONCE]) for at in range(0, len(asked), AT_ONCE)]
        try:
            replies = yield tuple(effects)
        except Refused as refused:
            raise self._refusal(refused) from None
        found = iter([flag for reply in replies for flag in reply])
        return [text is not None and bool(next(found)) for text in texts]

    @operation(idempotent=True)
    def to_set(self) -> Op[set[T]]:
        """Read all elements at one moment.

        What is equal in Python is there once: of 1, 1.0 and True one.

        Raises:
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(length).
        """
        return set(self._decode_all((yield from self._read("SMEMBERS"))))

    @operation(idempotent=True)
    def page(self, cursor: str = BEGINNING, seen: Seen | None = None) -> Op[tuple[str, list[T]]]:
        """Read some elements: what an iteration goes on with.

        What is in the set from the first page to the last is given. An element may come twice while the set shrinks.

        Args:
            cursor: What the page before gave; ``BEGINNING`` for the first.
            seen: The elements that came before: they are left out, and the new ones are put in. ``None``: nothing is
                left out.

        Returns:
            Where to go on, ``BEGINNING`` where this was all; and about 1,000 elements (a small set comes whole).

        Raises:
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: each page is one step.
        Cost: 1 round trip, O(1,000).
        """
        after, texts = yield from self._read("SSCAN", cursor, "COUNT", str(PAGE))
        if seen is not None:
            texts = [text for text in texts if seen.add(text)]
        return str(after), self._decode_all(texts)
