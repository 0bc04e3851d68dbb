"""A semaphore that processes share: so many hold a permit of it at a time, and who comes first is served first.

May import core and its neighbours. Permits are leased: those of who died are free again when their lease ends. Who
waits has a ticket in the body, which counts only while its waiter renews it; ``core/prelude/permits.lua`` says how they
stand there.
Invariant: whoever ends waiting, by whatever, leaves neither permit nor ticket.
"""

from __future__ import annotations

import logging
import os
from time import monotonic
from types import TracebackType
from typing import Any, Final

from redicts.core.effects import Op
from redicts.core.kinds import KINDS
from redicts.core.missing import MISSING
from redicts.core.operation import operation
from redicts.core.place import Place
from redicts.core.units import life_ms, to_seconds
from redicts.errors import ConnectionLost, LockLost, WaitTimeout, WrongType
from redicts.leaves.leaf import AsyncLeaf, Leaf, QueuedLeaf, SyncLeaf
from redicts.leaves.parts import tickets
from redicts.leaves.parts.taken import Taken
from redicts.leaves.permit import AsyncPermit, Granted, Permit, check_permits
from redicts.leaves.waiting import Attempt, check_timeout, wait_for

__all__ = ["AsyncPermit", "AsyncSemaphore", "Permit", "QueuedSemaphore", "Semaphore", "SemaphoreOperations"]

log: Final = logging.getLogger("redicts.leaves")

MOST: Final = 1_000_000
"""How many permits there may be."""

MOST_AT_ONCE: Final = 1000
"""How many may be taken in one step: each is a member of its own."""


class SemaphoreOperations(Leaf[Any]):
    """What a semaphore can do.

    Args:
        place: The place, of any face.
        value: How many permits there are, as this handle sees it.
        lease: After how many seconds a permit is free again that was neither released nor renewed.

    Attributes:
        value: As above. Handles of other values may be at work at the same place: each try counts by its own, so a
        number
            that is changed in a deployment needs no other step.

    Raises:
        PathError: The place is the root.
        TypeError: ``value`` is no integer, or ``lease`` no number.
        ValueError: ``value`` is below 1 or above a million, or ``lease`` not above 0.
    """

    __slots__ = ("_lease_ms", "_mine", "value")

    KIND = KINDS["semaphore"]
    WAITED = True

    def __init__(self, place: Place, value: int, lease: float) -> None:
        super().__init__(place)
        self.value = check_permits(value, "value", MOST)
        self._lease_ms = life_ms(lease, "lease")
        self._mine = Taken()

    @operation(idempotent=True)
    def available(self) -> Op[int]:
        """Count the permits that nobody holds. Where others wait, they are theirs.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step. The number may be another when it arrives.
        Cost: 1 round trip, O(those who wait).
        """
        held, _ = yield from self._run_reading("semaphore_look")
        return max(0, self.value - int(held))

    @operation(idempotent=True)
    def length(self) -> Op[int]:  # pyright: ignore[reportIncompatibleVariableOverride]  # it counts otherwise
        """Count the permits that are held, and their leases not over: what ``val()`` of the place shows, too.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step. The number may be another when it arrives.
        Cost: 1 round trip, O(those who wait).
        """
        held, _ = yield from self._run_reading("semaphore_look")
        return int(held)

    @operation(idempotent=True)
    def waiting(self) -> Op[int]:
        """Count those who wait for a permit. One that was killed is counted for another 2.5 seconds at most.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step. The number may be another when it arrives.
        Cost: 1 round trip, O(those who wait).
        """
        _, waiting = yield from self._run_reading("semaphore_look")
        return int(waiting)

    @operation(idempotent=True, one_step=False)
    def _acquire(self, timeout: float | None, count: int, lease: float | None) -> Op[Granted]:
        """Take permits; wait until they are free and all who came before are served.

        Atomicity: one step takes them.
        Cost: 1 round trip where they are free; while it waits, 1 command a second.
        """
        many = check_permits(count, "count", min(self.value, MOST_AT_ONCE))
        lease_ms = self._lease_ms if lease is None else life_ms(lease, "lease")
        guards, patience = self._guards(), check_timeout(timeout)
        granted = Granted(self.key(), os.urandom(16).hex(), many, lease_ms)
        line: tuple[Any, str] | None = None
        ticket, may_hold = "", False  # whether the server may know of it though no ticket says so

        def attempt(waits: bool) -> Op[Attempt[Granted]]:
            nonlocal line, ticket, may_hold
            beside = tickets.others(line, granted.token) if line and waits else []
            args = (str(self.value), str(many), str(lease_ms), granted.token, "1" if waits else "0", ticket, *beside)
            began, may_hold = monotonic(), True
            try:
                reply = yield from self._run_writing("semaphore_take", *args, guards=guards)
            except (WrongType, LockLost):
                may_hold = False
                raise
            taken, *told = reply
            if taken:
                granted.valid_until = began + to_seconds(told[0])
                return Attempt(granted)
            may_hold, ticket = False, told[0]
            if ticket:
                line = line or self._line()
                tickets.put(line, granted.token, ticket)
            return Attempt(MISSING, *([] if told[1] < 0 else [to_seconds(told[1])]))

        try:
            return (yield from wait_for(self, attempt, patience, room=True))
        except GeneratorExit:
            raise
        except BaseException as error:
            if (ticket or may_hold) and not isinstance(error, ConnectionLost):  # else it was tried for long enough
                yield from self._withdraw(granted, ticket or "?")
            if isinstance(error, WaitTimeout):
                raise self._too_late(many, patience) from None
            raise
        finally:
            if line:
                tickets.drop(line, granted.token)

    @operation(idempotent=False)
    def _release(self, granted: Granted) -> Op[None]:
        """Give permits back.

        Atomicity: one step.
        Cost: 1 round trip; 2 with taking them.
        """
        granted.check()
        held = yield from self._run_writing("semaphore_release", granted.token, str(granted.count), "")
        granted.released = True
        if not held:
            raise granted.lose()

    @operation(idempotent=True)
    def _renew(self, granted: Granted, lease: float | None) -> Op[None]:
        """Give permits a new lease.

        Atomicity: one step.
        Cost: 1 round trip; 2 with taking them.
        """
        lease_ms = granted.lease_ms if lease is None else life_ms(lease, "lease")
        granted.check()
        began = monotonic()
        left = yield from self._run_writing("semaphore_renew", granted.token, str(granted.count), str(lease_ms))
        if not left:
            raise granted.lose()
        granted.valid_until = began + to_seconds(left)

    def _withdraw(self, granted: Granted, ticket: str) -> Op[None]:
        """Leave nothing behind of one who waits no more; else it would be in the way until its time is over."""
        try:
            yield from self._run_writing("semaphore_release", granted.token, str(granted.count), ticket, guards=())
        except Exception as error:  # noqa: BLE001  # what ends the waiting is the other one
            log.debug("who waited at %s could not withdraw in good order: %s", granted.path, error)

    def _line(self) -> tuple[Any, str]:
        """Give what is equal for those who share a line in one loop."""
        place: Any = self._place
        return place._where(), place._space.leaf(place._path).body

    def _too_late(self, count: int, timeout: float | None) -> WaitTimeout:
        what = "no permit was" if count == 1 else f"{count} permits were not"
        when = f"free in time ({timeout} s)" if timeout else "free, or others were waiting"
        return WaitTimeout(
            f"{what} {when} at {self.key()!r}, which has {self.value}; wait longer, or try again later",
            path=self.key(),
            timeout=timeout,
        )


