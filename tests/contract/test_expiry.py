"""What has expired is not there, whoever asks, and nothing of it comes back or stays."""

from __future__ import annotations

from typing import Any

import pytest

from redicts import Proxy
from tests.contract.variants import once_each
from tests.support.backends import Backend
from tests.support.trees import dump

LIFE = 1000.0
"""Seconds: so long that what a test takes itself does not count."""

PLACES = ["a", "a.b", "a.b.c"]
VALUES: list[Any] = ["leaf", None, {}, {"x": 1, "y": {"z": [2]}}]
"""Leaves and nodes, each as a section, and as something in a section."""


def about(seconds: float) -> Any:
    return pytest.approx(seconds, abs=LIFE / 10)


def assert_gone(tree: Proxy, path: str) -> None:
    """Whatever is asked, nothing is there."""
    place = tree.get(path)
    assert place.val("gone") == "gone"
    assert place.kind() is None
    assert place.exists() is False
    assert place.children() == list(place) == []
    assert len(place) == 0
    assert place.time_to_live() == -2
    assert list(place.iter_children()) == []
    assert place.expire(5) is place.persist() is False
    assert place.compare_and_set("leaf", 1) is False
    assert path not in tree
    assert place.name not in place.parent.children()
    assert place.path not in [leaf.path[: len(place.path)] for leaf in tree.iter_children()]
    assert tree.delete(path) is False
    assert tree.pop(path, "gone") == "gone"


@once_each
@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("way", ["set", "expire"])
def test_what_has_expired_is_not_there(tree: Proxy, backend: Backend, path: str, value: Any, way: str) -> None:
    if way == "set":
        tree.set(path, value, expire=LIFE)
    else:
        tree.set(path, value)
        assert tree.get(path).time_to_live() == -1
        assert tree.get(path).expire(LIFE) is True
    assert tree.get(path).val() == value
    assert tree.get(path).time_to_live() == about(LIFE)
    backend.advance(LIFE / 2)
    assert tree.get(path).val() == value
    assert tree.get(path).time_to_live() == about(LIFE / 2)
    backend.advance(LIFE)
    assert tree.val() == {}
    assert_gone(tree, path)
    assert tree.check() == []


@once_each
@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("path", PLACES)
def test_nothing_expired_comes_back(tree: Proxy, backend: Backend, path: str, value: Any) -> None:
    tree.set(path, value, expire=LIFE)
    backend.advance(2 * LIFE)
    tree.set(f"{path}.new.x", 1)
    assert tree.get(path).val() == {"new": {"x": 1}}
    assert tree.get(path).time_to_live() == -1
    backend.advance(10 * LIFE)
    assert tree.get(path).val() == {"new": {"x": 1}}


@pytest.mark.parametrize("path", PLACES)
def test_writes_meet_what_has_expired_as_nothing(tree: Proxy, backend: Backend, path: str) -> None:
    def expired() -> Proxy:
        tree.set(path, 5, expire=LIFE)
        backend.advance(2 * LIFE)
        return tree.get(path)

    assert expired().add(1) == 1
    assert expired().compare_and_set(None, "new") is True
    assert expired().transform(lambda value: [value]) == [None]
    assert expired().setdefault((), "default") == "default"
    assert tree.get(path).time_to_live() == -1


@pytest.mark.parametrize("path", PLACES)
def test_a_node_takes_all_with_it(tree: Proxy, backend: Backend, path: str) -> None:
    """No child outlives its parent: not what is there, not what is added, not what asks for more, or for ever."""
    tree.set("beside", 1).set(path, {"leaf": 1, "node": {"x": {"y": 2}}})
    place = tree.get(path).set("long", 1, expire=9 * LIFE).set("long_node", {"x": 1}, expire=9 * LIFE)
    assert place.expire(LIFE)
    place.set("later", 1).set("node.later", {"x": 2}).set("longer", 1, expire=5 * LIFE)
    place.set("longer_node", {"x": {"y": 1}}, expire=5 * LIFE)
    assert place.get("node").expire(7 * LIFE)
    assert place.get("leaf").persist()
    assert place.get("node.x").persist()
    assert place.get("new.counter").add() == 1
    places = [place, *place.iter_children(), *map(place.get, ("node", "node.x", "long_node", "longer_node", "new"))]
    assert len(places) == 15
    for below in places:
        assert below.time_to_live() == about(LIFE), below
        assert below.time_to_live() <= place.time_to_live() + 0.5
    backend.advance(2 * LIFE)
    assert tree.val() == {"beside": 1}
    assert ":v:" not in " ".join(backend.keys())


@once_each
@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("path", PLACES)
def test_persist_and_extend(tree: Proxy, backend: Backend, path: str, value: Any) -> None:
    place = tree.set(path, value).get(path)
    plain = dump(backend)
    assert place.persist() is True
    assert dump(backend) == plain
    for life in (LIFE, 4 * LIFE, 2 * LIFE):  # longer, and shorter again
        assert place.expire(life) is True
        assert place.time_to_live() == about(life)
    assert place.val() == value
    assert place.persist() is True
    assert place.time_to_live() == -1
    assert dump(backend) == plain  # nothing tells that it ever had a life
    backend.advance(10 * LIFE)
    assert place.val() == value


def test_extending_a_node_extends_what_followed_it(tree: Proxy, backend: Backend) -> None:
    tree.set("a", {"leaf": 1, "node": {"x": 1}}).set("a.own", 1, expire=LIFE)
    assert tree.get("a").expire(2 * LIFE)
    assert tree.get("a").expire(5 * LIFE)
    backend.advance(3 * LIFE)
    assert tree.val() == {"a": {"leaf": 1, "node": {"x": 1}}}
    assert tree.get("a.node").time_to_live() == about(2 * LIFE)
    assert tree.get("a").persist()
    assert tree.get("a.node").time_to_live() == tree.get("a.leaf").time_to_live() == -1


@once_each
def test_names_used_once_leave_a_bounded_residue(tree: Proxy, backend: Backend) -> None:
    """2,000 names, of which 20 live at a time. What is left of the others does not grow with their number."""
    space, client = backend.database.space, backend.client
    values: list[Any] = ["leaf", {"x": {"y": 1}}]
    sizes: list[Any] = []
    for number in range(2000):
        base = "s" if number % 2 else "a.b.s"  # half of them are sections
        tree.set(f"{base}{number}", values[number // 2 % 2], expire=LIFE)
        if number % 20 == 19:
            sizes.append((client.hlen(space.node(("a", "b"))), client.scard(space.sections)))
            backend.advance(1.1 * LIFE)
    assert max(max(pair) for pair in sizes) < 40, sizes
    assert tree.check() == []
