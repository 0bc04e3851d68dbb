"""``as_semaphore()`` in every face: what its operations do, and what they leave alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from redicts import LockLost, NotOwner, PipelineMisused, Proxy, WaitTimeout, WrongType
from redicts.leaves.semaphore import Permit, Semaphore
from tests.support.backends import Backend
from tests.support.trees import nothing_written
from tests.support.waiting import wait_until


def acts(*given: Callable[[], object]) -> tuple[Callable[[], object], ...]:
    """What is to be tried, one after another."""
    return given


@pytest.fixture
def slots(tree: Proxy) -> Semaphore:
    """A semaphore at a place where nothing is."""
    return tree.get("app.slots").as_semaphore(2, lease=30)


def run_out(slots: Semaphore, count: int = 1) -> Permit:
    """A permit, or several, whose lease is over."""
    permit = slots.acquire(0, count=count, lease=0.02)
    wait_until(lambda: permit.lost, what="the end of a lease")
    wait_until(lambda: slots.length() == 0, what="the end of the leases")
    return permit


def test_nothing_is_there_before_the_first_permit(slots: Semaphore, tree: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        assert (slots.available(), slots.length(), slots.waiting(), slots.value) == (2, 0, 0, 2)
        slots.clear()
    assert bool(slots)
    assert tree.val() == {}


def test_permits_are_taken_and_given_back(slots: Semaphore, tree: Proxy, backend: Backend) -> None:
    first, second = slots.acquire(), slots.acquire(timeout=5)
    assert (slots.available(), slots.length()) == (0, 2)
    assert tree.val() == {"app": {"slots": 2}}
    assert tree.get("app.slots").kind() == "semaphore"
    with nothing_written(backend):
        assert slots.try_acquire() is None
        with pytest.raises(WaitTimeout, match=r"'app\.slots', which has 2") as caught:
            slots.acquire(0)
    assert (caught.value.path, caught.value.timeout) == ("app.slots", 0)
    first.release()
    assert (first.released, first.lost, first.valid_for()) == (True, False, 0.0)
    third = slots.try_acquire()
    assert third is not None
    second.release()
    third.release()
    assert (slots.available(), tree.val(), backend.keys()) == (2, {}, [])


def test_a_block_releases(slots: Semaphore) -> None:
    with slots.acquire() as permit:
        assert 29 < permit.valid_for() <= 30
        assert (permit.count, permit.released, permit.lost) == (1, False, False)
        assert "'app.slots', " in repr(permit)
        assert "s left)" in repr(permit)
        with slots.acquire(0):
            assert slots.try_acquire() is None
    assert permit.released
    assert "released)" in repr(permit)
    with slots.acquire() as permit:
        permit.release()
        assert slots.available() == 2


def test_a_handle_as_a_block(slots: Semaphore) -> None:
    with slots as outer:
        assert slots.available() == 1
        with slots as inner:
            assert (slots.available(), inner.released) == (0, False)
        assert (inner.released, outer.released, slots.available()) == (True, False, 1)
    assert (outer.released, slots.available()) == (True, 2)


def test_threads_share_a_handle(slots: Semaphore) -> None:
    """What one has is not released by another's end of a block."""
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with slots:
            inside.set()
            assert leave.wait(20)

    thread = threading.Thread(target=stay)
    thread.start()
    assert inside.wait(20)
    with slots as mine:
        leave.set()
        thread.join(20)
        assert (slots.length(), mine.released) == (1, False)
    assert slots.length() == 0


class Broken(Exception):
    """What a block fails with."""


def fail(slots: Semaphore, lose: bool) -> None:
    with slots.acquire() as permit:
        if lose:
            slots.clear()
        raise Broken(permit)


@pytest.mark.parametrize("lose", [False, True])
def test_a_block_that_fails(slots: Semaphore, lose: bool) -> None:
    """Its own error is the one that counts, whatever becomes of the permit."""
    with pytest.raises(Broken) as caught:
        fail(slots, lose)
    assert slots.available() == 2
    assert hasattr(caught.value, "__notes__") is lose or not hasattr(caught.value, "add_note")


def test_a_block_that_outlives_its_lease(slots: Semaphore) -> None:
    permit = run_out(slots)
    with pytest.raises(LockLost, match="may be another's"), permit:
        pass
    assert permit.lost


def test_a_permit_that_ran_out(slots: Semaphore, tree: Proxy) -> None:
    permit = run_out(slots)
    assert (permit.valid_for(), permit.released) == (0.0, False)
    assert "lost" in repr(permit)
    others = [slots.acquire(0), slots.acquire(0)]
    with pytest.raises(LockLost):
        permit.renew()
    with pytest.raises(LockLost) as caught:
        permit.release()
    assert caught.value.path == "app.slots"
    assert slots.length() == 2, "the others have theirs"
    with pytest.raises(NotOwner, match="released already"):
        permit.release()
    for other in others:
        other.release()
    assert tree.val() == {}


