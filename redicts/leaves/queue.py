"""``queue.Queue``, as a typed leaf: many producers and consumers, and waiting without polling.

May import core and its neighbours. What is taken is gone; ``reliable_queue`` has the other kind.
"""

from __future__ import annotations

import operator
from queue import Empty
from typing import Any, SupportsIndex

from redicts.core.effects import Op
from redicts.core.kinds import KINDS
from redicts.core.missing import MISSING
from redicts.core.operation import operation
from redicts.errors import WaitTimeout
from redicts.leaves.elements import T
from redicts.leaves.leaf import ADDS, AsyncLeaf, QueuedLeaf, SyncLeaf
from redicts.leaves.parts.waiting_queue import NO_ITEM, WaitingQueue
from redicts.leaves.waiting import Attempt, patience_of, wait_for

__all__ = ["AsyncQueue", "Queue", "QueueOperations", "QueuedQueue"]


class QueueOperations(WaitingQueue[T]):
    """What a queue can do whose items are gone once they are taken."""

    __slots__ = ()

    KIND = KINDS["queue"]
    LENGTH = "LLEN"
    PUT = "queue_put"

    @operation(idempotent=False)
    def get_many(self, count: SupportsIndex) -> Op[list[T]]:
        """Take the first items out, and give them. It does not wait: where there are fewer, it gives those.

        Args:
            count: How many at most.

        Raises:
            ValueError: ``count`` is negative.
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for; all stay where they are.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: they were taken, or not.

        Atomicity: one step takes them: nobody takes one between.
        Cost: 1 round trip, O(count), 2 with ``of``; none where ``count`` is 0.
        """
        most = operator.index(count)
        if most < 0:
            raise ValueError(f"count is not negative, and not {most}")
        if most == 0:
            return []
        try:
            return (yield from self._take(most, 0.0))
        except WaitTimeout:
            return []

    @operation(idempotent=True)
    def to_list(self) -> Op[list[T]]:
        """Read all items at one moment.

        Raises:
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(items).
        """
        return self._decode_all((yield from self._read("LRANGE", "0", "-1")))

    def _add(self, texts: tuple[str, ...]) -> Op[None]:
        yield from self._write(ADDS, "RPUSH", *texts)

    def _get(self, block: object, timeout: float | None) -> Op[T]:
        try:
            (item,) = yield from self._take(1, patience_of(block, timeout))
        except WaitTimeout as error:
            raise Empty(str(error)) from None
        return item

    def _take(self, count: int, patience: float | None) -> Op[list[T]]:
        guards, checked = self._guards(), self._elements.checked

        def attempt(waits: bool) -> Op[Attempt[list[T]]]:
            args, items = (str(count), "1" if waits else "0"), list[T]()
            expected: list[str] = [NO_ITEM] if checked else []
            while True:
                reply = yield from self._run_writing("queue_take", *args, *expected, guards=guards)
                taken, *texts = reply
                if taken:
                    return Attempt(items if checked else self._decode_all(texts), reply=reply)
                if not texts:
                    return Attempt(MISSING)
                items, expected = self._decode_all(texts), texts

        return (yield from wait_for(self, attempt, patience, undo=self._put_back))

    def _put_back(self, reply: Any) -> Op[None]:
        """Put items back at the front that were taken for one who is cancelled."""
        taken, *texts = reply
        if taken:
            yield from self._run_writing("queue_return", *texts, guards=())

    def _next(self) -> Op[str | None]:
        text: str | None = yield from self._read("LINDEX", "0")
        return text

    def _size(self) -> Op[int]:
        return int((yield from self._read("LLEN")))


class Queue(QueueOperations[T], SyncLeaf):
    """A queue that processes share, as ``as_queue()`` opens it: ``queue.Queue`` and ``queue.SimpleQueue`` in one.

    What is taken is gone, whatever becomes of its consumer; so there is no ``task_done``, and no ``join``. Those are
    with ``as_queue(reliable=True)``: see ``ReliableQueue``. It is not iterated over; ``to_list()`` reads it.

    Example:
        >>> jobs = root().get("jobs").as_queue(maxsize=2)
        >>> jobs.put("wash")
        >>> jobs.put("dry", timeout=5)
        >>> jobs.full(), jobs.qsize(), jobs.get(), jobs.get(timeout=5)
        (True, 2, 'wash', 'dry')
        >>> jobs.get_nowait()
        Traceback (most recent call last):
        ...
        _queue.Empty: there is no element at 'jobs'
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        return True  # as every queue: whether it is empty is asked by name


class AsyncQueue(QueueOperations[T], AsyncLeaf):
    """A queue that processes share, for asyncio: the same names as ``Queue``, awaited, and the same errors.

    Example:
        >>> jobs = aio.root().get("jobs").as_queue()
        >>> await jobs.put("wash")
        >>> await jobs.get(timeout=5)
        'wash'
    """

    __slots__ = ()


class QueuedQueue(QueueOperations[T], QueuedLeaf):
    """A queue that processes share, as a pipeline sees it. It cannot wait there: that is a ``PipelineMisused``.

    Example:
        >>> with redicts.pipeline() as pipe:
        ...     jobs = pipe.proxy("jobs").as_queue()
        ...     _ = jobs.put("wash")
        ...     job = jobs.get(block=False)
        >>> job.result
        'wash'
    """

    __slots__ = ()
