"""Any value in any kind of typed leaf, drawn by Hypothesis: what ``val()`` shows is what was put in, and back again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from redicts import Proxy
from tests.contract.variants import mostly_sync
from tests.support.backends import Backend
from tests.support.trees import canonical, tree_of
from tests.support.values import as_json, json_values

TEXT = st.text(st.characters(), max_size=6)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
HASHABLE = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=4)
NUMBERS = st.floats(allow_nan=False) | st.integers(-(2**53), 2**53)


def check(backend: Backend, example: Callable[..., None], **drawn: st.SearchStrategy[Any]) -> None:
    """Run an example on an empty tree, some times."""

    def run(**values: Any) -> None:
        backend.clear()
        example(tree_of(backend).get("a.b"), **values)
        assert tree_of(backend).check() == []

    settings(max_examples=max(settings().max_examples // 4, 10))(given(**drawn)(run))()


def pairs_of(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[list[Any]]]:
    return st.lists(st.tuples(HASHABLE, values).map(list), max_size=5, unique_by=lambda pair: canonical(pair[0]))


@mostly_sync
def test_any_elements(backend: Backend) -> None:
    def example(place: Proxy, values: list[Any]) -> None:
        for kind in ("list", "deque", "queue", "reliable_queue"):
            place.set((), values)
            assert place.convert(kind) is True
            assert place.kind() == (kind if values else None)
            assert canonical(place.val([])) == canonical(as_json(values))
        place.convert("json")
        assert canonical(place.val([])) == canonical(as_json(values))

    check(backend, example, values=st.lists(json_values, max_size=5))


@mostly_sync
def test_any_set(backend: Backend) -> None:
    def example(place: Proxy, values: list[Any]) -> None:
        place.set((), values).convert("set")
        assert sorted(map(canonical, place.val([]))) == sorted(map(canonical, values))

    check(backend, example, values=st.lists(HASHABLE, max_size=5, unique_by=canonical))


@mostly_sync
def test_any_keys(backend: Backend) -> None:
    def example(place: Proxy, pairs: list[list[Any]]) -> None:
        place.set((), pairs).convert("dict")
        found = place.val([])
        if isinstance(found, dict):
            names = [key if isinstance(key, str) else canonical(key).replace(", ", ",") for key, _ in pairs]
            assert len(found) == len(set(names)) == len(pairs)
            assert sorted(map(canonical, found.values())) == sorted(canonical(as_json(value)) for _, value in pairs)
        else:
            assert sorted(map(canonical, found)) == sorted(map(canonical, as_json(pairs)))

    check(backend, example, pairs=pairs_of(json_values))


@mostly_sync
def test_any_scores(backend: Backend) -> None:
    def example(place: Proxy, pairs: list[list[Any]]) -> None:
        place.set((), pairs).convert("sorted_set")
        found = place.val([])
        expected = [[member, score + 0.0] for member, score in pairs]
        assert sorted(map(canonical, found)) == sorted(map(canonical, expected))
        assert [score for _, score in found] == sorted(score for _, score in pairs)

    check(backend, example, pairs=pairs_of(NUMBERS))


@mostly_sync
def test_any_priorities(backend: Backend) -> None:
    def example(place: Proxy, pairs: list[list[Any]]) -> None:
        place.set((), pairs).convert("priority_queue")
        assert canonical(place.val([])) == canonical(sorted(as_json(pairs), key=lambda pair: float(pair[0])))

    check(backend, example, pairs=st.lists(st.tuples(NUMBERS, json_values).map(list), max_size=5))


@mostly_sync
def test_any_text(backend: Backend) -> None:
    def example(place: Proxy, text: str) -> None:
        place.set((), text)
        for kind in ("string", "json"):
            assert place.convert(kind) is True
            assert place.val() == text

    check(backend, example, text=st.text(st.characters(exclude_categories=["Cs"]), max_size=20))


@mostly_sync
def test_any_bytes(backend: Backend) -> None:
    def example(place: Proxy, data: bytes) -> None:
        place.set((), "x").convert("string")
        backend.client.set(backend.database.space.body(("a", "b")), data)
        try:
            expected = data.decode()
        except UnicodeDecodeError:
            expected = data.decode("latin-1")
        assert place.val() == expected

    check(
        backend,
        example,
        data=st.binary(max_size=20) | st.text(max_size=8).map(lambda text: text.encode("utf-8", "surrogatepass")),
    )