def test_released_once(slots: Semaphore) -> None:
    permit, other = slots.acquire(), slots.acquire()
    permit.release()
    for act in acts(permit.release, permit.renew, lambda: permit.renew(5)):
        with pytest.raises(NotOwner, match=r"'app\.slots' was released already") as caught:
            act()
        assert caught.value.path == "app.slots"
    assert slots.length() == 1
    other.release()


def test_renewed(slots: Semaphore, tree: Proxy) -> None:
    permit = slots.acquire(lease=0.5)
    assert 0 < permit.valid_for() <= 0.5
    permit.renew()
    assert 0 < permit.valid_for() <= 0.5
    permit.renew(50)
    assert 49 < permit.valid_for() <= 50
    assert 49 < tree.get("app.slots").time_to_live() <= 50
    permit.renew(0.02)
    wait_until(lambda: slots.length() == 0)
    with pytest.raises(LockLost):
        permit.renew()


def test_several_at_once(tree: Proxy) -> None:
    slots = tree.get("app.slots").as_semaphore(5, lease=30)
    three = slots.acquire(count=3)
    assert (three.count, slots.available(), tree.val()) == (3, 2, {"app": {"slots": 3}})
    assert slots.try_acquire(count=3) is None
    with slots.acquire(0, count=2, lease=40):
        assert slots.available() == 0
    three.renew(60)
    assert slots.length() == 3
    three.release()
    assert (slots.available(), tree.val()) == (5, {})
    run_out(slots, count=5)
    assert slots.available() == 5


def test_each_handle_counts_by_its_own_number(slots: Semaphore, tree: Proxy) -> None:
    more, less = tree.get("app.slots").as_semaphore(3), tree.get("app.slots").as_semaphore(1)
    held = [slots.acquire(0), slots.acquire(0)]
    assert (slots.available(), more.available(), less.available()) == (0, 1, 0)
    assert less.try_acquire() is None
    held.append(more.acquire(0))
    assert slots.length() == 3
    for permit in held[:2]:
        permit.release()
    assert (slots.available(), less.available()) == (1, 0)
    held[2].release()


def test_bad_input(slots: Semaphore, tree: Proxy, backend: Backend) -> None:
    place: Any = tree.get("app.slots")
    with nothing_written(backend):
        for value in (0, -1, 1_000_001):
            with pytest.raises(ValueError, match="value is at least 1"):
                place.as_semaphore(value)
        for odd in (True, 1.0, "1", None):
            with pytest.raises(TypeError, match="value is an integer"):
                place.as_semaphore(odd)
        for lease in (0, -1, float("nan"), float("inf")):
            with pytest.raises(ValueError, match="lease is above 0"):
                place.as_semaphore(1, lease=lease)
            with pytest.raises(ValueError, match="lease is above 0"):
                slots.acquire(lease=lease)
        for strange in (True, "1"):
            with pytest.raises(TypeError, match="lease is a number"):
                place.as_semaphore(1, lease=strange)
        for timeout in (-1, float("nan")):
            with pytest.raises(ValueError, match="timeout"):
                slots.acquire(timeout)
        for wrong in (True, "1"):
            with pytest.raises(TypeError, match="timeout"):
                slots.acquire(wrong)  # type: ignore[arg-type]
        for count in (0, -1, 3):
            with pytest.raises(ValueError, match="count is at least 1 and at most 2"):
                slots.acquire(count=count)
        with pytest.raises(TypeError, match="count is an integer"):
            slots.try_acquire(count=1.0)  # type: ignore[arg-type]
    with slots.acquire() as permit:
        for lease in (0, -1):
            with pytest.raises(ValueError, match="lease is above 0"):
                permit.renew(lease)


@pytest.mark.parametrize("value", [1, [], None, {"x": 1}])
def test_another_kind_is_left_alone(slots: Semaphore, tree: Proxy, backend: Backend, value: Any) -> None:
    permit = slots.acquire()
    tree.set("app.slots", value)
    with nothing_written(backend):
        for act in acts(
            *(slots.available, slots.length, slots.waiting, slots.clear, permit.release, permit.renew),
            *(lambda: slots.acquire(0), slots.try_acquire, lambda: slots.acquire(timeout=5)),
        ):
            with pytest.raises(WrongType) as caught:
                act()
            assert caught.value.expected == "semaphore"
    tree.get("app").clear()
    with pytest.raises(LockLost):
        permit.release()


