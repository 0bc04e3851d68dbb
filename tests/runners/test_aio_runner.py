"""The asyncio runner where it differs: begun when called, cancelled in the middle, and errors that are not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import pytest
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from redicts.core.effects import Block, Call, Commit, Op, Sleep
from redicts.errors import ConnectionLost, OutcomeUnknown, PoolExhausted
from redicts.pool.config import read_config
from redicts.pool.server import open_async_client
from redicts.runners import aio as module
from redicts.runners.aio import AsyncRunner
from tests.runners.aio_rig import quiet_async_client, until
from tests.runners.cancelling import Ground, ground
from tests.runners.rig import call, steps, watch
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server


def asked(*effects: Call) -> Op[Any]:
    """Ask for these in one step."""
    return (yield effects)


@asynccontextmanager
async def behind(chaos: ChaosProxy, **cfg: Any) -> AsyncIterator[Ground]:
    """A ground of the pool's own behind the proxy, connected; afterwards nothing is left."""
    at = Ground(open_async_client(read_config({"url": chaos.url, "max_connections": 2, **cfg})), 2)
    assert await at.database.runner.run(asked(call("PING")), True) == ("PONG",)
    chaos.reset()
    yield at
    chaos.heal()
    await at.disconnect()
    await at.assert_nothing_left()
    await at.database.runner.close()
    await at.pool.disconnect()


# -- begun when called ------------------------------------------------------------------------------------------------


def test_an_operation_is_begun_when_it_is_called(valkey_server: Server) -> None:
    told: list[str] = []

    def op(fails: bool) -> Op[str]:
        told.append("begun")
        if fails:
            raise LookupError
        (pong,) = yield (call("PING"),)
        return str(pong)

    async def main() -> None:
        async with ground("ours", valkey_server) as at:
            with pytest.raises(LookupError):
                _ = at.database.runner.run(op(True), True)  # not awaited
            waiting = at.database.runner.run(op(False), True)
            assert told == ["begun", "begun"]
            assert await waiting == "PONG"

    asyncio.run(main())


def test_one_that_asks_nothing_is_awaited_all_the_same(valkey_server: Server) -> None:
    def op() -> Op[str]:
        return "done"
        yield

    async def main() -> None:
        async with ground("ours", valkey_server) as at:
            assert await at.database.runner.run(op(), True) == "done"

    asyncio.run(main())


# -- cancelled --------------------------------------------------------------------------------------------------------


def cleaning(at: Ground, *effects: Any, reached: list[Any], swallow: bool = False) -> Op[str]:
    """An operation that undoes what it did, and tells how far it has come."""
    name = at.database.space.namespace
    try:
        yield (call("SET", f"{name}:there", "1"),)
        for effect in effects:
            reached.append(effect)
            yield (effect,)
        return "through"
    except BaseException as error:
        if isinstance(error, GeneratorExit):
            raise
        yield (watch([f"{name}:there"], ("GET", f"{name}:there")),)
        yield (Commit((call("DEL", f"{name}:there"),)),)
        yield (call("SET", f"{name}:cleaned", type(error).__name__),)
        if swallow:
            return "swallowed"
        raise


@pytest.mark.parametrize("at_effect", ["call", "watch", "commit", "block", "sleep"])
@pytest.mark.parametrize("again", [False, True])
def test_the_operation_cleans_up_and_the_cancellation_goes_on(
    valkey_server: Server, at_effect: str, again: bool
) -> None:
    async def main() -> None:
        async with ground("ours", valkey_server) as at:
            key = f"{at.database.space.namespace}:q"
            slow = call("EVAL", "for i = 1, 2e7 do end return 0", 0)  # in a transaction nothing blocks
            effects: dict[str, list[Any]] = {
                "call": [call("BLPOP", key, "20")],
                "watch": [watch([key], ("BLPOP", key, "20"))],
                "commit": [watch([key]), Commit((slow,))],
                "block": [Block(("BLPOP", key), 20)],
                "sleep": [Sleep(20)],
            }
            reached: list[Any] = []
            op = cleaning(at, *effects[at_effect], reached=reached)
            task = asyncio.get_running_loop().create_task(at.database.runner.run(op, False))
            await until(lambda: len(reached) == len(effects[at_effect]))
            _ = task.cancel()
            if again:
                for _ in range(3):
                    await asyncio.sleep(0)
                    _ = task.cancel()
            with pytest.raises(asyncio.CancelledError):
                _ = await task
            assert await at.client.get(f"{at.database.space.namespace}:cleaned") == b"CancelledError"
            assert await at.client.exists(f"{at.database.space.namespace}:there") == 0
            await at.assert_nothing_left()

    asyncio.run(main())


