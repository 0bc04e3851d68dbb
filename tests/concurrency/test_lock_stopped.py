"""A holder that slept through its lease (SIGSTOP) and goes on: what it writes is refused, and no update is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from redicts import Proxy
from tests.concurrency.leftovers import await_no_keys
from tests.concurrency.sleepers import WRITES, count_up_and_sleep, sleep_and_write
from tests.concurrency.trees import Spot, new_spot
from tests.support.processes import Processes
from tests.support.servers import Server

OpenTree = Callable[..., Proxy]


def sleep_rounds(spot: Spot, tree: Proxy, processes: Processes, rounds: int) -> None:
    """Have a holder sleep so often, and judge what came of it."""
    slept = processes.start(sleep_and_write, spot, rounds).result(800)
    lost = rounds - slept.refused.total()
    print(f"{rounds} rounds, {slept.refused.total()} writes refused, {lost} updates lost; {dict(slept.refused)}")
    assert slept.faults == []
    assert set(slept.refused) == set(WRITES)
    assert lost == 0
    await_no_keys(spot, tree)


def test_what_a_sleeper_writes_is_refused(valkey_server: Server, open_tree: OpenTree, processes: Processes) -> None:
    spot = new_spot(valkey_server)
    sleep_rounds(spot, open_tree(spot), processes, 2 * len(WRITES))


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
def test_what_a_sleeper_writes_is_refused_in_1000_rounds(spot: Spot, tree: Proxy, processes: Processes) -> None:
    sleep_rounds(spot, tree, processes, 1008)


def naps_anywhere(spot: Spot, tree: Proxy, processes: Processes, naps: int, seconds: float) -> None:
    """Stop holders at random, and judge the sum."""
    found = processes.start(count_up_and_sleep, spot, 3, naps, seconds).result(seconds + 60)
    print(found)
    assert found["number"] == found["written"], "an update was lost"
    assert found["lost"], "no holder slept through its lease"
    tree.clear()


def test_no_update_is_lost_to_holders_that_sleep_anywhere(
    valkey_server: Server, open_tree: OpenTree, processes: Processes
) -> None:
    spot = new_spot(valkey_server)
    naps_anywhere(spot, open_tree(spot), processes, 25, 15)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_no_update_is_lost_to_many_naps(spot: Spot, tree: Proxy, processes: Processes, soak_seconds: float) -> None:
    naps_anywhere(spot, tree, processes, 10**6, max(3, soak_seconds))  # in less no lease may run out