def test_the_place_goes_by_itself(slots: Semaphore, tree: Proxy, backend: Backend) -> None:
    """It lives as long as the last lease; not longer than what it lies in. A longer life that it was given is left."""
    _ = slots.acquire(lease=50), slots.acquire(lease=20)
    place = tree.get("app.slots")
    assert 49 < place.time_to_live() <= 50
    assert place.expire(500)
    slots.clear()
    permit = slots.acquire(lease=20)
    assert place.expire(500)
    permit.renew(30)
    assert 499 < place.time_to_live() <= 500
    assert place.persist()
    permit.renew(30)
    assert place.time_to_live() == -1
    assert tree.get("app").expire(10)
    slots.acquire(lease=20)
    assert 9 < place.time_to_live() <= 10
    backend.advance(11)
    assert (slots.available(), tree.val()) == (2, {})


def test_what_it_lies_in_ends_a_lease(slots: Semaphore, tree: Proxy, backend: Backend) -> None:
    tree.set("app.other", 1)
    assert tree.get("app").expire(10)
    permit = slots.acquire()
    assert 9 < permit.valid_for() <= 10
    permit.renew(20)
    assert 9 < permit.valid_for() <= 10
    assert tree.check() == []
    backend.advance(11)
    with pytest.raises(LockLost):
        permit.release()


def test_a_section_as_a_semaphore(tree: Proxy, backend: Backend) -> None:
    slots = tree.get("slots").as_semaphore(1, lease=10)
    _ = slots.acquire()
    assert tree.val() == {"slots": 1}
    assert 9 < tree.get("slots").time_to_live() <= 10
    backend.advance(11)
    assert (slots.available(), tree.val(), tree.children()) == (1, {}, [])
    with slots:
        assert tree.val() == {"slots": 1}


def test_places_that_went_by_themselves_are_tidied(tree: Proxy, backend: Backend) -> None:
    tree.set("app.other", 1)
    for number in range(40):
        _ = tree.get(f"app.slots{number}").as_semaphore(1, lease=5).acquire()
        if number % 5 == 4:
            backend.advance(5)
    assert backend.client.hlen(backend.database.space.node(("app",))) < 30


def test_under_a_lost_lock(slots: Semaphore, tree: Proxy) -> None:
    lease = tree.get("app").acquire(expire_timeout=30)
    permit = slots.acquire()
    assert tree.get("app").break_locks()
    for act in acts(permit.release, permit.renew, slots.acquire, slots.try_acquire, slots.clear):
        with pytest.raises(LockLost, match="nothing was written"):
            act()
    assert (slots.length(), permit.released, permit.lost) == (1, False, False)
    with pytest.raises(LockLost):
        lease.release()
    permit.release()
    assert tree.val() == {}


def test_a_pipeline_does_not_wait(slots: Semaphore, backend: Backend) -> None:
    if backend.through != "queued":
        pytest.skip("about pipelines")
    with slots, slots, nothing_written(backend), pytest.raises(PipelineMisused, match="would have to wait"):
        slots.acquire()


def test_waiting_for_the_end_of_a_lease(slots: Semaphore, backend: Backend) -> None:
    if backend.through == "queued":
        pytest.skip("a pipeline cannot wait")
    permit = slots.acquire()
    _ = slots.acquire(lease=0.2)
    with pytest.raises(WaitTimeout, match="in time"):
        slots.acquire(timeout=0.01)
    assert slots.waiting() == 0
    with slots.acquire(timeout=10):
        assert slots.length() == 2
    permit.release()


def test_who_waits_is_before_who_comes(slots: Semaphore, backend: Backend, tree: Proxy) -> None:
    """A ticket that counts is in the way of a newcomer; one whose waiter is not heard of any more is not."""
    body = backend.database.space.body(("app", "slots"))
    permit, client = slots.acquire(), backend.client
    now: Any = client.time()
    ahead = now[0] * 1000 + 60_000
    client.zadd(body, {f"- {ahead} other": -7e15})
    expected = backend.database.space.leaf(("app", "slots")).expected
    client.hset(expected, "put", "1")
    client.pexpire(expected, 5000)
    assert (slots.available(), slots.waiting(), slots.length(), tree.val()) == (1, 1, 1, {"app": {"slots": 1}})
    assert slots.try_acquire() is None
    if backend.through != "queued":
        with pytest.raises(WaitTimeout):
            slots.acquire(timeout=0.02)
        assert slots.waiting() == 1, "its own is gone"
    client.zadd(body, {"- 1 dead": -7e15})
    client.zrem(body, f"- {ahead} other")
    assert slots.waiting() == 0
    with slots.acquire(0):
        assert client.zcount(body, "-inf", 0) == 0, "who is dead is not kept"
    permit.release()
