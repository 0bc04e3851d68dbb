"""Ranges of a sorted set in every face: by rank as slices of a list, by score, and by the order of texts."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from redicts import Proxy
from redicts.leaves.sorted_set import SortedSet
from tests.support.backends import Backend

BOUNDS = (None, 0, 1, 3, 4, 9, -1, -3, -4, -9, 2**70, -(2**70))


@pytest.fixture
def best(tree: Proxy) -> SortedSet[Any]:
    """Three members, of scores 1, 2 and 3."""
    made = tree.get("app.best").as_sorted_set()
    made.add_many({"a": 1, "b": 2, "c": 3})
    return made


def test_ranks_are_slices(best: SortedSet[Any]) -> None:
    model = ["a", "b", "c"]
    for start in BOUNDS:
        assert best.range(start) == model[start:], start
        assert best.range(None, start) == model[:start], start
    for start, stop in [(0, 2), (1, 1), (2, 1), (-2, -1), (-9, 2), (1, 9), (0, 0), (-1, 0), (3, 9), (-9, -3), (-9, -4)]:
        assert best.range(start, stop) == model[start:stop], (start, stop)
        assert best.range(start, stop, reverse=True) == model[::-1][start:stop], (start, stop)
        assert best.range_with_scores(start, stop) == [(m, float(model.index(m) + 1)) for m in model[start:stop]]
    assert best.range_with_scores(0, 1, reverse=True) == [("c", 3.0)]


def test_ranks_are_removed_as_slices(best: SortedSet[Any]) -> None:
    model = ["a", "b", "c"]
    for start, stop in [
        (0, 2),
        (1, 1),
        (2, 1),
        (-2, -1),
        (None, -2),
        (1, None),
        (0, 0),
        (-1, 0),
        (0, -100),
        (None, None),
    ]:
        left = list(model)
        del left[start:stop]
        assert best.remove_range(start, stop) == 3 - len(left)
        assert best.to_list() == left, (start, stop)
        best.add_many({"a": 1, "b": 2, "c": 3})


def test_scores(best: SortedSet[Any]) -> None:
    assert best.range_by_score() == ["a", "b", "c"]
    assert best.range_by_score(1, 2) == ["a", "b"]
    assert best.range_by_score(1, 2, exclude_low=True) == ["b"]
    assert best.range_by_score(1, 2, exclude_high=True) == ["a"]
    assert best.range_by_score(1, 3, exclude_low=True, exclude_high=True) == ["b"]
    assert best.range_by_score(2, 1) == best.range_by_score(math.inf) == []
    assert best.range_by_score(1.5, reverse=True) == ["c", "b"]
    assert best.range_by_score(offset=1) == ["b", "c"]
    assert best.range_by_score(count=2) == ["a", "b"]
    assert best.range_by_score(count=0) == []
    assert best.range_by_score(reverse=True, offset=1, count=1) == ["b"]
    assert best.range_by_score_with_scores(2, count=1) == [("b", 2.0)]
    assert best.range_by_score_with_scores(high=2, reverse=True) == [("b", 2.0), ("a", 1.0)]
    assert best.count_between() == 3
    assert best.count_between(1, 2, exclude_low=True) == best.count_between(1.5, 2) == 1
    with pytest.raises(ValueError, match="negative"):
        best.range_by_score(offset=-1)
    with pytest.raises(ValueError, match="negative"):
        best.range_by_score(count=-1)
    assert best.remove_by_score(1, 3, exclude_low=True, exclude_high=True) == 1
    assert best.remove_by_score(low=2) == 1
    assert best.to_list() == ["a"]


def test_texts(tree: Proxy) -> None:
    names = tree.get("app.names").as_sorted_set()
    names.add_many((name, 0) for name in ["cy", "ada", "adele", "bob", "Zed"])
    assert names.to_list() == names.range_by_lex() == sorted(["cy", "ada", "adele", "bob", "Zed"])
    assert names.range_by_lex("ada", "bob") == ["ada", "adele", "bob"]
    assert names.range_by_lex("ada", "bob", exclude_low=True, exclude_high=True) == ["adele"]
    assert names.range_by_lex("b") == ["bob", "cy"]
    assert names.range_by_lex(high="b", reverse=True) == ["adele", "ada", "Zed"]
    assert names.range_by_lex("a", reverse=True, offset=1, count=2) == ["bob", "adele"]
    assert names.range_by_lex(offset=3) == ["bob", "cy"]
    assert names.range_by_prefix("ad") == ["ada", "adele"]
    assert names.range_by_prefix("ad", count=1) == ["ada"]
    assert names.range_by_prefix("ada") == ["ada"]
    assert len(names.range_by_prefix("")) == 5
    with pytest.raises(TypeError, match="text"):
        names.range_by_prefix(1)  # type: ignore[arg-type]
    assert names.remove_by_lex("ada", "b") == 2
    assert names.remove_by_lex(high="cy", exclude_high=True) == 2
    assert names.to_list() == ["cy"]


def test_prefixes_of_any_text(tree: Proxy) -> None:
    texts = ["é", "éa", 'a"b', 'a"c', "a\\", "a", "日本", "日", "😀x", "\x7f", "\x00", "a b", "{", "*", "", "\ud800"]
    names = tree.get("app.names").as_sorted_set()
    names.add_many((text, 1) for text in texts)
    for prefix in texts:
        assert sorted(names.range_by_prefix(prefix)) == sorted(text for text in texts if text.startswith(prefix)), (
            prefix
        )
    assert names.to_list() == sorted(texts, key=json.dumps), "the order is that of the JSON texts"


@pytest.mark.parametrize("name", ["*", "a[b]?", "{x}", "a b", "é.\\"])
def test_names_with_glob_characters(tree: Proxy, backend: Backend, name: str) -> None:
    """Nothing is found by a pattern: neighbours of such names are left alone."""
    one, other = tree.get((name,)).as_sorted_set(), tree.get(("app", name)).as_sorted_set()
    one.add(name, 1)
    other.add_many({name: 1, "x": 1})
    assert other.range_by_prefix(name) == [name]
    one.clear()
    assert other.to_dict() == {name: 1.0, "x": 1.0}
    assert sorted(other.pop_max_many(5)) == sorted([("x", 1.0), (name, 1.0)])
    assert backend.keys() == []
