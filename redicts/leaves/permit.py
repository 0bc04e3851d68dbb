"""A permit of a semaphore, while somebody holds it: in the faces that can have it.

May import core and errors. The semaphore tells it how to give it back, and how to renew it. Invariant: what is said
here of the time that is left errs on the safe side; and a child after ``fork`` has nothing of what its parent holds.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Coroutine
from time import monotonic
from types import TracebackType
from typing import Any, Final

from redicts.errors import LockLost, NotOwner, RedictsError

__all__ = ["AsyncPermit", "Granted", "Permit", "check_permits"]

log: Final = logging.getLogger("redicts.leaves")


def check_permits(number: object, what: str, most: int) -> int:
    """Check a number of permits; give it back.

    Args:
        number: What the user gave.
        what: The name of the parameter, for the error.
        most: How many there may be.

    Raises:
        TypeError: It is no integer.
        ValueError: It is below 1, or above that.
    """
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"{what} is an integer, not {number!r}")
    if not 1 <= number <= most:
        raise ValueError(f"{what} is at least 1 and at most {most} here, not {number}")
    return number


class Granted:
    """What was taken from a semaphore.

    Args:
        path: The semaphore's.
        token: By which the permits are known there.
        count: How many they are.
        lease_ms: For how long they are taken, and are renewed.

    Attributes:
        path: As above.
        token: As above.
        count: As above.
        lease_ms: As above.
        valid_until: When they may have run out, on the monotonic clock.
        released: Whether they were given back.
        lost: Whether the server said that they had run out.
    """

    __slots__ = ("_pid", "count", "lease_ms", "lost", "path", "released", "token", "valid_until")

    def __init__(self, path: str, token: str, count: int, lease_ms: int) -> None:
        self.path = path
        self.token = token
        self.count = count
        self.lease_ms = lease_ms
        self.valid_until = 0.0
        self.released = False
        self.lost = False
        self._pid = os.getpid()

    @property
    def is_here(self) -> bool:
        """Whether this process took them, not the one that it was forked from."""
        return self._pid == os.getpid()

    def check(self) -> None:
        """Check that something can be done with them.

        Raises:
            NotOwner: They were given back, or are those of the process that this one was forked from.
        """
        if self.released:
            raise NotOwner(f"this permit of {self.path!r} was released already", path=self.path, owner=self.token)
        if not self.is_here:
            raise NotOwner(
                f"this permit of {self.path!r} is held by the process that this one was forked from; acquire one here",
                path=self.path,
                owner=self.token,
            )

    def lose(self) -> LockLost:
        """Take note that they had run out; the error that says so."""
        self.lost = True
        return LockLost(
            f"this permit of {self.path!r} had run out, and may be another's since: what was done under it was not "
            "guarded to its end. Take a longer lease, or renew() it in time",
            path=self.path,
        )


class _Held:
    """A permit: what its two faces have in common."""

    __slots__ = ("_granted", "_leaf")

    def __init__(self, granted: Granted, leaf: Any) -> None:
        self._granted = granted
        self._leaf = leaf

    @property
    def count(self) -> int:
        """How many permits of the semaphore it stands for."""
        return self._granted.count

    @property
    def released(self) -> bool:
        """Whether it was released here."""
        return self._granted.released

    @property
    def lost(self) -> bool:
        """Tell whether it has run out, or may have. Never so once it was released in time. No round trip."""
        granted = self._granted
        return granted.lost or (not granted.released and monotonic() >= granted.valid_until)

    def valid_for(self) -> float:
        """Tell for how many seconds it is surely still held, by this machine's clock: 0.0 for one that is not.

        It counts from before the server was asked. No round trip.
        """
        granted = self._granted
        if granted.released or granted.lost or not granted.is_here:
            return 0.0
        return max(0.0, granted.valid_until - monotonic())

    def __repr__(self) -> str:
        granted = self._granted
        state = (
            "released" if granted.released else "lost, or perhaps so" if self.lost else f"{self.valid_for():.1f} s left"
        )
        return f"{type(self).__name__}({granted.path!r}, {state})"

    @property
    def _is_over(self) -> bool:
        """Whether the end of its block has nothing to do."""
        return self._granted.released or not self._granted.is_here


class Permit(_Held):
    """A permit of a ``Semaphore``, as ``acquire()`` gives it. ``with`` releases it at the end of the block.

    Any thread may release it. In a child after ``fork`` it is nobody's: there the end of the block releases nothing.

    Example:
        >>> slots = root().get("slots").as_semaphore(2, lease=30)
        >>> with slots.acquire() as permit:
        ...     permit.valid_for() > 29, permit.lost
        (True, False)
        >>> permit.released, slots.available()
        (True, 2)
    """

    __slots__ = ()

    def release(self) -> None:
        """Give it back.

        Raises:
            LockLost: Its lease had run out, so others may have worked beside it. Or: a lock of the tree that this owner
                took has run out; it is still held then.
            NotOwner: It was released already, or belongs to the process that this one was forked from.
            OutcomeUnknown: The connection was cut on the way: it is free, or will be when its lease ends.

        Cost: 1 round trip.
        """
        self._leaf._release(self._granted)

    def renew(self, lease: float | None = None) -> None:
        """Give it a new lease from now on, if the old one is not over.

        Args:
            lease: Seconds, above 0; ``None``: as many as it was acquired for.

        Raises:
            LockLost: Its lease had run out. Or: a lock of the tree that this owner took has.
            NotOwner: It was released already, or belongs to the process that this one was forked from.
            TypeError: ``lease`` is no number.
            ValueError: ``lease`` is not above 0.
            ConnectionLost: The server could not be reached; ``valid_for()`` says what is left.

        Cost: 1 round trip.
        """
        self._leaf._renew(self._granted, lease)

    def __enter__(self) -> Permit:  # noqa: PYI034  # typing.Self came with Python 3.11
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_over:
            return
        try:
            self.release()
        except RedictsError as problem:
            if error is None:
                raise
            _note(error, problem)


class AsyncPermit(_Held):
    """A permit of an ``AsyncSemaphore``: as ``Permit``, with ``async with``, and awaited.

    Example:
        >>> slots = aio.root().get("slots").as_semaphore(2)
        >>> async with await slots.acquire() as permit:
        ...     await permit.renew()
        ...     await slots.available()
        1
        >>> await slots.available()
        2
    """

    __slots__ = ()

    async def release(self) -> None:
        """Give it back: see ``Permit.release``."""
        give: Callable[[Granted], Coroutine[object, None, None]] = self._leaf._release
        await give(self._granted)

    async def renew(self, lease: float | None = None) -> None:
        """Give it a new lease from now on: see ``Permit.renew``.

        Args:
            lease: Seconds, above 0; ``None``: as many as it was acquired for.
        """
        renew: Callable[[Granted, float | None], Coroutine[object, None, None]] = self._leaf._renew
        await renew(self._granted, lease)

    async def __aenter__(self) -> AsyncPermit:  # noqa: PYI034  # as above
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_over:
            return
        try:
            await self.release()
        except RedictsError as problem:
            if error is None:
                raise
            _note(error, problem)


def _note(error: BaseException, problem: RedictsError) -> None:
    """Note that a permit could not be released in good order: what its block ended with is the error that counts."""
    log.warning("at the end of a block that failed itself: %s", problem)
    add_note: Any = getattr(error, "add_note", None)  # Python 3.11
    if add_note is not None:
        add_note(f"redicts, at the end of the block: {problem}")
