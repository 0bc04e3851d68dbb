"""``as_dict()`` in every face: what its operations do, and what they leave alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from redicts import Proxy, WrongType
from redicts.leaves.dict import Dict
from tests.contract.variants import mostly_sync, sync_only
from tests.support.backends import Backend
from tests.support.trees import canonical, nothing_written

LIFE = 1000

#: What Python takes for fewer keys, and JSON for as many as stand here.
ALIKE: list[Any] = [
    1,
    "1",
    1.0,
    True,
    "true",
    None,
    "null",
    0,
    False,
    0.0,
    "",
    (1,),
    (1.0,),
    ("1",),
    ((1, None), "x"),
    (),
]
GLOBS = ["*", "a*", "[ab]", "?", "\\*", "a\\", "{x}", "a.b", "%", "é", "\n", "\ud800"]


@pytest.fixture
def ages(tree: Proxy) -> Dict[Any, Any]:
    """A dict at a place where nothing is."""
    return tree.get("app.ages").as_dict()


def test_nothing_is_there_before_the_first_key(ages: Dict[Any, Any], tree: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        assert (ages.to_dict(), ages.to_items(), ages.length()) == ({}, [], 0)
        assert ages.contains(1) is False
        assert (ages.get(1), ages.get(1, 2), ages.get_many([1, 2], 3), ages.pop(1, 4)) == (None, 2, [3, 3], 4)
        for act in (lambda: ages.lookup(1), lambda: ages.delete(1), lambda: ages.pop(1)):
            with pytest.raises(KeyError) as caught:
                act()
            assert caught.value.args == (1,)
        with pytest.raises(KeyError, match="dictionary is empty"):
            ages.popitem()
        assert ages.delete_many([1, 2]) == 0
        ages.update()
        ages.update({})
        ages.clear()
    assert not tree.get("app").exists()


def test_keys_and_values(ages: Dict[Any, Any], tree: Proxy) -> None:
    ages.set("ann", 31)
    ages.update({"bob": None}, eve=[{"b": (), "a": 4.0}])
    ages.update([("bob", 2), ("bob", 27)])
    assert (ages.lookup("ann"), ages.get("eve"), ages.length()) == (31, [{"a": 4.0, "b": []}], 3)
    assert ages.get_many(iter(["bob", "x", "ann", "bob"])) == [27, None, 31, 27]
    assert ages.to_dict() == dict(ages.to_items()) == tree.get("app.ages").val()
    assert tree.get("app.ages").kind() == "dict"
    assert (ages.setdefault("ann", 0), ages.setdefault("new", [1, (2,)]), ages.setdefault("none")) == (
        31,
        [1, [2]],
        None,
    )
    assert (ages.pop("new"), ages.pop("new", "gone"), ages.contains("none")) == ([1, [2]], "gone", True)
    ages.delete("none")
    assert ages.delete_many(["ann", "x", "bob"]) == 2
    assert ages.popitem() == ("eve", [{"a": 4.0, "b": []}])
    assert tree.val() == {}


@pytest.mark.parametrize("take", ["pop", "popitem", "delete", "delete_many", "clear"])
def test_the_last_key_takes_the_place_away(ages: Dict[Any, Any], tree: Proxy, backend: Backend, take: str) -> None:
    ages.set("x", 1)
    {
        "pop": lambda: ages.pop("x"), "popitem": ages.popitem, "delete": lambda: ages.delete("x"),
        "delete_many": lambda: ages.delete_many(["x"]), "clear": ages.clear,
    }[take]()  # fmt: skip
    assert tree.val() == {}
    assert backend.keys() == []


@pytest.mark.parametrize("value", [1, [], {"x": 1}])
def test_another_kind_is_left_alone(ages: Dict[Any, Any], tree: Proxy, backend: Backend, value: Any) -> None:
    tree.set("app.ages", value)
    with nothing_written(backend):
        for act in (
            ages.to_dict, ages.length, ages.popitem, ages.clear, lambda: ages.set(1, 2), lambda: ages.get(1),
            lambda: ages.setdefault(1, 2), lambda: ages.update(a=1), lambda: ages.pop(1, None), lambda: ages.delete(1),
            lambda: ages.get_many([1]), lambda: list(ages), lambda: ages.contains("x"), lambda: ages.expire_key(1, 2),
            lambda: ages.key_time_to_live(1), lambda: ages.persist_key(1), lambda: ages.set(1, 2, expire=3),
            lambda: ages.delete_many([1, 2]),
        ):  # fmt: skip
            with pytest.raises(WrongType) as caught:
                act()
            assert caught.value.expected == "dict"
    assert tree.get("app.ages").val() == value


def test_what_json_takes_for_two_keys_is_two(ages: Dict[Any, Any], tree: Proxy) -> None:
    for number, key in enumerate(ALIKE):
        ages.set(key, number)
    assert ages.length() == len(ALIKE)
    assert [ages.lookup(key) for key in ALIKE] == ages.get_many(ALIKE) == [*range(len(ALIKE))]
    items = sorted(ages.to_items(), key=lambda item: int(item[1]))
    assert [canonical(key) for key, _ in items] == [canonical(key) for key in ALIKE]
    assert {type(key) for key, _ in items} == {int, str, float, bool, type(None), tuple}
    assert sorted(map(canonical, ages)) == sorted(map(canonical, ALIKE))
    shown = tree.get("app.ages").val()
    assert sorted(map(canonical, shown)) == sorted(canonical([key, value]) for key, value in items), "none is lost"
    for key in ALIKE[2:]:
        ages.delete(key)
    assert ages.delete_many(["1"]) == 1
    assert tree.get("app.ages").val() == {"1": 0}


def test_not_a_number_is_one_key(ages: Dict[Any, Any]) -> None:
    for key in (math.nan, float("nan"), math.inf, -math.inf):
        ages.set(key, canonical(key))
    assert ages.length() == 3
    assert ages.lookup(float("nan")) == "NaN"


def test_names_with_a_meaning_elsewhere(ages: Dict[Any, Any], tree: Proxy) -> None:
    ages.update({name: name for name in GLOBS})
    for name in GLOBS:
        other = tree.get(["app", name]).as_dict() if name != "\ud800" else ages
        other.update({name: 1})
        assert other.pop(name) == 1
        assert ages.contains(name) is (other is not ages)
    assert {*ages} == {*GLOBS} - {"\ud800"}
    assert tree.get("app.ages").val() == {name: name for name in GLOBS if name != "\ud800"}
    assert tree.get("app").children() == ["ages"]


def test_what_cannot_be_a_key(ages: Dict[Any, Any], backend: Backend) -> None:
    ages.set(1, 1)
    key: Any
    with nothing_written(backend):
        for key in ([], {}, {1}, ([],)):
            for act in (
                ages.contains, ages.get, ages.lookup, ages.pop, ages.delete, lambda key: ages.set(key, 1),
                ages.setdefault, lambda key: ages.pop(key, 1), lambda key: ages.update([(2, 2), (key, 1)]),
                lambda key: ages.get_many([1, key]), lambda key: ages.delete_many([1, key]),
            ):  # fmt: skip
                with pytest.raises(TypeError, match="unhashable"):
                    act(key)
        for key in (object(), b"1", 1j, frozenset(), Dict):
            assert (ages.contains(key), ages.get(key, 2), ages.pop(key, 3)) == (False, 2, 3)
            assert (ages.get_many([key, 1]), ages.delete_many([key])) == ([None, 1], 0)
            for act in (ages.lookup, ages.pop, ages.delete):
                with pytest.raises(KeyError):
                    act(key)
            for act in (lambda key: ages.set(key, 1), ages.setdefault, lambda key: ages.update([(2, 2), (key, 1)])):
                with pytest.raises(TypeError):
                    act(key)
        for value in (object(), {1: 2}, b""):
            with pytest.raises(TypeError):
                ages.set(2, value)
            with pytest.raises(TypeError):
                ages.update({3: 1, 2: value})
        with pytest.raises(TypeError):
            ages.update(5)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="element #1 to a sequence"):
            ages.update([(2, 2), 5])  # type: ignore[list-item]
        with pytest.raises(ValueError, match="element #0 has length 3; 2 is required"):
            ages.update(["abc"])  # type: ignore[list-item]


def test_whatever_does_not_empty_it_leaves_its_life(ages: Dict[Any, Any], tree: Proxy) -> None:
    ages.update(dict.fromkeys("abcdefgh"))
    place = tree.get("app.ages")
    assert place.expire(LIFE)
    acts: list[Callable[[], Any]] = [
        lambda: ages.set("a", 1), lambda: ages.setdefault("new"), lambda: ages.update(a=1, b=2), lambda: ages.pop("a"),
        ages.popitem, lambda: ages.delete_many(["new", "b"]), lambda: ages.update((each, 0) for each in range(9000)),
    ]  # fmt: skip
    for number, act in enumerate(acts):
        act()
        assert LIFE - 60 < place.time_to_live() <= LIFE, number
    ages.clear()
    ages.set(1, 1)
    assert place.time_to_live() == -1


@mostly_sync
def test_more_than_a_command_takes_at_once(ages: Dict[Any, Any]) -> None:
    model = {number if number % 2 else str(number): number for number in range(20_001)}
    ages.update(model)
    assert ages.length() == len(model)
    assert ages.get_many([*model, -1], -1) == [*model.values(), -1]
    assert ages.to_dict() == model
    assert sorted(ages, key=str) == sorted(model, key=str), "each once"
    assert ages.delete_many([*model][:20_000]) == 20_000
    assert ages.to_items() == [("20000", 20_000)]


@mostly_sync
def test_too_many_are_refused(ages: Dict[Any, Any], backend: Backend) -> None:
    ages.set(1, 1)
    with nothing_written(backend), pytest.raises(ValueError, match="too large for one atomic step"):
        ages.update(dict.fromkeys(range(500_001)))


@sync_only
def test_as_a_dict_is_used(ages: Dict[Any, Any], tree: Proxy) -> None:
    ages["ann"] = 31
    ages |= {"bob": 27}
    ages |= [("eve", 5)]
    assert (ages["ann"], "bob" in ages, 1 in ages, len(ages), bool(ages)) == (31, True, False, 3, True)
    assert ages == {"ann": 31, "bob": 27, "eve": 5} == ages
    assert ages != {"ann": 31}
    assert ages != [1]
    assert (ages | {"x": 1, "ann": 0})["ann"] == 0
    assert ({"x": 1, "ann": 0} | ages) == {"x": 1, "ann": 31, "bob": 27, "eve": 5}
    assert type(ages | {}) is type(ages.copy()) is dict
    assert ages | tree.get("no").as_dict() == ages == tree.get("no").as_dict() | ages
    del ages["eve"]
    with pytest.raises(KeyError):
        del ages["eve"]
    with pytest.raises(KeyError):
        ages["eve"]
    with pytest.raises(TypeError):
        ages |= 5
    with pytest.raises(TypeError, match="unhashable"):
        hash(ages)
    with pytest.raises(TypeError, match="not reversible"):
        reversed(ages)
    assert repr(ages) == "Dict('app.ages')"
    other = tree.get("other").as_dict()
    other.update(ages)
    assert other == ages
    other.update(other)
    assert other.to_dict() == ages.to_dict()
    ages.clear()
    assert not ages


@sync_only
def test_views_are_live(ages: Dict[Any, Any], tree: Proxy) -> None:
    keys, values, items = ages.keys(), ages.values(), ages.items()
    assert (len(keys), list(values), list(items)) == (0, [], [])
    ages.update(a=1, b=[2])
    assert ({*keys}, sorted(map(str, values)), len(items)) == ({"a", "b"}, ["1", "[2]"], 2)
    assert "a" in keys
    assert [2] in values
    assert ("b", [2]) in items
    assert ("b", [3]) not in items
    assert ("b",) not in items  # type: ignore[comparison-overlap]
    other = tree.get("other").as_dict()
    other.update(b=[2], c=3)
    for theirs in (other.keys(), {"b": 0, "c": 0}.keys()):
        assert (keys & theirs, keys | theirs, keys - theirs, keys ^ theirs) == ({"b"}, {*"abc"}, {"a"}, {*"ac"})
        assert (theirs - keys, theirs & keys) == ({"c"}, {"b"})
        assert not keys.isdisjoint(theirs)
        assert not keys <= theirs
    assert (keys & ["b", "x"], ["b", "x"] - keys, keys > {"a"}, keys == {"b", "a"}) == ({"b"}, {"x"}, True, True)
    assert items > {"b": [2]}.items()
    assert items != other.items()
    assert items == {"b": [2], "a": 1}.items()
    assert items.isdisjoint({"a": 2}.items())
    with pytest.raises(TypeError, match="unhashable"):
        items & other.items()
    with pytest.raises(TypeError):
        keys & 5  # type: ignore[operator]
    assert keys.mapping == values.mapping == items.mapping == {"a": 1, "b": [2]}
    assert repr(keys) == "LiveKeys(Dict('app.ages'))"
