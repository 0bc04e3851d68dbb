"""Deadlines of asyncio, groups of tasks, and other loops: who calls is the owner, whatever task runs it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import redicts.aio as aio
from redicts.core.effects import Block, Call, Op, Watch
from redicts.errors import LockLost
from redicts.locks.owners import current, current_holdings, process
from tests.runners.aio_rig import until
from tests.runners.cancelling import POOLS, Ground, ground
from tests.support.servers import Server

has_groups = pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout and TaskGroup came with 3.11")


def play(server: Server, act: Callable[[Ground], Awaitable[None]], kind: str = "ours", loop: Any = None) -> None:
    """Run a test on a ground; afterwards nothing is left."""

    async def main() -> None:
        async with ground(kind, server) as at:
            await act(at)
            await at.assert_nothing_left()
            assert await at.keys("l", "b") == []

    if loop is None:
        asyncio.run(main())
        return
    made = loop()
    try:
        made.run_until_complete(main())
        made.run_until_complete(made.shutdown_asyncgens())
    finally:
        made.close()


async def lose(holding: Any, at: Ground) -> None:
    """Have a lock broken, and its holder not know."""
    _ = await at.place("a").break_locks()
    assert not holding.is_lost


def waited(awaitable: Awaitable[Any]) -> Awaitable[Any]:
    return asyncio.wait_for(awaitable, 20)


def in_a_task(awaitable: Any) -> Awaitable[Any]:
    return asyncio.get_running_loop().create_task(awaitable)


HANDS = [waited, in_a_task, asyncio.gather, asyncio.shield]
"""What runs a coroutine in another task, on some version of Python."""


@pytest.mark.parametrize("hand", HANDS, ids=["wait_for", "create_task", "gather", "shield"])
def test_who_calls_is_the_owner_and_carries_the_proof(
    valkey_server: Server, hand: Callable[..., Awaitable[Any]]
) -> None:
    async def act(at: Ground) -> None:
        place = at.place("a")
        lease = await hand(place.acquire())
        lease = lease[0] if isinstance(lease, list) else lease
        assert lease.owner == current().owner
        assert [holding.handle for holding in current_holdings()] == [lease]
        again = await place.get("b").acquire(acquire_timeout=0)  # let in again
        await again.release()
        _ = await hand(place.set("x", 1))
        await lose(current_holdings()[0], at)
        with pytest.raises(LockLost):  # the write has carried the proof of who called
            _ = await hand(place.set("x", 2))
        assert await place.get("x").val() == 1
        assert lease.lost.is_set() or lease._holding.is_lost
        process().remove(lease._holding)
        lease = await place.acquire()
        _ = await hand(place.release())
        assert current_holdings() == ()

    play(valkey_server, act)


def test_a_write_that_is_begun_before_the_lock_carries_no_proof_of_it(valkey_server: Server) -> None:
    async def act(at: Ground) -> None:
        place = at.place("a")
        before = place.set("x", 1)
        lease = await place.acquire()
        after = place.set("x", 2)
        await lose(lease._holding, at)
        _ = await before
        with pytest.raises(LockLost):
            _ = await after
        process().remove(lease._holding)

    play(valkey_server, act)


def test_tasks_are_owners_and_their_children_are_others(valkey_server: Server) -> None:
    async def act(at: Ground) -> None:
        async with at.place("a"):

            async def child() -> aio.Lease | None:
                return await at.place("a.b").try_acquire()

            assert await asyncio.get_running_loop().create_task(child()) is None

    play(valkey_server, act)


@pytest.mark.parametrize("kind", POOLS)
def test_wait_for_a_lock_that_is_not_free(valkey_server: Server, kind: str) -> None:
    async def act(at: Ground) -> None:
        rival = await at.place("a").acquire(owner="rival")
        for seconds in (0.001, 0.03):
            with pytest.raises(asyncio.TimeoutError):
                _ = await asyncio.wait_for(at.place("a.b").acquire(), seconds)
            await until(lambda: at.waiting == 0)
        await rival.release()
        lease = await asyncio.wait_for(at.place("a.b").acquire(), 20)
        await lease.release()

    play(valkey_server, act, kind)


@has_groups
@pytest.mark.parametrize("kind", POOLS)
def test_a_timeout_around_a_lock_and_a_write(valkey_server: Server, kind: str) -> None:
    async def act(at: Ground) -> None:
        place = at.place("a")
        rival = await place.acquire(owner="rival")

        async def enter() -> None:
            async with asyncio.timeout(0.03), place:  # type: ignore[attr-defined,unused-ignore]
                raise AssertionError("it was let in")

        with pytest.raises(TimeoutError):
            await enter()
        assert at.waiting == 0, "all was put in order before it was raised"
        await rival.release()
        for seconds in (0, 0.0001, 0.0005, 0.001, 0.002):
            try:
                async with asyncio.timeout(seconds):  # type: ignore[attr-defined,unused-ignore]
                    async with place:
                        _ = await place.set("x", seconds)
            except TimeoutError:
                pass
            assert await at.keys("l", "b") == []
            assert current_holdings() == ()
            assert await place.check() == []
        async with asyncio.timeout(20):  # type: ignore[attr-defined,unused-ignore]
            async with place:
                _ = await place.set("x", "through")
        assert await place.get("x").val() == "through"

    play(valkey_server, act, kind)


@has_groups
def test_a_group_whose_task_fails_leaves_nothing(valkey_server: Server) -> None:
    async def act(at: Ground) -> None:
        async def work(number: int) -> None:
            async with at.place(f"a.k{number % 3}"):
                _ = await at.place("a").get(f"k{number % 3}.n").add(1)
                if number == 20:
                    raise LookupError

        async def work_all() -> None:
            async with asyncio.TaskGroup() as group:  # type: ignore[attr-defined,unused-ignore]
                for number in range(40):
                    _ = group.create_task(work(number))

        with pytest.raises(Exception, match="unhandled errors in a TaskGroup") as caught:
            await work_all()
        errors: Any = caught.value
        assert [type(error) for error in errors.exceptions] == [LookupError]

    play(valkey_server, act)


def test_who_is_cancelled_with_every_connection_kept_puts_all_in_order(start_server: Callable[..., Server]) -> None:
    """Nobody keeps the connection of a watch while waiting for another: there may be none but such."""
    server = start_server("valkey")

    async def act(at: Ground) -> None:
        def work(number: int) -> Op[None]:
            key = f"{at.database.space.namespace}:l:{number}"
            try:
                while True:
                    yield (Watch((key,), (("GET", key),)),)
                    begun.add(number)
            finally:
                yield (Call(("SET", key, "1")),)
                yield (Block(("BLPOP", f"{key}:list"), 0.01, shared=True),)
                yield (Call(("DEL", key)),)
                done.append(number)

        begun, done = set[int](), list[int]()
        runner, loop = at.database.runner, asyncio.get_running_loop()
        tasks = [loop.create_task(runner.run(work(number), False)) for number in range(at.connections)]
        await until(lambda: len(begun) == at.connections)
        server.stop()
        await asyncio.sleep(0.05)  # each of them has asked, and waits for a reply
        for task in tasks:
            _ = task.cancel()
        await asyncio.sleep(0.05)
        server.cont()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(error) for error in ended] == [asyncio.CancelledError] * at.connections
        assert sorted(done) == list(range(at.connections)), "they did not wait for each other"

    play(server, act)


@has_groups
def test_a_group_that_goes_well(valkey_server: Server) -> None:
    async def act(at: Ground) -> None:
        async def work() -> None:
            async with at.place("a.n"):
                count = await at.place("a.n").val(0)
                _ = await at.place("a").set("n", count + 1)

        async with asyncio.TaskGroup() as group:  # type: ignore[attr-defined,unused-ignore]
            for _ in range(30):
                _ = group.create_task(work())
        assert await at.place("a.n").val() == 30

    play(valkey_server, act)


@pytest.mark.parametrize("kind", POOLS)
def test_uvloop(valkey_server: Server, kind: str) -> None:
    uvloop: Any = pytest.importorskip("uvloop")

    async def act(at: Ground) -> None:
        async def work(number: int) -> None:
            async with at.place(f"a.k{number % 3}"):
                count = await at.place(f"a.k{number % 3}.n").val(0)
                _ = await at.place(f"a.k{number % 3}").set("n", count + 1)

        tasks = [asyncio.ensure_future(work(number)) for number in range(60)]
        for task in tasks[30:]:
            await asyncio.sleep(0)
            _ = task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(result is None or isinstance(result, asyncio.CancelledError) for result in results)
        assert results[:30] == [None] * 30
        assert sum([await at.place(f"a.k{number}.n").val(0) for number in range(3)]) >= 30

    play(valkey_server, act, kind, uvloop.new_event_loop)