@pytest.mark.parametrize("at_effect", ["call", "watch", "commit"])
def test_a_late_reply_is_nobodys(chaos: ChaosProxy, at_effect: str) -> None:
    """What was cancelled while its reply was on its way: who comes next gets a reply of its own."""

    def op(key: str) -> Op[None]:
        if at_effect == "commit":
            yield (watch([key]),)
        chaos.hang(requests=False)
        if at_effect == "call":
            yield (call("GET", key),)
        if at_effect == "watch":
            yield (watch([key], ("GET", key)),)
        yield (Commit((call("GET", key),)),)

    async def main() -> None:
        async with behind(chaos, max_connections=1) as at:
            at.connections = 1
            run = at.database.runner.run
            task = asyncio.get_running_loop().create_task(run(op(f"{at.database.space.namespace}:k"), True))
            await until(lambda: "GET" in chaos.command_names)
            _ = task.cancel()
            _ = await asyncio.wait([task])
            assert task.cancelled()
            after = asyncio.get_running_loop().create_task(run(asked(call("ECHO", "mine")), True))
            for _ in range(5):
                await asyncio.sleep(0)
            chaos.resume()
            assert await after == ("mine",)

    asyncio.run(main())


def test_an_operation_may_swallow_it(valkey_server: Server) -> None:
    async def main() -> None:
        async with ground("ours", valkey_server) as at:
            reached: list[Any] = []
            op = cleaning(at, Sleep(20), reached=reached, swallow=True)
            task = asyncio.get_running_loop().create_task(at.database.runner.run(op, False))
            await until(lambda: reached)
            _ = task.cancel()
            _ = await asyncio.wait([task])
            assert await at.client.get(f"{at.database.space.namespace}:cleaned") == b"CancelledError"
            assert task.result() == "swallowed"

    asyncio.run(main())


