"""One store for one test: a client, a namespace of its own, and a clock that can be moved on.

The ``backend`` fixture gives one of these over fakeredis, Valkey and Redis. Nothing here flushes anything: what a test
leaves behind is found by its namespace and deleted.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

import fakeredis
import redis

from tests.support.servers import Server

if TYPE_CHECKING:
    from redicts.pool.database import Database
    from tests.support.faces.plain import Face

__all__ = ["FACES", "VARIANTS", "Backend", "fake_backend", "server_backend"]

#: Parameters of the ``backend`` fixture: the kind of store and the protocol version spoken to it.
VARIANTS = ("fake", "valkey-resp2", "valkey-resp3", "redis-resp2", "redis-resp3")

#: The faces of redicts that a test may work through: the module of each, and its class.
FACES = {
    "sync": ("plain", "Face"),
    "asyncio": ("awaited", "AwaitedFace"),
    "queued": ("piped", "PipedFace"),
}


@dataclass
class Backend:
    """Where one test keeps its tree.

    Attributes:
        name: One of ``VARIANTS``, for what has to differ.
        client: A redis-py client, closed after the test.
        server: The server behind it; ``None`` for fakeredis. It serves other tests too: do not stop it.
        namespace: The test's own; all its keys begin with it and a colon.
        through: The face that ``face`` is of: one of ``FACES``.
    """

    name: str
    client: redis.Redis
    server: Server | None
    namespace: str = field(default_factory=lambda: f"t_{uuid.uuid4().hex[:12]}")
    through: str = "sync"
    _database: Database | None = field(default=None, repr=False)
    _face: Face | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.through != "sync":
            _ = self.face  # before threads ask for it

    @property
    def real(self) -> bool:
        """Whether a server is behind it, not fakeredis."""
        return self.server is not None

    @property
    def database(self) -> Database:
        """What a Proxy works on: this client with this namespace."""
        if self._database is None:
            from redicts.pool.database import Database

            self._database = Database.of_client(self.client, namespace=self.namespace)
        return self._database

    @property
    def face(self) -> Face:
        """Makes places and locks here."""
        if self._face is None:
            module, name = FACES[self.through]
            kind: type[Face] = getattr(import_module(f"tests.support.faces.{module}"), name)
            protocol = int(self.name[-1]) if self.name in VARIANTS[1:] else 3
            self._face = kind(self.client, self.server, protocol, self.namespace)
        return self._face

    def keys(self) -> list[str]:
        """Return all keys of the namespace, sorted."""
        found = self.client.scan_iter(match=f"{self.namespace}:*", count=1000)
        return sorted({key.decode() for key in found})

    def clear(self) -> None:
        """Delete all keys of the namespace (between the examples of a Hypothesis test, say)."""
        if keys := self.keys():
            self.client.delete(*keys)

    def advance(self, seconds: float) -> None:
        """Move the clock of expiry on: every key with a time to live loses so much of it, or is deleted.

        Deadlines are moved, not recomputed from what is left, so keys that expire together still do. Deadlines that
        are kept as data (the scores of lock entries) stay.
        """
        step_ms = round(seconds * 1000)
        for key in self.keys():
            deadline_ms = self.client.pexpiretime(key)
            if deadline_ms > 0:
                self.client.pexpireat(key, max(1, deadline_ms - step_ms))  # a deadline in the past deletes

    def close(self) -> None:
        """Delete what the test left and close the client."""
        if self._face is not None:
            self._face.close()
        self.clear()
        self.client.close()


def fake_backend(through: str = "sync") -> Backend:
    """A store in memory that nobody else sees."""
    return Backend("fake", fakeredis.FakeRedis(server=fakeredis.FakeServer()), None, through=through)


def server_backend(server: Server, protocol: int, through: str = "sync") -> Backend:
    """A namespace on a running server."""
    name = f"{server.kind}-resp{protocol}"
    return Backend(name, server.client(protocol=protocol), server, through=through)
