"""Tasks that wait at queues: they share a connection, each gets one, and whoever is cancelled loses nothing."""

from __future__ import annotations

import asyncio
import queue
import random
from collections import Counter
from typing import Any

import pytest
import redis

from redicts import Proxy, TaskLost, WaitTimeout, aio
from tests.concurrency.tasks import all_is_back, pass_time, run, stand_in_line, until_so
from tests.concurrency.trees import Spot
from tests.pool.asynchronous import until

KINDS = pytest.mark.parametrize("reliable", [False, True], ids=["plain", "reliable"])


def jobs_at(path: str, reliable: bool, **options: Any) -> Any:
    place = aio.Proxy(path)
    return place.as_queue(reliable=True, **options) if reliable else place.as_queue(**options)


def nothing_stays(spot: Spot, tree: Proxy) -> None:
    """Remove the tree; assert that what else is there goes within seconds by itself."""
    assert tree.check() == []
    tree.clear()
    with redis.Redis.from_url(spot.url) as client:
        for key in spot.all_keys():
            assert key.removeprefix(f"{spot.namespace}:")[0] in "egpj", f"{key} is left"
            left: Any = client.pttl(key)
            assert left == -2 or 0 <= left <= 5000, f"{key} stays for {left} ms"


def in_line(client: Any, spot: Spot) -> int:
    """How many connections wait."""
    return sum("b" in each["flags"] and spot.namespace in each["name"] for each in client.client_list())


@KINDS
@pytest.mark.usefixtures("no_looks")
def test_200_share_a_connection_and_each_gets_one(spot: Spot, tree: Proxy, reliable: bool) -> None:
    async def work() -> None:
        jobs = jobs_at("jobs", reliable)
        await jobs.qsize()
        getters = [asyncio.create_task(jobs.get()) for _ in range(200)]
        await stand_in_line(200)
        with redis.Redis.from_url(spot.url) as client:
            await until(lambda: in_line(client, spot) == 1)
        await jobs.put_many(range(100))
        for number in range(100, 200):
            await jobs.put(number)
        assert sorted(await asyncio.gather(*getters)) == list(range(200))
        assert await jobs.qsize() == 0
        await all_is_back()

    run(work)
    nothing_stays(spot, tree)


@pytest.mark.usefixtures("no_looks")
def test_putters_that_wait_for_room(spot: Spot, tree: Proxy) -> None:
    async def work() -> None:
        jobs = aio.Proxy("jobs").as_queue(int, maxsize=5)
        putters = [asyncio.create_task(jobs.put(number)) for number in range(100)]
        await stand_in_line(95)
        got = [await jobs.get() for _ in range(100)]
        await asyncio.gather(*putters)
        assert sorted(got) == list(range(100))
        await all_is_back()

    run(work)
    nothing_stays(spot, tree)


@KINDS
@pytest.mark.usefixtures("no_looks")
def test_who_is_cancelled_leaves_it_to_the_next(spot: Spot, tree: Proxy, reliable: bool) -> None:
    """However it comes: cancelled in line, as it is woken, as it takes, and just when it has it."""

    async def work() -> None:
        jobs = jobs_at("jobs", reliable)
        for turns in range(40):
            first = asyncio.create_task(jobs.get())
            await stand_in_line(1)
            second = asyncio.create_task(jobs.get())
            await stand_in_line(2)
            await jobs.put(turns)
            for _ in range(turns):
                await asyncio.sleep(0)
            first.cancel()
            _ = await asyncio.wait([first], timeout=10)
            if not first.cancelled():  # it had it before
                assert first.result() == turns
                await jobs.put(turns)
            assert await asyncio.wait_for(second, 10) == turns
            assert await jobs.qsize() == 0
        await all_is_back()

    run(work)
    nothing_stays(spot, tree)


@KINDS
def test_a_storm_of_cancellations_loses_nothing(spot: Spot, tree: Proxy, reliable: bool) -> None:
    """Producers, and consumers that are cancelled all the time: each item comes once. (No lease runs out here.)"""
    count, choose, got = 300, random.Random(5), list[int]()
    outcomes: Counter[str] = Counter()

    async def consume() -> None:
        jobs = jobs_at("jobs", reliable, of=int if choose.random() < 0.5 else None)
        while True:
            got.append(await jobs.get())

    async def produce() -> None:
        jobs = jobs_at("jobs", reliable)
        for number in range(count):
            await jobs.put(number)
            if number % 10 == 0:
                await pass_time(0.002)

    async def work() -> None:
        producer = asyncio.create_task(produce())
        jobs, waves = jobs_at("jobs", reliable), 0
        while not producer.done() or await jobs.qsize():
            waves += 1
            tasks = [asyncio.create_task(consume()) for _ in range(20)]
            for _ in range(30):
                choose.choice(tasks).cancel()
                await asyncio.sleep(choose.choice([0, 0, 0.0005, 0.002]))
            for task in tasks:
                task.cancel()
            ended: list[Any] = await asyncio.gather(*tasks, return_exceptions=True)
            outcomes.update(type(each).__name__ for each in ended)
        await producer
        await all_is_back()
        print(f"{waves} waves, {dict(outcomes)}, {len(got)} got")

    run(work)
    assert sorted(got) == list(range(count))
    assert set(outcomes) == {"CancelledError"}
    nothing_stays(spot, tree)


