"""``as_hyperloglog()`` in every face: what its operations do, and what they leave alone.

``tests/concurrency/test_leaf_hyperloglog.py`` has how well it estimates, and what others see meanwhile.
"""

from __future__ import annotations

from typing import Any

import pytest

from redicts import InternalError, InvalidElement, Proxy, TooManyElements, WrongType
from redicts.leaves.hyperloglog import HyperLogLog
from redicts.leaves.parts.hyperloglog_seen import MOST
from tests.contract.variants import SERVERS, on, once_each
from tests.support.backends import Backend
from tests.support.trees import nothing_written

on_servers = on(*SERVERS, "asyncio:valkey-resp3", "queued:redis-resp3")
"""For what fakeredis has as sets: they have no bytes to read or spoil."""


@pytest.fixture
def seen(tree: Proxy) -> HyperLogLog[Any]:
    """One at a place where nothing is."""
    return tree.get("app.seen").as_hyperloglog()


def fill(tree: Proxy, name: str, *values: Any) -> HyperLogLog[Any]:
    made = tree.get(name).as_hyperloglog()
    _ = made.update(values)
    _ = made.length()  # the server keeps it: so that reading writes nothing
    return made


def test_nothing_is_there_before_the_first_element(seen: HyperLogLog[Any], tree: Proxy, backend: Backend) -> None:
    other = tree.get("app.other").as_hyperloglog()
    with nothing_written(backend):
        assert (seen.length(), len(seen)) == (0, 0)
        assert seen.contains("x") is False
        assert "x" not in seen
        assert seen.contains_many(["x", 1]) == [False, False]
        assert seen.contains_many([]) == []
        assert seen.update([]) is False
        assert seen.union_length(other, seen) == 0
        seen.union_update()
        seen.union_update(other, seen)
        assert seen.store_union(other, seen) == 0
        seen.clear()
    assert not tree.get("app").exists()


def test_what_it_sees(seen: HyperLogLog[Any], tree: Proxy) -> None:
    assert [seen.add("a"), seen.add("a"), seen.add("b")] == [True, False, True]
    assert [seen.update(["a", "b"]), seen.update(["b", "c", "c"]), seen.update("abcd")] == [False, True, True]
    assert (seen.length(), len(seen)) == (4, 4)
    assert tree.val() == {"app": {"seen": 4}}
    assert tree.get("app.seen").kind() == "hyperloglog"
    assert seen.contains_many(["a", "x", "d", "y"]) == [True, False, True, False]
    assert ("c" in seen, "z" in seen) == (True, False)
    seen.clear()
    assert tree.val() == {}


def test_elements_are_compared_as_json(seen: HyperLogLog[Any]) -> None:
    """Pottery has one text for 1 and True, as elements of a set have one hash."""
    values = [1, 1.0, True, "1", None, "null", [], [1], {"a": 1, "b": 2}, "é", 0.0, -0.0, 2**70]
    assert seen.update(values)
    assert seen.length() == len(values)
    assert seen.contains({"b": 2, "a": 1})
    assert seen.contains_many([(1,), [1.0], [True], {"a": 1}]) == [True, False, False, False]


def test_many_at_once(seen: HyperLogLog[Any], backend: Backend) -> None:
    """More than one command of a script can take, and more than one script is asked about."""
    values = [f"element {number}" for number in range(10_000)]
    assert seen.update(values) is True
    assert seen.update(reversed(values)) is False
    assert abs(seen.length() - 10_000) < 300
    seen.clear()
    assert seen.update(values[:50])
    found = seen.contains_many(values[: 9000 if backend.real else 4100])
    assert all(found[:50]), "what was seen is known"
    assert sum(found[50:]) < (0.004 * 9000 if backend.real else 1)


def test_values_of_a_type(tree: Proxy, backend: Backend) -> None:
    numbers: HyperLogLog[Any] = tree.get("numbers").as_hyperloglog(of=int)
    assert numbers.add(1)
    assert numbers.update(["2", 3])
    assert numbers.contains_many([1, "2", "x", None, 4]) == [True, True, False, False, False]
    assert numbers.contains("x") is False
    _ = numbers.length()
    with nothing_written(backend):
        with pytest.raises(InvalidElement, match="nothing was written"):
            numbers.add("x")
        with pytest.raises(InvalidElement, match="nothing was written"):
            numbers.update([4, "x"])


