"""Keys of locks that somebody else wrote to: an error that names the key, and nothing of anybody else's is removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from redicts import InternalError, LockLost, LockTimeout
from tests.contract.ground import SECONDS, Ground, Party
from tests.contract.variants import once_each
from tests.support.trees import dump

PATH = ("a", "b", "c")
READ = {"l: itself": ("l", 3), "l: above": ("l", 2), "l: section": ("l", 1), "l: root": ("l", 0), "b: itself": ("b", 3)}
ENTERED = {"b: above": ("b", 2), "b: section": ("b", 1), "b: root": ("b", 0)}
ZSETS = {**READ, **ENTERED}
"""The letter of a key, and of how many components its path is: what acquiring reads, and what it only writes to."""

TYPES: dict[str, Callable[[Any, str], object]] = {
    "string": lambda client, key: client.set(key, "mine"),
    "hash": lambda client, key: client.hset(key, "mine", "1"),
    "list": lambda client, key: client.rpush(key, "mine"),
    "set": lambda client, key: client.sadd(key, "mine"),
}
GARBAGE = [
    "garbage", "", "x", "x n 1 o h 1", "q n 1 o h 1 {a}.b.c", "x n -1 o h 1 {a}.b.c", "x n 1 o h 1 a.b.c",
    "x n 1 o h p {a}.b.c", "x n 1 \\u0041 h 1 {a}.b.c", "x n 1 \\ud800 h 1 {a}.b.c", b"\xff\xfe", "x n ١ o h 1 {a}.b.c",
]  # fmt: skip
ENTRY = "x nonce 1 owner host 1 {a}.b.c"


def key(ground: Ground, letter: str, components: int) -> str:
    return ground.backend.database.space.key(letter, PATH[:components])


def tampered(ground: Ground, name: str, kind: str) -> str:
    """Put something of another type in the place of a key."""
    found = key(ground, *ZSETS[name])
    ground.client.delete(found)
    _ = TYPES[kind](ground.client, found)
    return found


def without_counters(ground: Ground) -> dict[bytes, Any]:
    """All keys but the fence counters, which go by themselves."""
    return {name: value for name, value in dump(ground.backend).items() if b":f:" not in name}


def assert_named(act: Callable[[], object], name: str) -> None:
    with pytest.raises(InternalError, match=r"someone else wrote there; check\(repair=True\) mends it") as caught:
        act()
    assert caught.value.key == name
    assert repr(name) in str(caught.value)


@once_each
@pytest.mark.parametrize("name", ZSETS)
def test_acquire_names_a_key_of_another_type(ground: Ground, rival: Party, name: str) -> None:
    place = ground.proxy(PATH)
    for kind in TYPES:
        others = [rival.do(lambda path=path: ground.proxy(path).acquire()) for path in ("z", "a.x")]  # type: ignore[misc]
        found = tampered(ground, name, kind)
        before = without_counters(ground)
        for act in (place.acquire, place.try_acquire, lambda: place.acquire(shared=True), ground.lock(PATH).acquire):
            assert_named(act, found)
        assert without_counters(ground) == before, "nothing came, and nothing went"
        ground.client.delete(found)
        with place:
            assert place.set("x", 1).is_locked()
        for lease in others:
            rival.do(lease.release)
        ground.backend.clear()


@pytest.mark.parametrize("name", READ)
def test_asking_names_it_too(ground: Ground, name: str) -> None:
    place, found = ground.proxy(PATH), tampered(ground, name, "string")
    with ground.nothing_written():
        assert_named(place.is_locked, found)
        assert_named(place.holders, found)
        if name == "l: itself":
            assert_named(place.break_locks, found)
            assert_named(lambda: place.release(owner="x"), found)
    ground.backend.clear()


def test_a_lock_whose_key_was_replaced(ground: Ground) -> None:
    place = ground.proxy(PATH)
    lease = place.acquire()
    found = tampered(ground, "l: itself", "string")
    with ground.nothing_written():
        for act in (lease.renew, lease.ensure_held, lease.release, place.release, place.break_locks):
            assert_named(act, found)
        with pytest.raises(InternalError):
            place.set("x", 1)
    ground.client.delete(found)
    with pytest.raises(LockLost):
        lease.release()
    ground.backend.clear()


def test_a_block_that_cannot_release_leaves_the_thread_clean(ground: Ground) -> None:
    place = ground.proxy(PATH)
    with pytest.raises(InternalError, match=r"check\(repair=True\) mends it"), place:
        found = tampered(ground, "l: itself", "string")
    assert ground.face.holds() == ()
    assert place.set("x", 1).get("x").val() == 1
    ground.client.delete(found)
    ground.backend.clear()


@pytest.mark.parametrize("name", ENTERED)
def test_a_lock_that_is_elsewhere_replaced(ground: Ground, rival: Party, name: str) -> None:
    place, others = ground.proxy(PATH), ground.proxy("a.b.x")
    other = rival.do(others.acquire)
    lease = place.acquire()
    found = tampered(ground, name, "string")
    assert_named(lease.renew, found)
    assert_named(lease.release, found)
    assert_named(place.release, found)
    ground.client.delete(found)
    with pytest.raises(LockLost):
        lease.release()
    rival.do(other.ensure_held)
    rival.do(other.release)
    ground.backend.clear()
    with place:
        place.set("x", 1)


@once_each
def test_members_that_are_no_entries(ground: Ground) -> None:
    place = ground.proxy(PATH)
    for name, where in READ.items():
        found = key(ground, *where)
        for garbage in GARBAGE if name == "l: itself" else GARBAGE[::4]:
            ground.client.zadd(found, {garbage: 1e13, ENTRY: 1})
            before = ground.entries()
            for act in (place.try_acquire, place.acquire, place.holders, place.is_locked):
                assert_named(act, found)
            if name == "l: itself":
                assert_named(place.break_locks, found)
            assert ground.entries() == before
            ground.client.delete(found)
    with place:
        assert len(place.holders()) == 1


def test_what_is_no_entry_is_left_alone(ground: Ground, rival: Party) -> None:
    """In keys that need not be read."""
    for letter, components in ENTERED.values():
        ground.client.zadd(key(ground, letter, components), dict.fromkeys(GARBAGE, 1e13))
    before = ground.entries()
    for _ in range(15):  # now and then the dead are tidied away
        with ground.proxy(PATH):
            assert not rival.enters(ground.proxy(PATH))
        assert ground.entries() == before
    ground.backend.clear()


@pytest.mark.parametrize("score", [float("inf"), float("-inf")])
def test_deadlines_without_end(ground: Ground, score: float) -> None:
    place = ground.proxy(PATH)
    for where in READ.values():
        found = key(ground, *where)
        ground.client.zadd(found, {ENTRY: score})
        with ground.nothing_written():
            for act in (place.try_acquire, place.acquire, place.holders, place.is_locked):
                assert_named(act, found)
        ground.client.delete(found)


@once_each
@pytest.mark.parametrize("score", [1e13, 2.0**53, 1e18, 1.7e308])
def test_deadlines_far_away_only_keep_others_out(ground: Ground, score: float) -> None:
    ground.client.zadd(key(ground, "l", 3), {ENTRY: score})
    place = ground.proxy(PATH)
    with ground.nothing_written():
        assert place.try_acquire() is None
        with pytest.raises(LockTimeout, match=r"process 1 on host \(exclusive at 'a\.b\.c'"):
            _ = place.acquire(acquire_timeout=0.02)
        assert [holder.owner for holder in place.holders()] == ["owner"]
    assert [holder.owner for holder in place.break_locks()] == ["owner"]
    with place:
        pass


@pytest.mark.parametrize("kind", ["string", "hash"])
@pytest.mark.parametrize("letter", ["w", "u"])
def test_waiting_names_a_list_that_is_none(ground: Ground, rival: Party, letter: str, kind: str) -> None:
    """Who need not wait need not know."""
    place, found = ground.proxy(PATH, lock_acquire_timeout=SECONDS), key(ground, letter, 3)
    with place:
        pass
    ground.client.delete(found)
    mine = place.acquire(shared=True)
    theirs = rival.do(lambda: place.acquire(shared=True))
    _ = TYPES[kind](ground.client, found)
    before = dump(ground.backend)
    if letter == "u":
        assert_named(place.acquire, found)
    else:
        assert_named(lambda: place.acquire(owner="x"), found)
    assert dump(ground.backend) == before
    ground.client.delete(found)
    rival.do(theirs.release)
    mine.release()


@pytest.mark.parametrize("kind", ["hash", "list", "set"])
def test_a_counter_that_is_none(ground: Ground, rival: Party, kind: str) -> None:
    counter = key(ground, "f", 1)
    _ = TYPES[kind](ground.client, counter)
    other = rival.do(ground.proxy("z").acquire)
    with ground.nothing_written():
        for act in (ground.proxy(PATH).acquire, ground.proxy("a").try_acquire, ground.lock("a.x").acquire):
            assert_named(act, counter)
    ground.client.delete(counter)
    rival.do(other.release)


def test_a_counter_that_holds_no_count_begins_anew(ground: Ground) -> None:
    for text in ("", "abc", "nan", "inf", "-inf", "1e400", "1e300", "9007199254740993", "-5", " 7", "0x9"):
        before = ground.proxy("x").acquire()
        before.release()
        ground.client.set(key(ground, "f", 1), text)
        with ground.proxy(PATH).acquire() as first, ground.proxy("a").acquire() as second:
            assert before.fence < first.fence < second.fence < 2**53


def test_failing_removes_nothing_of_anybody_else(ground: Ground, rival: Party) -> None:
    """What is dead included; who waited and gave up leaves nothing of its own."""
    place = ground.proxy(PATH)
    ground.client.zadd(key(ground, "l", 3), {ENTRY: 1})
    for components in range(3):
        ground.client.zadd(key(ground, "b", components), {ENTRY: 1})
    lease = rival.do(ground.proxy("a").acquire)
    with ground.nothing_written():
        for shared in (False, True):
            assert place.try_acquire(shared) is None
            with pytest.raises(LockTimeout):
                _ = place.acquire(shared, acquire_timeout=0.05)
            assert ground.lock("a").acquire(timeout=0.02) is False
    rival.do(lease.release)
    with place:
        assert not [True for members in ground.entries().values() for member, _ in members if member == ENTRY.encode()]
