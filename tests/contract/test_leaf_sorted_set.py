"""``as_sorted_set()`` in every face: members, their scores and ranks; what it takes, and what it leaves alone."""

from __future__ import annotations

import math
import random
from datetime import date
from typing import Any

import pytest

from redicts import InvalidElement, LockLost, Proxy, WaitTimeout, WrongType
from redicts.leaves.sorted_set import SortedSet
from tests.contract.variants import once_each, sync_only
from tests.support.backends import Backend
from tests.support.trees import nothing_written


@pytest.fixture
def best(tree: Proxy) -> SortedSet[Any]:
    """A sorted set at a place where nothing is."""
    return tree.get("app.best").as_sorted_set()


def test_nothing_is_there_before_the_first_member(best: SortedSet[Any], tree: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        assert (best.to_list(), best.to_dict(), best.length(), len(best)) == ([], {}, 0, 0)
        assert (best.score(1), best.rank(1), best.scores([1, 2]), best.scores([])) == (None, None, [None, None], [])
        assert 1 not in best
        assert best.range(0, 5) == best.range_by_score() == best.range_by_lex() == best.range_by_prefix("") == []
        assert best.count_between() == 0
        for act in (best.pop_min, best.pop_max, lambda: best.remove(1)):
            with pytest.raises(KeyError):
                act()
        best.discard(1)
        assert best.remove_many([1, 2]) == best.remove_range() == best.remove_by_score() == best.remove_by_lex() == 0
        assert best.pop_min_many(3) == best.pop_max_many(3) == []
        assert best.add(1, 1, only_existing=True) is False
        assert best.add_many({1: 1}, only_existing=True) == best.add_many([]) == 0
        best.clear()
    assert not tree.get("app").exists()


def test_members_and_scores(best: SortedSet[Any], tree: Proxy, backend: Backend) -> None:
    assert best.add("ada", 7) is True
    assert best.add("ada", 7) is False
    assert best.add("ada", 7.5) is True
    best.set(("x", 1), -math.inf)
    assert best.add_many({None: 0.1, 1: 3}) == 2
    assert best.add_many([(1.0, 2), (True, 3), (None, 0.1)]) == 2, "1, 1.0 and True are three members"
    expected = [(("x", 1), -math.inf), (None, 0.1), (1, 3.0), (1.0, 2.0), (True, 3.0), ("ada", 7.5)]
    assert {repr(pair) for pair in best.range_with_scores()} == {repr(pair) for pair in expected}
    assert best.scores([True, "bob", 1.0, ("x", 1)]) == [3.0, None, 2.0, -math.inf]
    assert (best.increment("bob", 2), best.increment("bob"), best.increment("bob", -0.25)) == (2.0, 3.0, 2.75)
    assert (best.rank("ada"), best.rank("ada", reverse=True), best.length()) == (6, 0, 7)
    assert tree.get("app.best").kind() == "sorted_set"
    assert tree.val()["app"]["best"] == [
        [list(m) if isinstance(m, tuple) else m, s] for m, s in best.range_with_scores()
    ]
    best.remove("ada")
    best.discard("ada")
    assert best.remove_many([None, True, "nobody", 1]) == 3
    assert best.to_list() == [("x", 1), 1.0, "bob"]


def test_as_items(best: SortedSet[Any]) -> None:
    best["ada"], best["bob"] = 7, 2.5
    assert best["ada"] == 7.0
    assert isinstance(best["ada"], float)
    assert list(best) == ["bob", "ada"]
    assert list(reversed(best)) == ["ada", "bob"]
    del best["ada"]
    with pytest.raises(KeyError, match="ada"):
        best["ada"]
    with pytest.raises(KeyError, match="ada"):
        del best["ada"]
    assert best == {"bob": 2.5}
    assert best != {"bob": 2}
    assert best
    with pytest.raises(TypeError, match="unhashable"):
        hash(best)


@sync_only
def test_items_go_with_their_scores(best: SortedSet[Any]) -> None:
    best.add_many((f"m{i}", i) for i in range(2500))
    assert list(best.items()) == [(f"m{i}", float(i)) for i in range(2500)]
    assert list(best) == [f"m{i}" for i in range(2500)]
    assert list(reversed(best)) == [f"m{i}" for i in reversed(range(2500))]
    assert dict(best.items()) == best.to_dict() == {f"m{i}": float(i) for i in range(2500)}


def test_what_only_some_changes(best: SortedSet[Any]) -> None:
    best.add("ada", 5)
    assert best.add("ada", 1, only_new=True) is False
    assert best.add("bob", 1, only_new=True) is True
    assert best.add("cy", 1, only_existing=True) is False
    assert (best.add("ada", 4, greater=True), best.add("ada", 6, greater=True)) == (False, True)
    assert (best.add("ada", 7, less=True), best.add("ada", 3, less=True)) == (False, True)
    assert best.add("dan", 9, greater=True) is True
    assert best.add("eve", 9, greater=True, only_existing=True) is False
    assert best.to_dict() == {"bob": 1.0, "ada": 3.0, "dan": 9.0}
    assert best.add_many({"ada": 4, "bob": 0, "eve": 1}, greater=True, only_existing=True) == 1
    assert best.add_many({"ada": 9, "fay": 2}, only_new=True) == 1
    assert best.to_dict() == {"bob": 1.0, "fay": 2.0, "ada": 4.0, "dan": 9.0}
    for options in (
        {"only_new": True, "greater": True},
        {"only_new": True, "only_existing": True},
        {"greater": True, "less": True},
    ):
        with pytest.raises(ValueError, match="exclude"):
            best.add("ada", 1, **options)


@pytest.mark.parametrize("existing", [False, True])
def test_what_adds_nothing_leaves_what_is_above_alone(tree: Proxy, backend: Backend, existing: bool) -> None:
    """A leaf on the way becomes a node where a member is added, and only there."""
    tree.set("app", 5)
    best = tree.get("app.best").as_sorted_set()
    with nothing_written(backend):
        best.add("ada", 1, only_existing=True)
        best.add_many({"ada": 1}, only_existing=True)
        best.add_many({})
        best.pop_min_many(1)
        best.remove_many(["ada"])
    if existing:
        best.add("ada", 1)
        assert tree.val() == {"app": {"best": [["ada", 1.0]]}}


@pytest.mark.parametrize(
    ("score", "error"),
    [
        (math.nan, ValueError), (2**53 + 1, ValueError), (10**400, ValueError), (-(2**63) - 1, ValueError),
        (True, TypeError), ("1", TypeError), (None, TypeError), (1j, TypeError),
    ],
)  # fmt: skip
def test_scores_that_are_none(best: SortedSet[Any], backend: Backend, score: Any, error: type[Exception]) -> None:
    with nothing_written(backend):
        for act in (best.add, best.set, best.increment, lambda m, s: best.add_many([("x", 1), (m, s)])):
            with pytest.raises(error):
                act("ada", score)
        with pytest.raises(error):
            best.range_by_score(score)
        with pytest.raises(error):
            best.count_between(0, score)


def test_scores_come_back_exactly(best: SortedSet[Any]) -> None:
    scores = [
        0.1,
        1 / 3,
        5e-324,
        1.7976931348623157e308,
        -1e22,
        2**53,
        -(2**53),
        2**60,
        math.inf,
        -math.inf,
        0.30000000000000004,
    ]
    best.add_many(enumerate(scores))
    assert best.scores(range(len(scores))) == [float(score) for score in scores]
    assert best.to_list() == sorted(range(len(scores)), key=scores.__getitem__)
    best.set("zero", -0.0)
    assert math.copysign(1, best.score("zero") or 0.0) == 1.0
    with pytest.raises(ValueError, match="finite"):
        best.increment(1, math.inf)
    assert best.increment(8, 5) == math.inf


def test_what_can_be_no_member_is_none(best: SortedSet[Any], backend: Backend) -> None:
    """It is hashable, but no JSON value: as with sets, it may be looked for."""
    best.add("ada", 1)
    with nothing_written(backend):
        assert (object() in best, best.score(frozenset()), best.rank(b"ada"), best.scores([1j])) == (
            False,
            None,
            None,
            [None],
        )
        best.discard(object)
        assert best.remove_many([object(), "bob"]) == 0
        with pytest.raises(KeyError):
            best.remove(object())
        with pytest.raises(TypeError):
            best.add(object(), 1)


@pytest.mark.parametrize("member", [[], {}, ("a", []), {1}])
def test_unhashable_members(best: SortedSet[Any], backend: Backend, member: Any) -> None:
    with nothing_written(backend):
        for act in (best.score, best.rank, best.remove, best.discard, best.contains, lambda m: best.add(m, 1)):
            with pytest.raises(TypeError, match="unhashable"):
                act(member)


def test_pops(best: SortedSet[Any], tree: Proxy, backend: Backend) -> None:
    best.add_many({name: number for number, name in enumerate("abcdefg")})
    assert (best.pop_min(), best.pop_max()) == (("a", 0.0), ("g", 6.0))
    assert best.pop_min_many(2) == [("b", 1.0), ("c", 2.0)]
    assert best.pop_max_many(0) == []
    assert best.pop_max_many(2) == [("f", 5.0), ("e", 4.0)]
    with pytest.raises(ValueError, match="negative"):
        best.pop_min_many(-1)
    assert best.pop_max_many(10) == [("d", 3.0)]
    assert tree.val() == {}
    assert backend.keys() == []


def test_blocking_pops(best: SortedSet[Any]) -> None:
    best.add_many({"a": 1, "b": 2, "c": 3})
    assert best.blocking_pop_min(timeout=0) == ("a", 1.0)
    assert best.blocking_pop_max(0) == ("c", 3.0)
    assert best.blocking_pop_max(5) == ("b", 2.0)
    with pytest.raises(WaitTimeout, match=r"'app\.best'"):
        best.blocking_pop_min(0)
    for timeout, error in ((-1, ValueError), (math.nan, ValueError), ("1", TypeError)):
        with pytest.raises(error):
            best.blocking_pop_max(timeout)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [1, [], None, {"x": 1}])
