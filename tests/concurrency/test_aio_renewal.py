"""Renewal in a loop: one task for thousands of locks, few round trips; and how a loss is told."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest
import redis

from redicts import LockLost, NotOwner, Proxy, aio
from tests.concurrency.leftovers import assert_no_locks
from tests.concurrency.tasks import all_is_back, assert_nothing_stays, break_locks, pass_time, run, stand_in_line
from tests.concurrency.trees import Spot, new_spot
from tests.pool.asynchronous import until
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server

OpenTree = Callable[..., Proxy]

ENOUGH = 100
"""So often a lock is taken and given back at least; on a busy machine that takes longer."""


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough here: this is about this side."""
    return new_spot(valkey_server)


def renewals() -> list[asyncio.Task[Any]]:
    """The tasks of this loop that renew locks."""
    return [task for task in asyncio.all_tasks() if task.get_name() == "redicts-renewal"]


@pytest.mark.parametrize(
    ("locks", "lease_seconds"),
    [(200, 1.2), pytest.param(5000, 6.0, marks=[pytest.mark.exhaustive, pytest.mark.timeout(300)])],
)
def test_many_locks_are_renewed_by_one_task(spot: Spot, tree: Proxy, locks: int, lease_seconds: float) -> None:
    told: list[Any] = []

    def hold(number: int) -> Coroutine[Any, Any, aio.Lease]:
        return aio.Proxy(f"many.k{number}").acquire(renew=True, expire_timeout=lease_seconds, on_lost=told.append)

    async def work(client: redis.Redis) -> None:
        leases = await asyncio.gather(*[hold(number) for number in range(locks)])
        assert len(renewals()) == 1
        before, began, cpu = renewed(client), time.monotonic(), time.process_time()
        await pass_time(1.4 * lease_seconds)
        seconds = time.monotonic() - began
        scripts = renewed(client) - before
        per_interval = scripts / (seconds / (lease_seconds / 3))
        print(
            f"{locks} locks of {lease_seconds} s: {per_interval:.0f} commands in each interval of "
            f"{lease_seconds / 3:.1f} s; {(time.process_time() - cpu) / seconds:.1%} of a processor"
        )
        assert per_interval < 1.5 * locks
        assert scripts > 2 * locks, "each was renewed, some more than once"
        assert len(renewals()) == 1
        assert told == []
        assert min(lease.valid_for() for lease in leases) > 0
        await asyncio.gather(*[lease.ensure_held() for lease in leases])
        await asyncio.gather(*[lease.release() for lease in leases])
        await until(lambda: renewals() == [])
        await all_is_back()

    with redis.Redis.from_url(spot.url) as client:
        run(lambda: work(client), 200)
    assert_nothing_stays(spot, tree)