class Semaphore(SemaphoreOperations, SyncLeaf):
    """A semaphore that processes share, as ``as_semaphore()`` opens it: ``threading.Semaphore`` with leases, in order.

    At most ``value`` permits are held at a time. Who comes first is served first, and nobody overtakes: where somebody
    waits, a newcomer waits behind, and a try without waiting fails. A permit whose holder died is free again when its
    lease ends; a holder that needs longer renews it. So a holder that outlives its lease is not alone any more:
    ``valid_for()`` of the permit says what is left, and releasing it then is a ``LockLost``.

    Any number of threads may share a handle. ``with semaphore:`` is ``with semaphore.acquire():``; each thread has its
    own.

    The place goes by itself when nothing is held any more. An ``expire()`` on it only makes that later.

    Example:
        >>> slots = root().get("slots").as_semaphore(2, lease=30)
        >>> with slots, slots.acquire(timeout=5) as permit:
        ...     slots.available(), permit.count, slots.try_acquire()
        (0, 1, None)
        >>> slots.available(), root().val()
        (2, {})
    """

    __slots__ = ()

    def acquire(self, timeout: float | None = None, *, count: int = 1, lease: float | None = None) -> Permit:
        """Take a permit, or several at once; wait until they are free and all who came before are served.

        Nobody polls while waiting: who releases wakes the first in line. (A wake-up that is lost costs a second at
        most, a waiter that was killed while it was the first 2.5.)

        Args:
            timeout: For how many seconds to wait; ``None`` for no limit, 0 for one try.
            count: How many; not more than there are, nor than a thousand. All of them or none.
            lease: Seconds after which they are free again; ``None``: the semaphore's.

        Returns:
            What they are released by; best used with ``with``.

        Raises:
            WaitTimeout: They were not free in time. (A ``TimeoutError``.) Nothing is left behind.
            TypeError: An argument is no number.
            ValueError: ``timeout`` is negative, ``count`` out of range, or ``lease`` not above 0.
            WrongType: The place holds something else.
            LockLost: A lock of the tree that this owner took has run out.
            PipelineMisused: It would have to wait, in a pipeline.
            ConnectionLost: The server could not be reached in time. What was taken on the way is free when its lease
                ends.

        Atomicity: one step takes them.
        Cost: 1 round trip where they are free, O(count * log(all)); while it waits, 1 command a second.
        """
        return Permit(self._acquire(timeout, count, lease), self)

    def try_acquire(self, *, count: int = 1, lease: float | None = None) -> Permit | None:
        """Take a permit, or several at once, if they are free and nobody waits for them.

        Args:
            count: How many; not more than there are, nor than a thousand. All of them or none.
            lease: Seconds after which they are free again; ``None``: the semaphore's.

        Returns:
            As for ``acquire``; ``None`` where they are not.

        Raises:
            TypeError: An argument is no number.
            ValueError: ``count`` is out of range, or ``lease`` not above 0.
            WrongType: The place holds something else.
            LockLost: A lock of the tree that this owner took has run out.
            ConnectionLost: The server could not be reached in time. What was taken on the way is free when its lease
                ends.

        Atomicity: one step takes them.
        Cost: 1 round trip, O(count * log(all)).
        """
        try:
            return self.acquire(0, count=count, lease=lease)
        except WaitTimeout:
            return None

    def __enter__(self) -> Permit:
        permit = self.acquire()
        self._mine.mine().append(permit)
        return permit

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        mine = self._mine.mine()
        if mine:  # else it was forked within the block: its parent releases what it holds
            permit: Permit = mine.pop()
            permit.__exit__(kind, error, trace)

    def __bool__(self) -> bool:
        return True  # what is free is asked by name


