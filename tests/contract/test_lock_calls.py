"""What each call of the lock API answers and refuses: ``Proxy`` and ``Lease``."""

from __future__ import annotations

import os
import pickle
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from redicts import Lease, LockError, LockLost, LockTimeout, NotOwner, Proxy
from tests.contract.ground import Ground, Party
from tests.support.waiting import wait_until

NAN, INF = float("nan"), float("inf")

BAD_TIMEOUTS: list[tuple[Any, type[Exception]]] = [
    (-1, ValueError), (-0.001, ValueError), (-INF, ValueError), (NAN, ValueError), ("5", TypeError), (True, TypeError),
    ([], TypeError), (1j, TypeError),
]  # fmt: skip

BAD_LEASES: list[tuple[Any, type[Exception]]] = [
    (0, ValueError), (0.0, ValueError), (-1, ValueError), (NAN, ValueError), (INF, ValueError), (10**400, ValueError),
    ("5", TypeError), (False, TypeError), ([], TypeError), (1j, TypeError),
]  # fmt: skip

BAD_OWNERS: list[tuple[Any, type[Exception]]] = [
    ("", ValueError), ("x" * 1025, ValueError), ("\ud800", ValueError), (5, TypeError), (b"x", TypeError),
    (["x"], TypeError),
]  # fmt: skip


def test_a_lease_says_what_it_is(ground: Ground) -> None:
    for shared, mode in ((False, "exclusive"), (True, "shared")):
        with ground.proxy(["a", "b.c"]).acquire(shared, expire_timeout=20) as lease:
            assert isinstance(lease, Lease)
            assert (lease.path, lease.mode) == (r"a.b\.c", mode)
            assert 15 < lease.valid_for() <= 20
            assert not lease.lost.is_set()
            assert repr(lease) == f"Lease('a.b\\\\.c', {mode}, fence {lease.fence}, {lease.valid_for():.1f} s left)"
            lease.ensure_held()
        with pytest.raises(NotOwner, match="was released already"):
            lease.ensure_held()
        with pytest.raises(NotOwner, match="was released already"):
            lease.release()
        with pytest.raises(NotOwner, match="was released already"):
            lease.renew()


def test_with_gives_the_place_itself(ground: Ground) -> None:
    place = ground.proxy("a.b")
    with place as entered:
        assert entered is place
        assert entered.set("c", 1).is_locked()
    with place.get("c") as below, place:
        assert below.val() == 1
    assert not place.is_locked()


def test_try_acquire_gives_a_lease_or_none(ground: Ground, rival: Party) -> None:
    place = ground.proxy("a", lock_acquire_timeout=None)
    lease = place.try_acquire(expire_timeout=7)
    assert isinstance(lease, Lease)
    assert 2 < lease.valid_for() <= 7
    began = time.monotonic()
    with ground.nothing_written():
        assert rival.do(place.try_acquire) is None
        assert rival.do(lambda: place.try_acquire(shared=True)) is None
    assert time.monotonic() - began < 5
    place.release()


def test_one_try_only(ground: Ground, rival: Party) -> None:
    def attempt(act: Callable[[], object]) -> LockTimeout:
        with ground.nothing_written(), pytest.raises(LockTimeout, match="not free at once") as caught:
            rival.do(act)
        return caught.value

    def enter() -> None:
        with ground.proxy("a.b", lock_acquire_timeout=0):
            raise AssertionError

    with ground.proxy("a"):
        assert attempt(enter).timeout == 0
        assert attempt(lambda: ground.proxy("a.b").acquire(acquire_timeout=0)).path == "a.b"
        assert attempt(lambda: ground.proxy("a").acquire(True, acquire_timeout=0.0)).timeout == 0


def test_a_timeout_tells_who_is_in_the_way(ground: Ground, rival: Party) -> None:
    place = ground.proxy(r"a.b\.c", lock_acquire_timeout=0.05)
    with ground.proxy("a").acquire(shared=True, expire_timeout=25):
        began = time.monotonic()
        with ground.nothing_written(), pytest.raises(LockTimeout) as caught:
            _ = rival.do(place.acquire)
        assert time.monotonic() - began >= 0.05
    error = caught.value
    assert (error.path, error.timeout) == (r"a.b\.c", 0.05)
    assert isinstance(error, TimeoutError)
    for part in (
        r"the lock at 'a.b\\.c' was not free within 0.05 s", f"process {os.getpid()} on {socket.gethostname()}",
        "shared at 'a'", "s left", "lock_acquire_timeout", "`redicts locks`",
    ):  # fmt: skip
        assert part in str(error), part
    assert 15 < float(str(error).split(" s left")[0].rpartition(", ")[2]) <= 25


def test_a_timeout_tells_how_many_more(ground: Ground, rival: Party) -> None:
    with ground.proxy("a.x"), ground.proxy("a.y"), ground.proxy("a.z"), pytest.raises(LockTimeout, match="and 2 more"):
        _ = rival.do(lambda: ground.proxy("a").acquire(acquire_timeout=0))


def test_no_limit(ground: Ground, rival: Party) -> None:
    for timeout in (None, INF, 10**400, 1e300):
        place = ground.proxy("a", lock_acquire_timeout=timeout)
        with ground.proxy("a"):
            waiting = rival.start(place.acquire)
        rival.do(waiting.result().release)


