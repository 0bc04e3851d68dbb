"""Tasks cancelled anywhere, in hundreds: nobody gets in beside another, and keys and connections are as they were."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import redis

from redicts import Pool, Proxy, aio
from tests.concurrency.forking import waiters_in_line
from tests.concurrency.leftovers import assert_no_locks
from tests.concurrency.tasks import Book, Worker, all_is_back, assert_nothing_stays, connections, run, stand_in_line
from tests.concurrency.trees import Spot, new_spot
from tests.support.servers import Server
from tests.support.waiting import wait_until

OpenTree = Callable[..., Proxy]

ENOUGH = 100
"""So often a lock is acquired at least; on a busy machine it takes more waves."""


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough here: this is about this side."""
    return new_spot(valkey_server)


async def strike(tasks: list[asyncio.Task[None]], seconds: float, choose: random.Random) -> None:
    """Cancel tasks at random for so long, some of them twice or three times; in the end all that are left."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and any(not task.done() for task in tasks):
        for _ in range(choose.randrange(1, 6)):
            task = choose.choice(tasks)
            for _ in range(choose.choice([1, 1, 2, 3])):
                task.cancel()
                if choose.random() < 0.5:
                    await asyncio.sleep(0)
        await asyncio.sleep(choose.uniform(0, 0.004))
    for task in tasks:
        task.cancel()


def storm(spot: Spot, tree: Proxy, tasks: int, locks: int, seconds: float, seed: int) -> None:
    """Have tasks contend and cancel them; new ones come all the time. Judge what they saw and what is left."""
    book, choose = Book(), random.Random(seed)
    outcomes: Counter[str] = Counter()
    with redis.Redis.from_url(spot.url) as client:
        before = connections(client)

        async def work() -> None:
            end, first = time.monotonic() + seconds, 0
            while time.monotonic() < end or book.numbers < ENOUGH:
                wave = [asyncio.create_task(Worker(me, book, locks).work(4)) for me in range(first, first + tasks)]
                first += tasks
                await strike(wave, min(seconds, 1.0), choose)
                ended: list[Any] = await asyncio.gather(*wave, return_exceptions=True)
                outcomes.update(type(each).__name__ for each in ended)
            await all_is_back()
            assert waiters_in_line(client, spot.namespace) == 0
            assert_no_locks(spot)
            await book.assert_counts()

        run(work, seconds + 100)
        wait_until(lambda: connections(client) <= before, what="the end of the loop's connections")
    verdict = book.verdict()
    unsure = book.unsure.total()
    print(f"{dict(outcomes)}; {verdict.acquisitions} acquisitions, {book.counted.total()} counted, {unsure} unsure")
    assert verdict.faults == []
    assert set(outcomes) <= {"NoneType", "CancelledError"}
    assert outcomes["CancelledError"] > 10
    assert verdict.acquisitions >= ENOUGH
    assert_nothing_stays(spot, tree)


def test_a_storm_of_cancellations(spot: Spot, tree: Proxy) -> None:
    storm(spot, tree, tasks=200, locks=20, seconds=0.8, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("tasks", "locks"), [(500, 50), (1000, 5), (2000, 1000)])
def test_a_long_storm_of_cancellations(spot: Spot, tree: Proxy, tasks: int, locks: int, soak_seconds: float) -> None:
    storm(spot, tree, tasks, locks, soak_seconds, seed=2)


def test_a_storm_over_few_connections(spot: Spot, open_tree: OpenTree) -> None:
    storm(spot, open_tree(spot, max_connections=3, timeout_secs=30), tasks=100, locks=10, seconds=0.5, seed=3)


# ---- all at once


@pytest.mark.parametrize("tasks", [300, pytest.param(10_000, marks=[pytest.mark.exhaustive, pytest.mark.timeout(400)])])
@pytest.mark.parametrize("locks", [1, 100])
def test_all_who_wait_are_cancelled_at_once(spot: Spot, tree: Proxy, tasks: int, locks: int) -> None:
    """Also those that have just been woken: the lock is released in the same moment."""

    async def one(me: int) -> None:
        async with await aio.Proxy(f"a.k{me % locks}").acquire(acquire_timeout=None):
            raise AssertionError("cancelled before")

    async def work() -> None:
        held = [await aio.Proxy(f"a.k{number}").acquire(expire_timeout=200) for number in range(locks)]
        waiting = [asyncio.ensure_future(one(me)) for me in range(tasks)]
        await stand_in_line(tasks)
        began = time.monotonic()
        releasing = asyncio.gather(*[lease.release() for lease in held[::2]])
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        ended: list[Any] = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(each) for each in ended} == {asyncio.CancelledError}
        print(f"{tasks} waiters at {locks} locks cancelled in {time.monotonic() - began:.2f} s")
        await releasing
        await all_is_back()
        for number in range(locks):
            assert await aio.Proxy(f"a.k{number}").is_locked() == bool(number % 2)
        for lease in held[1::2]:
            await lease.release()
        pool = Pool().async_database().client.connection_pool
        assert len(pool._available_connections) <= pool.max_connections

    run(work, 300)
    assert_no_locks(spot)


def test_a_wake_up_of_one_who_is_cancelled_goes_to_the_next(spot: Spot, tree: Proxy) -> None:
    """In each round the first in line is cancelled at a moment of the hand-over; the second gets the lock at once."""
    waits: list[float] = []
    cancelled: list[bool] = []

    async def work() -> None:
        place = aio.Proxy("a")
        for number in range(90):
            lease = await place.acquire()
            first = asyncio.create_task(_hold(place))
            await stand_in_line(1)
            second = asyncio.create_task(_hold(place))
            await stand_in_line(2)
            await lease.release()
            for _ in range(number % 15):
                await asyncio.sleep(number % 3 / 10_000)
            first.cancel()
            began = time.monotonic()
            await second
            waits.append(time.monotonic() - began)
            cancelled.append(isinstance((await asyncio.gather(first, return_exceptions=True))[0], BaseException))
        await all_is_back()

    run(work)
    late = [wait for wait in waits if wait > 0.5]
    print(f"{sum(cancelled)} of {len(waits)} cancelled; the second came {max(waits):.3f} s later at most")
    assert 10 < sum(cancelled) < len(waits)
    assert len(late) <= 2, "they would have had to look for themselves"
    assert_no_locks(spot)


async def _hold(place: aio.Proxy) -> None:
    async with place:
        await asyncio.sleep(0)
