"""Typed leaves and time to live: their own, what they inherit, and what writing to them does to it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from redicts import ConfigError, Proxy
from redicts.core.kinds import KINDS
from tests.contract.variants import mostly_sync, once_each
from tests.support.backends import Backend
from tests.support.leaf_operations import ALONE, BRIEF, OPENED, ROWS, fill
from tests.support.leaves import EXAMPLES, mount, same
from tests.support.trees import nothing_written

PLACES = [("s",), ("a", "b.c", "d")]


def about(place: Proxy, seconds: float) -> bool:
    """Whether a place has so long to live, give or take what the test takes."""
    return seconds - 5 < place.time_to_live() <= seconds


@pytest.mark.parametrize("path", PLACES, ids=len)
def test_a_life_of_its_own(tree: Proxy, backend: Backend, path: Any) -> None:
    place = tree.get(path)
    for kind in KINDS:
        mount(backend, path, kind)
        assert place.time_to_live() == -1
        assert place.expire(1000) is True
        assert about(place, 1000)
        assert place.persist() is True
        assert place.time_to_live() == -1
        assert place.expire(50) is True
        assert same(kind, place.val(), EXAMPLES[kind].shown)
        assert tree.check() == []
        backend.advance(50)
        with nothing_written(backend):
            assert (place.kind(), place.val("gone"), place.time_to_live()) == (None, "gone", -2)
            assert list(tree.iter_children()) == [] == tree.children()
            assert tree.val() == {}
            assert place.expire(5) is place.persist() is place.convert("json") is False
            assert tree.check() == []


@once_each
def test_what_it_lies_in_expires(tree: Proxy, backend: Backend) -> None:
    for kind in KINDS:
        mount(backend, ("a", "b", kind), kind)
    assert tree.get("a.b").expire(1000)
    for kind in KINDS:
        place = tree.get(["a", "b", kind])
        assert about(place, 1000)
        assert place.expire(5000)
        assert about(place, 1000), "no child outlives its parent"
        assert place.expire(500)
        assert about(place, 500)
    assert tree.get("a.b").expire(800)
    assert about(tree.get("a.b.list"), 500), "it keeps a shorter one of its own"
    for kind in KINDS:
        assert tree.get(["a", "b", kind]).persist()
        assert about(tree.get(["a", "b", kind]), 800)
    assert tree.check() == []
    assert tree.get("a.b").persist()
    assert {leaf.time_to_live() for leaf in tree.iter_children()} == {-1}
    assert tree.get("a").expire(10)
    backend.advance(10)
    assert tree.val() == {}


@pytest.mark.parametrize("kind", ALONE)
def test_what_is_mounted_later_inherits(tree: Proxy, backend: Backend, kind: str) -> None:
    """By every operation that can be the first."""
    tree.set("t.other", 1)
    assert tree.get("t").expire(1000)
    place = tree.get("t.deep.leaf")
    mounted = 0
    for row in ROWS[kind]:
        with suppress(Exception):  # there is nothing to take, to find, to count
            row.act(OPENED[kind](place))
        if place.exists():
            mounted += 1
            assert about(place, 1000) or (kind in BRIEF and 0 < place.time_to_live() <= 1000), row.name
            assert tree.check() == []
            assert place.delete(())
    assert mounted > 0
    assert about(tree.get("t"), 1000)


@pytest.mark.parametrize("kind", ALONE)
def test_every_write_leaves_its_life_as_it_is(tree: Proxy, backend: Backend, kind: str) -> None:
    place = tree.get("a.leaf")
    tree.set("a.other", 1)
    for row in ROWS[kind]:
        leaf = OPENED[kind](fill(place, kind))
        assert place.expire(1000)
        with suppress(ConfigError):
            row.act(leaf)
        assert not place.exists() or about(place, 1000), row.name
        assert tree.get("a").time_to_live() == -1
        assert tree.check() == []


@mostly_sync
@pytest.mark.parametrize("kind", ALONE)
def test_nothing_that_has_expired_comes_back(tree: Proxy, backend: Backend, kind: str) -> None:
    place = tree.get("a.leaf")
    for row in ROWS[kind]:
        leaf = OPENED[kind](fill(place, kind))
        assert place.expire(50)
        backend.advance(50)
        with suppress(Exception):  # there is nothing to take, to find, to count
            row.act(leaf)
        if place.exists():
            assert (place.time_to_live() == -1) is (kind not in BRIEF), row.name
            assert len(str(place.val())) <= len("[[1.5, 'more'], [5, 'more']]"), row.name
        assert tree.check() == []
        tree.clear()
        left = backend.keys()
        assert [key for key in left if ":e:" not in key] == [], row.name


@once_each
def test_expired_markers_are_tidied(tree: Proxy, backend: Backend) -> None:
    """Names used once, each for a leaf that expires, leave a bounded residue."""
    space = backend.database.space
    tree.set("a.other", 1)
    for number in range(60):
        place = tree.get(f"a.l{number}")
        place.as_list().append(number)
        assert place.expire(50)
        if number % 5 == 4:
            backend.advance(50)
    assert backend.client.hlen(space.node(("a",))) < 40
    tree.get("a.l0").as_list().append(1)
    assert tree.get("a.l0").val() == [1]
    assert tree.get("a.l0").time_to_live() == -1


@once_each
def test_a_node_of_expired_ones_is_not_there(tree: Proxy, backend: Backend) -> None:
    for kind in KINDS:
        mount(backend, ("a", "b", kind), kind)
        assert tree.get(["a", "b", kind]).expire(50)
    backend.advance(50)
    assert not tree.get("a").exists()
    assert tree.get("a.b").kind() is None
    tree.get("a.b").as_list().append(1)
    assert tree.val() == {"a": {"b": [1]}}
    assert tree.check() == []
    assert len(backend.keys()) == 3
