"""Clients of a server that somebody runs: over TCP, TLS or a Unix socket.

May import redis, config, fair, fair_aio, unix_aio (the two only when asyncio is used) and errors. Invariant: making a
client does no I/O, and redis-py repeats nothing by itself: what may be sent again is for the runner to say, which knows
the operation.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from queue import Empty
from typing import Any, Final, NamedTuple

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.connection import BlockingConnectionPool, Connection, SSLConnection, UnixDomainSocketConnection
from redis.driver_info import DriverInfo
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from redicts.errors import ConfigError
from redicts.pool.config import Config
from redicts.pool.fair import FairQueue

__all__ = ["make_async_client", "make_client", "open_async_client", "open_client", "retire"]

CONNECT_SECONDS: Final = 5.0
"""Seconds to wait for a connection to be made; less when ``socket_timeout`` is."""

_NOT_IN_ASYNCIO: Final = (
    "ssl_validate_ocsp",
    "ssl_validate_ocsp_stapled",
    "ssl_ocsp_context",
    "ssl_ocsp_expected_cert",
)


class Kinds(NamedTuple):
    """Classes of connections: over TCP, TLS and a Unix socket."""

    tcp: type[Any]
    tls: type[Any]
    unix: type[Any]


def open_client(config: Config) -> redis.Redis:
    """Make a client for the server of a configuration.

    Cost: none; it connects when it is first used.
    """
    kinds = Kinds(Connection, SSLConnection, UnixDomainSocketConnection)
    return make_client(config, *_place(config, kinds))


def open_async_client(config: Config) -> redis.asyncio.Redis:
    """Make an asyncio client for the server of a configuration.

    Raises:
        ConfigError: It asks for what redis-py has for synchronous connections only.

    Cost: none; it connects when it is first used.
    """
    from redicts.pool.unix_aio import AsyncUnixConnection

    missing = [key for key in _NOT_IN_ASYNCIO if config.ssl_options.get(key)]
    if missing:
        key = missing[0]
        raise ConfigError(f"redis-py has no {key} for asyncio: leave it out, or use redicts.Proxy", key=key)
    kinds = Kinds(redis.asyncio.Connection, redis.asyncio.SSLConnection, AsyncUnixConnection)
    connection_class, place = _place(config, kinds)
    place = {key: value for key, value in place.items() if key not in _NOT_IN_ASYNCIO}
    return make_async_client(config, connection_class, place)


def make_client(config: Config, connection_class: Any, place: Mapping[str, Any]) -> redis.Redis:
    """Make a client over a pool of connections of a class.

    Args:
        config: Says how many connections there may be and how long to wait.
        connection_class: One of redis-py's, or a subclass.
        place: What connections of that class need to find their server.
    """
    free_timeout: Any = config.timeout_secs  # redis-py documents None, no limit, and types it as int
    pool = BlockingConnectionPool(  # type: ignore[no-untyped-call]
        max_connections=config.max_connections,
        timeout=free_timeout,
        connection_class=connection_class,
        queue_class=FairQueue,  # pyright: ignore[reportArgumentType]  # it has what the pool uses of one
        retry=Retry(NoBackoff(), 0),
        **_options(config),
        **place,
    )
    return redis.Redis(connection_pool=pool)


def make_async_client(config: Config, connection_class: Any, place: Mapping[str, Any]) -> redis.asyncio.Redis:
    """Make an asyncio client, as ``make_client`` does.

    Args:
        config: As there.
        connection_class: One of ``redis.asyncio``'s, or a subclass.
        place: As there.
    """
    from redis.asyncio.retry import Retry as AsyncRetry

    from redicts.pool.fair_aio import FairPool

    pool = FairPool(
        max_connections=config.max_connections,
        timeout=config.timeout_secs,
        connection_class=connection_class,
        retry=AsyncRetry(NoBackoff(), 0),
        **_options(config),
        **place,
    )
    return redis.asyncio.Redis(connection_pool=pool)


def _options(config: Config) -> dict[str, Any]:
    """Say what all connections are made with, whatever their class."""
    patience = config.socket_timeout
    return {
        "db": config.database,
        "socket_timeout": patience,
        "socket_connect_timeout": CONNECT_SECONDS if patience is None else min(CONNECT_SECONDS, patience),
        "decode_responses": False,
        "driver_info": DriverInfo(),  # one for all: redis-py would read its own metadata for each connection
        # They need a round trip for each connection and a look-up of the host's name, and change timeouts unasked.
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }


def _place(config: Config, kinds: Kinds) -> tuple[Any, dict[str, Any]]:
    """Say of what class connections are, and how they find the server."""
    credentials = {"username": config.username, "password": config.password}
    if config.unix_socket_path is not None:
        return kinds.unix, {"path": config.unix_socket_path, **credentials}
    place = {"host": config.host, "port": config.port, "socket_keepalive": True, **credentials}
    return (kinds.tls, {**place, **config.ssl_options}) if config.ssl else (kinds.tcp, place)


def retire(client: redis.Redis) -> None:
    """Close the connections of a client that nobody needs any more.

    Those in use are left to whoever uses them, and end with the pool. Idle ones are taken out of the queue first, as
    a thread that wants one would: closing them in place could cut off a thread that has just taken one.
    """
    queue: Any = client.connection_pool.pool  # type: ignore[attr-defined]  # of a BlockingConnectionPool
    taken: list[Any] = []
    with suppress(Empty):
        while True:
            taken.append(queue.get_nowait())
    for connection in taken:
        if connection is not None:
            connection.disconnect()
        queue.put_nowait(connection)
