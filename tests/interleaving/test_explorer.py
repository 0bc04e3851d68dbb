"""Two and three owners in every order: never two holders that conflict, no wake-up lost but after a fault, and then for
about a second; no residue; fence tokens that grow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

import redicts.locks.acquiring as acquiring
from tests.interleaving.casting import MIXES, owner, pair, short
from tests.interleaving.explorer import Report, explore
from tests.interleaving.world import FAULTS, Scenario

THREE = [mix for mix in MIXES if mix != "the root"]
COSTLY = ("upgrade, sharer, child", "upgrade below", "child, then parent", "a newcomer shares", "one of two sharers")

LOSES_WAKE_UPS = ("die ", "interrupt wait", "interrupt wake", "unknown wake")
"""After which faults a waiter may have to find out by itself that the lock is free. After no other: it is woken."""


def told(what: str, report: Report) -> Report:
    """Print what was explored."""
    print(f"{what}: {report}")
    return report


def costly_last(mixes: Iterable[str], *costly: str) -> list[Any]:
    """Leave the costly mixes to the long variants."""
    return [pytest.param(mix, marks=pytest.mark.exhaustive) if mix in (costly or COSTLY) else mix for mix in mixes]


@pytest.mark.parametrize("mix", costly_last(THREE))
def test_three_owners(mix: str) -> None:
    report = told(mix, explore(Scenario(MIXES[mix])))
    assert report.orders > 1_000_000
    assert not report.checks, "a waiter needed its check, though nothing went wrong"
    assert not report.outcomes


@pytest.mark.parametrize("mix", ["same path", "one excludes, two share"])
def test_two_owners_twice(mix: str) -> None:
    owners = tuple([one._replace(rounds=2) for one in pair(mix)])
    report = told(mix, explore(Scenario(owners)))
    assert report.orders > 10_000
    assert not report.checks
    assert not report.outcomes


@pytest.mark.parametrize("mix", ["same path", "the root"])
def test_with_a_running_clock(mix: str) -> None:
    """The server's clock goes on at each effect: tokens of the root and of its sections grow by that alone."""
    report = told(mix, explore(Scenario(pair(mix), tick_us=1)))
    assert not report.checks


def test_waiters_of_one_path_are_served_in_the_order_they_came() -> None:
    assert explore(Scenario(MIXES["two exclude, one shares"])).overtaken == 0


