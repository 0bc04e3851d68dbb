"""One exchange over one connection of redis.asyncio, and how connections are given up and given back.

May import redis, core and what the synchronous runner uses too. Invariant: after an exchange either every reply was
read, or the connection is disconnected. What gives a connection up or back waits for nothing, or is carried through
whatever is cancelled meanwhile: no connection is lost to its pool.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

import redis.exceptions

from redicts.core.effects import Command
from redicts.runners.exchange import LOST, Failed, as_failed
from redicts.runners.packing import pack_commands

__all__ = ["Spares", "drop", "exchange", "give_back", "read_reply", "settle"]

T = TypeVar("T")

_finishing: Final[set[asyncio.Task[Any]]] = set()
"""What was left to finish by itself; a loop keeps no strong reference to its tasks."""


async def exchange(connection: Any, commands: Sequence[Command], as_it_is: bool = False) -> list[Any]:
    """Send commands and read every reply; error replies stand among them.

    Args:
        connection: Of a pool, and connected.
        commands: What to send.
        as_it_is: Never on another connection: as for the synchronous ``exchange``.

    Raises:
        Failed: The connection was lost. It has been disconnected.
    """
    if as_it_is and not connection.is_connected:
        raise Failed(redis.exceptions.ConnectionError("the connection that was kept is lost"), sent=False)
    sent = False
    try:
        packed = pack_commands(connection, commands)
        sent = True
        await connection.send_packed_command(packed, check_health=not as_it_is)
        return [await read_reply(connection) for _ in commands]
    except BaseException as error:
        drop(connection)
        failed = as_failed(error, sent, len(commands))
        if failed is None:
            raise
        raise failed from error


async def read_reply(connection: Any) -> Any:
    """Read one reply, undecoded; an error reply is given, not raised."""
    try:
        return await connection.read_response(disable_decoding=True)
    except redis.exceptions.ResponseError as error:
        return error


def drop(connection: Any) -> None:
    """Disconnect, at once: whatever is cancelled, nobody gets what is left on the connection."""
    _at_once(connection.disconnect(nowait=True))


def _at_once(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run what closes a connection without waiting for the other side."""
    try:
        _ = coroutine.send(None)
    except StopIteration:
        return
    except (*LOST, RuntimeError):  # RuntimeError: the loop is closed, and the connection with it
        return
    coroutine.close()  # what it would wait for now comes after the closing itself


async def give_back(pool: Any, connection: Any) -> None:
    """Give a connection back to a pool of redis-py, which may wait for its turn, and loses what is cancelled there."""
    await settle(pool.release(connection))


async def settle(coroutine: Coroutine[Any, Any, T], seconds: float | None = None) -> T:
    """Carry something through, however often the task is cancelled meanwhile; then it is cancelled.

    Args:
        coroutine: What is to be done.
        seconds: Given up after so long; ``None``: no limit.

    Raises:
        CancelledError: The task was cancelled meanwhile, or the time was over.
    """
    task = asyncio.ensure_future(coroutine)
    _finishing.add(task)
    task.add_done_callback(_finishing.discard)
    loop = asyncio.get_running_loop()
    timer = None if seconds is None else loop.call_later(seconds, task.cancel)
    cancelled: asyncio.CancelledError | None = None
    try:
        while not task.done():
            try:
                # Rejected: shield(), which reports what the task raises when nobody awaits it any more.
                _ = await asyncio.wait([task])
            except asyncio.CancelledError as error:
                cancelled = error
    finally:
        if timer is not None:
            timer.cancel()
    if cancelled is not None:
        with suppress(BaseException):
            _ = task.exception()  # seen
        raise cancelled
    return task.result()


class Spares:
    """Connections of a runner's own, as many as it needs: a stack of those that are free.

    Args:
        pool: Whose connections they are like.
        **options: What is different.
    """

    def __init__(self, pool: Any, **options: Any) -> None:
        self._class = pool.connection_class
        self._options = {**pool.connection_kwargs, **options}
        self._free: list[Any] = []
        self._closed = False

    async def get_connection(self) -> Any:
        """Take a connection that is free, or make one; it is connected."""
        connection = self._free.pop() if self._free else self._class(**self._options)
        try:
            if connection.is_connected and await connection.can_read():
                drop(connection)  # the server closed it, or left something on it
            await connection.connect()
        except BaseException:
            drop(connection)
            raise
        return connection

    def give_back(self, connection: Any) -> None:
        """Take a connection back, which may be disconnected."""
        if self._closed:
            drop(connection)
        elif connection.is_connected:
            self._free.append(connection)

    def close(self) -> None:
        """Close what is free, and what comes back from now on."""
        self._closed = True
        while self._free:
            drop(self._free.pop())