def test_what_cannot_be_an_element(seen: HyperLogLog[Any], tree: Proxy, backend: Backend) -> None:
    other = tree.get("app.other").as_hyperloglog()
    with nothing_written(backend):
        for value in (object(), b"x", {1, 2}, {1: 2}):
            for act in (seen.add, seen.contains, lambda v: seen.update(["a", v]), lambda v: seen.contains_many([v])):
                with pytest.raises(TypeError):
                    act(value)
        with pytest.raises(TypeError):
            seen.update(7)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"union_update\(\) takes HyperLogLogs"):
            seen.update(other)  # type: ignore[arg-type]
        for unite in (seen.union_length, seen.union_update, seen.store_union):
            for wrong in (["a"], "a", None, tree.get("app.set").as_set()):
                with pytest.raises(TypeError, match=r"update\(\) takes elements"):
                    unite(wrong)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="too many at once"):
            seen.union_length(*[other] * 4001)
        with pytest.raises(TypeError):
            iter(seen)  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        seen |= {"a"}  # type: ignore[arg-type]


def test_together(tree: Proxy, backend: Backend) -> None:
    monday, tuesday = fill(tree, "days.monday", "ada", "bob"), fill(tree, "days.tuesday", "bob", "eve")
    abroad, none = fill(tree, "abroad.monday", "ada", "zoe"), tree.get("days.none").as_hyperloglog()
    with nothing_written(backend):
        assert monday.union_length(tuesday) == tuesday.union_length(monday) == 3
        assert monday.union_length() == monday.union_length(monday, none) == none.union_length(monday) == 2
        assert monday.union_length(tuesday, abroad, none) == 4
    monday.union_update(tuesday, none)
    assert (monday.length(), tuesday.length(), none.length()) == (3, 2, 0)
    monday |= abroad
    assert (monday.length(), abroad.length()) == (4, 2)
    assert monday.contains_many(["ada", "bob", "eve", "zoe", "tom"]) == [True, True, True, True, False]
    none.union_update(abroad)
    assert tree.val() == {"days": {"monday": 4, "tuesday": 2, "none": 2}, "abroad": {"monday": 2}}
    assert len(backend.keys()) == 7, "two hashes, four bodies, and the names of the sections"


def test_what_others_make_together_is_stored(tree: Proxy, backend: Backend) -> None:
    one, other, week = fill(tree, "d.one", 1, 2), fill(tree, "d.other", 2, 3), tree.get("d.week").as_hyperloglog()
    assert week.store_union(one, other) == 3 == week.length()
    assert week.store_union(other) == 2
    assert week.contains_many([1, 2, 3]) == [False, True, True], "what was there is gone"
    assert week.store_union(week, one) == 3
    assert tree.val() == {"d": {"one": 2, "other": 2, "week": 3}}
    assert week.store_union(tree.get("d.none").as_hyperloglog()) == 0
    assert tree.val() == {"d": {"one": 2, "other": 2}}
    assert len(backend.keys()) == 4


def test_lives_stay(tree: Proxy) -> None:
    one, other, place = fill(tree, "d.one", 1), fill(tree, "d.other", 2), tree.get("d.one")
    assert place.expire(1000)
    assert one.add(3)
    one.union_update(other)
    assert one.store_union(one, other) == 3
    assert one.store_union(other) == 1
    assert one.contains(2)
    assert 900 < place.time_to_live() <= 1000
    assert tree.get("d").expire(500)
    made = tree.get("d.made").as_hyperloglog()
    made.union_update(other)
    assert 400 < tree.get("d.made").time_to_live() <= 500


@on_servers
def test_of_another_database(tree: Proxy, backend: Backend) -> None:
    """A synchronous one is read first; of others who has them must say how."""
    here = fill(tree, "d.here", "a", "b")
    there = backend.face.place("d.there", namespace=f"{backend.namespace}:x").as_hyperloglog()
    if backend.through == "asyncio":
        with pytest.raises(TypeError, match="in another database"):
            here.union_length(there)
        return
    with nothing_written(backend):
        assert here.union_length(there) == 2, "it is empty"
    assert there.update(["b", "c", "d"])
    assert here.union_length(there, there) == 4
    here.union_update(there)
    assert here.contains_many(["a", "c", "d", "x"]) == [True, True, True, False]
    assert tree.get("d.new").as_hyperloglog().store_union(there) == 3
    assert tree.val() == {"d": {"here": 4, "new": 3}}
    there.clear()
    mine = backend.keys()
    assert len([key for key in mine if ":x:" not in key]) == 4


@pytest.mark.parametrize("value", [1, [], {"x": 1}, "set"])
def test_another_kind_is_left_alone(tree: Proxy, backend: Backend, value: Any) -> None:
    if value == "set":
        tree.get("app.seen").as_set().add(1)
    else:
        tree.set("app.seen", value)
    seen, other = tree.get("app.seen").as_hyperloglog(), fill(tree, "app.other", "a")
    with nothing_written(backend):
        for act in (
            seen.length, seen.clear, lambda: seen.add(1), lambda: seen.update([1, 2]), lambda: seen.contains(1),
            lambda: seen.contains_many([1]), lambda: seen.union_length(other), lambda: seen.union_update(other),
            lambda: seen.store_union(other), lambda: other.union_length(seen), lambda: other.union_update(other, seen),
            lambda: other.store_union(other, seen),
        ):  # fmt: skip
            with pytest.raises(WrongType) as caught:
                act()
            assert (caught.value.path, caught.value.expected) == ("app.seen", "hyperloglog")


