"""Threads share one proxy and a few connections; a pool that has no connection left waits, and then says so."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from redicts import ConnectionLost, Pool, PoolExhausted, Proxy
from tests.concurrency.trees import Spot
from tests.support.waiting import wait_until

OpenTree = Callable[..., Proxy]
THREADS = 16
EACH = 60


def together(function: Callable[[int], Any], threads: int = THREADS) -> list[Any]:
    """Call the function in so many threads at once, each with its number."""
    barrier = threading.Barrier(threads)

    def begin(me: int) -> Any:
        barrier.wait(30)
        return function(me)

    with ThreadPoolExecutor(threads) as executor:
        return list(executor.map(begin, range(threads)))


def test_one_proxy_shared_by_many_threads_over_few_connections(spot: Spot, open_tree: OpenTree) -> None:
    tree = open_tree(spot, max_connections=4)
    counter = tree.get("counter")
    before = Pool().get_connection().info("stats")["total_connections_received"]

    def work(me: int) -> list[Any]:
        sums = []
        for number in range(EACH):
            sums.append(counter.add())
            tree.set(["own", str(me)], {"me": me, "deep": {"number": number}})
            assert tree.get(["own", str(me)]).val() == {"me": me, "deep": {"number": number}}, "another's reply"
            assert tree.get(["own", str(me), "me"]).val() == me
            assert tree.get("own").get(str(me)).children() in (["me", "deep"], ["deep", "me"])
        return sums

    sums = list(itertools.chain(*together(work)))
    assert sorted(sums) == list(range(1, THREADS * EACH + 1))
    made = Pool().get_connection().info("stats")["total_connections_received"] - before
    print(f"{THREADS} threads, {THREADS * EACH * 5} operations, {made + 1} connections")
    assert made < 4, "the pool made more connections than it may"
    spot.assert_clean(tree)


def test_transform_in_threads_loses_nothing(tree: Proxy) -> None:
    place = tree.get("journal")

    def work(me: int) -> None:
        for number in range(10):
            place.transform(lambda old, number=number: [*(old or []), [me, number]])  # type: ignore[misc]

    together(work, 8)
    assert sorted(place.val()) == [[me, number] for me in range(8) for number in range(10)]


def test_walks_in_threads_do_not_disturb_one_another(tree: Proxy) -> None:
    tree.set("doc", {f"n{i}": {f"k{j}": i * 100 + j for j in range(30)} for i in range(40)})
    expected = sorted(i * 100 + j for i in range(40) for j in range(30))

    def work(me: int) -> None:
        assert sorted(leaf.val() for leaf in itertools.islice(tree.get(f"doc.n{me}").iter_children(), 30)) == [
            me * 100 + j for j in range(30)
        ]
        walk, found = tree.get("doc").begin_walk(), []
        while (leaves := tree.walk_on(walk)) is not None:
            found += [int(leaf.text) for leaf in leaves if leaf.text is not None]
        assert sorted(found) == expected

    together(work, 8)


# -- no connection left --------------------------------------------------------------------------------------------


def test_an_exhausted_pool_waits_says_so_and_goes_on(spot: Spot, open_tree: OpenTree) -> None:
    tree = open_tree(spot, max_connections=2, timeout_secs=0.3)
    tree.set("a", 1)
    client = Pool().get_connection()
    holders = [threading.Thread(target=client.blpop, args=([f"{spot.namespace}-hold"], 30)) for _ in range(2)]
    with _client_of(spot) as outside:
        for holder in holders:
            holder.start()
        wait_until(lambda: outside.info("clients")["blocked_clients"] >= 2, what="two holders of all connections")
        for operation in (lambda: tree.get("a").val(), lambda: tree.get("a").add(), lambda: tree.set("a", 5)):
            began = time.monotonic()
            with pytest.raises(PoolExhausted, match=r"all 2 connections .* 0\.3 s.*max_connections") as caught:
                operation()
            assert 0.25 < time.monotonic() - began < 5
            assert isinstance(caught.value, ConnectionLost)
            assert caught.value.timeout == 0.3
        outside.rpush(f"{spot.namespace}-hold", 1, 2)
        for holder in holders:
            holder.join(10)
    assert tree.get("a").val() == 1, "nothing was written while there was no connection"
    assert together(lambda me: tree.get("a").val(), 8) == [1] * 8
    tree.clear()


def test_a_connection_that_comes_free_in_time_is_taken(spot: Spot, open_tree: OpenTree) -> None:
    tree = open_tree(spot, max_connections=1, timeout_secs=30)
    tree.set("a", 1)
    client = Pool().get_connection()
    with _client_of(spot) as outside:
        holder = threading.Thread(target=client.blpop, args=([f"{spot.namespace}-hold"], 30))
        holder.start()
        wait_until(lambda: outside.info("clients")["blocked_clients"] >= 1, what="a holder of the only connection")
        with ThreadPoolExecutor(4) as executor:
            waiting = [executor.submit(lambda: tree.get("a").add()) for _ in range(4)]
            assert not any(future.done() for future in waiting)
            outside.rpush(f"{spot.namespace}-hold", 1)
            assert sorted(future.result(20) for future in waiting) == [2, 3, 4, 5]
        holder.join(10)


def test_busy_threads_do_not_starve_one_that_waits(tree: Proxy, spot: Spot, open_tree: OpenTree) -> None:
    threads, connections, patience = 5, 4, 1.0
    tree = open_tree(spot, max_connections=connections, timeout_secs=patience)
    done = [0] * threads
    over = time.monotonic() + patience * 1.5

    def work(me: int) -> None:
        while time.monotonic() < over:
            tree.get("n").add()
            done[me] += 1

    together(work, threads)
    print(f"operations of each thread: {done}")
    assert min(done) > max(done) / 4


def test_no_connection_is_lost_to_errors(tree: Proxy, spot: Spot, open_tree: OpenTree) -> None:
    tree = open_tree(spot, max_connections=2, timeout_secs=0.5)
    tree.set("text", "x")

    def work(me: int) -> int:
        failures = 0
        for _ in range(20):
            try:
                tree.get("text").add()
            except ValueError:
                failures += 1
        return failures

    assert sum(together(work, 4)) == 80
    assert together(lambda me: tree.get("text").val(), 2) == ["x", "x"]


def _client_of(spot: Spot) -> redis.Redis:
    return redis.Redis.from_url(spot.url)
