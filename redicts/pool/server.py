"""Clients of a server that somebody runs: over TCP, TLS or a Unix socket.

May import redis, config and fair. Invariant: making a client does no I/O, and redis-py repeats nothing by itself: what
may be sent again is for the runner to say, which knows the operation.
"""

from __future__ import annotations

from contextlib import suppress
from queue import Empty
from typing import Any, Final

import redis
from redis.backoff import NoBackoff
from redis.connection import BlockingConnectionPool, Connection, SSLConnection, UnixDomainSocketConnection
from redis.driver_info import DriverInfo
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from redicts.pool.config import Config
from redicts.pool.fair import FairQueue

__all__ = ["make_client", "open_client", "retire"]

CONNECT_SECONDS: Final = 5.0
"""Seconds to wait for a connection to be made; less when ``socket_timeout`` is."""


def open_client(config: Config) -> redis.Redis:
    """Make a client for the server of a configuration.

    Cost: none; it connects when it is first used.
    """
    if config.unix_socket_path is not None:
        return make_client(config, UnixDomainSocketConnection, path=config.unix_socket_path, **_credentials(config))
    place: dict[str, Any] = {"host": config.host, "port": config.port, "socket_keepalive": True}
    if config.ssl:
        return make_client(config, SSLConnection, **place, **_credentials(config), **config.ssl_options)
    return make_client(config, Connection, **place, **_credentials(config))


def make_client(config: Config, connection_class: Any, **place: Any) -> redis.Redis:
    """Make a client over a pool of connections of a class.

    Args:
        config: Says how many connections there may be and how long to wait.
        connection_class: One of redis-py's, or a subclass.
        **place: What connections of that class need to find their server.
    """
    patience = config.socket_timeout
    free_timeout: Any = config.timeout_secs  # redis-py documents None, no limit, and types it as int
    pool = BlockingConnectionPool(  # type: ignore[no-untyped-call]
        max_connections=config.max_connections,
        timeout=free_timeout,
        connection_class=connection_class,
        queue_class=FairQueue,  # pyright: ignore[reportArgumentType]  # it has what the pool uses of one
        db=config.database,
        socket_timeout=patience,
        socket_connect_timeout=CONNECT_SECONDS if patience is None else min(CONNECT_SECONDS, patience),
        decode_responses=False,
        retry=Retry(NoBackoff(), 0),
        driver_info=DriverInfo(),  # one for all: redis-py would read its own metadata for each connection
        # They need a round trip for each connection and a look-up of the host's name, and change timeouts unasked.
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
        **place,
    )
    return redis.Redis(connection_pool=pool)


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


def _credentials(config: Config) -> dict[str, Any]:
    return {"username": config.username, "password": config.password}
