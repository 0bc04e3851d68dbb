"""``release``: the entry goes from everywhere, and of those whom it blocked exactly those are woken that may go on."""

from __future__ import annotations

import pytest

from tests.lua.lock_scripts import LockScripts

PATHS = [(), ("a",), ("a", "b"), ("a", "b", "c", "d", "e", "f")]


@pytest.mark.parametrize("path", PATHS)
def test_the_last_lock_leaves_nothing_but_what_goes_within_a_second(locks: LockScripts, path: tuple[str, ...]) -> None:
    entry = locks.entry(*path)
    locks.hold(entry)
    assert locks.release(entry) == 1
    keys = locks.space.locks(path)
    assert locks.backend.keys() == sorted([keys.fence, keys.wake_ups])
    assert 0 < locks.client.pttl(keys.fence) <= 1000
    assert locks.woken(*path) == "w"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("near", [True, False])
def test_a_lock_that_has_run_out_is_taken_back_and_told(locks: LockScripts, path: tuple[str, ...], near: bool) -> None:
    if near:
        locks.hold(locks.entry("a", "b", "c", "x", shared=True))
    entry = locks.entry(*path, shared=True)
    locks.hold(entry)
    locks.kill(entry)
    assert locks.release(entry) == 0
    assert locks.places(entry) == []
    assert locks.woken(*path) == "w", "there may be somebody who waits"
    assert locks.release(entry) == 0


@pytest.mark.parametrize("path", PATHS)
def test_a_lock_that_is_not_there_is_told_and_nothing_is_touched(locks: LockScripts, path: tuple[str, ...]) -> None:
    assert locks.release(locks.entry(*path)) == 0
    assert locks.backend.keys() == []
    other = locks.entry(*path, shared=True, owner="you")
    locks.hold(other)
    places = locks.places(other)
    assert locks.release(locks.entry(*path, shared=True)) == 0
    assert locks.places(other) == places
    assert locks.woken(*path) == ""
    assert locks.client.pttl(locks.space.locks(path).fence) > 59_000


def test_what_is_left_of_an_entry_above_goes_although_the_lock_is_gone(locks: LockScripts) -> None:
    entry, other = locks.entry("a", "b"), locks.entry("a", "x")
    locks.hold(entry)
    locks.hold(other)
    locks.client.zrem(locks.space.key("l", ("a", "b")), entry)  # as by hand
    assert locks.release(entry) == 0
    assert locks.places(entry) == []
    assert len(locks.places(other)) == 3


@pytest.mark.parametrize("path", PATHS)
def test_one_of_several_locks_takes_no_other_with_it(locks: LockScripts, path: tuple[str, ...]) -> None:
    others = [locks.entry(*other, owner="you", shared=True) for other in [*PATHS, ("z",), ("a", "x")]]
    mine = locks.entry(*path, shared=True)
    for entry in [*others, mine]:
        locks.hold(entry)
    before = [locks.places(entry) for entry in others]
    assert locks.release(mine) == 1
    assert locks.places(mine) == []
    assert [locks.places(entry) for entry in others] == before


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("own_too", [True, False])
def test_others_stay_where_the_roots_list_of_what_is_below_was_deleted(
    locks: LockScripts, path: tuple[str, ...], own_too: bool
) -> None:
    others = [locks.entry(*path, owner="you", shared=True), locks.entry(*path, "x", owner="third", shared=True)]
    mine, below_root = locks.entry(*path, shared=True), locks.space.key("b", ())
    if own_too:
        locks.hold(mine)
    for entry in others:
        locks.hold(entry)
    locks.client.delete(below_root)  # as by hand
    if not own_too:
        locks.hold(mine)  # so the root knows of this one only
    before = [locks.places(entry) for entry in others]
    assert locks.release(mine) == 1
    assert locks.places(mine) == []
    assert [locks.places(entry) for entry in others] == before


# ---- whom it wakes

REMAINING = [
    # who is released; who stays at the same path, as (owner, shared); whom that wakes
    ("x", [], "w"),
    ("s", [], "w"),
    ("x", [("me", False)], ""),  # re-entered: still blocks everybody
    ("s", [("me", False)], ""),
    ("x", [("me", True)], "w"),  # those who share can go on now
    ("x", [("me", True), ("me", True)], "w"),
    ("s", [("me", True)], "u"),  # nobody new can go on; but the one that is left may take it exclusively
    ("s", [("you", True)], "u"),
    ("s", [("you", True), ("you", True)], "u"),
    ("s", [("you", True), ("third", True)], ""),
    ("s", [("me", True), ("you", True)], ""),
    ("s", [("me", True), ("me", False)], ""),
]