def test_bad_times_and_owners(ground: Ground) -> None:
    place = ground.proxy("a")
    with ground.nothing_written():
        for timeout, error in BAD_TIMEOUTS:
            with pytest.raises(error, match="acquire_timeout"):
                _ = place.acquire(acquire_timeout=timeout)
            with pytest.raises(error, match="lock_acquire_timeout"):
                _ = Proxy("a", lock_acquire_timeout=timeout)
        for lease, error in BAD_LEASES:
            with pytest.raises(error, match="expire_timeout"):
                _ = place.acquire(expire_timeout=lease)
            with pytest.raises(error, match="expire_timeout"):
                _ = place.try_acquire(expire_timeout=lease)
            with pytest.raises(error, match="max_lifetime"):
                _ = place.acquire(renew=True, max_lifetime=lease)
            with pytest.raises(error, match="lock_expire_timeout"):
                _ = Proxy("a", lock_expire_timeout=lease)
        for owner, error in BAD_OWNERS:
            with pytest.raises(error, match="owner is"):
                _ = place.acquire(owner=owner)
            with pytest.raises(error, match="owner is"):
                _ = place.try_acquire(owner=owner)
    with pytest.raises(TypeError, match="lock_expire_timeout"):
        _ = Proxy("a", lock_expire_timeout=None)  # type: ignore[arg-type]


def test_options_are_handed_down(ground: Ground, rival: Party) -> None:
    below = ground.proxy("a", lock_acquire_timeout=0, lock_expire_timeout=5).get("b")["c"]
    with below.acquire() as lease:
        assert 1 < lease.valid_for() <= 5
        with pytest.raises(LockTimeout, match="at once"):
            _ = rival.do(below.acquire)


def test_a_very_short_lease_runs_out(ground: Ground) -> None:
    lease = ground.proxy("a").acquire(expire_timeout=0.2)
    wait_until(lambda: lease.valid_for() == 0)
    wait_until(lambda: not ground.proxy("a").is_locked())
    assert "lost, or perhaps so" in repr(lease)
    with pytest.raises(LockLost, match=r"after 0\.2 s"):
        lease.release()


def test_is_locked(ground: Ground, rival: Party) -> None:
    with ground.proxy("a.b").acquire(shared=True):
        locked = {path: ground.proxy(path).is_locked() for path in ("", "a", "a.b", "a.b.c", "a.c", "b", "ab")}
        assert locked == {"": True, "a": True, "a.b": True, "a.b.c": True, "a.c": False, "b": False, "ab": False}
        assert rival.do(ground.proxy("a.b").is_locked)
    assert not ground.proxy().is_locked()


def test_holders(ground: Ground, rival: Party) -> None:
    lease = rival.do(lambda: ground.proxy("a.b").acquire(shared=True, expire_timeout=25))
    with ground.proxy("a.b").acquire(shared=True), ground.proxy("c").acquire(owner="the one"):
        assert [holder.path for holder in ground.proxy().holders()] == ["a.b", "a.b", "c"]
        assert [holder.owner for holder in ground.proxy("c.d.e").holders()] == ["the one"]
        found = {holder.owner: holder for holder in ground.proxy("a").holders()}
        assert len(found) == 2
        other = found[lease.owner]
        assert other[:5] == ("a.b", "shared", lease.owner, socket.gethostname(), os.getpid())
        assert 0 <= other.age < 15
        assert 10 < other.remaining <= 25
        assert pickle.loads(pickle.dumps(other)) == other
    rival.do(lease.release)
    assert ground.proxy().holders() == []


def test_what_ran_out_holds_nothing(ground: Ground, rival: Party) -> None:
    lease = ground.proxy("a.b").acquire()
    ground.run_out()
    assert ground.proxy("a").holders() == []
    assert not ground.proxy("a.b").is_locked()
    for path in ("a", "a.b.c", "", "a.b"):
        assert rival.enters(ground.proxy(path))
    with pytest.raises(LockLost):
        lease.release()


def test_break_locks(ground: Ground, rival: Party) -> None:
    place = ground.proxy("a.b")
    lease = rival.do(lambda: place.acquire(shared=True))
    with ground.proxy("a.b.c").acquire(shared=True), ground.proxy("a").acquire(shared=True):
        assert [holder.owner for holder in place.break_locks()] == [lease.owner], "not those above and below"
        assert sorted(holder.path for holder in place.holders()) == ["a", "a.b.c"]
        with ground.nothing_written():
            assert place.break_locks() == []
    with pytest.raises(LockLost, match=r"'a\.b' had run out .* or was broken"):
        rival.do(lease.release)


def test_release_of_what_is_not_held(ground: Ground, rival: Party) -> None:
    place = ground.proxy("a.b")
    with ground.nothing_written(), pytest.raises(NotOwner, match=rf"{ground.who} holds no lock at 'a\.b'"):
        place.release()
    with place, ground.nothing_written():
        for act in (place.release, ground.proxy("a").release, lambda: place.release(owner="x")):
            with pytest.raises(NotOwner, match=r"nothing was released\. holders\(\) says who does") as caught:
                rival.do(act)
            assert caught.value.path in ("a", "a.b")
            assert caught.value.owner in (ground.who, "x")
        for path in ("a", "a.b.c", ""):
            with pytest.raises(NotOwner):
                ground.proxy(path).release()


def test_errors_survive_pickling(ground: Ground, rival: Party) -> None:
    place = ground.proxy("a")
    lease = place.acquire()
    with pytest.raises(LockTimeout) as timeout:
        _ = rival.do(lambda: place.acquire(acquire_timeout=0))
    with pytest.raises(NotOwner) as not_owner:
        rival.do(place.release)
    _ = place.break_locks()
    with pytest.raises(LockLost) as refused:
        place.set("x", 1)
    with pytest.raises(LockLost) as lost:
        lease.release()
    errors: list[LockError] = [timeout.value, not_owner.value, refused.value, lost.value]
    for error in errors:
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy), copy.details) == (type(error), str(error), error.details)
        assert copy.path == error.path == ("a.x" if error is refused.value else "a")
