"""Waiting in many lines with few connections: what lets thousands of tasks wait for locks in one process.

A line is a list that something is pushed to when the next in line may go on. All tasks of a loop that wait at the same
line share one BLPOP, and get what comes first come, first served. Beyond ``MOST`` lines, several lines share a
connection. May import redis, core and aio_exchange. Invariants: what was popped is given to one who waits, or left,
just now; and only the first in a line is told when its patience is over, so that the others cost nothing meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Any, Final

from redicts.core.effects import WAITING, Command
from redicts.core.labels import spell_label
from redicts.runners.aio_exchange import Spares, drop, read_reply
from redicts.runners.exchange import Failed, as_failed
from redicts.runners.packing import pack_commands
from redicts.runners.replies import checked, plain

__all__ = ["Lines", "Waiter"]

log: Final = logging.getLogger("redicts.runners")

MOST: Final = 50
"""How many connections wait, at most, for a loop and database."""

POP_SECONDS: Final = "3600"
"""How long one BLPOP waits, at most; then there is another."""

AGAIN_SECONDS: Final = 0.002
"""When a BLPOP is ended again that had not begun when it was to be ended."""

LOOK_SECONDS: Final = 1.0
"""How often who leaves looks whether it may, should nobody tell it."""

Send = Callable[[Sequence[Command]], Awaitable[list[Any]]]
"""Sends commands over the client's own connections."""


class _Told(Enum):
    FIRST = "first"
    SERVED = "served"
    TIME = "time"


class Waiter:
    """A task in a line.

    Attributes:
        line: Where it waits.
        reply: What it got; ``WAITING`` until then.
        failed: Why it gets nothing any more.
        leaving: Whether it is about to go.
    """

    __slots__ = ("_told", "failed", "leaving", "line", "reply")

    def __init__(self, line: _Line) -> None:
        self.line = line
        self.reply: Any = WAITING
        self.failed: Failed | None = None
        self.leaving = False
        self._told: asyncio.Future[_Told] | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has got what it waited for, or an error."""
        return self.reply is not WAITING or self.failed is not None

    def tell(self, what: _Told) -> None:
        """Wake the task, if it sleeps."""
        if self._told is not None and not self._told.done():
            self._told.set_result(what)

    async def sleep(self, until: float) -> _Told:
        """Wait until it is told something, or until then, by the loop's clock."""
        if self.is_over:
            return _Told.SERVED
        loop = asyncio.get_running_loop()
        self._told = loop.create_future()
        timer = loop.call_at(until, self.tell, _Told.TIME)
        try:
            return await self._told
        finally:
            timer.cancel()
            self._told = None


class _Line:
    """A line of this loop's tasks. ``waiters``: the first to be served comes first."""

    __slots__ = ("args", "post", "waiters")

    def __init__(self, args: Command, post: _Post) -> None:
        self.args = args
        self.post = post
        self.waiters: deque[Waiter] = deque()

    @property
    def first(self) -> Waiter | None:
        """Who is served next: not one who is about to go, if there is another."""
        staying = next((waiter for waiter in self.waiters if not waiter.leaving), None)
        return staying or (self.waiters[0] if self.waiters else None)

    @property
    def is_left(self) -> bool:
        """Whether nobody waits here who means to stay."""
        return all(waiter.leaving for waiter in self.waiters)

    def serve(self, reply: Any) -> None:
        """Give what came to the first."""
        waiter = self.first
        if waiter is not None:
            waiter.reply = reply
            self.remove(waiter)
            waiter.tell(_Told.SERVED)

    def let_go(self) -> None:
        """Take out who is about to go."""
        for waiter in [waiter for waiter in self.waiters if waiter.leaving]:
            self.waiters.remove(waiter)
            waiter.tell(_Told.TIME)

    def remove(self, waiter: Waiter) -> None:
        """Take one out, and tell the next that it is the first."""
        was_first = self.first is waiter
        self.waiters.remove(waiter)
        if was_first and (after := self.first) is not None:
            after.tell(_Told.FIRST)


