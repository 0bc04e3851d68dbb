"""The members of a sorted set, one by one or many at once: put in, asked for, taken out.

May import core and its neighbours. Invariant: what is compared are the members' texts, which are JSON in one form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from redicts.core.codec import encode_canonical
from redicts.core.effects import Eval, Op, Refused
from redicts.core.operation import operation
from redicts.leaves.elements import T
from redicts.leaves.leaf import ADDS, TAKES
from redicts.leaves.parts.scores import spell_score
from redicts.leaves.parts.sorted_ranges import SortedRanges

__all__ = ["SortedMembers"]

ASKED: Final = 5000
"""How many members one command asks for at most."""

NO_MEMBER: Final = "@"
"""A text that no member has."""

_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
"""Types of members that need not be looked at, and mostly are: all of them are hashable, and JSON."""

_NONE: Final = frozenset[type]()


class SortedMembers(SortedRanges[T]):
    """Operations on members that are named."""

    __slots__ = ()

    @operation(idempotent=True)
    def set(self, member: T, score: float) -> Op[None]:
        """Give a member a score: ``[member] = score``. It is added where it is not there.

        Args:
            member: Anything that is hashable and a JSON value, or of the type of the members.
            score: A number that a float holds exactly; not NaN.

        Raises:
            WrongType: The place holds something else.
            TypeError: The member is unhashable or no JSON value, or the score no number.
            ValueError: The score is NaN, or an integer that a float cannot hold exactly.
            InvalidElement: The member is not of the type asked for.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length)).
        """
        yield from self._write(ADDS, "ZADD", spell_score(score), self._spell(member))

    @operation(idempotent=False)
    def add(
        self,
        member: T,
        score: float,
        *,
        only_new: bool = False,
        only_existing: bool = False,
        greater: bool = False,
        less: bool = False,
    ) -> Op[bool]:
        """Add a member with its score, or give it another score.

        Args:
            member: Anything that is hashable and a JSON value, or of the type of the members.
            score: A number that a float holds exactly; not NaN.
            only_new: Leave a member that is there as it is.
            only_existing: Add none that is not there.
            greater: Leave a member that is there as it is, unless the score is greater than its own.
            less: Leave a member that is there as it is, unless the score is less than its own.

        Returns:
            Whether it changed anything: the member is new, or has another score now.

        Raises:
            WrongType: The place holds something else.
            TypeError: The member is unhashable or no JSON value, or the score no number.
            ValueError: The score is NaN, or an integer that a float cannot hold exactly; or the options exclude each
                other.
            InvalidElement: The member is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was done, or not.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length)).

        Example:
            >>> best = root().get("best").as_sorted_set()
            >>> best.add("ada", 7), best.add("ada", 5, greater=True), best.add("bob", 1, only_existing=True)
            (True, False, False)
            >>> root().val()
            {'best': [['ada', 7.0]]}
        """
        options = _options(only_new, only_existing, greater, less)
        change = TAKES if only_existing else ADDS  # what adds nothing must not make the place
        changed = yield from self._write(change, "ZADD", *options, spell_score(score), self._spell(member))
        return bool(changed)

    @operation(idempotent=False)
    def add_many(
        self,
        scores: Mapping[T, float] | Iterable[tuple[T, float]],
        *,
        only_new: bool = False,
        only_existing: bool = False,
        greater: bool = False,
        less: bool = False,
    ) -> Op[int]:
        """Add members with their scores, or give them others: otherwise as ``add``.

        Args:
            scores: A mapping of members to scores, or pairs of them.
            only_new: Leave members that are there as they are.
            only_existing: Add none that is not there.
            greater: Leave a member that is there as it is, unless the score is greater than its own.
            less: Leave a member that is there as it is, unless the score is less than its own.

        Returns:
            How many are new, or have another score now.

        Raises:
            WrongType: The place holds something else.
            TypeError: A member is unhashable or no JSON value, or a score no number.
            ValueError: A score is NaN, or an integer that a float cannot hold exactly; or the options exclude each
                other.
            InvalidElement: A member is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: all of it was done, or nothing.

        Atomicity: one step: all of them or none.
        Cost: 1 round trip, O(log(length)) for each; none where there are none.
        """
        options = _options(only_new, only_existing, greater, less)
        texts: list[str] = []
        pairs: Any = scores.items() if isinstance(scores, Mapping) else scores
        spell, plain = self._spell, _NONE if self._elements.checked else _PLAIN
        for member, score in pairs:
            texts += (spell_score(score), encode_canonical(member) if type(member) in plain else spell(member))
        if not texts:
            return 0
        adds = "0" if only_existing else "1"
        return int((yield from self._run_writing("sorted_set_add", adds, str(len(options)), *options, *texts)))

    @operation(idempotent=False)
    def increment(self, member: T, by: float = 1.0) -> Op[float]:
        """Add to a member's score; one that is not there begins at 0.

        Args:
            member: Anything that is hashable and a JSON value, or of the type of the members.
            by: What is added: a finite number that a float holds exactly.

        Returns:
            The new score.

        Raises:
            WrongType: The place holds something else.
            TypeError: The member is unhashable or no JSON value, or ``by`` no number.
            ValueError: ``by`` is NaN, infinite, or an integer that a float cannot hold exactly.
            InvalidElement: The member is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was added once, or not at all.

        Atomicity: one step: nothing is lost between several callers.
        Cost: 1 round trip, O(log(length)).
        """
        added = spell_score(by, "increment")
        if added.endswith("inf"):
            raise ValueError(f"an increment is finite, not {by!r}; set() gives a member an infinite score")
        return float((yield from self._write(ADDS, "ZINCRBY", added, self._spell(member))))

    @operation(idempotent=True)
    def score(self, member: T) -> Op[float | None]:
        """Read a member's score.

        Args:
            member: The member.

        Returns:
            Its score; ``None`` where it is not there.

        Raises:
            WrongType: The place holds something else.
            TypeError: The member is unhashable.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        text = self._find(member)
        found = None if text is None else (yield from self._read("ZSCORE", text))
        return None if found is None else float(found)

    @operation(idempotent=True)
    def scores(self, members: Iterable[T]) -> Op[list[float | None]]:
        """Read the scores of several members.

        Args:
            members: The members.

        Returns:
            The score of each in turn; ``None`` for one that is not there.

        Raises:
            WrongType: The place holds something else.
            TypeError: A member is unhashable.

        Atomicity: one step for 5,000 members; what changes between such parts is seen by some and not by others.
        Cost: 1 round trip, O(members); none where there are none.
        """
        texts = [self._find(member) or NO_MEMBER for member in members]
        if not texts:
            return []
        chunks = [self._reading("ZMSCORE", *texts[at : at + ASKED]) for at in range(0, len(texts), ASKED)]
        replies = yield from self._read_all(chunks)
        return [None if each is None else float(each) for reply in replies for each in reply]

    @operation(idempotent=True)
    def rank(self, member: T, *, reverse: bool = False) -> Op[int | None]:
        """Find how many members come before one.

        Args:
            member: The member.
            reverse: Whether to count from the highest.

        Returns:
            Its rank, from 0; ``None`` where it is not there.

        Raises:
            WrongType: The place holds something else.
            TypeError: The member is unhashable.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length)).
        """
        text = self._find(member)
        found = None if text is None else (yield from self._read("ZREVRANK" if reverse else "ZRANK", text))
        return None if found is None else int(found)

    @operation(idempotent=True)
    def contains(self, member: object) -> Op[bool]:
        """Tell whether a member is there.

        Args:
            member: Compared as JSON: 1, 1.0 and True are three values here.

        Raises:
            WrongType: The place holds something else.
            TypeError: It is unhashable.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        text = self._find(member)
        return text is not None and (yield from self._read("ZSCORE", text)) is not None

    @operation(idempotent=False)
    def remove(self, member: T) -> Op[None]:
        """Take a member out.

        Args:
            member: Compared as JSON: 1, 1.0 and True are three values here.

        Raises:
            KeyError: It is not there.
            WrongType: The place holds something else.
            TypeError: It is unhashable.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was removed, or not.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length)).
        """
        text = self._find(member)
        if text is None or not (yield from self._write(TAKES, "ZREM", text)):
            raise KeyError(member)

    @operation(idempotent=True)
    def discard(self, member: T) -> Op[None]:
        """Take a member out, if it is there.

        Args:
            member: Compared as JSON: 1, 1.0 and True are three values here.

        Raises:
            WrongType: The place holds something else.
            TypeError: It is unhashable.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length)).
        """
        text = self._find(member)
        if text is not None:
            yield from self._write(TAKES, "ZREM", text)

    @operation(idempotent=False)
    def remove_many(self, members: Iterable[T]) -> Op[int]:
        """Take several members out, those that are there.

        Args:
            members: The members.

        Returns:
            How many were there.

        Raises:
            WrongType: The place holds something else.
            TypeError: One is unhashable.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: all of it was done, or nothing.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length)) for each; none where there are none.
        """
        texts = [text for member in members if (text := self._find(member)) is not None]
        return int((yield from self._write(TAKES, "ZREM", *texts))) if texts else 0

    def _spell(self, member: T) -> str:
        """Spell a member that is put in.

        Raises:
            TypeError: It is unhashable: as in sets, and as the keys of dicts.
        """
        _ = hash(member)
        return self._encode(member)

    def _find(self, member: object) -> str | None:
        """Spell a member that is looked for; ``None``: there can be none like it."""
        _ = hash(member)
        try:
            return self._elements.spell(member, self.key)
        except TypeError:  # it is no JSON value
            return None

    def _read_all(self, effects: list[Eval]) -> Op[tuple[Any, ...]]:
        """Read by several commands in one round trip."""
        try:
            return (yield tuple(effects))
        except Refused as refused:
            raise self._refusal(refused) from None


def _options(only_new: bool, only_existing: bool, greater: bool, less: bool) -> list[str]:
    """Spell the options of ZADD; the reply counts what was changed.

    Raises:
        ValueError: They exclude each other.
    """
    if only_new and (only_existing or greater or less):
        raise ValueError("only_new excludes only_existing, greater and less")
    if greater and less:
        raise ValueError("greater and less exclude each other")
    named = (("NX", only_new), ("XX", only_existing), ("GT", greater), ("LT", less))
    return [name for name, asked in named if asked] + ["CH"]
