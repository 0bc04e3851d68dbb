"""A lock that a majority of independent databases keeps: the published algorithm, "Distributed Locks with Redis".

Source: redis.io, "Distributed Locks with Redis", the section on the Redlock algorithm.

May import core and its neighbours. The body at each master is a zset: a member "+ TOKEN" holds the lock, "- TOKEN" was
given up while its acquisition may still have been on its way; scores are when they end, in ms of that server's time.
Invariants: those of ``parts.master_lock``.
"""

from __future__ import annotations

import random
from collections.abc import Coroutine
from time import monotonic
from types import TracebackType
from typing import Final, TypeVar

from redicts.core.effects import Everywhere, Op, Sleep
from redicts.core.missing import MISSING, Missing
from redicts.core.operation import operation
from redicts.core.scripts import load
from redicts.core.several import failures, quorum
from redicts.core.units import to_seconds
from redicts.errors import LockError, RedictsError, TooManyExtensions
from redicts.leaves.leaf import PACKAGE, AsyncLeaf, SyncLeaf
from redicts.leaves.parts.master_lock import CANCELLED_SECONDS, Held, MasterLock, against, settled, won

__all__ = ["AsyncRedlock", "Redlock", "RedlockOperations"]

R = TypeVar("R")

PAUSES: Final = (0.01, 0.1)
"""How long to wait before the next try, in seconds, at random: up to the first at first, later up to the second."""

_EXTEND: Final = load(PACKAGE, "redlock_extend")
_LOOK: Final = load(PACKAGE, "redlock_look")
_CLEAR: Final = load(PACKAGE, "clear")

_chance: Final = random.SystemRandom()  # processes that were forked must not draw the same numbers


class RedlockOperations(MasterLock):
    """What a lock can do that several masters keep. The arguments are those of ``MasterLock``."""

    __slots__ = ()

    def locked(self) -> float:
        """Tell for how many seconds this thread, or task, surely still holds it; 0.0 where it does not.

        It counts from before the masters were asked, and allows for clocks that run at different speeds. No round trip.
        """
        for held in self._held.mine():
            return max(0.0, float(held.valid_until) - monotonic())
        return 0.0

    @operation(idempotent=False, one_step=False)
    def acquire(self, blocking: bool = True, timeout: float | Missing | None = MISSING) -> Op[bool]:
        """Acquire the lock: have a majority of the masters hold it for this thread, or task.

        Where it is held by another, it is tried again after a while that is drawn at random. A try that does not get a
        majority gives up everywhere what it got; and so does one that is cancelled, or interrupted.

        Args:
            blocking: Whether to wait for it.
            timeout: For how many seconds; ``None`` for no limit, 0 for one try. Else as it was opened with.

        Returns:
            Whether it was acquired.

        Raises:
            LockError: This thread, or task, acquired it already, and did not release it: it is not re-entrant.
            QuorumIsImpossible: So many masters failed that there can be no majority. Told at once.
            QuorumNotAchieved: A majority agreed each time, but took longer than ``auto_release_time``.
            WrongType: The place holds something else at a master.
            ValueError: ``timeout`` is negative, or was given though it is not to wait.
            TypeError: ``timeout`` is no number.

        Atomicity: none over the masters; each holds it for one at a time.
        Cost: 1 round trip for a try, to all masters side by side: the time of the slowest of the fastest majority.

        Example:
            >>> lock = root().get("printer").as_redlock()
            >>> lock.acquire(timeout=1)
            True
            >>> lock.release()
        """
        mine = self._held.mine()
        if mine:
            raise LockError(
                f"the lock at {self.key()!r} was acquired here already, and not released: it is not re-entrant; "
                "release() it first, or extend() it",
                path=self.key(),
            )
        deadline = self._deadline(blocking, timeout)
        hard = None if deadline is None else deadline + 0.9 * self._limits.patience  # with what it takes itself
        pause = PAUSES[0]
        while True:
            held = Held()
            outcomes = yield from self._try(held, hard)
            if held.valid_until > monotonic():
                mine.append(held)
                return True
            left = None if deadline is None else deadline - monotonic()
            if left is not None and left <= 0:
                if held.valid_until:
                    raise self._too_slow(outcomes)
                return False
            seconds = _chance.uniform(0, pause)
            yield (Sleep(seconds if left is None else min(seconds, left)),)
            pause = min(2 * pause, PAUSES[1])

    @operation(idempotent=False, one_step=False)
    def extend(self) -> Op[None]:
        """Hold the lock for another ``auto_release_time`` from now on, whenever it would have been free.

        Raises:
            NotOwner: This thread, or task, did not acquire it.
            TooManyExtensions: It was extended as often as it may be.
            LockLost: A majority of the masters does not hold it any more.
            QuorumNotAchieved: No majority extended it in time; it is held as long as it was. It may be tried again.
            QuorumIsImpossible: Likewise, since so many masters failed.

        Atomicity: none over the masters.
        Cost: 1 round trip, to all masters side by side.
        """
        held = self._mine()
        if held.extensions >= self._limits.max_extensions:
            raise TooManyExtensions(
                f"the lock at {self.key()!r} was extended {held.extensions} times, as often as it may be; release it, "
                "or open it with more max_extensions",
                path=self.key(),
                max_extensions=self._limits.max_extensions,
            )
        begun = monotonic()
        asked = self._asked(_EXTEND, held.token, str(self._limits.lease_ms))
        count = len(asked)
        needed = quorum(count)
        (outcomes,) = yield (Everywhere(asked, self._limits.patience, settled),)
        if won(outcomes) >= needed:
            held.valid_until = self._valid_until(begun, outcomes)
            held.extensions += 1
            if held.valid_until > monotonic():
                return
            raise self._too_slow(outcomes)
        if against(outcomes) - failures(outcomes) > count - needed:
            held.valid_until = 0.0
            raise self._lost()
        raise self._no_majority(outcomes, f"it is still held for {self.locked():.2f} s: try again")

    @operation(idempotent=False, one_step=False)
    def release(self) -> Op[None]:
        """Release the lock: at every master, also where it is not known whether it is held.

        Whatever is raised, it counts as released here, and masters that could not be told free it by themselves.

        Raises:
            NotOwner: This thread, or task, did not acquire it.
            LockLost: It had run out before: another may have held it meanwhile.
            QuorumIsImpossible: So many masters failed that no majority could be told.

        Atomicity: none over the masters.
        Cost: 1 round trip, to all masters side by side; 5 ms more where a minority of them hangs.
        """
        held = self._mine()
        _ = self._held.mine().popleft()
        count = len(self._masters.spaces)
        needed = quorum(count)
        try:
            outcomes = yield from self._give_up(held, self._limits.patience, settled)
        except GeneratorExit:
            raise
        except BaseException:  # it may not have been told to all
            yield from self._take_back(held, (), None, CANCELLED_SECONDS)
            raise
        if won(outcomes) >= needed:
            return
        if against(outcomes) - failures(outcomes) > count - needed or monotonic() > held.valid_until:
            raise self._lost()
        if failures(outcomes) > count - needed:
            raise self._no_majority(
                outcomes, f"the lock is free in {to_seconds(self._limits.lease_ms)} s at the latest"
            )

    @operation(idempotent=True, one_step=False)
    def length(self) -> Op[int]:  # pyright: ignore[reportIncompatibleVariableOverride]  # the same
        """Count the masters that hold it, for whomever.

        Returns:
            Their number; 0 where it is free. A minority is that of one who tries, or was not told that it is released.

        Raises:
            WrongType: The place holds something else at a master.
            QuorumIsImpossible: So many masters failed that no majority was heard.

        Atomicity: none over the masters.
        Cost: 1 round trip, to all masters side by side.
        """
        return won((yield from self._majority(self._asked(_LOOK))))

    @operation(idempotent=True, one_step=False)
    def clear(self) -> Op[None]:  # pyright: ignore[reportIncompatibleVariableOverride]  # the same
        """Break the lock: free it at every master, whoever holds it. The holder is not told before it asks.

        Raises:
            WrongType: The place holds something else at a master.
            QuorumIsImpossible: So many masters failed that no majority was told.

        Atomicity: none over the masters.
        Cost: 1 round trip, to all masters side by side.
        """
        yield from self._majority(self._asked(_CLEAR))