@pytest.mark.parametrize("path", [(), ("a",), ("a", "b", "c")])
@pytest.mark.parametrize(("mode", "others", "woken"), REMAINING)
def test_who_is_woken_by_what_remains(
    locks: LockScripts, path: tuple[str, ...], mode: str, others: list[tuple[str, bool]], woken: str
) -> None:
    entry = locks.entry(*path, shared=mode == "s")
    for owner, shared in others:
        locks.hold(locks.entry(*path, owner=owner, shared=shared))
    locks.hold(entry)
    assert locks.release(entry) == 1
    assert locks.woken(*path) == woken


@pytest.mark.parametrize("path", [(), ("a",), ("a", "b", "c")])
@pytest.mark.parametrize(("owner", "shared"), [("me", False), ("you", True)])
def test_what_remains_but_has_run_out_does_not_count(
    locks: LockScripts, path: tuple[str, ...], owner: str, shared: bool
) -> None:
    dead, entry = locks.entry(*path, owner=owner, shared=shared), locks.entry(*path, shared=True)
    locks.hold(dead)
    locks.kill(dead)
    locks.hold(entry)
    assert locks.release(entry) == 1
    assert locks.woken(*path) == "w"


@pytest.mark.parametrize("other", [("a",), ("a", "b", "c"), ("a", "x"), ("z",)])
def test_what_is_held_elsewhere_does_not_count(locks: LockScripts, other: tuple[str, ...]) -> None:
    entry = locks.entry("a", "b")
    locks.hold(locks.entry(*other))
    locks.hold(entry)
    assert locks.release(entry) == 1
    assert locks.woken("a", "b") == "w"


def test_several_releases_leave_one_wake_up_which_lives_on(locks: LockScripts) -> None:
    wake_ups = locks.space.locks(("a", "b")).wake_ups
    for number in range(3):
        entry = locks.entry("a", "b")
        locks.hold(entry)
        assert locks.release(entry) == 1
        assert locks.woken("a", "b") == "w"
        assert locks.client.pttl(wake_ups) > 900, f"the wake-up of release {number} lives for its own second"
        locks.client.pexpire(wake_ups, 100)
    assert locks.client.ttl(wake_ups) >= 0, "it never stays"


# ---- the counter of fence tokens


@pytest.mark.parametrize(
    ("stays", "brief"),
    [
        ((), True),  # the root's lock has a counter of its own
        (("z",), True),
        (("a",), False),
        (("a", "b"), False),
        (("a", "x", "y"), False),
    ],
)
def test_the_counter_goes_with_the_last_lock_of_the_section(
    locks: LockScripts, stays: tuple[str, ...], brief: bool
) -> None:
    entry = locks.entry("a", "b", shared=True)
    locks.hold(locks.entry(*stays, shared=True))
    locks.hold(entry)
    assert locks.release(entry) == 1
    left = locks.client.pttl(locks.space.key("f", ("a",)))
    assert 0 < left <= 1000 if brief else left > 59_000


@pytest.mark.parametrize(("stays", "brief"), [((), False), (("a",), True)])
def test_the_roots_counter_goes_with_its_last_lock(locks: LockScripts, stays: tuple[str, ...], brief: bool) -> None:
    entry = locks.entry(shared=True)
    locks.hold(locks.entry(*stays, shared=True))
    locks.hold(entry)
    assert locks.release(entry) == 1
    left = locks.client.pttl(locks.space.key("f", ()))
    assert 0 < left <= 1000 if brief else left > 59_000


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("stays", "brief"), [(None, True), (("z",), True), (("a",), False), (("a", "b", "c", "d", "e", "f"), False)]
)
def test_the_counter_goes_although_the_lock_was_gone_before(
    locks: LockScripts, path: tuple[str, ...], stays: tuple[str, ...] | None, brief: bool
) -> None:
    entry = locks.entry(*path, shared=True)
    if stays is not None:
        locks.hold(locks.entry(*stays, shared=True, owner="you"))
    locks.hold(entry)
    for key in locks.places(entry):
        locks.client.zrem(key, entry)
    assert locks.release(entry) == 0
    left = locks.client.pttl(locks.keys(entry).fence)
    assert 0 < left <= 1000 if brief or path == () else left > 59_000, "the root's lock has a counter of its own"
    assert locks.woken(*path) == ""


# ---- passing it on


def test_wake_leaves_one_wake_up_for_a_second(locks: LockScripts) -> None:
    for _ in range(3):
        assert locks.run("wake", [locks.space.locks(("a",)).wake_ups], []) == 1
        assert locks.woken("a") == "w"
    assert locks.run("wake", [locks.space.locks(("a",)).upgrades], []) == 1
    assert locks.woken("a") == "wu"
    assert len(locks.backend.keys()) == 2