@KINDS
def test_wait_for_and_timeouts_lose_nothing(spot: Spot, tree: Proxy, reliable: bool) -> None:
    """asyncio.wait_for() cancels; so does a deadline that comes just when an item does."""
    got: list[int] = []

    async def consume() -> None:
        jobs, choose = jobs_at("jobs", reliable), random.Random(len(got))
        while len(got) < 200:
            try:
                if choose.random() < 0.5:
                    got.append(await jobs.get(timeout=choose.random() * 0.004))
                else:
                    # A task of its own: wait_for() itself loses what comes just then, before Python 3.12.
                    task = asyncio.create_task(jobs.get())
                    _ = await asyncio.wait([task], timeout=choose.random() * 0.004)
                    task.cancel()
                    got.append(await task)
            except (queue.Empty, asyncio.CancelledError):
                pass

    async def work() -> None:
        jobs = jobs_at("jobs", reliable)
        consumers = [asyncio.create_task(consume()) for _ in range(8)]
        for number in range(200):
            await jobs.put(number)
            await pass_time(0.001)
        await asyncio.gather(*consumers)
        await all_is_back()

    run(work)
    assert sorted(got) == list(range(200))
    nothing_stays(spot, tree)


def test_tasks_own_what_they_got(spot: Spot, tree: Proxy) -> None:
    async def work() -> None:
        jobs = aio.Proxy("jobs").as_queue(int, reliable=True)

        async def one() -> int:
            got = await jobs.get()
            await asyncio.sleep(0)
            await jobs.task_done()
            with pytest.raises(ValueError, match="too many times"):
                await jobs.task_done()
            return got

        await jobs.put_many(range(20))
        with pytest.raises(ValueError, match="too many times"):
            await jobs.task_done()
        assert sorted(await asyncio.gather(*[one() for _ in range(20)])) == list(range(20))
        await jobs.join()
        assert await jobs.length() == 0
        await all_is_back()

    run(work)
    nothing_stays(spot, tree)


@pytest.mark.usefixtures("no_looks")
def test_joiners(spot: Spot, tree: Proxy) -> None:
    async def work() -> None:
        jobs = aio.Proxy("jobs").as_queue(reliable=True)
        await jobs.put("x")
        joining = [asyncio.create_task(jobs.join()) for _ in range(20)]
        await stand_in_line(20)
        with pytest.raises(WaitTimeout):
            await jobs.join(timeout=0.05)
        await jobs.get()
        await jobs.task_done()
        await asyncio.gather(*joining)
        await all_is_back()

    run(work)
    nothing_stays(spot, tree)


class Broken(Exception):
    """What a consumer fails with."""


def test_tasks_of_a_reliable_queue(spot: Spot, tree: Proxy) -> None:
    async def work() -> None:
        jobs = aio.Proxy("jobs").as_queue(str, reliable=True)
        await jobs.put_many(["a", "b"])
        with pytest.raises(Broken, match="a, taken 1 times"):
            await fail(jobs)
        async with await jobs.take() as task:
            assert (task.value, task.delivered, task.finished) == ("a", 2, False)
            await task.extend(100)
        assert task.finished
        with pytest.raises(ValueError, match="finished"):
            await task.done()
        late = await jobs.take(lease=0.02)
        await until_so(lambda: quiet(jobs))
        async with await jobs.take() as other:
            for act in (late.done, late.give_back, lambda: late.extend(5)):
                with pytest.raises(TaskLost):
                    await act()
            assert other.delivered == 2
        with pytest.raises(queue.Empty):
            await jobs.take(block=False)
        cancelled = asyncio.create_task(hold(jobs))
        await jobs.put("c")
        await until_so(lambda: busy(jobs))
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        assert (await jobs.take(timeout=5)).delivered == 2
        await jobs.clear()
        await all_is_back()

    run(work)
    nothing_stays(spot, tree)


async def fail(jobs: Any) -> None:
    async with await jobs.take() as task:
        raise Broken(f"{task.value}, taken {task.delivered} times")


async def hold(jobs: Any) -> None:
    async with await jobs.take():
        await asyncio.sleep(60)


async def quiet(jobs: Any) -> bool:
    return bool(await jobs.leased() == 0)


async def busy(jobs: Any) -> bool:
    return bool(await jobs.leased() == 1)
