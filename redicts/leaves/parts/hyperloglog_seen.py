"""What a HyperLogLog is shown, and what it tells of that. May import core and its neighbours.

Whether it saw an element is told by a trick: would adding it change anything? What was added before never does, for no
register ever gets less. What was not may not either, the more so the more was added: see ``MOST``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from redicts.core.effects import Eval, Op, Refused
from redicts.core.kinds import KINDS
from redicts.core.operation import operation
from redicts.core.scripts import load
from redicts.errors import TooManyElements
from redicts.leaves.elements import T
from redicts.leaves.leaf import ADDS, PACKAGE, Leaf

__all__ = ["MOST", "HyperLogLogSeen"]

MOST: Final = 2500
"""How many elements it has at most where it tells whether it saw one: of those that it did not see, 9.5 % are taken for
seen then. (With 16,384 registers and n elements it is the sum over k from 1 of 2^-k (1 - (1 - 2^(1-k) / 16384)^n).)"""

AT_ONCE: Final = 4000
"""How many elements one script is asked about."""


class HyperLogLogSeen(Leaf[T]):
    """What a HyperLogLog is shown, and what it tells of that."""

    __slots__ = ()

    KIND = KINDS["hyperloglog"]
    LENGTH = "PFCOUNT"

    @operation(idempotent=False)
    def add(self, value: T) -> Op[bool]:
        """Let it see an element.

        Args:
            value: The element.

        Returns:
            Whether that changed anything. ``False`` for what it saw before, and for some that it did not.

        Raises:
            TypeError: It is no JSON value.
            WrongType: The place holds something else.
            InvalidElement: It is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way. It may be added again: that changes nothing.

        Atomicity: one step.
        Cost: 1 round trip, O(1).

        Example:
            >>> visitors = root().get("visitors").as_hyperloglog()
            >>> visitors.add("ada"), visitors.add("ada"), visitors.length()
            (True, False, 1)
        """
        return bool((yield from self._write(ADDS, "PFADD", self._encode(value))))

    @operation(idempotent=False)
    def update(self, values: Iterable[T]) -> Op[bool]:
        """Let it see elements.

        Args:
            values: The elements. (Other HyperLogLogs: ``union_update``.)

        Returns:
            Whether that changed anything: as for ``add``.

        Raises:
            TypeError: One is no JSON value.
            ValueError: There are more than one command can carry, a million.
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way. They may be added again: that changes nothing.

        Atomicity: one step: all of them or none.
        Cost: 1 round trip, O(elements); none where there are none.

        Example:
            >>> visitors = root().get("visitors").as_hyperloglog()
            >>> visitors.update(["ada", "bob", "ada"]), root().val()
            (True, {'visitors': 2})
        """
        if isinstance(values, HyperLogLogSeen):
            raise TypeError("update() takes elements; union_update() takes HyperLogLogs")
        texts = self._elements.encode_all(values, self.key)
        return bool(texts and (yield from self._write(ADDS, "PFADD", *texts)))

    @operation(idempotent=True)
    def length(self) -> Op[int]:  # pyright: ignore[reportIncompatibleVariableOverride]  # the same, about
        """Estimate how many different elements it has seen.

        The standard error is 0.81 %: of 100 estimates 68 are within that, 95 within 1.6 %, and nearly all within 2.5 %.
        Few are estimated closer: a hundred within one or two.

        Returns:
            The estimate; 0 where nothing is.

        Raises:
            WrongType: The place holds something else.
            InternalError: What is there is no HyperLogLog.

        Atomicity: one step.
        Cost: 1 round trip, O(1): the server keeps its estimate until something changes.
        """
        return int((yield from self._read(self.LENGTH)))

    @operation(idempotent=True)
    def contains(self, value: object) -> Op[bool]:
        """Tell whether it may have seen an element: whether adding it would change nothing.

        ``False`` is certain. ``True`` is wrong for some that it did not see: with 100 elements for 0.4 % of them, with
        1,000 for 4 %, with 2,500 for 9.5 %; with more it is refused. Sets tell it exactly, Bloom filters as surely as
        you ask for.

        Args:
            value: Compared as JSON: 1, 1.0 and True are three values here.

        Raises:
            TypeError: It is no JSON value.
            TooManyElements: It has seen about 2,500 elements, or more.
            WrongType: The place holds something else.
            InternalError: What is there is no HyperLogLog.

        Atomicity: one step, on a copy that is gone after it: the HyperLogLog is not written to, whatever happens.
        Cost: 1 round trip, O(1): a copy of 12 KB at most, made on the server. It must be one that takes writes.

        Example:
            >>> visitors = root().get("visitors").as_hyperloglog()
            >>> visitors.add("ada"), visitors.contains("ada"), visitors.contains("bob")
            (True, True, False)
        """
        (found,) = yield from self._seen([value])
        return found

    @operation(idempotent=True)
    def contains_many(self, values: Iterable[object]) -> Op[list[bool]]:
        """Tell of many values which it may have seen: as for ``contains``.

        Args:
            values: Compared as JSON: 1, 1.0 and True are three values here.

        Returns:
            For each, in order, whether adding it would change nothing.

        Raises:
            TypeError: One is no JSON value.
            TooManyElements: As for ``contains``.
            WrongType: The place holds something else.
            InternalError: What is there is no HyperLogLog.

        Atomicity: one step for up to 4,000; of more, each 4,000.
        Cost: 1 round trip, O(values); none where there are none.

        Example:
            >>> visitors = root().get("visitors").as_hyperloglog()
            >>> visitors.update(["ada", "bob"]), visitors.contains_many(["ada", "eve", "bob"])
            (True, [True, False, True])
        """
        return (yield from self._seen(values))

    def _seen(self, values: Iterable[object]) -> Op[list[bool]]:
        texts = [self._elements.spell(value, self.key) for value in values]
        asked = [text for text in texts if text is not None]  # the others cannot be elements
        if not asked:
            return [False] * len(texts)
        keys = self._place._space.leaf(self._place._path)
        script, given = load(PACKAGE, "hyperloglog_contains"), (keys.field, self._marker, str(MOST))
        parts = [asked[at : at + AT_ONCE] for at in range(0, len(asked), AT_ONCE)]
        try:
            replies = yield tuple([Eval(script, (keys.entry, keys.body), (*given, *part)) for part in parts])
        except Refused as refused:
            raise self._refusal(refused) from None
        for count in replies:
            if isinstance(count, int):
                raise TooManyElements(
                    f"about {count} elements were added to {self.key()!r}: too many to tell whether a given one was. "
                    f"With more than {MOST}, a HyperLogLog takes every tenth for seen that was not. Keep a set "
                    "(as_set) or a Bloom filter (as_bloom_filter) too",
                    path=self.key(),
                    count=count,
                    limit=MOST,
                )
        found = iter([flag for reply in replies for flag in reply])
        return [text is not None and bool(next(found)) for text in texts]
