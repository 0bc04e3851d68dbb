"""The explorer finds seeded bugs, and shows what stands and falls with the clock."""

from __future__ import annotations

import pytest

from tests.interleaving import mutants
from tests.interleaving.casting import MIXES, pair, short
from tests.interleaving.explorer import Broken, explore
from tests.interleaving.test_explorer import FORTH_AND_BACK, WORKS
from tests.interleaving.world import Scenario

FAMILY = "parent, child, grandchild"


def test_without_the_removal_of_dead_entries_a_clock_that_steps_back_gives_two_holders(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scenario = Scenario(short(pair(FAMILY)), jumps=FORTH_AND_BACK)  # found sound in test_explorer.py
    mutants.keep_the_dead(monkeypatch)
    with pytest.raises(Broken, match="two holders"):
        _ = explore(scenario, fenced=False)


def test_rules_that_ignore_what_is_below(monkeypatch: pytest.MonkeyPatch) -> None:
    mutants.ignore_below(monkeypatch)
    with pytest.raises(Broken, match="two holders"):
        _ = explore(Scenario(pair(FAMILY)))


def test_a_commit_that_does_not_watch() -> None:
    with pytest.raises(Broken, match="two holders"):
        _ = explore(Scenario(pair("same path"), store=mutants.Careless))


@pytest.mark.parametrize("mix", [FAMILY, "parent, two children"])
def test_a_wake_up_that_is_not_passed_on(monkeypatch: pytest.MonkeyPatch, mix: str) -> None:
    mutants.forget_to_pass_on(monkeypatch)
    assert explore(Scenario(MIXES[mix])).checks
    mutants.never_check(monkeypatch)
    with pytest.raises(Broken, match="a free lock was not taken"):
        _ = explore(Scenario(MIXES[mix]))


def test_a_wake_up_that_is_kept_by_one_who_waits_on(monkeypatch: pytest.MonkeyPatch) -> None:
    mutants.keep_it_while_waiting_on(monkeypatch)
    assert explore(Scenario(WORKS["a newcomer shares"])).checks


def test_a_release_that_wakes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = Scenario(pair("same path"), store=mutants.Silent)
    assert explore(scenario).checks
    mutants.never_check(monkeypatch)
    with pytest.raises(Broken, match="a free lock was not taken"):
        _ = explore(scenario)


def test_time_that_is_up_while_a_hand_over_is_left_to_another() -> None:
    """The lock is free then, and is taken."""
    one, other = pair("same path")
    report = explore(Scenario((one, other._replace(timeout=1.05)), store=mutants.Silent))
    assert report.checks
    assert not report.outcomes


def test_a_renewal_that_brings_a_released_lock_back() -> None:
    with pytest.raises(Broken, match=r"is left for|two holders"):
        _ = explore(Scenario(short(pair("same path"), renews=1), store=mutants.Resurrecting))


def test_what_the_check_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A woken waiter that dies takes the wake-up with it."""
    scenario = Scenario(short(MIXES["same path"]), faults=("die",))
    mutants.never_check(monkeypatch)
    with pytest.raises(Broken, match="a free lock was not taken"):
        _ = explore(scenario)


def test_a_limit_that_is_known() -> None:
    """A key that has expired, but that the server has not deleted yet, is not seen: where the clock then steps back,
    the entry in it is alive again. Servers delete such keys within a fraction of a second."""
    scenario = Scenario(short(pair(FAMILY)), jumps=((2000, 0), (-2000, 0)))
    _ = explore(scenario, fenced=False)
    with pytest.raises(Broken, match="two holders"):
        _ = explore(Scenario(scenario.owners, jumps=scenario.jumps, eager=False), fenced=False)
