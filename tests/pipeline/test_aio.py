"""The pipeline for asyncio: the classes and rules are the same, so here is what differs: awaiting and cancelling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import redis.asyncio
import redis.exceptions

import redicts
from redicts import ConnectionLost, Deferred, OutcomeUnknown, PipelineError, Proxy
from redicts.aio.pipeline import Pipeline, pipeline
from redicts.pool import AsyncDatabase
from tests.pipeline.places import at
from tests.support.backends import Backend, server_backend
from tests.support.chaos import ChaosProxy
from tests.support.waiting import wait_until

Main = Callable[[AsyncDatabase], Coroutine[Any, Any, None]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``run(main, url, namespace)``: run a coroutine whose pipelines lead to a database of its loop."""

    def start(main: Main, url: str, namespace: str, protocol: int = 3) -> None:
        async def inside() -> None:
            client: Any = redis.asyncio.Redis.from_url(url, protocol=protocol)
            database = AsyncDatabase.of_client(client, namespace)
            monkeypatch.setattr(Pipeline, "_open_database", lambda pipe, name: database)
            try:
                await main(database)
            finally:
                database.runner.drop()
                await client.aclose()

        asyncio.run(inside())

    return start


async def visit(user: str, pipe: Pipeline | None = None) -> Deferred[int | float]:
    async with pipeline(pipe) as inner:
        return inner.proxy("visits").get(user).add()


@pytest.mark.parametrize("protocol", [2, 3])
def test_everything_in_one(real_backend: Backend, run: Callable[..., None], protocol: int) -> None:
    async def main(database: AsyncDatabase) -> None:
        called: list[int] = []
        async with pipeline() as pipe:
            ada, bob = await visit("ada", pipe), await visit("bob", pipe)
            pipe.on_execute(lambda: called.append(1))
            await pipe.execute()
            assert (ada.result, bob.result, called) == (1, 1, [1])
            async with pipeline(pipe, atomic=True) as inner:
                sums = [inner.proxy("n").add() for _ in range(3)]
            changed = pipe.proxy("m").transform(lambda _: {"x": 1})
            total = pipe.then(lambda *all_: sum(all_), *sums)
            tree = pipe.root().val()
        assert (total.result, changed.result) == (6, {"x": 1})
        assert tree.result == {"visits": {"ada": 1, "bob": 1}, "n": 3}
        assert (await visit("ada")).result == 2

    assert real_backend.server is not None
    run(main, real_backend.server.url, real_backend.namespace, protocol)


def test_failures_and_blocks_that_fail(real_backend: Backend, run: Callable[..., None]) -> None:
    async def main(database: AsyncDatabase) -> None:
        with pytest.raises(ZeroDivisionError):  # noqa: PT012
            async with pipeline() as pipe:
                never = await visit("x", pipe)
                _ = 1 // 0
        assert isinstance(never.error, redicts.NeverSent)
        with pytest.raises(PipelineError, match="1 failed"):
            async with pipeline() as pipe:
                good, bad = await visit("x", pipe), pipe.root().pop("nothing")
        assert good.result == 1
        assert isinstance(bad.error, KeyError)

    assert real_backend.server is not None
    run(main, real_backend.server.url, real_backend.namespace)


@pytest.mark.parametrize("twice", [False, True])
def test_a_cancellation_leaves_nothing_behind(
    valkey_server: Any, chaos: ChaosProxy, run: Callable[..., None], twice: bool
) -> None:
    backend = server_backend(valkey_server, 3)

    async def main(database: AsyncDatabase) -> None:
        await visit("warm")
        chaos.hang(requests=False)
        made: list[Deferred[Any]] = []

        async def work() -> None:
            async with pipeline() as pipe:
                made.extend([pipe.proxy("n").add(), pipe.proxy("n").val(), pipe.command("PING")])

        task = asyncio.ensure_future(work())
        await asyncio.to_thread(wait_until, lambda: "PING" in chaos.command_names, what="the batch is sent")
        for _ in range(2 if twice else 1):
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [type(each.error) for each in made] == [OutcomeUnknown, ConnectionLost, ConnectionLost]
        chaos.resume()
        pool: Any = database.client.connection_pool
        assert not pool._in_use_connections
        async with pipeline() as pipe:
            value = pipe.proxy("n").val()
        assert value.result == 1, "the late replies are nobody's"

    run(main, chaos.url, backend.namespace)
    backend.close()


def test_cuts_keep_what_had_arrived(valkey_server: Any, chaos: ChaosProxy, run: Callable[..., None]) -> None:
    backend = server_backend(valkey_server, 3)

    async def main(database: AsyncDatabase) -> None:
        seen = set()
        for count in (*range(0, 42, 3), 1000):
            before = at(backend.database, "n").val(0)
            await visit("warm")
            chaos.cut_after_replies(count)
            async with pipeline(raise_on_error=False) as pipe:
                sums = [pipe.proxy("n").add() for _ in range(3)]
            chaos.heal()
            added = at(backend.database, "n").val(0) - before
            certain = [each.error is None for each in sums]
            assert all(each.error is None or isinstance(each.error, OutcomeUnknown) for each in sums)
            assert certain == sorted(certain, reverse=True)
            assert sum(certain) <= added <= 3
            seen.add(sum(certain))
        assert seen == {0, 1, 2, 3}

    run(main, chaos.url, backend.namespace)
    backend.close()


def test_two_hundred_operations_are_one_round_trip(
    valkey_server: Any, chaos: ChaosProxy, run: Callable[..., None]
) -> None:
    backend = server_backend(valkey_server, 3)

    async def main(database: AsyncDatabase) -> None:
        await visit("warm")
        chaos.reset()
        async with pipeline() as pipe:
            sums = [pipe.proxy("n").add() for _ in range(200)]
        assert [each.result for each in sums] == list(range(1, 201))
        assert chaos.round_trips == 1

    run(main, chaos.url, backend.namespace)
    backend.close()


def test_a_synchronous_pipeline_is_refused(fake: object) -> None:
    assert isinstance(Proxy("a"), Proxy)
    with pytest.raises(TypeError, match=r"aio\.pipeline"):
        _ = pipeline(redicts.pipeline())  # type: ignore[arg-type]