class Lines:
    """The lines in which the tasks of a loop wait.

    Args:
        connect: Gives a connection that may be kept waiting.
        spares: Where it goes afterwards.
        send: Sends commands meanwhile.
    """

    def __init__(self, connect: Callable[[], Awaitable[Any]], spares: Spares, send: Send) -> None:
        self.connect = connect
        self.spares = spares
        self.send = send
        self._lines: dict[Command, _Line] = {}
        self._posts: list[_Post] = []

    def join(self, args: Command) -> Waiter:
        """Stand in a line, at its end.

        Args:
            args: ``BLPOP`` and the key of the list.
        """
        known = self._lines.get(args)
        line = self._lines[args] = known or _Line(args, self._post())
        if line.is_left:
            line.let_go()  # what is being popped now is popped for the new one
        waiter = Waiter(line)
        line.waiters.append(waiter)
        if known is None:  # only now: a task that is begun eagerly looks at once who waits
            line.post.add(line)
        return waiter

    async def wait(self, waiter: Waiter, seconds: float, patience: float) -> Any:
        """Wait until it is served, its time is up, or it is the first in line and its patience is over.

        Returns:
            The raw reply of BLPOP; ``None`` when ``seconds`` have passed; ``WAITING``.

        ``Failed`` is raised where the connection was lost.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not waiter.is_over:
            is_first = waiter.line.first is waiter
            told = await waiter.sleep(min(end, loop.time() + patience) if is_first else end)
            if told is _Told.TIME and not waiter.is_over:
                if loop.time() < end:
                    return WAITING
                return await self.leave(waiter)
        if waiter.failed is not None:
            raise waiter.failed
        return waiter.reply

    async def leave(self, waiter: Waiter) -> Any:
        """Go out of the line; what came for it just then is its reply, else ``None``."""
        line = waiter.line
        if not waiter.is_over:
            waiter.leaving = True
            if line.is_left:  # the last: what is being popped now is popped for it
                line.post.change()
                while not waiter.is_over and waiter in line.waiters:
                    _ = await waiter.sleep(asyncio.get_running_loop().time() + LOOK_SECONDS)
            elif waiter in line.waiters:
                line.remove(waiter)
        if waiter.failed is not None:
            raise waiter.failed
        return None if waiter.reply is WAITING else waiter.reply

    def abandon(self, waiter: Waiter) -> None:
        """Take out of its line who does not wait any more, and did not leave it in good order."""
        if not waiter.is_over and waiter in waiter.line.waiters:
            waiter.leaving = True
            if waiter.line.is_left:
                waiter.line.post.change()
            else:
                waiter.line.remove(waiter)

    def close(self) -> None:
        """End all waiting: each gets an error."""
        for post in list(self._posts):
            post.close()

    def forget(self, line: _Line) -> None:
        """Take a line out of which all have gone."""
        _ = self._lines.pop(line.args, None)

    def end(self, post: _Post) -> None:
        """Take note that a connection waits no more."""
        self._posts.remove(post)

    def _post(self) -> _Post:
        if len(self._posts) < MOST:
            self._posts.append(_Post(self))
            return self._posts[-1]
        return min(self._posts, key=lambda post: len(post.lines))


class _Post:
    """A connection that waits at lines, in one BLPOP for all of them, and the task that reads it."""

    def __init__(self, lines: Lines) -> None:
        self._all = lines
        self.lines: list[_Line] = []
        self._client_id: str | None = None
        self._connection: Any = None
        self._asked: tuple[_Line, ...] = ()
        self._ender: asyncio.Task[None] | None = None
        self._begun = False
        self._task: asyncio.Task[None] | None = None

    def add(self, line: _Line) -> None:
        """Wait at one line more."""
        self.lines.append(line)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work(), name="redicts-waiting")
        else:
            self.change()

    def change(self) -> None:
        """See to it that the lines at which it waits become those where somebody does."""
        if (self._ender is None or self._ender.done()) and self._is_stale:
            self._ender = asyncio.get_running_loop().create_task(self._end_pop(), name="redicts-waiting-end")

    def close(self) -> None:
        """Wait no more."""
        if self._task is not None:
            _ = self._task.cancel()
        if not self._begun:  # nor will it: a task that is cancelled before it begins is not run at all
            self._end(_ended())

    async def _work(self) -> None:
        failed, self._begun = _ended(), True
        try:
            self._connection = await self._all.connect()
            while self._settle_lines():
                await self._pop()
        except Failed as error:
            failed = error
        except Exception as error:  # noqa: BLE001  # each of those who wait gets it
            failed = Failed(error, sent=True)
        finally:
            self._end(failed)

    def _settle_lines(self) -> bool:
        """Let go who leaves, and drop the lines that are left; False: there is none any more."""
        for line in [line for line in self.lines if line.is_left]:
            self.lines.remove(line)
            self._all.forget(line)
            line.let_go()
        return bool(self.lines)

    async def _pop(self) -> None:
        self._asked = tuple(self.lines)
        keys = [str(line.args[1]) for line in self._asked]
        # By this name who lists the server's clients finds out who waits where; an error where it is not allowed.
        named = ("CLIENT", "SETNAME", spell_label(keys[0]))
        asked: list[Command] = [("CLIENT", "ID"), named, ("BLPOP", *keys, POP_SECONDS)]
        try:
            await self._connection.send_packed_command(pack_commands(self._connection, asked))
            client_id = await read_reply(self._connection)
            self._client_id = str(client_id) if isinstance(client_id, int) else ""  # it is not told
            _ = await read_reply(self._connection)
            reply = await read_reply(self._connection)
        except BaseException as error:
            drop(self._connection)
            failed = as_failed(error, sent=True, count=len(asked))
            if failed is None:
                raise
            raise failed from error
        finally:
            found, self._asked = self._asked, ()
        if isinstance(reply, Exception):
            raise reply
        if reply is not None:
            key = plain(reply)[0]
            next(line for line in found if line.args[1] == key).serve(reply)

    @property
    def _is_stale(self) -> bool:
        """Whether the BLPOP that is under way asks for other lines than those where somebody waits."""
        return bool(self._asked) and (self._asked != tuple(self.lines) or any(line.is_left for line in self.lines))

    async def _end_pop(self) -> None:
        """End the BLPOP that is under way, so that another begins."""
        try:
            while self._is_stale:
                if self._client_id is not None:  # an empty one the server refuses, as it does where it is not allowed
                    (ended,) = await self._all.send([("CLIENT", "UNBLOCK", self._client_id)])
                    _ = checked(ended, "CLIENT")
                if self._is_stale:
                    await asyncio.sleep(AGAIN_SECONDS)  # it has not begun, or its reply is on its way
        except Exception as error:  # noqa: BLE001  # the server does not let us end it in good order
            log.debug("a connection that waits is closed instead: %s", error)
            if self._connection is not None:  # else it was lost meanwhile
                drop(self._connection)

    def _end(self, failed: Failed) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._all.spares.give_back(connection)
        self._all.end(self)
        for line in self.lines:
            self._all.forget(line)
            for waiter in list(line.waiters):
                waiter.failed = failed
                waiter.tell(_Told.SERVED)
            line.waiters.clear()


def _ended() -> Failed:
    return Failed(ConnectionError("the waiting was ended"), sent=True)
