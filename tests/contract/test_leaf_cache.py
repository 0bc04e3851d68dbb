"""``as_cache`` in every face: entries and their lives, and what its operations leave alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from redicts import InvalidElement, LockLost, Proxy, WrongType
from redicts.leaves.cache import Cache
from tests.contract.variants import mostly_sync
from tests.support.backends import Backend
from tests.support.trees import canonical, nothing_written
from tests.support.waiting import wait_until

VALUES: list[Any] = [None, False, 0, -0.0, 1.5, "", 'é\x00"', [], {}, [1, [2.0, None]], {"b": {"a": []}}, 10**30]
KEYS: list[Any] = [1, 1.0, True, "1", None, "None", "", -1, -2, "a.b{c}", (1, "a"), (), "!", "?1", "?", 'q"\\']


@pytest.fixture
def pages(tree: Proxy) -> Cache[Any]:
    """A cache at a place where nothing is."""
    return tree.get("app.pages").as_cache(ttl=60)


def body_of(backend: Backend) -> str:
    return backend.database.space.body(("app", "pages"))


def gone(pages: Cache[Any], key: Any) -> None:
    wait_until(lambda: not pages.contains(key), what="the end of an entry")


def test_nothing_is_there_before_the_first_entry(pages: Cache[Any], tree: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        assert (pages.get("a"), pages.get("a", "none"), pages.get_many(["a", "b"], 0)) == (None, "none", [0, 0])
        assert (pages.contains("a"), pages.length(), pages.time_to_live("a"), pages.get_many([])) == (False, 0, -2, [])
        assert (pages.delete("a"), pages.delete_many(["a", "b"]), pages.delete_many([])) == (False, 0, 0)
        pages.set_many({})
        pages.clear()
        assert (len(pages), "a" in pages) == (0, False)
    assert tree.val() == {}


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_as_it_was(pages: Cache[Any], tree: Proxy, value: Any) -> None:
    pages.set("front", value)
    assert canonical(pages.get("front", "none")) == canonical(value)
    assert canonical(pages.get_many(["front"])) == canonical([value])
    assert pages.contains("front")
    assert canonical(tree.val()) == canonical({"app": {"pages": {"front": value}}})


def test_keys_are_what_json_tells_apart(pages: Cache[Any], tree: Proxy) -> None:
    """Pottery's cache takes ``hash()`` of what it is called with: -1 and -2, 1 and 1.0 and True are one there."""
    for number, key in enumerate(KEYS):
        pages.set(key, number)
    assert (pages.length(), pages.get_many(KEYS)) == (len(KEYS), list(range(len(KEYS))))
    assert [pages.get(key) for key in KEYS] == list(range(len(KEYS)))
    shown = tree.get("app.pages").val()
    assert sorted(map(canonical, shown)) == sorted(map(canonical, zip(KEYS, range(len(KEYS)), strict=True))), "pairs"
    assert pages.delete(1)
    assert (pages.get(1), pages.get(1.0), pages.get(True), pages.get("1")) == (None, 1, 2, 3)


@mostly_sync
def test_the_number_of_arguments_of_one_command_is_no_limit(pages: Cache[Any]) -> None:
    pages.set_many({number: number for number in range(10_000)})
    assert pages.length() == 10_000
    assert pages.get_many(range(10_001)) == [*range(10_000), None]
    assert pages.delete_many(range(9_999)) == 9_999
    assert (pages.length(), pages.get(9_999)) == (1, 9_999)


def test_an_entry_ends(tree: Proxy, backend: Backend) -> None:
    pages = tree.get("app.pages").as_cache(ttl=0.05)
    pages.set("brief", 1)
    pages.set("long", 2, ttl=50)
    pages.set("for ever", 3, ttl=None)
    pages.set_many({"brief too": 4, "more": 5}, ttl=0.05)
    pages.set_many([("on and on", 6)], ttl=None)
    gone(pages, "brief")
    gone(pages, "more")
    assert (pages.get("brief", "none"), pages.get_many(["brief too", "more", "on and on"])) == ("none", [None, None, 6])
    assert 49 < pages.time_to_live("long") <= 50
    assert (pages.time_to_live("for ever"), pages.time_to_live("brief"), pages.length()) == (-1, -2, 3)
    assert tree.val() == {"app": {"pages": {"long": 2, "for ever": 3, "on and on": 6}}}
    assert not pages.delete("brief")
    pages.set("brief", 7, ttl=None)
    assert (pages.get("brief"), pages.time_to_live("brief")) == (7, -1)
    pages.set("for ever", 8, ttl=50)
    assert 49 < pages.time_to_live("for ever") <= 50


def test_without_a_ttl_there_is_no_end(tree: Proxy) -> None:
    pages = tree.get("app.pages").as_cache()
    pages.set("a", 1)
    assert (pages.time_to_live("a"), tree.get("app.pages").time_to_live()) == (-1, -1)


