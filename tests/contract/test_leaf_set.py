"""``as_set()`` in every face: what is done with elements. ``test_leaf_set_algebra.py`` has what is done with others."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from redicts import Proxy, WrongType
from redicts.leaves.parts.seen import Seen
from redicts.leaves.set import Set
from tests.contract.variants import sync_only
from tests.support.backends import Backend
from tests.support.trees import nothing_written

NAN = float("nan")


@pytest.fixture
def tags(tree: Proxy) -> Set[Any]:
    """A set at a place where nothing is."""
    return tree.get("app.tags").as_set()


def test_nothing_is_there_before_the_first_element(tags: Set[Any], tree: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        assert tags.to_set() == set()
        assert tags.length() == 0
        assert tags.contains(1) is False
        assert tags.contains_many([1, "x"]) == [False, False]
        assert tags.add_many([]) == 0
        assert list(tags) == []
        assert tags.page() == ("0", [])
        with pytest.raises(KeyError, match="empty set"):
            tags.pop()
        with pytest.raises(KeyError) as caught:
            tags.remove("x")
        assert caught.value.args == ("x",)
        tags.discard("x")
        tags.clear()
        tags.update()
        tags.update([], ())
        tags.difference_update(["x"])
        tags.intersection_update(["x"])
        tags.symmetric_difference_update([])
        assert tags.store_union([]) == 0
    assert not tree.get("app").exists()


def test_elements(tags: Set[Any], tree: Proxy) -> None:
    tags.add("a")
    tags.add("a")
    assert tags.add_many(["a", "b", 1, 1]) == 2
    assert tags.to_set() == {"a", "b", 1} == set(tags)
    assert (tags.length(), tags.contains("b"), tags.contains("c")) == (3, True, False)
    assert tree.get("app.tags").kind() == "set"
    tags.remove("b")
    tags.discard("a")
    tags.discard("a")
    assert tree.val() == {"app": {"tags": [1]}}
    with pytest.raises(KeyError):
        tags.remove("b")


def test_the_last_element_takes_the_place_away(tags: Set[Any], tree: Proxy, backend: Backend) -> None:
    for take in (lambda: tags.remove("x"), lambda: tags.discard("x"), tags.pop, tags.clear):
        tags.add("x")
        take()
        assert tree.val() == {}
        assert backend.keys() == []


def test_values_are_compared_as_json(tags: Set[Any]) -> None:
    tags.update([1, 1.0, True, 0, False, None, "1", NAN, -0.0, 0.0, (), (1, (2.5, None))])
    assert tags.length() == 12
    assert tags.contains_many([1, 1.0, True, "1", NAN, 2, (1,), (1, (2.5, None)), ()]) == [
        True, True, True, True, True, False, False, True, True,
    ]  # fmt: skip
    tags.remove(1)
    assert tags.contains_many([1, 1.0, True]) == [False, True, True]


def test_tuples_come_back_as_tuples(tags: Set[Any], tree: Proxy) -> None:
    tags.add((1, ("a", ()), None))
    assert tags.to_set() == {(1, ("a", ()), None)} == set(tags)
    assert tags.pop() == (1, ("a", ()), None)


@pytest.mark.parametrize("value", [[], {}, {1}, bytearray(), ([],), (1, {})])
def test_what_is_not_hashable_is_a_type_error(tags: Set[Any], backend: Backend, value: Any) -> None:
    tags.add("a")
    with nothing_written(backend):
        for act in (tags.add, lambda v: tags.add_many([v]), lambda v: tags.update(["b"], [v])):
            with pytest.raises(TypeError):
                act(value)
        if isinstance(value, set):  # as in Python: it is looked for as a frozenset
            assert tags.contains(value) is False
            tags.discard(value)
            with pytest.raises(KeyError):
                tags.remove(value)
        else:
            for look in (tags.contains, tags.discard, tags.remove, lambda v: tags.contains_many([v])):
                with pytest.raises(TypeError, match="unhashable"):
                    look(value)


@pytest.mark.parametrize("value", [frozenset([1]), b"x", object(), (1, frozenset())])
def test_what_is_no_json_cannot_be_an_element(tags: Set[Any], backend: Backend, value: Any) -> None:
    tags.add("a")
    with nothing_written(backend):
        with pytest.raises(TypeError, match=r"frozenset|JSON"):
            tags.add(value)
        assert tags.contains(value) is False
        assert tags.contains_many([value, "a"]) == [False, True]
        tags.discard(value)
        with pytest.raises(KeyError):
            tags.remove(value)


@pytest.mark.parametrize("value", [1, [], None, {"x": 1}])
def test_another_kind_is_left_alone(tags: Set[Any], tree: Proxy, backend: Backend, value: Any) -> None:
    tree.set("app.tags", value)
    other = tree.get("app.other").as_set()
    other.add("a")
    before = tree.val()
    with nothing_written(backend):
        for act in (
            tags.to_set, tags.length, tags.pop, tags.clear, tags.page, lambda: tags.add(1), lambda: tags.discard(1),
            lambda: tags.contains(1), lambda: tags.contains_many([1]), lambda: tags.update([1]), tags.union,
            lambda: tags.overlap(other), lambda: tags.overlap([1]), lambda: tags.intersection([1]),
            lambda: tags.update(other), lambda: tags.difference_update(other), lambda: tags.store_union(other),
        ):  # fmt: skip
            with pytest.raises(WrongType) as caught:
                act()
            assert (caught.value.path, caught.value.expected) == ("app.tags", "set")
        for act in (
            lambda: other.union(tags), lambda: other.intersection(other, tags), lambda: other.overlap(tags),
            lambda: other.update(tags), lambda: other.store_union(other, tags),
        ):  # fmt: skip
            with pytest.raises(WrongType) as caught:
                act()
            assert (caught.value.path, caught.value.expected) == ("app.tags", "set")
    assert tree.val() == before


def test_names_may_be_anything(tree: Proxy) -> None:
    """Also what a pattern would match more than: nothing is looked for by patterns."""
    names = ["*[a]?", "a", "*", "[a]", "?", "b.c", "\\", "{x}"]
    leaves = [tree.get(["app", name]).as_set() for name in names]
    for name, leaf in zip(names, leaves, strict=True):
        leaf.update([name, "every"])
    assert [leaf.to_set() for leaf in leaves] == [{name, "every"} for name in names]
    assert leaves[0].union(*leaves[1:]) == {*names, "every"}
    assert leaves[0].intersection(*leaves[1:]) == {"every"}
    leaves[0].difference_update(leaves[1])
    leaves[0].clear()
    assert [leaf.length() for leaf in leaves] == [0] + [2] * 7


def test_pages_give_each_element_once(tags: Set[Any], tree: Proxy) -> None:
    tags.update(range(2500), map(str, range(2500)))
    assert sorted(tags, key=repr) == sorted([*range(2500), *map(str, range(2500))], key=repr)
    cursor, seen, found, pages = "0", Seen(), list[Any](), 0
    while pages == 0 or cursor != "0":
        cursor, elements = tags.page(cursor, seen)
        found, pages = [*found, *elements], pages + 1
    assert len(found) == len(set(found)) == 5000
    assert pages < 20
    assert tags.page(seen=seen)[1] == [], "what came before is left out"
    assert len(tags.page()[1]) > 500


def test_many_elements_at_once(tags: Set[Any], tree: Proxy) -> None:
    count = 9001
    assert tags.add_many(range(count)) == count
    assert tags.to_set() == set(range(count))
    assert tags.contains_many(range(-1, count + 1)) == [False] + [True] * count + [False]
    tags.intersection_update(range(1, count))
    assert tags.length() == count - 1
    tags.symmetric_difference_update(range(count))
    assert tags.to_set() == {0}
    tags.update(range(count))
    tags.difference_update(range(1, count))
    assert tags.to_set() == {0}
    assert tags.overlap(range(count)) == (1, count, 1)


def test_time_to_live_stays(tags: Set[Any], tree: Proxy, backend: Backend) -> None:
    place, other = tree.get("app.tags"), tree.get("app.other").as_set()
    other.update([1, 2])
    tags.add(0)
    place.expire(1000)
    for change in (
        lambda: tags.update([3]), lambda: tags.update(other), lambda: tags.difference_update([3]),
        lambda: tags.intersection_update([0, 1]), lambda: tags.symmetric_difference_update([7]),
        lambda: tags.symmetric_difference_update(other), lambda: tags.difference_update(other, [0, 9]),
        lambda: tags.intersection_update(tags), lambda: tags.store_union(other, tags), lambda: tags.store_union([5]),
    ):  # fmt: skip
        change()
        assert tags.length() > 0
        assert 990 < place.time_to_live() <= 1000
    backend.advance(1001)
    assert tags.to_set() == set()
    tags.update(other)
    assert place.time_to_live() == -1


def test_a_new_set_lives_as_long_as_what_it_lies_in(tags: Set[Any], tree: Proxy) -> None:
    tree.set("app.x", 1)
    other = tree.get("app.other").as_set()
    other.add(1)
    tree.get("app").expire(1000)
    tags.update(other)
    assert 990 < tree.get("app.tags").time_to_live() <= 1000


@sync_only
def test_the_protocol_of_sets(tags: Set[Any], tree: Proxy) -> None:
    assert not tags
    assert tags.copy() == set()
    tags |= {"a", "b"}
    assert tags
    assert len(tags) == 2
    assert "a" in tags
    assert {1} not in tags  # as in Python: no error
    assert tags.copy() == {"a", "b"}
    assert type(tags.copy()) is set
    assert repr(tags) == "Set('app.tags')"
    with pytest.raises(TypeError, match="unhashable"):
        hash(tags)


def test_an_iteration_goes_on_while_the_set_changes(tags: Set[Any], tree: Proxy) -> None:
    stays = set(range(3000))
    tags.update(stays, range(10_000, 16_000))
    found = list(itertools.islice(elements := iter(tags), 500))
    tags.difference_update(range(10_000, 16_000))  # the server's table shrinks
    tags.update(range(20_000, 20_100))
    found += elements
    assert len(found) == len(set(found))
    assert stays <= set(found)
