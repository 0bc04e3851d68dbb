"""``update``, ``setdefault`` and ``pop``: several places at once, once only, and away."""

from __future__ import annotations

from collections import OrderedDict
from types import MappingProxyType
from typing import Any

import pytest

from redicts import PathError, Proxy
from tests.support.backends import Backend
from tests.support.trees import nothing_written


def test_update_sets_several_places(tree: Proxy) -> None:
    tree.update({"a.x": 1, "a.y.z": {"k": 2}, "b": [3]})
    assert tree.val() == {"a": {"x": 1, "y": {"z": {"k": 2}}}, "b": [3]}
    tree.get("a").update([("x", None), (["y", "p.q"], 4)])
    assert tree.val() == {"a": {"x": None, "y": {"z": {"k": 2}, "p.q": 4}}, "b": [3]}


def test_update_goes_in_order(tree: Proxy) -> None:
    tree.update([("a", 1), ("a.b", 2), ("a.b.c", 3), ("a.d", 4)])
    assert tree.val() == {"a": {"b": {"c": 3}, "d": 4}}
    tree.update([("a.b.c", 5), ("a.b", 6), ("x.y", 1), ("x", {"z": 2}), ("x", {"z": 3})])
    assert tree.val() == {"a": {"b": 6, "d": 4}, "x": {"z": 3}}


def test_update_of_the_place_itself(tree: Proxy) -> None:
    place = tree.set("a", {"old": 1}).get("a")
    place.update([((), {"new": 1}), ("more", 2)])
    assert place.val() == {"new": 1, "more": 2}


@pytest.mark.parametrize("make", [dict, OrderedDict, MappingProxyType, lambda d: list(d.items()), lambda d: d.items()])
def test_update_takes_mappings_and_pairs(tree: Proxy, make: Any) -> None:
    tree.update(make({"a.b": 1, "c": 2}))
    assert tree.val() == {"a": {"b": 1}, "c": 2}


@pytest.mark.parametrize("nothing", [{}, [], iter(())])
def test_update_with_nothing(tree: Proxy, backend: Backend, nothing: Any) -> None:
    tree.set("a", 1)
    with nothing_written(backend):
        tree.update(nothing)


@pytest.mark.parametrize(
    ("last", "error"),
    [
        (("", 1), PathError),
        (("a..b", 1), PathError),
        ((5, 1), PathError),
        (("b", {1: 2}), TypeError),
        (("b", {"": 2}), PathError),
        (("b", object()), TypeError),
        (("b", [{"x": {1, 2}}]), TypeError),
    ],
)
def test_update_is_all_or_nothing(tree: Proxy, backend: Backend, last: Any, error: type[Exception]) -> None:
    tree.set("a", 1)
    with nothing_written(backend), pytest.raises(error):
        tree.update([("a", 2), ("new", 3), last])


def test_setdefault_sets_once(tree: Proxy) -> None:
    assert tree.setdefault("a.b", {"x": [1]}) == {"x": [1]}
    assert tree.setdefault("a.b", 2) == {"x": [1]}
    assert tree.setdefault("a", 3) == {"b": {"x": [1]}}
    assert tree.setdefault("a.b.x.y", 4) == 4  # nothing is below a leaf, so it gives way
    assert tree.val() == {"a": {"b": {"x": {"y": 4}}}}


def test_setdefault_of_none(tree: Proxy, backend: Backend) -> None:
    assert tree.setdefault("a") is None
    assert tree.get("a").exists()
    with nothing_written(backend):
        assert tree.setdefault("a", 5) is None


def test_setdefault_gives_what_will_be_read(tree: Proxy) -> None:
    assert tree.setdefault("a", (1, (2,))) == [1, [2]]
    assert tree.get("a").setdefault((), "x") == [1, [2]]


def test_pop(tree: Proxy, backend: Backend) -> None:
    tree.set("a", {"b": {"c": 1, "d": None}, "e": 2}).set("f", [])
    assert tree.pop("a.b") == {"c": 1, "d": None}
    assert tree.get("a").pop("e", "default") == 2
    assert tree.val() == {"f": []}
    assert tree.get("f").pop(()) == []
    assert backend.keys() == []


@pytest.mark.parametrize("key", ["x", "a.x", "a.b.c", ("x.y",)])
def test_pop_of_nothing(tree: Proxy, backend: Backend, key: Any) -> None:
    tree.set("a.b", 1)
    with nothing_written(backend):
        assert tree.pop(key, None) is None
        assert tree.pop(key, default=[1]) == [1]
        with pytest.raises(KeyError) as caught:
            _ = tree.pop(key)
    assert caught.value.args == (tree.get(key).key(),)


def test_pop_of_a_stored_none(tree: Proxy) -> None:
    tree.set("a", None)
    assert tree.pop("a") is None
    assert tree.get("a").exists() is False
