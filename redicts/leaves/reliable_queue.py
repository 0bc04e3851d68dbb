"""A queue whose items come back, unless their consumer says that they are done.

May import core and its neighbours. A member of the body, a zset, is the item's text after a word of ours: when it came,
and how often it was taken. Its score is 0, or the end of its lease. Invariant: the word changes whenever an item is
taken, so nobody says of what another took meanwhile that it is done.
"""

from __future__ import annotations

from typing import Any

from redicts.core.effects import Op
from redicts.core.kinds import KINDS
from redicts.core.missing import MISSING
from redicts.core.operation import operation
from redicts.core.place import Place
from redicts.core.units import life_ms, to_seconds
from redicts.errors import TaskLost
from redicts.leaves.elements import Of, T
from redicts.leaves.leaf import AsyncLeaf, QueuedLeaf, SyncLeaf
from redicts.leaves.parts.taken import Taken
from redicts.leaves.parts.waiting_queue import NO_ITEM, WaitingQueue
from redicts.leaves.task import BACK, DONE, AsyncTask, Leased, Task
from redicts.leaves.waiting import Attempt, check_timeout, patience_of, wait_for, wait_in_queue

__all__ = ["AsyncReliableQueue", "AsyncTask", "QueuedReliableQueue", "ReliableQueue", "ReliableQueueOperations", "Task"]


class ReliableQueueOperations(WaitingQueue[T]):
    """What a reliable queue can do.

    Args:
        place: The place, of any face.
        of: The type of the items; ``None`` for any JSON value.
        maxsize: How many items may be pending, for this handle; 0 or less for no limit.
        lease: After how many seconds an item that was taken comes back.

    Raises:
        PathError: The place is the root.
        ImportError: ``of`` was given, and pydantic is not installed.
        TypeError: ``maxsize`` is no integer, or ``lease`` no number.
        ValueError: ``lease`` is not above 0.
    """

    __slots__ = ("_lease_ms", "_taken")

    KIND = KINDS["reliable_queue"]
    LENGTH = "ZCARD"
    PUT = "reliable_queue_put"

    def __init__(self, place: Place, of: Of[T], maxsize: int, lease: float) -> None:
        super().__init__(place, of, maxsize)
        self._lease_ms = life_ms(lease, "lease")
        self._taken = Taken()

    @operation(idempotent=False)
    def task_done(self) -> Op[None]:
        """Say that an item is done: of those that this thread, or task of asyncio, got here, the one it got first.

        Those that others got are not counted, nor are those that were got through another handle.

        Raises:
            ValueError: There is none: it was called more often than ``get``.
            TaskLost: The item's lease ran out, and it was given to another. That one will say so.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it is done, or will come back.

        Atomicity: one step.
        Cost: 1 round trip, O(log(items)).

        Example:
            >>> jobs = root().get("jobs").as_queue(reliable=True, lease=30)
            >>> jobs.put("wash")
            >>> jobs.get()
            'wash'
            >>> jobs.task_done()
            >>> jobs.task_done()
            Traceback (most recent call last):
            ...
            ValueError: task_done() called too many times: nothing that was got here, at 'jobs', is not done
        """
        mine = self._taken.mine()
        if not mine:
            raise ValueError(
                f"task_done() called too many times: nothing that was got here, at {self.key()!r}, is not done"
            )
        member = mine.popleft()
        try:
            yield from self._finish(member, DONE)
        except TaskLost:
            raise
        except BaseException:
            mine.appendleft(member)
            raise

    @operation(idempotent=True, one_step=False)
    def join(self, timeout: float | None = None) -> Op[None]:
        """Wait until no item is pending and none is leased.

        Args:
            timeout: For how many seconds; 0 for one look, ``None`` for no limit.

        Raises:
            WaitTimeout: There still were some. (A ``TimeoutError``.)
            ValueError: ``timeout`` is negative.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.
            PipelineMisused: It would have to wait, in a pipeline.

        Atomicity: one step looks. There may be new ones when it returns.
        Cost: 1 round trip where there is none; while it waits, 1 command a second.
        """
        guards, patience = self._guards(), check_timeout(timeout)

        def attempt(waits: bool) -> Op[Attempt[None]]:
            done = yield from self._run_writing("reliable_queue_join", "1" if waits else "0", guards=guards)
            return Attempt(None if done else MISSING)

        place = self._place
        yield from wait_for(self, attempt, patience, line=place._space.leaf(place._path).joiners)

    @operation(idempotent=True)
    def leased(self) -> Op[int]:
        """Count the items that are under way: taken, not done, and their leases not over.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step. The number may be another when it arrives.
        Cost: 1 round trip.
        """
        _, leased = yield from self._run_reading("reliable_queue_look", "count")
        return int(leased)

    @operation(idempotent=True)
    def to_list(self) -> Op[list[T]]:
        """Read all items at one moment: those that are pending, then those that were taken, the oldest lease first.

        Raises:
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(items).
        """
        return self._decode_all([_text_of(member) for member in (yield from self._read("ZRANGE", "0", "-1"))])

    @operation(idempotent=False)
    def _take(self, block: object, timeout: float | None, lease: float | None) -> Op[Leased[T]]:
        """Take the next item."""
        lease_ms = self._lease_ms if lease is None else life_ms(lease, "lease")
        return (yield from self._lease(patience_of(block, timeout), lease_ms))

    @operation(idempotent=False)
    def _settle(self, member: str, what: str) -> Op[None]:
        """Say what becomes of an item that was taken."""
        yield from self._finish(member, what)

    def _get(self, block: object, timeout: float | None) -> Op[T]:
        mine = self._taken.mine()
        found = yield from self._lease(patience_of(block, timeout), self._lease_ms)
        mine.append(found.member)
        return found.value

    def _lease(self, patience: float | None, lease_ms: int) -> Op[Leased[T]]:
        guards, checked, lease = self._guards(), self._elements.checked, str(lease_ms)

        def attempt(waits: bool) -> Op[Attempt[Leased[T]]]:
            flag, expected, value = "1" if waits else "0", NO_ITEM if checked else "", None
            while True:
                reply = yield from self._run_writing("reliable_queue_take", lease, flag, expected, guards=guards)
                taken, member = reply[:2]
                if taken:
                    item: Any = value if checked else self._decode(_text_of(member))
                    return Attempt(Leased(item, member), reply=reply)
                if not member:
                    return Attempt(MISSING, *([] if reply[2] < 0 else [to_seconds(reply[2])]))
                value, expected = self._decode(_text_of(member)), member

        return (yield from wait_in_queue(self, attempt, patience, undo=self._put_back))

    def _put_back(self, reply: Any) -> Op[None]:
        """Give back at once what was taken for one who is cancelled; else it would come back when its lease ends."""
        if reply[0]:
            yield from self._run_writing("reliable_queue_finish", reply[1], BACK, guards=())

    def _finish(self, member: str, what: str) -> Op[None]:
        if not (yield from self._run_writing("reliable_queue_finish", member, what)):
            raise TaskLost(
                f"an item taken from {self.key()!r} is not this consumer's any more: its lease ran out and another "
                "took it, or it was removed. Take a longer lease, or extend() it in time",
                path=self.key(),
            )

    def _add(self, texts: tuple[str, ...]) -> Op[None]:
        yield from self._run_writing(self.PUT, "0", "0", *texts)

    def _next(self) -> Op[str | None]:
        member = yield from self._run_reading("reliable_queue_look", "next")
        return None if member is None else _text_of(member)

    def _size(self) -> Op[int]:
        pending, _ = yield from self._run_reading("reliable_queue_look", "count")
        return int(pending)


