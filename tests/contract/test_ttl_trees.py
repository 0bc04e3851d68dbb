"""Time to live of nodes: no child outlives its parent, and nothing that expired comes back."""

from __future__ import annotations

from typing import Any

import pytest

from redicts import Proxy
from tests.contract.test_ttl_basics import about
from tests.contract.variants import once_each
from tests.support.backends import Backend

NODES = ["a", "a.b", "a.b.c"]


@pytest.mark.parametrize("path", NODES)
def test_a_node_takes_everything_below_with_it(tree: Proxy, backend: Backend, path: str) -> None:
    node = tree.set(path, {"x": 1, "y": {"z": [2], "deep": {"er": {}}}}).get(path)
    assert node.expire(100)
    for leaf in node.iter_children():
        assert about(leaf, 100)
    backend.advance(100)
    assert tree.val() == {}
    assert list(tree) == []
    tree.set([*path.split("."), "new"], 1)
    assert node.val() == {"new": 1}
    assert node.time_to_live() == -1


@pytest.mark.parametrize("path", NODES)
def test_what_is_added_later_goes_too(tree: Proxy, backend: Backend, path: str) -> None:
    node = tree.set(path, {"x": 1}).get(path)
    assert node.expire(100)
    node.set("y", 2).set("z.deep", {"p": {"q": 3}}).set("w", 4, expire=500)
    assert about(node.get("w"), 100)
    assert about(node.get("z.deep.p.q"), 100)
    backend.advance(100)
    assert node.exists() is False
    assert tree.val() == {}


@pytest.mark.parametrize("path", NODES)
def test_no_child_outlives_its_parent(tree: Proxy, backend: Backend, path: str) -> None:
    node = tree.set(path, {"leaf": 1, "node": {"x": 2}}).get(path)
    assert node.get("leaf").expire(500)
    assert node.get("node").expire(600)
    assert node.expire(100)
    assert about(node.get("leaf"), 100)
    assert about(node.get("node"), 100)
    assert node.get("leaf").expire(900)
    assert node.get("node").expire(900)
    assert about(node.get("leaf"), 100)
    assert about(node.get("node.x"), 100)
    assert node.get("leaf").persist()
    assert node.get("node").persist()
    assert about(node.get("leaf"), 100)
    backend.advance(100)
    assert tree.val() == {}


@pytest.mark.parametrize("path", NODES)
def test_a_shorter_life_of_its_own_stays(tree: Proxy, backend: Backend, path: str) -> None:
    node = tree.set(path, {"leaf": 1, "node": {"x": 2}, "stays": 3}).get(path)
    assert node.get("leaf").expire(10)
    assert node.get("node").expire(20)
    for change in (node.expire, lambda _: node.persist(), node.expire):
        assert change(100)
        assert about(node.get("leaf"), 10)
        assert about(node.get("node.x"), 20)
    backend.advance(10)
    assert node.val() == {"node": {"x": 2}, "stays": 3}
    backend.advance(10)
    assert node.val() == {"stays": 3}
    assert about(node, 80)


@pytest.mark.parametrize("path", NODES)
def test_a_longer_life_of_the_parent_frees_what_only_inherited(tree: Proxy, path: str) -> None:
    node = tree.set(path, {"leaf": 1, "node": {"x": {"y": 2}}}).get(path)
    assert node.expire(100)
    assert node.expire(1000)
    assert about(node.get("leaf"), 1000)
    assert about(node.get("node.x.y"), 1000)
    assert node.persist()
    assert node.get("leaf").time_to_live() == -1
    assert node.get("node.x").time_to_live() == -1


def test_what_was_cut_to_its_parents_life_follows_it(tree: Proxy) -> None:
    tree.set("a.b", 1, expire=500).set("a.c", {"d": 2}, expire=500)
    assert tree.get("a").expire(100)
    assert tree.get("a").persist()
    assert tree.get("a.b").time_to_live() == -1
    assert tree.get("a.c").time_to_live() == -1
    assert tree.get("a.c.d").time_to_live() == -1


@pytest.mark.parametrize("leaf", [1, {}], ids=repr)
@pytest.mark.parametrize("path", NODES)
def test_a_leaf_that_becomes_a_node_keeps_its_life(tree: Proxy, backend: Backend, path: str, leaf: Any) -> None:
    """A write below leaves expiry as it is: what was to expire is never made permanent by the way."""
    place = tree.set("a.stays", 0).set(path, leaf, expire=100).get(path)
    place.set("x.y", 1).set("z", 2)
    assert about(place, 100)
    assert about(place.get("x.y"), 100)
    assert place.persist()
    assert place.get("x.y").time_to_live() == -1
    assert place.expire(100)
    backend.advance(100)
    assert place.exists() is False


@pytest.mark.parametrize("path", NODES)
def test_a_node_whose_leaves_have_expired_is_not_there(tree: Proxy, backend: Backend, path: str) -> None:
    node = tree.set(path, {"x": 1, "y": {"z": 2}}).get(path)
    assert node.expire(1000)
    assert node.get("x").expire(10)
    assert node.get("y.z").expire(20)
    backend.advance(20)
    assert tree.val() == {}
    assert list(tree) == []
    assert node.kind() is None
    assert node.time_to_live() == -2
    assert node.expire(10) is False
    assert tree.delete(path) is False


WRITES = {
    "set": lambda node: node.set("new", 1),
    "set deep": lambda node: node.set("y.new", 1),
    "update": lambda node: node.update({"new": 1}),
    "setdefault": lambda node: node.setdefault("new", 1),
    "add": lambda node: node.get("new").add(1),
    "compare_and_set": lambda node: node.get("new").compare_and_set(None, 1),
    "transform": lambda node: node.get("y.z").transform(lambda value: [value]),
    "itself by compare_and_set": lambda node: node.compare_and_set(None, {"new": 1}),
    "itself by transform": lambda node: node.transform(lambda value: {"new": value}),
    "itself by add": lambda node: node.add(1),
    "itself by setdefault": lambda node: node.setdefault((), 1),
}


@once_each
@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("path", NODES)
def test_its_life_does_not_come_back_either(tree: Proxy, backend: Backend, path: str, write: str) -> None:
    """It was emptied by time, not by hand; that makes no difference to what is made there next."""
    for life in (1000, None):
        tree.clear()
        node = tree.set(path, {"x": 1, "y": {"z": 2}}, expire=life).get(path)
        assert node.get("x").expire(10)
        assert node.get("y").expire(20)
        backend.advance(20)
        assert node.exists() is False
        WRITES[write](node)
        assert node.time_to_live() == -1
        leaves = list(node.iter_children()) or [node]
        assert len(leaves) == 1
        assert leaves[0].time_to_live() == -1
        assert str(node.val()).count("1") + str(node.val()).count("None") == 1  # the new leaf, and nothing of the old


@pytest.mark.parametrize("path", NODES)
def test_an_expired_parent_takes_its_life_with_it(tree: Proxy, backend: Backend, path: str) -> None:
    tree.set("a", {"b": {"c": {"x": 1}}}, expire=1000)
    assert tree.get("a.b.c.x").expire(10)
    backend.advance(10)
    tree.set([*path.split("."), "new"], 1)
    assert tree.get(path).time_to_live() == -1
    assert tree.get("a").time_to_live() == -1
