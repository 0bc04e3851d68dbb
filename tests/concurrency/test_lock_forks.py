"""``fork`` while holding a lock: the child holds nothing, and the parent goes on as if nothing had happened."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from redicts import Lock, LockLost, LockTimeout, NotOwner, Pool, Proxy, root
from tests.concurrency.forking import Forked
from tests.concurrency.leftovers import assert_no_locks
from tests.concurrency.trees import Spot, new_spot
from tests.support.processes import Processes
from tests.support.servers import Server
from tests.support.waiting import wait_until

LEASE = 1.2


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough here: this is about this side."""
    return new_spot(valkey_server)


def what_a_child_can_do(lease: Any, place: Proxy) -> dict[str, Any]:
    """Try everything with a lock of the parent's."""
    lock = Lock(Pool().get_connection(), place.path, acquire_timeout=0, namespace=place._space.namespace)
    found: dict[str, Any] = {
        "renewal threads": [thread.name for thread in threading.enumerate() if "redicts" in thread.name],
        "valid_for": lease.valid_for(),
        "release": _error_of(lease.release),
        "release by place": _error_of(place.release),
        "renew": _error_of(lease.renew),
        "ensure_held": _error_of(lease.ensure_held),
        "acquire": _error_of(lambda: place.acquire(acquire_timeout=0)),
        "Lock.acquire": lock.acquire(),
        "Lock.release": _error_of(lock.release),
        "is_locked": place.is_locked(),
        "holder": [holder.pid for holder in place.holders()] == [os.getppid()],
    }
    place.set("by the child", 1)  # locks are advisory for writers that take none
    with place.parent.get("other").acquire(renew=True, expire_timeout=LEASE) as own:
        place.parent.get("other").set("x", 1)
        found["own"] = own.valid_for() > 0
    return found


def _error_of(act: Callable[[], object]) -> str:
    try:
        act()
    except (LockTimeout, NotOwner, LockLost) as error:
        return type(error).__name__
    return "nothing"


EXPECTED = {
    "renewal threads": [],
    "valid_for": 0.0,
    "release": "NotOwner",
    "release by place": "NotOwner",
    "renew": "NotOwner",
    "ensure_held": "NotOwner",
    "acquire": "LockTimeout",
    "Lock.acquire": False,
    "Lock.release": "NotOwner",
    "is_locked": True,
    "holder": True,
    "own": True,
}


def fork_while_holding(spot: Spot, renew: bool) -> dict[str, Any]:
    """Fork, with a lock in hand; look at both sides."""
    tree = spot.open()
    place = tree.get("a.b")
    lease = place.acquire(expire_timeout=LEASE if renew else 30, renew=renew)
    child = Forked(lambda: what_a_child_can_do(lease, place)).result()
    if renew:
        wait_until(lambda: place.holders()[0].age > 1.5 * LEASE, what="more than a lease")
    lease.ensure_held()
    place.set("by the parent", 1)
    lease.release()
    again = _error_of(lease.release)
    return {"child": child, "again": again, "value": place.val(), "locked": place.is_locked()}


@pytest.mark.parametrize("renew", [False, True], ids=["plain", "renewed"])
def test_a_forked_child_holds_nothing(spot: Spot, tree: Proxy, processes: Processes, renew: bool) -> None:
    found = processes.start(fork_while_holding, spot, renew).result()
    assert found.pop("child") == EXPECTED
    assert found == {"again": "NotOwner", "value": {"by the child": 1, "by the parent": 1}, "locked": False}
    tree.clear()
    assert_no_locks(spot)


def fork_inside_with(spot: Spot) -> dict[str, Any]:
    """Fork inside the block of a lock; the child leaves the block too."""
    tree = spot.open()
    place = tree.get("a.b")
    write_of_child, children = "", []
    try:
        with place:
            read, write = os.pipe()
            children.append(os.fork())
            if children == [0]:
                place.set("by the child", 1)
            else:
                os.close(write)
                assert os.read(read, 1) == b"", "the child has ended"
                place.set("by the parent", 1)
    except NotOwner as error:
        write_of_child = str(error)
    finally:
        if children == [0]:
            os._exit(0 if "after fork" in write_of_child else 1)
    _, status = os.waitpid(children[0], 0)
    return {"the child was told": status == 0, "parent": write_of_child, "value": place.val()}


