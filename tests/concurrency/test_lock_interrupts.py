"""Ctrl-C while a lock is taken, waiting for it or not, or given back: nothing is left behind."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
import redis

from redicts import Lock, NotOwner, Pool, Proxy
from redicts.runners.blocked import Blocked
from redicts.runners.exchange import exchange
from tests.concurrency.forking import Forked, await_waiters
from tests.concurrency.leftovers import assert_no_locks
from tests.concurrency.steps import MOMENTS, at_each_effect
from tests.concurrency.trees import Spot, new_spot
from tests.support.processes import Processes
from tests.support.servers import Server

CONNECTIONS = 2


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough here: this is about this side."""
    return new_spot(valkey_server)


def free_connections() -> int:
    pool: Any = Pool().get_connection().connection_pool
    return int(pool.pool.qsize())


def waiting_connections(tree: Proxy) -> int:
    """How many connections of blocking commands are in use."""
    return len(tree._where().runner._blocking_pool()._in_use_connections)


def interrupted_at(number: int, moment: str, act: Callable[[], object]) -> str:
    """Act, with a signal at this moment; say how it ended."""

    def hook(now: int, when: str, kind: str) -> None:
        if (now, when) == (number, moment):
            signal.raise_signal(signal.SIGINT)

    try:
        with at_each_effect(hook):
            act()
    except KeyboardInterrupt:
        return "interrupted"
    return "ended"


def interrupt_everywhere(spot: Spot, held: bool) -> Counter[str]:
    """Interrupt taking a lock at every moment of every effect, until there is none."""
    tree = spot.open(max_connections=CONNECTIONS, timeout_secs=5)
    place = tree.get("a.b")
    client = Pool().get_connection()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    outcomes: Counter[str] = Counter()
    number = 0
    while outcomes["ended"] < 3:
        for moment in MOMENTS:
            rival = Forked(lambda: _hold_until_somebody_waits(spot)) if held else None
            if rival is not None:
                _await_holder(place)
            outcome = interrupted_at(number, moment, lambda: place.acquire(acquire_timeout=20))
            outcomes[outcome if outcome == "ended" else f"interrupted {moment}"] += 1
            if outcome == "ended":
                place.release()
            if rival is not None:
                rival.result()
            await_waiters(client, spot.namespace, 0)
            assert free_connections() == CONNECTIONS, (number, moment)
            assert waiting_connections(tree) == 0, (number, moment)
            assert_no_locks(spot)
            with pytest.raises(NotOwner):
                place.release()
            place.acquire(acquire_timeout=0).release()
        number += 1
    return outcomes


def _hold_until_somebody_waits(spot: Spot) -> None:
    tree = spot.open()
    with tree.get("a.b"):
        parent = os.getppid()
        deadline = time.monotonic() + 0.06
        while time.monotonic() < deadline and os.getppid() == parent:
            await_waiters(Pool().get_connection(), spot.namespace, 1, unless=lambda: time.monotonic() > deadline)
            break


def _await_holder(place: Proxy) -> None:
    deadline = time.monotonic() + 20
    while not place.is_locked():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.mark.parametrize("held", [False, True], ids=["free", "waited for"])
def test_an_interrupted_acquire_leaves_nothing(spot: Spot, processes: Processes, held: bool) -> None:
    outcomes = processes.start(interrupt_everywhere, spot, held).result()
    print(dict(outcomes))
    assert all(outcomes[f"interrupted {moment}"] >= 2 for moment in MOMENTS)
    assert_no_locks(spot)


def interrupt_release(spot: Spot) -> list[str]:
    """Interrupt giving back a lock at every moment."""
    place = spot.open(max_connections=CONNECTIONS, timeout_secs=5).get("a.b")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    outcomes = []

    def block() -> None:
        with place:
            pass

    for moment in MOMENTS:
        lease = place.acquire(expire_timeout=20)
        outcomes.append(interrupted_at(0, moment, lease.release))
        assert_no_locks(spot)
        with pytest.raises(NotOwner):
            lease.release()
        outcomes.append(interrupted_at(2, moment, block))  # watch, commit, and the release at its end
        assert_no_locks(spot)
        assert free_connections() == CONNECTIONS
        place.acquire(acquire_timeout=0).release()
    return outcomes


