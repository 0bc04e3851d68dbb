"""Renewal with a server that is made up: what is renewed when, together with what, and when a lock counts as lost.

Real time, with short leases. What comes too soon is a failure; what comes late is a slow machine.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from time import monotonic
from typing import Any

import pytest

from redicts.core.effects import Eval, Op
from redicts.errors import ConnectionLost, InternalError, OutcomeUnknown
from redicts.locks import renewal as module
from redicts.locks.holding import Holding
from redicts.locks.renewal import Renewal, interval_of, keep_renewed
from tests.support.waiting import wait_until
from tests.unit.locks.acts import held

LEASE_MS = 300
INTERVAL = 0.1


class Store:
    """Answers renewals.

    Attributes:
        asked: When, and for which entries, it was asked.
        gone: Entries that it does not have.
        tampered: Entries whose keys somebody else wrote to.
        patiences: How long it was given each time.
        error: What it fails with, if at all.
        hangs: Whether it gives no answer while there is patience.
        meanwhile: Called while it is asked.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[float, list[str]]] = []
        self.patiences: list[float] = []
        self.gone: set[str] = set()
        self.tampered: set[str] = set()
        self.error: Exception | None = None
        self.hangs = False
        self.meanwhile: Callable[[], object] = lambda: None

    def run(self, op: Op[Any], patience: float) -> Any:
        effects = next(op)
        texts = [str(effect.args[0]) for effect in effects if isinstance(effect, Eval)]
        self.asked.append((monotonic(), texts))
        self.patiences.append(patience)
        self.meanwhile()
        if self.hangs:
            assert not threading.Event().wait(patience)
            op.throw(ConnectionLost("it hangs", address="here"))
        if self.error is not None:
            op.throw(self.error)
        if self.tampered & set(texts):
            op.throw(InternalError("WRONGTYPE"))
        try:
            op.send(tuple([0 if text in self.gone else 1 for text in texts]))
        except StopIteration as stop:
            return stop.value
        raise AssertionError("it asked for more")

    def times(self, holding: Holding) -> list[float]:
        """When it was asked for a lock."""
        return [moment for moment, texts in list(self.asked) if holding.text in texts]

    def wait_for(self, holding: Holding, more: int = 3) -> None:
        """Wait until it was asked for a lock so many times more."""
        so_far = len(self.times(holding))
        wait_until(lambda: len(self.times(holding)) >= so_far + more, what="renewal")


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def renewing(monkeypatch: pytest.MonkeyPatch, store: Store) -> Iterator[Renewal]:
    """A renewal of the test's own, whose thread ends with it."""
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.05)
    made = Renewal(store.run)
    yield made
    for holding in list(made._items):
        made.forget(holding)
    with made._changed:
        made._changed.notify()
    wait_until(lambda: made._thread is None)


@pytest.fixture
def databases(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[Any, Renewal]]:
    """The renewals of this test by their databases; their threads end with it."""
    made: dict[Any, Renewal] = {}
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(module, "_renewals", made)
    yield made
    for each in made.values():
        for holding in list(each._items):
            each.forget(holding)
        with each._changed:
            each._changed.notify()
    wait_until(lambda: all(each._thread is None for each in made.values()))


def lock(name: str = "a", lease_ms: int = LEASE_MS, owner: str | None = None) -> Holding:
    return held(name, lease_ms=lease_ms, nonce=f"{name}:1", owner=owner)


