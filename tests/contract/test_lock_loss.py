"""A lock that was lost is told: on release, at the end of ``with``, by the event and the callback; then all is well."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from redicts import Lease, LockError, LockLost, NotOwner
from tests.contract.ground import SECONDS, Ground, Party
from tests.support.waiting import wait_until

HELD: dict[str, Callable[[Ground], Any]] = {
    "Proxy": lambda ground: ground.proxy("a.b"),
    "Lock": lambda ground: ground.lock("a.b"),
    "Lease": lambda ground: ground.proxy("a.b").acquire(),
    "shared Lease": lambda ground: ground.proxy("a.b").acquire(shared=True),
    "Lock of an owner": lambda ground: ground.lock("a.b", owner="x"),
}
"""What ``with`` takes."""

LOSSES: dict[str, Callable[[Ground], object]] = {
    "ran out": lambda ground: ground.run_out(),
    "broken": lambda ground: ground.proxy("a.b").break_locks(),
    "gone": lambda ground: ground.client.delete(*ground.lock_keys()),
}


def assert_usable(ground: Ground) -> None:
    """This thread holds nothing, and can lock and write as if nothing had been."""
    assert ground.face.holds() == ()
    with ground.proxy("a.b", lock_acquire_timeout=0) as place:
        assert place.set("after", 1).val() == {"after": 1}


@pytest.mark.parametrize("what", HELD)
def test_the_end_of_a_block_tells_it(ground: Ground, what: str) -> None:
    for lose in LOSSES.values():
        held = HELD[what](ground)
        with pytest.raises(LockLost, match=r"'a\.b' had run out \(after 30\.0 s\) or was broken") as caught, held:
            _ = lose(ground)
        assert caught.value.path == "a.b"
        assert isinstance(caught.value, LockError)
        assert_usable(ground)
        assert ground.entries() == {}


@pytest.mark.parametrize("what", HELD)
def test_an_error_of_the_body_is_never_hidden(ground: Ground, what: str, caplog: pytest.LogCaptureFixture) -> None:
    error = KeyError("mine")

    def fail() -> None:
        with HELD[what](ground):
            ground.run_out()
            raise error

    with pytest.raises(KeyError) as caught:
        fail()
    assert caught.value is error
    if sys.version_info >= (3, 11):
        assert len(error.__notes__) == 1
        assert "redicts, at the end of the block: the lock at 'a.b' had run out" in error.__notes__[0]
    assert "at the end of a block that failed itself: the lock at 'a.b' had run out" in caplog.text
    assert_usable(ground)


@pytest.mark.parametrize("what", HELD)
def test_an_error_of_the_body_alone_gets_no_note(ground: Ground, what: str, caplog: pytest.LogCaptureFixture) -> None:
    error = KeyError("mine")
    with pytest.raises(KeyError), HELD[what](ground):
        raise error
    assert not hasattr(error, "__notes__")
    assert caplog.text == ""
    assert not ground.proxy().is_locked()
    assert_usable(ground)


def test_a_refused_write_ends_the_block_with_its_own_error(ground: Ground) -> None:
    place = ground.proxy("a.b")

    def write() -> None:
        with place:
            ground.run_out()
            place.set("x", 1)

    with pytest.raises(LockLost, match="so nothing was written") as caught:
        write()
    if sys.version_info >= (3, 11):
        assert "had run out" in caught.value.__notes__[0]
    assert_usable(ground)


def test_a_block_whose_lock_was_released_in_it(ground: Ground) -> None:
    place = ground.proxy("a.b")
    with pytest.raises(NotOwner, match="nothing was released"), place:
        place.release()

    def fail() -> None:
        with place:
            place.release()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert_usable(ground)


def test_of_nested_blocks_each_tells_its_own(ground: Ground) -> None:
    told: list[str] = []
    with ground.proxy("a"):
        try:
            with ground.proxy("a.b"):
                try:
                    with ground.proxy("a.b"):
                        _ = ground.proxy("a.b").break_locks()
                except LockLost as error:
                    told.append(error.path)
        except LockLost as error:
            told.append(error.path)
        assert ground.proxy("a").set("x", 1).is_locked()
    assert told == ["a.b", "a.b"]
    assert_usable(ground)


@pytest.mark.parametrize("loss", ["ran out", "broken"])
def test_release_tells_it_once(ground: Ground, rival: Party, loss: str) -> None:
    told: list[Lease] = []
    done = threading.Event()

    def note(lease: Lease) -> None:
        told.append(lease)
        assert threading.current_thread() is not threading.main_thread()
        done.set()

    lease = ground.proxy("a.b").acquire(on_lost=note)
    LOSSES[loss](ground)
    assert rival.enters(ground.proxy("a"))
    with pytest.raises(LockLost):
        lease.release()
    assert done.wait(SECONDS)
    assert told == [lease]
    assert lease.lost.is_set()
    with ground.nothing_written(), pytest.raises(NotOwner):
        lease.release()
    assert_usable(ground)
    wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name == "redicts-lost"])
    assert told == [lease]


@pytest.mark.parametrize("call", ["ensure_held", "renew", "write"])
def test_each_way_to_notice_tells_it(ground: Ground, call: str) -> None:
    done = threading.Event()
    lease = ground.proxy("a.b").acquire(on_lost=lambda _: done.set())
    acts: dict[str, Callable[[], object]] = {
        "ensure_held": lease.ensure_held, "renew": lease.renew, "write": lambda: ground.proxy("a.b").add(),
    }  # fmt: skip
    acts[call]()
    ground.proxy("a.b").clear()
    assert not lease.lost.is_set()
    ground.run_out()
    event = lease.lost
    for _ in range(2):
        with ground.nothing_written(), pytest.raises(LockLost):
            acts[call]()
        assert event.is_set()
    assert done.wait(SECONDS)
    assert lease.valid_for() == 0
    with pytest.raises(LockLost):
        lease.release()
    assert_usable(ground)


def test_no_callback_where_nothing_was_lost(ground: Ground) -> None:
    def never(_: Lease) -> None:
        raise AssertionError

    before = threading.active_count()
    with ground.lock("a", on_lost=never) as lock:
        lock.ensure_held()
        lease = lock.lease
    assert not lease.lost.is_set()
    assert threading.active_count() <= before


def test_a_callback_that_fails_is_logged(ground: Ground, caplog: pytest.LogCaptureFixture) -> None:
    def fails(_: Lease) -> None:
        raise ValueError("of the callback")

    lease = ground.proxy("a.b").acquire(on_lost=fails)
    ground.run_out()
    with caplog.at_level(logging.ERROR, "redicts.locks"), pytest.raises(LockLost):
        lease.release()
    wait_until(lambda: "of the callback" in caplog.text, SECONDS)


def test_a_callback_may_use_redicts(ground: Ground) -> None:
    done = threading.Event()

    def write(lease: Lease) -> None:
        ground.proxy("a.b").set("told", lease.path)
        with ground.proxy("a.b", lock_acquire_timeout=SECONDS):
            done.set()

    lease = ground.proxy("a.b").acquire(on_lost=write)
    ground.run_out()
    with pytest.raises(LockLost):
        lease.release()
    assert done.wait(SECONDS)
    wait_until(lambda: not ground.proxy().is_locked())
    assert ground.proxy("a.b").val() == {"told": "a.b"}


def test_a_lock_that_ran_out_and_was_taken_again_is_another(ground: Ground) -> None:
    """The earlier holder is not mistaken for the later one, though they are one owner."""
    place = ground.proxy("a.b")
    first = place.acquire()
    ground.run_out()
    second = place.acquire(acquire_timeout=0)
    assert second.fence > first.fence
    with pytest.raises(LockLost):
        first.ensure_held()
    second.ensure_held()
    with ground.nothing_written(), pytest.raises(LockLost):
        place.set("x", 1)
    with pytest.raises(LockLost):
        first.release()
    second.ensure_held()
    place.set("x", 1)
    second.release()
