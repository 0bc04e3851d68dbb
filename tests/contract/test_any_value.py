"""Any JSON at any path, drawn by Hypothesis: what is read is what ``json`` would give back of what was written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from redicts import Proxy
from redicts.core.paths import Path
from tests.contract.variants import once_each
from tests.support.backends import Backend
from tests.support.trees import canonical, tree_of
from tests.support.values import components, documents, json_values

PLACES = st.lists(components, min_size=1, max_size=4).map(tuple)


def check(backend: Backend, example: Callable[..., None], **drawn: st.SearchStrategy[Any]) -> None:
    """Run an example on an empty tree: half as often as the profile says on one server and fakeredis, else less."""

    def run(**values: Any) -> None:
        backend.clear()
        example(tree_of(backend), **values)
        assert tree_of(backend).check() == []

    share = 2 if backend.name in {"fake", "valkey-resp3"} else 5
    settings(max_examples=max(settings().max_examples // share, 10))(given(**drawn)(run))()


def leaves(path: Path, value: Any) -> dict[Path, str]:
    """The leaves of a document, spelled so that two are equal when they are one value."""
    if isinstance(value, dict) and value:
        return {place: text for name in value for place, text in leaves((*path, name), value[name]).items()}
    return {path: canonical(value)}


@once_each
def test_any_document_at_any_path(backend: Backend) -> None:
    def example(tree: Proxy, path: Path, value: Any, life: float | None) -> None:
        tree.set(path, value, life)
        expected: Any = json.loads(json.dumps(value))
        assert canonical(tree.get(path).val("missing")) == canonical(expected)
        assert canonical(tree.get(tree.get(path).key()).val("missing")) == canonical(expected)
        found = {leaf.path: canonical(leaf.val("missing")) for leaf in tree.iter_children()}
        assert found == leaves(path, expected)
        for name in reversed(path):
            expected = {name: expected}
        assert canonical(tree.val()) == canonical(expected)
        assert tree.delete(path) is True
        assert backend.keys() == []

    check(backend, example, path=PLACES, value=documents, life=st.none() | st.just(1000.0))


@once_each
def test_any_value_in_a_list(backend: Backend) -> None:
    """There the keys of dicts are no names, and may be any text."""

    def example(tree: Proxy, path: Path, value: Any, life: float | None) -> None:
        tree.set(path, [value], life)
        assert canonical(tree.get(path).val()) == canonical([value])
        assert tree.get(path).compare_and_set([value], {"x": [[value]]})
        assert canonical(tree.get(path).val()) == canonical({"x": [[value]]})

    check(backend, example, path=PLACES, value=json_values, life=st.none() | st.just(1000.0))


@once_each
def test_any_document_over_any_other(backend: Backend) -> None:
    """What is replaced leaves nothing: the keys are those of a tree that never held it."""

    def example(tree: Proxy, path: Path, old: Any, new: Any, life: float | None) -> None:
        tree.set(path, new)
        fresh = backend.keys()
        tree.clear()
        tree.set(path, old, life).set(path, new)
        assert canonical(tree.get(path).val("missing")) == canonical(new)
        assert tree.get(path).time_to_live() == -1
        assert backend.keys() == fresh

    check(backend, example, path=PLACES, old=documents, new=documents, life=st.none() | st.just(1000.0))


@once_each
def test_any_pairs_in_one_update(backend: Backend) -> None:
    """An update is its writes, one after the other."""

    def example(tree: Proxy, writes: list[tuple[Path, Any]]) -> None:
        for path, value in writes:
            tree.set(path, value)
        one_by_one, keys = canonical(tree.val()), backend.keys()
        tree.clear()
        tree.update(writes)
        assert canonical(tree.val()) == one_by_one
        assert backend.keys() == keys

    few = st.lists(st.sampled_from(["a", "b", "a.b"]), min_size=1, max_size=3).map(tuple)
    check(backend, example, writes=st.lists(st.tuples(few, documents), max_size=5))