def test_what_ends_is_shortened_by_chance(tree: Proxy) -> None:
    pages = tree.get("app.pages").as_cache(ttl=1000, jitter=0.5)
    pages.set_many(dict.fromkeys(range(200)))
    for number in range(50):
        pages.set(("one", number), None)
    lives = [pages.time_to_live(number) for number in range(200)] + [pages.time_to_live(("one", n)) for n in range(50)]
    assert 480 < min(lives) < 560, "1 in 10**12 that all are longer"
    assert 940 < max(lives) <= 1000
    assert len(set(map(round, lives))) > 100
    pages.set("other", 1, ttl=10)
    assert 4 < pages.time_to_live("other") <= 10
    pages.set("no end", 1, ttl=None)
    assert pages.time_to_live("no end") == -1


def test_jitter_of_one_leaves_a_moment(tree: Proxy) -> None:
    pages = tree.get("app.pages").as_cache(ttl=0.001, jitter=1)
    for number in range(20):
        pages.set(number, None)
    gone(pages, 19)
    pages.set("last", 1, ttl=50)  # (fakeredis goes on listing a hash whose last field has expired)


def test_bad_times(tree: Proxy, backend: Backend) -> None:
    place, pages = tree.get("app.pages"), tree.get("app.pages").as_cache(ttl=60)
    with nothing_written(backend):
        for ttl in (0, -1, math.nan, math.inf):
            with pytest.raises(ValueError, match="ttl is above 0"):
                place.as_cache(ttl=ttl)
            with pytest.raises(ValueError, match="ttl is above 0"):
                pages.set("a", 1, ttl=ttl)
            with pytest.raises(ValueError, match="ttl is above 0"):
                pages.set_many({"a": 1}, ttl=ttl)
        for jitter in (-0.1, 1.1, math.nan):
            with pytest.raises(ValueError, match="from 0 to 1"):
                place.as_cache(jitter=jitter)
        for stale in (-1, math.nan, math.inf):
            with pytest.raises(ValueError, match="stale is above 0"):
                place.as_cache(stale=stale)
        for lease in (0, -1, 32_000_000):
            with pytest.raises(ValueError, match="lease is"):
                place.as_cache(lease=lease)
        bad: Any
        for bad in ("1", True, [1]):
            for name in ("ttl", "jitter", "stale", "lease"):
                with pytest.raises(TypeError, match=f"{name} is a number"):
                    place.as_cache(**{name: bad})
            with pytest.raises(TypeError, match="ttl is a number"):
                pages.set("a", 1, ttl=bad)


def test_bad_keys_and_values(pages: Cache[Any], backend: Backend) -> None:
    with nothing_written(backend):
        for key in ([1], {"a": 1}, {1}, object(), b"x", ([1],)):
            for act in (pages.get, pages.contains, pages.delete, pages.time_to_live, lambda key: pages.set(key, 1)):
                with pytest.raises(TypeError):
                    act(key)
        for value in ({1}, object(), b"x", {1: 2}):
            with pytest.raises(TypeError):
                pages.set("a", value)
            with pytest.raises(TypeError):
                pages.set_many({"good": 1, "a": value})
        not_pairs: Any
        for not_pairs in (1, ["abc"], [(1, 2, 3)]):
            with pytest.raises((TypeError, ValueError)):
                pages.set_many(not_pairs)


@pytest.mark.parametrize("value", [1, [], None, {"x": 1}])
def test_another_kind_is_left_alone(pages: Cache[Any], tree: Proxy, backend: Backend, value: Any) -> None:
    tree.set("app.pages", value)
    with nothing_written(backend):
        for act in (
            *(pages.length, pages.clear, lambda: pages.get("a"), lambda: pages.get_many(["a"])),
            *(lambda: pages.set("a", 1), lambda: pages.set_many({"a": 1}), lambda: pages.delete("a")),
            *(lambda: pages.contains("a"), lambda: pages.time_to_live("a"), lambda: pages.delete_many(["a"])),
        ):
            with pytest.raises(WrongType) as caught:
                act()
            assert (caught.value.path, caught.value.expected) == ("app.pages", "cache")


@pytest.mark.parametrize("kind", ["dict", "list", "string"])
def test_another_typed_leaf_is_left_alone(pages: Cache[Any], tree: Proxy, backend: Backend, kind: str) -> None:
    """Its body lies where that of the cache would: a hash, too, that of a dict."""
    place = tree.get("app.pages")
    {
        "dict": lambda: place.as_dict().set("a", "v"),
        "list": lambda: place.as_list().append("v"),
        "string": lambda: place.as_string().set("v"),
    }[kind]()
    with nothing_written(backend):
        for act in (lambda: pages.get("a"), lambda: pages.get_many(["a"]), lambda: pages.set("a", 1)):
            with pytest.raises(WrongType, match=f"holds a {kind}, not a cache"):
                act()