class Redlock(RedlockOperations, SyncLeaf):
    """A lock that a majority of independent databases keeps, as ``as_redlock`` opens it.

    It outlives the loss of a minority of them. A handle may be shared: what a thread acquires through it is that
    thread's, and the others wait for it as they would elsewhere. It is not re-entrant.

    It does not prove anything to the databases, as the lock of a place does (``with place:``), and gives no fence: work
    that takes longer than ``locked()`` says may overlap another's. Masters that may be killed must keep what they were
    told (``appendonly yes``, ``appendfsync always``), or come back only after ``auto_release_time``: else two may hold
    it.

    Source: redis.io, "Distributed Locks with Redis".

    Example:
        >>> lock = root().get("printer").as_redlock(auto_release_time=5)
        >>> with lock:
        ...     lock.extend()
        ...     lock.locked() > 4
        True
        >>> lock.locked()
        0.0
    """

    __slots__ = ()

    def _run(self, op: Op[R], idempotent: bool) -> R:  # noqa: ARG002  # all that is asked here may be asked twice
        result: R = self._masters.run(op)
        return result

    def __bool__(self) -> bool:
        return True

    def __enter__(self) -> Redlock:  # noqa: PYI034  # Self came with Python 3.11
        if not self.acquire():
            raise self._timeout()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.release()
            return
        try:
            self.release()
        except RedictsError as problem:
            self._note(problem)


class AsyncRedlock(RedlockOperations, AsyncLeaf):
    """A lock that a majority of independent databases keeps, for asyncio: the same names as ``Redlock``, awaited.

    What a task acquires is that task's. ``locked()`` asks nobody, and is not awaited.

    Example:
        >>> lock = aio.root().get("printer").as_redlock(auto_release_time=5)
        >>> async with lock:
        ...     await lock.extend()
        ...     lock.locked() > 4
        True
    """

    __slots__ = ()

    def _await(self, op: Op[R], idempotent: bool) -> Coroutine[object, None, R]:  # noqa: ARG002  # as above
        coroutine: Coroutine[object, None, R] = self._masters.run(op)
        return coroutine

    async def __aenter__(self) -> AsyncRedlock:  # noqa: PYI034  # as above
        if not await self.acquire():
            raise self._timeout()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.release()
            return
        try:
            await self.release()
        except RedictsError as problem:
            self._note(problem)
