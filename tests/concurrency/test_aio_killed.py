"""Processes with a loop that are killed or stopped, and loops that are blocked: the lease ends what they held."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis

from redicts import LockLost, Proxy, aio
from tests.concurrency.forking import waiters_in_line
from tests.concurrency.leftovers import assert_no_locks, await_no_keys
from tests.concurrency.task_victims import (
    LEASE,
    LOCKS,
    WRITES,
    contend_for_ever,
    fork_in_a_loop,
    hold_and_wait,
    sleep_and_write,
)
from tests.concurrency.tasks import all_is_back, run
from tests.concurrency.trees import Spot, new_spot
from tests.support.processes import Processes
from tests.support.servers import Server
from tests.support.waiting import wait_until

OpenTree = Callable[..., Proxy]
SLACK = 3.0
"""Seconds that a busy machine may add."""


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough here: this is about this side."""
    return new_spot(valkey_server)


# ---- killed


def test_a_killed_process_with_holders_and_waiters(spot: Spot, tree: Proxy, processes: Processes) -> None:
    victim = processes.start(hold_and_wait, spot)
    victim.expect("ready")
    victim.kill()
    killed = time.monotonic()

    async def take(number: int) -> float:
        async with await aio.Proxy(f"a.k{number}").acquire(acquire_timeout=30, expire_timeout=LEASE):
            return time.monotonic() - killed

    async def work() -> None:
        waited = await asyncio.gather(*[take(number) for number in range(LOCKS)])
        print(f"{LOCKS} locks were free {max(waited):.2f} s after the kill at most (lease {LEASE} s)")
        assert max(waited) < LEASE + SLACK
        await all_is_back()

    run(work)
    with redis.Redis.from_url(spot.url) as client:
        assert waiters_in_line(client, spot.namespace) == 0
    await_no_keys(spot, tree)


@pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=[pytest.mark.exhaustive, pytest.mark.timeout(400)])])
def test_killed_anywhere(spot: Spot, tree: Proxy, processes: Processes, rounds: int) -> None:
    """A hundred tasks lock and write, and the process is killed in the middle of it."""
    for _ in range(rounds):
        victim = processes.start(contend_for_ever, spot)
        victim.expect("ready")
        victim.kill()
        killed = time.monotonic()
        with tree.acquire(acquire_timeout=30):
            assert time.monotonic() - killed < LEASE + SLACK
            assert tree.check() == []
        assert_no_locks(spot)
    await_no_keys(spot, tree)


# ---- stopped


@pytest.mark.parametrize("renew", [pytest.param(False, marks=pytest.mark.soak), True], ids=["plain", "renewed"])
def test_stopped_past_its_lease(spot: Spot, tree: Proxy, processes: Processes, renew: bool) -> None:
    place = tree.get("a.b")
    place.set((), {"n": 1, "doc": {"x": 1}})
    sleeper = processes.start(sleep_and_write, spot, renew)
    sleeper.expect("held")
    sleeper.stop()
    with place.acquire(acquire_timeout=20):
        tree.set("go", True)
        sleeper.cont()
        found = sleeper.result(30)
        assert place.val() == {"n": 1, "doc": {"x": 1}}, "nothing was written"
        assert len(place.holders()) == 1, "it was not brought back"
    assert found.pop("valid_for") == 0
    assert found.pop("told")
    assert found.pop("release again") == "NotOwner"
    assert found == dict.fromkeys([*WRITES, "release"], "LockLost")
    await_no_keys(spot, tree)


# ---- blocked


@pytest.mark.parametrize("renew", [False, True], ids=["plain", "renewed"])
def test_a_loop_that_is_blocked_past_the_lease(spot: Spot, tree: Proxy, renew: bool) -> None:
    """A rival in another thread gets the lock; what the holder does then is refused, and it is told."""
    told: list[Any] = []
    rival_has_it, done = threading.Event(), threading.Event()

    def rival() -> None:
        with tree.get("a").acquire(acquire_timeout=20):
            tree.get("a").set("n", 2)
            rival_has_it.set()
            done.wait(20)

    async def work() -> None:
        place = aio.Proxy("a")
        lease = await place.acquire(renew=renew, expire_timeout=0.4, on_lost=told.append)
        await place.set("n", 1)
        thread = threading.Thread(target=rival)
        thread.start()
        assert rival_has_it.wait(20)  # the loop is blocked meanwhile
        assert lease.valid_for() == 0
        with pytest.raises(LockLost):
            await place.set("n", 3)
        with pytest.raises(LockLost):
            await lease.renew()
        with pytest.raises(LockLost):
            await lease.release()
        await asyncio.wait_for(lease.lost.wait(), 10)
        await asyncio.sleep(0)
        assert await place.get("n").val() == 2
        assert len(await place.holders()) == 1
        done.set()
        thread.join(20)
        await all_is_back()

    run(work)
    assert len(told) == 1
    assert_no_locks(spot)


def test_a_loop_that_is_blocked_for_less_than_the_lease_keeps_its_locks(spot: Spot, tree: Proxy) -> None:
    lease_seconds = 1.0

    async def work() -> None:
        async with await aio.Proxy("a").acquire(renew=True, expire_timeout=lease_seconds) as lease:
            for _ in range(4):
                time.sleep(lease_seconds / 3)  # noqa: ASYNC251  # this is what is tested
                await asyncio.sleep(0.1)
            await lease.ensure_held()
            await aio.Proxy("a").set("n", 1)
            assert not lease.lost.is_set()

    run(work)
    assert_no_locks(spot)


# ---- forked


def test_a_fork_in_a_loop(spot: Spot, tree: Proxy, processes: Processes) -> None:
    found = processes.start(fork_in_a_loop, spot).result()
    assert found["child"] == {
        "valid_for": 0.0,
        "release": "NotOwner",
        "release by place": "NotOwner",
        "ensure_held": "NotOwner",
        "acquire": "LockTimeout",
        "holder": True,
        "own": True,
        "sync": True,
    }
    assert sorted(found["entered"]) == list(range(20))
    assert found["value"] == {"by the child": 1, "by the parent": 1}
    wait_until(lambda: not tree.is_locked(), what="the end of all locks")
    await_no_keys(spot, tree)
