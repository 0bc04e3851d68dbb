"""``renew``: a lock that is held gets more time, never less; one that was released or ran out never comes back."""

from __future__ import annotations

import pytest

from tests.lua.lock_scripts import LockScripts
from tests.support.trees import dump

PATHS = [(), ("a",), ("a", "b", "c")]


@pytest.mark.parametrize("path", PATHS)
def test_it_gives_a_lease_from_now_on(locks: LockScripts, path: tuple[str, ...]) -> None:
    entry = locks.entry(*path)
    locks.hold(entry, 5000)
    before = locks.now_ms()
    assert locks.renew(entry, 60_000) == 1
    after = locks.now_ms()
    for key in locks.keys(entry).entered:
        deadline = locks.standing(key)[entry]
        assert before + 60_000 <= deadline <= after + 60_000
        assert deadline <= locks.client.pexpiretime(key)
    assert 59_000 < locks.client.pttl(locks.keys(entry).fence) <= 60_000


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("near", [True, False])
@pytest.mark.parametrize("how", ["never held", "released", "run out", "tidied up"])
def test_it_never_brings_a_lock_back(locks: LockScripts, path: tuple[str, ...], near: bool, how: str) -> None:
    if near:
        locks.hold(locks.entry(*path, owner="you", shared=True))
    entry = locks.entry(*path, shared=True)
    if how != "never held":
        locks.hold(entry)
    if how == "released":
        assert locks.release(entry) == 1
    if how == "run out":
        locks.kill(entry)
    if how == "tidied up":
        locks.hold(locks.entry(*path, owner="third", shared=True), dead=[locks.kill(entry)])
    before = dump(locks.backend, f"{locks.backend.namespace}:[lb]:*")
    assert locks.renew(entry) == 0
    assert dump(locks.backend, f"{locks.backend.namespace}:[lb]:*") == before


def test_it_never_shortens(locks: LockScripts) -> None:
    entry, other = locks.entry("a", "b", shared=True), locks.entry("a", "b", owner="you", shared=True)
    locks.hold(entry, 60_000)
    locks.hold(other, 90_000)
    deadline = locks.standing(locks.keys(entry).at)[entry]
    assert locks.renew(entry, 1000) == 1
    for key in locks.keys(entry).entered:
        assert abs(locks.standing(key)[entry] - deadline) <= 1
        assert locks.client.pttl(key) > 89_000
    assert locks.client.pttl(locks.keys(entry).fence) > 89_000


def test_it_changes_nobody_elses(locks: LockScripts) -> None:
    others = [
        locks.entry(*path, owner="you", shared=True) for path in [(), ("a",), ("a", "b"), ("a", "b", "c"), ("z",)]
    ]
    entry = locks.entry("a", "b", shared=True)
    for each in [*others, entry]:
        locks.hold(each, 5000)
    before = {(key, each): locks.standing(key)[each] for each in others for key in locks.places(each)}
    places = locks.places(entry)
    assert locks.renew(entry) == 1
    assert {(key, each): locks.standing(key)[each] for each in others for key in locks.places(each)} == before
    assert locks.places(entry) == places
    assert locks.woken("a", "b") == ""
