"""``hold``: an entry stands wherever it belongs, for as long as it lives; dead ones go; tokens grow."""

from __future__ import annotations

import pytest

from tests.lua.lock_scripts import LockScripts

TIDIES = 8_000_000_000_000_007
"""A token far above the server's time at which a little is tidied up; the nine before and after tidy nothing."""


@pytest.mark.parametrize("path", [(), ("a",), ("a", "b"), ("a", "b", "c", "d", "e", "f")])
def test_an_entry_stands_at_its_path_and_below_each_ancestor(locks: LockScripts, path: tuple[str, ...]) -> None:
    entry, now = locks.entry(*path), locks.now_us()
    fence = locks.hold(entry)
    key = locks.space.key
    expected = [key("l", path), *[key("b", path[:depth]) for depth in range(len(path))]]
    assert locks.places(entry) == sorted(expected)
    assert locks.backend.keys() == sorted([*expected, key("f", path[:1])])
    assert fence >= now
    assert int(locks.client.get(key("f", path[:1]))) == fence
    for each in expected:
        assert 59_000_000 < locks.standing(each)[entry] * 1000 - now < 61_000_000
        assert 59_000 < locks.client.pttl(each) <= 60_000
    assert 59_000 < locks.client.pttl(key("f", path[:1])) <= 60_000


def test_all_ways_through_the_script_leave_the_same(locks: LockScripts) -> None:
    """Where nothing is near, a shortcut is taken; a dead entry that is told, and tidying, lead the long way."""
    keys = locks.space.locks(("a", "b", "c"))
    for dead, token in ([], TIDIES + 1), (["x n:0 1 you here 7 {a}.b.c"], TIDIES + 1), ([], TIDIES):
        entry = locks.entry("a", "b", "c")
        assert locks.hold(entry, dead=dead, token=token) == token
        assert locks.backend.keys() == sorted([*keys.entered, keys.fence])
        assert locks.client.get(keys.fence) == str(token).encode()
        assert all(59_000 < locks.client.pttl(key) <= 60_000 for key in locks.backend.keys())  # noqa: SIM118
        assert all(list(locks.standing(key)) == [entry] for key in keys.entered)
        locks.backend.clear()


@pytest.mark.parametrize("others", [("a", "x"), ("a",), ("a", "b", "c", "d"), ("z",)])
def test_others_near_or_far_are_left_alone(locks: LockScripts, others: tuple[str, ...]) -> None:
    other, mine = locks.entry(*others, owner="you", shared=True), locks.entry("a", "b", "c", shared=True)
    locks.hold(other)
    before = {key: locks.standing(key)[other] for key in locks.places(other)}
    locks.hold(mine)
    assert {key: locks.standing(key)[other] for key in locks.places(other)} == before
    assert len(locks.places(mine)) == 4


def test_dead_entries_go_from_every_key_they_stand_in(locks: LockScripts) -> None:
    paths = [(), ("a",), ("a", "b"), ("a", "b", "c"), ("a", "b", "c", "d", "e")]
    dead = [locks.kill(_held(locks, locks.entry(*path, owner="gone", shared=True))) for path in paths]
    bystander = locks.kill(_held(locks, locks.entry("a", "b", "c", owner="another", shared=True)))
    alive = _held(locks, locks.entry("a", "b", "c", shared=True))
    mine = locks.entry("a", "b", "c")
    locks.hold(mine, dead=dead)
    assert [locks.places(entry) for entry in dead] == [[]] * len(dead)
    assert len(locks.places(bystander)) == len(locks.places(alive)) == len(locks.places(mine)) == 4


def _held(locks: LockScripts, entry: str) -> str:
    locks.hold(entry)
    return entry


@pytest.mark.parametrize("garbage", ["", "x", "rubbish", "x n 1 me here 7", "y n:1 1 me here 7 {a}", "x  1 me here 7 "])
def test_what_is_no_entry_is_not_removed_and_does_no_harm(locks: LockScripts, garbage: str) -> None:
    locks.put(locks.entry("a"), locks.now_ms() + 60_000)
    locks.client.zadd(locks.space.key("l", ("a",)), {garbage: 1})
    entry = locks.entry("a", "b")
    assert locks.hold(entry, dead=[garbage]) > 0
    assert locks.standing(locks.space.key("l", ("a",)))[garbage] == 1
    assert len(locks.places(entry)) == 3


# ---- tidying


@pytest.mark.parametrize("path", [(), ("a",), ("a", "b"), ("a", "b", "c")])
def test_every_tenth_token_tidies_a_little_of_what_crashed_holders_left(
    locks: LockScripts, path: tuple[str, ...]
) -> None:
    now = locks.now_ms()
    dead = [locks.entry(*path, owner=f"gone{number}", shared=True) for number in range(20)]
    for number, entry in enumerate(dead):
        locks.put(entry, now - number)
    alive = [locks.entry(*path, owner=f"alive{number}", shared=True) for number in range(3)]
    for entry in alive:
        locks.put(entry, now + 60_000)
    locks.hold(locks.entry(*path, shared=True), token=TIDIES - 1)
    assert sum(bool(locks.places(entry)) for entry in dead) == 20, "only each tenth time"
    locks.hold(locks.entry(*path, shared=True), token=TIDIES)
    left = sum(bool(locks.places(entry)) for entry in dead)
    assert 0 <= left <= 12, "a little goes each time"
    assert [len(locks.places(entry)) for entry in alive] == [len(path) + 1] * 3
    for entry in dead:
        assert len(locks.places(entry)) in (0, len(path) + 1), "from all its keys, or from none"
    for rounds in range(1, 4):
        locks.hold(locks.entry(*path, shared=True), token=TIDIES + 10 * rounds)
    assert [locks.places(entry) for entry in dead] == [[]] * 20


