"""Who holds locks in a process: each thread is another owner, names are shared, a fork is nobody that was before."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from redicts.errors import NotOwner
from redicts.locks.holding import Holding
from redicts.locks.keeping import check_ours
from redicts.locks.owners import Process, current, current_holdings, find, process
from tests.support.waiting import wait_until
from tests.unit.locks.acts import held

T = TypeVar("T")
HERE = ("a", "b")


@pytest.fixture
def noted() -> Iterator[Callable[[Holding], Holding]]:
    """Notes a lock with the process, and forgets it after the test."""
    noted: list[Holding] = []

    def note(holding: Holding) -> Holding:
        noted.append(holding)
        process().add(holding)
        return holding

    yield note
    for holding in noted:
        process().remove(holding)


def in_thread(work: Callable[[], T]) -> T:
    found: list[T] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join(20)
    return found[0]


def test_a_thread_is_one_owner_all_its_life() -> None:
    assert current() is current()
    assert current().alive


def test_each_thread_is_another_owner() -> None:
    owners = [current().owner, *[in_thread(lambda: current().owner) for _ in range(5)]]
    assert len(set(owners)) == 6


def test_a_thread_that_has_the_number_of_an_ended_one_is_another_owner() -> None:
    seen: dict[int, str] = {}

    def again() -> bool:
        number, owner = in_thread(lambda: (threading.get_ident(), current().owner))
        reused = number in seen
        assert owner not in seen.values()
        seen[number] = owner
        return reused

    assert wait_until(again, what="a thread with the number of another")


def test_an_ended_thread_is_not_alive() -> None:
    context = in_thread(current)
    wait_until(lambda: not context.alive)


def test_numbers_are_never_given_twice() -> None:
    one, other = Process(), Process()
    numbers = [each.number() for each in (one, other) for _ in range(100)]
    assert len(set(numbers)) == 200
    assert len(one.uuid) == 16


def test_what_a_thread_holds_is_its_own(noted: Callable[[Holding], Holding]) -> None:
    holding = noted(held())
    assert current_holdings() == (holding,)
    assert find("db", HERE, None) is holding
    assert in_thread(current_holdings) == ()
    assert in_thread(lambda: find("db", HERE, None)) is None
    assert find("other db", HERE, None) is None
    assert find("db", ("a",), None) is None
    assert find("db", HERE, holding.owner) is None, "threads have numbers, not names"


def test_the_last_one_is_found_first(noted: Callable[[Holding], Holding]) -> None:
    first, last = noted(held()), noted(held(nonce="n:2"))
    assert find("db", HERE, None) is last
    process().remove(last)
    assert find("db", HERE, None) is first
    process().remove(last)
    assert current_holdings() == (first,), "what is removed twice is removed once"


def test_what_a_name_holds_is_found_from_every_thread(noted: Callable[[Holding], Holding]) -> None:
    holding = noted(held(owner="job"))
    assert find("db", HERE, "job") is holding
    assert in_thread(lambda: find("db", HERE, "job")) is holding
    assert find("db", HERE, None) is None, "it is the job's, not the thread's"
    assert current_holdings() == (holding,), "but the thread's writes are guarded by it"
    assert in_thread(current_holdings) == ()
    in_thread(lambda: process().remove(holding))
    assert (find("db", HERE, "job"), current_holdings()) == (None, ())
    assert process().named("job") == ()


def test_notes_of_many_threads_are_all_kept() -> None:
    made = [held(owner="crew", nonce=f"n:{number}") for number in range(200)]

    def note(some: list[Holding]) -> None:
        for holding in some:
            process().add(holding)

    def forget(some: list[Holding]) -> None:
        for holding in some:
            process().remove(holding)

    for work, expected in ((note, 200), (forget, 0)):
        threads = [threading.Thread(target=work, args=(made[start::4],)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(process().named("crew")) == len(current_holdings()) == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_after_fork_a_child_holds_nothing(noted: Callable[[Holding], Holding]) -> None:
    own, named = noted(held()), noted(held(owner="job", nonce="n:2"))
    before, owner = process(), current().owner
    child = os.fork()
    if child == 0:
        os._exit(0 if in_the_child(before, owner, own, named) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert (process(), current_holdings()) == (before, (own, named))


def in_the_child(before: Process, owner: str, own: Holding, named: Holding) -> bool:
    """Whether all is as it should be."""
    try:
        assert process() is not before
        assert (process().pid, process().forked) == (os.getpid(), True)
        assert process().uuid != before.uuid
        assert current_holdings() == ()
        assert find("db", HERE, None) is find("db", HERE, "job") is None
        assert current().owner != owner
        for holding in (own, named):
            with pytest.raises(NotOwner, match="before this process was forked"):
                check_ours(holding)
    except BaseException:  # noqa: BLE001  # this process must not go on as its parent
        return False
    return True
