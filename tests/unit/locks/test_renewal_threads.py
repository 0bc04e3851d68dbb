"""Renewal by threads: one for each database, which ends when idle, and is not there after ``fork``."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from redicts.locks import renewal as module
from redicts.locks.renewal import Renewal, keep_renewed
from tests.support.waiting import wait_until
from tests.unit.locks.renewing import ByThread, Store, end_thread, lock

only_threads = pytest.mark.parametrize("renewing", [ByThread], ids=["thread"], indirect=True)


@pytest.fixture
def databases(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[Any, Renewal]]:
    """The renewals of this test by their databases; their threads end with it."""
    made: dict[Any, Renewal] = {}
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(module, "_renewals", made)
    yield made
    for each in made.values():
        for holding in list(each._schedule._items):
            each.forget(holding)
        end_thread(each)


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


@only_threads
def test_the_thread_ends_when_idle_and_begins_again(renewing: ByThread, store: Store) -> None:
    for name in "ab":
        holding = lock(name)
        renewing.keep(holding)
        thread = renewing.renewal._thread
        assert thread is not None
        assert (thread.daemon, thread.name) == (True, "redicts-renewal")
        store.wait_for(holding, 1)
        assert renewing.renewal._thread is thread
        renewing.forget(holding)
        wait_until(lambda: renewing.renewal._thread is None, what="an idle thread's end")
        thread.join(20)
        assert not thread.is_alive()


@only_threads
def test_forgetting_what_was_never_kept_is_nothing(renewing: ByThread, store: Store) -> None:
    renewing.forget(lock())
    assert renewing.renewal._thread is None


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
