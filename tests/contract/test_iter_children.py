"""``iter_children``: a proxy for each leaf below, however deep and wide, in steps."""

from __future__ import annotations

from typing import Any

import pytest

from redicts import Proxy
from redicts.tree.walking import NODES_AT_ONCE, PAGE
from tests.contract.variants import once_each
from tests.support.backends import Backend
from tests.support.trees import nothing_written
from tests.support.values import AWKWARD_NAMES


def paths_below(place: Proxy) -> list[tuple[str, ...]]:
    """The paths of the leaves below a place, each once."""
    found = [leaf.path for leaf in place.iter_children()]
    assert len(found) == len(set(found))
    return sorted(found)


@pytest.mark.parametrize("path", ["missing", "leaf", "empty", "node.leaf", "node.leaf.below"])
def test_where_no_leaves_are_below(tree: Proxy, path: str) -> None:
    tree.update({"leaf": 1, "empty": {}, "node.leaf": None})
    assert paths_below(tree.get(path)) == []


def test_an_empty_tree(tree: Proxy) -> None:
    assert paths_below(tree) == []


def test_leaves_of_all_depths(tree: Proxy, backend: Backend) -> None:
    tree.set("a", {"x": 1, "b": {"y": 2, "c": {"z": {}}}}).set("s", "leaf").set("t.u", [], expire=100)
    with nothing_written(backend):
        every = [("a", "b", "c", "z"), ("a", "b", "y"), ("a", "x"), ("s",), ("t", "u")]
        assert paths_below(tree) == every
        assert paths_below(tree.get("a.b")) == every[:2]
        found = {leaf.key(): leaf.val() for leaf in tree.get("a").iter_children()}
        assert found == {"a.x": 1, "a.b.y": 2, "a.b.c.z": {}}


def test_they_are_proxies_like_the_place(tree: Proxy) -> None:
    tree.set("a.b", 1)
    (leaf,) = tree.iter_children()
    assert leaf == tree.get("a.b")
    assert leaf.add(1) == 2


def test_names_with_dots_and_worse(tree: Proxy) -> None:
    tree.set("a", {name: {name: 1} for name in AWKWARD_NAMES})
    assert paths_below(tree) == sorted(("a", name, name) for name in AWKWARD_NAMES)


@once_each
@pytest.mark.parametrize(
    "document",
    [
        pytest.param({f"k{n}": n for n in range(10_000)}, id="one node"),
        pytest.param({f"n{n}": {f"k{k}": n for k in range(5)} for n in range(2_000)}, id="many nodes"),
        pytest.param({f"n{n}": {f"m{m}": {"x": {"y": m}} for m in range(10)} for n in range(100)}, id="deep and wide"),
    ],
)
def test_thousands_of_leaves(tree: Proxy, document: Any) -> None:
    expected: list[tuple[str, ...]] = []

    def collect(value: Any, path: tuple[str, ...]) -> None:
        for name, child in value.items():
            collect(child, (*path, name)) if isinstance(child, dict) else expected.append((*path, name))

    collect(document, ("a",))
    tree.set("a", document)
    assert paths_below(tree.get("a")) == sorted(expected)
    assert sum(1 for _ in tree.iter_children()) == len(expected)


@once_each
def test_as_deep_as_can_be(tree: Proxy) -> None:
    path = tuple(f"n{depth}" for depth in range(128))
    tree.set(path, 1)
    for depth in range(1, 128):
        tree.set((*path[:depth], "side"), depth)
    assert len(paths_below(tree)) == 128
    assert paths_below(tree.get(path[:126])) == sorted([path, (*path[:126], "side"), (*path[:127], "side")])


def test_expired_leaves_are_not_given(tree: Proxy, backend: Backend) -> None:
    tree.set("a.short", 1, expire=10).set("a.long", 2, expire=100)
    tree.set("a.node", {"x": 1}, expire=10).set("b", 1, expire=10)
    assert len(paths_below(tree)) == 4
    backend.advance(50)
    assert paths_below(tree) == [("a", "long")]


def test_it_goes_in_steps(tree: Proxy) -> None:
    """It begins before it has read everything, and what has not been read yet may still change."""
    tree.set("a", {f"n{n:04}": {"x": n} for n in range(5 * NODES_AT_ONCE)})
    leaves = tree.get("a").iter_children()
    first = next(leaves)
    tree.get("a").clear()
    assert 0 <= len(list(leaves)) < 5 * NODES_AT_ONCE
    assert first.exists() is False


@once_each
def test_what_stays_is_given_once_while_others_come_and_go(tree: Proxy) -> None:
    stay = {f"stay{n}": n for n in range(3 * PAGE)}
    tree.set("a", {**stay, **{f"go{n}": n for n in range(PAGE)}})
    seen: list[tuple[str, ...]] = []
    for number, leaf in enumerate(tree.get("a").iter_children()):
        seen.append(leaf.path)
        if number % 100 == 0:
            tree.update({f"a.new{number}.{n}": n for n in range(20)})
            _ = tree.delete(f"a.go{number // 4}")
    assert len(seen) == len(set(seen))
    assert {("a", name) for name in stay} <= set(seen)
