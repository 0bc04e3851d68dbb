"""A connection over a Unix socket, for asyncio.

May import redis. Invariant: where a connection cannot be made, the error is the one that says why.
"""

from __future__ import annotations

import asyncio

import redis.asyncio
from redis.asyncio.connection import async_timeout  # type: ignore[attr-defined]  # asyncio.timeout, from Python 3.11 on

__all__ = ["AsyncUnixConnection"]


class AsyncUnixConnection(redis.asyncio.UnixDomainSocketConnection):
    """One that greets the server once.

    redis-py's does so twice, here and again after this: two more round trips; and where the server does not let us in,
    the first time looks like a lost connection, which would be tried again.
    """

    async def _connect(self) -> None:
        async with async_timeout(self.socket_connect_timeout):  # not wait_for, which may lose a cancellation
            self._reader, self._writer = await asyncio.open_unix_connection(path=self.path)
