"""Owners that are named: a lock goes from thread to thread and from process to process under its owner's name."""

from __future__ import annotations

import os

import pytest
import redis

from redicts import Lock, LockLost, LockTimeout, NotOwner
from tests.contract.ground import Ground, Party
from tests.contract.variants import on
from tests.support.backends import Backend
from tests.support.processes import Processes, run_in_processes

NAMES = ["job 7", "é\u2028ü", "x" * 1024, 'a "b" \\ c', "x\ny\x00z", "%s {a} *", " "]


def test_any_text_may_name_an_owner(ground: Ground, rival: Party) -> None:
    for name in NAMES:
        with ground.proxy("a").acquire(owner=name) as lease:
            assert lease.owner == name
            assert [holder.owner for holder in ground.proxy().holders()] == [name]
            assert ground.proxy("a.b").try_acquire(owner="another" + name[7:]) is None
            rival.do(lambda name=name: ground.proxy("a.b").acquire(owner=name, acquire_timeout=0).release())  # type: ignore[misc]
            with pytest.raises(LockTimeout):
                _ = ground.proxy("a").acquire(acquire_timeout=0)
        assert not ground.proxy("a").is_locked()


def test_a_named_owner_is_let_in_from_any_thread(ground: Ground, rival: Party) -> None:
    lease = ground.proxy("a").acquire(owner="job")
    assert rival.do(lambda: ground.lock("a", owner="job").acquire(blocking=False)) is True
    assert rival.do(lambda: ground.lock("a").acquire(blocking=False)) is False
    assert len(ground.proxy("a").holders()) == 2
    rival.do(lambda: ground.proxy("a").release(owner="job"))
    lease.release()
    assert ground.proxy("a").holders() == []


def test_one_thread_acquires_and_another_releases(ground: Ground, rival: Party) -> None:
    place = ground.proxy("a.b")
    _ = place.acquire(owner="job")
    with pytest.raises(NotOwner, match=rf"{ground.who} holds no lock at 'a\.b'"):
        place.release()
    rival.do(lambda: place.release(owner="job"))
    assert not place.is_locked()
    lock = ground.lock("a.b", owner="job")
    assert lock.acquire()
    rival.do(lock.release)
    assert not place.is_locked()
    lease = place.acquire(owner="job")
    rival.do(lease.release)
    assert ground.face.holds() == ()
    with ground.nothing_written(), pytest.raises(NotOwner, match="'job' holds no lock"):
        place.release(owner="job")


def test_what_was_handed_over_guards_the_writes_of_who_took_it(ground: Ground, rival: Party) -> None:
    place = ground.proxy("a")
    first = place.acquire(owner="job")
    second = rival.do(lambda: place.acquire(owner="job"))
    first.release()
    place.set("x", 1)
    rival.do(lambda: place.set("x", 2))
    assert len(place.break_locks()) == 1
    with ground.nothing_written(), pytest.raises(LockLost):
        rival.do(lambda: place.set("x", 3))
    place.set("x", 4)
    with pytest.raises(LockLost):
        rival.do(second.release)


def test_release_takes_the_owners_last_lock_at_that_place(ground: Ground) -> None:
    place = ground.proxy("a")
    leases = [place.acquire(owner="job") for _ in range(3)]
    other = ground.proxy("a.b").acquire(owner="job")
    place.release(owner="job")
    with pytest.raises(NotOwner):
        leases[2].release()
    leases[0].release()
    place.release(owner="job")
    with pytest.raises(NotOwner):
        place.release(owner="job")
    other.release()


def test_a_thread_and_a_name_are_two_owners(ground: Ground) -> None:
    """Also where both are in one thread; a thread's own name opens its locks to others."""
    place = ground.proxy("a")
    with place:
        assert place.try_acquire(owner="job") is None
        with place.acquire(owner=ground.face.owner(), acquire_timeout=0):
            assert len(place.holders()) == 2
    with place.acquire(owner="job"):
        assert place.try_acquire() is None


def test_release_by_name_of_what_ran_out(ground: Ground) -> None:
    place = ground.proxy("a")
    _ = place.acquire(owner="job")
    ground.run_out()
    with pytest.raises(LockLost):
        place.release(owner="job")
    with pytest.raises(NotOwner):
        place.release(owner="job")


