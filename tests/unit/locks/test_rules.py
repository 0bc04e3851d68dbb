"""Who conflicts with whom, in words; all pairs against a model are in ``tests/stateful/test_lock_pairs.py``."""

from __future__ import annotations

import pytest

from redicts.core.paths import parse
from redicts.locks.entry import Standing
from redicts.locks.rules import Blocked, Free, Request, conflicts, covers, decide, passes_on, stays_but_passes_on
from tests.unit.locks.acts import NOW, standing

ROOT = ""


def request(path: str, shared: bool = False, owner: str = "me") -> Request:
    return Request(parse(path), shared, owner)


@pytest.mark.parametrize(
    ("above", "path", "expected"),
    [
        ("a", "a", True),
        ("a", "a.b", True),
        ("a", "a.b.c", True),
        (ROOT, "a", True),
        (ROOT, ROOT, True),
        ("a.b", "a", False),
        ("a", ROOT, False),
        ("a", "ab", False),
        ("a.b", "a.c", False),
        (r"a\.b", "a.b", False),
    ],
)
def test_a_lock_covers_its_path_and_what_is_below(above: str, path: str, expected: bool) -> None:
    assert covers(parse(above), parse(path)) is expected


@pytest.mark.parametrize("path", ["a.b", "a", ROOT, "a.b.c"])
@pytest.mark.parametrize(("mine", "others"), [(False, False), (False, True), (True, False), (True, True)])
def test_only_sharing_or_the_same_owner_go_together(path: str, mine: bool, others: bool) -> None:
    assert conflicts(request("a.b", mine), standing(path, shared=others).entry) is not (mine and others)
    assert not conflicts(request("a.b", mine), standing(path, owner="me", shared=others).entry)
    assert not conflicts(request("x", mine), standing("a.b", shared=others).entry)


@pytest.mark.parametrize(("left", "free"), [(1, False), (0, True), (-1, True)])
def test_an_entry_blocks_before_its_deadline_and_not_at_it(left: int, free: bool) -> None:
    found = standing("a", left=left)
    expected = Free([found]) if free else Blocked(found, False, [found])
    assert decide(request("a"), [found], NOW) == expected


def test_the_dead_that_are_in_nobodys_way_stay() -> None:
    assert decide(request("a"), [standing("a", owner="me", left=-1)], NOW) == Free([])
    assert decide(request("a", shared=True), [standing("a", shared=True, left=-1)], NOW) == Free([])


def test_who_is_blocked_removes_nobody() -> None:
    alive, dead = standing("a"), standing("a.b.c", left=-1, nonce="e:2")
    assert decide(request("a.b"), [alive, dead], NOW) == Blocked(alive, False, [alive])


def shared(path: str, owner: str, left: int, nonce: str) -> Standing:
    return standing(path, owner, shared=True, left=left, nonce=nonce)


def test_all_who_are_kept_out_by_the_same_wait_for_the_same() -> None:
    found = [shared("a.b", "eve", 50, "1"), shared("a", "sue", 10, "2"), shared("a", "ann", 20, "3")]
    for order in (found, found[::-1]):
        for path in ("a", "a.b", "a.b.c"):
            decision = decide(request(path), order, NOW)
            assert isinstance(decision, Blocked)
            assert decision.by.entry.owner == "ann", "the outermost, and of those the one that goes last"


@pytest.mark.parametrize(
    ("own", "upgrade"),
    [
        (shared("a", "me", 5, "9"), True),
        (shared("a", "me", 0, "9"), False),
        (shared("a.b", "me", 5, "9"), False),
        (shared("a", "you", 5, "9"), False),
    ],
)
def test_who_holds_the_place_itself_waits_apart(own: Standing, upgrade: bool) -> None:
    decision = decide(request("a.b"), [own, shared("a", "eve", 100, "1")], NOW)
    assert isinstance(decision, Blocked)
    assert (decision.by.entry.owner, decision.upgrade) == ("eve", upgrade)


def test_the_only_holder_may_upgrade() -> None:
    assert decide(request("a"), [shared("a", "me", 5, "9")], NOW) == Free([])


@pytest.mark.parametrize(
    ("granted", "expected"),
    [
        (None, True),
        (request("a"), False),
        (request("a", shared=True), True),
        (request("a.b"), True),
        (request(ROOT), True),
    ],
)
def test_a_wake_up_is_kept_only_by_who_keeps_the_others_out(granted: Request | None, expected: bool) -> None:
    assert passes_on(("a",), granted) is expected


def test_who_waits_on_for_a_shared_lock_lets_others_in_once() -> None:
    sharing, alone = standing("a", shared=True), standing("a", nonce="e:2")
    assert stays_but_passes_on(sharing, set())
    assert not stays_but_passes_on(sharing, {sharing.text})
    assert not stays_but_passes_on(alone, set())