def _text_of(member: str) -> str:
    return member.partition(" ")[2]


class ReliableQueue(ReliableQueueOperations[T], SyncLeaf):
    """A queue whose items come back, as ``as_queue(reliable=True)`` opens it: ``queue.Queue`` with leases.

    An item that was taken is leased. Its consumer says ``task_done()`` within the lease, or else the item comes back,
    and another gets it: each is done at least once, whoever dies. Who let its lease run out, and goes on when another
    has the item, is told so (``TaskLost``). Keep a handle: what is got through it is done through it.

    Unlike in the standard library, ``task_done()`` is about what the calling thread got. ``maxsize`` and ``qsize()``
    count what can be taken: what came back, too, but not what is leased. It is not iterated over.

    Example:
        >>> jobs = root().get("jobs").as_queue(reliable=True, lease=30)
        >>> jobs.put("wash")
        >>> jobs.get(), jobs.qsize(), jobs.leased()
        ('wash', 0, 1)
        >>> jobs.task_done()
        >>> jobs.join(timeout=1)
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        return True  # as every queue: whether it is empty is asked by name

    def take(self, block: bool = True, timeout: float | None = None, *, lease: float | None = None) -> Task[T]:
        """Take the next item, as ``get`` does, and give it as a ``Task``, which ``task_done()`` does not count.

        Args:
            block: Whether to wait.
            timeout: For how many seconds; ``None`` for no limit.
            lease: After how many seconds it comes back; ``None``: the queue's.

        Raises:
            Empty: There was none (in time). The one of the standard library's ``queue``.
            ValueError: ``timeout`` is negative, or ``lease`` not above 0.
            WrongType: The place holds something else.
            InvalidElement: It is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: if it was taken, it comes back when its lease ends.
        """
        return Task(self._take(block, timeout, lease), self.key(), self._settle)


class AsyncReliableQueue(ReliableQueueOperations[T], AsyncLeaf):
    """A queue whose items come back, for asyncio: the same names as ``ReliableQueue``, awaited.

    ``task_done()`` is about what the calling task got.

    Example:
        >>> jobs = aio.root().get("jobs").as_queue(reliable=True)
        >>> await jobs.put("wash")
        >>> await jobs.get()
        'wash'
        >>> await jobs.task_done()
        >>> await jobs.join()
    """

    __slots__ = ()

    async def take(
        self, block: bool = True, timeout: float | None = None, *, lease: float | None = None
    ) -> AsyncTask[T]:
        """Take the next item, as ``get`` does, and give it as an ``AsyncTask``: see ``ReliableQueue.take``.

        Args:
            block: Whether to wait.
            timeout: For how many seconds; ``None`` for no limit.
            lease: After how many seconds it comes back; ``None``: the queue's.

        Raises:
            Empty: There was none (in time). The one of the standard library's ``queue``.
            ValueError: ``timeout`` is negative, or ``lease`` not above 0.
            WrongType: The place holds something else.
            InvalidElement: It is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: if it was taken, it comes back when its lease ends.
        """
        return AsyncTask(await self._take(block, timeout, lease), self.key(), self._settle)


class QueuedReliableQueue(ReliableQueueOperations[T], QueuedLeaf):
    """A queue whose items come back, as a pipeline sees it. It cannot wait there, and there is no ``take()``.

    Example:
        >>> with redicts.pipeline() as pipe:
        ...     jobs = pipe.proxy("jobs").as_queue(reliable=True)
        ...     _ = jobs.put("wash")
        ...     count = jobs.qsize()
        >>> count.result
        1
    """

    __slots__ = ()