def test_another_kind_is_left_alone(best: SortedSet[Any], tree: Proxy, backend: Backend, value: Any) -> None:
    tree.set("app.best", value)
    reads = (best.to_list, best.to_dict, best.length, best.range, best.range_by_lex, lambda: best.score(1),
             lambda: best.scores([1]))  # fmt: skip
    writes = (best.pop_min, best.clear, best.remove_range, lambda: best.add(1, 1), lambda: best.add_many({1: 1}),
              lambda: best.increment(1), lambda: best.blocking_pop_min(0), lambda: best.pop_max_many(2))  # fmt: skip
    with nothing_written(backend):
        for act in (*reads, *writes):
            with pytest.raises(WrongType) as caught:
                act()
            assert caught.value.expected == "sorted_set"
    assert tree.get("app.best").val() == value


def test_it_expires_as_a_whole(best: SortedSet[Any], tree: Proxy, backend: Backend) -> None:
    best.add_many({"a": 1, "b": 2})
    assert tree.get("app.best").expire(100)
    best.add("c", 3)
    assert 0 < tree.get("app.best").time_to_live() <= 100
    backend.advance(101)
    assert best.to_list() == []
    best.add("d", 4)
    assert best.to_list() == ["d"]
    assert tree.get("app.best").time_to_live() == -1


