"""A blocking command that is under way while its operation does something else.

May import redis, core and exchange. Invariant: an element that the server popped for it is given to the operation, or
the connection is closed: it is never given to another.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

import redis.exceptions

from redicts.core.effects import WAITING, Command
from redicts.runners.exchange import LOST, Failed, as_failed, read_reply
from redicts.runners.packing import pack_commands

__all__ = ["BLOCK_MARGIN", "Blocked"]

BLOCK_MARGIN: Final = 5.0
"""Seconds that a blocking command's reply may be late before the connection counts as lost."""


class Blocked:
    """A blocking command, and the connection it was sent on.

    Args:
        pool: Where the connection comes from, and goes when the reply was read.
        args: The command without its timeout.
        wait: Its timeout, in seconds.

    Attributes:
        args: As above.
        client_id: By what number the server knows the connection; ``None`` where it does not say.
    """

    __slots__ = ("_connection", "_end", "_pool", "_wait", "args", "client_id")

    def __init__(self, pool: Any, args: Command, wait: float) -> None:
        self._pool = pool
        self._wait = wait
        self._end = time.monotonic() + wait + BLOCK_MARGIN
        self._connection: Any = None
        self.args = args
        self.client_id: str | None = None

    def begin(self, connection: Any, label: str) -> None:
        """Send it.

        Args:
            connection: Of the pool; taken over.
            label: What it is called meanwhile.

        ``Failed`` is raised where the connection was lost.
        """
        self._connection = connection
        asked: list[Command] = [("CLIENT", "ID"), ("CLIENT", "SETNAME", label), (*self.args, str(self._wait))]
        with self._closing():
            connection.send_packed_command(pack_commands(connection, asked))
            client_id, _ = [read_reply(connection) for _ in asked[1:]]  # an error where they are not allowed
        self.client_id = str(client_id) if isinstance(client_id, int) else None

    @property
    def under_way(self) -> bool:
        """Whether it was sent, and its reply not read."""
        return self._connection is not None

    def reply(self, patience: float | None) -> Any:
        """Wait for the reply.

        Args:
            patience: For how many seconds at most; ``None``: until it comes.

        Returns:
            The raw reply, or ``WAITING``. After a reply this object is of no more use.

        ``Failed`` is raised where the connection was lost, or the server hangs.
        """
        try:
            left = max(0.0, self._end - time.monotonic())
            ready = self._connection.can_read(timeout=left if patience is None else patience)
            if not ready and (patience is None or time.monotonic() > self._end):
                raise redis.exceptions.TimeoutError("no reply to a blocking command")
        except LOST as error:  # and no other: an interrupt leaves the command under way
            self.drop()
            raise Failed(error, sent=True) from error
        if not ready:
            return WAITING
        with self._closing():
            reply = read_reply(self._connection, timeout=BLOCK_MARGIN)
        connection, self._connection = self._connection, None
        self._pool.release(connection)
        return reply

    def drop(self) -> None:
        """Close the connection. What the server popped for it just now is lost."""
        connection = self._connection
        if connection is not None:
            connection.disconnect()  # first: an interrupt may come at any time
            self._connection = None
            self._pool.release(connection)

    def __del__(self) -> None:
        """Close the connection where an interrupt came just when it was to be closed, and nobody has it any more."""
        self.drop()

    @contextmanager
    def _closing(self) -> Generator[None, None, None]:
        """Close the connection where what is done on it fails, or is interrupted."""
        try:
            yield
        except BaseException as error:
            self.drop()
            failed = as_failed(error, sent=True, count=1)
            if failed is None:
                raise
            raise failed from error
