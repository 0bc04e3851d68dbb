"""One exchange over one connection of redis.asyncio, and how connections are given up and given back.

May import redis, core and what the synchronous runner uses too. Invariant: after an exchange either every reply was
read, or the connection is disconnected. What gives a connection up or back waits for nothing, or is carried through
whatever is cancelled meanwhile: no connection is lost to its pool.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

import redis.exceptions

from redicts.core.effects import Command
from redicts.runners.exchange import LOST, Failed, as_failed
from redicts.runners.packing import pack_commands

__all__ = [
    "Spares",
    "apart",
    "connect",
    "drop",
    "exchange",
    "give_back",
    "lifeline",
    "read_reply",
    "settle",
    "take",
    "within",
]

T = TypeVar("T")

CARRY_SECONDS: Final = 1.0
"""How long a task that was cancelled waits for a reply that must not be lost."""

TICKS: Final = 10
"""In how many parts such a time is counted: while the loop, or the process, stands still, one of them goes at most."""

_finishing: Final[set[asyncio.Task[Any]]] = set()
"""What was left to finish by itself; a loop keeps no strong reference to its tasks."""


async def exchange(
    connection: Any, commands: Sequence[Command], as_it_is: bool = False, carried: list[Any] | None = None
) -> list[Any]:
    """Send commands and read every reply; error replies stand among them.

    Args:
        connection: Of a pool, and connected.
        commands: What to send.
        as_it_is: Never on another connection: as for the synchronous ``exchange``.
        carried: Where the replies must not be lost: they are read though the task is cancelled, and stand here then.

    Raises:
        Failed: The connection was lost. It has been disconnected.
    """
    if as_it_is and not connection.is_connected:
        raise Failed(redis.exceptions.ConnectionError("the connection that was kept is lost"), sent=False)
    sent = False
    try:
        packed = pack_commands(connection, commands)
        sent = True
        await _send(connection, packed, check_health=not as_it_is)
        if carried is not None:
            return await _read_on(connection, carried, len(commands))
        return [await read_reply(connection) for _ in commands]
    except BaseException as error:
        drop(connection)
        failed = as_failed(error, sent, len(commands))
        if failed is None:
            raise
        raise failed from error


async def _send(connection: Any, packed: Any, *, check_health: bool) -> None:
    # Rejected: to leave the timeout to send_packed_command(). It uses asyncio.wait_for(), which makes a task for each
    # send, and before Python 3.12 swallows a cancellation that comes when that is through.
    await connect(connection)
    if check_health and connection.health_check_interval:
        await apart(connection.check_health())
    late = False

    def give_up() -> None:
        nonlocal late
        late = True
        connection._writer.transport.abort()

    seconds, connection.socket_timeout = connection.socket_timeout, None
    timer = asyncio.get_running_loop().call_later(seconds, give_up) if seconds else None
    try:
        await connection.send_packed_command(packed, check_health=False)
    except LOST:
        if not late:
            raise
    finally:
        connection.socket_timeout = seconds
        if timer is not None:
            timer.cancel()
    if late:
        raise redis.exceptions.TimeoutError("Timeout writing to socket")


async def _read_on(connection: Any, carried: list[Any], count: int) -> list[Any]:
    """Read replies; where the task is cancelled meanwhile, go on with them, for a while, before it ends."""

    async def read() -> None:
        while len(carried) < count:
            carried.append(await read_reply(connection, disconnect_on_error=False))

    try:
        await read()
    except asyncio.CancelledError:
        with suppress(asyncio.CancelledError):  # that it was cancelled again, or took too long
            await settle(read(), CARRY_SECONDS)
        raise
    return carried


async def read_reply(connection: Any, **options: bool) -> Any:
    """Read one reply, undecoded; an error reply is given, not raised."""
    try:
        return await connection.read_response(disable_decoding=True, **options)
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


async def take(pool: Any) -> Any:
    """Take a connection of a pool of redis-py; where the task is cancelled meanwhile, the pool has it back."""

    async def undo(connection: Any) -> None:
        await pool.release(connection)

    return await apart(pool.get_connection(), undo)


async def connect(connection: Any) -> None:
    """Connect, if need be."""
    if not connection.is_connected:
        await apart(connection.connect())


async def give_back(pool: Any, connection: Any) -> None:
    """Give a connection back to a pool of redis-py, which may wait for its turn, and loses what is cancelled there."""
    await settle(pool.release(connection))


async def apart(coroutine: Coroutine[Any, Any, T], undo: Callable[[T], Awaitable[None]] | None = None) -> T:
    """Await what redis-py does, in a task of its own, which is cancelled with this one: once, and waited for.

    redis-py waits with ``asyncio.wait_for``, which before Python 3.12 swallows a cancellation that comes when it is
    through; and what it does to put itself in order, another cancellation would break off.

    Args:
        coroutine: What is awaited.
        undo: Called with what came of it, where it came through though it was cancelled.
    """
    task = asyncio.ensure_future(coroutine)
    try:
        _ = await asyncio.wait([task])
    except asyncio.CancelledError:
        _ = task.cancel()
        await settle(_undo(task, undo))
        raise
    return task.result()


async def _undo(task: asyncio.Task[T], undo: Callable[[T], Awaitable[None]] | None) -> None:
    _ = await asyncio.wait([task])
    if not task.cancelled() and task.exception() is None and undo is not None:
        await undo(task.result())


async def settle(coroutine: Coroutine[Any, Any, T], seconds: float | None = None) -> T:
    """Carry something through, however often the task is cancelled meanwhile; then it is cancelled.

    Args:
        coroutine: What is to be done.
        seconds: Given up after so long, in which the loop was free to go on; ``None``: no limit.

    Raises:
        asyncio.CancelledError: The task was cancelled meanwhile, or the time was over.
    """
    task = asyncio.ensure_future(coroutine)
    _finishing.add(task)
    task.add_done_callback(_finishing.discard)
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle | None = None

    def count_down(tick: float, ticks: int) -> None:
        nonlocal timer
        if ticks:
            timer = loop.call_later(tick, count_down, tick, ticks - 1)
        else:
            _ = task.cancel()

    if seconds is not None:
        count_down(seconds / TICKS, TICKS)
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


async def within(coroutine: Coroutine[Any, Any, T], seconds: float) -> T:
    """Wait for something for so many seconds; then, or when the task is cancelled, it is cancelled.

    Raises:
        TimeoutError: asyncio's: the time was over.
    """
    # Rejected: wait_for(), which before Python 3.12 swallows a cancellation that comes when it is through.
    task = asyncio.ensure_future(coroutine)
    _finishing.add(task)
    task.add_done_callback(_finished)
    try:
        done, _ = await asyncio.wait([task], timeout=seconds)
    finally:
        _ = task.cancel()  # it ends by itself
    if not done:
        raise asyncio.TimeoutError
    return task.result()


def _finished(task: asyncio.Task[Any]) -> None:
    _finishing.discard(task)
    if not task.cancelled():
        _ = task.exception()  # seen


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
            await connect(connection)
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


def lifeline(own: dict[str, Any]) -> AsyncGenerator[None, None]:
    """Have connections closed when the running loop ends, or what is returned is held no more, whatever comes first."""
    line = _live(own)
    with suppress(StopIteration):
        line.__anext__().send(None)  # up to its yield: from now on the loop knows of it, and ends it
    return line


async def _live(own: dict[str, Any]) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        while own:
            own.popitem()[1].close()