def test_an_interrupted_release_is_made_up_for(spot: Spot, processes: Processes) -> None:
    assert processes.start(interrupt_release, spot).result() == ["interrupted"] * 2 * len(MOMENTS)


# ---- while it waits


def wait_and_be_interrupted(spot: Spot) -> dict[str, Any]:
    """Wait until a signal comes; then use the tree again."""
    tree = spot.open(max_connections=CONNECTIONS, timeout_secs=5)
    signal.signal(signal.SIGUSR1, signal.default_int_handler)
    place = tree.get("a.b")
    try:
        print("waiting", flush=True)
        place.acquire(acquire_timeout=30).release()
        outcome = "acquired"
    except KeyboardInterrupt:
        outcome = "interrupted"
    other = tree.get("other").acquire(acquire_timeout=0)
    other.release()
    return {"outcome": outcome, "free": free_connections(), "waiting": waiting_connections(tree)}


def test_an_interrupted_waiter_leaves_the_line(spot: Spot, tree: Proxy, processes: Processes) -> None:
    place = tree.get("a.b")
    client = Pool().get_connection()
    lease = place.acquire()
    first = processes.start(wait_and_be_interrupted, spot)
    await_waiters(client, spot.namespace, 1)
    second = processes.start(wait_and_be_interrupted, spot)
    await_waiters(client, spot.namespace, 2)
    os.kill(first.pid, signal.SIGUSR1)
    assert first.result() == {"outcome": "interrupted", "free": CONNECTIONS, "waiting": 0}
    await_waiters(client, spot.namespace, 1)
    began = time.monotonic()
    lease.release()
    assert second.result()["outcome"] == "acquired"
    assert time.monotonic() - began < 5
    assert_no_locks(spot)


# ---- anywhere in an exchange


def interrupt_inside(number: int, frame: FrameType | None) -> None:
    """Raise, if an exchange is under way; else a little later."""
    while frame is not None:
        if frame.f_code in (exchange.__code__, Blocked.reply.__code__):
            raise KeyboardInterrupt
        frame = frame.f_back
    signal.setitimer(signal.ITIMER_REAL, 0.0001)


def interrupt_often(spot: Spot, interrupts: int) -> dict[str, int]:
    """Take locks, which others want too, and be interrupted at random points."""
    tree = spot.open(max_connections=CONNECTIONS, timeout_secs=5)
    tree.get("a").acquire().release()
    others = [Forked(lambda: _take_until_told(spot)) for _ in range(2)]
    signal.signal(signal.SIGALRM, interrupt_inside)
    choose = random.Random(5)
    taken = interrupted = 0
    own = Lock(Pool().get_connection(), "b", namespace=spot.namespace, expire_timeout=100)
    while interrupted < interrupts:
        try:
            signal.setitimer(signal.ITIMER_REAL, choose.uniform(0.0002, 0.01))
            while True:
                with tree.get("a").acquire(acquire_timeout=100, expire_timeout=100):
                    taken += 1
                with own:
                    pass
        except KeyboardInterrupt:
            interrupted += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    tree.set("stop", 1)
    return {
        "taken": taken,
        "interrupted": interrupted,
        "others": sum(other.result() for other in others),
        "free": free_connections(),
        "waiting": waiters_left(spot),
    }


def waiters_left(spot: Spot) -> int:
    """How many the server still has waiting. (An interrupt inside redis-py may cost a connection; never a waiter.)"""
    with redis.Redis.from_url(spot.url) as client:
        listed = client.client_list()
    return len([one for one in listed if "b" in one["flags"] and spot.namespace in one["name"]])


def _take_until_told(spot: Spot) -> int:
    tree = spot.open()
    taken = 0
    while not tree.get("stop").exists():
        with tree.get("a").acquire(acquire_timeout=100):
            taken += 1
    return taken


def test_interrupts_at_random(spot: Spot, tree: Proxy, processes: Processes) -> None:
    """Were one lock left behind, the others would wait for longer than the test may take."""
    began = time.monotonic()
    found = processes.start(interrupt_often, spot, 60).result()
    print(f"{found} in {time.monotonic() - began:.1f} s")
    assert (found["free"], found["waiting"]) == (CONNECTIONS, 0)
    assert found["taken"] >= 10
    assert found["others"] >= 20
    tree.clear()
