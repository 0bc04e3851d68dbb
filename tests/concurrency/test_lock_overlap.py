"""Many processes, random places and modes: no two that exclude one another are ever inside at the same time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from redicts import Proxy
from tests.concurrency.leftovers import await_no_keys
from tests.concurrency.overlap import judge, lock_at_random, overlap_log
from tests.concurrency.trees import Spot, new_spot
from tests.support.processes import run_in_processes
from tests.support.servers import Server


def jobs(spot: Spot, parties: int, seconds: float) -> list[tuple[Any, ...]]:
    """What each process is called with."""
    return [(spot, me, parties, 10**6, seconds) for me in range(parties)]


def test_no_conflicting_sections_overlap(valkey_server: Server, open_tree: Callable[..., Proxy]) -> None:
    spot = new_spot(valkey_server)
    overlap_log(spot, open_tree(spot), lock_at_random, jobs(spot, 5, 0.8), 0.8)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_no_conflicting_sections_overlap_of_32_processes(spot: Spot, tree: Proxy, soak_seconds: float) -> None:
    overlap_log(spot, tree, lock_at_random, jobs(spot, 32, soak_seconds), soak_seconds)


def entry(what: str, number: str, owner: int, path: str, shared: bool, fence: int) -> list[Any]:
    return [1.0, what, number, owner, path.split(), shared, fence]


@pytest.mark.parametrize(
    ("first", "second", "overlapping"),
    [
        (("a", False), ("a", False), 1),
        (("a b", False), ("a", True), 1),
        (("", True), ("a b", False), 1),
        (("a", True), ("a b", True), 0),
        (("a b", False), ("a a", False), 0),
    ],
)
def test_the_judge_finds_overlaps_and_tokens_that_do_not_grow(
    first: tuple[str, bool], second: tuple[str, bool], overlapping: int
) -> None:
    (at, shared), (there, sharing) = first, second
    one_after_the_other = [
        entry("+", "1", 0, at, shared, 5),
        entry("-", "1", 0, at, shared, 5),
        entry("+", "2", 1, there, sharing, 6),
        entry("-", "2", 1, there, sharing, 6),
    ]
    assert judge(one_after_the_other).faults == []
    one_after_the_other[2][6] = 5
    assert len(judge(one_after_the_other).faults) == overlapping
    one_after_the_other[2][6] = 6
    assert len(judge([one_after_the_other[index] for index in (0, 2, 1, 3)]).faults) == overlapping
    assert judge(one_after_the_other[:3]).faults != []


# ---- the example of redicts 1.0


def count_up(spot: Spot, times: int) -> None:
    """Add 1 by reading and writing, under the lock of the place above."""
    spot.open()
    for _ in range(times):
        with Proxy("a.b.c") as place:
            value = place.get("d").val(0)
            place.set("d", value + 1)


def guarded_increments(spot: Spot, tree: Proxy, times: int) -> None:
    """Have two processes count up the same number."""
    began = time.monotonic()
    run_in_processes(count_up, [(spot, times)] * 2, 110)
    print(
        f"2 processes, {times} guarded increments each: {time.monotonic() - began:.1f} s, {tree.get('a.b.c.d').val()}"
    )
    assert tree.get("a.b.c.d").val() == 2 * times
    await_no_keys(spot, tree)


def test_guarded_increments_lose_nothing(valkey_server: Server, open_tree: Callable[..., Proxy]) -> None:
    spot = new_spot(valkey_server)
    guarded_increments(spot, open_tree(spot), 250)


@pytest.mark.exhaustive
def test_the_example_of_redicts_1(spot: Spot, open_tree: Callable[..., Proxy]) -> None:
    guarded_increments(spot, open_tree(spot), 10_000)
