"""Which database a client leads to, found out without asking the server.

May import redis, guard (the name of a socket) and errors. Invariants: clients with equal identities lead to the same
database; nothing does I/O.
"""

from __future__ import annotations

import os
from typing import Any, Final

import redis
import redis.asyncio

from redicts.errors import ConfigError
from redicts.pool.guard import SERVER_SOCKET

__all__ = [
    "Client",
    "Identity",
    "address_of",
    "check_any_client",
    "check_async_client",
    "check_client",
    "identity_of",
]

Client = redis.Redis | redis.asyncio.Redis
Identity = tuple[object, ...]

_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def check_client(client: object, what: str) -> redis.Redis:
    """Check that a user's client is one for the synchronous face.

    Args:
        client: What was given.
        what: What it was given as.

    Raises:
        ConfigError: It is no synchronous redis-py client of one server.
    """
    if isinstance(client, redis.Redis):
        return client
    raise _refused(client, what, "redis.Redis", "an asyncio client belongs to redicts.aio")


def check_async_client(client: object, what: str) -> redis.asyncio.Redis:
    """Check that a user's client is one for the asyncio face.

    Args:
        client: What was given.
        what: What it was given as.

    Raises:
        ConfigError: It is no asyncio client of redis-py for one server.
    """
    if isinstance(client, redis.asyncio.Redis):
        return client
    hint = "a synchronous client belongs to redicts.Proxy; aio needs redis.asyncio.Redis"
    raise _refused(client, what, "redis.asyncio.Redis", hint)


def check_any_client(client: object, what: str) -> Client:
    """Check that a user's client is one for either face.

    Args:
        client: What was given.
        what: What it was given as.

    Raises:
        ConfigError: It is no redis-py client of one server.
    """
    return client if isinstance(client, redis.asyncio.Redis) else check_client(client, what)


def _refused(client: object, what: str, wanted: str, way: str) -> ConfigError:
    kind = f"{type(client).__module__}.{type(client).__qualname__}"
    hint = f"; {way}" if isinstance(client, (redis.Redis, redis.asyncio.Redis)) else ""
    if hint and what.startswith("names"):
        hint += "; a URL, or the number of a database, serves both"
    return ConfigError(f"{what} must be a {wanted} client, not a {kind}{hint}", key=what)


def identity_of(client: Client) -> Identity:
    """Find what two clients have in common exactly when they lead to the same database.

    The names of this machine count as one. Any other host goes by its name: asking for its address would be I/O.

    Example:
        >>> identity_of(redis.Redis(host="127.0.0.1", db=2))
        ('tcp', 'localhost', 6379, 2)
    """
    pool: Any = client.connection_pool
    options: dict[str, Any] = pool.connection_kwargs
    database = int(options.get("db") or 0)
    if _is_fake(pool):
        server = options.get("server")
        if server is not None:
            return ("fake", id(server), database)
        place = options.get("path") or (options.get("host"), options.get("port"))
        return ("fake", place, str(options.get("version")), options.get("server_type"), database)
    if hasattr(pool, "service_name"):  # Sentinel: the address changes, the service does not
        return ("sentinel", pool.service_name, id(pool.sentinel_manager), database)
    embedded = getattr(pool.connection_class, "embedded", None)
    if embedded is not None:  # its socket may lie elsewhere, and is known only when it runs
        return ("unix", str(embedded.directory / SERVER_SOCKET), database)
    if "path" in options:
        return ("unix", os.path.realpath(options["path"]), database)
    host = str(options.get("host", "localhost")).lower()
    return ("tcp", "localhost" if host in _THIS_MACHINE else host, int(options.get("port", 6379)), database)


def address_of(client: Client) -> str:
    """Say where a client leads, for messages: ``localhost:6379/0``, ``/run/x.sock, database 0``, ``fake``."""
    kind, *place, database = identity_of(client)
    if kind == "fake":
        return f"fake, database {database}" if database else "fake"
    if kind == "sentinel":
        return f"sentinel service {place[0]}, database {database}"
    options = client.connection_pool.connection_kwargs
    if kind == "unix":
        return f"{options.get('path') or place[0]}, database {database}"
    host = str(options.get("host", "localhost"))
    return f"{f'[{host}]' if ':' in host else host}:{place[1]}/{database}"


def _is_fake(pool: Any) -> bool:
    # By the name of the module: importing fakeredis here would make every user pay for it.
    kinds = getattr(pool.connection_class, "__mro__", (pool.connection_class,))  # a function may stand for a class
    return any(kind.__module__.partition(".")[0] == "fakeredis" for kind in kinds)
