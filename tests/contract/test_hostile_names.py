"""Names cannot leave their place, their namespace, or the strings of a script, through whatever operation they come.

Beside the tree lie keys of others: the ``neighbours`` of the ``tree`` fixture, and other namespaces of redicts, one of
which ours begins with, and one that begins with ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from redicts import Proxy
from redicts.core.paths import Path
from tests.contract.variants import mostly_sync, once_each
from tests.support.backends import Backend
from tests.support.trees import dump, tree_of
from tests.support.values import AWKWARD_NAMES, components

OUR_KEYS = (
    "redicts:s", "redicts:n:{a}", "}", "{a}.b", "a}.{b", ":n:{a}", ":v:{a}", "n", "v", "s", "/~", "~", "@", "",
    "\\u002e", "\\", '"', '":1,"', '"}', "]]", "--[[", "' .. redis.call('FLUSHALL') .. '", "\r\n$8\r\nFLUSHALL\r\n",
    "EVAL", "*1\r\n$8\r\nFLUSHALL\r\n", "%d", "%1", "%", "$1", "\\1", "\x00\x00", "x" * 1024, "\U0001f600" * 1024,
    "\ue000", "\ufffd", "\u202e", "__class__", "-1", "1e400", "true", "nil", "../..", "a\x00b",
)  # fmt: skip
"""Names made of what keys, fields, markers, scripts and the protocol are made of."""

HOSTILE = tuple(dict.fromkeys(name for name in (*AWKWARD_NAMES, *OUR_KEYS) if name))
PLACES: list[tuple[Path, Path]] = [((), ()), (("a",), ("y", "z")), (("a", "b"), ())]
"""What stands before a name, and what after it."""


@pytest.fixture
def others(tree: Proxy, backend: Backend) -> Iterator[None]:
    """Other namespaces full of the same names, and a check that nothing but ours has changed."""
    namespaces = (f"{backend.namespace}:n", backend.namespace[:-1], f"{backend.namespace}2", "elsewhere")
    places = [tree_of(backend, namespace=namespace) for namespace in namespaces]
    for place in places:
        place.update([([name], {name: name}) for name in HOSTILE])
    before = dump(backend, "*")
    brief = {key for key, (_, _, expires) in before.items() if expires > 0}  # earlier tests' own, may go meanwhile
    yield
    tree.clear()
    after = dump(backend, "*")
    assert {key: after[key] for key in after.keys() - brief} == {key: before[key] for key in before.keys() - brief}
    for place in places:
        assert place.check() == []
        place.clear()


def nested(path: Path, value: Any) -> Any:
    for name in reversed(path):
        value = {name: value}
    return value


def read_everything(tree: Proxy, path: Path) -> None:
    """The tree holds the leaf "leaf" at a path, and nothing else."""
    place = tree.get(path)
    assert tree.val() == nested(path, "leaf")
    assert [leaf.path for leaf in tree.iter_children()] == [path]
    for depth in range(1, len(path) + 1):
        above = tree.get(path[: depth - 1])
        (name,) = above
        assert name == path[depth - 1]
        assert above.get(name).path == above[name].path == path[:depth]
        assert name in above
        assert above.count_children() == 1
        assert above[name].kind() == ("leaf" if depth == len(path) else "node")
        assert above.val() == nested(path[depth - 1 :], "leaf")
    assert place.val() == tree.get(place.key()).val() == "leaf"
    assert place.exists() is True
    assert tree.setdefault(path, 1) == "leaf"


def write_everything(tree: Proxy, path: Path) -> None:
    """Every operation that writes, at a path that is not there, which is not there afterwards."""
    place, name = tree.get(path), path[-1]
    assert place.add(5) == 5
    assert place.add(2**70) == 2**70 + 5
    assert place.compare_and_set(2**70 + 5, {name: [name]})
    assert place.transform(lambda value: {**value, "x": name}) == {name: [name], "x": name}
    assert tree.setdefault(path, 1) == {name: [name], "x": name}
    assert place.expire(1000)
    assert place.get([name]).expire(500)
    assert place.check() == []
    assert 400 < place.get([name]).time_to_live() <= 500 < place.time_to_live() <= 1000
    assert tree.val() == nested(path, {name: [name], "x": name})
    assert place.persist()
    assert place.get([name]).persist()
    assert place.get([name]).time_to_live() == place.time_to_live() == -1
    place.update([([name], 1), ([name, name], {name: name}), ("y", 1)])
    assert place.val() == {name: {name: {name: name}}, "x": name, "y": 1}
    assert place.pop([name]) == {name: {name: name}}
    del place["x"]
    assert place.delete("y") is True
    assert tree.exists()
    assert tree.val() == {}
    tree[path] = {name: {name: 1}}
    place.clear()
    assert place.kind() is None


@mostly_sync
@pytest.mark.parametrize("share", [3, pytest.param(1, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("place", range(len(PLACES)))
def test_hostile_names_through_every_operation(
    tree: Proxy, backend: Backend, others: None, place: int, share: int
) -> None:
    """Each name at one of the places; and at each of them, where every case is asked for."""
    before, after = PLACES[place]
    for name in HOSTILE[place % share :: share]:
        path = (*before, name, *after)
        assert tree.set(path, "leaf").get(path).path == path
        read_everything(tree, path)
        assert tree.check() == []
        assert tree.delete(path) is True
        write_everything(tree, path)
        left = dump(backend)  # among it what lies in the namespace that begins with ours
        assert [key for key in left if not key.startswith(f"{backend.namespace}:n:".encode())] == []


@once_each
def test_hostile_names_side_by_side(tree: Proxy, others: None) -> None:
    """All at once: no two are taken for one another."""
    document: Any = {name: {other: f"{name}|{other}" for other in HOSTILE} for name in HOSTILE[::3]}
    tree.set("a", document).update([([name], name) for name in HOSTILE])
    expected = {name: name for name in HOSTILE} | {"a": document}
    assert tree.val() == expected
    assert set(tree.children()) == set(expected)
    leaves = {leaf.path: leaf.val() for leaf in tree.get("a").iter_children()}
    assert leaves == {("a", one, two): value for one, row in document.items() for two, value in row.items()}
    assert tree.check() == []
    for name in HOSTILE[::3]:
        assert tree.get("a").delete([name])
        del document[name]
        assert tree.get("a").val({}) == document


@once_each
def test_fuzzed_names_through_every_operation(tree: Proxy, backend: Backend, others: None) -> None:
    @settings(max_examples=max(settings().max_examples // 3, 10))
    @given(path=st.lists(components, min_size=1, max_size=4).map(tuple))
    @example(path=("a", "\\", "\\."))
    def fuzz(path: Path) -> None:
        tree.clear()
        tree.set(path, "leaf")
        read_everything(tree, path)
        assert tree.pop(path) == "leaf"
        if path[-1] not in ("x", "y"):  # names of its own
            write_everything(tree, path)
        assert tree.check() == []

    fuzz()


@once_each
def test_names_are_text_in_values_too(tree: Proxy) -> None:
    """The same texts as values, in lists, and in dicts inside of lists, where they are no names."""
    for name in HOSTILE:
        value = [name, {name: name}, [[name]]]
        tree.set("a", value).set("b.c", name, expire=1000).set(["d", name], {"x": name})
        assert tree.val() == {"a": value, "b": {"c": name}, "d": {name: {"x": name}}}
        assert tree.get("b.c").compare_and_set(name, value)
        assert tree.get("b.c").val() == value
        tree.clear()
