"""The asyncio databases of one configuration: each event loop has its own, and they are closed with it.

May import database and fair_aio. Invariant: a connection is made, used and closed in one loop, in the thread of that
loop; only the table of loops is for all threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from threading import RLock
from typing import Final

from redicts.pool.database import AsyncDatabase

__all__ = ["Loops"]

CLOSE_SECONDS: Final = 2.0
"""A connection that takes longer to be closed in order (over TLS, the server answers) is aborted."""

Loop = asyncio.AbstractEventLoop


class Loops:
    """The databases that were asked for, by loop and by name. Safe in threads.

    Attributes:
        databases: They; under ``None`` those that were asked for where no loop runs, which are good for being compared
            only. Replaced in a forked process.
    """

    def __init__(self) -> None:
        # Not weak: what belongs to a loop leads to it, so none would ever go. Closed ones go when another comes.
        self.databases: dict[Loop | None, dict[str | None, AsyncDatabase]] = {}
        self._members: dict[Loop, _Member] = {}
        self._lock = RLock()  # held for moments only: a loop must not be kept waiting
        self._closed = False

    def open(self, loop: Loop | None, db_name: str | None, make: Callable[[], AsyncDatabase]) -> AsyncDatabase | None:
        """Return the database of a name for a loop; made the first time.

        Args:
            loop: The running loop; ``None``: there is none.
            db_name: The name.
            make: Makes it.

        Returns:
            The database; ``None``: this was closed, and another took its place.
        """
        with self._lock:
            if self._closed:
                return None
            found = self.databases.get(loop)
            if found is None:
                found = self.databases[loop] = {} if loop is None else self._join(loop).databases
            if db_name not in found:
                found[db_name] = make()
                if loop is not None:
                    self._members[loop].note()
            return found[db_name]

    def _join(self, loop: Loop) -> _Member:
        for other in [each for each in self._members if each.is_closed()]:
            del self._members[other], self.databases[other]
        member = self._members[loop] = _Member(loop)
        return member

    def close(self) -> None:
        """Have every loop close what is its own, soon. To be called from any thread, in a loop or not."""
        with self._lock:
            self._closed = True
            members, self._members = self._members, {}
            self.databases = {}
        for member in members.values():
            member.close_soon()

    async def close_running(self) -> None:
        """Close what belongs to the running loop. What is asked for next is made anew."""
        loop = asyncio.get_running_loop()
        with self._lock:
            member = self._members.pop(loop, None)
            _ = self.databases.pop(loop, None)
        if member is not None:
            await member.close()

    def after_fork(self) -> None:
        """Begin anew in a forked process."""
        # Kept, and never looked at again. Closing a connection here would end it in the parent: a loop shares with its
        # copy what it has registered with the kernel.
        _left_behind.append((self.databases, self._members))
        self.databases, self._members = {}, {}
        self._lock = RLock()


class _Member:
    """The databases of one loop.

    Args:
        loop: The running one.
    """

    def __init__(self, loop: Loop) -> None:
        self.databases: dict[str | None, AsyncDatabase] = {}
        self._loop = loop
        self._closed = False
        self._closing: asyncio.Task[None] | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._lifeline = self._live()
        with suppress(StopIteration):
            self._lifeline.__anext__().send(None)  # up to its yield: from now on the loop knows of it

    async def _live(self) -> AsyncGenerator[None, None]:
        """Last as long as the loop: the end of one ends its generators, and this is the only word we get of it."""
        try:
            yield
        finally:
            if not self._closed:
                self._retire()
                for database in self.databases.values():
                    database.runner.drop()
                await self.close()

    def note(self) -> None:
        """Take note of one more database. Where the loop is just ending, nothing of it stays open."""
        if self._closed:
            self._retire()

    def close_soon(self) -> None:
        """Begin to close, in the loop. To be called from any thread."""
        if asyncio._get_running_loop() is self._loop:
            self._begin()
        else:
            with suppress(RuntimeError):  # it is closed, and so is what was its own
                _ = self._loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        self._retire()  # here, for a task may be cancelled before it begins
        self._closing = self._loop.create_task(self.close())

    async def close(self) -> None:
        """Close what is idle, and let what is under way come to its end.

        Where this is cancelled, the end of the loop does the rest.
        """
        self._retire()
        for database in list(self.databases.values()):
            await database.runner.close()
        writers, self._writers = self._writers, []
        await _wait_closed(writers)
        if not self._closed:
            self._closed = True
            with suppress(StopIteration, RuntimeError):  # RuntimeError: it is what called this
                self._lifeline.aclose().send(None)

    def _retire(self) -> None:
        from redicts.pool.fair_aio import FairPool  # here: many have no use for asyncio, and pay for no import

        for database in self.databases.values():
            pool = database.client.connection_pool
            if isinstance(pool, FairPool):  # a user's own client has another kind, and is never closed here
                self._writers += pool.retire()


async def _wait_closed(writers: list[asyncio.StreamWriter]) -> None:
    if not writers:
        return
    closing = asyncio.gather(*[writer.wait_closed() for writer in writers], return_exceptions=True)
    try:
        done, _ = await asyncio.wait([closing], timeout=CLOSE_SECONDS)
    finally:
        _ = closing.cancel()
    if not done:
        for writer in writers:
            writer.transport.abort()


_left_behind: Final[list[object]] = []
