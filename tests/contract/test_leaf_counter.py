"""``as_counter()`` in every face: what its operations do, and what they leave alone."""

from __future__ import annotations

import copy
import json
import pickle
from collections import Counter as Plain
from datetime import date
from typing import Any

import pytest

from redicts import InvalidElement, Proxy, WrongType
from redicts.leaves.counter import Counter
from tests.contract.variants import mostly_sync, sync_only
from tests.support.backends import Backend
from tests.support.trees import nothing_written

MOST, LEAST = 2**63 - 1, -(2**63)
LIFE = 1000


@pytest.fixture
def hits(tree: Proxy) -> Counter[Any]:
    """A counter at a place where nothing is."""
    return tree.get("app.hits").as_counter()


def test_nothing_is_there_before_the_first_count(hits: Counter[Any], tree: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        assert (hits.lookup("a"), hits.get("a"), hits.get("a", 7), hits.contains("a")) == (0, None, 7, False)
        assert (hits.get_many("ab"), hits.get_many("ab", -1)) == ([0, 0], [-1, -1])
        assert (hits.to_counter(), hits.most_common(), hits.most_common(3), hits.total()) == (Plain(), [], [], 0)
        hits.delete("a")
        hits.update("")
        hits.subtract({})
        hits.combine("-", {"a": 1})
        hits.combine("&", {"a": 1})
        hits.combine("|", {"a": 0, "b": -1})
        hits.clear()
        with pytest.raises(KeyError):
            hits.popitem()
        with pytest.raises(KeyError):
            hits.pop("a")
    assert not tree.get("app").exists()


def test_counting(hits: Counter[Any], tree: Proxy) -> None:
    assert (hits.increment("a"), hits.increment("a", 10), hits.increment("b", -3), hits.increment("a", 0)) == (
        1,
        11,
        -3,
        11,
    )
    hits.update("abca")
    hits.update({"a": 5, "z": 0}, b=1)
    hits.subtract(iter(["c", "c", None, (1, "x")]))
    hits.subtract({"a": -1}, z=2)
    expected = {"a": 19, "b": -1, "c": -1, "z": -2, None: -1, (1, "x"): -1}
    assert hits.to_counter() == Plain(expected)
    assert hits.to_dict() == dict(hits.to_items()) == expected
    assert hits.total() == 13
    hits.set("z", 7)
    assert (hits.lookup("z"), hits.setdefault("z", 1), hits.setdefault("new", 2), hits.pop("new")) == (7, 7, 2, 2)
    hits.delete("a")
    assert hits.delete_many(["b", "c", "x", (1, "x")]) == 3
    hits.delete(None)
    assert tree.get("app.hits").kind() == "counter"
    assert tree.val() == {"app": {"hits": {"z": 7}}}
    assert hits.popitem() == ("z", 7)
    assert tree.val() == {}


def test_an_iterable_is_counted_once(hits: Counter[Any]) -> None:
    """Others count it several times, or lose some."""
    hits.update(iter("abracadabra"))
    hits.update(character for character in "abracadabra")
    assert hits.to_counter() == Plain("abracadabra" * 2)
    with pytest.raises(TypeError):
        hits.update(["x", ["y"]])
    assert hits.total() == 22
    hits.update([1, True, 1.0, "1", 1])
    assert hits.get_many([1, True, 1.0, "1"]) == [2, 1, 1, 1]


def test_zero_and_below_are_kept(hits: Counter[Any]) -> None:
    hits.update(a=1, b=0, c=-1)
    hits.subtract("a")
    assert hits.to_dict() == {"a": 0, "b": 0, "c": -1}
    assert hits.contains("b")


@pytest.mark.parametrize("how", ["+", "-", "|", "&"])
def test_in_place_only_what_is_positive_is_kept(hits: Counter[Any], backend: Backend, how: Any) -> None:
    for mine in ({"a": 5, "b": -2, "c": 0, "d": 1, "e": MOST - 1}, {"a": -1}, {}):
        for theirs in ({"a": -7, "b": 3, "d": 1, "x": 4, "y": -4, "z": 0, "e": -MOST}, {"a": 5}, {}):
            hits.clear()
            hits.update(mine)
            expected = Plain(mine)
            if how == "+":
                expected += Plain(theirs)
            elif how == "-" and "e" in mine and "e" in theirs:
                continue  # beyond 64 bits: see below
            elif how == "-":
                expected -= Plain(theirs)
            elif how == "|":
                expected |= Plain(theirs)
            else:
                expected &= Plain(theirs)
            hits.combine(how, theirs)
            assert hits.to_dict() == dict(expected), (mine, theirs)
            assert bool(backend.keys()) == bool(expected)


@pytest.mark.parametrize("start", [0, 1, 10**14, 10**15, 2**53, 10**17, MOST - 1, -(10**15), LEAST + 1])
def test_counts_of_64_bits_are_exact(hits: Counter[Any], start: int) -> None:
    hits.set("a", start)
    assert hits.lookup("a") == start
    assert hits.increment("a") == start + 1
    assert hits.increment("a", -1) == start
    hits.update(a=-1, b=start)
    hits.update("a")
    assert hits.to_dict() == {"a": start, "b": start}
    assert hits.total() == 2 * start
    hits.subtract({"a": start, "b": start})
    assert hits.to_dict() == {"a": 0, "b": 0}


def test_beyond_64_bits_is_refused(hits: Counter[Any], backend: Backend) -> None:
    hits.update(a=MOST, b=LEAST, c=1)
    with nothing_written(backend):
        for act in (
            lambda: hits.increment("a"), lambda: hits.increment("b", -1), lambda: hits.set("c", MOST + 1),
            lambda: hits.update(c=1, new=1, a=1), lambda: hits.update("cab"), lambda: hits.subtract("cb"),
            lambda: hits.subtract(c=LEAST), lambda: hits.update({"c": 2**70}), lambda: hits.setdefault("x", LEAST - 1),
            lambda: hits.combine("+", {"c": 1, "a": 1}), lambda: hits.combine("-", {"b": 1}),
            lambda: hits.increment("x", 2**64),
            lambda: hits.combine("|", {"c": 2**63}),
        ):  # fmt: skip
            with pytest.raises(OverflowError, match="beyond 64 bits; nothing was written"):
                act()
    hits.combine("&", {"a": MOST, "c": MOST})
    assert hits.to_dict() == {"a": MOST, "c": 1}


@pytest.mark.parametrize("count", [1.5, "1", None, [1], 1.0])
def test_what_is_no_count(hits: Counter[Any], backend: Backend, count: Any) -> None:
    hits.update("a")
    with nothing_written(backend):
        for act in (
            lambda: hits.set("a", count), lambda: hits.increment("a", count), lambda: hits.update({"b": 1, "a": count}),
            lambda: hits.subtract({"a": count}), lambda: hits.combine("+", {"a": count}),
            lambda: hits.setdefault("b", count),
        ):  # fmt: skip
            with pytest.raises(TypeError, match="must be an integer"):
                act()
    hits.set("a", True)
    assert hits.to_dict() == {"a": 1}


@pytest.mark.parametrize("key", [[], {}, object(), b""])
def test_what_cannot_be_counted(hits: Counter[Any], backend: Backend, key: Any) -> None:
    hits.update("a")
    with nothing_written(backend):
        for act in (lambda: hits.set(key, 1), lambda: hits.increment(key), lambda: hits.update(["a", key])):
            with pytest.raises(TypeError):
                act()
        with pytest.raises(TypeError):
            hits.update(5)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="a mapping of counts"):
            hits.combine("+", "abc")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="how is one of"):
            hits.combine("*", {})  # type: ignore[arg-type]


