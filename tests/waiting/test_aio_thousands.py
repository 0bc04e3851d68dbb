"""Thousands of tasks that wait in one process: connections, commands while idle, memory, and the time until all are in.

The default run has a few hundred; the full sizes are marked ``soak``, or ``exhaustive``.
"""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from typing import Any

import pytest
import redis

from redicts import Proxy, aio
from redicts.core.effects import Command
from redicts.runners.lines import MOST, Lines, Waiter
from tests.concurrency.forking import waiters_in_line
from tests.concurrency.tasks import all_is_back, assert_nothing_stays, connections, run, stand_in_line
from tests.concurrency.trees import Spot
from tests.support.waiting import wait_until

LONG = [pytest.mark.soak, pytest.mark.timeout(600)]


def processed(client: redis.Redis) -> int:
    """How many commands the server has carried out."""
    info: Any = client.info("stats")
    return int(info["total_commands_processed"])


async def commands_while_idle(client: redis.Redis, seconds: float) -> float:
    """Count the commands that the server gets in a second while nobody does anything."""
    before, began = processed(client), time.monotonic()
    await asyncio.sleep(seconds)  # nothing is to happen
    return (processed(client) - before - 1) / (time.monotonic() - began)


@pytest.mark.parametrize(
    ("tasks", "locks"),
    [
        (300, 1),
        (300, 100),
        pytest.param(10_000, 1, marks=LONG),
        pytest.param(10_000, 50, marks=[*LONG[1:], pytest.mark.exhaustive]),
        pytest.param(10_000, 1000, marks=[*LONG[1:], pytest.mark.exhaustive]),
    ],
)
def test_thousands_wait(spot: Spot, tree: Proxy, monkeypatch: pytest.MonkeyPatch, tasks: int, locks: int) -> None:
    """Each is let in once, in the order of coming; few connections wait, and they are quiet."""
    came_in_line: list[int] = []
    entered: list[int] = []
    join = Lines.join

    def noted(self: Lines, args: Command) -> Waiter:
        task = asyncio.current_task()
        assert task is not None
        came_in_line.append(int(task.get_name()))
        return join(self, args)

    monkeypatch.setattr(Lines, "join", noted)

    async def one(me: int) -> None:
        place = aio.Proxy(f"many.k{me % locks}")
        async with await place.acquire(acquire_timeout=None, expire_timeout=300):
            await place.set("n", await place.get("n").val(0) + 1)
            entered.append(me)

    async def work(client: redis.Redis) -> None:
        held = [await aio.Proxy(f"many.k{number}").acquire(expire_timeout=300) for number in range(locks)]
        began = time.monotonic()
        waiting = [asyncio.create_task(one(me), name=str(me)) for me in range(tasks)]
        await stand_in_line(tasks)
        assert sorted(came_in_line) == list(range(tasks)), "nobody lost its place and came anew"
        came = time.monotonic() - began
        idle = await commands_while_idle(client, 1.0 if tasks < 1000 else 5)
        assert 0 < waiters_in_line(client, spot.namespace) <= min(locks, MOST)
        pops, open_now = waiters_in_line(client, spot.namespace), connections(client)
        began = time.monotonic()
        await asyncio.gather(*[lease.release() for lease in held])
        await asyncio.gather(*waiting)
        print(
            f"{tasks} tasks at {locks} locks: all wait after {came:.2f} s, {pops} connections wait ({open_now} in "
            f"all), {idle:.1f} commands a second meanwhile; all through in {time.monotonic() - began:.2f} s"
        )
        assert idle <= 2 * locks + 5, "the first at each lock looks once a second, with one command"
        await all_is_back()

    with redis.Redis.from_url(spot.url) as client:
        before = connections(client)
        run(lambda: work(client), 500)
        wait_until(lambda: connections(client) <= before, what="the end of the loop's connections")
    assert sorted(entered) == list(range(tasks))
    for number in range(locks):
        in_order = [me for me in came_in_line if me % locks == number]
        assert [me for me in entered if me % locks == number] == in_order, "first come, first served"
        assert tree.get(f"many.k{number}.n").val() == len(in_order)
    assert_nothing_stays(spot, tree)


@pytest.mark.exhaustive
def test_what_a_waiting_task_weighs(spot: Spot, tree: Proxy) -> None:
    tasks = 5000

    async def one() -> None:
        async with aio.Proxy("a", None):
            raise AssertionError("it is cancelled before")

    async def work() -> None:
        async with aio.Proxy("a"):
            waiting = [asyncio.create_task(one()) for _ in range(200)]
            await stand_in_line(200)  # what is made once is there
            tracemalloc.start()
            before = tracemalloc.get_traced_memory()[0]
            waiting += [asyncio.create_task(one()) for _ in range(tasks)]
            await stand_in_line(200 + tasks)
            weighs = (tracemalloc.get_traced_memory()[0] - before) / tasks
            tracemalloc.stop()
            print(f"a waiting task weighs {weighs:.0f} bytes")
            assert weighs < 12_000
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    run(work)
    assert_nothing_stays(spot, tree)
