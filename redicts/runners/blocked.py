"""A blocking command that is under way while its operation does something else.

May import redis, core and exchange. Invariant: an element that the server popped for it is given to the operation, or
the connection is closed: it is never given to another.
"""

from __future__ import annotations

import time
from typing import Any, Final, NoReturn

import redis.exceptions

from redicts.core.effects import WAITING, Command, Waiting
from redicts.runners.exchange import as_failed, read_reply
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

    Raises:
        Failed: The connection was lost.
    """

    __slots__ = ("_connection", "_end", "_pool", "args", "client_id")

    def __init__(self, pool: Any, connection: Any, args: Command, wait: float, label: str) -> None:
        self._pool = pool
        self._connection: Any = connection
        self._end = time.monotonic() + wait + BLOCK_MARGIN
        self.args = args
        self.client_id: str | None = None
        asked: list[Command] = [("CLIENT", "ID"), ("CLIENT", "SETNAME", label), (*args, str(wait))]
        try:
            connection.send_packed_command(pack_commands(connection, asked))
            client_id, _ = [read_reply(connection) for _ in asked[1:]]  # an error where they are not allowed
        except BaseException as error:  # noqa: BLE001  # it is raised again
            self._raise(error)
        self.client_id = str(client_id) if isinstance(client_id, int) else None

    def reply(self, patience: float) -> Any:
        """Wait for the reply.

        Args:
            patience: For how many seconds at most.

        Returns:
            The raw reply, or ``WAITING``. After a reply this object is of no more use.

        Raises:
            Failed: The connection was lost, or the server hangs.
        """
        try:
            if not self._connection.can_read(timeout=patience):
                return self._late()
        except redis.exceptions.ConnectionError as error:
            self._raise(error)
        try:
            reply = read_reply(self._connection, timeout=BLOCK_MARGIN)
        except BaseException as error:  # noqa: BLE001  # it is raised again
            self._raise(error)
        connection, self._connection = self._connection, None
        self._pool.release(connection)
        return reply

    def drop(self) -> None:
        """Close the connection. What the server popped for it just now is lost."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.disconnect()
            self._pool.release(connection)

    def _late(self) -> Waiting:
        if time.monotonic() > self._end:
            self._raise(redis.exceptions.TimeoutError("no reply to a blocking command"))
        return WAITING

    def _raise(self, error: BaseException) -> NoReturn:
        self.drop()
        failed = as_failed(error, True, 1)
        if failed is None:
            raise error
        raise failed from error