def test_a_lock_is_renewed_three_times_in_each_lease(renewing: Renewal, store: Store) -> None:
    holding, begun = lock(), monotonic()
    assert interval_of(holding) == pytest.approx(INTERVAL)
    renewing.keep(holding, None)
    store.wait_for(holding, 6)
    times = store.times(holding)
    gaps = [after - before for before, after in zip([begun, *times], times, strict=False)]
    assert min(gaps) >= INTERVAL * 0.89
    assert sorted(gaps)[len(gaps) // 2] < 2.5 * INTERVAL, "the usual one; a single one may be late"
    assert holding.valid_until > times[-2] + 0.29
    assert not holding.is_lost


def test_what_is_due_together_goes_in_one_trip(
    renewing: Renewal, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TOGETHER", 0.9)  # however long it takes to begin with all of them
    some = [lock(f"a{number}") for number in range(30)]
    for holding in some:
        renewing.keep(holding, None)
    store.wait_for(some[-1])
    texts = {holding.text for holding in some}
    assert any(set(asked) == texts for _, asked in store.asked)
    assert len(store.asked) < len(store.times(some[0])) + 3, "all of them in nearly every trip"


def test_a_database_that_hangs_costs_another_nothing(databases: dict[Any, Renewal], store: Store) -> None:
    hanging, released = Store(), threading.Event()
    hanging.meanwhile = lambda: released.wait(30)
    stuck, well = lock("stuck"), lock("well")
    stuck.place, well.place = "one", "other"
    keep_renewed(stuck, hanging.run, None)
    wait_until(lambda: hanging.asked, what="the trip that hangs")
    keep_renewed(well, store.run, None)
    store.wait_for(well, 4)
    assert not well.is_lost
    assert len(hanging.asked) == 1, "it still hangs"
    assert set(databases) == {"one", "other"}
    released.set()


def test_the_locks_of_one_database_have_one_thread(databases: dict[Any, Renewal], store: Store) -> None:
    threads = set[threading.Thread]()
    store.meanwhile = lambda: threads.add(threading.current_thread())
    holdings = [lock(name) for name in "abc"]
    for holding in holdings:
        keep_renewed(holding, store.run, None)
    for holding in holdings:
        store.wait_for(holding, 1)
    assert list(databases) == ["db"]
    assert threads == {databases["db"]._thread}


def test_a_database_that_is_no_longer_used_is_not_kept(databases: dict[Any, Renewal], store: Store) -> None:
    kept, left, new = lock("kept", 60_000), lock("left"), lock("new", 60_000)
    kept.place, left.place, new.place = "kept", "left", "new"
    for holding in (kept, left):
        keep_renewed(holding, store.run, None)
    databases["left"].forget(left)
    wait_until(lambda: databases["left"]._thread is None, what="an idle thread's end")
    keep_renewed(new, store.run, None)
    assert set(databases) == {"kept", "new"}


def test_a_lock_is_told_to_be_lost_in_time_where_the_server_hangs(renewing: Renewal, store: Store) -> None:
    holding, other = lock(lease_ms=2 * LEASE_MS), lock("b", lease_ms=60_000)
    store.hangs = True
    renewing.keep(other, None)
    renewing.keep(holding, None)
    assert holding.lost.wait(20)
    assert holding.valid_until <= monotonic() < holding.valid_until + 2
    assert 1 < len(store.times(holding)) == len(store.patiences)
    assert max(store.patiences) <= 2 * INTERVAL
    assert not other.is_lost


@pytest.mark.parametrize(
    ("asked", "kept", "patience"),
    [
        ([(3.0, 2.0)], [], 1.0),  # an interval: then it is asked again
        ([(3.0, 0.5)], [], 0.5),  # what it has left
        ([(60.0, 40.0), (3.0, 2.0)], [], 1.0),  # the smallest interval
        ([(60.0, 40.0)], [(3.0, 2.5)], 2.5),  # what one has left that is not asked for
        ([(60.0, 40.0)], [(90.0, 30.0)], 20.0),
        ([(3.0, 0.001)], [], 0.02),  # some time, always
        ([(3.0, -1.0)], [(60.0, 40.0)], 0.02),
    ],
)
def test_the_server_is_waited_for_no_longer_than_nothing_is_lost(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    asked: list[tuple[float, float]],
    kept: list[tuple[float, float]],
    patience: float,
) -> None:
    """The lease and what is left of it, in seconds, of each lock that is asked for, and that is kept besides."""
    monkeypatch.setattr(module, "monotonic", lambda: 1000.0)
    renewing = Renewal(store.run)
    items = []
    for number, (lease, left) in enumerate([*asked, *kept]):
        holding = lock(f"a{number}", lease_ms=round(lease * 1000))
        holding.valid_until = 1000.0 + left
        items.append(module._Item(holding, None))
        renewing._items[holding] = items[-1]
    assert renewing._ask(items[: len(asked)]) == [True] * len(asked)
    assert store.patiences == [pytest.approx(patience)]


def test_locks_of_unequal_leases_have_their_own_times(renewing: Renewal, store: Store) -> None:
    short, long = lock("a"), lock("b", lease_ms=60_000)
    renewing.keep(long, None)
    wait_until(lambda: vars(renewing._changed)["_waiters"], what="the thread's waiting for the long one")
    renewing.keep(short, None)
    store.wait_for(short)
    assert store.times(long) == []


def test_a_released_lock_is_never_asked_for_again(renewing: Renewal, store: Store) -> None:
    holding, metronome = lock("a"), lock("b")
    for each in (holding, metronome):
        renewing.keep(each, None)
    store.wait_for(holding, 1)
    assert holding.stop_renewal is not None
    holding.stop_renewal(holding)
    store.wait_for(metronome, 1)  # a trip may have been under way
    before = len(store.times(holding))
    store.gone.add(holding.text)
    wait_until(lambda: monotonic() > holding.valid_until)
    store.wait_for(metronome, 2)
    assert len(store.times(holding)) == before
    assert not holding.is_lost, "it was released, not lost"


def test_a_lock_that_is_released_while_it_is_asked_for_is_not_lost(renewing: Renewal, store: Store) -> None:
    holding, metronome = lock("a"), lock("b")
    store.gone.add(holding.text)
    store.meanwhile = lambda: renewing.forget(holding)
    renewing.keep(holding, None)
    renewing.keep(metronome, None)
    store.wait_for(metronome)
    assert len(store.times(holding)) == 1
    assert not holding.is_lost


def test_a_lock_that_the_server_does_not_have_is_lost_at_once(renewing: Renewal, store: Store) -> None:
    holding, told = lock(), list[Any]()
    holding.on_lost, holding.handle = told.append, "the lease"
    store.gone.add(holding.text)
    renewing.keep(holding, None)
    assert holding.lost.wait(20)
    assert wait_until(lambda: told) == ["the lease"]
    assert len(store.times(holding)) == 1
    assert renewing._items == {}


def test_a_lock_that_is_known_to_be_lost_is_not_asked_for(renewing: Renewal, store: Store) -> None:
    holding, metronome = lock("a"), lock("b")
    for each in (holding, metronome):
        renewing.keep(each, None)
    holding.mark_lost()
    store.wait_for(metronome, 4)
    assert store.times(holding) == []
    wait_until(lambda: holding not in renewing._items)


UNANSWERED = [
    ConnectionLost("gone", address="here"),
    OutcomeUnknown("cut", address="here", commands=["EVALSHA"]),
    RuntimeError("whatever"),
]


@pytest.mark.parametrize("error", UNANSWERED, ids=lambda error: type(error).__name__)
def test_without_an_answer_it_asks_again_soon_and_gives_up_when_the_lease_ends(
    renewing: Renewal, store: Store, error: Exception
) -> None:
    holding = lock(lease_ms=2 * LEASE_MS)
    store.error = error
    renewing.keep(holding, None)
    assert holding.lost.wait(20)
    assert monotonic() >= holding.valid_until, "not before it may have run out"
    times = store.times(holding)
    assert len(times) > 1
    gaps = [after - before for before, after in pairwise(times)]
    assert 2 * INTERVAL / 5 * 0.89 <= min(gaps) < 2 * INTERVAL * 0.89
    assert renewing._items == {}


def test_a_server_that_comes_back_in_time_loses_nothing(renewing: Renewal, store: Store) -> None:
    holding = lock(lease_ms=1500)
    store.error = ConnectionLost("gone", address="here")
    renewing.keep(holding, None)
    before = holding.valid_until
    store.wait_for(holding, 2)
    store.error = None
    wait_until(lambda: holding.valid_until > before)
    assert not holding.is_lost


def test_one_that_is_tampered_with_does_not_spoil_the_others(
    renewing: Renewal, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TOGETHER", 0.9)
    tampered, *others = [lock(name) for name in "abcd"]
    store.tampered.add(tampered.text)
    for each in (others[0], tampered, *others[1:]):
        renewing.keep(each, None)
    end = tampered.valid_until
    assert tampered.lost.wait(20)
    assert monotonic() >= end
    for each in others:
        store.wait_for(each)
        assert not each.is_lost
        assert each.valid_until > end


def test_a_lock_as_old_as_it_may_be_is_left_to_its_lease(renewing: Renewal, store: Store) -> None:
    holding = lock()
    renewing.keep(holding, 0.35)
    store.wait_for(holding, 1)
    assert holding.lost.wait(20)
    assert monotonic() >= holding.valid_until
    assert 1 <= len(store.times(holding)) <= 3
    assert renewing._items == {}


def test_the_lock_of_a_thread_that_ended_is_left_to_its_lease(renewing: Renewal, store: Store) -> None:
    made: list[Holding] = []
    thread = threading.Thread(target=lambda: made.extend([lock("a"), lock("b", owner="job")]))
    thread.start()
    thread.join()
    orphan, named = made
    for each in made:
        renewing.keep(each, None)
    assert orphan.lost.wait(20)
    assert monotonic() >= orphan.valid_until
    assert store.times(orphan) == []
    store.wait_for(named)
    assert not named.is_lost, "what a name holds may outlive the thread that took it"


def test_the_thread_ends_when_idle_and_begins_again(renewing: Renewal, store: Store) -> None:
    for name in "ab":
        holding = lock(name)
        renewing.keep(holding, None)
        thread = renewing._thread
        assert thread is not None
        assert (thread.daemon, thread.name) == (True, "redicts-renewal")
        store.wait_for(holding, 1)
        assert renewing._thread is thread
        renewing.forget(holding)
        wait_until(lambda: renewing._thread is None, what="an idle thread's end")
        thread.join(20)
        assert not thread.is_alive()


def test_forgetting_what_was_never_kept_is_nothing(renewing: Renewal, store: Store) -> None:
    renewing.forget(lock())
    assert renewing._thread is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_renews_nothing_of_its_parent(databases: dict[Any, Renewal], store: Store) -> None:
    holding = lock(lease_ms=60_000)
    keep_renewed(holding, store.run, None)
    child = os.fork()
    if child == 0:
        os._exit(1 if module._renewals else 0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert list(databases) == [holding.place]
    assert databases[holding.place]._thread is not None
