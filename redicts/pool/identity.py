"""Which database a client leads to, found out without asking the server.

May import redis and errors. Invariants: clients with equal identities lead to the same database; nothing does I/O.
"""

from __future__ import annotations

import os
from typing import Any, Final

import redis

from redicts.errors import ConfigError

__all__ = ["Identity", "address_of", "check_client", "identity_of"]

Identity = tuple[object, ...]

_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def check_client(client: object, what: str) -> redis.Redis:
    """Check that a user's client is one that can be used.

    Args:
        client: What was given.
        what: What it was given as.

    Raises:
        ConfigError: It is no synchronous redis-py client of one server.
    """
    if isinstance(client, redis.Redis):
        return client
    kind = f"{type(client).__module__}.{type(client).__qualname__}"
    hint = "; an asyncio client belongs to redicts.aio" if "asyncio" in kind else ""
    raise ConfigError(f"{what} must be a redis.Redis client, not a {kind}{hint}", key=what)


def identity_of(client: redis.Redis) -> Identity:
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
    if "path" in options:
        return ("unix", os.path.realpath(options["path"]), database)
    host = str(options.get("host", "localhost")).lower()
    return ("tcp", "localhost" if host in _THIS_MACHINE else host, int(options.get("port", 6379)), database)


def address_of(client: redis.Redis) -> str:
    """Say where a client leads, for messages: ``localhost:6379/0``, ``/run/x.sock, database 0``, ``fake``."""
    kind, *place, database = identity_of(client)
    if kind == "fake":
        return f"fake, database {database}" if database else "fake"
    if kind == "sentinel":
        return f"sentinel service {place[0]}, database {database}"
    options = client.connection_pool.connection_kwargs
    if kind == "unix":
        return f"{options['path']}, database {database}"
    host = str(options.get("host", "localhost"))
    return f"{f'[{host}]' if ':' in host else host}:{place[1]}/{database}"


def _is_fake(pool: Any) -> bool:
    # By the name of the module: importing fakeredis here would make every user pay for it.
    kinds = getattr(pool.connection_class, "__mro__", (pool.connection_class,))  # a function may stand for a class
    return any(kind.__module__.partition(".")[0] == "fakeredis" for kind in kinds)
