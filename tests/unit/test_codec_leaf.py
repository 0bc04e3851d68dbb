"""One value as JSON text: what comes back is what ``json`` gives back, for every value that it takes."""

from __future__ import annotations

import json
import sys
from collections import OrderedDict
from enum import Enum, IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redicts.core.codec import MARKERS, MAX_NESTING, as_read, canonical, decode, encode, encode_canonical
from redicts.errors import InternalError
from tests.support.values import as_json, json_values, same


class Level(IntEnum):
    HIGH = 3


class Color(str, Enum):
    RED = "red"


class Text(str):
    __slots__ = ()


class Whole(int):
    __slots__ = ()


class Real(float):
    __slots__ = ()


@given(json_values)
def test_every_value_comes_back_as_json_gives_it(value: Any) -> None:
    assert same(decode(encode(value)), as_json(value))
    assert same(as_read(value), as_json(value))


@given(json_values)
def test_text_is_plain_ascii_and_never_looks_like_a_marker(value: Any) -> None:
    text = encode(value)
    assert text.isascii()
    assert text.isprintable()
    assert not text.startswith(MARKERS)


@given(st.floats())
def test_floats_to_the_last_bit(value: float) -> None:
    back = decode(encode(value))
    assert type(back) is float
    assert repr(back) == repr(value)


@given(st.integers() | st.integers(2**60, 2**900))
def test_integers_of_any_size(value: int) -> None:
    back = decode(encode(value))
    assert (type(back), back) == (int, value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (2**80, "1208925819614629174706176"),
        (5e-324, "5e-324"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (1e22, "1e+22"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        ("", '""'),
        ("é\ud800\x00", r'"\u00e9\ud800\u0000"'),
        ("/", '"/"'),
        ({}, "{}"),
        ([], "[]"),
        ((1, (2,)), "[1,[2]]"),
        ({"b": 1, "a.b": [{}]}, '{"b":1,"a.b":[{}]}'),
        (Level.HIGH, "3"),
        (Color.RED, '"red"'),
        (Text("t"), '"t"'),
        (Whole(7), "7"),
        (Real(0.5), "0.5"),
        (OrderedDict(z=1, a=2), '{"z":1,"a":2}'),
        ([Level.HIGH, Text("t"), Whole(7), Real("nan")], '[3,"t",7,NaN]'),
    ],
)
def test_the_text_of_a_value(value: Any, text: str) -> None:
    assert encode(value) == text
    assert same(decode(text), json.loads(json.dumps(value)))


def holding_itself() -> list[Any]:
    value: list[Any] = []
    value.append([value])
    return value


def in_a_dict_of_itself() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["x"] = [value]
    return value


@pytest.mark.parametrize("value", [holding_itself(), in_a_dict_of_itself()], ids=["list", "dict"])
def test_a_value_that_holds_itself_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="Circular reference"):
        encode(value)


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def test_nested_too_deeply_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        encode(nested(100_000))
    assert decode(encode(nested(300))) == nested(300)


def test_an_integer_that_could_not_be_read_back_is_refused() -> None:
    limit = sys.get_int_max_str_digits() if hasattr(sys, "get_int_max_str_digits") else 0
    if not limit:
        pytest.skip("this Python reads integers of any length")
    longest = 10 ** (limit - 1)
    assert decode(encode(longest)) == longest
    for value in (longest * 10, [longest * 10], {"x": [longest * 10]}):
        with pytest.raises(ValueError, match="limit"):
            encode(value)


@pytest.mark.parametrize(
    "value",
    [b"bytes", {1, 2}, type, 1j, [b"x"], {"x": {1}}, {"x": object}, Ellipsis, {("a", "b"): 1}, [range(3)]],
    ids=repr,
)
def test_what_json_refuses_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError):
        json.dumps(value)
    with pytest.raises(TypeError):
        encode(value)


@pytest.mark.parametrize("key", [1, 1.5, True, None, Level.HIGH], ids=repr)
@pytest.mark.parametrize(
    "inside",
    [lambda d: d, lambda d: [d], lambda d: ({"a": [0, d]},), lambda d: [[{"a": {"b": d}}]]],
    ids=["top", "list", "tuple", "deep"],
)
def test_keys_that_json_would_turn_into_text_are_refused_at_any_depth(key: Any, inside: Any) -> None:
    with pytest.raises(TypeError, match="keys of a dict must be str"):
        encode(inside({"fine": 1, key: 2}))


def test_keys_inside_a_leaf_are_any_text() -> None:
    value = [{"": 1, "\ud800": 2, "a.b": {"{": 3}, "x" * 2000: 4, Text("t"): 5}]
    assert decode(encode(value)) == value


@pytest.mark.parametrize(
    "text", ["", "/", "~", "@list", "{", "[1,", "{'a': 1}", "nan", "1 2", '"\udcff"', "\x00"], ids=repr
)
def test_text_that_is_no_json_is_an_internal_error(text: Any) -> None:
    with pytest.raises(InternalError, match=r"run check\(\)"):
        decode(text)


def test_what_could_not_be_read_from_deep_in_a_program_is_refused() -> None:
    def nested(depth: int, leaf: object) -> object:
        for _ in range(depth):
            leaf = [leaf]
        return leaf

    assert decode(encode(nested(MAX_NESTING, 1))) == nested(MAX_NESTING, 1)
    assert encode(["[" * 10 * MAX_NESTING])  # brackets in text are no nesting
    for value in (nested(MAX_NESTING + 1, 1), nested(100_000, 1), {"a": nested(MAX_NESTING, {})}):
        with pytest.raises(ValueError, match="nested too deeply"):
            encode(value)


@given(json_values)
def test_one_spelling_for_equal_values(value: Any) -> None:
    read = as_read(value)
    turned = dict(reversed(read.items())) if isinstance(read, dict) else read
    assert canonical(turned) == canonical(read) == encode_canonical(read)
    assert same(decode(canonical(read)), read)


def test_what_is_compared_may_be_deeper_than_a_leaf() -> None:
    """A node of 128 levels, at whose end is a leaf that is as deep as leaves go."""
    value: Any = None
    for _ in range(MAX_NESTING + 128):
        value = [value]
    assert decode(canonical(value)) == value
    with pytest.raises(ValueError, match="nested too deeply"):
        _ = encode_canonical(value)
