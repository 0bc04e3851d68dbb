"""Fence tokens grow, and a write under a lock that was lost is refused, in the step that would have written."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from redicts import Lease, LockLost, Proxy
from redicts.core.operation import Operation
from tests.contract.ground import SECONDS, Ground, Party
from tests.support.waiting import wait_until

WRITES: dict[str, Callable[[Proxy], Any]] = {
    "set": lambda p: p.set("new", 1),
    "set: itself": lambda p: p.set((), {"now": "this"}),
    "set: a node, with a life": lambda p: p.set("n", {"z": 1}, expire=100),
    "store": lambda p: p.store("leaf", 2),
    "[]=": lambda p: p.__setitem__("leaf", 2),
    "update": lambda p: p.update({"leaf": 2, "n.x": 3}),
    "setdefault": lambda p: p.setdefault("new", 1),
    "setdefault: it is there": lambda p: p.setdefault("leaf", 2),
    "pop": lambda p: p.pop("leaf"),
    "pop: a node": lambda p: p.pop("n", None),
    "delete": lambda p: p.delete("n"),
    "delete: nothing there": lambda p: p.delete("none"),
    "del []": lambda p: p.__delitem__("leaf"),
    "clear": lambda p: p.clear(),
    "expire": lambda p: p.get("n").expire(100),
    "expire: itself": lambda p: p.expire(100),
    "persist": lambda p: p.get("brief").persist(),
    "add": lambda p: p.get("leaf").add(5),
    "add: a new one": lambda p: p.get("new").add(0.5),
    "add: a large one": lambda p: p.get("big").add(1),
    "compare_and_set": lambda p: p.get("leaf").compare_and_set(1, 2),
    "compare_and_set: differs": lambda p: p.get("leaf").compare_and_set(5, 2),
    "compare_and_set: a node": lambda p: p.get("n").compare_and_set({"x": 1}, 2),
    "transform": lambda p: p.get("leaf").transform(lambda value: value + 1),
    "transform: a node": lambda p: p.get("n").transform(lambda value: {**value, "y": 2}),
    "convert": lambda p: p.get("n").convert("dict"),
    "convert: nothing to do": lambda p: p.get("n").convert("json"),
}
"""Every way to write, on a place that holds ``CONTENT``."""

CONTENT = {"leaf": 1, "big": 2**80, "n": {"x": 1}, "brief": 5}


def fill(place: Proxy) -> Proxy:
    return place.set((), CONTENT).set("brief", 5, expire=1000)


def break_it(ground: Ground, rival: Party) -> None:
    assert len(rival.do(ground.proxy("a.b").break_locks)) == 1


def succeed(ground: Ground, rival: Party) -> None:
    """Its time is over, and another has it."""
    ground.run_out()
    lease = rival.do(ground.proxy("a.b").acquire)
    rival.do(lambda: ground.proxy("a.b").set("theirs", 1))
    rival.do(lease.release)


LOSSES: dict[str, Callable[[Ground, Party], None]] = {
    "broken": break_it,
    "ran out": lambda ground, _: ground.run_out(),
    "ran out, taken by another": succeed,
}


def test_every_writing_operation_is_here() -> None:
    reading = {"val", "kind", "exists", "children", "count_children", "time_to_live", "begin_walk", "walk_on"}
    locking = {"release", "is_locked", "holders", "break_locks"}
    operations = {name for kind in Proxy.__mro__ for name, value in vars(kind).items() if isinstance(value, Operation)}
    written = {name.partition(":")[0] for name in WRITES} - {"set", "[]=", "del []"}
    assert written == operations - reading - locking - {"check"}


def test_a_write_under_a_lock_that_is_held_goes_through(ground: Ground) -> None:
    bare, place = ground.proxy("x.y"), ground.proxy("a.b")
    with ground.proxy("a"), place, place.acquire(shared=True), ground.proxy("a.b.leaf"):
        for name, write in WRITES.items():
            expected = write(fill(bare)), bare.val(), bare.time_to_live() > 0
            result = write(fill(place))
            assert (bare if result is place else result, place.val(), place.time_to_live() > 0) == expected, name


@pytest.mark.parametrize(("loss", "shared"), [*[(loss, False) for loss in LOSSES], ("broken", True)])
def test_a_write_under_a_lock_that_was_lost_is_refused(ground: Ground, rival: Party, loss: str, shared: bool) -> None:
    place, told = fill(ground.proxy("a.b")), Event()
    lease = place.acquire(shared, on_lost=lambda lost: told.set() if lost == lease else None)
    LOSSES[loss](ground, rival)
    assert not lease.lost.is_set(), "nobody has noticed"
    with ground.nothing_written():
        for write in WRITES.values():
            with pytest.raises(LockLost, match="so nothing was written") as caught:
                write(place)
            assert caught.value.path.startswith("a.b")
    assert lease.lost.is_set()
    assert lease.valid_for() == 0
    assert told.wait(SECONDS)
    with pytest.raises(LockLost):
        lease.release()
    for write in WRITES.values():
        _ = write(fill(place))


def test_reading_goes_on(ground: Ground, rival: Party) -> None:
    place = fill(ground.proxy("a.b"))
    lease = place.acquire()
    break_it(ground, rival)
    assert place.val() == CONTENT
    assert (place.exists(), place.kind(), sorted(place)) == (True, "node", sorted(CONTENT))
    assert len(list(place.iter_children())) == 4
    assert not lease.lost.is_set()
    with pytest.raises(LockLost):
        lease.release()


def test_writes_elsewhere_and_by_others_go_on(ground: Ground, rival: Party) -> None:
    lease = ground.proxy("a.b").acquire()
    rival.do(lambda: ground.proxy("a.b").set("advisory", 1))
    break_it(ground, rival)
    ground.proxy("a.c").set("x", 1)
    ground.proxy("ab").set("x", 1)
    ground.proxy("a").set("d", 1)
    rival.do(lambda: ground.proxy("a.b").set("theirs", 1))
    assert ground.proxy().val() == {"a": {"b": {"advisory": 1, "theirs": 1}, "c": {"x": 1}, "d": 1}, "ab": {"x": 1}}
    for act in (
        lambda: ground.proxy("a.b.c.d").set((), 1),
        lambda: ground.proxy().update({"z": 1, "a.b.c": 1}),
        lambda: ground.proxy().update([("a.b", 1), ("a.x", 1)]),
    ):
        with ground.nothing_written(), pytest.raises(LockLost):
            act()
    with pytest.raises(LockLost):
        lease.release()


def test_of_nested_locks_each_must_be_held(ground: Ground, rival: Party) -> None:
    place = ground.proxy("a.b.c")
    outer, middle, inner = [ground.proxy(path).acquire() for path in ("a", "a.b", "a.b.c")]
    break_it(ground, rival)
    with ground.nothing_written(), pytest.raises(LockLost):
        place.set("x", 1)
    ground.proxy("a.c").set("x", 1)
    assert [lease.lost.is_set() for lease in (outer, middle, inner)] == [False, True, False]
    again = ground.proxy("a.b").acquire()
    with pytest.raises(LockLost):
        place.set("x", 1)
    with pytest.raises(LockLost):
        middle.release()
    place.set("x", 1)
    for lease in (again, inner, outer):
        lease.release()


def test_locks_taken_through_another_client_guard_too(ground: Ground, rival: Party) -> None:
    lock = ground.lock("a.b", client=ground.face.another_client())
    elsewhere = ground.proxy("a.b", client=ground.face.another_client(db=5))
    assert lock.acquire()
    break_it(ground, rival)
    with ground.nothing_written(), pytest.raises(LockLost):
        ground.proxy("a.b.c").set("x", 1)
    elsewhere.set("x", 1)
    assert elsewhere.delete("x")
    assert lock.lost.is_set()
    with pytest.raises(LockLost):
        lock.release()


def test_tokens_grow(ground: Ground, rival: Party) -> None:
    tokens: list[int] = []

    def take(path: str, shared: bool) -> Lease:
        lease = ground.proxy(path).acquire(shared)
        tokens.append(lease.fence)
        return lease

    for path, shared in itertools.product(("a.b", "a", "a.b.c.d", "a.x"), (False, True)):
        take(path, shared).release()
        with take(path, True), take(path, shared):
            if shared:
                rival.do(lambda: take("a.b", True).release())
    ground.backend.advance(1.01)
    assert ground.lock_keys("f") == [], "the counter itself is gone"
    take("a", False).release()
    lease = take("a.b", False)
    ground.run_out()
    rival.do(lambda: take("a.b", False).release())
    with pytest.raises(LockLost):
        lease.release()
    assert tokens == sorted(set(tokens))


def test_tokens_grow_where_the_clock_is_set_back(ground: Ground) -> None:
    """What was counted counts, whatever the clock says."""
    with ground.proxy("a") as place:
        (counter,) = ground.lock_keys("f")
        later = int(ground.client.get(counter)) + 10**12
        ground.client.set(counter, str(later), px=30000)
        with place.acquire() as first, place.acquire() as second:
            assert (first.fence, second.fence) == (later + 1, later + 2)
    ground.client.pexpire(counter, 1000)


def test_tokens_of_threads_grow_in_the_order_of_their_work(ground: Ground) -> None:
    journal = ground.proxy("a.journal").set((), [])

    def work(path: str) -> None:
        for _ in range(8):
            with ground.lock(path, acquire_timeout=SECONDS) as lock:
                journal.store((), [*journal.val(), lock.fence])

    with ThreadPoolExecutor(3) as executor:
        list(executor.map(work, ["a", "a.journal", "a"]))
    assert len(journal.val()) == 24
    assert journal.val() == sorted(set(journal.val()))
    wait_until(lambda: not ground.proxy().is_locked())
