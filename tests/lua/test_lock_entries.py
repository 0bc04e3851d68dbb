"""Lock entries in Lua and in Python are one form; and a guard that fails is told by its number."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from redicts.core.paths import Path
from redicts.core.scripts import load
from redicts.locks.entry import Entry
from tests.lua.conftest import Scripts
from tests.lua.lock_scripts import LockScripts
from tests.support.values import AWKWARD_NAMES, components, paths

words = st.one_of(components, st.sampled_from(AWKWARD_NAMES), st.text(" x:", min_size=1))


def parts_of(locks: LockScripts, entry: str) -> list[str]:
    """What the Lua side reads in an entry."""
    entries = load("redicts.locks", "release").text
    start = entries.index("local function parts_of")
    end = entries.index("local function", start + 1)
    reply: Any = locks.client.eval(f"{entries[start:end]}\nreturn {{parts_of(ARGV[1])}}", 0, entry)
    return [part.decode() for part in reply]


@given(shared=st.booleans(), owner=words, host=words, path=paths)
def test_lua_reads_what_python_writes(locks: LockScripts, shared: bool, owner: str, host: str, path: Path) -> None:
    tail = locks.space.locks(path).tail
    text = Entry(shared, "n:1", 123, owner, host, 7, path).text(tail)
    read = Entry.read(text, "key")
    assert (read.shared, read.owner, read.host, read.path) == (shared, owner, host, path)
    mode, its_owner, its_tail = parts_of(locks, text)
    assert (mode, its_tail) == ("s" if shared else "x", tail)
    assert its_owner == text.split(" ")[3]


@given(one=words, other=words)
def test_owners_that_differ_do_so_in_lua(locks: LockScripts, one: str, other: str) -> None:
    texts = [Entry(True, "n:1", 123, owner, "here", 7, ()).text("") for owner in (one, other)]
    owners = [parts_of(locks, text)[1] for text in texts]
    assert (owners[0] == owners[1]) == (one == other)


@pytest.mark.parametrize(
    "text",
    ["", "x", "x n:1 1 me here 7", "z n:1 1 me here 7 {a}", "x n:1 one me here 7 {a}", "x n:1 1 me here pid {a}",
     "x n:1 1  here 7 {a}", "xs n:1 1 me here 7 {a}", " x n:1 1 me here 7 {a}"],
)  # fmt: skip
def test_lua_reads_nothing_in_what_is_no_entry(locks: LockScripts, text: str) -> None:
    assert parts_of(locks, text) == []


@settings(max_examples=max(settings().max_examples // 3, 10))
@given(owner=words, host=words, path=paths, above=st.integers(0, 3))
def test_a_hostile_entry_lives_through_all_scripts(
    locks: LockScripts, owner: str, host: str, path: Path, above: int
) -> None:
    locks.backend.clear()
    dead = locks.entry(*path, owner=f"{owner}!", host=host, shared=True)
    bystander = locks.entry("bystander", owner=owner, host=host, shared=True)
    locks.put(dead, locks.now_ms() - 1)
    locks.hold(bystander)
    entry = locks.entry(*path[: len(path) - above], owner=owner, host=host)
    locks.hold(entry, dead=[dead])
    assert locks.places(dead) == []
    assert len(locks.places(entry)) == len(locks.keys(entry).entered)
    assert locks.renew(entry) == 1
    assert locks.release(entry) == 1
    assert locks.places(entry) == []
    assert len(locks.places(bystander)) == 2


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_guard_that_fails_is_told_by_its_number(scripts: Scripts, lost: int) -> None:
    client: Any = scripts.backend.client
    guards = [(scripts.space.key("l", ("a",) * depth), f"x n:{depth} 1 me here 7 ") for depth in (1, 2, 3)]
    deadline_ms = (client.time()[0] + 60) * 1000
    for number, (key, member) in enumerate(guards, 1):
        if number != lost:
            client.zadd(key, {member: deadline_ms})
    with pytest.raises(redis.ResponseError) as caught:
        scripts.write("set", [scripts.node("a")], ["b", "", "1", "0"], guards)
    assert str(caught.value) == f"LOCKLOST {lost} {guards[lost - 1][0]}"
    assert scripts.hash("a") == {}


def test_the_first_of_several_lost_guards_is_told(scripts: Scripts) -> None:
    with pytest.raises(redis.ResponseError, match=r"^LOCKLOST 1 "):
        scripts.write("set", [scripts.node("a")], ["b", "", "1", "0"], [(scripts.space.key("l", ("a",)), "x")] * 3)
