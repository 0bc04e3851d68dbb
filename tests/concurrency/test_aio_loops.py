"""Loops that end while tasks hold and wait for locks: no warning, no connection, no key beyond the lease."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis

from redicts import Pool, Proxy, aio
from tests.concurrency.leftovers import await_no_keys
from tests.concurrency.tasks import break_locks, connections, stand_in_line, until_so
from tests.concurrency.trees import Spot, new_spot
from tests.support.servers import Server
from tests.support.waiting import wait_until

OpenTree = Callable[..., Proxy]
LEASE = 0.7


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough here: this is about this side."""
    return new_spot(valkey_server)


async def hold_and_wait(tasks: list[asyncio.Task[None]]) -> list[aio.Lease]:
    """Leave locks held by hand and in blocks, and tasks that wait for them."""

    async def hold(number: int) -> None:
        async with await aio.Proxy(f"b.k{number}").acquire(renew=True, expire_timeout=2):
            await asyncio.sleep(600)

    async def wait(number: int) -> None:
        async with await aio.Proxy(f"{'ab'[number % 2]}.k{number % 10}").acquire(acquire_timeout=None):
            await asyncio.sleep(600)

    by_hand = [await aio.Proxy(f"a.k{number}").acquire(renew=True, expire_timeout=LEASE) for number in range(10)]
    tasks += [asyncio.create_task(hold(number)) for number in range(10)]
    await until_so(_all_held)
    tasks += [asyncio.create_task(wait(number)) for number in range(60)]
    await stand_in_line(60)
    return by_hand


async def _all_held() -> bool:
    return len(await aio.Proxy("b").holders()) == 10


def test_a_run_that_ends_while_tasks_hold_and_wait(spot: Spot, tree: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    """``asyncio.run`` cancels them: what is held in blocks is given back, what is held by hand is left to its lease."""
    tasks: list[asyncio.Task[None]] = []
    with redis.Redis.from_url(spot.url) as client:
        before = connections(client)
        by_hand = asyncio.run(hold_and_wait(tasks))
        ended = time.monotonic()
        assert all(task.cancelled() for task in tasks)
        wait_until(lambda: connections(client) <= before, what="the end of the loop's connections")
    assert not tree.get("b").is_locked(), "given back"
    _nobody_complains(caplog)
    tree.get("a").acquire(acquire_timeout=20, expire_timeout=LEASE).release()
    assert time.monotonic() - ended < LEASE + 3, "nobody renews it any more"
    assert [lease.valid_for() for lease in by_hand] == [0.0] * 10
    await_no_keys(spot, tree)


def test_a_loop_that_is_closed_by_hand(spot: Spot, tree: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    """As before ``asyncio.run`` was: the generators are ended, then the loop is closed; a lock is held by hand."""
    loop = asyncio.new_event_loop()
    with redis.Redis.from_url(spot.url) as client:
        before = connections(client)
        try:
            lease = loop.run_until_complete(_acquire())
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()
        wait_until(lambda: connections(client) <= before, what="the end of the loop's connections")
    tree.get("a").acquire(acquire_timeout=20, expire_timeout=LEASE).release()
    assert lease.valid_for() == 0
    asyncio.run(_use())
    _nobody_complains(caplog)
    await_no_keys(spot, tree)


async def _acquire() -> aio.Lease:
    return await aio.Proxy("a").acquire(expire_timeout=LEASE)


async def _use() -> None:
    """Take a lock in another loop; what belongs to closed ones is forgotten then."""
    async with aio.Proxy("a.k0"):
        await aio.Proxy("a.k0").set("n", 1)
    found: Any = Pool()._clients
    assert [loop for loop in found.loops.databases if loop is not None and loop.is_closed()] == []


def _nobody_complains(caplog: pytest.LogCaptureFixture) -> None:
    gc.collect()  # what was left open warns now, which fails the test
    gc.collect()
    complaints = [
        record.getMessage()
        for record in caplog.records
        if record.levelname in ("WARNING", "ERROR") and "was lost" not in record.getMessage()
    ]
    assert complaints == []


def test_many_loops_one_after_another(spot: Spot, tree: Proxy) -> None:
    """Each leaves waiters and a holder behind; nothing of the loops piles up, here or on the server."""

    async def once(number: int) -> None:
        lease = await aio.Proxy("a").acquire(acquire_timeout=None, expire_timeout=LEASE, renew=number % 2 == 0)
        waiting = [asyncio.create_task(_wait()) for _ in range(3)]
        await stand_in_line(3)
        if number % 3:
            await lease.release()
        for task in waiting[:1]:
            task.cancel()

    async def _wait() -> None:
        async with aio.Proxy("a", None):
            pass

    with redis.Redis.from_url(spot.url) as client:
        before = connections(client)
        for number in range(20):
            if number % 3 == 1:
                break_locks(spot)
            asyncio.run(once(number))
        wait_until(lambda: connections(client) <= before, what="the end of the loops' connections")
    gc.collect()
    found: Any = Pool()._clients
    assert len(found.loops.databases) <= 2, "that of the last loop, and the one for comparing"
    tree.get("a").acquire(acquire_timeout=20, expire_timeout=LEASE).release()
    await_no_keys(spot, tree)
