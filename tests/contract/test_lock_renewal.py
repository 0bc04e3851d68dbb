"""Renewal: where it is asked for and where not, for how long, and that it never brings back what was released."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from redicts import Lease, LockLost, Pool, Proxy
from redicts.locks import schedule
from tests.contract.ground import SECONDS, Ground, Party
from tests.contract.variants import sync_only
from tests.support.waiting import wait_until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Renew long leases every 5 ms: no test has to wait, and none fails because the machine is slow."""
    monkeypatch.setattr(schedule, "interval_of", lambda _: 0.005)


@pytest.fixture
def configured(ground: Ground) -> Iterator[Callable[..., None]]:
    """Configure the ``Pool``: its database ``here`` is the backend's."""

    def configure(**options: Any) -> None:
        names = {"here": ground.face.client}
        Pool().reload(cfg={"namespace": ground.backend.namespace, "names": names, **options})

    yield configure
    Pool().reload(cfg={})


def deadlines(ground: Ground) -> dict[str, float]:
    """When the lock at each path runs out, as Redis has it."""
    prefix = f"{ground.backend.namespace}:l:"
    return {
        key.removeprefix(prefix): max(score for _, score in members)
        for key, members in ground.entries().items()
        if members and key.startswith(prefix)  # none: its time came just now
    }


def assert_renewed(ground: Ground, locks: list[Any]) -> None:
    """Take these locks: those at paths that begin with "yes" are renewed, and no others."""
    leases: list[Lease] = []
    for lock in locks:
        taken = lock.acquire()
        leases.append(lock.lease if taken is True else taken)
    expected = sorted(f"{{{lease.path}}}" for lease in leases if lease.path.startswith("yes"))
    first = deadlines(ground)
    assert len(first) == len(locks) > len(expected) > 0
    for more in (1, 20):  # twice: what is not renewed has had its turn then

        def later(more: int = more) -> list[str]:
            return sorted(path for path, deadline in deadlines(ground).items() if deadline > first[path] + more)

        wait_until(lambda later=later: set(later()) >= set(expected), SECONDS)  # type: ignore[misc]
    assert sorted(path for path, deadline in deadlines(ground).items() if deadline != first[path]) == expected
    for lease in leases:
        assert not lease.lost.is_set()
        lease.release()


class Asked:
    """A place whose ``acquire`` is called with options."""

    def __init__(self, place: Proxy, **options: Any) -> None:
        self.place = place
        self.options = options

    def acquire(self) -> Lease:
        return self.place.acquire(**self.options)


def test_where_it_is_asked_for(ground: Ground) -> None:
    assert_renewed(ground, [
        ground.proxy("no1"),
        ground.proxy("no2", lock_renew=False),
        Asked(ground.proxy("no3", lock_renew=True), renew=False),
        ground.lock("no4"),
        ground.lock("no5", renew=False, owner="x"),
        ground.lock("yes1", renew=True),
        ground.lock("yes2", renew=True, shared=True, owner="x"),
        ground.proxy("yes3", lock_renew=True),
        ground.proxy("yes", lock_renew=True).parent.get("yes4"),
        Asked(ground.proxy("yes5"), renew=True),
        Asked(ground.proxy("yes6"), renew=True, max_lifetime=1000),
        Asked(ground.proxy("yes7", lock_renew=False), renew=True, shared=True),
    ])  # fmt: skip


def test_as_the_pool_is_configured(ground: Ground, configured: Callable[..., None]) -> None:
    configured()
    place = ground.proxy
    off = [place("no", db_name="here"), place("yes", db_name="here", lock_renew=True)]
    assert_renewed(ground, off)
    configured(lock_renew=True)
    assert_renewed(ground, [
        place("no1", db_name="here", lock_renew=False),
        Asked(place("no2", db_name="here"), renew=False),
        place(db_name="here", lock_renew=False).get("no3"),
        place("yes1", db_name="here"),
        place(db_name="here").get("yes3"),
    ])  # fmt: skip