def test_values_of_a_type(tree: Proxy, backend: Backend) -> None:
    tree.get("app.pages").as_cache().set_many({"one": 1, "two": "two"})
    numbers = tree.get("app.pages").as_cache(int, ttl=60)
    assert numbers.get("one") == 1
    with nothing_written(backend):
        for act in (lambda: numbers.get("two"), lambda: numbers.get_many(["one", "two"])):
            with pytest.raises(InvalidElement, match=r"\"two\" at 'app\.pages'"):
                act()
        bad: Any = "three"
        refused: Callable[[], object]
        for refused in (lambda: numbers.set("three", bad), lambda: numbers.set_many({"four": 4, "three": bad})):
            with pytest.raises(InvalidElement):
                refused()
    numbers.set("two", 2)
    assert numbers.get_many(["one", "two", "three"]) == [1, 2, None]


def test_it_goes_with_its_last_entry(pages: Cache[Any], tree: Proxy, backend: Backend) -> None:
    pages.set_many({"a": 1, "b": 2})
    assert pages.delete("a")
    assert tree.get("app.pages").kind() == "cache"
    assert pages.delete("b")
    assert (tree.get("app.pages").kind(), tree.val(), backend.keys()) == (None, {}, [])
    pages.set("a", 1)
    pages.clear()
    assert (tree.val(), backend.keys()) == ({}, [])
    pages.set("a", 1)
    assert tree.get("app").delete("pages")
    assert (pages.get("a"), backend.keys()) == (None, [])


def test_it_goes_when_the_last_entry_has_ended(tree: Proxy, backend: Backend) -> None:
    if backend.name.startswith("redis"):
        pytest.skip("there the body goes some seconds later: see tests/lua")
    pages = tree.get("app.pages").as_cache(ttl=0.05)
    pages.set_many({"a": 1, "b": 2})
    wait_until(lambda: not tree.get("app.pages").exists(), what="the end of the cache")
    assert (tree.val(), pages.length()) == ({}, 0)
    pages.set("a", 1)
    assert tree.get("app.pages").kind() == "cache"


def test_a_life_of_the_place_is_the_limit(pages: Cache[Any], tree: Proxy, backend: Backend) -> None:
    """Writes below a place leave its time to live as it is."""
    place = tree.get("app.pages")
    pages.set("a", 1, ttl=None)
    assert place.expire(100)
    act: Callable[[], object]
    for act in (lambda: pages.set("a", 2), lambda: pages.set("b", 1, ttl=5000), lambda: pages.set("c", 1, ttl=None)):
        act()
        assert 90 < place.time_to_live() <= 100
    backend.advance(101)
    assert (pages.length(), pages.get("c"), tree.val()) == (0, None, {})
    pages.set("a", 3)
    assert tree.get("app").expire(100)
    pages.set("b", 4, ttl=5000)
    assert 90 < place.time_to_live() <= 100
    backend.advance(101)
    assert (pages.get("b"), tree.val()) == (None, {})


def test_a_place_that_was_given_a_shorter_life_keeps_it(pages: Cache[Any], tree: Proxy) -> None:
    place = tree.get("app.pages")
    pages.set("a", 1, ttl=60)
    assert place.expire(30)
    pages.set("b", 1, ttl=5000)
    pages.set("c", 1, ttl=None)
    assert 25 < place.time_to_live() <= 30


def test_under_a_lost_lock(pages: Cache[Any], tree: Proxy) -> None:
    lease = tree.get("app").acquire(expire_timeout=30)
    pages.set("a", 1)
    assert tree.get("app").break_locks()
    for act in (
        *(lambda: pages.set("a", 2), lambda: pages.set_many({"a": 2}), lambda: pages.delete("a"), pages.clear),
    ):
        with pytest.raises(LockLost):
            act()
    assert (pages.get("a"), pages.length()) == (1, 1)
    with pytest.raises(LockLost):
        lease.release()


def test_a_handle_learns_whether_it_must_ask_for_the_time(tree: Proxy, backend: Backend) -> None:
    """What is kept longer than it is fresh, and what is not, side by side, through one handle."""
    plain, kept = tree.get("app.pages").as_cache(ttl=0.2), tree.get("app.pages").as_cache(ttl=0.2, stale=50)
    plain.set("plain", 1, ttl=50)
    plain.set("brief", 2)
    kept.set("kept", 3)
    kept.set("long", 4, ttl=50)
    reader = tree.get("app.pages").as_cache()
    for _ in range(2):
        assert [reader.get(key) for key in ("plain", "brief", "kept", "long")] == [1, 2, 3, 4]
    gone(reader, "kept")
    assert backend.client.hget(body_of(backend), '"kept"') is not None
    for _ in range(2):
        assert [reader.get(key) for key in ("plain", "kept", "brief", "long")] == [1, None, None, 4]
    assert tree.get("app.pages").val() == {"plain": 1, "long": 4}
    assert (reader.length(), reader.contains("kept"), reader.delete("kept")) == (2, False, False)


def test_its_truth_is_not_its_length(pages: Cache[Any], backend: Backend) -> None:
    if backend.through == "sync":
        assert pages
    assert "app.pages" in repr(pages)
    assert pages.key() == "app.pages"
