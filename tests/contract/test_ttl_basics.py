"""Time to live: who has one, how long it may be, and what changing a value does to it. (See test_expiry.py too.)"""

from __future__ import annotations

from typing import Any

import pytest

from redicts import Proxy
from tests.contract.variants import once_each
from tests.support.backends import Backend
from tests.support.trees import nothing_written

PLACES = ["section", "node.leaf", "node.deep.leaf"]
VALUES: list[Any] = ["leaf", {}, {"x": 1, "y": {"z": 2}}]


def about(place: Proxy, seconds: float) -> bool:
    """Whether a place has so long to live, give or take what the test takes."""
    return seconds - 5 < place.time_to_live() <= seconds


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


@pytest.mark.parametrize("old", [5, {}, {"x": 1}], ids=repr)
@pytest.mark.parametrize("path", PLACES)
def test_changing_a_value_keeps_its_life(tree: Proxy, path: str, old: Any) -> None:
    place = tree.get(path)
    for new in VALUES:
        tree.set(path, old, expire=100)
        assert place.compare_and_set(old, new)
        assert about(place, 100)
        assert place.val() == new
        assert place.transform(lambda value: [value]) == [new]
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


@once_each
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
