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

__all__ = ["LOST", "REFUSED", "Failed", "Kept", "exchange"]

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


class Kept:
    """The connection that an operation keeps from a ``Watch`` to its ``Commit``."""

    __slots__ = ("connection", "pool", "watching")

    def __init__(self, pool: Any) -> None:
        self.pool = pool
        self.connection: Any = None
        self.watching = False

    def take(self, connection: Any) -> None:
        """Keep a connection, on which a watch is about to be set."""
        self.connection = connection
        self.watching = True

    def release(self) -> None:
        """Give the connection back, without a watch on it."""
        connection, self.connection = self.connection, None
        if connection is None:
            return
        try:
            if self.watching and connection.is_connected:
                self.watching = False
                _ = exchange(connection, [("UNWATCH",)])
        except Failed:
            pass  # it is disconnected, and so is the watch
        finally:
            self.pool.release(connection)


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
            return [_read(connection) for _ in commands]
        return [_read(connection, timeout=timeout) for _ in commands]
    except REFUSED as error:
        connection.disconnect()
        raise Failed(error, sent=False) from error
    except redis.exceptions.BusyLoadingError as error:
        connection.disconnect()
        # A server that was through with loading between two commands has done the second.
        raise Failed(error, sent=len(commands) > 1) from error
    except LOST as error:
        connection.disconnect()
        raise Failed(error, sent) from error
    except BaseException:
        connection.disconnect()
        raise


def _read(connection: Any, **options: Any) -> Any:
    try:
        return connection.read_response(disable_decoding=True, **options)
    except redis.exceptions.ResponseError as error:
        return error