def test_with_renews_until_its_end(ground: Ground) -> None:
    with ground.proxy("a", lock_renew=True) as place, ground.lock("b", renew=True) as lock:
        for _ in range(3):
            before = deadlines(ground)
            wait_until(lambda before=before: all(now > before[path] for path, now in deadlines(ground).items()))  # type: ignore[misc]
        place.set("x", 1)
        assert lock.valid_for() > 25
    assert ground.entries() == {}


def test_a_lease_is_longer_after_renew(ground: Ground) -> None:
    lease = ground.proxy("a").acquire(expire_timeout=20)
    (before,) = deadlines(ground).values()
    wait_until(lambda: ground.proxy("a").holders()[0].remaining < 19.95)  # by the server's clock
    lease.renew()
    assert lease.valid_for() > 19.9
    assert next(iter(deadlines(ground).values())) >= before + 20
    lease.release()


def test_what_was_released_never_comes_back(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "interval_of", lambda _: 0.0002)
    for number in range(60):
        with ground.lock("a.b", renew=True) as lock:
            if number % 3:
                before = lock.valid_for()
                wait_until(lambda before=before, lock=lock: lock.valid_for() > before - 0.01)  # type: ignore[misc]
        assert ground.entries() == {}
    assert ground.entries() == {}


@pytest.mark.parametrize("loss", ["ran out", "broken", "gone"])
def test_loss_is_noticed_and_told(ground: Ground, loss: str) -> None:
    told: list[Lease] = []
    done = threading.Event()

    def note(lease: Lease) -> None:
        told.append(lease)
        done.set()

    lease = ground.proxy("a").acquire(renew=True, on_lost=note)
    if loss == "ran out":
        ground.run_out()
    elif loss == "broken":
        _ = ground.proxy("a").break_locks()
    else:
        ground.client.delete(*ground.lock_keys())
    other = ground.proxy("b").acquire(renew=True)
    assert done.wait(SECONDS)
    assert told == [lease]
    assert lease.lost.is_set()
    assert lease.valid_for() == 0
    for act in (lease.ensure_held, lease.release):
        with pytest.raises(LockLost):
            act()
    other.ensure_held()
    other.release()
    assert told == [lease]


def test_a_lock_that_lived_long_enough_runs_out(ground: Ground, rival: Party) -> None:
    told = threading.Event()
    lease = ground.proxy("a").acquire(expire_timeout=0.3, renew=True, max_lifetime=0.01, on_lost=lambda _: told.set())
    lock = ground.lock("b", expire_timeout=0.3, renew=True, max_lifetime=0.01)
    assert lock.acquire()
    for held, lost in ((lease, lease.lost), (lock, lock.lost)):
        assert lost.wait(SECONDS)
        assert held.valid_for() == 0
    assert told.wait(SECONDS)
    wait_until(lambda: rival.enters(ground.proxy()), SECONDS)
    for held in (lease, lock):
        with pytest.raises(LockLost):
            held.release()


def test_what_a_thread_left_behind_runs_out(ground: Ground) -> None:
    """Nobody can release it any more, but by name."""
    place = ground.proxy("a", lock_renew=True)
    leases: list[Lease] = []

    def leave() -> None:
        leases.append(place.acquire(expire_timeout=0.3))
        leases.append(ground.proxy("b").acquire(owner="job", renew=True))

    thread = threading.Thread(target=leave)
    thread.start()
    thread.join(SECONDS)
    wait_until(lambda: not place.is_locked(), SECONDS)
    assert leases[0].lost.wait(SECONDS)
    before = deadlines(ground)["{b}"]
    wait_until(lambda: deadlines(ground)["{b}"] > before, SECONDS)
    assert not leases[1].lost.is_set()
    ground.proxy("b").release(owner="job")
    ground.backend.clear()


@sync_only
def test_many_locks_are_renewed_by_one_thread(ground: Ground) -> None:
    others = set(threading.enumerate())  # those of other databases
    leases = [ground.proxy(f"a.n{number}").acquire(renew=True) for number in range(40)]
    before = deadlines(ground)
    wait_until(lambda: all(now > before[path] for path, now in deadlines(ground).items()), SECONDS)
    assert [thread.name for thread in threading.enumerate() if thread not in others] == ["redicts-renewal"]
    for lease in leases:
        lease.release()
    assert ground.entries() == {}
