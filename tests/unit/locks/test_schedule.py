"""The schedule of renewals, stepped by hand: what is due when, together with what, and what an answer means."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from redicts.core.effects import Eval
from redicts.errors import ConnectionLost, InternalError, OutcomeUnknown
from redicts.locks.holding import Holding
from redicts.locks.owners import current
from redicts.locks.schedule import Asked, Item, Schedule, interval_of
from tests.unit.locks.acts import Clock, held

LEASE = 3.0
INTERVAL = 1.0


def lock(name: str = "a", lease: float = LEASE, owner: str | None = None) -> Holding:
    return held(name, lease_ms=round(lease * 1000), nonce=f"{name}:1", owner=owner)


def kept(schedule: Schedule, *holdings: Holding, max_lifetime: float | None = None) -> None:
    for holding in holdings:
        schedule.add(holding, max_lifetime)


class Run:
    """One ``renew`` under way.

    Attributes:
        asked: For which entries it asks just now.
        patience: How long the server is given.
        lost: What it found to be lost, at its end.
    """

    def __init__(self, schedule: Schedule, items: list[Item]) -> None:
        self.steps: Generator[Asked, list[bool], list[Holding]] = schedule.renew(items)
        self.asked: list[str] = []
        self.patience = 0.0
        self.lost: list[Holding] | None = None
        self._go(lambda: next(self.steps))

    def answer(self, *held: bool) -> Run:
        self._go(lambda: self.steps.send(list(held)))
        return self

    def fail(self, error: Exception) -> Run:
        self._go(lambda: self.steps.throw(error))
        return self

    def _go(self, advance: Any) -> None:
        self.asked = []
        try:
            asked = advance()
        except StopIteration as stop:
            self.lost = stop.value
        else:
            self.patience = asked.patience
            self.asked = [str(effect.args[0]) for effect in next(asked.op) if isinstance(effect, Eval)]


def texts(*holdings: Holding) -> list[str]:
    return [holding.text for holding in holdings]


# -- what is due when -------------------------------------------------------------------------------------------------


def test_nothing_is_due_where_there_is_nothing(clock: Clock) -> None:
    schedule = Schedule()
    assert (schedule.wait(), schedule.take_due(), bool(schedule)) == (None, [], False)


def test_a_lock_is_due_after_a_third_of_its_lease(clock: Clock) -> None:
    schedule, holding = Schedule(), lock()
    assert interval_of(holding) == INTERVAL
    kept(schedule, holding)
    assert (schedule.wait(), bool(schedule)) == (INTERVAL, True)
    clock.now += 0.85
    assert schedule.wait() == pytest.approx(0.15)
    assert schedule.take_due() == []
    clock.now += 0.2
    assert schedule.wait() == 0
    (item,) = schedule.take_due()
    assert item.holding is holding
    assert schedule.wait() is None, "it is taken"
    assert schedule, "and kept"


def test_what_is_due_soon_is_taken_too(clock: Clock) -> None:
    schedule, first, second, third = Schedule(), lock("a"), lock("b"), lock("c")
    kept(schedule, first)
    clock.now += 0.09
    kept(schedule, second)
    clock.now += 0.03
    kept(schedule, third)
    clock.now += 0.88
    assert [item.holding for item in schedule.take_due()] == [first, second]
    assert schedule.wait() == pytest.approx(0.12)


def test_the_earliest_is_waited_for(clock: Clock) -> None:
    schedule, long, short = Schedule(), lock("a", 60), lock("b")
    kept(schedule, long, short)
    assert schedule.wait() == INTERVAL
    assert schedule.forget(short)
    assert schedule.wait() == 20


def test_what_was_forgotten_is_neither_due_nor_put_back(clock: Clock) -> None:
    schedule, one, other = Schedule(), lock("a"), lock("b")
    kept(schedule, one, other)
    clock.now += 1
    due = schedule.take_due()
    assert schedule.forget(one)
    assert not schedule.forget(one)
    schedule.put_back(due)
    assert [item.holding for item in schedule.take_due()] == [other]


def test_what_was_forgotten_long_before_it_is_due_is_not_carried_along(clock: Clock) -> None:
    schedule, kept_on = Schedule(), lock("kept", 3600)
    kept(schedule, kept_on)
    for number in range(1000):
        brief = lock(f"a{number}", 3600)
        kept(schedule, brief)
        assert schedule.forget(brief)
    assert len(schedule._heap) < 150
    clock.now += 1200
    assert [item.holding for item in schedule.take_due()] == [kept_on]


def test_what_is_kept_anew_meanwhile_is_there_once(clock: Clock) -> None:
    schedule, holding = Schedule(), lock()
    kept(schedule, holding)
    clock.now += 1
    due = schedule.take_due()
    assert schedule.forget(holding)
    kept(schedule, holding)
    schedule.put_back(due)
    assert schedule.take_due() == []
    clock.now += 1
    assert [item.holding for item in schedule.take_due()] == [holding]


# -- what an answer means ---------------------------------------------------------------------------------------------


def begun(schedule: Schedule, clock: Clock, *holdings: Holding) -> tuple[list[Item], Run]:
    """Renew what is due after an interval."""
    kept(schedule, *holdings)
    clock.now += INTERVAL
    items = schedule.take_due()
    return items, Run(schedule, items)


def test_all_that_is_due_is_asked_for_together(clock: Clock) -> None:
    schedule, some = Schedule(), [lock(name) for name in "abc"]
    items, run = begun(schedule, clock, *some)
    assert run.asked == texts(*some)
    clock.now += 0.25
    run.answer(True, False, True)
    assert run.lost == [some[1]]
    assert schedule.forget(some[1])
    schedule.put_back(items)
    assert schedule.wait() == pytest.approx(INTERVAL), "from the answer on"
    assert not some[1].is_lost, "that is said by who took it out"


UNANSWERED = [ConnectionLost("gone", address="here"), OutcomeUnknown("cut", address="here", commands=["EVALSHA"])]


@pytest.mark.parametrize("error", UNANSWERED, ids=lambda error: type(error).__name__)
def test_a_server_that_is_not_there_is_asked_again_soon_for_all(clock: Clock, error: Exception) -> None:
    schedule, some = Schedule(), [lock(name) for name in "abc"]
    items, run = begun(schedule, clock, *some)
    run.fail(error)
    assert run.lost == [], "not before the lease may have run out"
    schedule.put_back(items)
    assert schedule.wait() == pytest.approx(INTERVAL / 5)
    clock.now += 2
    assert Run(schedule, schedule.take_due()).fail(error).lost == some


def test_whatever_else_goes_wrong_may_be_the_fault_of_one(clock: Clock) -> None:
    schedule, some = Schedule(), [lock(name) for name in "abc"]
    items, run = begun(schedule, clock, *some)
    run.fail(InternalError("WRONGTYPE"))
    assert run.asked == texts(some[0])
    run.answer(True)
    assert run.asked == texts(some[1])
    run.fail(InternalError("WRONGTYPE"))
    assert run.asked == texts(some[2])
    run.answer(False)
    assert run.lost == [some[2]]
    assert [round(item.due - clock.now, 6) for item in items[:2]] == [INTERVAL, INTERVAL / 5]


def test_what_is_gone_and_has_run_out_is_lost_once(clock: Clock) -> None:
    schedule, holding = Schedule(), lock()
    kept(schedule, holding)
    clock.now += 4
    assert Run(schedule, schedule.take_due()).answer(False).lost == [holding]


# -- what is not renewed any more -------------------------------------------------------------------------------------


def watched(schedule: Schedule, clock: Clock, holding: Holding) -> None:
    """It is not asked for, but watched until it runs out, and then it is lost."""
    items = schedule.take_due()
    assert [item.renewable for item in items] == [False]
    assert Run(schedule, items).lost == []
    schedule.put_back(items)
    left = holding.valid_until - clock.now
    assert schedule.wait() == pytest.approx(left)
    clock.now += left
    assert Run(schedule, schedule.take_due()).lost == [holding]


def test_a_lock_as_old_as_it_may_be(clock: Clock) -> None:
    schedule, holding = Schedule(), lock()
    kept(schedule, holding, max_lifetime=0.9)
    clock.now += 1
    watched(schedule, clock, holding)


class Ended:
    """A context whose thread or task has ended."""

    owner = "gone"
    alive = False


def test_the_lock_of_a_thread_or_task_that_ended(clock: Clock) -> None:
    schedule, holding, named = Schedule(), lock(owner="gone"), lock("b", owner="job")
    gone: Any = Ended()
    holding.context = named.context = gone
    assert Item(named, None).renewable, "what a name holds may outlive who took it"
    kept(schedule, holding)
    clock.now += 1
    watched(schedule, clock, holding)


def test_the_lock_of_a_thread_that_runs(clock: Clock) -> None:
    holding = lock()
    assert (holding.owner, Item(holding, None).renewable) == (current().owner, True)
    holding.mark_lost()
    assert not Item(holding, None).renewable


# -- how long the server is given -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "besides", "patience"),
    [
        ([(3.0, 2.0)], [], 1.0),  # an interval: then it is asked again
        ([(3.0, 0.5)], [], 0.5),  # what it has left
        ([(60.0, 40.0), (3.0, 2.0)], [], 1.0),  # the smallest interval
        ([(60.0, 40.0)], [(3.0, 2.5)], 2.5),  # what one has left that is not asked for
        ([(60.0, 40.0)], [(90.0, 30.0)], 20.0),
        ([(3.0, 0.001)], [], 0.1),  # some time, always: one that is about to run out does not cost the others theirs
        ([(3.0, -1.0)], [(60.0, 40.0)], 0.1),
        ([(0.15, 0.001)], [], 0.02),
    ],
)
def test_the_server_is_waited_for_no_longer_than_nothing_is_lost(
    clock: Clock, asked: list[tuple[float, float]], besides: list[tuple[float, float]], patience: float
) -> None:
    """The lease and what is left of it, in seconds, of each lock that is asked for, and that is kept besides."""
    schedule, items = Schedule(), []
    for number, (lease, left) in enumerate([*asked, *besides]):
        holding = lock(f"a{number}", lease)
        holding.valid_until = clock.now + left
        kept(schedule, holding)
        items.append(schedule._items[holding])
    run = Run(schedule, items[: len(asked)])
    assert run.patience == pytest.approx(patience)
    assert len(run.asked) == len(asked)