def test_an_entry_is_dead_at_its_deadline_and_not_before(locks: LockScripts) -> None:
    keys = locks.space.locks(("a", "b"))
    for number, kept in (0, False), (1, True):
        entry, now = locks.entry("a", "b", owner="you", shared=True), locks.now_ms()
        locks.put(entry, now + number)
        args = [locks.entry("a", "b", shared=True), now + 60_000, 60_000, TIDIES + 10 * number]
        locks.run("hold", [keys.fence, *keys.entered], args)
        assert bool(locks.places(entry)) is kept


# ---- how long keys live


def test_a_shorter_lease_never_shortens_the_life_of_a_key(locks: LockScripts) -> None:
    long, short = locks.entry("a", "b", shared=True), locks.entry("a", "b", owner="you", shared=True)
    locks.hold(long, 60_000)
    locks.hold(short, 500)
    for key in locks.keys(short).entered:
        assert 59_000 < locks.client.pttl(key) <= 60_000
    locks.hold(locks.entry("a", "c", owner="third", shared=True), 500)
    assert locks.client.pttl(locks.space.key("b", ("a",))) > 59_000
    assert locks.client.pttl(locks.space.key("l", ("a", "c"))) <= 500
    assert locks.client.pttl(locks.space.key("f", ("a",))) > 59_000, "the counter lives as long as any lock there"


def test_a_longer_lease_prolongs_it(locks: LockScripts) -> None:
    locks.hold(locks.entry("a", "b", shared=True), 500)
    long = locks.entry("a", "b", owner="you", shared=True)
    locks.hold(long, 60_000)
    for key in [*locks.keys(long).entered, locks.space.key("f", ("a",))]:
        assert 59_000 < locks.client.pttl(key) <= 60_000


@pytest.mark.parametrize("lease_ms", [1, 2, 300, 60_000, 10**13])
def test_no_key_goes_before_the_deadline_of_its_entries(locks: LockScripts, lease_ms: int) -> None:
    entry = locks.entry("a", "b")
    keys, now = locks.keys(entry), locks.now_us()
    args = [entry, now // 1000 + lease_ms, lease_ms, now]
    locks.run("hold", [keys.fence, *keys.entered], args)
    for key in keys.entered:
        deadline_ms, lives_until_ms = locks.standing(key).get(entry), locks.client.pexpiretime(key)
        assert lives_until_ms == -2 or (deadline_ms is not None and lives_until_ms >= deadline_ms)


def test_the_same_entry_again_has_a_new_deadline(locks: LockScripts) -> None:
    """So does an acquire whose reply was lost."""
    entry = locks.entry("a", "b")
    first = locks.hold(entry, 1000)
    second = locks.hold(entry, 60_000)
    assert second > first
    assert len(locks.places(entry)) == 3
    assert all(locks.standing(key)[entry] > locks.now_ms() + 59_000 for key in locks.keys(entry).entered)


# ---- tokens


def test_a_token_is_above_the_last_and_not_below_the_clock(locks: LockScripts) -> None:
    now = locks.now_us()
    assert locks.hold(locks.entry("a"), token=now) == now
    assert locks.hold(locks.entry("a"), token=now) == now + 1, "the clock stood still"
    assert locks.hold(locks.entry("a", "b"), token=now - 10_000_000) == now + 2, "it was set back"
    assert locks.hold(locks.entry("a", "b"), token=now + 500) == now + 500
    assert locks.hold(locks.entry("z"), token=now) == now, "each section has a counter of its own"
    assert locks.hold(locks.entry(), token=now) == now, "so has the root"


@pytest.mark.parametrize("garbage", ["", "x", "[]", "-5", "1e3", "0x10", "nan", "inf", "-inf", "1e300", "9" * 30])
def test_garbage_in_the_counter_is_survived(locks: LockScripts, garbage: str) -> None:
    keys = locks.space.locks(("a",))
    for token in (TIDIES - 25, TIDIES - 10):
        locks.client.set(keys.fence, garbage)
        assert locks.hold(locks.entry("a"), token=token) == token
        assert locks.hold(locks.entry("a"), token=token) == token + 1
        assert 0 < locks.client.pttl(keys.fence) <= 60_000


def test_a_token_is_spelled_with_all_its_digits(locks: LockScripts) -> None:
    keys = locks.space.locks(("a",))
    args = [locks.entry("a"), locks.now_ms() + 1000, 1000, TIDIES + 1]
    assert locks.run("hold", [keys.fence, *keys.entered], args) == str(TIDIES + 1)
    assert locks.client.get(keys.fence) == str(TIDIES + 1).encode()
