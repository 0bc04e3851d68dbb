"""How calls are told apart: by their arguments, their types, and nothing else."""

from __future__ import annotations

import enum
import itertools
import math
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redicts.decorators.arguments import LONG, Arguments


def spell(function: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    return Arguments(function, "made", None).spell(args, kwargs)


def one(value: Any) -> str:
    return spell(lambda value: value, value)


Point = namedtuple("Point", "x y")  # noqa: PYI024  # as old code has it


class Colour(enum.IntEnum):
    RED = 1


class Text(str):
    __slots__ = ()


APART: list[Any] = [
    *(-1, -2, 1, 1.0, True, "1", None, "None", "null", 0, 0.0, -0.0, False, "", math.inf, -math.inf, math.nan),
    *([], (), {}, [1], (1,), [1.0], [True], ["1"], [[1]], [(1,)], ([1],), ((1,),), [1, 2], [12], ["1,2"], ["1", "2"]),
    *({"a": 1}, {"a": 1.0}, {"a": "1"}, {"a": {"b": 1}}, {"a": [1], "b": 2}, {"a": [1, 2]}, {"b": [1]}, {"": 1}),
    *(
        10**30,
        1e30,
        "é",
        "\u00e9\u0301",
        "a=1",
        '"a"',
        "a)",
        "(a",
        "\ud800",
        Colour.RED,
        Text("1"),
        Point(1, 2),
        (1, 2),
    ),
    *(OrderedDict(a=1), int, str, Colour, "class builtins.int"),
]


def test_what_is_not_the_same_is_apart() -> None:
    texts = [one(value) for value in APART]
    for (a, one_text), (b, other) in itertools.combinations(zip(APART, texts, strict=True), 2):
        assert one_text != other, (a, b)
    assert [one(value) for value in APART] == texts


def test_the_order_of_a_dict_does_not_matter() -> None:
    assert one({"a": 1, "b": {"c": 2, "d": 3}}) == one({"b": {"d": 3, "c": 2}, "a": 1})


def every(a: Any, /, b: Any = 2, *rest: Any, c: Any = 3, d: Any, **more: Any) -> None:
    """Every kind of parameter."""


def plain(a: Any, b: Any = 2, *, c: Any = 3) -> None:
    """What is mostly called by position."""


def test_the_spellings_of_a_call_are_one() -> None:
    assert (
        spell(plain, 1)
        == spell(plain, a=1)
        == spell(plain, 1, 2)
        == spell(plain, 1, b=2, c=3)
        == spell(plain, c=3, a=1)
    )
    assert spell(every, 1, d=4) == spell(every, 1, 2, d=4, c=3) == spell(every, 1, d=4, b=2)
    assert spell(every, 1, d=4, x=5, y=6) == spell(every, 1, y=6, x=5, d=4)


def test_other_arguments_are_other_calls() -> None:
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        *(((1,), {"d": 4}), ((1, 2, 3), {"d": 4}), ((1, 2, (3,)), {"d": 4}), ((1, 2, 3, 4), {"d": 4})),
        *(((1,), {"d": 4, "x": 1}), ((1,), {"d": 4, "a": 1}), ((1,), {"d": 4, "rest": [3]}), ((1,), {"d": 5})),
        *(((1, 3), {"d": 4}), ((1,), {"d": 4, "c": 2}), ((1,), {"d": 4, "more": {"x": 1}})),
    ]
    texts = {spell(every, *args, **kwargs) for args, kwargs in calls}
    assert len(texts) == len(calls)
    assert len({spell(plain, 1, 2), spell(plain, 2, 1), spell(plain, 1, c=2), spell(plain, 1, 3)}) == 4


@pytest.mark.parametrize(("args", "kwargs"), [((), {}), ((1, 2, 3), {}), ((1,), {"a": 1}), ((1,), {"x": 1})])
def test_a_call_that_cannot_be_is_refused_as_by_the_function(args: Any, kwargs: Any) -> None:
    with pytest.raises(TypeError, match=r"made\(\) .*argument"):
        spell(plain, *args, **kwargs)
    with pytest.raises(TypeError):
        plain(*args, **kwargs)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ({1}, "'b' is of type set"),
        (b"x", "'b' is of type bytes"),
        (object(), "'b' is of type object"),
        ([[object()]], "'b' holds something of type object"),
        ({"x": {1}}, "'b' holds something of type set"),
        ({1: 2}, "'b' holds something that is the key of a dict, of type int"),
        (1j, "'b' is of type complex"),
        (len, "'b' is of type builtin_function"),
    ],
    ids=["set", "bytes", "object", "in lists", "in a dict", "key", "complex", "function"],
)
def test_what_has_no_json_is_named(value: Any, what: str) -> None:
    for args, kwargs in (((1, value), {}), ((1,), {"b": value})):
        with pytest.raises(TypeError, match=what) as caught:
            spell(plain, *args, **kwargs)
        assert "made() is cached by its arguments" in str(caught.value)
        assert "cache(key=...)" in str(caught.value)
    with pytest.raises(TypeError, match="'more' holds something of type set"):
        spell(every, 1, d=4, x={1})
    with pytest.raises(TypeError, match="'c' is of type set"):
        spell(plain, 1, c={1})


def test_what_holds_itself_is_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)
    deep: Any = 1
    for _ in range(600):
        deep = [deep]
    for value in (circle, deep):
        with pytest.raises(TypeError, match="nested too deeply"):
            one(value)


def test_local_classes_have_no_name_that_tells_them_apart() -> None:
    class Local:
        pass

    with pytest.raises(TypeError, match="'value' is of type type"):
        one(Local)


def test_a_key_function_says_what_tells_calls_apart() -> None:
    key = Arguments(plain, "made", lambda a, b=2, **_: [len(a), b])
    assert key.spell(({1},), {}) == key.spell(({2},), {"c": 7}) != key.spell(({1, 2},), {})
    with pytest.raises(TypeError, match="'key' is of type set"):
        Arguments(plain, "made", lambda *_: {1}).spell((1,), {})


def test_long_ones_are_digests() -> None:
    texts = {one("x" * length + end) for length in range(LONG - 20, LONG + 20) for end in "ab"}
    assert len(texts) == 80
    assert max(map(len, texts)) < LONG
    assert len(one("x" * 100_000)) == 65
    assert one("#" + "0" * 64)[0] == "(", "no argument looks like a digest"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.tuples(inner) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def typed(value: Any) -> Any:
    """A value with the types of all that is in it, to be compared."""
    if isinstance(value, dict):
        return dict, {name: typed(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value), [typed(each) for each in value]
    return type(value), repr(value)


@given(JSON, JSON)
def test_two_calls_are_one_where_their_arguments_are(a: Any, b: Any) -> None:
    assert (one(a) == one(b)) == (typed(a) == typed(b))
    assert (spell(plain, a, b) == spell(plain, b, a)) == (typed(a) == typed(b))
