"""A sorted set, as a typed leaf: members, each with a score, in the order of their scores.

May import core and its neighbours.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator
from typing import Any, Final, SupportsIndex

from redicts.core.effects import Op
from redicts.core.kinds import KINDS
from redicts.core.missing import MISSING
from redicts.core.operation import operation
from redicts.leaves.elements import T
from redicts.leaves.leaf import ADDS, TAKES, AsyncLeaf, QueuedLeaf, SyncLeaf
from redicts.leaves.parts.scores import check_count
from redicts.leaves.parts.sorted_members import NO_MEMBER, SortedMembers
from redicts.leaves.waiting import Attempt, check_timeout, wait_for

__all__ = ["AsyncSortedSet", "QueuedSortedSet", "SortedSet", "SortedSetOperations"]

PAGE: Final = 1000
"""How many members an iteration asks for at once."""

LOWEST: Final = "ZPOPMIN"
HIGHEST: Final = "ZPOPMAX"


class SortedSetOperations(SortedMembers[T]):
    """What a sorted set can do."""

    __slots__ = ()

    KIND = KINDS["sorted_set"]
    LENGTH = "ZCARD"
    WAITED = True

    @operation(idempotent=False)
    def pop_min(self) -> Op[tuple[T, float]]:
        """Take the member with the lowest score out, and give it with its score.

        Raises:
            KeyError: There is none.
            WrongType: The place holds something else.
            InvalidElement: It is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was taken, or not.

        Atomicity: one step: of several callers one gets it.
        Cost: 1 round trip, O(log(length)). With ``of``, 2: it is looked at before it is taken; and 1 more for each time
            somebody came between.

        Example:
            >>> best = root().get("best").as_sorted_set()
            >>> _ = best.add_many({"ada": 7, "bob": 2.5})
            >>> best.pop_min(), len(best)
            (('bob', 2.5), 1)
        """
        return self._only((yield from self._pop(LOWEST, 1)))

    @operation(idempotent=False)
    def pop_max(self) -> Op[tuple[T, float]]:
        """Take the member with the highest score out, and give it with its score: otherwise as ``pop_min``.

        Raises:
            KeyError: There is none.
            WrongType: The place holds something else.
            InvalidElement: It is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was taken, or not.

        Atomicity: one step: of several callers one gets it.
        Cost: 1 round trip, O(log(length)). With ``of``, 2: it is looked at before it is taken; and 1 more for each time
            somebody came between.
        """
        return self._only((yield from self._pop(HIGHEST, 1)))

    @operation(idempotent=False)
    def pop_min_many(self, count: SupportsIndex) -> Op[list[tuple[T, float]]]:
        """Take the members with the lowest scores out, and give them with their scores, the lowest first.

        Args:
            count: How many; fewer where there are fewer.

        Raises:
            ValueError: ``count`` is negative.
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for; all stay where they are.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: they were taken, or not.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length)) for each. With ``of``, 2: they are looked at before they are taken; and 1
            more for each time somebody came between.
        """
        return (yield from self._pop(LOWEST, check_count(count)))

    @operation(idempotent=False)
    def pop_max_many(self, count: SupportsIndex) -> Op[list[tuple[T, float]]]:
        """Take the members with the highest scores out, and give them with their scores, the highest first.

        Args:
            count: How many; fewer where there are fewer.

        Raises:
            ValueError: ``count`` is negative.
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for; all stay where they are.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: they were taken, or not.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length)) for each. With ``of``, 2: they are looked at before they are taken; and 1
            more for each time somebody came between.
        """
        return (yield from self._pop(HIGHEST, check_count(count)))

    @operation(idempotent=False)
    def blocking_pop_min(self, timeout: float | None = None) -> Op[tuple[T, float]]:
        """Take the member with the lowest score out, and give it with its score; wait for one where there is none.

        Whoever waits is woken in turn, by whatever adds members; nobody polls. (A newcomer may be faster than who was
        woken.) A task of asyncio that is cancelled meanwhile loses nothing: what was taken for it is put back.

        Args:
            timeout: Seconds to wait; 0 for one try, ``None`` for no limit.

        Raises:
            WaitTimeout: There was none in time. (A ``TimeoutError``.)
            ValueError: ``timeout`` is negative.
            WrongType: The place holds something else.
            InvalidElement: It is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            PipelineMisused: It would have to wait, in a pipeline; nothing was taken.
            OutcomeUnknown: The connection was cut on the way: it was taken, or not.

        Atomicity: one step takes it: of several callers one gets it.
        Cost: 1 round trip where there is one, 2 with ``of``; while it waits, 1 command a second.
        """
        return (yield from self._wait(LOWEST, timeout))

    @operation(idempotent=False)
    def blocking_pop_max(self, timeout: float | None = None) -> Op[tuple[T, float]]:
        """Take the member with the highest score out, and give it with its score; wait for one where there is none.

        Otherwise as ``blocking_pop_min``.

        Args:
            timeout: Seconds to wait; 0 for one try, ``None`` for no limit.

        Raises:
            WaitTimeout: There was none in time. (A ``TimeoutError``.)
            ValueError: ``timeout`` is negative.
            WrongType: The place holds something else.
            InvalidElement: It is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            PipelineMisused: It would have to wait, in a pipeline; nothing was taken.
            OutcomeUnknown: The connection was cut on the way: it was taken, or not.

        Atomicity: one step takes it: of several callers one gets it.
        Cost: 1 round trip where there is one, 2 with ``of``; while it waits, 1 command a second.
        """
        return (yield from self._wait(HIGHEST, timeout))

    @operation(idempotent=True)
    def to_list(self) -> Op[list[T]]:
        """Read all members at one moment, in the order of their scores.

        Raises:
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(length).
        """
        return self._members((yield from self._read("ZRANGE", "0", "-1")))

    @operation(idempotent=True)
    def to_dict(self) -> Op[dict[T, float]]:
        """Read all members and their scores at one moment, in the order of their scores.

        Raises:
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(length).
        """
        return dict(self._pairs((yield from self._read("ZRANGE", "0", "-1", "WITHSCORES"))))

    def _pop(self, command: str, count: int) -> Op[list[tuple[T, float]]]:
        if not self._elements.checked:
            return self._pairs((yield from self._write(TAKES, command, str(count))))
        guards, expected = self._guards(), [NO_MEMBER]
        while True:
            args = (command, str(count), "0", *expected)
            taken, found = yield from self._run_writing("sorted_set_take", *args, guards=guards)
            pairs = self._pairs(found)
            if taken or not pairs:
                return pairs
            expected = found[::2]

    def _only(self, pairs: list[tuple[T, float]]) -> tuple[T, float]:
        if not pairs:
            raise KeyError(f"pop from an empty sorted set at {self.key()!r}")
        return pairs[0]

    def _wait(self, command: str, timeout: float | None) -> Op[tuple[T, float]]:
        guards, patience = self._guards(), check_timeout(timeout)

        def attempt(waits: bool) -> Op[Attempt[tuple[T, float]]]:
            expected, flag = [NO_MEMBER] if self._elements.checked else [], "1" if waits else "0"
            while True:
                args = (command, "1", flag, *expected)
                reply = yield from self._run_writing("sorted_set_take", *args, guards=guards)
                taken, found = reply
                pairs = self._pairs(found)
                if taken:
                    return Attempt(pairs[0], reply=reply)
                if not pairs:
                    return Attempt(MISSING)
                expected = found[::2]

        return (yield from wait_for(self, attempt, patience, undo=self._put_back))

    def _put_back(self, reply: Any) -> Op[None]:
        """Put a member back that was taken for one who is cancelled, unless it is there again."""
        taken, found = reply
        if taken:
            member, score = found
            _ = yield from self._write(ADDS, "ZADD", "NX", score, member, guards=())


class SortedSet(SortedSetOperations[T], SyncLeaf, Collection[T]):
    """Members with scores that processes share, as ``as_sorted_set()`` opens it: always in the order of the scores.

    ``best["ada"]`` is a score (``KeyError`` where the member is not there), ``best["ada"] = 7`` gives one, and
    ``del best["ada"]`` takes the member out. It is a ``Collection`` of its members, and no ``Mapping``: ``to_dict()``
    gives one. Members are hashable, and are compared as JSON: 1, 1.0 and True are three of them; tuples come back as
    tuples. Scores are floats, whatever number they were given as. Members of one score are in the order of their texts
    (see ``range_by_lex``).

    An iteration asks for 1,000 members at a time, by their ranks: what is added, removed or moved meanwhile, before the
    place that it has reached, may make it give a member twice, or pass one over. ``to_list()`` and ``to_dict()`` read
    all at one moment.

    Example:
        >>> best = root().get("best").as_sorted_set()
        >>> best["ada"], best["bob"] = 7, 2.5
        >>> best.increment("bob", 5), best.rank("bob"), list(best), "cy" in best
        (7.5, 1, ['ada', 'bob'], False)
        >>> root().val()
        {'best': [['ada', 7.0], ['bob', 7.5]]}
    """

    __slots__ = ()

    __hash__ = None  # type: ignore[assignment]  # as of every container that changes

    def __getitem__(self, member: T) -> float:
        score = self.score(member)
        if score is None:
            raise KeyError(member)
        return score

    def __setitem__(self, member: T, score: float) -> None:
        self.set(member, score)

    def __delitem__(self, member: T) -> None:
        self.remove(member)

    def __len__(self) -> int:
        return self.length()

    def __contains__(self, member: object) -> bool:
        return self.contains(member)

    def __iter__(self) -> Iterator[T]:
        start = 0
        while page := self.range(start, start + PAGE):
            yield from page
            start += len(page)

    def __reversed__(self) -> Iterator[T]:
        start = 0
        while page := self.range(start, start + PAGE, reverse=True):
            yield from page
            start += len(page)

    def items(self) -> Iterator[tuple[T, float]]:
        """Go over members and scores in order, 1,000 at a time."""
        start = 0
        while page := self.range_with_scores(start, start + PAGE):
            yield from page
            start += len(page)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (dict, SortedSet)):
            return NotImplemented
        return self.to_dict() == (other.to_dict() if isinstance(other, SortedSet) else other)


class AsyncSortedSet(SortedSetOperations[T], AsyncLeaf):
    """Members with scores that processes share, for asyncio: ``async for`` goes over them, every operation is awaited.

    Example:
        >>> best = aio.root().get("best").as_sorted_set()
        >>> await best.add_many({"ada": 7, "bob": 2.5})
        2
        >>> [each async for each in best], await best.score("ada")
        (['bob', 'ada'], 7.0)
    """

    __slots__ = ()

    async def __aiter__(self) -> AsyncIterator[T]:
        start = 0
        while page := await self.range(start, start + PAGE):
            for each in page:
                yield each
            start += len(page)

    async def items(self) -> AsyncIterator[tuple[T, float]]:
        """Go over members and scores in order, 1,000 at a time."""
        start = 0
        while page := await self.range_with_scores(start, start + PAGE):
            for each in page:
                yield each
            start += len(page)


class QueuedSortedSet(SortedSetOperations[T], QueuedLeaf):
    """Members with scores that processes share, as a pipeline sees it.

    Example:
        >>> with redicts.pipeline() as pipe:
        ...     best = pipe.proxy("best").as_sorted_set()
        ...     _ = best.add("ada", 7)
        ...     rank = best.rank("ada")
        >>> rank.result
        0
    """

    __slots__ = ()
