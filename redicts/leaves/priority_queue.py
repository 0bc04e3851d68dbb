"""``queue.PriorityQueue``, as a typed leaf: items are pairs of a priority and a value, and the lowest comes out first.

May import core and its neighbours. Invariant: items of one priority stand in the order in which they were put; values
are never compared, nor looked at by the server.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from queue import Empty
from typing import Any, Final

from redicts.core.codec import decode_number, encode
from redicts.core.effects import Op, Refused
from redicts.core.kinds import KINDS
from redicts.core.missing import MISSING
from redicts.core.operation import operation
from redicts.core.place import Place
from redicts.leaves.elements import Of, T
from redicts.leaves.leaf import ADDS, AsyncLeaf, Leaf, QueuedLeaf, SyncLeaf
from redicts.leaves.parts.scores import spell_score
from redicts.leaves.waiting import Attempt, patience_of, wait_in_queue

__all__ = ["AsyncPriorityQueue", "PriorityQueue", "PriorityQueueOperations", "QueuedPriorityQueue"]

NO_MEMBER: Final = "@"
"""A text that no member has."""


class PriorityQueueOperations(Leaf[T]):
    """What a priority queue can do.

    Args:
        place: The place, of any face.
        of: The type of the values; ``None`` for any JSON value.
        maxsize: How many items it has at most, for this handle; 0 or less for no limit.

    Raises:
        PathError: The place is the root.
        ImportError: ``of`` was given, and pydantic is not installed.
        TypeError: ``maxsize`` is no integer.

    Attributes:
        maxsize: What was given. It may be changed.
    """

    __slots__ = ("maxsize",)

    KIND = KINDS["priority_queue"]
    LENGTH = "ZCARD"
    WAITED = True

    def __init__(self, place: Place, of: Of[T] = None, maxsize: int = 0) -> None:
        super().__init__(place, of)
        self.maxsize = operator.index(maxsize)

    @operation(idempotent=False)
    def put(self, item: tuple[float, T], block: bool = True, timeout: float | None = None) -> Op[None]:
        """Put an item into the queue; where there is a limit, wait for room.

        Args:
            item: A pair of a priority and a value. The priority is an ``int`` or a ``float``, and comes back as it was
                put; the value is a JSON value, or of the type of the values.
            block: Whether to wait.
            timeout: For how many seconds; ``None`` for no limit. It counts only where there is a limit to the items,
                as in the standard library.

        Raises:
            Full: There was no room (in time). The one of the standard library's ``queue``.
            ValueError: ``timeout`` is negative; or the priority is NaN, or an integer that a float cannot hold exactly.
            TypeError: The item is no pair, its priority no number, or its value no JSON value.
            WrongType: The place holds something else.
            InvalidElement: The value is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            PipelineMisused: It would have to wait, in a pipeline; nothing was put.
            OutcomeUnknown: The connection was cut on the way: it was put once, or not at all.

        Atomicity: one step.
        Cost: 1 round trip where there is room, O(log(length)); while it waits, 1 command a second.

        Example:
            >>> jobs = root().get("jobs").as_priority_queue()
            >>> jobs.put((2, "later"))
            >>> jobs.put((0.5, "now"))
            >>> jobs.get(), jobs.get(timeout=1)
            ((0.5, 'now'), (2, 'later'))
        """
        yield from self._put(self._spell(item), block, timeout)

    @operation(idempotent=False)
    def put_nowait(self, item: tuple[float, T]) -> Op[None]:
        """Put an item into the queue, or fail: ``put(item, block=False)``.

        Args:
            item: A pair of a priority and a value, as for ``put``.

        Raises:
            Full: There is no room. The one of the standard library's ``queue``.
            ValueError: The priority is NaN, or an integer that a float cannot hold exactly.
            TypeError: The item is no pair, its priority no number, or its value no JSON value.
            WrongType: The place holds something else.
            InvalidElement: The value is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was put once, or not at all.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length)).
        """
        yield from self._put(self._spell(item), False, None)

    @operation(idempotent=False)
    def put_many(self, items: Iterable[tuple[float, T]], block: bool = True, timeout: float | None = None) -> Op[None]:
        """Put items into the queue, all at once; where there is a limit, wait for room for all of them.

        While it waits for room for many, others that put fewer may come before it.

        Args:
            items: Pairs of a priority and a value, as for ``put``. Those of one priority come out in this order.
            block: Whether to wait.
            timeout: As for ``put``.

        Raises:
            Full: There was no room for all of them (in time). The one of the standard library's ``queue``.
            ValueError: They are more than ``maxsize``; or otherwise as for ``put``.
            TypeError: An item is no pair, its priority no number, or its value no JSON value.
            WrongType: The place holds something else.
            InvalidElement: A value is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            PipelineMisused: It would have to wait, in a pipeline; nothing was put.
            OutcomeUnknown: The connection was cut on the way: all were put once, or none.

        Atomicity: one step: all of them or none.
        Cost: 1 round trip where there is room, O(log(length)) for each; none where there are none.
        """
        texts = [text for item in items for text in self._spell(item)]
        if texts:
            yield from self._put(texts, block, timeout)

    @operation(idempotent=False)
    def get(self, block: bool = True, timeout: float | None = None) -> Op[tuple[float, T]]:
        """Take the item with the lowest priority out, and give it.

        Whoever waits is woken in turn, by whoever puts something; nobody polls. (A newcomer may be faster than who was
        woken.) A task of asyncio that is cancelled meanwhile loses nothing: what was taken for it is put back where it
        was.

        Args:
            block: Whether to wait, where there is none.
            timeout: For how many seconds; ``None`` for no limit. Without ``block`` it does not count.

        Returns:
            The pair of the priority, as it was put, and the value. Of one priority, the one that was put first.

        Raises:
            Empty: There was none (in time). The one of the standard library's ``queue``.
            ValueError: ``timeout`` is negative.
            WrongType: The place holds something else.
            InvalidElement: Its value is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            PipelineMisused: It would have to wait, in a pipeline; nothing was taken.
            OutcomeUnknown: The connection was cut on the way: it was taken, or not.

        Atomicity: one step takes it: of several callers one gets it.
        Cost: 1 round trip where there is one, O(log(length)). With ``of``, 2: it is looked at before it is taken; and
            1 more for each time somebody came between. While it waits, 1 command a second.
        """
        return (yield from self._get(patience_of(block, timeout)))

    @operation(idempotent=False)
    def get_nowait(self) -> Op[tuple[float, T]]:
        """Take the item with the lowest priority out, and give it, or fail: ``get(block=False)``.

        Raises:
            Empty: There is none. The one of the standard library's ``queue``.
            WrongType: The place holds something else.
            InvalidElement: Its value is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was taken, or not.

        Atomicity: one step takes it: of several callers one gets it.
        Cost: 1 round trip, O(log(length)). With ``of``, 2, so that atomic pipelines refuse it; and 1 more for each time
            somebody came between.
        """
        return (yield from self._get(0.0))

    @operation(idempotent=True)
    def peek(self) -> Op[tuple[float, T]]:
        """Read the item with the lowest priority, and leave it where it is.

        Raises:
            Empty: There is none. The one of the standard library's ``queue``.
            WrongType: The place holds something else.
            InvalidElement: Its value is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length)).
        """
        found = yield from self._read("ZRANGE", "0", "0")
        if not found:
            raise Empty(f"there is no item at {self.key()!r}")
        return self._item(found[0])

    @operation(idempotent=True)
    def to_list(self) -> Op[list[tuple[float, T]]]:
        """Read all items at one moment, in the order in which they will come out.

        Raises:
            WrongType: The place holds something else.
            InvalidElement: A value is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(length).
        """
        return [self._item(member) for member in (yield from self._read("ZRANGE", "0", "-1"))]

    @operation(idempotent=True)
    def qsize(self) -> Op[int]:
        """Count the items. Others may put and take some before the answer is there.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        return int((yield from self._read("ZCARD")))

    @operation(idempotent=True)
    def empty(self) -> Op[bool]:
        """Tell whether there is no item. Others may put some before the answer is there.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        return int((yield from self._read("ZCARD"))) == 0

    @operation(idempotent=True)
    def full(self) -> Op[bool]:
        """Tell whether there is no room. Others may take some before the answer is there.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        size = int((yield from self._read("ZCARD")))
        return 0 < self.maxsize <= size

    # ---- from texts, and to them

    def _spell(self, item: tuple[float, T]) -> tuple[str, str]:
        """Spell an item: its score, and what its member ends with."""
        if not isinstance(item, (tuple, list)) or len(item) != 2:
            raise TypeError(f"an item is a pair (priority, value), not {item!r}; values are never compared")
        priority, value = item
        score = spell_score(priority, "priority")
        text = int.__repr__(priority) if isinstance(priority, int) else encode(float(priority))
        return score, f"[{text},{self._encode(value)}]"

    def _item(self, member: str) -> tuple[float, T]:
        """Read an item out of a member."""
        priority, value = _parts(member)
        return decode_number(priority), self._decode(value)

    # ---- putting and taking

    def _put(self, texts: Sequence[str], block: object, timeout: float | None) -> Op[None]:
        most, patience, guards = self.maxsize, 0.0 if self.maxsize <= 0 else patience_of(block, timeout), self._guards()
        if 0 < 2 * most < len(texts):
            raise ValueError(f"{len(texts) // 2} items never have room at {self.key()!r}, where {most} have; put fewer")

        def attempt(waits: bool) -> Op[Attempt[None]]:
            args = (str(most), "1" if waits else "0", *texts)
            done = yield from self._run_writing("priority_queue_put", *args, guards=guards)
            return Attempt(None if done else MISSING)

        try:
            if most <= 0:  # there is always room
                _ = yield from self._run_writing("priority_queue_put", "0", "0", *texts, guards=guards)
            else:
                yield from wait_in_queue(self, attempt, patience, room=True)
        except Refused as refused:
            if refused.code != "OUTOFRANGE":
                raise
            raise OverflowError(
                f"the items of one priority at {self.key()!r} cannot be numbered on: let them all be taken once"
            ) from None

    def _get(self, patience: float | None) -> Op[tuple[float, T]]:
        guards, checked = self._guards(), self._elements.checked

        def attempt(waits: bool) -> Op[Attempt[tuple[float, T]]]:
            expected, flag = NO_MEMBER if checked else "", "1" if waits else "0"
            item: tuple[float, T] | None = None
            while True:
                reply = yield from self._run_writing("priority_queue_take", expected, flag, guards=guards)
                taken, *found = reply
                if taken:
                    return Attempt(self._item(found[0]) if item is None else item, reply=reply)
                if not found:
                    return Attempt(MISSING)
                expected, item = found[0], self._item(found[0])

        return (yield from wait_in_queue(self, attempt, patience, undo=self._put_back))

    def _put_back(self, reply: Any) -> Op[None]:
        """Put an item back that was taken for one who is cancelled: its number is still its own."""
        taken, *found = reply
        if taken:
            priority, _ = _parts(found[0])
            _ = yield from self._write(ADDS, "ZADD", spell_score(decode_number(priority)), found[0], guards=())


