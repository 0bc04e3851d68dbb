"""``sort()`` of a typed list, against ``list.sort``: on the server, and here where the server cannot compare."""

from __future__ import annotations

import json
import random
import threading
from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redicts import InvalidElement, Proxy
from redicts.leaves.list import List
from redicts.leaves.parts import sorting
from tests.contract.variants import sync_only
from tests.support.backends import Backend
from tests.support.trees import canonical, nothing_written

NUMBERS: list[Any] = [
    3, -2, 0, 1, 7, 2**53 - 1, 1 - 2**53, True, False, 0.0, -0.0, 1.0, 1.5, -1e300, 5e-324, 1e16, 2.0**53, 2.0**70,
    float("inf"), float("-inf"),
]  # fmt: skip
TEXTS: list[Any] = [
    "", "a", "B", "b", "ab", "a b", "a-b", "aa", "é", "e\u0301", "z", "ß", "\n", "\x00", "\x7f", "\x80", '"', "\\",
    "\\n",     "\\u0041", "\\\\u0041", "\ud7ff", "\ud800", "\udc00", "\ud83d\ud83d", "\ue000", "\uffff", "\U00010000",
    "\U0001f600", "\U0010ffff", "/", "@",
]  # fmt: skip


@pytest.fixture
def row(tree: Proxy) -> List[Any]:
    """A list at a place where nothing is."""
    return tree.get("row").as_list()


@pytest.mark.parametrize("values", [NUMBERS, TEXTS, [[2, 1], [1, 3], [1]], [2**60 + 1, 2**60, -1], [float("nan"), 1]])
@pytest.mark.parametrize("reverse", [False, True])
def test_in_the_order_of_list(row: List[Any], values: list[Any], reverse: bool) -> None:
    """Equal ones, as 1, 1.0 and True, keep their order; canonical texts tell them apart."""
    chance = random.Random(len(values))
    for _ in range(3):
        model = chance.sample(values, len(values))
        row.set_slice(None, None, model)
        row.sort(reverse=reverse)
        model.sort(reverse=reverse)
        assert canonical(row.to_list()) == canonical(model)


def test_by_a_key(row: List[Any]) -> None:
    words = ["bob", "Ann", "cy", "ANN", "Bob"]
    row.extend(words)
    keys: list[Any] = [str.lower, len, cmp_to_key(lambda a, b: int(a < b) - int(a > b)), lambda _: 0]
    for key in keys:
        for reverse in (False, True):
            row.sort(key=key, reverse=reverse)
            words.sort(key=key, reverse=reverse)
            assert row.to_list() == words


@pytest.mark.parametrize("values", [[1, "a"], ["a", 1], [None, None], [{}, {"a": 1}], [1, [2]]])
def test_what_cannot_be_compared_is_left_alone(row: List[Any], backend: Backend, values: list[Any]) -> None:
    row.extend(values)
    with nothing_written(backend):
        with pytest.raises(TypeError, match="not supported between instances"):
            row.sort()
        with pytest.raises(ZeroDivisionError):
            row.sort(key=lambda _: 1 // 0)
    row.delete(0)
    row.sort()
    assert row.to_list() == values[1:]


LETTERS = st.sampled_from('aB\\u0é\ud800\udfff\U0001f600"\n')


@sync_only
@settings(max_examples=15)
@given(values=st.lists(st.text(LETTERS, max_size=6) | st.text(), max_size=9))
def test_texts_of_any_kind(backend: Backend, values: list[str]) -> None:
    if not backend.real:
        return
    backend.clear()
    row = backend.face.place("row").as_list()
    row.extend(values)
    row.sort()
    assert row.to_list() == sorted(json.loads(json.dumps(values)))  # which joins two surrogates


def test_of_a_type_the_objects_are_compared(tree: Proxy, backend: Backend) -> None:
    sums = tree.get("row").as_list(of=tuple[int, str])
    sums.extend([(10, "a"), (9, "b"), (9, "a")])
    sums.sort()
    assert sums.to_list() == [(9, "a"), (9, "b"), (10, "a")]
    tree.get("row").as_list().insert(1, "other")
    with nothing_written(backend), pytest.raises(InvalidElement):
        sums.sort()


@sync_only
def test_a_key_that_changes_the_list_is_found_out(row: List[Any], tree: Proxy) -> None:
    row.extend([3, 1, 2])
    same, other = tree.get("row").as_list(), tree.get("other").as_list()

    def meddle(value: int) -> int:
        same.append(value)
        return value

    with pytest.raises(ValueError, match="list modified during sort"):
        row.sort(key=meddle)
    assert row.to_list() == [3, 1, 2, 3, 1, 2]
    row.sort(key=lambda value: other.append(value) or value)
    assert row.to_list() == [1, 1, 2, 2, 3, 3]
    assert sorting._sorts == []


@sync_only
def test_what_others_do_meanwhile_is_sorted_too(row: List[Any], tree: Proxy) -> None:
    """However often they come between: here before each of the first tries."""
    row.extend([5, 3])
    news = [4, 9, 1]

    def key(value: int) -> int:
        if value == 5 and news:
            other = threading.Thread(target=tree.get("row").as_list().append, args=(news.pop(),))
            other.start()
            other.join()
        return -value

    row.sort(key=key)
    assert row.to_list() == [9, 5, 4, 3, 1]


@sync_only
def test_a_large_list_is_sorted_here_until_others_come_between_too_often(
    row: List[Any], tree: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorting, "ON_SERVER", 3)
    numbers = [4, 3, 2, 1]
    row.extend(numbers)
    order, meddles = type(row)._order, 0

    def disturbed(self: Any, *args: Any) -> str:
        nonlocal meddles
        meddles += 1
        tree.get("row").as_list().append(-meddles)
        return str(order(self, *args))

    monkeypatch.setattr(type(row), "_order", disturbed)
    row.sort()
    assert meddles == sorting.PATIENCE
    assert row.to_list() == [-3, -2, -1, 1, 2, 3, 4]
    monkeypatch.undo()


@sync_only
def test_many(row: List[Any], backend: Backend) -> None:
    chance, size = random.Random(1), 6000 if backend.real else 600
    for values in ([chance.random() for _ in range(size)], [f"user:{chance.random()}" for _ in range(size)]):
        row.set_slice(None, None, values)
        row.sort()
        assert row.to_list() == sorted(values)
