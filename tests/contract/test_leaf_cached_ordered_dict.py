"""``as_cached_ordered_dict``: keys in their order, looked up together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from redicts import InvalidElement, LockLost, Proxy, WrongType
from redicts.leaves.cached_ordered_dict import CachedOrderedDict
from tests.contract.variants import sync_only
from tests.support.backends import Backend
from tests.support.trees import nothing_written
from tests.support.waiting import wait_until

pytestmark = sync_only


@pytest.fixture
def opened(tree: Proxy) -> Callable[..., CachedOrderedDict[Any]]:
    """Opens the place, for keys."""
    return lambda *keys, **options: tree.get("app.found").as_cached_ordered_dict(keys, **options)


Opened = Callable[..., CachedOrderedDict[Any]]


def test_potterys_readme(opened: Opened) -> None:
    """Its example, in our names."""
    search_results_1 = opened(1, 2, 3, 4, 5)
    assert sorted(search_results_1.misses()) == [1, 2, 3, 4, 5]
    search_results_1[1] = "one"
    search_results_1[2] = "two"
    search_results_1[3] = "three"
    search_results_1[4] = "four"
    search_results_1[5] = "five"
    assert sorted(search_results_1.misses()) == []
    assert list(search_results_1.items()) == [(1, "one"), (2, "two"), (3, "three"), (4, "four"), (5, "five")]

    search_results_2 = opened(2, 4, 6, 8, 10)
    assert sorted(search_results_2.misses()) == [6, 8, 10]
    assert search_results_2[2] == "two"
    search_results_2[6] = "six"
    search_results_2[8] = "eight"
    search_results_2[10] = "ten"
    assert sorted(search_results_2.misses()) == []
    assert list(search_results_2.items()) == [(2, "two"), (4, "four"), (6, "six"), (8, "eight"), (10, "ten")]


def test_a_mapping_of_what_is_there_in_order(opened: Opened, tree: Proxy) -> None:
    found = opened("c", "a", "b", "d")
    found.update({"b": None, "c": [1]}, d={"x": 1})
    assert (list(found), list(reversed(found)), len(found)) == (["c", "b", "d"], ["d", "b", "c"], 3)
    assert (list(found.values()), found.misses()) == ([[1], None, {"x": 1}], ["a"])
    assert ("b" in found, "a" in found, "none" in found, 2 in found) == (True, False, False, False)
    assert (found["b"], found.get("a", 7), found.get("none")) == (None, 7, None)
    for key in ("a", "none"):
        with pytest.raises(KeyError, match=key):
            found[key]
    assert found == {"b": None, "c": [1], "d": {"x": 1}}
    assert tree.val() == {"app": {"found": {"b": None, "c": [1], "d": {"x": 1}}}}
    assert repr(found) == "CachedOrderedDict('app.found', ['c', 'a', 'b', 'd'])"
    assert found.key() == "app.found"


def test_keys(opened: Opened) -> None:
    found = opened(3, 1, 3, 1.0, True, "1", (1, "a"), None, 1)
    assert found.misses() == [3, 1, 1.0, True, "1", (1, "a"), None], "one that comes again stands where it came first"
    found.update([(1, "int"), (1.0, "float"), (True, "bool"), ((1, "a"), "tuple")])
    assert (found[1], found[1.0], found[True], found[1, "a"]) == ("int", "float", "bool", "tuple")
    assert (len(found), found.misses()) == (4, [3, "1", None])
    for keys in ([[1]], [{"a": 1}], [object()], [1, {2}], [b"x"]):
        with pytest.raises(TypeError):
            opened(*keys)
    with pytest.raises(TypeError):
        opened()[[1]]
    with pytest.raises(TypeError):
        _ = [1] in opened()


def test_a_key_that_was_not_given(opened: Opened) -> None:
    opened().update({"other": 1, "new": 2})
    found = opened("a")
    assert (found.get("other"), "other" in found) == (None, False), "it is not looked up"
    found["new"] = 3
    found["a"] = 4
    assert list(found.items()) == [("a", 4), ("new", 3)], "it stands at the end"
    assert opened("new", "other").misses() == []


def test_deleting(opened: Opened, tree: Proxy) -> None:
    opened().update({"a": 1, "b": 2, "c": 3, "beside": 4})
    found = opened("a", "b", "c", "d")
    del found["b"]
    assert (list(found), found.misses(), found.pop("a"), found.pop("a", 7)) == (["a", "c"], ["b", "d"], 1, 7)
    with pytest.raises(KeyError):
        del found["d"]
    with pytest.raises(KeyError):
        del found["beside"]
    assert tree.get("app.found").val() == {"c": 3, "beside": 4}
    found["b"] = 5
    assert list(found.items()) == [("b", 5), ("c", 3)], "it has kept its place"
    found.clear()
    assert (len(found), found.misses(), tree.get("app.found").val()) == (0, ["a", "b", "c", "d"], {"beside": 4})
    assert (found.setdefault("a", 6), found.setdefault("a", 7)) == (6, 6)
    found.clear()


def test_it_is_what_it_was_when_it_was_looked_up(opened: Opened) -> None:
    opened().update({"a": 1})
    found, other = opened("a", "b"), opened("a", "b")
    assert found.misses() == ["b"]
    other.update({"a": 2, "b": 3})
    assert (found["a"], found.misses()) == (1, ["b"])
    found.hydrate()
    assert list(found.items()) == [("a", 2), ("b", 3)]


def test_a_time_to_live(opened: Opened) -> None:
    found = opened("a", "b", ttl=0.05)
    found.update({"a": 1, "b": 2})
    wait_until(lambda: opened("a", "b").misses() == ["a", "b"])
    assert list(found) == ["a", "b"], "it is a look at one moment"
    opened(ttl=50)["last"] = 1  # (fakeredis goes on listing a hash whose last field has expired)
    for ttl, error in ((0, ValueError), (-1, ValueError), ("1", TypeError), (True, TypeError)):
        with pytest.raises(error):
            opened("a", ttl=ttl)


def test_what_is_set_is_what_is_read(opened: Opened) -> None:
    found = opened("a", "b")
    found["a"] = (1, 2)
    assert found["a"] == opened("a")["a"] == [1, 2]
    typed = opened("a", of=tuple[int, int])
    assert typed["a"] == (1, 2)
    bad: Callable[[], object]
    for bad in (
        lambda: typed.update({"a": "x"}),
        lambda: found.update({"a": {1}}),
        lambda: found.update({"a": 1}, b={1}),
    ):
        with pytest.raises((InvalidElement, TypeError)):
            bad()
    assert typed["a"] == (1, 2)
    found["b"] = "text"
    with pytest.raises(InvalidElement):
        opened("a", "b", of=int).hydrate()


def test_nothing_is_asked_where_there_is_nothing_to_ask(opened: Opened, backend: Backend) -> None:
    with nothing_written(backend):
        found = opened()
        found.update()
        found.update({})
        found.clear()
        assert (len(found), found.misses(), list(found)) == (0, [], [])


def test_another_kind_is_left_alone(opened: Opened, tree: Proxy, backend: Backend) -> None:
    tree.set("app.found", 1)
    with nothing_written(backend):
        for act in (lambda: opened("a").misses(), lambda: opened("a").update(a=1), lambda: len(opened("a"))):
            with pytest.raises(WrongType):
                act()


def test_under_a_lost_lock(opened: Opened, tree: Proxy) -> None:
    found = opened("a", "b")
    found["a"] = 1
    lease = tree.get("app").acquire()
    assert tree.get("app").break_locks()
    for act in (lambda: found.update(a=2), lambda: found.pop("a"), found.clear):
        with pytest.raises(LockLost):
            act()
    assert list(found.items()) == list(opened("a", "b").items()) == [("a", 1)], "what was refused is not shown either"
    with pytest.raises(LockLost):
        lease.release()
