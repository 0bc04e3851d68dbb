"""An item that was taken from a reliable queue, and is to be done: in the faces that can have it.

May import core, errors and elements. The queue tells it how to say what becomes of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Final, Generic

from redicts.core.units import life_ms
from redicts.errors import RedictsError
from redicts.leaves.elements import T

__all__ = ["BACK", "DONE", "AsyncTask", "Leased", "Task"]

log: Final = logging.getLogger("redicts.leaves")

DONE: Final = "done"
BACK: Final = "back"


class Leased(Generic[T]):
    """An item that was taken.

    Args:
        value: The item.
        member: How it stands in the body.
    """

    __slots__ = ("delivered", "member", "value")

    def __init__(self, value: T, member: str) -> None:
        self.value = value
        self.member = member
        self.delivered = int(member[: member.index(" ")].rpartition(".")[2], 16)


class _Taking(Generic[T]):
    """An item that was taken: what its two faces have in common.

    Attributes:
        value: The item.
        delivered: How often it was taken so far, this time included: 1 for one that never came back.
        finished: Whether it was said to be done, or given back, here.
    """

    __slots__ = ("_member", "_path", "delivered", "finished", "value")

    def __init__(self, leased: Leased[T], path: str) -> None:
        self.value = leased.value
        self.delivered = leased.delivered
        self.finished = False
        self._member = leased.member
        self._path = path

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r}{', finished' if self.finished else ''})"

    def _check(self) -> str:
        """Give what it is known by.

        Raises:
            ValueError: It is finished.
        """
        if self.finished:
            raise ValueError("this task is finished: it was done, or given back, already")
        return self._member


class Task(_Taking[T]):
    """An item that was taken from a ``ReliableQueue``, as ``take()`` gives it.

    ``with queue.take() as task:`` says that it is done at the end of the block; where that ends with an error, it gives
    the item back. Any thread may finish it.

    Attributes:
        value: The item.
        delivered: How often it was taken so far, this time included: 1 for one that never came back.
        finished: Whether it was said to be done, or given back, here.

    Example:
        >>> jobs = root().get("jobs").as_queue(reliable=True)
        >>> jobs.put("wash")
        >>> with jobs.take() as task:
        ...     task.value, task.delivered
        ('wash', 1)
        >>> jobs.length()
        0
    """

    __slots__ = ("_settle",)

    def __init__(self, leased: Leased[T], path: str, settle: Callable[[str, str], None]) -> None:
        super().__init__(leased, path)
        self._settle = settle

    def done(self) -> None:
        """Say that it is done.

        Raises:
            TaskLost: Its lease ran out, and it was given to another.
            ValueError: It is finished already.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it is done, or will come back.
        """
        self._settle(self._check(), DONE)
        self.finished = True

    def give_back(self) -> None:
        """Give it back, in its old place: it is the next to be taken, if none before it was given back.

        Raises:
            TaskLost: Its lease ran out, and it was given to another.
            ValueError: It is finished already.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it is given back, or comes back later.
        """
        self._settle(self._check(), BACK)
        self.finished = True

    def extend(self, seconds: float) -> None:
        """Let its lease end so many seconds from now, whenever it would have.

        Args:
            seconds: Above 0.

        Raises:
            TaskLost: Its lease ran out, and it was given to another.
            ValueError: It is finished already; or ``seconds`` is not above 0.
            TypeError: ``seconds`` is no number.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was extended, or not.
        """
        self._settle(self._check(), str(life_ms(seconds, "seconds")))

    def __enter__(self) -> Task[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.finished:
            return
        if error is None:
            self.done()
            return
        try:
            self.give_back()
        except RedictsError as problem:
            _note(self._path, problem)


class AsyncTask(_Taking[T]):
    """An item that was taken from an ``AsyncReliableQueue``: as ``Task``, with ``async with``, and awaited.

    Attributes:
        value: The item.
        delivered: How often it was taken so far, this time included: 1 for one that never came back.
        finished: Whether it was said to be done, or given back, here.

    Example:
        >>> jobs = aio.root().get("jobs").as_queue(reliable=True)
        >>> await jobs.put("wash")
        >>> async with await jobs.take() as task:
        ...     task.value
        'wash'
        >>> await jobs.length()
        0
    """

    __slots__ = ("_settle",)

    def __init__(
        self, leased: Leased[T], path: str, settle: Callable[[str, str], Coroutine[object, None, None]]
    ) -> None:
        super().__init__(leased, path)
        self._settle = settle

    async def done(self) -> None:
        """Say that it is done: see ``Task.done``."""
        await self._settle(self._check(), DONE)
        self.finished = True

    async def give_back(self) -> None:
        """Give it back, in its old place: see ``Task.give_back``."""
        await self._settle(self._check(), BACK)
        self.finished = True

    async def extend(self, seconds: float) -> None:
        """Let its lease end so many seconds from now, whenever it would have: see ``Task.extend``.

        Args:
            seconds: Above 0.
        """
        await self._settle(self._check(), str(life_ms(seconds, "seconds")))

    async def __aenter__(self) -> AsyncTask[T]:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.finished:
            return
        if error is None:
            await self.done()
            return
        try:
            await self.give_back()
        except RedictsError as problem:
            _note(self._path, problem)


def _note(path: str, problem: RedictsError) -> None:
    """Note that an item could not be given back: what its block ended with is the error that counts."""
    log.debug("an item of %s was not given back, and comes back when its lease ends: %s", path, problem)
