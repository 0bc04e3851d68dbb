"""Semaphores and rate limiters between processes: never more than there are, whoever is killed, and nothing left."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis

from redicts import Proxy
from tests.concurrency.permit_workers import (
    LEASE,
    VALUE,
    die_with_one,
    fork_within_a_block,
    hit_for,
    use_for_ever,
    wait_for_ever,
)
from tests.concurrency.trees import Spot, new_spot
from tests.support.processes import Child, Processes, run_in_processes
from tests.support.servers import Server
from tests.support.waiting import wait_until

OpenTree = Callable[..., Proxy]


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough by default."""
    return new_spot(valkey_server)


def nothing_stays(spot: Spot, tree: Proxy) -> None:
    """Assert that what is there goes within seconds by itself, and that no place is seen."""
    assert tree.check() == []
    wait_until(lambda: tree.val() == {}, what="the end of all leases and tickets")
    tree.clear()
    with redis.Redis.from_url(spot.url) as client:
        for key in spot.all_keys():
            assert key.removeprefix(f"{spot.namespace}:")[0] in "ep", f"{key} is left"
            left: Any = client.pttl(key)
            assert left == -2 or 0 <= left <= 5000, f"{key} stays for {left} ms"


def judge(log: list[str]) -> tuple[int, int, int, list[str]]:
    """Go through a log of permits: how many there were, how many at once at most, how many were lost; and the faults.

    An entry stands in the log after its permit was taken, and "-" before it is released. One of whom nothing more is
    heard was killed: it holds until its lease is over, which is later than it says.
    """
    inside: dict[str, tuple[int, float]] = {}
    count, most, lost, faults = 0, 0, 0, list[str]()
    for entry in log:
        what, many, until, when, name = entry.split(" ", 4)
        if what == "?":
            lost += 1
        elif what == "-":
            _ = inside.pop(name, None)
        else:
            count += what == "+"
            inside[name] = (int(many), float(until))
            inside = {each: (held, end) for each, (held, end) in inside.items() if end > float(when)}
            held = sum(held for held, _ in inside.values())
            most = max(most, held)
            if held > VALUE:
                faults.append(f"{held} at once: {sorted(inside)} at {entry}")
    return count, most, lost, faults


def test_the_judge_finds_too_many() -> None:
    good = ["+ 2 9.0 1.0 a x", "+ 1 9.0 1.1 b y", "- 2 0 1.2 a x", "+ 2 9.0 1.3 a z"]
    assert judge(good) == (3, 3, 0, [])
    assert judge([*good, "+ 1 9.5 8.9 c w"])[3] != []
    assert judge([*good, "+ 1 9.5 9.1 c w", "? 1 0 9.2 c w"]) == (4, 3, 1, [])
    assert judge([good[0], good[1], good[3]])[3] != []


def never_more(spot: Spot, tree: Proxy, processes: Processes, workers: int, kills: int, seconds: float) -> None:
    """Kill those who hold and those who wait, at any moment; judge the log."""
    choose, killed = random.Random(7), 0
    children: list[Child] = [processes.start(use_for_ever, spot, me) for me in range(workers + kills)]
    for child in children:
        child.expect("ready")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(choose.random() * 2 * seconds / max(kills, 1) * 0.7)
        if killed < kills:
            children[killed].kill()
            killed += 1
    for child in children[kills:]:
        child.stop()
    for child in children[killed:]:
        child.kill()
    with redis.Redis.from_url(spot.url, decode_responses=True) as client:
        log: Any = client.lrange(f"log-of-{spot.namespace}", 0, -1)
        client.delete(f"log-of-{spot.namespace}")
    count, most, lost, faults = judge(log)
    print(f"{count} permits, {most} at once at most, {killed} killed, {lost} lost their lease; {len(faults)} faults")
    assert faults == []
    assert most == VALUE
    assert count > 20 * workers
    slots = tree.get("slots").as_semaphore(VALUE)
    with slots.acquire(timeout=LEASE + 5, count=VALUE):
        assert slots.available() == 0
    nothing_stays(spot, tree)


def test_never_more_than_there_are(spot: Spot, tree: Proxy, processes: Processes) -> None:
    never_more(spot, tree, processes, workers=2, kills=2, seconds=0.5)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_never_more_than_there_are_for_long(spot: Spot, tree: Proxy, processes: Processes, soak_seconds: float) -> None:
    never_more(spot, tree, processes, workers=5, kills=25, seconds=soak_seconds)


@pytest.mark.soak
def test_who_was_killed(spot: Spot, tree: Proxy, processes: Processes) -> None:
    """The permit of a holder comes back when its lease ends; a waiter that is killed is passed over."""
    slots = tree.get("slots").as_semaphore(1, lease=10)
    holder = processes.start(die_with_one, spot)
    holder.expect("taken")
    waiter = processes.start(wait_for_ever, spot)
    wait_until(lambda: slots.waiting() == 1 or slots.length() == 0)
    holder.kill()
    waiter.kill()
    began = time.monotonic()
    with slots.acquire(timeout=20):
        print(f"had {time.monotonic() - began:.2f} s later")
        assert time.monotonic() - began < 2.5 + LEASE + 1
    nothing_stays(spot, tree)


def test_a_child_does_not_release_what_its_parent_holds(spot: Spot, tree: Proxy, processes: Processes) -> None:
    assert processes.start(fork_within_a_block, spot).result() == [5, 2, 2]
    nothing_stays(spot, tree)


def never_faster(spot: Spot, tree: Proxy, parties: int, seconds: float) -> None:
    """Have processes hit a limiter; in no stretch of time more are let through than may be, and all in all no fewer."""
    rate, burst = 700, 20
    found = run_in_processes(hit_for, [(spot, parties, seconds, rate, burst)] * parties, seconds + 60)
    times = sorted(each for one in found for each in one)
    for first in range(len(times)):
        for last in range(first + burst, min(first + burst + 400, len(times))):
            allowed = burst + (times[last] - times[first]) * rate / 1e6
            assert last - first + 1 <= allowed + 1e-6, (first, last)
    whole = burst + (times[-1] - times[0]) * rate / 1e6
    print(
        f"{parties} processes: {len(times)} were let through, of {whole:.1f} at most; by {[len(one) for one in found]}"
    )
    assert len(times) <= whole + 1e-6
    assert len(times) > whole * 0.5
    tree.clear()
    assert spot.all_keys() == []


def test_never_faster_than_the_rate(spot: Spot, tree: Proxy) -> None:
    never_faster(spot, tree, parties=2, seconds=0.4)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_never_faster_than_the_rate_for_long(spot: Spot, tree: Proxy, soak_seconds: float) -> None:
    never_faster(spot, tree, parties=6, seconds=soak_seconds / 3)
