"""What the scripts put where, and what they make of what they find: markers, bodies, rows, stale fields."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis

from redicts.core.codec import encode_document
from tests.lua.conftest import Scripts


def put(scripts: Scripts, section: str, field: str, value: object, ttl_ms: str = "") -> None:
    """Set a child of a section."""
    assert scripts.write("set", [scripts.node(section)], [field, ttl_ms, *encode_document(value, (section,))]) == 1


def test_a_leaf_is_a_field(scripts: Scripts) -> None:
    put(scripts, "a", "b", [1, 2])
    assert scripts.backend.keys() == sorted([scripts.space.sections, scripts.node("a")])
    assert scripts.hash("a") == {"b": "[1,2]"}


def test_a_node_is_a_hash_and_a_marker(scripts: Scripts) -> None:
    put(scripts, "a", "b", {"c": {"d": 1}, "e": {}})
    assert scripts.hash("a") == {"b": "/"}
    assert scripts.hash("a", "b") == {"c": "/", "e": "{}"}
    assert scripts.hash("a", "b", "c") == {"d": "1"}


def test_an_expiring_leaf_has_a_body(scripts: Scripts) -> None:
    put(scripts, "a", "b", "x", "60000")
    assert scripts.hash("a") == {"b": "~"}
    assert scripts.backend.client.get(scripts.body("a", "b")) == b'"x"'
    assert 59_000 < scripts.backend.client.pttl(scripts.body("a", "b")) <= 60_000
    assert scripts.backend.client.pttl(scripts.node("a")) == -1


def test_an_expiring_node_is_marked_so(scripts: Scripts) -> None:
    put(scripts, "a", "b", {"c": {"d": 1}}, "60000")
    assert scripts.hash("a") == {"b": "/~"}
    assert scripts.hash("a", "b") == {"c": "/"}
    deadlines = {scripts.backend.client.pexpiretime(scripts.node(*path)) for path in [("a", "b"), ("a", "b", "c")]}
    assert len(deadlines) == 1
    assert deadlines.pop() > 0


def test_a_section_that_is_a_leaf_expires_with_its_own_hash(scripts: Scripts) -> None:
    put(scripts, "a", "", 1, "60000")
    assert scripts.hash("a") == {"": "1"}
    assert 59_000 < scripts.backend.client.pttl(scripts.node("a")) <= 60_000
    put(scripts, "a", "", 2)
    assert scripts.backend.client.pttl(scripts.node("a")) == -1


@pytest.mark.parametrize("fields", [1999, 2000, 2001, 9000])
def test_a_node_of_more_fields_than_luas_stack_takes(scripts: Scripts, fields: int) -> None:
    document = {f"f{i}": i for i in range(fields)}
    put(scripts, "a", "b", document)
    assert scripts.backend.client.hlen(scripts.node("a", "b")) == fields
    assert json.loads(scripts.run("val", [scripts.node("a")], ["b"])) == document
    assert scripts.run("children", [scripts.node("a", "b")], ["node", "count"]) == fields
    assert scripts.write("delete", [scripts.node("a")], ["b"]) == 1
    assert scripts.backend.keys() == []


def test_more_nodes_than_luas_stack_takes(scripts: Scripts) -> None:
    document = {f"n{i}": {"x": i} for i in range(9000)}
    put(scripts, "a", "b", document)
    put(scripts, "a", "b", {"only": 1})
    assert scripts.hash("a", "b") == {"only": "1"}
    assert len(scripts.backend.keys()) == 3


@pytest.mark.parametrize("marker", ["/", "/~", "~", "@list"])
def test_a_marker_without_its_key_reads_as_not_there(scripts: Scripts, marker: str) -> None:
    client: Any = scripts.backend.client
    put(scripts, "a", "b", 1)
    client.hset(scripts.node("a"), "gone", marker)
    assert scripts.run("val", [scripts.node("a")], ["gone"]) is None
    assert json.loads(scripts.run("val", [scripts.node("a")], [""])) == {"b": 1}
    assert scripts.run("kind", [scripts.node("a")], ["gone"]) is None
    assert scripts.run("time_to_live", [scripts.node("a")], ["gone"]) == -2
    assert scripts.run("children", [scripts.node("a")], ["node", "names"]) == ["b"]
    assert scripts.write("delete", [scripts.node("a")], ["gone"]) == 0
    assert scripts.hash("a") == {"b": "1"}  # met by a write: tidied


def test_what_is_left_below_a_lost_node_does_not_come_back(scripts: Scripts) -> None:
    client: Any = scripts.backend.client
    put(scripts, "a", "b", {"c": 1})
    client.hdel(scripts.node("a"), "b")  # as an eviction of the parent would
    client.hset(scripts.node("a"), "x", "1")
    put(scripts, "a", "b", {"d": 2})
    assert scripts.hash("a", "b") == {"d": "2"}


def test_replies_of_the_reading_scripts(scripts: Scripts) -> None:
    put(scripts, "a", "b", {"c": 1})
    put(scripts, "a", "brief", 1, "60000")
    key = scripts.node("a")
    assert [scripts.run("kind", [key], [field]) for field in ("b", "brief", "", "none")] == ["/", "~", "/", None]
    assert sorted(scripts.run("children", [scripts.space.sections], ["root", "names"])) == ["a"]
    assert scripts.run("children", [scripts.space.sections], ["root", "count"]) == 1
    assert json.loads(scripts.run("val", [scripts.space.sections], [])) == {"a": {"b": {"c": 1}, "brief": 1}}
    assert scripts.run("time_to_live", [key], ["b"]) == -1
    assert 59_000 < scripts.run("time_to_live", [key], ["brief"]) <= 60_000


def test_replies_of_compare_and_set(scripts: Scripts) -> None:
    key = scripts.node("a")
    assert scripts.write("compare_and_set", [key], ["b", "2", "", "null", "1", "0"]) == [1]
    assert scripts.write("compare_and_set", [key], ["b", "2", "", "null", "2", "0"]) == [0, "1"]
    assert scripts.write("compare_and_set", [key], ["none", "1", "7", "2", "0"]) == [0, ""]


@pytest.mark.parametrize(
    ("text", "count", "reply"),
    [
        ("1", "2", [1, "3"]),
        ("-5", "5", [1, "0"]),
        ("999999999999999", "999999999999999", [1, "1999999999999998"]),
        ("1000000000000000", "1", [0, "1000000000000000"]),
        ("1", "1000000000000000", [0, "1"]),
        ("0.1", "0.2", [1, "0.30000000000000004"]),
        ("1.5", "0.5", [1, "2.0"]),
        ("1e+22", "1", [1, "1e+22"]),
        ("Infinity", "-Infinity", [1, "NaN"]),
        ("-0.0", "-0.0", [1, "-0.0"]),
    ],
)
def test_replies_of_add(scripts: Scripts, text: str, count: str, reply: list[object]) -> None:
    """The shortcut at the top, the long way, and an expiring leaf all give the same."""
    scripts.write("set", [scripts.node("a")], ["b", "", text, "0"])
    scripts.write("set", [scripts.node("a")], ["brief", "60000", text, "0"])
    scripts.write("set", [scripts.node("s")], ["", "", text, "0"])
    client: Any = scripts.backend.client
    lock = scripts.space.key("l", ("a",))
    client.zadd(lock, {"me": (client.time()[0] + 60) * 1000})
    for key, field, guards in [("a", "b", []), ("a", "brief", []), ("s", "", []), ("a", "b", [(lock, "me")])]:
        scripts.write("set", [scripts.node(key)], [field, "60000" if field == "brief" else "", text, "0"])
        assert scripts.write("add", [scripts.node(key)], [field, count], guards) == reply


@pytest.mark.parametrize("text", ['"1"', "null", "true", "[1]", "{}", '"NaN"'])
def test_add_refuses_what_is_no_number(scripts: Scripts, text: str) -> None:
    scripts.write("set", [scripts.node("a")], ["b", "", text, "0"])
    with pytest.raises(redis.ResponseError, match=r"^NOTANUMBER"):
        scripts.write("add", [scripts.node("a")], ["b", "1"])
    assert scripts.hash("a") == {"b": text}


def test_the_shortcut_of_set_leaves_everything_else_to_the_long_way(scripts: Scripts) -> None:
    """A leaf over a marker, over nothing, with a time to live, in a section: none may go the short way."""
    put(scripts, "a", "node", {"c": 1})
    put(scripts, "a", "brief", 1, "60000")
    put(scripts, "a", "node", 2)
    put(scripts, "a", "brief", 2)
    assert scripts.hash("a") == {"node": "2", "brief": "2"}
    assert scripts.backend.keys() == sorted([scripts.space.sections, scripts.node("a")])
    put(scripts, "a", "brief", 3, "60000")
    assert scripts.hash("a")["brief"] == "~"


def test_no_script_leaves_a_global_behind(scripts: Scripts) -> None:
    """A global would be an error on a real server; that nothing here raised one is the proof, and this the control."""
    with pytest.raises(redis.ResponseError):
        scripts.backend.client.eval("leaked = 1 return 1", 0)
