"""Connections to the private server of a directory, for asyncio.

May import redis, config, embedded, server and unix_aio. Invariant: the server is started, or joined, by the first
connection, and never in the thread of the event loop.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

import redis.asyncio
import redis.exceptions

from redicts.pool.config import Config
from redicts.pool.embedded import Embedded
from redicts.pool.server import make_async_client
from redicts.pool.unix_aio import AsyncUnixConnection

__all__ = ["open_async_client"]


def open_async_client(server: Embedded, config: Config) -> redis.asyncio.Redis:
    """Make an asyncio client. The server is started, or joined, when it is first used."""
    connections = type("AsyncEmbeddedConnection", (AsyncEmbeddedConnection,), {"embedded": server})
    return make_async_client(config, connections, {})


class AsyncEmbeddedConnection(AsyncUnixConnection):
    """As ``EmbeddedConnection``. It also starts the server; all of that in a thread, for it takes its time."""

    embedded: ClassVar[Embedded]

    async def _connect(self) -> None:
        first = not self.embedded.socket
        if not first:
            self.path = self.embedded.socket
            try:
                return await super()._connect()
            except (FileNotFoundError, ConnectionRefusedError):
                pass
        self.embedded.check_open()
        patience = None if first else self.socket_timeout  # as in the synchronous face
        try:
            self.path = await asyncio.get_running_loop().run_in_executor(None, self.embedded.connect, patience)
        except TimeoutError as error:  # of which redis-py keeps nothing; any other error it keeps as a cause
            raise redis.exceptions.ConnectionError(str(error)) from error
        return await super()._connect()
