"""The pool of connections for asyncio: whoever waits longest gets the next one, and no cancelled task keeps one.

redis-py's own wakes a waiting task and lets it look again, so a task that comes meanwhile takes what came back; it
gives back in several steps, and a task that is cancelled between two of them leaves a connection behind. Here a
connection goes straight to the waiter, and giving one back is a plain function.

May import redis and runners. Invariants: nobody waits while a connection is free or may still be made; a connection is
either free, or in use by one task, or on its way to one.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any

import redis.asyncio
import redis.exceptions

from redicts.runners.aio_exchange import connect, drop

__all__ = ["FairPool"]


class FairPool(redis.asyncio.ConnectionPool):
    """The connections of one client, for the tasks of one event loop.

    Args:
        max_connections: Connections open at a time, at most.
        timeout: Seconds to wait for a free one; ``None``: no limit.
        connection_class: One of redis-py's, or a subclass.
        **options: What connections of that class are made with.

    Attributes:
        timeout: As above.
    """

    def __init__(self, *, max_connections: int, timeout: float | None, connection_class: Any, **options: Any) -> None:
        super().__init__(connection_class=connection_class, max_connections=max_connections, **options)
        self.timeout = timeout
        # By age. Not a deque: a task in the middle that gives up goes out at once.
        self._waiters: OrderedDict[asyncio.Future[Any], None] = OrderedDict()
        self._retired = False

    async def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> Any:  # noqa: ARG002
        """Take a connection that is connected and has nothing to read; where there is none, wait for one.

        Args:
            command_name: Not used, and the others neither; redis-py allows them.
            *keys: Likewise.
            **options: Likewise.

        Raises:
            ConnectionError: redis-py's: it cannot be connected, or none became free in time.
            TimeoutError: redis-py's: the server did not answer in time.
        """
        if self._available_connections:
            connection: Any = self._available_connections.pop()
            self._in_use_connections.add(connection)
        elif len(self._in_use_connections) < self.max_connections:
            connection = self.make_connection()  # type: ignore[no-untyped-call]
            self._in_use_connections.add(connection)
        else:
            connection = await self._wait()
        try:
            if not connection.is_connected or _is_broken(connection) or await connection.can_read():
                await _connect_anew(connection)
        except BaseException:
            drop(connection)
            self.give_back(connection)
            raise
        return connection

    def give_back(self, connection: Any) -> None:
        """Give a connection back: to the task that waits longest, or to those that are free.

        It may have been disconnected meanwhile. Never suspends, so that no cancellation comes in between.

        Raises:
            KeyError: It is not in use.
        """
        if self._retired:
            drop(connection)
        while self._waiters:
            waiter, _ = self._waiters.popitem(last=False)
            if not waiter.done():  # else its task was cancelled just now
                waiter.set_result(connection)
                return
        self._in_use_connections.remove(connection)
        self._available_connections.append(connection)

    async def release(self, connection: Any) -> None:
        """Give a connection back, as redis-py's client does it."""
        self.give_back(connection)

    def retire(self) -> list[asyncio.StreamWriter]:
        """Close the connections that are free now, and those in use when they come back.

        Who still has this pool can go on using it; each connection is then closed after its use. To be called in the
        loop that the connections belong to.

        Returns:
            What can be waited for: the closing goes on in the background.
        """
        self._retired = True
        writers: list[Any] = [connection._writer for connection in self._available_connections]
        for connection in self._available_connections:
            drop(connection)
        return [writer for writer in writers if writer is not None]

    async def _wait(self) -> Any:
        """Wait for a connection to come back. It counts as in use all the time."""
        if self.timeout is not None and self.timeout <= 0:
            raise _exhausted()
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Any] = loop.create_future()
        self._waiters[waiter] = None
        timer = None if self.timeout is None else loop.call_later(self.timeout, self._give_up, waiter)
        try:
            connection = await waiter
        except BaseException:
            _ = self._waiters.pop(waiter, None)
            if not waiter.cancelled() and waiter.done() and waiter.result() is not None:
                self.give_back(waiter.result())
            raise
        finally:
            if timer is not None:
                timer.cancel()
        if connection is None:
            raise _exhausted()
        return connection

    def _give_up(self, waiter: asyncio.Future[Any]) -> None:
        """Let a task wait no longer, unless something has come for it."""
        if not waiter.done():
            del self._waiters[waiter]
            waiter.set_result(None)


async def _connect_anew(connection: Any) -> None:
    """Connect what is not connected, or was left with something to read, or was closed by the server."""
    drop(connection)
    await connect(connection)
    if await connection.can_read():
        raise redis.exceptions.ConnectionError("Connection not ready")


def _is_broken(connection: Any) -> bool:
    """Whether the connection was reset while nobody used it; ``can_read`` only sees that one was closed in order."""
    # A fake's reader has no such thing.
    return hasattr(connection._reader, "exception") and connection._reader.exception() is not None


def _exhausted() -> redis.exceptions.ConnectionError:
    # In the words of redis-py's BlockingConnectionPool.
    return redis.exceptions.ConnectionError("No connection available.")
