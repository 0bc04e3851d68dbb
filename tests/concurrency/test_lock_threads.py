"""Threads that wait for locks leave the connections to those who hold them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from redicts import LockTimeout, Pool, Proxy
from tests.concurrency.forking import await_waiters
from tests.concurrency.leftovers import assert_no_locks
from tests.concurrency.trees import Spot, new_spot
from tests.support.servers import Server

OpenTree = Callable[..., Proxy]
WAITERS = 20


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough here: this is about this side."""
    return new_spot(valkey_server)


def test_waiters_do_not_use_up_the_connections(spot: Spot, open_tree: OpenTree) -> None:
    tree = open_tree(spot, max_connections=2, timeout_secs=10)
    place = tree.get("a.b")
    order: list[int] = []

    def work(me: int) -> None:
        with place.acquire(acquire_timeout=60):
            order.append(me)
            place.set("n", place.get("n").val(0) + 1)

    with redis.Redis.from_url(spot.url) as outside, ThreadPoolExecutor(WAITERS) as executor:
        lease = place.acquire()
        waiting = []
        for me in range(WAITERS):
            waiting.append(executor.submit(work, me))
            await_waiters(outside, spot.namespace, me + 1)
        assert not any(each.done() for each in waiting)
        assert place.get("n").add(1000) == 1000, "the holder works while they wait"
        lease.renew()
        released = time.monotonic()
        lease.release()
        for each in waiting:
            each.result(60)
        print(f"{WAITERS} waiters over 2 connections, all through in {time.monotonic() - released:.2f} s")
    assert place.get("n").val() == 1000 + WAITERS
    assert order == sorted(order), "first come, first served"
    tree.clear()
    assert_no_locks(spot)


def test_waiters_whose_time_runs_out_leave_nothing(spot: Spot, open_tree: OpenTree) -> None:
    tree = open_tree(spot, max_connections=2, timeout_secs=10)
    place = tree.get("a.b")

    def give_up(me: int) -> str:
        try:
            place.acquire(acquire_timeout=0.3 + me / 100).release()
        except LockTimeout:
            return "timeout"
        return "acquired"

    with place.acquire(), ThreadPoolExecutor(WAITERS) as executor:
        assert list(executor.map(give_up, range(WAITERS))) == ["timeout"] * WAITERS
        assert len(place.holders()) == 1
    assert_no_locks(spot)
    with redis.Redis.from_url(spot.url) as outside:
        await_waiters(outside, spot.namespace, 0)


def test_threads_and_their_locks_are_apart(spot: Spot, tree: Proxy) -> None:
    inside = 0
    most = 0
    guard = threading.Lock()
    place = tree.get("a")

    def work(me: int) -> None:
        nonlocal inside, most
        for _ in range(12):
            with place:
                with guard:
                    inside += 1
                    most = max(most, inside)
                place.set("n", place.get("n").val(0) + 1)
                with place.get("deeper"):
                    place.get("deeper").set("n", place.get("n").val())
                with guard:
                    inside -= 1

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(work, range(8)))
    assert most == 1
    assert tree.val() == {"a": {"n": 96, "deeper": {"n": 96}}}
    assert Pool().get_connection().ping()
    tree.clear()
    assert_no_locks(spot)
