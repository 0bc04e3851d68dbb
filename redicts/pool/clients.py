"""The clients made from one configuration, each when it is first asked for.

May import redis and the backends. Invariant: what was made here is closed here, and a user's own client never.
"""

from __future__ import annotations

import redis

from redicts.pool.config import Config, ReadyClient
from redicts.pool.database import Database
from redicts.pool.embedded import Embedded
from redicts.pool.fake import Fakes
from redicts.pool.identity import check_client
from redicts.pool.server import open_client, retire

__all__ = ["Clients"]


class Clients:
    """The databases of one configuration.

    Args:
        config: The configuration.
        fake: Whether to make fakes of all of them.

    Attributes:
        databases: Those that are open, by name. Replaced by an empty dict in a forked process.

    Raises:
        ConfigError: A ready client in it cannot be used, or fakeredis is not installed.
    """

    def __init__(self, config: Config, *, fake: bool) -> None:
        for name, target in config.names.items():
            if isinstance(target, ReadyClient):
                _ = check_client(target.client, f"names[{name!r}]")
        self.config = config
        self.databases: dict[str | None, Database] = {}
        self._fakes = Fakes() if fake else None
        self._embedded: dict[str, Embedded] = {}

    def open(self, db_name: str | None) -> Database:
        """Return the database of a name; opened the first time.

        Raises:
            ConfigError: There is no such name, or it cannot be opened.
        """
        target = self.config.named(db_name)
        if db_name in self.databases:
            return self.databases[db_name]
        address = None if self._fakes is not None or isinstance(target, ReadyClient) else target.address
        database = Database(
            self._client(target),
            namespace=target.namespace,
            name=db_name,
            address=address,
            lock_renew=target.lock_renew,
        )
        self.databases[db_name] = database
        return database

    def _client(self, target: Config | ReadyClient) -> redis.Redis:
        if self._fakes is not None:
            return self._fakes.open_client(target, self.config)
        if isinstance(target, ReadyClient):
            return check_client(target.client, "client")
        if target.embedded is None:
            return open_client(target)
        server = self._embedded.setdefault(target.embedded, Embedded(target.embedded))
        return server.open_client(target)

    def close(self) -> None:
        """Close all that was made here. Operations that other threads have under way come to their end."""
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