def renewed(client: redis.Redis) -> int:
    """How many scripts the server has run."""
    stats: Any = client.info("commandstats")
    return sum(int(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"]) for name in ("eval", "evalsha"))


@pytest.mark.exhaustive
def test_one_that_is_lost_does_not_cost_the_others(
    valkey_server: Server, chaos: ChaosProxy, open_tree: OpenTree
) -> None:
    """After the loop was blocked, far from the server: deadlines are close and apart, and a reply takes its time."""
    spot = new_spot(valkey_server)
    tree = open_tree(Spot(chaos.url, spot.namespace))
    locks, lease_seconds, told = 100, 3.0, list[Any]()

    async def work() -> None:
        leases = []
        for number in range(locks):
            place = aio.Proxy(f"many.k{number}")
            leases.append(await place.acquire(renew=True, expire_timeout=lease_seconds, on_lost=told.append))
            await pass_time(0.8 * lease_seconds / 3 / locks)
        await pass_time(0.7 * lease_seconds)
        chaos.delay(0.02)
        left = sorted(lease.valid_for() for lease in leases)
        blocked = left[locks // 10]
        late = sum(each < blocked + 0.1 for each in left)
        time.sleep(blocked)  # noqa: ASYNC251  # this is what is tested
        await pass_time(1.5 * lease_seconds)
        print(f"{locks} locks, of which {late} had no more than 0.1 s left: {len(told)} lost")
        assert len(told) <= late
        chaos.delay(0)
        await asyncio.gather(*[lease.release() for lease in leases if lease not in told])

    run(work)
    tree.clear()


def test_it_is_held_over_several_leases_while_tasks_wait(spot: Spot, tree: Proxy) -> None:
    lease_seconds, order = 0.9, list[int]()

    async def wait(me: int) -> None:
        async with aio.Proxy("a.b", None):
            order.append(me)

    async def work() -> None:
        async with await aio.Proxy("a").acquire(renew=True, expire_timeout=lease_seconds) as lease:
            waiting = [asyncio.create_task(wait(me)) for me in range(30)]
            await stand_in_line(30)
            await pass_time(1.6 * lease_seconds)
            await lease.ensure_held()
            assert order == []
            await aio.Proxy("a").set("n", 1)
        await asyncio.gather(*waiting)
        assert not lease.lost.is_set()
        await all_is_back()

    run(work)
    assert_nothing_stays(spot, tree)


# ---- how a loss is told


def test_a_loss_is_told_in_the_loop(spot: Spot, tree: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    told: list[Any] = []

    def plain(lease: aio.Lease) -> None:
        told.append(("function", lease, threading.get_ident(), asyncio.get_running_loop()))

    async def coroutine(lease: aio.Lease) -> None:
        await asyncio.sleep(0.01)
        told.append(("coroutine", lease, threading.get_ident(), asyncio.get_running_loop()))

    def fails(lease: aio.Lease) -> None:
        told.append(("fails", lease, threading.get_ident(), asyncio.get_running_loop()))
        raise ZeroDivisionError

    async def work() -> None:
        calls = {"function": plain, "coroutine": coroutine, "fails": fails}
        leases = {
            name: await aio.Proxy(f"a.{name}").acquire(renew=True, expire_timeout=0.6, on_lost=call)
            for name, call in calls.items()
        }
        silent = await aio.Proxy("a.silent").acquire(renew=True, expire_timeout=0.6)
        break_locks(spot)
        lost = [silent, *leases.values()]
        await asyncio.wait_for(asyncio.gather(*[lease.lost.wait() for lease in lost]), 10)
        await until(lambda: len(told) == 3)
        assert {name: lease for name, lease, _, _ in told} == leases
        assert {(thread, loop) for _, _, thread, loop in told} == {(threading.get_ident(), asyncio.get_running_loop())}
        await pass_time(0.1)
        for lease in lost:
            assert lease.valid_for() == 0
            with pytest.raises(LockLost):
                await lease.release()
        await all_is_back()

    run(work)
    assert len(told) == 3, "each once"
    assert any("on_lost" in record.getMessage() for record in caplog.records), "the failure is logged"
    assert_no_locks(spot)


@pytest.mark.parametrize("finder", ["a write", "a thread"])
def test_a_loss_that_is_found_is_told(spot: Spot, tree: Proxy, finder: str) -> None:
    """Without renewal nobody looks, but what finds it out tells, in the loop: also where that is another thread."""
    told: list[Any] = []

    async def work() -> None:
        place = aio.Proxy("a")
        lease = await place.acquire(
            owner="me" if finder == "a thread" else None,
            on_lost=lambda lease: told.append((lease, threading.get_ident())),
        )
        waiting = asyncio.create_task(lease.lost.wait())
        break_locks(spot)
        with pytest.raises(LockLost):
            await (place.set("n", 1) if finder == "a write" else asyncio.to_thread(tree.get("a").release, owner="me"))
        await asyncio.wait_for(waiting, 10)
        await until(lambda: bool(told))
        assert told == [(lease, threading.get_ident())]
        with pytest.raises(LockLost if finder == "a write" else NotOwner):
            await lease.release()

    run(work)
    assert_no_locks(spot)


def test_the_block_may_be_ended_by_the_loss(spot: Spot, tree: Proxy) -> None:
    """What the page on locks advises: the work is cancelled as soon as the lock is known to be lost."""

    async def forever() -> None:
        await asyncio.sleep(600)

    async def under_a_lock(working: asyncio.Task[None]) -> None:
        lease = await aio.Proxy("a").acquire(renew=True, expire_timeout=0.6, on_lost=lambda lease: working.cancel())
        async with lease:
            break_locks(spot)
            await asyncio.wait([working])

    async def work() -> None:
        working = asyncio.create_task(forever())
        with pytest.raises(LockLost):
            await under_a_lock(working)
        assert working.cancelled()
        await all_is_back()

    run(work)
    assert_no_locks(spot)


def test_it_ends_with_the_task_that_holds_the_lock(spot: Spot, tree: Proxy) -> None:
    lease_seconds = 0.6

    async def hold() -> aio.Lease:
        return await aio.Proxy("a").acquire(renew=True, expire_timeout=lease_seconds)

    async def work() -> None:
        lease = await asyncio.create_task(hold())
        ended = time.monotonic()
        async with aio.Proxy("a", 20):
            assert time.monotonic() - ended < lease_seconds * 4 / 3 + 2.5
        await asyncio.wait_for(lease.lost.wait(), 10)
        await until(lambda: renewals() == [])

    run(work)
    assert_no_locks(spot)


def test_a_released_lock_is_never_brought_back(spot: Spot, tree: Proxy) -> None:
    """Taken and given back in many tasks, while all are renewed all the time."""
    seconds, rounds, back = 0.8, 0, list[str]()

    async def work() -> None:
        end = time.monotonic() + seconds

        async def one(me: int) -> None:
            nonlocal rounds
            client = aio.Pool().get_connection()
            while time.monotonic() < end or rounds < ENOUGH:
                lease = await aio.Proxy(f"a.k{me}").acquire(renew=True, expire_timeout=0.05)
                await pass_time((me * 7 + rounds) % 50 / 1000)
                try:
                    await lease.release()
                except LockLost:
                    continue
                holding = lease._holding
                if await client.zscore(holding.keys.at, holding.text) is not None:
                    back.append(holding.text)
                rounds += 1

        await asyncio.gather(*[one(me) for me in range(20)])
        await pass_time(0.1)
        await all_is_back()

    run(work)
    assert rounds >= ENOUGH
    assert back == []
    assert_no_locks(spot)


def test_who_cancels_all_tasks_is_told_of_the_locks_that_run_out(spot: Spot, tree: Proxy) -> None:
    async def work() -> None:
        lease = await aio.Proxy("many.a").acquire(renew=True, expire_timeout=0.4)
        for task in renewals():
            task.cancel()
        await asyncio.wait_for(lease.lost.wait(), 30)
        with suppress(LockLost):  # it is told when the lease may be over, which is a moment before it is
            await lease.release()
        async with await aio.Proxy("many.b").acquire(renew=True, expire_timeout=1) as other:
            await pass_time(1.2)
            await other.ensure_held()

    run(work, 60)
    assert_nothing_stays(spot, tree)
