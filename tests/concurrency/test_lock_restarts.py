"""The server restarts, with its data or without, or forgets its scripts, while locks are held and waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from redicts import ConnectionLost, LockLost, LockTimeout, Pool, Proxy
from tests.concurrency.forking import await_waiters
from tests.concurrency.leftovers import assert_no_locks, await_no_keys
from tests.concurrency.steps import at_each_effect
from tests.concurrency.trees import Spot, new_spot
from tests.support.servers import KINDS, Server
from tests.support.waiting import wait_until

OpenTree = Callable[..., Proxy]
StartServer = Callable[..., Server]


@pytest.mark.parametrize("kind", KINDS)
def test_a_lock_outlives_a_server_that_keeps_its_data(
    start_server: StartServer, open_tree: OpenTree, kind: str
) -> None:
    server = start_server(kind, appendonly="yes", appendfsync="always")
    spot = new_spot(server)
    tree = open_tree(spot)
    place = tree.get("a.b")
    lease = place.acquire(renew=True, expire_timeout=20)
    server.kill()
    server.restart()
    assert place.get("x").add() == 1, "guarded by the lock that was taken before"
    lease.ensure_held()
    lease.renew()
    with ThreadPoolExecutor(1) as executor:
        with pytest.raises(LockTimeout):
            executor.submit(place.acquire, acquire_timeout=0).result(20)
        later = executor.submit(_take, place, 20)
        await_waiters(Pool().get_connection(), spot.namespace, 1)
        lease.release()
        assert later.result(20) > lease.fence
    assert_no_locks(spot)


def _take(place: Proxy, timeout: float) -> int:
    """Take a lock and give it back; its fence token."""
    with place.acquire(acquire_timeout=timeout) as lease:
        return lease.fence


@pytest.mark.parametrize("kind", KINDS)
def test_a_lock_that_the_server_lost_is_told_to_its_holder(
    start_server: StartServer, open_tree: OpenTree, kind: str
) -> None:
    server = start_server(kind)
    spot = new_spot(server)
    place = open_tree(spot).get("a.b")
    told: list[Any] = []
    renewed = Proxy("renewed").acquire(renew=True, expire_timeout=1.5, on_lost=told.append)
    lost = renewed.lost
    lease = place.acquire()
    server.kill()
    server.restart()
    with pytest.raises(LockLost):
        place.set("x", 1)
    with ThreadPoolExecutor(1) as executor:
        assert executor.submit(_take, place, 5).result(20) > lease.fence, "tokens grow even so"
    assert not place.exists()
    for act in (lease.ensure_held, lease.renew, lease.release):
        with pytest.raises(LockLost):
            act()
    assert lost.wait(20)
    wait_until(lambda: told == [renewed], what="the call of on_lost")
    with pytest.raises(LockLost):
        renewed.release()
    assert_no_locks(spot)


@pytest.mark.parametrize("keeps", [True, False], ids=["with its data", "without"])
def test_those_who_wait_go_on_or_are_told(start_server: StartServer, open_tree: OpenTree, keeps: bool) -> None:
    options = {"appendonly": "yes", "appendfsync": "always"} if keeps else {}
    server = start_server(**options)
    spot = new_spot(server)
    tree = open_tree(spot)
    place = tree.get("a")
    lease = place.acquire(expire_timeout=60)
    waiters = 4

    def wait() -> str:
        while True:  # as a user would, who knows that a server may be away for a moment
            try:
                place.acquire(acquire_timeout=30).release()
                return "acquired"
            except ConnectionLost as error:
                told.append(error)

    told: list[ConnectionLost] = []
    with ThreadPoolExecutor(waiters) as executor:
        waiting = [executor.submit(wait) for _ in range(waiters)]
        await_waiters(Pool().get_connection(), spot.namespace, waiters)
        server.kill()
        server.restart()
        if keeps:
            await_waiters(Pool().get_connection(), spot.namespace, waiters)
            assert not any(each.done() for each in waiting)
            released = time.monotonic()
            lease.release()
        else:
            released = time.monotonic()  # there is no lock any more
        assert [each.result(30) for each in waiting] == ["acquired"] * waiters
        assert time.monotonic() - released < 10
    print(f"{waiters} waiters, {len(told)} of them were told ConnectionLost while the server was away")
    if not keeps:
        with pytest.raises(LockLost):
            lease.release()
    await_no_keys(spot, tree)


# ---- SCRIPT FLUSH


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough here: this is about this side."""
    return new_spot(valkey_server)


def test_scripts_that_are_flushed_between_all_steps(spot: Spot, tree: Proxy) -> None:
    client = Pool().get_connection()
    place = tree.get("a.b")
    flushes = 0

    def flush(number: int, moment: str, kind: str) -> None:
        nonlocal flushes
        if moment == "before" and kind in ("Eval", "Commit"):
            # Once only for each step: a server that never knows a script is another matter.
            if number not in flushed:
                client.script_flush()
                flushes += 1
            flushed.update(range(number, number + 3))

    flushed: set[int] = set()
    for _ in range(3):
        with at_each_effect(flush):
            lease = place.acquire(expire_timeout=20)
            flushed.clear()
            assert place.get("n").add() == 1
            lease.renew()
            lease.ensure_held()
            with place.get("c").acquire(shared=True):
                place.set("c", 1)
            flushed.clear()
            place.delete("n")
            lease.release()
        flushed.clear()
        assert not place.is_locked()
    print(f"{flushes} times flushed")
    assert flushes >= 9
    assert_no_locks(spot)


def test_scripts_that_are_flushed_all_the_time(spot: Spot, tree: Proxy) -> None:
    stop = threading.Event()
    rounds = 25

    def flush() -> int:
        count = 0
        with redis.Redis.from_url(spot.url) as client:
            while not stop.wait(0.002):
                client.script_flush()
                count += 1
        return count

    def work(me: int) -> None:
        place = tree.get("a.b")
        for _ in range(rounds):
            with place.acquire(acquire_timeout=60, renew=me % 2 == 0):
                place.set("n", place.get("n").val(0) + 1)

    with ThreadPoolExecutor(5) as executor:
        flusher = executor.submit(flush)
        try:
            for each in [executor.submit(work, me) for me in range(4)]:
                each.result(60)
        finally:
            stop.set()
        print(f"{flusher.result(10)} times flushed, {4 * rounds} sections of work")
    assert tree.get("a.b.n").val() == 4 * rounds
    tree.clear()
    assert_no_locks(spot)
