"""Hundreds and thousands of tasks that contend for locks in one process: an independent referee, and what is left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
import redis

from redicts import LockTimeout, Pool, Proxy, aio
from tests.concurrency.forking import waiters_in_line
from tests.concurrency.leftovers import assert_no_locks
from tests.concurrency.tasks import Book, Worker, all_is_back, assert_nothing_stays, run, stand_in_line
from tests.concurrency.trees import Spot, new_spot
from tests.support.servers import Server

OpenTree = Callable[..., Proxy]


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough here: this is about this side."""
    return new_spot(valkey_server)


def contend(spot: Spot, tree: Proxy, tasks: int, locks: int, sections: int) -> None:
    """Have tasks contend for locks, and judge what they saw."""
    book = Book()
    began = time.monotonic()

    async def work() -> None:
        await asyncio.gather(*[Worker(me, book, locks).work(sections) for me in range(tasks)])
        await book.assert_counts()
        await all_is_back()

    run(work, 800)
    verdict = book.verdict()
    print(
        f"{tasks} tasks, {locks} locks, {time.monotonic() - began:.1f} s: {verdict.acquisitions} acquisitions, "
        f"{verdict.overlaps} beside others, {verdict.succeeded} after one that excludes them, "
        f"{book.counted.total()} counted; {dict(book.seen)}; longest pause {verdict.longest_pause:.2f} s"
    )
    assert verdict.faults == []
    assert verdict.acquisitions + book.seen["timeout"] >= tasks * sections
    assert verdict.succeeded > verdict.acquisitions / 3
    assert book.seen["nested"]
    assert book.counted.total() > tasks * sections / 4
    assert verdict.longest_pause < 10, "all waited for nobody"
    assert_nothing_stays(spot, tree)


def test_500_tasks_contend_for_50_locks(spot: Spot, tree: Proxy) -> None:
    contend(spot, tree, tasks=500, locks=50, sections=1)


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("tasks", "locks", "sections"), [(500, 50, 40), (500, 5, 10), (5000, 50, 2), (2000, 1000, 5)])
def test_many_tasks_contend_for_long(spot: Spot, tree: Proxy, tasks: int, locks: int, sections: int) -> None:
    contend(spot, tree, tasks, locks, sections)


# ---- those whose time runs out


@pytest.mark.parametrize("tasks", [200, pytest.param(5000, marks=[pytest.mark.soak, pytest.mark.timeout(400)])])
def test_waiters_whose_time_runs_out_leave_nothing(spot: Spot, tree: Proxy, tasks: int) -> None:
    late: list[float] = []

    async def give_up(me: int) -> None:
        timeout = 0.2 + me / tasks / 2
        began = time.monotonic()
        with pytest.raises(LockTimeout):
            await aio.Proxy("a.b" if me % 2 else "a").acquire(acquire_timeout=timeout)
        late.append(time.monotonic() - began - timeout)

    async def work() -> None:
        async with aio.Proxy("a.b") as place:
            await asyncio.gather(*[give_up(me) for me in range(tasks)])
            assert len(await place.holders()) == 1
            await all_is_back()
            with redis.Redis.from_url(spot.url) as client:
                assert waiters_in_line(client, spot.namespace) == 0

    run(work, 300)
    assert len(late) == tasks
    assert min(late) >= 0, "never sooner"
    print(f"{tasks} tasks gave up, {max(late) * 1000:.0f} ms late at most")
    assert max(late) < (3 if tasks < 1000 else 30)
    assert_no_locks(spot)


def test_waiters_leave_the_connections_to_those_who_hold_locks(spot: Spot, open_tree: OpenTree) -> None:
    tree = open_tree(spot, max_connections=2, timeout_secs=10)
    order: list[int] = []

    async def one(me: int) -> None:
        async with await aio.Proxy(f"a.k{me % 40}").acquire(acquire_timeout=None):
            order.append(me)
            await aio.Proxy("a.n").add()

    async def work() -> None:
        async with aio.Proxy("a") as place:
            waiting = [asyncio.ensure_future(one(me)) for me in range(300)]
            await stand_in_line(300)
            await place.set("n", 1000)
            await (await place.acquire()).release()
            assert not order
        await asyncio.gather(*waiting)
        await all_is_back()
        pool = Pool().async_database().client.connection_pool
        assert len(pool._available_connections) <= 2

    run(work)
    assert tree.get("a.n").val() == 1300
    assert sorted(order) == list(range(300))
    assert_nothing_stays(spot, tree)