def test_members_of_a_type(tree: Proxy, backend: Backend) -> None:
    days = tree.get("app.best").as_sorted_set(of=date)
    days.add_many({date(2026, 3, 1): 2, date(2025, 12, 31): 1})
    assert days.to_list() == [date(2025, 12, 31), date(2026, 3, 1)]
    assert days.to_dict()[date(2026, 3, 1)] == 2.0
    assert date(2025, 12, 31) in days
    assert (days.score(date(1999, 1, 1)), "nonsense" in days) == (None, False)
    with nothing_written(backend), pytest.raises(InvalidElement):
        days.add("nonsense", 1)  # type: ignore[arg-type]
    assert days.pop_min() == (date(2025, 12, 31), 1.0)
    assert days.pop_max_many(3) == [(date(2026, 3, 1), 2.0)]
    with pytest.raises(KeyError):
        days.pop_min()


def test_what_does_not_validate_stays_where_it_is(tree: Proxy, backend: Backend) -> None:
    tree.get("app.best").as_sorted_set().add_many({"2026-01-01": 1, "nonsense": 0, "2026-01-02": 2})
    days = tree.get("app.best").as_sorted_set(of=date)
    with nothing_written(backend):
        for act in (days.pop_min, lambda: days.pop_max_many(3), lambda: days.blocking_pop_min(1), days.to_list):
            with pytest.raises(InvalidElement, match="nonsense"):
                act()
    assert days.pop_max() == (date(2026, 1, 2), 2.0)
    assert days.pop_max_many(1) == [(date(2026, 1, 1), 1.0)]
    assert days.length() == 1


def test_a_write_needs_the_lock_that_was_taken(best: SortedSet[Any], tree: Proxy, backend: Backend) -> None:
    lease = tree.get("app").acquire()
    best.add("ada", 1)
    best.add_many({"cy": 3, "bob": 2, "dan": 4})
    assert best.pop_min() == ("ada", 1.0)
    assert best.blocking_pop_min(0) == ("bob", 2.0)
    held = backend.keys()
    backend.client.delete(*[key for key in held if ":l:" in key or ":b:" in key])
    writes = (lambda: best.add("x", 1), lambda: best.add_many({"x": 1}), best.pop_min, lambda: best.blocking_pop_max(0))
    for act in (*writes, best.clear, lambda: best.discard("cy"), lease.release):
        with pytest.raises(LockLost):
            act()
    assert best.to_dict() == {"cy": 3.0, "dan": 4.0}


@once_each
def test_many_at_once(best: SortedSet[Any]) -> None:
    """More than one command of a script takes; options are said with each."""
    numbers = list(range(9001))
    random.Random(1).shuffle(numbers)
    assert best.add_many((number, number / 2) for number in numbers) == 9001
    assert best.add_many(((number, 0) for number in numbers), only_new=True) == 0
    assert best.add_many(((number, number) for number in range(9100)), greater=True, only_existing=True) == 9000
    assert best.to_list() == list(range(9001))
    assert best.scores(range(-1, 9001)) == [None, *map(float, range(9001))]
    assert best.remove_many(range(4500)) == 4500
    assert [member for member, _ in best.pop_min_many(4400)] == list(range(4500, 8900))
    assert list(best) == list(range(8900, 9001))