def test_another_kind_is_left_alone(hits: Counter[Any], tree: Proxy, backend: Backend) -> None:
    tree.get("app.hits").as_dict().set("a", 1)
    with nothing_written(backend):
        for act in (
            hits.to_counter, hits.length, hits.popitem, hits.clear, lambda: hits.set("a", 2),
            lambda: hits.increment("a"),
            lambda: hits.update("a"), lambda: hits.subtract("a"), lambda: hits.combine("|", {"a": 9}), hits.total,
            lambda: hits.most_common(1), hits.most_common, lambda: hits.delete("a"), lambda: hits.get_many("a"),
        ):  # fmt: skip
            with pytest.raises(WrongType) as caught:
                act()
            assert (caught.value.expected, caught.value.found) == ("counter", "dict")


def test_the_most_common(hits: Counter[Any]) -> None:
    counts = {f"k{number}": (number * 7919) % 1009 - 300 for number in range(1000)}
    counts |= {"most": MOST, "nearly": MOST - 1, "least": LEAST, "big": 10**15, "bigger": 10**15 + 1}
    hits.update(counts)
    ranked = sorted(counts.values(), reverse=True)
    for n in (0, 1, 2, 5, 200, 1004, 1005, 5000, None):
        found = hits.most_common(n)
        assert [count for _, count in found] == ranked[:n]
        assert all(counts[key] == count for key, count in found)
        assert len(dict(found)) == len(found)
    assert hits.most_common(-1) == []
    assert len(hits.most_common(10**30)) == len(ranked)
    with pytest.raises(TypeError):
        hits.most_common(1.5)  # type: ignore[arg-type]


