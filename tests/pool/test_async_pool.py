"""The asyncio half of the pool: databases for each event loop, closed with it."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest

from redicts.errors import ConfigError
from redicts.pool import AsyncDatabase, Pool
from redicts.pool.clients import Clients
from redicts.runners.aio import AsyncRunner
from tests.pool.asynchronous import echo, place, until, use
from tests.pool.test_pool import in_fork
from tests.support.servers import Server
from tests.support.waiting import wait_until


def none_left(connected: Callable[..., int], name: str = "ours") -> None:
    _ = wait_until(lambda: connected(name) == 0, what="the end of the connections")


# -- a loop and its databases ------------------------------------------------------------------------------------


def test_without_a_loop_it_is_there_to_be_compared(pool: Pool) -> None:
    pool.reload({"host": "no.such.host.invalid", "names": {"n": 1}, "lock_renew": True, "namespace": "x"})
    database = pool.async_database("n")
    assert database is pool.async_database("n")
    assert database == pool.database("n")
    assert (database.name, database.address, database.lock_renew) == ("n", "no.such.host.invalid:6379/1", True)
    assert database.space.namespace == "x"


@pytest.mark.parametrize("db_name", ["nmae", "", 3, ["name"]])
def test_an_unknown_name_lists_the_known(pool: Pool, db_name: Any) -> None:
    pool.reload({"names": {"name": 1}})
    with pytest.raises(ConfigError, match="Known: name"):
        _ = pool.async_database(db_name)


def test_a_pool_that_asyncio_uses_is_in_use(pool: Pool) -> None:
    _ = pool.async_database()
    with pytest.raises(ConfigError, match="used already"):
        _ = Pool({"host": "b"})


def test_a_loop_closes_what_is_its_own(pool: Pool, valkey_server: Server, connected: Callable[..., int]) -> None:
    pool.reload(place(valkey_server, names={"n": 1}))
    seen = []

    async def run() -> None:
        database = pool.async_database()
        assert pool.async_database() is database
        assert await database.runner.run(echo("x"), True) == "x"
        await use(database, count=3)
        await use(pool.async_database("n"))
        assert connected() == 4
        seen.append(database)

    for _ in range(2):
        asyncio.run(run())
        none_left(connected)
    assert seen[0] is not seen[1]
    assert seen[0] == seen[1] == pool.database()
    seen.clear()
    _ = gc.collect()  # what was left open would warn now


def test_from_the_second_time_on_it_is_looked_up(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        first = pool.async_database()
        with monkeypatch.context() as context:
            context.delattr(Clients, "open_async")
            assert pool.async_database() is first
        pool.reload()
        assert pool.async_database() is not first

    asyncio.run(run())


def test_closed_loops_are_forgotten(pool: Pool, valkey_server: Server) -> None:
    pool.reload(place(valkey_server))
    for _ in range(3):
        loop = asyncio.new_event_loop()  # ends without the end of its generators
        loop.run_until_complete(ask_for(pool))
        loop.close()
    assert pool._clients is not None
    assert len(pool._clients.loops.databases) == 1


async def ask_for(pool: Pool) -> None:
    _ = pool.async_database()


def test_loops_of_several_threads_have_their_own(
    pool: Pool, valkey_server: Server, connected: Callable[..., int]
) -> None:
    pool.reload(place(valkey_server))
    seen: list[AsyncDatabase] = []
    done: list[bool] = []
    meet = threading.Barrier(4)

    async def run() -> None:
        database = pool.async_database()
        await use(database)
        seen.append(database)
        _ = meet.wait(20)
        answers = await asyncio.gather(*[database.runner.run(echo(str(n)), True) for n in range(50)])
        assert answers == [str(n) for n in range(50)]
        assert pool.async_database() is database
        done.append(True)

    threads = [threading.Thread(target=lambda: asyncio.run(run())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(done) == 4
    assert len({id(each.client) for each in seen}) == 4
    none_left(connected)


def test_a_loop_of_uvloop(pool: Pool, valkey_server: Server, connected: Callable[..., int]) -> None:
    uvloop = pytest.importorskip("uvloop")
    pool.reload(place(valkey_server))

    async def run() -> None:
        database = pool.async_database()
        assert await asyncio.gather(*[database.runner.run(echo("x"), True) for _ in range(20)]) == ["x"] * 20
        await use(database, count=2)
        old = database.client
        pool.reload()
        await use(pool.async_database(), "new")
        assert await old.ping()
        assert connected("new") == 1

    loop = uvloop.new_event_loop()
    try:
        loop.run_until_complete(run())
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
    none_left(connected)
    none_left(connected, "new")


def test_a_generator_that_ends_with_the_loop_can_still_use_it(pool: Pool, valkey_server: Server) -> None:
    pool.reload(place(valkey_server))
    said = []

    async def numbers() -> Any:
        try:
            yield 1
        finally:
            said.append(await pool.async_database().runner.run(echo("bye"), True))

    async def run() -> None:
        _ = pool.async_database()
        kept.append(numbers())
        assert await kept[0].__anext__() == 1

    kept: list[Any] = []
    asyncio.run(run())
    assert said == ["bye"]
    _ = gc.collect()


# -- closing and reloading ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["close", "reload", "close_async"])
def test_closing_in_a_loop(pool: Pool, valkey_server: Server, connected: Callable[..., int], how: str) -> None:
    pool.reload(place(valkey_server))

    async def run() -> None:
        old = pool.async_database()
        connections: Any = old.client.connection_pool
        busy = await connections.get_connection()
        await use(old, count=2)
        if how == "close_async":
            await pool.close_async()
        else:
            getattr(pool, how)()
        new = pool.async_database()
        assert new is not old
        assert new == old
        await use(new, "new")
        await until(lambda: connected() == 0)
        await busy.send_command("ECHO", "to the end")
        assert await busy.read_response() == b"to the end"
        connections.give_back(busy)
        assert not busy.is_connected
        assert await old.client.ping()  # who still has it may use it

    asyncio.run(run())
    none_left(connected, "new")
    _ = gc.collect()


@pytest.mark.parametrize("how", ["close", "reload"])
def test_closing_from_another_thread(
    pool: Pool, valkey_server: Server, connected: Callable[..., int], how: str
) -> None:
    pool.reload(place(valkey_server))

    async def run() -> None:
        await use(pool.async_database(), count=3)
        await asyncio.get_running_loop().run_in_executor(None, getattr(pool, how))
        await until(lambda: connected() == 0)
        assert await pool.async_database().runner.run(echo("x"), True) == "x"

    asyncio.run(run())
    _ = gc.collect()


@pytest.mark.parametrize("how", ["close", "reload"])
def test_closing_as_the_last_thing_in_a_loop(pool: Pool, valkey_server: Server, connected: Any, how: str) -> None:
    pool.reload(place(valkey_server))

    async def run() -> None:
        await use(pool.async_database(), count=2)
        getattr(pool, how)()

    asyncio.run(run())
    none_left(connected)
    _ = gc.collect()


def test_closing_after_the_loop(pool: Pool, valkey_server: Server, connected: Callable[..., int]) -> None:
    pool.reload(place(valkey_server))

    async def run() -> None:
        await use(pool.async_database())

    asyncio.run(run())
    pool.close()
    asyncio.run(run())
    pool.reload()
    none_left(connected)


def test_a_cancelled_closing_is_finished_by_the_end_of_the_loop(
    pool: Pool, valkey_server: Server, connected: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.reload(place(valkey_server))
    dropped: list[AsyncRunner] = []

    async def never(_runner: AsyncRunner) -> None:
        _ = await asyncio.Event().wait()

    async def at_once(_runner: AsyncRunner) -> None:
        pass

    def drop(runner: AsyncRunner) -> None:
        dropped.append(runner)

    monkeypatch.setattr(AsyncRunner, "close", never)
    monkeypatch.setattr(AsyncRunner, "drop", drop)

    async def run() -> AsyncRunner:
        database = pool.async_database()
        await use(database, count=2)
        closing = asyncio.create_task(pool.close_async())
        await asyncio.sleep(0)
        _ = closing.cancel()
        _ = await asyncio.wait([closing])
        assert closing.cancelled()
        await until(lambda: connected() == 0)
        assert dropped == []
        return database.runner

    ending = asyncio.new_event_loop()
    runner = ending.run_until_complete(run())
    monkeypatch.setattr(AsyncRunner, "close", at_once)
    ending.run_until_complete(ending.shutdown_asyncgens())
    ending.close()
    assert dropped == [runner]


def test_a_loop_that_reloads_all_the_time_leaves_nothing(pool: Pool, valkey_server: Server, connected: Any) -> None:
    pool.reload(place(valkey_server))

    async def run() -> None:
        generators: Any = asyncio.get_running_loop()
        for _ in range(20):
            await use(pool.async_database())
            pool.reload()
        await until(lambda: connected() == 0)
        await until(lambda: len(generators._asyncgens) == 0)  # and not when they are collected, some time

    asyncio.run(run())


# -- fork --------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("inside", [True, False])
def test_a_forked_process_has_its_own(pool: Pool, valkey_server: Server, inside: bool) -> None:
    pool.reload(place(valkey_server))

    async def child() -> None:
        assert await pool.async_database().runner.run(echo("child"), True) == "child"
        _ = gc.collect()  # nothing that is closed now may end a connection of the parent

    def check() -> None:
        asyncio.run(child())
        pool.close()

    async def run() -> None:
        own = await pool.async_database().client.client_id()
        if inside:
            in_fork(check)  # which is still in this function, and yet in no loop
        assert await asyncio.wait_for(pool.async_database().client.client_id(), 10) == own

    asyncio.run(run())
    if not inside:
        in_fork(check)
        asyncio.run(run())


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_lock_held_by_another_thread_does_not_hold_up_a_forked_process(pool: Pool) -> None:
    pool.reload(fake_redis=True)
    held, done = threading.Event(), threading.Event()
    assert pool._clients is not None
    lock = pool._clients.loops._lock

    def hold() -> None:
        with lock:
            held.set()
            _ = done.wait(20)

    async def child() -> None:
        assert await pool.async_database().runner.run(echo("child"), True) == "child"

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10)
    try:
        in_fork(lambda: asyncio.run(asyncio.wait_for(child(), 10)))
    finally:
        done.set()
        thread.join(10)


def test_closing_waits_for_the_end_of_the_connections(pool: Pool, valkey_server: Server) -> None:
    pool.reload(place(valkey_server))

    async def run() -> None:
        connections: Any = pool.async_database().client.connection_pool
        connection = await connections.get_connection()
        writer = connection._writer
        connections.give_back(connection)
        await pool.close_async()
        with pytest.raises(StopIteration):  # closed: there is nothing to wait for
            writer.wait_closed().send(None)

    asyncio.run(run())


def test_what_is_opened_while_the_loop_ends_is_closed(pool: Pool, valkey_server: Server, connected: Any) -> None:
    pool.reload(place(valkey_server, names={"late": 1}))

    async def run() -> None:
        _ = pool.async_database()

    async def late() -> None:
        await use(pool.async_database("late"))

    loop = asyncio.new_event_loop()
    loop.run_until_complete(run())
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(late())
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    none_left(connected)
    _ = gc.collect()
