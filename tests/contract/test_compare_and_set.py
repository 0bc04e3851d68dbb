"""``compare_and_set`` and ``transform``: changing a value by what it is."""

from __future__ import annotations

from typing import Any

import pytest

from redicts import PathError, Proxy
from tests.contract.variants import once_each
from tests.support.backends import Backend
from tests.support.trees import behind, canonical, nothing_written

ALIKE: list[list[Any]] = [
    [1, 1.0, "1", True, [1], {"a": 1}],
    [0, 0.0, -0.0, "", False, None, [], {}, "null"],
    [{"a": {}}, {"a": {"b": {}}}, {"a": []}, {"a": None}, {"b": {}}],
    [2**53, 2**53 + 1, float(2**53)],
    [float("nan"), float("inf"), -float("inf"), "NaN"],
    [[1, 2], [2, 1], [1, 2, 3], [[1, 2]]],
]
PAIRS = [(one, other) for group in ALIKE for one in group for other in group]


def id_of(value: Any) -> str:
    return canonical(value)


@once_each
@pytest.mark.parametrize("stands", [value for group in ALIKE for value in group], ids=id_of)
def test_only_the_same_value_is_the_same(tree: Proxy, backend: Backend, stands: Any) -> None:
    for path in ("a", "b.c"):
        place = tree.get(path)
        tree.set(path, stands)
        with nothing_written(backend):
            for one, other in PAIRS:
                if canonical(one) == canonical(stands) != canonical(other):
                    assert place.compare_and_set(other, "wrong") is False, other
        assert place.compare_and_set(stands, "right") is True
        assert place.val() == "right"


def test_nothing_compares_as_none(tree: Proxy) -> None:
    place = tree.get("a.b.c")
    assert place.compare_and_set(None, None) is True
    assert place.exists()
    assert place.compare_and_set(None, {"x": 1}) is True
    assert place.compare_and_set(None, 2) is False
    assert place.val() == {"x": 1}


@pytest.mark.parametrize("missing", ["x", "a.x", "a.b.x", "q.r.s"])
def test_nothing_compares_as_nothing_else(tree: Proxy, backend: Backend, missing: str) -> None:
    tree.set("a.b", 1)
    with nothing_written(backend):
        others: list[Any] = [0, "", False, [], {}, "null"]
        for expected in others:
            assert tree.get(missing).compare_and_set(expected, 1) is False


def test_the_order_of_keys_does_not_count(tree: Proxy) -> None:
    tree.set("node", {"a": {"x": 1, "y": 2}, "b": [{"p": 1, "q": 2}]})
    tree.set("leaf", [{"p": 1, "q": 2}])
    node, leaf = tree.get("node"), tree.get("leaf")
    assert node.compare_and_set({"b": [{"q": 2, "p": 1}], "a": {"y": 2, "x": 1}}, {"z": 0})
    assert leaf.compare_and_set([{"q": 2, "p": 1}], [0])
    assert tree.val() == {"node": {"z": 0}, "leaf": [0]}


@once_each
def test_large_nodes(tree: Proxy) -> None:
    document = {f"n{n}": {f"k{k}": [n, k] for k in range(30)} for n in range(100)}
    tree.set("a", document)
    place = tree.get("a")
    assert place.compare_and_set({**document, "n0": 1}, 1) is False
    assert place.compare_and_set(document, {**document, "n0": 1}) is True
    assert place.val() == {**document, "n0": 1}


def test_numbers_spelled_otherwise(tree: Proxy) -> None:
    """What scripts and other programs wrote compares by value: 1e+16 is 1e16."""
    tree.set("a.b", 1e16)
    _ = tree.get("a.b").add(2.0)
    assert tree.get("a.b").compare_and_set(1e16 + 2, "right")


def test_expected_values_that_cannot_be(tree: Proxy, backend: Backend) -> None:
    place = tree.set("a.b", {"1": 2}).get("a.b")
    with nothing_written(backend):
        for expected in ({1: 2}, [{1: 2}], {"a": {1: 2}}, object(), {"a": object()}):
            with pytest.raises(TypeError):
                _ = place.compare_and_set(expected, 0)


def test_the_root_cannot_be_replaced(tree: Proxy) -> None:
    with pytest.raises(PathError):
        _ = tree.compare_and_set({}, {"a": 1})
    with pytest.raises(PathError):
        _ = tree.transform(lambda _: {"a": 1})


def test_transform(tree: Proxy) -> None:
    seen: list[Any] = []

    def grow(value: Any) -> Any:
        seen.append(value)
        return [*(value or []), len(seen)]

    place = tree.get("a.b")
    assert place.transform(grow) == [1]
    assert place.transform(grow) == [1, 2]
    assert seen == [None, [1]]
    assert tree.get("a").transform(lambda node: {**node, "c": (1,)}) == {"b": [1, 2], "c": [1]}
    assert tree.val() == {"a": {"b": [1, 2], "c": [1]}}
    assert place.transform(lambda _: None) is None
    assert place.exists()


def test_transform_with_an_error_changes_nothing(tree: Proxy, backend: Backend) -> None:
    tree.set("a", [1])
    with nothing_written(backend):
        with pytest.raises(ZeroDivisionError):
            _ = tree.get("a").transform(lambda value: value[0] / 0)
        with pytest.raises(TypeError):
            _ = tree.get("a").transform(lambda value: {value[0]: 1})
        with pytest.raises(PathError):
            _ = tree.get("b").transform(lambda _: {"x": {"": 1}})


def test_transform_begins_again_when_somebody_came_between(tree: Proxy, backend: Backend) -> None:
    for path, first, second in (("a.leaf", 1, 2), ("a.node", {"x": 1}, {"y": 2, "z": [3]})):
        place = tree.set(path, first).get(path)
        seen: list[Any] = []

        def rival(value: Any, path: str = path, second: Any = second, seen: list[Any] = seen) -> Any:
            if not seen:
                behind(backend).set(path, second)
            seen.append(value)
            return [value]

        assert place.transform(rival) == [second]
        assert seen == [first, second]


def test_transform_goes_on_when_the_place_has_gone(tree: Proxy, backend: Backend) -> None:
    place = tree.set("a.b", 1).get("a.b")
    seen: list[Any] = []

    def rival(value: Any) -> Any:
        seen.append(value)
        _ = behind(backend).delete("a")
        return "new"

    assert place.transform(rival) == "new"
    assert seen == [1, None]