@mostly_sync
def test_many(hits: Counter[Any], tree: Proxy) -> None:
    hits.update(number % 9001 for number in range(20_000))
    assert (hits.length(), hits.total(), hits.get_many([0, 1998, 9000])) == (9001, 20_000, [3, 2, 2])
    assert tree.get("app.hits").expire(LIFE)
    hits.combine("-", dict.fromkeys(range(9001), 2))
    assert hits.to_dict() == dict.fromkeys(range(1998), 1)
    hits.update(dict.fromkeys(map(str, range(9001)), 5))
    hits.combine("|", dict.fromkeys(map(str, range(9001)), 6))
    hits.increment("0")
    assert (hits.length(), hits.total()) == (9001 + 1998, 9001 * 6 + 1998 + 1)
    assert LIFE - 60 < tree.get("app.hits").time_to_live() <= LIFE


def test_what_is_counted_has_a_type(tree: Proxy, backend: Backend) -> None:
    days = tree.get("days").as_counter(of=date)
    days.update([date(2024, 1, 2), date(2024, 1, 2), date(1, 1, 1)])
    assert days.most_common(1) == [(date(2024, 1, 2), 2)]
    assert days.to_counter() == Plain({date(2024, 1, 2): 2, date(1, 1, 1): 1})
    with nothing_written(backend):
        with pytest.raises(InvalidElement):
            days.update([date(1, 1, 1), "soon"])  # type: ignore[list-item]
        assert days.lookup("soon") == 0  # type: ignore[arg-type]
    tree.get("days").as_counter().update(["soon"])
    with nothing_written(backend):
        for act in (days.most_common, lambda: days.most_common(3), days.to_counter):
            with pytest.raises(InvalidElement):
                act()
    assert days.total() == 4


