"""Typed leaves under locks: every write carries its proof, and is refused where the lock was lost."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from redicts import ConfigError, LockLost, Proxy
from redicts.leaves.leaf import Leaf
from tests.contract.ground import Ground, Party
from tests.support.backends import Backend
from tests.support.leaf_operations import ALONE, CONTENT, OPENED, ROWS, Row, fill
from tests.support.leaves import same

UNSAID = {"_acquire", "_take", "check", "hit", "pop", "popitem", "wait"}
"""What gives one of several, or something that is another each time."""


def do(leaf: Leaf[Any], row: Row) -> Any:
    """Call an operation; what its server has not got is done as well."""
    with suppress(ConfigError):
        return row.act(leaf)
    return None


def writes(kind: str) -> list[Row]:
    found = [row for row in ROWS[kind] if row.writes]
    if kind == "reliable_queue":
        found.append(Row("_take", lambda leaf: leaf._take(True, 0, None)))
    return found


@pytest.mark.parametrize("kind", ALONE)
def test_a_write_under_a_lock_that_was_lost_is_refused(ground: Ground, rival: Party, kind: str) -> None:
    place = fill(ground.proxy("a.b.leaf"), kind)
    leaf: Any = OPENED[kind](place)
    taken = leaf.take() if hasattr(leaf, "take") and ground.backend.through == "sync" else None
    lease = ground.proxy("a.b").acquire()
    ground.run_out()
    assert not lease.lost.is_set(), "nobody has noticed"
    with ground.nothing_written():
        for row in writes(kind):
            with pytest.raises(LockLost, match="so nothing was written") as caught:
                row.act(leaf)
            assert caught.value.path.startswith("a.b.leaf"), row.name
        for act in [] if taken is None else [taken.done, taken.give_back, lambda: taken.extend(5)]:
            with pytest.raises(LockLost):
                act()
        for target in ("json", "deque", kind) if kind in CONTENT else ():
            with pytest.raises(LockLost):
                place.convert(target)
    assert lease.lost.is_set()
    with pytest.raises(LockLost):
        lease.release()
    rival.do(place.clear)


@pytest.mark.parametrize("kind", ALONE)
def test_a_new_leaf_under_a_lock_that_was_lost_is_refused(ground: Ground, kind: str) -> None:
    """What would mount it is refused as well, though nothing is there yet."""
    leaf = OPENED[kind](ground.proxy("a.b.new"))
    lease = ground.proxy("a.b").acquire()
    ground.run_out()
    with ground.nothing_written():
        for row in writes(kind):
            if row.trips == 1:  # else it reads first, and finds nothing to write
                with pytest.raises(LockLost):
                    row.act(leaf)
    with pytest.raises(LockLost):
        lease.release()


@pytest.mark.parametrize("kind", ALONE)
def test_a_write_under_a_lock_that_is_held_does_as_without(ground: Ground, kind: str) -> None:
    bare, held = ground.proxy("x.y.leaf"), ground.proxy("a.b.leaf")
    with ground.proxy("a"), held, held.acquire(shared=True):
        for row in writes(kind):
            expected = do(OPENED[kind](fill(bare, kind)), row)
            result = do(OPENED[kind](fill(held, kind)), row)
            if row.name not in UNSAID:
                assert result == expected, row.name
                assert (held.kind(), same(kind, held.val([]), bare.val([]))) == (bare.kind(), True), row.name
            ground.proxy("a").delete("b.beside")
            ground.proxy("x").delete("y.beside")


@pytest.mark.parametrize("kind", ALONE)
def test_reading_goes_on(ground: Ground, kind: str) -> None:
    leaf = OPENED[kind](fill(ground.proxy("a.b"), kind))
    expected = [do(leaf, row) for row in ROWS[kind] if not row.writes]
    lease = ground.proxy("a.b").acquire()
    ground.run_out()
    assert [do(leaf, row) for row in ROWS[kind] if not row.writes] == expected
    assert not lease.lost.is_set()
    with pytest.raises(LockLost):
        lease.release()


def test_what_was_put_in_first_is_what_is_read(tree: Proxy, backend: Backend) -> None:
    """What ``convert`` stores is what the classes store and read."""
    for kind in CONTENT:
        place = fill(tree.get(kind), kind)
        leaf = OPENED[kind](place)
        if kind == "string":
            assert leaf.get() == CONTENT[kind]
        elif kind in {"dict", "counter"}:
            assert dict(leaf.to_dict()) == CONTENT[kind]
        elif kind == "sorted_set":
            assert list(map(list, leaf.to_dict().items())) == CONTENT[kind]
        elif kind == "set":
            assert leaf.to_set() == set(CONTENT[kind])
        else:
            assert [list(each) if isinstance(each, tuple) else each for each in leaf.to_list()] == CONTENT[kind]
