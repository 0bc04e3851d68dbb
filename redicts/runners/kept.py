"""What an operation keeps of connections from one of its steps to another, and how it is given back.

May import exchange and blocked.
"""

from __future__ import annotations

from typing import Any

from redicts.runners.blocked import Blocked
from redicts.runners.exchange import Failed, exchange

__all__ = ["Kept"]


class Kept:
    """What an operation keeps from one of its steps to another.

    Attributes:
        connection: That of a ``Watch``, until its ``Commit``.
        pool: Where it goes then.
        watching: Whether there is a watch on it.
        blocked: The blocking command that is under way.
    """

    __slots__ = ("blocked", "connection", "pool", "watching")

    def __init__(self, pool: Any) -> None:
        self.pool = pool
        self.connection: Any = None
        self.watching = False
        self.blocked: Blocked | None = None

    def take(self, connection: Any) -> None:
        """Keep a connection, on which a watch is about to be set."""
        self.connection = connection
        self.watching = True

    def close(self) -> None:
        """Give everything back, at the end of the operation."""
        blocked, self.blocked = self.blocked, None
        if blocked is not None:
            blocked.drop()
        self.release()

    def release(self) -> None:
        """Give the connection of the watch back, without a watch on it."""
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
