"""A process is killed (SIGKILL) at every effect of taking and giving back a lock: its lease is all that others wait."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.concurrency.steps import MOMENTS
from tests.concurrency.victims import LEASE, SCENARIOS, kill_at_every_effect
from tests.support.processes import Processes
from tests.support.servers import Server

SLACK = 3.0
"""Seconds that a busy machine may add."""


def kill_everywhere(server: Server, processes: Processes, moments: tuple[str, ...]) -> None:
    """Kill a victim at these moments of every effect, and judge what was left of it."""
    deaths = processes.start(kill_at_every_effect, server.url, moments).result(110)
    longest = max(max(death.locked_out) for death in deaths)
    killed = sum(death.killed for death in deaths)
    ran_out = sum(max(death.locked_out) > LEASE / 2 for death in deaths)
    print(
        f"{server.kind}: {len(deaths)} moments, {killed} victims killed, {ran_out} left a lock that ran out; nobody "
        f"was locked out for longer than {longest:.2f} s (lease {LEASE} s)"
    )
    assert [death.name for death in deaths if max(death.locked_out) > LEASE + SLACK] == []
    assert [(death.name, death.left) for death in deaths if death.left] == []
    by_scenario = Counter(death.name.partition(", effect")[0] for death in deaths if death.killed)
    assert set(by_scenario) == set(SCENARIOS)
    assert by_scenario["free"] >= 4 * len(moments), "watch, commit, renewal, release"
    assert killed >= 0.8 * len(deaths)
    assert ran_out >= 4, "hardly a victim died with a lock in its hands"


def test_a_killed_process_locks_nobody_out_longer_than_its_lease(valkey_server: Server, processes: Processes) -> None:
    kill_everywhere(valkey_server, processes, ("sent",))


@pytest.mark.exhaustive
def test_killed_at_every_moment(server: Server, processes: Processes) -> None:
    kill_everywhere(server, processes, MOMENTS)