def test_what_was_handed_over_is_left_alone_here(ground: Ground, rival: Party) -> None:
    place = ground.proxy("a")
    with place.acquire(owner="job") as lease:
        lease.hand_over()
        assert ground.face.holds() == ()
    assert [holder.owner for holder in place.holders()] == ["job"]
    for act in (lease.hand_over, lease.release, lease.renew, lease.ensure_held):
        with ground.nothing_written(), pytest.raises(NotOwner, match="released already"):
            act()
    rival.do(lambda: place.release(owner="job"))
    assert not place.is_locked()
    with ground.lock("a", owner="job") as lock:
        lock.lease.hand_over()
    assert place.is_locked()
    place.break_locks()
    place.set("x", 1)
    assert ground.face.holds() == (), "what was handed over and broken is not missed here"


def test_only_a_named_owner_can_hand_over(ground: Ground) -> None:
    with ground.proxy("a").acquire() as lease:
        with ground.nothing_written(), pytest.raises(ValueError, match="has no named owner"):
            lease.hand_over()
        lease.ensure_held()


# ---- several processes


def there(url: str, namespace: str) -> Ground:
    """The same namespace in another process."""
    return Ground(Backend("there", redis.Redis.from_url(url), None, namespace))


def take(url: str, namespace: str) -> tuple[int, int]:
    """Acquire under a name, and end without releasing."""
    lease = there(url, namespace).proxy("a.b").acquire(owner="job")
    return os.getpid(), lease.fence


def go_on(url: str, namespace: str, fence: int) -> None:
    """Acquire under the same name, write and release; then release what the other process acquired."""
    place = there(url, namespace).proxy("a.b")
    assert place.try_acquire() is None
    with place.acquire(owner="job", acquire_timeout=0) as lease:
        assert lease.fence > fence
        place.set("there", 1)
    assert len(place.holders()) == 1
    place.release(owner="job")


def ask(url: str, namespace: str) -> tuple[list[str], bool]:
    """Who holds it, and whether this process's main thread can have it."""
    ground = there(url, namespace)
    lock = Lock(ground.client, "a", namespace=namespace)
    return [holder.owner for holder in lock.holders()], lock.acquire(blocking=False)


with_processes = on("valkey-resp3", "asyncio:valkey-resp3", "queued:valkey-resp3")
"""Other processes need a server; which one, and the protocol, make no difference to them."""


def where(ground: Ground) -> tuple[str, str]:
    assert ground.backend.server is not None
    return ground.backend.server.url, ground.backend.namespace


@with_processes
def test_a_lock_outlives_the_process_and_is_released_by_name(ground: Ground) -> None:
    url, namespace = where(ground)
    ((pid, fence),) = run_in_processes(take, [(url, namespace)])
    place = ground.proxy("a.b")
    assert [(holder.owner, holder.pid) for holder in place.holders()] == [("job", pid)]
    assert place.try_acquire() is None
    for owner in (None, "another"):
        with ground.nothing_written(), pytest.raises(NotOwner):
            place.release(owner=owner)
    with place.acquire(owner="job", acquire_timeout=0) as lease:
        assert lease.fence > fence
        place.set("x", 1)
    assert [holder.pid for holder in place.holders()] == [pid]
    place.release(owner="job")
    assert not place.is_locked()
    with pytest.raises(NotOwner):
        place.release(owner="job")


@with_processes
def test_a_lock_is_handed_to_another_process(ground: Ground, processes: Processes) -> None:
    """That acquires it under the same name, before it is released here; whoever released it last has freed it."""
    url, namespace = where(ground)
    place = ground.proxy("a.b")
    lease = place.acquire(owner="job")
    place.set("here", 1)
    processes.start(go_on, url, namespace, lease.fence).result()
    assert place.val() == {"here": 1, "there": 1}
    assert not place.is_locked()
    with ground.nothing_written(), pytest.raises(LockLost):
        place.set("here", 2)
    with pytest.raises(LockLost):
        lease.release()


@with_processes
def test_threads_of_two_processes_are_two_owners(ground: Ground, processes: Processes) -> None:
    url, namespace = where(ground)
    with ground.proxy("a.b"):
        assert processes.start(ask, url, namespace).result() == ([ground.face.owner()], False)
