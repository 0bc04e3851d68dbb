"""Clients of a running server: how they are made, and what they do when connections run out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest
import redis
from redis.connection import BlockingConnectionPool, Connection, SSLConnection, UnixDomainSocketConnection

from redicts.core.effects import Call
from redicts.errors import PoolExhausted
from redicts.pool import Pool
from redicts.pool.config import read_config
from redicts.pool.server import open_client, retire
from tests.support.servers import Server


def ping() -> Generator[tuple[Call, ...], Any, Any]:
    replies = yield (Call(("PING",)),)
    return replies[0]


def place(server: Server, **more: Any) -> dict[str, Any]:
    return {"host": server.host, "port": server.port, **more}


def test_a_client_waits_for_a_free_connection_as_configured(pool: Pool) -> None:
    pool.reload({"max_connections": 7, "timeout_secs": 3})
    connections = pool.get_connection().connection_pool
    assert isinstance(connections, BlockingConnectionPool)
    assert (connections.max_connections, connections.timeout) == (7, 3)


def test_making_a_client_connects_to_nothing() -> None:
    client = open_client(read_config({"host": "no.such.host.invalid"}))
    assert client.connection_pool._connections == []  # type: ignore[attr-defined]


def test_redis_py_repeats_nothing_and_asks_for_no_notifications() -> None:
    for cfg in ({}, {"unix_socket_path": "/x"}, {"ssl": True}):
        connections: Any = open_client(read_config(cfg)).connection_pool
        assert connections.connection_kwargs["retry"].get_retries() == 0
        assert not connections.connection_kwargs.get("retry_on_error")
        assert not connections.maint_notifications_enabled()
        assert connections.connection_kwargs["decode_responses"] is False


@pytest.mark.parametrize(
    ("cfg", "kind", "options"),
    [
        (
            {"host": "h", "port": 7, "database": 3, "username": "u", "password": "p"},
            Connection,
            {"host": "h", "port": 7, "db": 3, "username": "u", "password": "p", "socket_keepalive": True},
        ),
        ({"socket_timeout": 2}, Connection, {"socket_timeout": 2, "socket_connect_timeout": 2}),
        ({"socket_timeout": None}, Connection, {"socket_timeout": None, "socket_connect_timeout": 5}),
        ({}, Connection, {"socket_timeout": 30, "socket_connect_timeout": 5, "db": 0}),
        ({"unix_socket_path": "/x", "password": "p"}, UnixDomainSocketConnection, {"path": "/x", "password": "p"}),
        (
            {"url": "rediss://h", "ssl_check_hostname": False, "ssl_cert_reqs": "none"},
            SSLConnection,
            {"host": "h", "ssl_check_hostname": False, "ssl_cert_reqs": "none"},
        ),
    ],
)
def test_what_a_connection_is_made_of(cfg: dict[str, Any], kind: type, options: dict[str, object]) -> None:
    connections = open_client(read_config(cfg)).connection_pool
    assert connections.connection_class is kind
    given = connections.connection_kwargs
    assert {key: given[key] for key in options} == options
    _ = connections.connection_class(**given)  # redis-py takes them all


def test_it_reaches_the_server_by_every_way(server: Server, pool: Pool) -> None:
    names = {"url": server.url, "unix": {"unix_socket_path": server.socket}, "unix_url": server.unix_url, "three": 3}
    pool.reload(place(server, names=names))
    for name in (None, "url", "unix", "unix_url"):
        client = pool.get_connection(name)
        assert client.info("server")["process_id"] == server.pid
        assert client.echo("x") == b"x"
    assert pool.get_connection("three").client_info()["db"] == 3


def test_credentials_are_used_and_not_told(start_server: Callable[..., Server], pool: Pool) -> None:
    server = start_server("valkey", requirepass="good@secret")
    pool.reload({"url": f"redis://:good%40secret@{server.host}:{server.port}"})
    assert pool.get_connection().ping() is True
    pool.reload(place(server, username="default", password="good@secret"))
    assert pool.get_connection().ping() is True
    pool.reload(place(server, password="bad@secret"))
    with pytest.raises(redis.AuthenticationError) as raised:
        _ = pool.get_connection().ping()
    assert "secret" not in str(raised.value)
    assert "secret" not in repr(pool.get_connection()) + repr(pool) + repr(pool.database())


def test_an_exhausted_pool_waits_and_then_says_so(valkey_server: Server, pool: Pool) -> None:
    pool.reload(place(valkey_server, max_connections=2, timeout_secs=0.3))
    database = pool.database()
    connections = database.client.connection_pool
    taken = [connections.get_connection() for _ in range(2)]
    begin = time.monotonic()
    with pytest.raises(PoolExhausted, match="all 2 connections") as raised:
        _ = database.runner.run(ping(), idempotent=True)
    assert 0.3 <= time.monotonic() - begin < 3
    assert raised.value.timeout == 0.3
    for connection in taken:
        connections.release(connection)
    assert database.runner.run(ping(), idempotent=True)


def test_a_connection_that_becomes_free_is_used_by_who_waits(valkey_server: Server, pool: Pool) -> None:
    pool.reload(place(valkey_server, max_connections=1, timeout_secs=30))
    database = pool.database()
    connections = database.client.connection_pool
    taken = connections.get_connection()
    timer = threading.Timer(0.2, connections.release, (taken,))
    timer.start()
    begin = time.monotonic()
    assert database.runner.run(ping(), idempotent=True)
    assert 0.1 < time.monotonic() - begin < 10
    timer.join()


def test_retiring_closes_idle_connections_and_leaves_those_in_use(valkey_server: Server) -> None:
    client = open_client(read_config(place(valkey_server)))
    connections = client.connection_pool
    used, idle = connections.get_connection(), connections.get_connection()
    connections.release(idle)
    retire(client)
    assert not idle.is_connected
    sender: Any = used
    sender.send_command("PING")
    assert used.read_response() == b"PONG"
    connections.release(used)
    assert client.ping() is True  # and it can still be used
    retire(client)
    assert not used.is_connected
