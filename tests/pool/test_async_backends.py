"""What both faces reach, by every way: sockets, embedded servers, fakes."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fakeredis
import pytest
import redis
import redis.asyncio

from redicts.core.effects import Call, Op
from redicts.errors import ConfigError
from redicts.pool import AsyncDatabase, Database, Pool, embedded
from redicts.pool.url import parse_url
from tests.pool.asynchronous import echo, place
from tests.pool.private import guards_of, is_gone, servers_of
from tests.support.servers import Server
from tests.support.waiting import wait_until


def command(*words: str) -> Op[Any]:
    replies = yield (Call(words),)
    return replies[0]


async def ask(pool: Pool, *words: str, db_name: str | None = None) -> Any:
    """Run one command as an operation."""
    return await pool.async_database(db_name).runner.run(command(*words), True)


# -- servers -----------------------------------------------------------------------------------------------------


def test_it_reaches_the_server_by_every_way(server: Server, pool: Pool) -> None:
    names = {"unix": server.unix_url, "three": 3, "unix three": server.unix_url.replace("db=0", "db=3")}
    pool.reload(place(server, names=names))

    async def run() -> None:
        for name in (None, *names):
            assert await ask(pool, "ECHO", "x", db_name=name) == "x"
            client = pool.async_database(name).client
            assert (await client.client_info())["db"] == (3 if "three" in str(name) else 0)

    asyncio.run(run())


@pytest.mark.parametrize("unix", [False, True])
def test_credentials_are_used_and_not_told(start_server: Callable[..., Server], pool: Pool, unix: bool) -> None:
    server = start_server("valkey", requirepass="good@secret")
    way = {"unix_socket_path": parse_url(server.unix_url)["unix_socket_path"]} if unix else place(server)

    async def run() -> None:
        pool.reload({**way, "username": "default", "password": "good@secret"})
        assert await ask(pool, "ECHO", "x") == "x"
        pool.reload({**way, "password": "bad@secret"})
        database = pool.async_database()
        with pytest.raises(redis.AuthenticationError) as raised:  # by its name, which says that trying again is no use
            _ = await database.client.ping()
        assert "secret" not in str(raised.value) + repr(database.client) + repr(database)

    asyncio.run(run())


def test_a_unix_socket_is_greeted_once(valkey_server: Server, pool: Pool) -> None:
    pool.reload({"url": valkey_server.unix_url})

    async def run() -> None:
        connection: Any = pool.async_database().client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        greet, greetings = connection.on_connect_check_health, []

        async def count(**options: Any) -> None:
            greetings.append(options)
            await greet(**options)

        connection.on_connect_check_health = count
        await connection.connect()
        assert len(greetings) == 1
        await connection.disconnect()

    asyncio.run(run())


# -- embedded ----------------------------------------------------------------------------------------------------


def test_embedded_is_one_server_for_both_faces(directory: Path, pool: Pool) -> None:
    pool.reload({"embedded": directory, "names": {"one": 1}})

    async def run() -> None:
        database = pool.async_database()
        assert not servers_of(directory)  # nothing is started before it is used
        assert database.address == f"embedded {directory}"
        assert await ask(pool, "SET", "x", "1") == "OK"
        assert pool.database() == database
        assert hash(pool.database()) == hash(database)
        assert pool.get_connection().get("x") == b"1"
        assert await ask(pool, "GET", "x", db_name="one") is None
        assert pool.database("one") == pool.async_database("one") != database
        assert len(servers_of(directory)) == 1
        ready = redis.Redis(unix_socket_path=str(directory / "server.sock"))
        assert Database.of_client(ready) == database

    asyncio.run(run())
    assert servers_of(directory)  # it ends with the pool
    pool.close()
    assert is_gone(directory)
    _ = gc.collect()


def test_starting_it_does_not_hold_up_the_loop(directory: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = embedded.Embedded.connect

    def slowly(self: embedded.Embedded, seconds: float | None) -> str:
        time.sleep(0.1)
        return connect(self, seconds)

    monkeypatch.setattr(embedded.Embedded, "connect", slowly)
    pool.reload({"embedded": directory})

    async def run() -> int:
        asking = [asyncio.create_task(ask(pool, "ECHO", "x")) for _ in range(10)]
        turns = 0
        while not all(task.done() for task in asking):
            await asyncio.sleep(0.002)
            turns += 1
        assert await asyncio.gather(*asking) == ["x"] * 10
        return turns

    assert asyncio.run(run()) > 10
    assert len(guards_of(directory)) == 1
    pool.close()
    assert is_gone(directory)


@pytest.mark.parametrize("accident", ["server killed", "both killed"])
def test_a_killed_server_is_started_again_with_its_data(directory: Path, pool: Pool, accident: str) -> None:
    pool.reload({"embedded": directory})

    async def run() -> None:
        assert await ask(pool, "SET", "x", "1") == "OK"
        (guard,), (server,) = guards_of(directory), servers_of(directory)
        if accident == "both killed":
            os.kill(guard, signal.SIGKILL)
        os.kill(server, signal.SIGKILL)
        _ = wait_until(lambda: server not in servers_of(directory), what="the end of the server")
        assert await ask(pool, "GET", "x") == "1"

    asyncio.run(run())
    pool.close()
    assert is_gone(directory)


def test_why_it_cannot_be_used_is_told(tmp_path: Path, pool: Pool) -> None:
    (tmp_path / "file").touch()
    pool.reload({"embedded": tmp_path / "file" / "data"})
    with pytest.raises(ConfigError, match="cannot be created or written"):
        asyncio.run(ask(pool, "ECHO", "x"))


def test_what_was_closed_is_not_started_again(directory: Path, pool: Pool) -> None:
    pool.reload({"embedded": directory})

    async def run() -> None:
        old = pool.async_database()
        assert await old.client.ping()
        pool.close()
        with pytest.raises(redis.ConnectionError, match="was closed by"):
            _ = await old.client.ping()

    asyncio.run(run())
    assert is_gone(directory)


# -- fakes -------------------------------------------------------------------------------------------------------


def test_both_faces_see_one_fake(pool: Pool) -> None:
    sync, other = redis.Redis(host="ready"), redis.asyncio.Redis(host="other", db=2)
    names = {"two": 2, "url": "redis://no.such.host.invalid", "sync": sync, "other": other}
    pool.reload({"embedded": "/nonexistent/dir", "names": names, "max_connections": 5}, fake_redis=True)

    async def run() -> None:
        for number, name in enumerate((None, *names)):
            assert await ask(pool, "SET", "x", str(number), db_name=name) == "OK"
        for number, name in enumerate((None, *names)):
            assert pool.get_connection(name).get("x") == str(number).encode()
            assert pool.database(name) == pool.async_database(name)
            assert "fake" in pool.async_database(name).address
            assert pool.async_database(name).client.connection_pool.max_connections == 5

    asyncio.run(run())
    asyncio.run(run())  # in a loop of its own, on the same data
    pool.close()
    assert pool.get_connection().get("x") is None
    _ = gc.collect()


def test_a_fake_of_the_users_own_serves_its_own_face(pool: Pool) -> None:
    server = fakeredis.FakeServer()
    sync = fakeredis.FakeRedis(server=server)
    other = fakeredis.FakeAsyncRedis(server=server)
    assert AsyncDatabase.of_client(other) == Database.of_client(sync)
    pool.reload({"names": {"sync": sync, "other": other}}, fake_redis=True)
    assert pool.get_connection("sync") is sync
    assert pool.async_database("other").client is other
    with pytest.raises(ConfigError, match="serves both"):
        _ = pool.async_database("sync")
    with pytest.raises(ConfigError, match="serves both"):
        _ = pool.database("other")


def test_a_fake_answers(pool: Pool) -> None:
    pool.reload(fake_redis=True)

    async def run() -> None:
        runner = pool.async_database().runner
        assert await asyncio.gather(*[runner.run(echo(str(n)), True) for n in range(50)]) == [str(n) for n in range(50)]

    asyncio.run(run())
