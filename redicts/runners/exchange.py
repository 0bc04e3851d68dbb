"""One exchange over one connection of redis-py: what is sent, what is read, and what is left of it when that fails.

May import redis, core and packing. Invariant: after an exchange either every reply was read, or the connection is
disconnected: no reply is ever taken for another's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import redis.exceptions

from redicts.core.effects import Command
from redicts.runners.packing import pack_commands

__all__ = ["LOST", "REFUSED", "Failed", "as_failed", "exchange", "read_reply"]

REFUSED: Final = (redis.exceptions.AuthenticationError, redis.exceptions.AuthorizationError)
"""What redis-py raises where the server does not let us in. (It counts them among lost connections.)"""

LOST: Final = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, OSError)
"""What redis-py raises for a connection that cannot be made or used."""


class Failed(Exception):
    """A try that failed in transport. ``sent``: whether the server may have seen the commands."""

    def __init__(self, error: Exception, sent: bool) -> None:
        super().__init__(error)
        self.error = error
        self.sent = sent

    @property
    def final(self) -> bool:
        """Whether trying again is of no use: the server hangs, or does not let us in."""
        return isinstance(self.error, (redis.exceptions.TimeoutError, *REFUSED))


def exchange(
    connection: Any, commands: Sequence[Command], timeout: float | None = None, as_it_is: bool = False
) -> list[Any]:
    """Send commands and read every reply; error replies stand among them.

    Args:
        connection: Of a pool, and connected.
        commands: What to send.
        timeout: Seconds to wait for each reply; ``None``: as the client says.
        as_it_is: Never on another connection, which redis-py makes by itself where this one is lost, or fails a health
            check: a watch would be missing there.

    Raises:
        Failed: The connection was lost. It has been disconnected.
    """
    if as_it_is and not connection.is_connected:
        raise Failed(redis.exceptions.ConnectionError("the connection that was kept is lost"), sent=False)
    sent = False
    try:
        packed = pack_commands(connection, commands)
        sent = True
        connection.send_packed_command(packed, check_health=not as_it_is)
        if timeout is None:
            return [read_reply(connection) for _ in commands]
        return [read_reply(connection, timeout=timeout) for _ in commands]
    except BaseException as error:
        connection.disconnect()
        failed = as_failed(error, sent, len(commands))
        if failed is None:
            raise
        raise failed from error


def as_failed(error: BaseException, sent: bool, count: int) -> Failed | None:
    """Tell what an error of a connection means for the commands; ``None``: it is no failure in transport.

    Args:
        error: What was raised while they were sent, or their replies read.
        sent: Whether the server may have seen them.
        count: How many there are.
    """
    if isinstance(error, REFUSED):
        return Failed(error, sent=False)
    if isinstance(error, redis.exceptions.BusyLoadingError):
        # A server that was through with loading between two commands has done the second.
        return Failed(error, sent=count > 1)
    if isinstance(error, LOST):
        return Failed(error, sent)
    return None


def read_reply(connection: Any, **options: Any) -> Any:
    """Read one reply, undecoded; an error reply is given, not raised."""
    try:
        return connection.read_response(disable_decoding=True, **options)
    except redis.exceptions.ResponseError as error:
        return error