@sync_only
def test_as_a_counter_is_used(hits: Counter[Any], tree: Proxy) -> None:
    hits["a"] += 5
    hits["b"] -= 2
    hits["c"] = hits["a"] + hits["b"]
    del hits["nothing"]
    assert hits == {"a": 5, "b": -2, "c": 3} == hits
    assert hits == Plain(a=5, b=-2, c=3, d=0) == hits
    assert hits != {"a": 5, "b": -2, "c": 3, "d": 0}
    assert hits != 5
    assert sorted(hits.elements()) == [*"aaaaaccc"]
    other = tree.get("other").as_counter()
    other.update(a=1, b=7, x=2)
    mine, theirs = hits.to_counter(), other.to_counter()
    for right in (other, theirs, dict(theirs)):
        assert (hits + right, hits - right) == (mine + theirs, mine - theirs)
        assert (hits | right, hits & right) == (mine | theirs, mine & theirs)
        assert (right + hits, right - hits) == (theirs + mine, theirs - mine)
        assert type(hits + right) is type(right - hits) is Plain
    assert (+hits, -hits, hits.copy()) == (Plain(a=5, c=3), Plain(b=2), mine)
    assert (hits <= mine, hits < mine, hits >= mine, hits > mine) == (True, False, True, False)
    assert (other <= hits, theirs >= hits, hits < mine + Plain("zbbb")) == (False, False, True)
    assert hits <= Plain(a=5, c=9)
    for act in (lambda: hits + 5, lambda: hits < 5, lambda: [] - hits, lambda: hits & "a"):  # type: ignore[operator]
        with pytest.raises(TypeError):
            act()
    hits += other
    assert hits == {"a": 6, "b": 5, "c": 3, "x": 2}
    hits -= {"b": 4, "c": 4}
    hits |= Plain(n=1)
    hits &= {"a": 2, "b": 9, "n": 1}
    assert hits == {"a": 2, "b": 1, "n": 1}
    with pytest.raises(TypeError):
        hits += "abc"  # type: ignore[arg-type]
    for make in (Counter.fromkeys, hits.fromkeys):
        with pytest.raises(NotImplementedError):
            make("ab")
    assert ("z", 0) not in hits.items()
    assert ("a", 2) in hits.items()
    hits.update(hits)
    assert hits["a"] == 4
    hits.update(self=1, other=2, iterable=3)
    assert hits.get_many(["self", "other", "iterable"]) == [1, 2, 3]


@sync_only
def test_a_count_is_an_integer(hits: Counter[Any]) -> None:
    hits["a"] = 5
    count: Any = hits["a"]
    assert (count, type(count + 1), type(1 + count), type(-count), type(count * 2)) == (5, int, int, int, int)
    assert (repr(count), f"{count:03d}", hash(count), json.dumps([count])) == ("5", "005", hash(5), "[5]")
    assert {5: 1}[count] == 1
    for made in (pickle.loads(pickle.dumps(count)), copy.copy(count), copy.deepcopy(count)):
        assert (made, type(made)) == (5, int)
    with pytest.raises(AttributeError):
        count.x = 1
    with pytest.raises(AttributeError):
        del count.real
    count += 1.5
    assert count == 6.5
    with pytest.raises(TypeError):
        hits["a"] += 0.5  # type: ignore[assignment]
    assert hits["a"] == 5


@sync_only
def test_adding_in_place_adds_to_what_is_there(hits: Counter[Any], tree: Proxy) -> None:
    """What others count between reading and setting is not lost; and where it is no ``+=``, it is set."""
    hits["a"] = 5

    def meanwhile(n: int) -> int:
        other.hincrby(hits._place._space.body(("app", "hits")), '"a"', 100)
        return n

    place: Any = hits._place
    other = place._where().client
    hits["a"] += meanwhile(1)
    assert hits["a"] == 106
    hits["a"] -= meanwhile(6)
    assert hits["a"] == 200
    hits["a"] += hits["a"] + hits["b"]
    assert hits["a"] == 400
    hits["a"] = hits["a"] + meanwhile(1)
    assert hits["a"] == 401, "that sets it"

    old = hits["a"]
    hits["a"] = 0
    old += 1
    hits["a"] = old
    assert hits["a"] == 402, "set since, by this thread"
    old = hits["a"]
    tree.get("app.hits").as_counter().set("a", 0)
    old += 1
    hits["a"] = old
    assert hits["a"] == 403, "through another handle, too"

    read = hits["a"]
    read += 1
    hits["b"] = read
    assert (hits["a"], hits["b"]) == (403, 404), "another key"
    second = tree.get("app.second").as_counter()
    read = hits["a"]
    read += 1
    second["a"] = read
    assert (second["a"], hits["a"]) == (404, 403), "another counter"
