"""What queues have in common that behave as ``queue.Queue``: putting and getting, and waiting for it.

May import core and its neighbours. Invariant: how many items there are is looked at in the very step that puts one.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from queue import Empty
from typing import ClassVar, Final

from redicts.core.effects import Op
from redicts.core.missing import MISSING
from redicts.core.operation import operation
from redicts.core.place import Place
from redicts.leaves.elements import Of, T
from redicts.leaves.leaf import Leaf
from redicts.leaves.waiting import Attempt, patience_of, wait_in_queue

__all__ = ["NO_ITEM", "WaitingQueue"]

NO_ITEM: Final = "@"
"""A text that no item has."""


class WaitingQueue(Leaf[T]):
    """What queues can do, of both kinds.

    Args:
        place: The place, of any face.
        of: The type of the items; ``None`` for any JSON value.
        maxsize: How many items it has at most, for this handle; 0 or less for no limit.

    Attributes:
        maxsize: As above. Other handles of the same queue may have another one.

    Raises:
        PathError: The place is the root.
        ImportError: ``of`` was given, and pydantic is not installed.
        TypeError: ``maxsize`` is no integer.
    """

    __slots__ = ("maxsize",)

    WAITED = True
    PUT: ClassVar[str]
    """The script that puts items where there is a limit."""

    maxsize: int

    def __init__(self, place: Place, of: Of[T] = None, maxsize: int = 0) -> None:
        super().__init__(place, of)
        self.maxsize = operator.index(maxsize)

    @operation(idempotent=False)
    def put(self, item: T, block: bool = True, timeout: float | None = None) -> Op[None]:
        """Put an item at the end; where there is a limit, wait for room.

        Args:
            item: The item.
            block: Whether to wait.
            timeout: For how many seconds; ``None`` for no limit. It counts only where there is a limit to the items,
                as in the standard library.

        Raises:
            Full: There was no room (in time). The one of the standard library's ``queue``.
            ValueError: ``timeout`` is negative.
            WrongType: The place holds something else.
            TypeError: It is no JSON value.
            InvalidElement: It is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            PipelineMisused: It would have to wait, in a pipeline; nothing was put.
            OutcomeUnknown: The connection was cut on the way: it was put once, or not at all.

        Atomicity: one step.
        Cost: 1 round trip where there is room; while it waits, 1 command a second.
        """
        yield from self._put((self._encode(item),), block, timeout)

    @operation(idempotent=False)
    def put_nowait(self, item: T) -> Op[None]:
        """Put an item at the end, or fail: ``put(item, block=False)``.

        Args:
            item: The item.

        Raises:
            Full: There is no room. The one of the standard library's ``queue``.
            WrongType: The place holds something else.
            TypeError: It is no JSON value.
            InvalidElement: It is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was put once, or not at all.

        Atomicity: one step.
        Cost: 1 round trip.
        """
        yield from self._put((self._encode(item),), False, None)

    @operation(idempotent=False)
    def put_many(self, items: Iterable[T], block: bool = True, timeout: float | None = None) -> Op[None]:
        """Put items at the end, all at once; where there is a limit, wait for room for all of them.

        Args:
            items: The items, in order.
            block: Whether to wait.
            timeout: As for ``put``.

        Raises:
            Full: There was no room for all of them (in time). The one of the standard library's ``queue``.
            ValueError: They are more than ``maxsize``; or ``timeout`` is negative.
            WrongType: The place holds something else.
            TypeError: One is no JSON value.
            InvalidElement: One is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            PipelineMisused: It would have to wait, in a pipeline; nothing was put.
            OutcomeUnknown: The connection was cut on the way: all were put once, or none.

        Atomicity: one step: all of them or none; nobody's items come between.
        Cost: 1 round trip where there is room, O(items); none where there are none.

        Example:
            >>> jobs = root().get("jobs").as_queue()
            >>> jobs.put_many(["wash", "dry"])
            >>> jobs.get_many(10)
            ['wash', 'dry']
        """
        texts = self._elements.encode_all(items, self.key)
        if texts:
            yield from self._put(texts, block, timeout)

    @operation(idempotent=False)
    def get(self, block: bool = True, timeout: float | None = None) -> Op[T]:
        """Take the first item out, and give it; wait for one where there is none.

        Whoever waits is woken in turn, by whoever puts something; nobody polls. (A newcomer may be faster than who was
        woken.) A task of asyncio that is cancelled meanwhile loses nothing: what was taken for it is put back at the
        front.

        Args:
            block: Whether to wait.
            timeout: For how many seconds; ``None`` for no limit. Without ``block`` it does not count.

        Raises:
            Empty: There was none (in time). The one of the standard library's ``queue``.
            ValueError: ``timeout`` is negative.
            WrongType: The place holds something else.
            InvalidElement: The first is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            PipelineMisused: It would have to wait, in a pipeline; nothing was taken.
            OutcomeUnknown: The connection was cut on the way: it was taken, or not.

        Atomicity: one step takes it: of several callers one gets it.
        Cost: 1 round trip where there is one, 2 with ``of``; while it waits, 1 command a second.
        """
        return (yield from self._get(block, timeout))

    @operation(idempotent=False)
    def get_nowait(self) -> Op[T]:
        """Take the first item out, and give it, or fail: ``get(block=False)``.

        Raises:
            Empty: There is none. The one of the standard library's ``queue``.
            WrongType: The place holds something else.
            InvalidElement: The first is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was taken, or not.

        Atomicity: one step takes it: of several callers one gets it.
        Cost: 1 round trip, 2 with ``of``.
        """
        return (yield from self._get(False, None))

    @operation(idempotent=True)
    def peek(self) -> Op[T]:
        """Read the item that is next, and leave it where it is.

        Raises:
            Empty: There is none. The one of the standard library's ``queue``.
            WrongType: The place holds something else.
            InvalidElement: It is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip.
        """
        text = yield from self._next()
        if text is None:
            raise Empty(f"there is no item at {self.key()!r}")
        return self._decode(text)

    @operation(idempotent=True)
    def qsize(self) -> Op[int]:
        """Count the items that can be taken.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step. The number may be another when it arrives.
        Cost: 1 round trip.
        """
        return (yield from self._size())

    @operation(idempotent=True)
    def empty(self) -> Op[bool]:
        """Tell whether there is no item that can be taken.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step. It may be otherwise when the answer arrives.
        Cost: 1 round trip.
        """
        return (yield from self._size()) == 0

    @operation(idempotent=True)
    def full(self) -> Op[bool]:
        """Tell whether there is no room for another item. Without a limit there always is.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step. It may be otherwise when the answer arrives.
        Cost: 1 round trip; none where there is no limit.
        """
        return 0 < self.maxsize <= (yield from self._size())

    def _put(self, texts: Iterable[str], block: object, timeout: float | None) -> Op[None]:
        items = tuple(texts)
        if self.maxsize <= 0:
            yield from self._add(items)
            return
        patience, most = patience_of(block, timeout), self.maxsize
        if len(items) > most:
            raise ValueError(f"{len(items)} items never have room at {self.key()!r}, where {most} have; put fewer")
        guards = self._guards()

        def attempt(waits: bool) -> Op[Attempt[None]]:
            args = (str(most), "1" if waits else "0", *items)
            return Attempt(None if (yield from self._run_writing(self.PUT, *args, guards=guards)) else MISSING)

        yield from wait_in_queue(self, attempt, patience, room=True)

    def _add(self, texts: tuple[str, ...]) -> Op[None]:
        """Put items where there is no limit."""
        raise NotImplementedError

    def _get(self, block: object, timeout: float | None) -> Op[T]:
        """Take the first item."""
        raise NotImplementedError

    def _next(self) -> Op[str | None]:
        """Read the text of the item that is next."""
        raise NotImplementedError

    def _size(self) -> Op[int]:
        """Count the items that can be taken."""
        raise NotImplementedError
