"""Leaves become nodes and nodes become leaves, at every depth; what is emptied goes."""

from __future__ import annotations

from typing import Any

import pytest

from redicts import Proxy
from tests.contract.variants import once_each
from tests.support.backends import Backend

NAMES = ["a", "b", "c", "d", "e", "f"]


@pytest.mark.parametrize("depth", range(1, 6))
def test_a_leaf_on_the_way_becomes_a_node(tree: Proxy, depth: int) -> None:
    tree.set(NAMES[:depth], "leaf")
    tree.set(NAMES, "deep")
    assert tree.get(NAMES[:depth]).kind() == "node"
    assert tree.get(NAMES).val() == "deep"
    assert [leaf.key() for leaf in tree.iter_children()] == ["a.b.c.d.e.f"]


@pytest.mark.parametrize("depth", range(1, 6))
def test_a_leaf_on_the_way_leaves_its_siblings(tree: Proxy, depth: int) -> None:
    for level in range(1, depth):
        tree.set([*NAMES[:level], "sibling"], level)
    tree.set(NAMES[:depth], None)
    tree.set(NAMES, "deep")
    assert tree.get(NAMES).val() == "deep"
    for level in range(1, depth):
        assert tree.get([*NAMES[:level], "sibling"]).val() == level


@once_each
@pytest.mark.parametrize("value", ["leaf", {}, [], {"new": {"x": 1}}])
@pytest.mark.parametrize("depth", range(1, 6))
def test_a_node_is_replaced_with_everything_below(tree: Proxy, backend: Backend, depth: int, value: Any) -> None:
    tree.set(NAMES, "deep")
    tree.set([*NAMES[:depth], "other", "x"], 1, expire=100)
    tree.set("other.section", 1)
    tree.set(NAMES[:depth], value)
    assert tree.get(NAMES[:depth]).val() == value
    assert tree.get(NAMES).exists() is False
    alone = [(name, tree.get(name).val()) for name in tree]
    keys = backend.keys()
    tree.clear()
    tree.update(alone)
    assert backend.keys() == keys  # not one key is left of what was replaced


@pytest.mark.parametrize("depth", range(1, 7))
def test_deleting_the_last_leaf_removes_emptied_nodes(tree: Proxy, depth: int) -> None:
    tree.set(NAMES, 1)
    for level in range(1, depth):
        tree.set([*NAMES[:level], "sibling"], level)
    assert tree.delete(NAMES) is True
    kinds = [tree.get(NAMES[:level]).kind() for level in range(1, 7)]
    assert kinds == ["node"] * (depth - 1) + [None] * (7 - depth)


def test_pruning_leaves_no_key(tree: Proxy, backend: Backend) -> None:
    tree.set("a", {"b": {"c": 1, "d": 2}, "e": {}})
    tree.set("f", 1)
    assert tree.delete("a.b.c")
    assert tree.delete("a.b.d")
    assert tree.val() == {"a": {"e": {}}, "f": 1}
    assert tree.delete("a.e")
    assert tree.delete("f")
    assert backend.keys() == []


def test_an_empty_dict_is_a_leaf_until_something_is_set_under_it(tree: Proxy) -> None:
    for place in ("a", "b.c"):
        tree.set(place, {})
        assert tree.get(place).kind() == "leaf"
        assert tree.get(place).children() == []
        tree.set([*place.split("."), "x"], 1)
        assert tree.get(place).kind() == "node"
        assert tree.delete([*place.split("."), "x"])
        assert tree.get(place).exists() is False


def test_clear(tree: Proxy, backend: Backend) -> None:
    tree.clear()
    tree.update({"a.b.c": 1, "a.d": 2, "e": 3})
    tree.get("a.b").clear()
    assert tree.val() == {"a": {"d": 2}, "e": 3}
    tree.get("a.missing").clear()
    tree.get("e").clear()
    assert tree.val() == {"a": {"d": 2}}
    tree.clear()
    assert tree.val() == {}
    assert backend.keys() == []


def test_delete_says_whether_something_was_there(tree: Proxy) -> None:
    tree.set("a.b", None)
    assert tree.delete("a.b.c") is False
    assert tree.delete("a.x") is False
    assert tree.delete("x.y.z") is False
    assert tree.get("a.b").delete(()) is True
    assert tree.delete(()) is False
    tree.set("a.b", None)
    assert tree.delete(()) is True
    assert tree.val() == {}
