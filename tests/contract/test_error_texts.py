"""Errors say what is wrong and what to do; typed leaves and what stands there are left alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from redicts import NotANumber, PathError, Proxy
from tests.contract.variants import once_each
from tests.support.backends import Backend
from tests.support.trees import nothing_written

KEYS: list[tuple[Any, str]] = [
    ("", r"for the place itself write \(\)"),
    ("a..b", "a component is empty in the path 'a..b'"),
    (["a", 1], "a component is text, not 1"),
    (["a", None], "a component is text, not None"),
    (["a", ["b"]], r"a component is text, not \['b'\]"),
    (5, "dotted text or an iterable of components, not 5"),
    (None, "dotted text or an iterable of components, not None"),
    (b"a", "decode b'a' first"),
    ("a\\n", r"write \\\\ for one"),
    ("\ud800", r"UTF-8 cannot carry: '\\ud800'"),
    (["y", "x" * 1025], "1025 characters, at most 1024 are allowed"),
    (["a"] * 129, "at most 128 components"),
]
VALUES: list[tuple[Any, str]] = [
    (object(), "object is not JSON serializable"),
    ({"a": [b"x"]}, "bytes is not JSON serializable"),
    (dt.date(2000, 1, 1), "date is not JSON serializable"),
    ({1: "x"}, "keys of a dict must be str, not 1"),
    ({"a": {"b": {None: "x"}}}, "keys of a dict must be str, not None, below 'new.a.b'|must be str, not None"),
    ([{"a": [{1.5: 1}]}], "keys of a dict must be str, not 1.5"),
    ({"a": {"": 1}}, "a dict has an empty key, below"),
    ({"a": {"x" * 1025: 1}}, "at most 1024 are allowed"),
]
LEAVES: dict[str, tuple[Any, str]] = {
    "text": ("5", '"5"'),
    "list": ([1], r"\[1\]"),
    "none": (None, "null"),
    "true": (True, "true"),
    "empty": ({}, "{}"),
    "node": ({"x": 1}, "a node"),
}


def test_paths(tree: Proxy, backend: Backend) -> None:
    tree.set("a", {"b": 1})
    for key, text in KEYS:
        for do in (tree.get, tree.delete, tree.pop, lambda key: tree.set(key, 1), lambda key: tree.update([(key, 1)])):
            with nothing_written(backend), pytest.raises(PathError, match=text):
                do(key)


def test_values(tree: Proxy, backend: Backend) -> None:
    tree.set("a", {"b": 1})
    for value, text in VALUES:
        for do in (
            lambda value: tree.set("new", value),
            lambda value: tree.setdefault("new", value),
            lambda value: tree.update({"first": 1, "new": value, "last": 2}),
            lambda value: tree.get("new").compare_and_set(None, value),
            lambda value: tree.get("new").transform(lambda _: value),
        ):
            with nothing_written(backend), pytest.raises((TypeError, PathError), match=text):
                do(value)


@once_each
@pytest.mark.parametrize("base", ["", "in.", "short.x."])
def test_adding_to_what_is_no_number(tree: Proxy, backend: Backend, base: str) -> None:
    tree.set("short", {"x": {"y": 1}}, expire=1000)
    for name, (value, found) in LEAVES.items():
        tree.set(f"{base}{name}", value)
        tree.set(f"{base}{name}_short", value, expire=500)
        for key in (f"{base}{name}", f"{base}{name}_short"):
            for count in (1, 0.5, 2**80, float("nan")):
                with nothing_written(backend), pytest.raises(NotANumber) as error:
                    _ = tree.get(key).add(count)
                assert error.match(f"'{key}' holds {found}, which is no number to add to; it was left alone")
                assert error.value.path == key


def test_adding_what_is_no_number(tree: Proxy, backend: Backend) -> None:
    counts: list[Any] = ["1", None, True, [1], {}, 1j, b"1"]
    for count in counts:
        with nothing_written(backend), pytest.raises(TypeError, match="count is an int or a float, not"):
            _ = tree.get("new").add(count)


@once_each
def test_times(tree: Proxy, backend: Backend) -> None:
    tree.set("a", {"b": 1}, expire=1000).set("c", 1)
    too_short: list[Any] = [0, -1, 0.0, -0.5, float("nan"), float("-inf"), float("inf"), 1e11, 10**400]
    no_numbers: list[Any] = ["5", True, [5], 1j, dt.timedelta(seconds=5)]
    for key in ("a", "a.b", "c", "new"):
        for seconds in too_short:
            with nothing_written(backend):
                with pytest.raises(ValueError, match=r"expire is above 0 .* use delete\(\) to remove"):
                    tree.set(key, 1, expire=seconds)
                with pytest.raises(ValueError, match=r"seconds is above 0 .* use delete\(\) to remove"):
                    _ = tree.get(key).expire(seconds)
        for seconds in no_numbers:
            with nothing_written(backend):
                with pytest.raises(TypeError, match=r"expire is a number of seconds, not .*persist\(\)"):
                    tree.set(key, 1, expire=seconds)
                with pytest.raises(TypeError, match=r"seconds is a number of seconds, not .*persist\(\)"):
                    _ = tree.get(key).expire(seconds)


def test_the_root(tree: Proxy, backend: Backend) -> None:
    for do, verb in (
        (lambda: tree.set((), 1), "set"),
        (lambda: tree.pop(()), "popped"),
        (tree.add, "added to"),
        (lambda: tree.expire(5), "given a time to live"),
        (lambda: tree.transform(lambda _: 1), "replaced"),
    ):
        with nothing_written(backend), pytest.raises(PathError, match=f"the root cannot be {verb}; name a place below"):
            do()


def test_large_and_nested(tree: Proxy, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    deep: Any = 1
    for _ in range(200):
        deep = {"a": deep}
    circle: dict[str, Any] = {"x": {}}
    circle["x"]["y"] = circle
    with nothing_written(backend):
        with pytest.raises(PathError, match="nested too deeply: a path has at most 128 components"):
            tree.set("new", deep)
        with pytest.raises(ValueError, match="Circular reference detected: a dict holds itself"):
            tree.set("new", circle)
        monkeypatch.setattr("redicts.core.guarded.MAX_ARGUMENTS", 1000)
        with pytest.raises(ValueError, match=r"too large for one atomic step.*set it in parts"):
            tree.set("new", dict.fromkeys(map(str, range(500)), 1))


def test_a_typed_leaf_is_left_alone(tree: Proxy, backend: Backend) -> None:
    """What a number is added to is no list."""
    space, client = backend.database.space, backend.client
    tree.set("a.b", 1)
    client.hset(space.node(("a",)), "todo", "@list")
    client.rpush(space.body(("a", "todo")), '"x"')
    place = tree.get("a.todo")
    with nothing_written(backend):
        for count in (1, 0.5, 2**80):
            with pytest.raises(NotANumber, match=r"'a\.todo' holds a list"):
                _ = place.add(count)
        assert place.kind() == "list"
        assert place.exists() is True
        assert place.time_to_live() == -1
        assert [leaf.path for leaf in tree.iter_children() if leaf.name == "todo"] == [("a", "todo")]
        assert tree.check() == []
    assert place.expire(1000)
    assert 900 < place.time_to_live() <= 1000
    assert tree.delete("a.todo") is True
    assert client.exists(space.body(("a", "todo"))) == 0