def test_who_looks_leaves_a_hand_over_to_the_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A waiter's second may be over just when another of its line was woken, and has not come in yet.

    Only the clock of the owners jumps: a wake-up does not expire before somebody comes for it.
    """
    scenario = Scenario(MIXES["same path"], jumps=((0, 1000),))
    report = told("a hand-over", explore(scenario))
    assert report.overtaken == 0
    assert not report.checks
    monkeypatch.setattr(acquiring, "GRACES", 0)
    assert explore(scenario).overtaken > 0


@pytest.mark.exhaustive
def test_a_newcomer_can_cost_a_waiter_its_place() -> None:
    """What is not promised: one that comes just between a release and the woken waiter's try is let in, and the waiter
    goes to the end of the line."""
    owners = (owner("A", "x a", rounds=2), owner("B", "x a"), owner("C", "x a"))
    report = told("a newcomer", explore(Scenario(owners)))
    assert report.overtaken > 0
    assert not report.checks


WORKS = {
    "a newcomer shares": (
        owner("A", "x a", rounds=2, later=owner("A", "s a").wants, works_ms=1500),
        owner("B", "x a"),
        owner("C", "s a"),
    ),
    "sharers work on": (owner("A", "s a", works_ms=1500), owner("B", "x a"), owner("C", "s a")),
    "another child": (owner("A", "x a.b", works_ms=1500), owner("B", "x a"), owner("C", "x a.c")),
    "one of two sharers": (owner("A", "s a", works_ms=1500), owner("B", "s a"), owner("C", "s a", "x a")),
    "a parent shared": (owner("A", "s a", works_ms=1500), owner("B", "x a.b"), owner("C", "s a.b")),
}


@pytest.mark.parametrize("mix", costly_last(WORKS))
def test_nobody_waits_for_what_is_free_while_another_works(mix: str) -> None:
    """Time passes while one holds its lock; it never does while a waiter could have what it waits for."""
    report = told(mix, explore(Scenario(WORKS[mix])))
    assert report.checks == {}


def test_two_that_want_to_upgrade_at_once_end_in_time() -> None:
    owners = (owner("A", "s a", "x a", timeout=3), owner("B", "s a", "x a", timeout=3))
    report = told("two upgrades", explore(Scenario(owners)))
    assert set(report.outcomes) == {"LockTimeout"}
    assert not report.checks


def test_timeouts() -> None:
    """Who gives up leaves the line, and passes on what it was given just then."""
    owners = (owner("A", "x a", works_ms=1000), owner("B", "x a.b", timeout=0.5), owner("C", "x a", timeout=0.5))
    report = told("timeouts", explore(Scenario(owners)))
    assert set(report.outcomes) == {"LockTimeout"}
    assert not report.checks


# -- faults ----------------------------------------------------------------------------------------------------------


def check_faults(report: Report) -> None:
    assert [fault for fault in report.checks if fault and not fault.startswith(LOSES_WAKE_UPS)] == []
    assert report.checks[""] == 0


@pytest.mark.parametrize("kind", FAULTS)
def test_one_fault_at_any_step_of_two(kind: str) -> None:
    for mix in ("same path", "parent, child, grandchild", "two share above", "the root", "upgrade, sharer, rival"):
        report = told(f"{mix}, {kind}", explore(Scenario(short(pair(mix)), faults=(kind,), tick_us=mix == "the root")))
        check_faults(report)


@pytest.mark.exhaustive
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("mix", THREE)
def test_one_fault_at_any_step_of_any_three(mix: str, kind: str) -> None:
    check_faults(told(f"{mix}, {kind}", explore(Scenario(short(MIXES[mix]), faults=(kind,)))))


@pytest.mark.exhaustive
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("mix", MIXES)
def test_two_faults_of_any_kind(mix: str) -> None:
    scenario = Scenario(short(pair(mix)), faults=FAULTS, budget=2, tick_us=mix == "the root")
    print(f"{mix}: {explore(scenario)}")


# -- time ------------------------------------------------------------------------------------------------------------

RUNS_OUT = ((2000, 2000),)
STEPS_BACK = ((-2000, 0),)
FORTH_AND_BACK = ((1000, 1000), (1000, 0), (-2000, 0))
"""The server's clock shows an entry's end, and then a time before it; other entries have kept the keys alive."""


@pytest.mark.parametrize("mix", ["same path", "one excludes, two share"])
def test_a_lease_that_runs_out_at_any_step(mix: str) -> None:
    report = told(mix, explore(Scenario(short(pair(mix)), jumps=RUNS_OUT), fenced=False))
    assert report.outcomes["LockLost"]


def test_the_counter_goes_with_a_lock_that_ran_out() -> None:
    """It lives as long as the longest lease in the section; who finds its own lock gone ends that too."""
    owners = (owner("A", "x a.b", lease_ms=4000), owner("B", "x a.c", lease_ms=2000))
    report = told("leases that differ", explore(Scenario(owners, jumps=RUNS_OUT), fenced=False))
    assert report.outcomes["LockLost"]


@pytest.mark.exhaustive
def test_fence_tokens_grow_where_leases_run_out() -> None:
    _ = told("with a running clock", explore(Scenario(short(pair("same path")), jumps=RUNS_OUT, tick_us=1)))


@pytest.mark.parametrize("mix", costly_last(["parent, child, grandchild", "two share above"], "two share above"))
def test_the_servers_clock_steps_back_at_any_step(mix: str) -> None:
    for which in ((0, 1), (1, 2), (0, 2)):
        _ = explore(Scenario(short(pair(mix, *which)), jumps=STEPS_BACK), fenced=False)
    report = told(mix, explore(Scenario(short(pair(mix)), jumps=FORTH_AND_BACK), fenced=False))
    assert report.orders > 10_000


@pytest.mark.parametrize("mix", costly_last(["same path", "one excludes, two share"], "one excludes, two share"))
def test_renewal_races_with_release(mix: str) -> None:
    report = told(mix, explore(Scenario(short(pair(mix), renews=1), jumps=((1000, 1000),)), fenced=False))
    assert report.orders > 10_000


@pytest.mark.exhaustive
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("mix", THREE)
def test_a_lease_that_runs_out_at_any_step_of_three(mix: str) -> None:
    report = told(mix, explore(Scenario(short(MIXES[mix]), jumps=RUNS_OUT), fenced=False))
    assert report.outcomes["LockLost"]


@pytest.mark.exhaustive
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("mix", MIXES)
def test_clocks_and_renewals_of_any_two(mix: str) -> None:
    for which in ((0, 1), (1, 2), (0, 2)):
        owners = short(pair(mix, *which))
        _ = told(mix, explore(Scenario(owners, jumps=FORTH_AND_BACK), fenced=False))
        _ = told(mix, explore(Scenario(short(owners, renews=1), jumps=((1000, 1000),), tick_us=1)))


# -- the explorer itself ---------------------------------------------------------------------------------------------


def test_states_that_are_taken_for_one_are_one() -> None:
    """Automata that remember all they were told find the same: as many orders, the same ends."""
    scenarios = [
        Scenario(pair("upgrade, sharer, rival")),
        Scenario(short(pair("same path")), jumps=STEPS_BACK),
        *[Scenario(short(pair("parent, child, grandchild")), faults=(kind,)) for kind in ("die", "interrupt", "late")],
    ]
    for scenario in scenarios:
        merged, apart = explore(scenario, fenced=False), explore(scenario, merge=False, fenced=False)
        assert merged.orders == apart.orders
        assert set(merged.outcomes) == set(apart.outcomes)
        assert set(merged.checks) == set(apart.checks)
        assert merged.worlds < apart.worlds