class AsyncSemaphore(SemaphoreOperations, AsyncLeaf):
    """A semaphore that processes share, for asyncio: the same names as ``Semaphore``, awaited.

    Any number of tasks may share a handle: ``async with semaphore:`` takes a permit for each. A task that is cancelled
    while it acquires leaves nothing behind.

    Example:
        >>> slots = aio.root().get("slots").as_semaphore(2)
        >>> async with await slots.acquire(timeout=5), slots:
        ...     await slots.available(), await slots.try_acquire()
        (0, None)
        >>> await slots.available()
        2
    """

    __slots__ = ()

    async def acquire(self, timeout: float | None = None, *, count: int = 1, lease: float | None = None) -> AsyncPermit:
        """Take a permit, or several at once: see ``Semaphore.acquire``.

        Args:
            timeout: For how many seconds to wait; ``None`` for no limit, 0 for one try.
            count: How many; not more than there are, nor than a thousand. All of them or none.
            lease: Seconds after which they are free again; ``None``: the semaphore's.

        Returns:
            What they are released by; best used with ``async with``.

        Raises:
            WaitTimeout: They were not free in time. (A ``TimeoutError``.) Nothing is left behind.
            TypeError: An argument is no number.
            ValueError: ``timeout`` is negative, ``count`` out of range, or ``lease`` not above 0.
            WrongType: The place holds something else.
            LockLost: A lock of the tree that this owner took has run out.
            PipelineMisused: It would have to wait, in a pipeline.
            ConnectionLost: The server could not be reached in time. What was taken on the way is free when its lease
                ends.

        Atomicity: one step takes them.
        Cost: 1 round trip where they are free, O(count * log(all)); while it waits, 1 command a second.
        """
        return AsyncPermit(await self._acquire(timeout, count, lease), self)

    async def try_acquire(self, *, count: int = 1, lease: float | None = None) -> AsyncPermit | None:
        """Take a permit, or several at once, if they are free and nobody waits for them: see ``Semaphore.try_acquire``.

        Args:
            count: How many; not more than there are, nor than a thousand. All of them or none.
            lease: Seconds after which they are free again; ``None``: the semaphore's.

        Returns:
            As for ``acquire``; ``None`` where they are not.

        Raises:
            TypeError: An argument is no number.
            ValueError: ``count`` is out of range, or ``lease`` not above 0.
            WrongType: The place holds something else.
            LockLost: A lock of the tree that this owner took has run out.
            ConnectionLost: The server could not be reached in time. What was taken on the way is free when its lease
                ends.

        Atomicity: one step takes them.
        Cost: 1 round trip, O(count * log(all)).
        """
        try:
            return await self.acquire(0, count=count, lease=lease)
        except WaitTimeout:
            return None

    async def __aenter__(self) -> AsyncPermit:
        permit = await self.acquire()
        self._mine.mine().append(permit)
        return permit

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        mine = self._mine.mine()
        if mine:  # else it was forked within the block: its parent releases what it holds
            permit: AsyncPermit = mine.pop()
            await permit.__aexit__(kind, error, trace)


class QueuedSemaphore(SemaphoreOperations, QueuedLeaf):
    """A semaphore that processes share, as a pipeline sees it: it cannot be waited for there, so nothing is acquired.

    Example:
        >>> slots = root().get("slots").as_semaphore(2)
        >>> with slots, redicts.pipeline() as pipe:
        ...     free = pipe.proxy("slots").as_semaphore(2).available()
        >>> free.result
        1
    """

    __slots__ = ()
