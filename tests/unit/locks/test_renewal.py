"""Renewal, by a thread and by a task: what is renewed when, together with what, and when a lock counts as lost.

With a server that is made up; real time, with short leases. What comes too soon is a failure; what comes late is a slow
machine.
"""

from __future__ import annotations

import threading
from itertools import pairwise
from time import monotonic

import pytest

from redicts.errors import ConnectionLost, OutcomeUnknown
from redicts.locks import schedule
from redicts.locks.holding import Holding
from redicts.locks.schedule import interval_of
from tests.support.waiting import wait_until
from tests.unit.locks.renewing import INTERVAL, LEASE_MS, Renewing, Store, becomes_lost, lock


def test_a_lock_is_renewed_three_times_in_each_lease(renewing: Renewing, store: Store) -> None:
    holding, begun = lock(), monotonic()
    assert interval_of(holding) == pytest.approx(INTERVAL)
    renewing.keep(holding)
    store.wait_for(holding, 6)
    times = store.times(holding)
    gaps = [after - before for before, after in zip([begun, *times], times, strict=False)]
    assert min(gaps) >= INTERVAL * 0.89
    assert sorted(gaps)[len(gaps) // 2] < 2.5 * INTERVAL, "the usual one; a single one may be late"
    assert holding.valid_until > times[-2] + 0.29
    assert not holding.is_lost


def test_what_is_due_together_goes_in_one_trip(
    renewing: Renewing, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "TOGETHER", 0.9)  # however long it takes to begin with all of them
    some = [lock(f"a{number}") for number in range(30)]
    for holding in some:
        renewing.keep(holding)
    store.wait_for(some[-1])
    texts = {holding.text for holding in some}
    assert any(set(asked) == texts for _, asked in store.asked)
    assert len(store.asked) < len(store.times(some[0])) + 3, "all of them in nearly every trip"


def test_a_lock_is_told_to_be_lost_in_time_where_the_server_hangs(renewing: Renewing, store: Store) -> None:
    holding, other = lock(lease_ms=2 * LEASE_MS), lock("b", lease_ms=60_000)
    store.hangs = True
    renewing.keep(other)
    renewing.keep(holding)
    assert becomes_lost(holding)
    assert holding.valid_until <= monotonic() < holding.valid_until + 2
    assert 1 < len(store.times(holding)) == len(store.patiences)
    assert max(store.patiences) <= 2 * INTERVAL
    assert not other.is_lost


def test_locks_of_unequal_leases_have_their_own_times(renewing: Renewing, store: Store) -> None:
    short, long = lock("a"), lock("b", lease_ms=60_000)
    renewing.keep(long)
    renewing.wait_until_it_sleeps()
    renewing.keep(short)
    store.wait_for(short)
    assert store.times(long) == []


def test_a_released_lock_is_never_asked_for_again(renewing: Renewing, store: Store) -> None:
    holding, metronome = lock("a"), lock("b")
    for each in (holding, metronome):
        renewing.keep(each)
    store.wait_for(holding, 1)
    renewing.do(holding.end_renewal)
    store.wait_for(metronome, 1)  # a trip may have been under way
    before = len(store.times(holding))
    store.gone.add(holding.text)
    wait_until(lambda: monotonic() > holding.valid_until)
    store.wait_for(metronome, 2)
    assert len(store.times(holding)) == before
    assert not holding.is_lost, "it was released, not lost"


def test_a_lock_that_is_released_while_it_is_asked_for_is_not_lost(renewing: Renewing, store: Store) -> None:
    holding, metronome = lock("a"), lock("b")
    store.gone.add(holding.text)
    store.meanwhile = lambda: renewing.forget(holding)
    renewing.keep(holding)
    renewing.keep(metronome)
    store.wait_for(metronome)
    assert len(store.times(holding)) == 1
    assert not holding.is_lost


def test_a_lock_that_the_server_does_not_have_is_lost_at_once(renewing: Renewing, store: Store) -> None:
    holding, told = lock(), list[str]()
    holding.when_lost(lambda: told.append("lost"))
    store.gone.add(holding.text)
    renewing.keep(holding)
    assert becomes_lost(holding)
    assert told == ["lost"]
    assert len(store.times(holding)) == 1
    wait_until(lambda: not renewing.kept)


def test_a_lock_that_is_known_to_be_lost_is_not_asked_for(renewing: Renewing, store: Store) -> None:
    holding, metronome = lock("a"), lock("b")
    for each in (holding, metronome):
        renewing.keep(each)
    holding.mark_lost()
    store.wait_for(metronome, 4)
    assert store.times(holding) == []
    wait_until(lambda: holding not in renewing.kept)


UNANSWERED = [
    ConnectionLost("gone", address="here"),
    OutcomeUnknown("cut", address="here", commands=["EVALSHA"]),
    RuntimeError("whatever"),
]


@pytest.mark.parametrize("error", UNANSWERED, ids=lambda error: type(error).__name__)
def test_without_an_answer_it_asks_again_soon_and_gives_up_when_the_lease_ends(
    renewing: Renewing, store: Store, error: Exception
) -> None:
    holding = lock(lease_ms=2 * LEASE_MS)
    store.error = error
    renewing.keep(holding)
    assert becomes_lost(holding)
    assert monotonic() >= holding.valid_until, "not before it may have run out"
    times = store.times(holding)
    assert len(times) > 1
    gaps = [after - before for before, after in pairwise(times)]
    assert 2 * INTERVAL / 5 * 0.89 <= min(gaps) < 2 * INTERVAL * 0.89
    wait_until(lambda: not renewing.kept)


def test_a_server_that_comes_back_in_time_loses_nothing(renewing: Renewing, store: Store) -> None:
    holding = lock(lease_ms=1500)
    store.error = ConnectionLost("gone", address="here")
    renewing.keep(holding)
    before = holding.valid_until
    store.wait_for(holding, 2)
    store.error = None
    wait_until(lambda: holding.valid_until > before)
    assert not holding.is_lost


def test_one_that_is_tampered_with_does_not_spoil_the_others(
    renewing: Renewing, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "TOGETHER", 0.9)
    tampered, *others = [lock(name) for name in "abcd"]
    store.tampered.add(tampered.text)
    for each in (others[0], tampered, *others[1:]):
        renewing.keep(each)
    end = tampered.valid_until
    assert becomes_lost(tampered)
    assert monotonic() >= end
    for each in others:
        store.wait_for(each, 1)
        assert not each.is_lost
        assert each.valid_until > end


def test_a_lock_as_old_as_it_may_be_is_left_to_its_lease(renewing: Renewing, store: Store) -> None:
    holding = lock()
    renewing.keep(holding, 0.35)
    store.wait_for(holding, 1)
    assert becomes_lost(holding)
    assert monotonic() >= holding.valid_until
    assert 1 <= len(store.times(holding)) <= 3
    wait_until(lambda: not renewing.kept)


def test_the_lock_of_a_thread_that_ended_is_left_to_its_lease(renewing: Renewing, store: Store) -> None:
    made: list[Holding] = []
    thread = threading.Thread(target=lambda: made.extend([lock("a"), lock("b", owner="job")]))
    thread.start()
    thread.join()
    orphan, named = made
    for each in made:
        renewing.keep(each)
    assert becomes_lost(orphan)
    assert monotonic() >= orphan.valid_until
    assert store.times(orphan) == []
    store.wait_for(named)
    assert not named.is_lost, "what a name holds may outlive the thread that took it"
