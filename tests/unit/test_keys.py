"""The spelling of keys: one key for each place and kind, read back exactly, in one cluster slot for each section."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from redis.crc import key_slot

from redicts.core.keys import Entry, KeySpace, decode_component, encode_component
from redicts.errors import ConfigError, InternalError
from tests.support.values import components, paths

SPACE = KeySpace("ns")
LETTERS = "nvlbwuf"
below_root = paths.filter(bool)


@given(components)
@example("\\u002e")
@example("\\u002E")
def test_a_component_is_read_back(component: str) -> None:
    assert decode_component(encode_component(component)) == component


@given(components)
def test_a_spelled_component_is_the_body_of_a_json_string(component: str) -> None:
    encoded = encode_component(component)
    assert json.loads(f'"{encoded}"') == component
    assert not set(encoded) & set(".{}")
    assert not any(ord(character) < 32 for character in encoded)


@given(components, components)
def test_two_components_are_never_spelled_alike(one: str, other: str) -> None:
    assert (encode_component(one) == encode_component(other)) is (one == other)


def test_ordinary_names_stay_readable() -> None:
    assert encode_component("users") == "users"
    assert encode_component("日本-é_1:x*") == "日本-é_1:x*"
    assert encode_component("example.org") == r"example\u002eorg"
    assert encode_component('{"\\\n}') == r"\u007b\"\\\n\u007d"


@pytest.mark.parametrize(
    "text", ["a.b", "{a", "a}", 'a"b', "a\nb", "\x00", "a\\", r"\x41", r"\u0041", r"\u002E", r"\/", r"\ud800", "\\u00"]
)
def test_what_redicts_did_not_spell_is_refused(text: str) -> None:
    with pytest.raises(InternalError, match="not a name that redicts wrote"):
        decode_component(text)


@given(below_root, st.sampled_from(LETTERS))
def test_every_key_is_taken_apart(path: tuple[str, ...], letter: str) -> None:
    assert SPACE.parse_key(SPACE.key(letter, path)) == (letter, path)


@given(below_root, below_root, st.sampled_from(LETTERS), st.sampled_from(LETTERS))
@example(("a", "b"), ("a.b",), "n", "n")
@example(("a}", "b"), ("a", "}.b"), "n", "n")
def test_two_places_never_share_a_key(
    one: tuple[str, ...], other: tuple[str, ...], letter: str, other_letter: str
) -> None:
    alike = SPACE.key(letter, one) == SPACE.key(other_letter, other)
    assert alike is ((letter, one) == (other_letter, other))
    assert (SPACE.entry(one) == SPACE.entry(other)) is (one == other)


@given(below_root)
def test_everything_of_a_section_lies_in_one_slot(path: tuple[str, ...]) -> None:
    slots = {
        key_slot(SPACE.key(letter, path[:depth]).encode()) for letter in LETTERS for depth in range(1, len(path) + 1)
    }
    assert slots == {key_slot(encode_component(path[0]).encode())}


@pytest.mark.parametrize("letter", LETTERS)
def test_the_root_has_keys_of_locks_only(letter: str) -> None:
    parsed = SPACE.parse_key(SPACE.key(letter, ()))
    assert parsed == (None if letter in "nv" else (letter, ()))


def test_the_keys_of_the_design() -> None:
    assert SPACE.sections == "ns:s"
    assert SPACE.node(("a",)) == "ns:n:{a}"
    assert SPACE.node(("a", "b")) == "ns:n:{a}.b"
    assert SPACE.body(("a", "b", "c")) == "ns:v:{a}.b.c"
    assert SPACE.key("l", ("a", "b")) == "ns:l:{a}.b"
    assert SPACE.key("f", ("a",)) == "ns:f:{a}"
    assert SPACE.key("l", ()) == "ns:l:"
    assert SPACE.section_name("a.b") == r"a\u002eb"


def test_an_entry_is_a_field_of_the_parents_hash() -> None:
    assert SPACE.entry(("a", "b", "c.d")) == Entry("ns:n:{a}.b", r"c\u002ed")
    assert SPACE.entry(("a", "b")) == Entry("ns:n:{a}", "b")
    assert SPACE.entry(("a",)) == Entry("ns:n:{a}", "")


@pytest.mark.parametrize(
    "key",
    [
        "", "ns", "ns:", "ns:s", "ns:n", "ns:n:", "ns:n:a", "ns:n:{}", "ns:n:{a", "ns:n:{a}b", "ns:n:{a}.",
        "ns:n:{a}..b", "ns:n:{a}.b.", "ns:n:{a}.{b}", "ns:nn:{a}", "ns::{a}", "other:n:{a}", "xns:n:{a}", "ns:n:{a}\n",
        r"ns:n:{\u0061}", 'ns:n:{"}', "ns:n:{a}.\x00", r"ns:n:{\ud800}", "ns:n:{a}.b\\", f"ns:n:{{{'x' * 1025}}}",
    ],
)  # fmt: skip
def test_other_keys_are_no_keys_of_ours(key: str) -> None:
    assert SPACE.parse_key(key) is None


@given(st.text(max_size=30))
def test_a_key_is_understood_only_as_it_is_spelled(tail: str) -> None:
    parsed = SPACE.parse_key("ns:n:" + tail)
    assert parsed is None or SPACE.key(*parsed) == "ns:n:" + tail


@pytest.mark.parametrize(
    "namespace", ["", "a b", "a\n", "a\tb", "{a}", "a}", "\x00", "\ud800", "x" * 201, None, 7, b"ns"]
)
def test_a_namespace_that_cannot_be_used_is_refused(namespace: Any) -> None:
    with pytest.raises(ConfigError, match="namespace must be text") as caught:
        KeySpace(namespace)
    assert caught.value.key == "namespace"
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("namespace", ["redicts", "a:b", "x" * 200, "*[a-z]?", "é", "a\\b"])
def test_keys_of_any_namespace_are_taken_apart(namespace: str) -> None:
    space = KeySpace(namespace)
    assert space.parse_key(space.node(("a", "b.c"))) == ("n", ("a", "b.c"))
    assert repr(space) == f"KeySpace({namespace!r})"
    assert KeySpace().namespace == "redicts"
    assert (KeySpace().spread, KeySpace(spread=True).spread) == (False, True)
