"""Caches between processes: one computes, whoever dies; what is got is never older than it may be."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from redicts import Proxy
from tests.concurrency.cache_workers import (
    LEASE,
    ask_all_at_once,
    ask_in_tasks,
    ask_much,
    cached,
    compute_for_ever,
    use_cached,
)
from tests.concurrency.trees import Spot, new_spot
from tests.support.processes import Processes, run_in_processes
from tests.support.servers import Server

OpenTree = Callable[..., Proxy]


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough by default."""
    return new_spot(valkey_server)


def assert_one(results: list[tuple[int, list[str]]], count: int) -> None:
    found = [each for _, values in results for each in values]
    assert len(found) == count
    assert len(set(found)) == 1, "all have got the same"
    assert sum(calls for calls, _ in results) == 1, "one has computed it"


def test_500_callers_in_processes_compute_once(spot: Spot, open_tree: OpenTree) -> None:
    """In 2 processes, 250 tasks each. With Pottery all of them would compute."""
    tree = open_tree(spot)
    assert_one(run_in_processes(ask_in_tasks, [(spot, 2, 250)] * 2), 500)
    assert tree.get("pages").as_cache().length() == 1


def test_threads_in_processes_compute_once(spot: Spot, open_tree: OpenTree) -> None:
    _ = open_tree(spot)
    assert_one(run_in_processes(ask_all_at_once, [(spot, 2, 20)] * 2), 40)


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", ["valkey", "redis"])
def test_500_threads_in_processes_compute_once(
    start_server: Callable[..., Server], open_tree: OpenTree, kind: str
) -> None:
    spot = new_spot(start_server(kind, maxclients=4000))
    _ = open_tree(spot)
    assert_one(run_in_processes(ask_all_at_once, [(spot, 5, 100)] * 5), 500)
    again = new_spot(start_server(kind))
    assert_one(run_in_processes(ask_in_tasks, [(again, 8, 125)] * 8), 1000)


def test_when_who_computes_is_killed_one_other_does(spot: Spot, open_tree: OpenTree, processes: Processes) -> None:
    _ = open_tree(spot)
    victim = processes.start(compute_for_ever, spot)
    victim.expect("computing")
    began = time.monotonic()
    victim.kill()
    assert_one(run_in_processes(ask_all_at_once, [(spot, 2, 20)] * 2), 40)
    print(f"taken over, and all through, after {time.monotonic() - began:.2f} s; the lease is {LEASE} s")


def test_hits_in_another_process(spot: Spot, open_tree: OpenTree) -> None:
    """What one has computed the other gets, however its arguments are spelled, whatever ``hash()`` begins with."""
    _ = open_tree(spot)
    calls: list[Any] = [((1,), {}), ((2, "é"), {"b": [1, {"c": None}], "a": "z"}), ((-1,), {}), ((-2,), {})]
    other: list[Any] = [((), {"number": 1}), ((2,), {"a": "z", "b": [1, {"c": None}], "text": "é"}), ((-1, "x"), {})]
    here = [cached(*args, **kwargs) for args, kwargs in calls]
    assert [each[0] for each in here] == [os.getpid()] * 4
    ((there, info),) = run_in_processes(use_cached, [(spot, [*other, ((-2,), {}), ((3,), {})])])
    assert there[:4] == here
    assert there[4][0] != os.getpid()
    assert info == (4, 1, None, 5)
    assert cached(3) == there[4]
    cached.cache_clear()


@pytest.mark.soak
def test_for_long(spot: Spot, open_tree: OpenTree, soak_seconds: float) -> None:
    """Processes that ask, fail and delete by chance: no two compute a key at a time, and nothing is served too long."""
    tree = open_tree(spot)
    found = run_in_processes(ask_much, [(spot, soak_seconds)] * 4, deadline_seconds=soak_seconds + 60)
    asked, computed, oldest = (
        sum(each[0] for each in found),
        sum(each[1] for each in found),
        max(each[2] for each in found),
    )
    print(f"{asked} asked, {computed} computed; the oldest that was served was begun {oldest:.2f} s before")
    assert asked > 2 * computed > 0
    assert oldest < 1
    assert tree.get("busy").val() == {str(key): 0 for key in range(6)}
    assert tree.check() == []