def _parts(member: str) -> tuple[str, str]:
    """Take a member apart, ``<number> [<priority>,<value>]``: the texts of priority and value."""
    priority, _, value = member[member.index(" ") + 2 : -1].partition(",")
    return priority, value


class PriorityQueue(PriorityQueueOperations[T], SyncLeaf):
    """A priority queue that processes share, as ``as_priority_queue()`` opens it: as ``queue.PriorityQueue``.

    Items are pairs ``(priority, value)``, as everybody writes them. What is different: values are never compared, so
    that items of one priority come out in the order in which they were put, and no counter is needed between priority
    and value; a priority is a number that a float holds exactly, not any object (so -0.0 and 0, and 1 and 1.0, are one
    priority, though each comes back as it was put). The ``maxsize`` is that of each handle. There is no ``task_done``
    and no ``join``: no queue knows what other processes do with what they took (``as_queue(reliable=True)`` does).

    An item whose value is not of the type asked for stays at the head, and is in the way of all who ask for that type:
    take it out through a handle without a type.

    Example:
        >>> jobs = root().get("jobs").as_priority_queue(maxsize=3)
        >>> jobs.put_many([(2, {"to": "bob"}), (1, {"to": "ada"}), (1, {"to": "cy"})])
        >>> jobs.full(), jobs.get(), jobs.get_nowait(), jobs.qsize()
        (True, (1, {'to': 'ada'}), (1, {'to': 'cy'}), 1)
        >>> root().val()
        {'jobs': [[2, {'to': 'bob'}]]}
    """

    __slots__ = ()

    def __len__(self) -> int:
        return self.length()


class AsyncPriorityQueue(PriorityQueueOperations[T], AsyncLeaf):
    """A priority queue that processes share, for asyncio: every operation is awaited.

    Example:
        >>> jobs = aio.root().get("jobs").as_priority_queue()
        >>> await jobs.put((1.5, "tea"))
        >>> await jobs.get(timeout=1)
        (1.5, 'tea')
    """

    __slots__ = ()


class QueuedPriorityQueue(PriorityQueueOperations[T], QueuedLeaf):
    """A priority queue that processes share, as a pipeline sees it. It cannot wait there (``PipelineMisused``).

    Example:
        >>> with redicts.pipeline() as pipe:
        ...     jobs = pipe.proxy("jobs").as_priority_queue()
        ...     _ = jobs.put((1.5, "tea"))
        ...     job = jobs.get(block=False)
        >>> job.result
        (1.5, 'tea')
    """

    __slots__ = ()
