"""The synchronous face, and what the others give a test too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import fakeredis
import redis

from redicts import Lock, Proxy
from redicts.core.paths import PathLike
from redicts.locks.owners import current, current_holdings
from redicts.pool.database import Database
from tests.support.servers import Server

__all__ = ["Face"]

T = TypeVar("T")


class Face:
    """Makes places and locks in one database of one server.

    Args:
        client: A synchronous client of the database.
        server: Its server; ``None``: it is a fake.
        protocol: The version that is spoken.
        namespace: Where places and locks are, unless something else is said.

    Attributes:
        who: What messages call who is running.
    """

    who = "this thread"
    _kind: Any = Database

    def __init__(self, client: redis.Redis, server: Server | None, protocol: int, namespace: str) -> None:
        self._client = client
        self._server = server
        self._protocol = protocol
        self._namespace = namespace
        self._made: list[Any] = []
        self._databases: dict[int, Any] = {}

    @property
    def client(self) -> Any:
        """The client that places and locks use."""
        return self._client

    def database(self, client: Any = None, namespace: str | None = None) -> Any:
        """A database for places of this face."""
        made = self._kind.of_client(client or self.client, namespace or self._namespace)
        self._databases[id(made)] = made  # what is known of a server is forgotten with the last that holds it
        return made

    def another_client(self, **options: Any) -> Any:
        """One more client of the database (or of another of its server: ``db=``), closed with this."""
        self._made.append(self._connect(**options))
        return self._made[-1]

    def place(self, path: PathLike = (), *, namespace: str | None = None, client: Any = None, **options: Any) -> Proxy:
        """A place."""
        made = Proxy(path, **options)
        if "db_name" not in options:
            made._database = self.database(client, namespace)
        return made

    def lock(
        self, path: PathLike, *args: Any, client: Any = None, namespace: str | None = None, **options: Any
    ) -> Lock:
        """A lock by itself."""
        return Lock(client or self.client, path, *args, namespace=namespace or self._namespace, **options)

    def call(self, function: Callable[[], T]) -> T:
        """Call a function as who does what this thread has done."""
        return function()

    def holds(self) -> tuple[Any, ...]:
        """What is acquired and not released, by who does what this thread has done."""
        return self.call(current_holdings)

    def owner(self) -> str:
        """The name of who that is."""
        return self.call(current).owner

    def idle(self) -> None:
        """Close the connections that redicts made for itself; an error where one of the client's is not back."""
        pool: Any = self.client.connection_pool
        assert not pool._in_use_connections
        self.database().runner.close()

    def close(self) -> None:
        """Close what was made, but the client that was given."""
        for each in self._made:
            each.close()

    def _connect(self, **options: Any) -> Any:
        if self._server is None:
            return fakeredis.FakeRedis(server=self._client.connection_pool.connection_kwargs["server"], **options)
        return self._server.client(**{"protocol": self._protocol, **options})
