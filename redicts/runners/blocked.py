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
    """A blocking command that was sent.

    Args:
        pool: Where the connection comes from, and goes when the reply was read.
        connection: Of that pool; taken over.
        args: The command without its timeout.
        wait: Its timeout, in seconds.
        label: What the connection is called meanwhile.

    Attributes:
        args: As above.
        client_id: By what number the server knows the connection; ``None`` where it does not say.

    ``Failed`` is raised where the connection was lost.
    """

    __slots__ = ("_connection", "_end", "_pool", "args", "client_id")

    def __init__(self, pool: Any, connection: Any, args: Command, wait: float, label: str) -> None:
        self._pool = pool
        self._connection: Any = connection
        self._end = time.monotonic() + wait + BLOCK_MARGIN
        self.args = args
        self.client_id: str | None = None
        asked: list[Command] = [("CLIENT", "ID"), ("CLIENT", "SETNAME", label), (*args, str(wait))]
        with self._closing():
            connection.send_packed_command(pack_commands(connection, asked))
            client_id, _ = [read_reply(connection) for _ in asked[1:]]  # an error where they are not allowed
        self.client_id = str(client_id) if isinstance(client_id, int) else None

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
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.disconnect()
            self._pool.release(connection)

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
