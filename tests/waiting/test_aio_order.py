"""Tasks that wait for one path are served in the order of coming; processes take turns; how long a hand-over takes."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter
from itertools import groupby
from typing import Any

import pytest
import redis

from redicts import LockTimeout, Pool, Proxy, aio
from tests.concurrency.leftovers import assert_no_locks
from tests.concurrency.tasks import all_is_back, pass_time, run, stand_in_line
from tests.concurrency.trees import Spot, meet
from tests.support.processes import run_in_processes


async def join(order: list[int], me: int, timeout: float | None = None, path: str = "a.b") -> asyncio.Task[None]:
    """Have another task come, and wait until it is in line."""

    async def wait() -> None:
        async with await aio.Proxy(path).acquire(acquire_timeout=timeout):
            order.append(me)

    lines: Any = Pool().async_database().runner._waiting()
    before = sum(len(line.waiters) for line in lines._lines.values())
    task = asyncio.create_task(wait())
    await stand_in_line(before + 1)
    return task


def test_first_come_first_served_over_looks_and_renewals(spot: Spot, tree: Proxy) -> None:
    order: list[int] = []

    async def work() -> None:
        async with await aio.Proxy("a.b").acquire(expire_timeout=0.9, renew=True) as lease:
            waiting = [await join(order, me) for me in range(12)]
            await pass_time(1.3)  # a look of the first, and renewals
            assert lease.valid_for() > 0
            assert order == []
        await asyncio.gather(*waiting)
        await all_is_back()

    run(work)
    assert order == list(range(12))
    assert_no_locks(spot)


def test_one_that_gives_up_leaves_the_order_of_the_others(spot: Spot, tree: Proxy) -> None:
    order: list[int] = []

    async def work() -> None:
        async with aio.Proxy("a.b"):
            waiting = [await join(order, me, None if me % 2 else 0.4) for me in range(12)]
            ended: list[Any] = await asyncio.gather(*waiting[::2], return_exceptions=True)
            assert {type(each) for each in ended} == {LockTimeout}
            waiting[3].cancel()
            await stand_in_line(5)
        await asyncio.gather(*waiting[1:2], *waiting[5::2])
        await all_is_back()

    run(work)
    assert order == [1, 5, 7, 9, 11]
    assert_no_locks(spot)


def test_all_who_share_go_in_together(spot: Spot, tree: Proxy) -> None:
    """Readers that wait for a writer are let in by its one release, and the writer behind them is the last."""
    together = asyncio.Event

    async def work() -> None:
        inside, enough, order = 0, together(), list[str]()

        async def read() -> None:
            nonlocal inside
            async with await aio.Proxy("a").acquire(shared=True, acquire_timeout=None):
                inside += 1
                if inside == 50:
                    enough.set()
                await enough.wait()
                order.append("r")

        async def write() -> None:
            async with await aio.Proxy("a").acquire(acquire_timeout=None):
                order.append("w")

        async with aio.Proxy("a"):
            readers = [asyncio.create_task(read()) for _ in range(50)]
            await stand_in_line(50)
            writer = asyncio.create_task(write())
            await stand_in_line(51)
        await asyncio.gather(*readers, writer)
        assert order == ["r"] * 50 + ["w"]
        await all_is_back()

    run(work)
    assert_no_locks(spot)


# ---- between processes


def take_turns(spot: Spot, me: int, parties: int, tasks: int, seconds: float) -> None:
    """Take one lock again and again, in so many tasks, and log each time who had it."""
    tree = spot.open()
    meet(tree, "turns", parties)
    end = time.monotonic() + seconds

    async def one() -> None:
        while time.monotonic() < end:
            async with aio.Proxy("turn", None):
                await aio.Pool().get_connection().rpush(f"log-of-{spot.namespace}", me)

    async def work() -> None:
        await asyncio.gather(*[one() for _ in range(tasks)])

    run(work, seconds + 60)


@pytest.mark.parametrize(
    ("tasks", "seconds"),
    [
        ((8, 8), 0.6),
        pytest.param((64, 64), 10, marks=pytest.mark.exhaustive),
        pytest.param((64, 4), 10, marks=pytest.mark.exhaustive),
    ],
    ids=["8 and 8 tasks", "64 and 64 tasks", "64 and 4 tasks"],
)
def test_processes_take_turns(spot: Spot, tree: Proxy, tasks: tuple[int, int], seconds: float) -> None:
    """A process waits by one connection, and the server serves connections in turn."""
    jobs = [(spot, me, 2, count, seconds) for me, count in enumerate(tasks)]
    run_in_processes(take_turns, jobs, seconds + 100)
    with redis.Redis.from_url(spot.url) as client:
        log: Any = client.lrange(f"log-of-{spot.namespace}", 0, -1)
        client.delete(f"log-of-{spot.namespace}")
    turns = [int(each) for each in log]
    middle = turns[len(turns) // 10 : -len(turns) // 10]
    runs = [len(list(group)) for _, group in groupby(middle)]
    shares = Counter(middle)
    print(
        f"tasks {tasks}: {len(turns)} turns, shares {shares[0] / len(middle):.0%} and {shares[1] / len(middle):.0%}, "
        f"in a row {statistics.median(runs):g} in the median, {max(runs)} at most"
    )
    assert min(shares[0], shares[1]) > 0.2 * len(middle)
    assert max(runs) < 50 + len(turns) / 20, "nobody is kept out for long"
    tree.clear()
    assert_no_locks(spot)


# ---- how long it takes


@pytest.mark.parametrize("waiters", [1, 8, 64])
def test_how_long_a_hand_over_takes(spot: Spot, tree: Proxy, waiters: int) -> None:
    """From before the release until the next one has it."""
    latencies: list[float] = []

    async def work() -> None:
        released = 0.0

        async def one() -> None:
            nonlocal released
            while len(latencies) < 120:
                async with aio.Proxy("a.b.c", None):
                    latencies.append(time.perf_counter() - released)
                    await asyncio.sleep(0.002)  # meanwhile the one before stands in line again
                    released = time.perf_counter()

        await asyncio.gather(*[one() for _ in range(waiters + 1)])
        await all_is_back()

    run(work)
    median = statistics.median(latencies[10:110])
    print(f"{waiters} waiting tasks: a hand-over takes {median * 1000:.2f} ms in the median")
    assert median < 0.05
    assert_no_locks(spot)
