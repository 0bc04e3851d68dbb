"""Time to live: who has one, how long, and what it does to reading."""

from __future__ import annotations

from typing import Any

import pytest

from redicts import Proxy
from tests.support.backends import Backend
from tests.support.trees import nothing_written

PLACES = ["section", "node.leaf", "node.deep.leaf"]
VALUES: list[Any] = ["leaf", {}, {"x": 1, "y": {"z": 2}}]


def about(place: Proxy, seconds: float) -> bool:
    """Whether a place has so long to live, give or take what the test takes."""
    return seconds - 5 < place.time_to_live() <= seconds


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("path", PLACES)
def test_set_with_a_life(tree: Proxy, backend: Backend, path: str, value: Any) -> None:
    tree.set("node.other", 0).set(path, value, expire=100)
    place = tree.get(path)
    assert about(place, 100)
    assert place.val() == value
    backend.advance(90)
    assert place.val() == value
    assert about(place, 10)
    backend.advance(10)
    assert place.val("gone") == "gone"
    assert place.exists() is False
    assert place.kind() is None
    assert place.time_to_live() == -2
    assert tree.val() == {"node": {"other": 0}}
    assert tree.get("node").children() == ["other"]
    assert len(tree) == 1
    assert place.expire(5) is False
    assert place.persist() is False
    assert tree.pop(path, "gone") == "gone"
    assert tree.delete(path) is False


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("path", PLACES)
def test_expire_and_persist(tree: Proxy, backend: Backend, path: str, value: Any) -> None:
    place = tree.set(path, value).get(path)
    assert place.time_to_live() == -1
    assert place.expire(100) is True
    assert about(place, 100)
    assert place.expire(1000) is True
    assert about(place, 1000)
    assert place.expire(0.25) is True
    assert 0 <= place.time_to_live() <= 0.25
    assert place.persist() is True
    assert place.time_to_live() == -1
    assert place.persist() is True
    backend.advance(10_000)
    assert place.val() == value
    assert place.expire(10) is True
    backend.advance(10)
    assert place.exists() is False
    assert backend.keys() == [] or tree.val() == {}


def test_what_is_missing_has_none(tree: Proxy, backend: Backend) -> None:
    tree.set("a.b", 1)
    with nothing_written(backend):
        for path in ("x", "x.y", "a.x", "a.b.x"):
            assert tree.get(path).time_to_live() == -2
            assert tree.get(path).expire(10) is False
            assert tree.get(path).persist() is False


def test_the_root_has_none(tree: Proxy) -> None:
    assert tree.time_to_live() == -1
    tree.set("a", 1, expire=10)
    assert tree.time_to_live() == -1


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("path", PLACES)
def test_set_gives_a_new_life(tree: Proxy, path: str, value: Any) -> None:
    for old in VALUES:
        place = tree.set(path, old, expire=100).get(path)
        tree.set(path, value)
        assert place.time_to_live() == -1
        tree.set(path, old, expire=100)
        tree.set(path, value, expire=50)
        assert about(place, 50)
        tree.update({path: value})
        assert place.time_to_live() == -1


@pytest.mark.parametrize("old", [5, {}, {"x": 1}], ids=repr)
@pytest.mark.parametrize("path", PLACES)
def test_changing_a_value_keeps_its_life(tree: Proxy, path: str, old: Any) -> None:
    place = tree.get(path)
    for new in VALUES:
        tree.set(path, old, expire=100)
        assert place.compare_and_set(old, new)
        assert about(place, 100)
        assert place.val() == new
        assert place.transform(lambda _, new=new: [new]) == [new]
        assert about(place, 100)
        assert place.compare_and_set("something else", 1) is False
        assert tree.setdefault(path, 1) == [new]
        assert about(place, 100)


@pytest.mark.parametrize("path", PLACES)
def test_add_keeps_the_life(tree: Proxy, path: str) -> None:
    for old, count in ((1, 2), (0.5, 1), (2**62, 2**62), (-(2**80), 0.5)):
        place = tree.set(path, old, expire=100).get(path)
        assert place.add(count) == old + count
        assert about(place, 100)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_writes_below_leave_it(tree: Proxy, depth: int) -> None:
    above = ["a", "b", "c"][:depth]
    place = tree.get(above)
    tree.set([*above, "old"], 1)
    tree.set([*above, "gone"], 1)
    assert place.expire(100)
    place.set("new", 1).set("deep.er", {"x": {}}).set("old", [2])
    place.update({"up.date": 1, "old": {"y": 1}})
    place.get("count").add(1)
    place.get("cas").compare_and_set(None, 5)
    _ = place.setdefault("default", 1)
    _ = place.delete("gone")
    assert about(place, 100)
    for leaf in place.iter_children():
        assert about(leaf, 100), leaf
    for level in range(1, depth):
        assert tree.get(above[:level]).time_to_live() == -1


@pytest.mark.parametrize("seconds", [0.0001, 0.001, 1, 1.5, 86400 * 365 * 100, 10_000_000_000])
def test_any_length(tree: Proxy, seconds: float) -> None:
    for path in PLACES:
        tree.set(path, 1, expire=seconds)
        ttl = tree.get(path).time_to_live()
        assert ttl == -2 if seconds < 0.01 and ttl < 0 else 0 <= ttl <= max(seconds, 0.001)


def test_time_is_told_in_seconds(tree: Proxy) -> None:
    tree.set("a.b", 1, expire=12.345)
    assert 12 < tree.get("a.b").time_to_live() <= 12.345
    tree.set("a.c", 1)
    assert tree.get("a.c").time_to_live() == -1
