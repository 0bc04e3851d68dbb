"""The clients made from one configuration, each when it is first asked for.

May import redis and the backends. Invariant: what was made here is closed here, and a user's own client never.
"""

from __future__ import annotations

from asyncio import _get_running_loop  # None where none runs; get_running_loop would raise
from typing import Any

import redis
import redis.asyncio

from redicts.pool.config import Config, ReadyClient
from redicts.pool.database import AsyncDatabase, Database
from redicts.pool.embedded import Embedded
from redicts.pool.fake import Fakes
from redicts.pool.identity import check_any_client, check_async_client, check_client
from redicts.pool.loops import Loops
from redicts.pool.server import open_async_client, open_client, retire

__all__ = ["Clients"]


class Clients:
    """The databases of one configuration.

    Args:
        config: The configuration.
        fake: Whether to make fakes of all of them.

    Attributes:
        databases: Those that are open, by name. Replaced by an empty dict in a forked process.
        loops: Those of the asyncio face.

    Raises:
        ConfigError: A ready client in it cannot be used, or fakeredis is not installed.
    """

    def __init__(self, config: Config, *, fake: bool) -> None:
        for name, target in config.names.items():
            if isinstance(target, ReadyClient):
                _ = check_any_client(target.client, f"names[{name!r}]")
        self.config = config
        self.databases: dict[str | None, Database] = {}
        self.loops = Loops()
        self._fakes = Fakes() if fake else None
        self._embedded: dict[str, Embedded] = {}

    @property
    def unused(self) -> bool:
        """Whether nothing was opened yet."""
        return not self.databases and not self.loops.databases

    def open(self, db_name: str | None) -> Database:
        """Return the database of a name; opened the first time.

        Raises:
            ConfigError: There is no such name, or it cannot be opened.
        """
        target = self.config.named(db_name)
        if db_name in self.databases:
            return self.databases[db_name]
        database = Database(self._client(target, db_name), **self._described(target, db_name))
        self.databases[db_name] = database
        return database

    def open_async(self, db_name: str | None) -> AsyncDatabase | None:
        """Return the database of a name for the running event loop, if there is one; opened the first time.

        Returns:
            The database; ``None``: this was closed.

        Raises:
            ConfigError: There is no such name, or it cannot be opened.
        """
        target = self.config.named(db_name)

        def make() -> AsyncDatabase:
            return AsyncDatabase(self._async_client(target, db_name), **self._described(target, db_name))

        return self.loops.open(_get_running_loop(), db_name, make)

    def _described(self, target: Config | ReadyClient, db_name: str | None) -> dict[str, Any]:
        """Say what a database is made with besides its client."""
        return {
            "namespace": target.namespace,
            "name": db_name,
            "address": None if self._fakes is not None or isinstance(target, ReadyClient) else target.address,
            "lock_renew": target.lock_renew,
        }

    def _client(self, target: Config | ReadyClient, db_name: str | None) -> redis.Redis:
        if self._fakes is not None:
            return self._fakes.open_client(target, self.config)
        if isinstance(target, ReadyClient):
            return check_client(target.client, f"names[{db_name!r}]")
        if target.embedded is None:
            return open_client(target)
        return self._server(target.embedded).open_client(target)

    def _async_client(self, target: Config | ReadyClient, db_name: str | None) -> redis.asyncio.Redis:
        if self._fakes is not None:
            return self._fakes.open_async_client(target, self.config)
        if isinstance(target, ReadyClient):
            return check_async_client(target.client, f"names[{db_name!r}]")
        if target.embedded is None:
            return open_async_client(target)
        from redicts.pool import embedded_aio

        return embedded_aio.open_async_client(self._server(target.embedded), target)

    def _server(self, directory: str) -> Embedded:
        return self._embedded.setdefault(directory, Embedded(directory))  # one, also of two threads that come at once

    def close(self) -> None:
        """Close all that was made here. Operations that are under way elsewhere come to their end.

        What belongs to an event loop is closed by that loop, soon.
        """
        self.loops.close()
        ready = [target.client for target in self.config.names.values() if isinstance(target, ReadyClient)]
        for database in self.databases.values():
            database.runner.close()
            if not any(database.client is client for client in ready):
                retire(database.client)
        for server in self._embedded.values():
            server.close()

    def after_fork(self, *, child: bool) -> None:
        """Make this safe to use in both processes. The child makes clients of its own; fakes keep their data."""
        for server in self._embedded.values():
            server.after_fork()
        if child:
            self.databases = {}
            self.loops.after_fork()
