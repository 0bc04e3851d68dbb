"""Queues between processes: nothing lost, nothing twice; consumers that are killed, or stopped past their leases."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import redis

from redicts import Proxy
from tests.concurrency.queue_workers import (
    consume,
    produce,
    take_for_ever,
    take_slowly,
    wait_for_ever,
    work_for_ever,
)
from tests.concurrency.trees import Spot, new_spot
from tests.support.processes import Child, Processes
from tests.support.servers import Server
from tests.support.waiting import wait_until

OpenTree = Callable[..., Proxy]


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough by default."""
    return new_spot(valkey_server)


def waiting_in(spot: Spot) -> int:
    """How many connections wait."""
    with redis.Redis.from_url(spot.url) as client:
        clients: Any = client.client_list()
        return sum("b" in each["flags"] and spot.namespace in each["name"] for each in clients)


def brief_keys_only(spot: Spot, tree: Proxy) -> None:
    """Remove the tree; assert that what else is there goes within seconds by itself."""
    assert tree.check() == []
    tree.clear()
    with redis.Redis.from_url(spot.url) as client:
        for key in spot.all_keys():
            assert key.removeprefix(f"{spot.namespace}:")[0] in "egpj", f"{key} is left"
            left: Any = client.pttl(key)
            assert left == -2 or 0 <= left <= 5000, f"{key} stays for {left} ms"


def produce_and_consume(
    spot: Spot, tree: Proxy, processes: Processes, *, producers: int, consumers: int, count: int
) -> None:
    """Have processes put and take; judge what came where."""
    jobs = tree.get("jobs").as_queue()
    taking = [processes.prepare(consume, spot) for _ in range(consumers)]
    putting = [processes.prepare(produce, spot, me, count) for me in range(producers)]
    began = time.monotonic()
    for child in [*taking, *putting]:
        child.go()
    for child in putting:
        child.result()
    jobs.put(None)
    got = [child.result() for child in taking]
    seconds = time.monotonic() - began
    print(f"{producers * count} items in {seconds:.1f} s; each consumer got {[len(each) for each in got]}")
    expected = sorted([me, number] for me in range(producers) for number in range(count))
    assert sorted(item for each in got for item in each) == expected
    for each in got:  # of one producer each has them in order
        for me in range(producers):
            numbers = [number for who, number in each if who == me]
            assert numbers == sorted(numbers)
    assert jobs.get_many(10) == [None]
    brief_keys_only(spot, tree)


def test_many_producers_and_consumers(spot: Spot, tree: Proxy, processes: Processes) -> None:
    produce_and_consume(spot, tree, processes, producers=2, consumers=3, count=150)


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_more_producers_and_consumers(spot: Spot, tree: Proxy, processes: Processes) -> None:
    produce_and_consume(spot, tree, processes, producers=6, consumers=6, count=3000)


def kill_consumers(spot: Spot, tree: Proxy, processes: Processes, items: int, kills: int, workers: int) -> None:
    """Kill consumers at random while they work; judge what was begun and what was ended."""
    jobs = tree.get("jobs").as_queue(int, reliable=True)
    choose = random.Random(11)
    children: list[Child] = [processes.start(work_for_ever, spot) for _ in range(workers + kills)]
    for child in children:
        child.expect("ready")
    jobs.put_many(range(items))
    for child in children[:kills]:
        time.sleep(choose.random() * 0.05)  # at any moment
        child.kill()
        jobs.put(items)
        items += 1
    jobs.join(timeout=60)
    for child in children[kills:]:
        child.kill()
    begun = Counter(tree.get("begun").as_queue().get_many(100_000))
    ended = Counter(tree.get("ended").as_queue().get_many(100_000))
    again = sum(begun.values()) - items
    print(f"{items} items, {kills} consumers killed: {again} were begun again, {items - len(ended)} ended unnoted")
    assert set(begun) == set(range(items)), "each was done at least once"
    assert set(ended.values()) <= {1}, "no two were told that it was they who did it"
    assert set(ended) <= set(begun)
    assert items - len(ended) <= kills + workers, "but for those that were killed before they noted it"
    assert jobs.length() == 0
    brief_keys_only(spot, tree)


def test_consumers_that_are_killed(spot: Spot, tree: Proxy, processes: Processes) -> None:
    kill_consumers(spot, tree, processes, items=150, kills=3, workers=2)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_many_consumers_that_are_killed(spot: Spot, tree: Proxy, processes: Processes) -> None:
    kill_consumers(spot, tree, processes, items=5000, kills=40, workers=3)


def test_killed_between_get_and_task_done(spot: Spot, tree: Proxy, processes: Processes) -> None:
    jobs = tree.get("jobs").as_queue(reliable=True)
    jobs.put_many(["first", "second"])
    child = processes.start(take_for_ever, spot)
    child.expect("taken")
    child.kill()
    assert jobs.get() == "second"
    began = time.monotonic()
    task = jobs.take(timeout=20)
    print(f"it came back {time.monotonic() - began:.2f} s later")
    assert (task.value, task.delivered) == ("first", 2)
    task.done()
    jobs.task_done()
    jobs.join(timeout=0)
    brief_keys_only(spot, tree)


def test_stopped_past_its_lease(spot: Spot, tree: Proxy, processes: Processes) -> None:
    """What it says then is refused, and does nothing to what its successor has."""
    jobs = tree.get("jobs").as_queue(reliable=True)
    jobs.put_many(["a", "b"])
    child = processes.start(take_slowly, spot)
    child.expect("taken")
    child.stop()
    tasks = [jobs.take(timeout=20), jobs.take(timeout=20)]
    assert [task.value for task in tasks] == ["a", "b"]
    tree.get("told").as_queue().put("go on")
    child.cont()
    assert child.result() == ["lost"] * 4
    assert jobs.leased() == 2
    for task in tasks:
        task.done()
    jobs.join(timeout=0)
    brief_keys_only(spot, tree)


def test_what_is_left_of_waiters_that_are_killed(spot: Spot, tree: Proxy, processes: Processes) -> None:
    child = processes.start(wait_for_ever, spot)
    wait_until(lambda: waiting_in(spot) == 4, what="four that wait")
    child.kill()
    wait_until(lambda: waiting_in(spot) == 0)
    tree.get("empty").as_queue().put(1)  # wakes nobody
    assert tree.get("empty").as_queue().get(timeout=0) == 1
    assert tree.get("full").as_queue().get() == 1
    brief_keys_only(spot, tree)