def test_a_cleaning_up_that_takes_too_long_is_given_up(chaos: ChaosProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLEAN_UP_SECONDS", 0.1)

    async def main() -> None:
        async with behind(chaos, socket_timeout=30) as at:
            reached: list[Any] = []
            op = cleaning(at, Sleep(20), reached=reached)
            task = asyncio.get_running_loop().create_task(at.database.runner.run(op, False))
            await until(lambda: reached)
            chaos.hang()
            begun = monotonic()
            _ = task.cancel()
            with pytest.raises(asyncio.CancelledError):
                _ = await task
            assert 0.09 <= monotonic() - begun < 5
            assert at.in_use == 0
            chaos.heal()
            await at.disconnect()
            _ = await at.client.delete(f"{at.database.space.namespace}:there", f"{at.database.space.namespace}:cleaned")

    asyncio.run(main())


# -- servers and pools that do not answer -----------------------------------------------------------------------------


def test_a_hung_server_is_lost_for_a_reader_and_unknown_for_a_writer(chaos: ChaosProxy) -> None:
    async def main() -> None:
        async with behind(chaos, socket_timeout=0.2) as at:
            run = at.database.runner.run
            key = f"{at.database.space.namespace}:n"
            for effect, error in ((call("GET", key), ConnectionLost), (call("INCR", key), OutcomeUnknown)):
                assert await run(asked(call("PING")), True) == ("PONG",)
                chaos.hang(requests=False)
                begun = monotonic()
                with pytest.raises(error):
                    _ = await run(asked(effect), False)
                assert 0.19 <= monotonic() - begun < 2, "once: a server that hangs would hang again"
                chaos.resume()
            assert await run(asked(call("GET", key)), True) == ("1",)
            assert await run(asked(call("DEL", key)), True) == (1,)

    asyncio.run(main())


def test_a_server_that_takes_nothing_is_given_up(chaos: ChaosProxy) -> None:
    async def main() -> None:
        async with behind(chaos, socket_timeout=1) as at:
            chaos.hang()
            begun = monotonic()
            with pytest.raises(OutcomeUnknown, match="Timeout"):
                _ = await at.database.runner.run(asked(call("SET", "k", "x" * 30_000_000)), False)
            assert 0.99 <= monotonic() - begun < 10

    asyncio.run(main())


def test_sending_makes_no_task(valkey_server: Server) -> None:
    """As redis-py does for each command where it has a ``socket_timeout``."""

    async def main() -> None:
        async with ground("ours", valkey_server) as at:
            assert at.pool.connection_kwargs["socket_timeout"]
            _ = await at.database.runner.run(asked(call("PING")), True)
            made: list[Any] = []

            def factory(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
                made.append(coroutine)
                return asyncio.Task(coroutine, loop=loop, **options)

            asyncio.get_running_loop().set_task_factory(factory)
            for _ in range(5):
                _ = await at.database.runner.run(asked(call("PING")), True)
            asyncio.get_running_loop().set_task_factory(None)
            assert made == []

    asyncio.run(main())


def test_no_server_is_said_soon(chaos: ChaosProxy) -> None:
    async def main() -> None:
        async with behind(chaos) as at:
            chaos.refuse()
            begun = monotonic()
            for _ in range(2):
                with pytest.raises(ConnectionLost, match="no connection to the server at"):
                    _ = await at.database.runner.run(asked(call("GET", "x")), True)
            assert monotonic() - begun < 5
            chaos.accept()
            assert await at.database.runner.run(asked(call("PING")), True) == ("PONG",)

    asyncio.run(main())


def pools(server: Server) -> dict[str, Callable[[], redis.asyncio.Redis]]:
    """Clients whose pools have one connection."""
    place: dict[str, Any] = {"host": server.host, "port": server.port, "retry": Retry(NoBackoff(), 0)}
    return {
        "ours": lambda: open_async_client(read_config({"url": server.url, "max_connections": 1, "timeout_secs": 0.05})),
        "a user's": lambda: redis.asyncio.Redis(max_connections=1, **place),
        "a user's, that waits": lambda: redis.asyncio.Redis(
            connection_pool=redis.asyncio.BlockingConnectionPool(max_connections=1, timeout=0.05, **place)
        ),
    }


@pytest.mark.parametrize("kind", ["ours", "a user's", "a user's, that waits"])
def test_a_pool_with_nothing_left_says_so(valkey_server: Server, kind: str) -> None:
    async def main() -> None:
        client = pools(valkey_server)[kind]()
        runner = AsyncRunner(client, "the server")
        pool: Any = client.connection_pool
        held = await pool.get_connection()
        with pytest.raises(PoolExhausted, match="all 1 connections to the server stayed in use"):
            _ = await runner.run(asked(call("PING")), True)
        assert await runner.run_apart(asked(call("PING")), 5) == ("PONG",), "which waits for nobody"
        await pool.release(held)
        assert await runner.run(asked(call("PING")), True) == ("PONG",)
        runner.drop()
        await client.connection_pool.disconnect()

    asyncio.run(main())


def test_apart_gives_up_on_a_server_that_hangs(chaos: ChaosProxy) -> None:
    async def main() -> None:
        async with behind(chaos, socket_timeout=30) as at:
            runner = at.database.runner
            assert await runner.run_apart(asked(call("PING")), 5) == ("PONG",)
            chaos.hang()
            begun = monotonic()
            with pytest.raises(ConnectionLost, match=r"within 0\.20 s; it may be repeated safely"):
                _ = await runner.run_apart(asked(call("PING")), 0.2)
            assert 0.19 <= monotonic() - begun < 5
            chaos.heal()
            assert await runner.run_apart(asked(call("PING")), 5) == ("PONG",)

    asyncio.run(main())


def test_a_connection_goes_back_where_the_version_cannot_be_asked(
    valkey_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stop(*_: object) -> None:
        raise LookupError

    async def main() -> None:
        async with ground("a user's", valkey_server) as at:
            with monkeypatch.context() as patched:
                patched.setattr(module, "check_version_async", stop)
                with pytest.raises(LookupError):
                    _ = await at.database.runner.run(asked(call("PING")), True)
                assert at.in_use == 0
            assert await at.database.runner.run(asked(call("PING")), True) == ("PONG",)

    asyncio.run(main())


@pytest.mark.parametrize("protocol", [2, 3])
def test_a_client_that_decodes_is_fine_too(valkey_server: Server, protocol: int) -> None:
    async def main() -> None:
        place: dict[str, Any] = {"host": valkey_server.host, "port": valkey_server.port, "protocol": protocol}
        async with quiet_async_client(decode_responses=True, encoding="latin-1", **place) as client:
            runner = AsyncRunner(client, "the server")
            replies = await runner.run(steps((call("ECHO", "é😀"), call("PING")), (Sleep(0),)), True)
            assert replies == [("é😀", "PONG"), (None,)]
            assert await runner.run(steps((Block(("BLPOP", "redicts-none"), 0),)), True) == [(None,)]
            runner.drop()

    asyncio.run(main())
