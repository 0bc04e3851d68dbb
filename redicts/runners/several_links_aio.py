"""The connection to one of several masters, over which is asked without waiting for the reply: for asyncio.

May import redis, core and what the synchronous links use. All tasks of a loop share it: what is asked is sent at once,
and the replies come in that order. A task of its own reads them while any is owed, and makes the connection before. So
a master that hangs gets what it is asked in order when it goes on.

Invariants: those of the synchronous links; who asks may be gone when the reply comes, which is read all the same; what
is asked never waits for anything.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import redis.exceptions
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from redicts.core.effects import Call, Command, Eval
from redicts.errors import ConnectionLost
from redicts.runners.aio_exchange import drop, read_reply
from redicts.runners.exchange import as_failed
from redicts.runners.packing import command_of, pack_commands
from redicts.runners.several_links import CONNECT_SECONDS, OWED_SECONDS
from redicts.runners.version import check_version_async

__all__ = ["AsyncLink"]

Came = Callable[[Any], None]
"""Told the raw reply, or the exception in place of it. It must not raise."""


class _Asked:
    """What was asked.

    Args:
        command: As it is sent.
        came: Who is told.
        wanted: Whether anybody still waits for it.
        when: On the loop's clock.
    """

    __slots__ = ("came", "command", "wanted", "when")

    def __init__(self, command: Command, came: Came, wanted: Callable[[], bool], when: float) -> None:
        self.command = command
        self.came = came
        self.wanted = wanted
        self.when = when


class AsyncLink:
    """The connection to one master, made again where it is lost.

    Args:
        pool: Whose connections it is like.
        address: What the server is called in errors.

    Attributes:
        address: As above.
        line: Stands for the connection there is: another after it was lost.
    """

    def __init__(self, pool: Any, address: str) -> None:
        self.address = address
        self.line = object()
        self._class = pool.connection_class
        self._options = {
            **pool.connection_kwargs,
            "maint_notifications_config": MaintNotificationsConfig(enabled=False),
            "retry": Retry(NoBackoff(), 0),
        }
        self._connection: Any = None
        self._owed: deque[_Asked] = deque()
        self._known: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._loop: Any = None
        self._timer: Any = None
        self._ended = ""
        self._checked = self._closed = False

    @property
    def owes(self) -> int:
        """How many replies have not come."""
        return len(self._owed)

    def ask(
        self, effect: Call | Eval, came: Came, wanted: Callable[[], bool], patience: float, whole: bool = False
    ) -> bool:
        """Send what is asked, or have it sent when there is a connection.

        Args:
            effect: A command, or a script: by its SHA where the server was given it over this connection.
            came: Is told the reply, though nobody may wait for it any more.
            wanted: Tells whether anybody does.
            patience: Seconds that each step of connecting may take.
            whole: The script's text in any case.

        Returns:
            Whether there was a connection: it may turn out to be lost.
        """
        if isinstance(effect, Eval):
            sha = effect.script.sha
            whole = whole or sha not in self._known
            self._known.add(sha)
        asked = _Asked(command_of(effect, whole=whole), came, wanted, self._loop.time())
        self._owed.append(asked)
        if self._connection is not None:
            _send(self._connection, [asked])
        if self._task is None:
            self._task = self._loop.create_task(self._work(patience), name=f"redicts: replies of {self.address}")
        return self._connection is not None

    def freshen(self) -> None:
        """Let go of a connection that was lost while nobody used it. To be called before anything is asked."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._connection, self._task = loop, None, None  # what there was has gone with its loop
            self._renew()
        elif self._connection is not None and self._task is None and _is_lost(self._connection):
            self._drop()
            self._renew()

    def close(self) -> None:
        """Close it, as soon as nobody waits for what is owed. What was sent is carried out all the same."""
        self._closed = True
        if self._task is None:
            self._drop()
        elif not any(asked.wanted() for asked in self._owed):
            self._ended = "it was closed"
            _ = self._task.cancel()

    def _renew(self) -> None:
        """Know nothing of the connection that comes."""
        self.line = object()
        self._owed = deque()
        self._known.clear()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            drop(connection)

    async def _work(self, patience: float) -> None:
        """Connect, if need be, and read replies until none is owed."""
        self._timer = self._loop.call_later(OWED_SECONDS, self._look)
        owed = self._owed
        try:
            if self._connection is None:
                await self._connect(patience)
            connection = self._connection
            while owed:
                reply = await read_reply(connection, disconnect_on_error=False)
                owed.popleft().came(reply)
        except asyncio.CancelledError:
            ended, self._ended = self._ended, ""
            if ended:
                self._lose(redis.exceptions.TimeoutError(ended))
                return
            # Who waits is told what it does not try again: the loop ends.
            self._lose(ConnectionLost("the event loop ends", address=self.address))
            raise
        except Exception as error:  # noqa: BLE001  # told to all who wait
            self._lose(error)
        else:
            self._end()
            if self._closed:
                self._drop()

    def _end(self) -> None:
        """Note that the task is through."""
        self._task = None
        self._timer.cancel()

    def _lose(self, error: Exception) -> None:
        """Let go of the connection, and tell all who wait."""
        self._end()
        owed, connected = self._owed, self._connection is not None
        self._drop()
        self._renew()
        failed = as_failed(error, sent=connected, count=1) or error
        for asked in owed:
            asked.came(failed)

    def _look(self) -> None:
        """Give up a connection that has owed a reply for too long."""
        if self._task is None or not self._owed:
            return
        left = self._owed[0].when + OWED_SECONDS - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._ended = "no reply for long"
            _ = self._task.cancel()

    async def _connect(self, patience: float) -> None:
        seconds = min(max(patience, 0.001), CONNECT_SECONDS)
        timeouts = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
        connection = self._class(**{**self._options, **timeouts})
        try:
            await connection.connect()
            if not self._checked:
                await check_version_async(connection, self.address)
                self._checked = True
            connection.socket_timeout = None  # those who ask have their own patience
        except BaseException:
            drop(connection)
            raise
        self._connection = connection
        _send(connection, self._owed)


def _send(connection: Any, asked: Iterable[_Asked]) -> None:
    """Send without waiting: little enough is owed that it fits into the buffers on the way."""
    connection._writer.writelines(pack_commands(connection, [each.command for each in asked]))


def _is_lost(connection: Any) -> bool:
    """Tell whether an idle connection was closed by the server, in order or not."""
    reader = connection._reader
    if not connection.is_connected or reader is None or reader.at_eof():
        return True
    return hasattr(reader, "exception") and reader.exception() is not None  # a fake's has no such thing
