"""Those of one process who ask the same masters for IDs: one of them proposes for all who wait by then.

So they do not outbid one another, and many at once need few round trips. Threads have one line for a place, and each
event loop has one. May import core. Invariants: one leads at a time; who is served was in the line before it was
proposed what it gets, so its IDs are greater than all that were given before it asked.
"""

from __future__ import annotations

import asyncio
import os
from asyncio import AbstractEventLoop
from collections.abc import Callable, Coroutine, Hashable, Sequence
from threading import TIMEOUT_MAX, Condition, Lock
from time import monotonic
from typing import Any, Final, Generic, NamedTuple, TypeVar
from weakref import WeakValueDictionary

from redicts.core.effects import WAITING, Op

__all__ = ["Line", "TaskLine", "ThreadLine", "Ticket", "Turn", "drive", "drive_async", "line_of"]

T = TypeVar("T")
LineT = TypeVar("LineT", bound="Line")


class Ticket:
    """One that asks for IDs.

    Args:
        count: How many.

    Attributes:
        count: As above.
        ids: What it was given.
        error: What it is told instead.
        leads: Whether it is the one that proposes.
    """

    __slots__ = ("count", "error", "ids", "leads")

    def __init__(self, count: int) -> None:
        self.count = count
        self.ids: range | None = None
        self.error: Exception | None = None
        self.leads = False

    @property
    def is_settled(self) -> bool:
        """Whether it need not wait any longer."""
        return self.ids is not None or self.error is not None