def test_a_block_that_both_sides_leave(spot: Spot, tree: Proxy, processes: Processes) -> None:
    found = processes.start(fork_inside_with, spot).result()
    assert found == {"the child was told": True, "parent": "", "value": {"by the child": 1, "by the parent": 1}}
    tree.clear()
    assert_no_locks(spot)


def lock_lost_to_a_child(spot: Spot) -> str:
    """Sleep past the lease while the child works; then write."""
    place = spot.open().get("a")
    lease = place.acquire(expire_timeout=0.3)
    child = Forked(lambda: place.acquire(acquire_timeout=20, expire_timeout=20).fence)
    assert child.result() > lease.fence
    return _error_of(lambda: place.set("x", 1))


def test_a_child_is_a_rival_like_any_other(spot: Spot, processes: Processes) -> None:
    assert processes.start(lock_lost_to_a_child, spot).result() == "LockLost"


# ---- multiprocessing


def count_up(times: int, spot: Spot | None = None) -> int:
    """Count up under a lock, in a worker that was forked, or in one that begins with nothing at a ``spot``."""
    if spot is not None:
        spot.open()
    for _ in range(times):
        with root().get("count") as place:
            place.set("n", place.get("n").val(0) + 1)
    return os.getpid()


def map_workers(spot: Spot, method: str) -> int:
    """Count up in workers, and here at the same time."""
    tree = spot.open()
    parties = 2 if method == "fork" else 1  # a new interpreter takes its time
    with tree.get("held"), tree.get("count"):  # there were locks before, and one is held all the time
        tree.set("count.n", 0)
        workers = multiprocessing.get_context(method).Pool(parties)
    with workers, tree.get("held"):
        arguments = (20,) if method == "fork" else (20, spot)
        outcome = workers.starmap_async(count_up, [arguments] * parties, chunksize=1)
        count_up(20)
        outcome.get(60)
    return int(tree.get("count.n").val())


@pytest.mark.parametrize("method", ["fork", pytest.param("spawn", marks=pytest.mark.soak)])
def test_workers_of_multiprocessing(spot: Spot, tree: Proxy, processes: Processes, method: str) -> None:
    assert processes.start(map_workers, spot, method).result() == (60 if method == "fork" else 40)
    tree.clear()
    assert_no_locks(spot)


def fork_among_lockers(spot: Spot, forks: int) -> dict[str, Any]:
    """Fork while threads take, renew and give back locks: nothing that they hold at that moment stays held."""
    tree = spot.open()
    tree.get("warm").acquire(renew=True).release()
    stop = threading.Event()
    rounds = [0, 0, 0]

    def work(me: int) -> None:
        while not stop.is_set():
            with tree.get(f"t{me}").acquire(renew=True, expire_timeout=3):
                tree.get("n").add()
            rounds[me] += 1

    threads = [threading.Thread(target=work, args=(me,)) for me in range(3)]
    for thread in threads:
        thread.start()
    children = 0
    end = time.monotonic() + 40
    while children < forks and time.monotonic() < end:

        def in_child() -> bool:
            with tree.get("t0").acquire(acquire_timeout=30, renew=True) as lease:
                return not lease.lost.is_set()

        children += Forked(in_child, hang_seconds=40).result()
    stop.set()
    for thread in threads:
        thread.join(20)
    return {"children": children, "rounds": rounds, "n": tree.get("n").val()}


def test_forks_among_threads_that_lock(spot: Spot, tree: Proxy, processes: Processes) -> None:
    found = processes.start(fork_among_lockers, spot, 6).result()
    print(found)
    assert found["children"] == 6
    assert all(found["rounds"])
    assert found["n"] == sum(found["rounds"])
    tree.clear()
    assert_no_locks(spot)
