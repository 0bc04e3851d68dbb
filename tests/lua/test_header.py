"""The header of every writing script: guards, and who registers a new section."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest
import redis

from tests.lua.conftest import Scripts
from tests.support.trees import dump

LEAF = ["b", "", "1", "0"]

# Every writing script, with arguments under which it would change what `prepared` makes.
WRITES: list[tuple[str, Sequence[str]]] = [
    ("set", LEAF),
    ("set", ["x", "", "2", "0"]),  # a leaf over a leaf: the shortcut must not pass the guards by
    ("delete", ["x"]),
    ("pop", ["x"]),
    ("setdefault", ["b", "1", "0"]),
    ("compare_and_set", ["x", "1", "1", "2", "0"]),
    ("expire", ["x", "60000"]),
    ("add", ["x", "1"]),
]


@pytest.fixture
def prepared(scripts: Scripts) -> Scripts:
    """A section ``a`` with a leaf ``x``, and two locks: one alive, one that has run out by the server's clock."""
    assert scripts.write("set", [scripts.node("a")], ["x", "", "1", "0"]) == 1
    client: Any = scripts.backend.client
    seconds, _ = client.time()
    client.zadd(alive(scripts)[0], {"me": (seconds + 60) * 1000, "other": 1})
    client.zadd(run_out(scripts)[0], {"me": seconds * 1000 - 1})
    return scripts


def alive(scripts: Scripts) -> tuple[str, str]:
    """A guard whose lock is held."""
    return scripts.space.key("l", ("a",)), "me"


def run_out(scripts: Scripts) -> tuple[str, str]:
    """A guard whose lock has run out."""
    return scripts.space.key("l", ("a", "x")), "me"


@pytest.mark.parametrize(("name", "args"), WRITES)
def test_a_write_under_a_lock_that_is_held_is_made(prepared: Scripts, name: str, args: Sequence[str]) -> None:
    before = dump(prepared.backend)
    prepared.write(name, [prepared.node("a")], args, [alive(prepared)])
    assert dump(prepared.backend) != before


@pytest.mark.parametrize("lost", ["run out", "not there", "of another", "one of two"])
@pytest.mark.parametrize(("name", "args"), WRITES)
def test_a_write_under_a_lost_lock_is_refused(prepared: Scripts, name: str, args: Sequence[str], lost: str) -> None:
    guards = {
        "run out": [run_out(prepared)],
        "not there": [(prepared.space.key("l", ("b",)), "me")],
        "of another": [(alive(prepared)[0], "you")],
        "one of two": [alive(prepared), run_out(prepared)],
    }[lost]
    before = dump(prepared.backend)
    with pytest.raises(redis.ResponseError, match=r"^LOCKLOST"):
        prepared.write(name, [prepared.node("a")], args, guards)
    assert dump(prepared.backend) == before


def test_clearing_the_root_is_guarded_too(prepared: Scripts) -> None:
    before = dump(prepared.backend)
    with pytest.raises(redis.ResponseError, match=r"^LOCKLOST"):
        prepared.write("clear", [], [], [run_out(prepared)])
    assert dump(prepared.backend) == before
    assert prepared.write("clear", [], [], [alive(prepared)]) == 1
    assert not prepared.hash("a")


def test_the_clock_of_a_guard_is_the_servers(prepared: Scripts) -> None:
    client: Any = prepared.backend.client
    seconds, micros = client.time()
    deadline_ms = seconds * 1000 + micros // 1000 + 80
    guard = (alive(prepared)[0], "brief")
    client.zadd(guard[0], {guard[1]: deadline_ms})
    assert prepared.write("set", [prepared.node("a")], LEAF, [guard]) == 1
    while client.time()[0] * 1000 + client.time()[1] // 1000 <= deadline_ms:
        time.sleep(0.01)
    with pytest.raises(redis.ResponseError, match=r"^LOCKLOST"):
        prepared.write("set", [prepared.node("a")], LEAF, [guard])


NEW = [
    ("set", LEAF),
    ("setdefault", ["b", "1", "0"]),
    ("compare_and_set", ["b", "1", "", "1", "0"]),
    ("add", ["b", "1"]),
]


@pytest.mark.parametrize(("name", "args"), NEW)
def test_one_server_registers_a_new_section_itself(scripts: Scripts, name: str, args: Sequence[str]) -> None:
    scripts.write(name, [scripts.node("a")], args, mode="1")
    assert scripts.backend.client.smembers(scripts.space.sections) == {b"a"}


@pytest.mark.parametrize(("name", "args"), NEW)
def test_a_cluster_refuses_a_new_section_until_its_name_is_registered(
    scripts: Scripts, name: str, args: Sequence[str]
) -> None:
    with pytest.raises(redis.ResponseError, match=r"^NEWSECTION a"):
        scripts.write(name, [scripts.node("a")], args, mode="0")
    assert scripts.backend.keys() == []
    scripts.write(name, [scripts.node("a")], args, mode="2")
    assert scripts.hash("a") == {"b": "1"}
    assert scripts.backend.keys() == [scripts.node("a")]  # the set of names is not this script's to write
    scripts.write("set", [scripts.node("a")], ["c", "", "1", "0"], mode="0")  # the section is there now
    assert scripts.hash("a") == {"b": "1", "c": "1"}


def test_of_several_places_one_in_a_new_section_is_enough_to_refuse_all(scripts: Scripts) -> None:
    scripts.write("set", [scripts.node("a")], LEAF, mode="2")
    with pytest.raises(redis.ResponseError, match=r"^NEWSECTION z"):
        scripts.write("set", [scripts.node("a"), scripts.node("z")], ["b", "", "2", "0", *LEAF], mode="0")
    assert scripts.hash("a") == {"b": "1"}


def test_deleting_the_last_leaf_forgets_the_section(scripts: Scripts) -> None:
    scripts.write("set", [scripts.node("a")], LEAF)
    assert scripts.write("delete", [scripts.node("a")], ["b"]) == 1
    assert scripts.backend.keys() == []