CORRUPT = b"HYLL" + bytes([1]) + bytes(3) + bytes(7) + b"\x80" + b"\x40\x63"
"""A sparse one, of 100 registers; its estimate is not cached."""


@on_servers
@pytest.mark.parametrize("body", [b"oops", b"", CORRUPT, b"HYLL" + bytes(100)])
def test_what_redicts_did_not_put_there(tree: Proxy, backend: Backend, body: bytes) -> None:
    seen, other = fill(tree, "app.seen", "a"), fill(tree, "app.other", "b")
    backend.client.set(backend.database.space.body(("app", "seen")), body)
    with nothing_written(backend):
        for act in (
            seen.length, lambda: seen.add(1), lambda: seen.update([1, 2]), lambda: seen.update(range(5000)),
            lambda: seen.contains(1), lambda: seen.union_length(other), lambda: seen.union_update(other),
            lambda: other.union_length(seen), lambda: other.union_update(seen), lambda: other.store_union(seen),
            tree.get("app").val, lambda: tree.get("app.new").as_hyperloglog().store_union(seen),
        ):  # fmt: skip
            with pytest.raises(InternalError, match=r"run check\(\)"):
                act()
        assert [problem[:1] + problem[2:3] for problem in tree.check()] == [("not a HyperLogLog", "app.seen")]
    assert other.length() == 1
    assert seen.store_union(other) == 1, "that it was is of no matter"
    assert tree.val() == {"app": {"seen": 1, "other": 1}}


@on_servers
def test_a_question_that_fails_half_way_leaves_nothing(tree: Proxy, backend: Backend) -> None:
    """The copy is there when the server finds that what is in it is spoilt: its estimate was cached."""
    seen = fill(tree, "app.seen", "a")
    backend.client.set(backend.database.space.body(("app", "seen")), CORRUPT.replace(b"\x80", b"\x00"))
    assert seen.length() == 0
    backend.client.setrange(backend.database.space.body(("app", "seen")), 8, b"\x01")
    assert seen.length() == 1
    with nothing_written(backend), pytest.raises(InternalError, match=r"run check\(\)"):
        seen.contains("b")
    seen.clear()


@once_each
def test_it_is_refused_where_it_would_be_guessing(seen: HyperLogLog[Any], tree: Proxy, backend: Backend) -> None:
    """Pottery answers, whatever the size: at 100,000 elements it takes 88 % of all others for seen."""
    assert seen.update(range(MOST - 100))
    assert seen.contains(1)
    assert seen.update(range(MOST + 100))
    count = seen.length()
    with nothing_written(backend):
        for act in (lambda: seen.contains("x"), lambda: "x" in seen, lambda: seen.contains_many(["x", 1])):
            with pytest.raises(TooManyElements, match=r"'app\.seen': too many to tell .*as_bloom_filter") as caught:
                act()
            assert (caught.value.path, caught.value.count, caught.value.limit) == ("app.seen", count, 2500)
            assert isinstance(caught.value, ValueError)
    assert seen.contains_many([]) == []
    assert tree.val() == {"app": {"seen": count}}


@pytest.mark.parametrize("count", [1, 200, 2000])
def test_asking_changes_nothing(seen: HyperLogLog[Any], backend: Backend, count: int) -> None:
    """Not a byte of it, in either of the server's encodings; and no key comes or stays."""
    assert seen.update(range(count))
    _ = seen.length()
    with nothing_written(backend):
        _ = seen.contains("x"), seen.contains(1), seen.contains_many(range(count, count + 500))
    backend.client.pfadd(backend.database.space.body(("app", "seen")), '"x"')
    assert seen.contains("x")


def test_the_readme_of_pottery(tree: Proxy) -> None:
    google_searches = tree.get("google-searches").as_hyperloglog()
    assert google_searches.add("sonic the hedgehog video game")
    assert google_searches.update(
        {
            "google in 1998", "minesweeper", "joey tribbiani", "wizard of oz", "rgb to hex", "pac-man",
            "breathing exercise", "do a barrel roll", "snake",
        }
    )  # fmt: skip
    assert len(google_searches) == 10
    assert "joey tribbiani" in google_searches
    assert "jennifer aniston" not in google_searches
    assert google_searches.contains_many(["joey tribbiani", "jennifer aniston"]) == [True, False]
    google_searches.clear()
    assert len(google_searches) == 0