class Line:
    """A line, and what is known of the masters. Subclasses know how one waits in it.

    Args:
        key: What it is found by.

    Attributes:
        key: As above.
        seen: The greatest ID that was seen, which the next ones are above.
        suspects: The numbers of those masters that failed when they were asked last.
        reasons: Why the last proposal was not accepted, by master.
    """

    def __init__(self, key: Hashable) -> None:
        self.key = key
        self.seen = 0
        self.suspects: frozenset[int] = frozenset()
        self.reasons: dict[str, str] = {}
        self._lock = Lock()
        self._waiting: list[Ticket] = []
        self._led = False

    def enter(self, count: int) -> Ticket:
        """Come to the line."""
        ticket = Ticket(count)
        with self._lock:
            self._waiting.append(ticket)
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Go from the line; whoever led it lets another lead."""
        with self._lock:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
            if ticket.leads:
                self._led = ticket.leads = False
                self._wake()

    def propose(self, own: Ticket, jump: int, most: int) -> tuple[list[Ticket], range] | None:
        """Choose what to propose, and for whom: all that wait, or the leader alone where there are not IDs for all.

        Args:
            own: The leader's.
            jump: How often as many as are asked for are passed over.
            most: The last ID there can be.

        Returns:
            They, and the IDs; ``None`` where there are not even enough for the leader.
        """
        with self._lock:
            every = list(self._waiting)
        for tickets, times in ((every, jump), (every, 0), ([own], 0)):
            count = sum(ticket.count for ticket in tickets)
            first = self.seen + 1 + times * count
            if first + count - 1 <= most:
                return tickets, range(first, first + count)
        return None

    def note(self, ids: range, outcomes: Sequence[Any]) -> None:
        """Note what the masters said of a proposal: nothing (accepted), or the ID that it was not above."""
        suspects = set(self.suspects)
        for at, outcome in enumerate(outcomes):
            if isinstance(outcome, Exception):
                suspects.add(at)
            elif outcome is not WAITING:
                suspects.discard(at)
                self.learn(int(outcome) if outcome else ids[-1])
        self.suspects = frozenset(suspects)

    def learn(self, last: int) -> None:
        """Note an ID that there was."""
        with self._lock:
            self.seen = max(self.seen, last)

    def serve(self, tickets: Sequence[Ticket], ids: range) -> None:
        """Give IDs to those that they were proposed for, in the order in which they came."""
        with self._lock:
            for ticket in tickets:
                ticket.ids, ids = ids[: ticket.count], ids[ticket.count :]
            self._settled(tickets)

    def fail(self, tickets: Sequence[Ticket], error: Callable[[], Exception]) -> None:
        """Tell those that something was proposed for that it is of no use."""
        with self._lock:
            for ticket in tickets:
                ticket.error = error()
            self._settled(tickets)

    def _settled(self, tickets: Sequence[Ticket]) -> None:
        self._waiting = [ticket for ticket in self._waiting if ticket not in tickets]

    def _may_go_on(self, ticket: Ticket) -> bool:
        """Tell whether one need not wait: it is settled, or leads from now on."""
        if not ticket.is_settled:
            if self._led:
                return False
            ticket.leads = True
            self._led = True
        return True

    def _wake(self) -> None:
        """Let all that wait look again: some are settled, and one may lead."""
        raise NotImplementedError


class ThreadLine(Line):
    """A line of threads."""

    def __init__(self, key: Hashable) -> None:
        super().__init__(key)
        self._changed = Condition(self._lock)

    def wait(self, ticket: Ticket, seconds: float) -> None:
        """Wait until one is settled, or leads; or the time is over."""
        end = monotonic() + seconds
        with self._changed:
            while not self._may_go_on(ticket):
                left = end - monotonic()
                if left <= 0:
                    return
                _ = self._changed.wait(min(left, TIMEOUT_MAX))

    def _wake(self) -> None:
        self._changed.notify_all()


class TaskLine(Line):
    """A line of tasks of one event loop."""

    def __init__(self, key: Hashable) -> None:
        super().__init__(key)
        self._asleep: list[asyncio.Future[None]] = []

    async def wait(self, ticket: Ticket, seconds: float) -> None:
        """Wait as in ``ThreadLine``."""
        end = monotonic() + seconds
        while not self._may_go_on(ticket):
            left = end - monotonic()
            if left <= 0:
                return
            loop = asyncio.get_running_loop()
            future: asyncio.Future[None] = loop.create_future()
            self._asleep.append(future)
            timer = loop.call_later(left, _wake_up, future)
            try:
                await future
            finally:
                timer.cancel()

    def _wake(self) -> None:
        asleep, self._asleep = self._asleep, []
        for future in asleep:
            _wake_up(future)


def _wake_up(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


_lines: Final[WeakValueDictionary[Hashable, Line]] = WeakValueDictionary()


def line_of(loop: AbstractEventLoop | None, what: Hashable, known: Line | None) -> Line:
    """Find the line of a place; a child after ``fork`` has lines of its own.

    Args:
        loop: The event loop whose tasks it is of; ``None``: it is of threads.
        what: What is equal for what is one.
        known: The one that was found before, which is the same as a rule.
    """
    key = (os.getpid(), loop, what)
    if known is not None and known.key == key:
        return known
    # Where two threads make one at once, they may be two for a while, and outbid one another: no more than that.
    return _lines.setdefault(key, ThreadLine(key) if loop is None else TaskLine(key))


class Turn(NamedTuple):
    """What an operation yields to wait in a line. It is for the faces, not for runners; the reply is ``None``.

    Attributes:
        line: The line.
        ticket: Of the one that waits.
        seconds: How long at most.
    """

    line: Any
    ticket: Ticket
    seconds: float


class _Ended(Generic[T]):  # no named tuple: those cannot be generic before Python 3.11
    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value


def _go_on(op: Op[T]) -> Op[Turn | _Ended[T]]:
    """Go on with an operation, until it waits in a line, or ends."""
    try:
        effects: Any = op.send(None)  # type: ignore[arg-type]  # it begins so, and so it goes on after a turn
        while not isinstance(effects[0], Turn):
            try:
                replies = yield effects
            except (Exception, asyncio.CancelledError, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001
                effects = op.throw(error)
            else:
                effects = op.send(replies)
    except StopIteration as stop:
        return _Ended(stop.value)
    turn: Turn = effects[0]
    return turn


def drive(op: Op[T], run: Callable[[Op[Any]], Any]) -> T:
    """Drive an operation that waits in lines of threads.

    Args:
        op: A fresh generator.
        run: Runs operations on the masters.
    """
    try:
        while isinstance(step := run(_go_on(op)), Turn):
            step.line.wait(step.ticket, step.seconds)
    finally:
        op.close()
    return step.value  # type: ignore[no-any-return]  # typed by Op[T]


async def drive_async(op: Op[T], run: Callable[[Op[Any]], Coroutine[object, None, Any]]) -> T:
    """Drive an operation that waits in lines of tasks: as ``drive``."""
    try:
        while isinstance(step := await run(_go_on(op)), Turn):
            await step.line.wait(step.ticket, step.seconds)
    finally:
        op.close()
    return step.value  # type: ignore[no-any-return]  # typed by Op[T]
