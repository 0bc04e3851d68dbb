"""Databases and clients for asyncio: the same places as the synchronous ones, with connections as careful."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest
import redis
import redis.asyncio

from redicts.errors import ConfigError
from redicts.pool import AsyncDatabase, Database, Pool
from redicts.pool.fair_aio import FairPool
from tests.pool.asynchronous import echo, place, until
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server

# -- one place, whatever the face --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"host": "127.0.0.1", "port": 7, "db": 3},
        {"unix_socket_path": "/run/x.sock"},
        {"host": "h", "password": "p"},
    ],
)
def test_both_faces_of_a_place_are_equal(options: dict[str, Any]) -> None:
    one = AsyncDatabase.of_client(redis.asyncio.Redis(**options), "n")
    two = Database.of_client(redis.Redis(**options), "n")
    assert one == two
    assert two == one
    assert hash(one) == hash(two)
    assert one.address == two.address
    assert repr(one) == f"Async{two!r}"
    assert one != Database.of_client(redis.Redis(**options), "other")
    assert one != Database.of_client(redis.Redis(**{**options, "db": 15}), "n")


def test_one_client_is_one_database_while_it_is_held() -> None:
    client = redis.asyncio.Redis()
    database = AsyncDatabase.of_client(client)
    assert AsyncDatabase.of_client(client) is database
    assert AsyncDatabase.of_client(client, "other") is not database
    assert database.client is client
    assert database.runner is AsyncDatabase.of_client(client).runner


def test_a_client_of_the_other_face_is_shown_the_way() -> None:
    with pytest.raises(ConfigError, match=r"synchronous client belongs to redicts\.Proxy; aio needs redis\.asyncio"):
        _ = AsyncDatabase.of_client(redis.Redis())  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"must be a redis\.asyncio\.Redis client, not a builtins\.str$"):
        _ = AsyncDatabase.of_client("redis://localhost")  # type: ignore[arg-type]


def test_ready_clients_serve_their_own_face(pool: Pool) -> None:
    ours, theirs = redis.asyncio.Redis(port=7), redis.Redis(port=7)
    pool.reload({"names": {"a": ours, "s": theirs}, "namespace": "n"})
    assert pool.async_database("a").client is ours
    assert pool.database("s").client is theirs
    assert pool.async_database("a") == pool.database("s")
    with pytest.raises(ConfigError, match=r"names\['s'\] must be .* a URL, or the number of a database, serves both"):
        _ = pool.async_database("s")
    with pytest.raises(ConfigError, match=r"names\['a'\] must be .*belongs to redicts\.aio; a URL"):
        _ = pool.database("a")


def test_a_ready_client_is_never_closed(pool: Pool, valkey_server: Server, connected: Callable[..., int]) -> None:
    async def run() -> None:
        ready = redis.asyncio.Redis(host=valkey_server.host, port=valkey_server.port, client_name="ready")
        pool.reload({"names": {"ready": ready}})
        assert await pool.async_database("ready").runner.run(echo("x"), True) == "x"
        await pool.close_async()
        pool.close()
        await asyncio.sleep(0)
        assert connected("ready") == 1
        await ready.aclose()

    asyncio.run(run())


# -- its connections ---------------------------------------------------------------------------------------------


def test_a_client_waits_for_a_free_connection_as_configured(pool: Pool) -> None:
    pool.reload({"max_connections": 7, "timeout_secs": 3})
    connections = pool.async_database().client.connection_pool
    assert isinstance(connections, FairPool)
    assert (connections.max_connections, connections.timeout) == (7, 3)


def test_redis_py_repeats_nothing_and_asks_for_no_notifications(pool: Pool) -> None:
    for cfg in ({}, {"unix_socket_path": "/x"}, {"url": "rediss://h", "ssl_cert_reqs": "none"}):
        pool.reload(cfg)
        ours: Any = pool.async_database().client.connection_pool
        theirs: Any = pool.database().client.connection_pool
        assert ours.connection_kwargs["retry"].get_retries() == 0
        assert not ours.maint_notifications_enabled()
        skipped = {"retry", "himport_registry", "event_dispatcher", "driver_info", "maint_notifications_config"}
        assert {key: value for key, value in ours.connection_kwargs.items() if key not in skipped} == {
            key: value for key, value in theirs.connection_kwargs.items() if key not in skipped
        }
        assert ours.make_connection().retry.get_retries() == 0


def test_what_tls_for_asyncio_has_not_is_refused(pool: Pool) -> None:
    pool.reload({"url": "rediss://h", "ssl_validate_ocsp": True})
    with pytest.raises(ConfigError, match="ssl_validate_ocsp for asyncio"):
        _ = pool.async_database()
    pool.reload({"url": "rediss://h", "ssl_validate_ocsp": False})
    pool.async_database().client.connection_pool.make_connection()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("twice", [False, True])
def test_cancelled_while_it_connects(pool: Pool, valkey_server: Server, connected: Any, twice: bool) -> None:
    """At every turn of the loop between the first step and the connected connection."""
    pool.reload(place(valkey_server, max_connections=1))

    async def run() -> None:
        connections: Any = pool.async_database().client.connection_pool
        came = turn = 0
        while came < 3:
            task = asyncio.create_task(connections.get_connection())
            for _ in range(turn):
                await asyncio.sleep(0)
            _ = task.cancel()
            if twice:
                await asyncio.sleep(0)
                _ = task.cancel()
            _ = await asyncio.wait([task])
            if not task.cancelled():
                came += 1
                task.result()._close()
                connections.give_back(task.result())
            assert not connections._in_use_connections
            assert len(connections._available_connections) <= 1
            turn += 1
        connections.give_back(await connections.get_connection())

    asyncio.run(run())
    _ = gc.collect()


@pytest.mark.parametrize("reset", [False, True])
def test_one_that_was_cut_while_nobody_used_it_is_not_given(pool: Pool, chaos: ChaosProxy, reset: bool) -> None:
    """Else the next write would end with nobody knowing whether it happened."""
    pool.reload({"url": chaos.url})
    chaos.reset_connection = reset

    async def run() -> None:
        connections: Any = pool.async_database().client.connection_pool
        connection = await connections.get_connection()
        reader = connection._reader
        connections.give_back(connection)
        chaos.cut()
        await until(lambda: bool(reader.exception() or reader.at_eof()))
        assert isinstance(reader.exception(), ConnectionResetError) is reset
        again = await connections.get_connection()
        assert again is connection
        assert again._reader is not reader
        connections.give_back(again)

    asyncio.run(run())
