"""Keys of a dict that end by themselves: where the server has that, and where it has not."""

from __future__ import annotations

from typing import Any

import pytest

from redicts import ConfigError, Proxy
from redicts.leaves.dict import Dict
from tests.contract.variants import sync_only
from tests.support.backends import Backend
from tests.support.trees import nothing_written
from tests.support.waiting import wait_until


@pytest.fixture
def seen(tree: Proxy) -> Dict[Any, Any]:
    """A dict at a place where nothing is."""
    return tree.get("app.seen").as_dict()


@pytest.fixture
def brief(seen: Dict[Any, Any], backend: Backend) -> Dict[Any, Any]:
    """The same, on a server whose keys of hashes have times to live."""
    if backend.name.startswith("redis") and backend.client.info("server")["redis_version"] < "7.4":
        pytest.skip("this Redis has none")
    return seen


def test_a_key_has_a_life_of_its_own(brief: Dict[Any, Any]) -> None:
    brief.update(a=1, b=2)
    assert (brief.key_time_to_live("a"), brief.key_time_to_live("x")) == (-1, -2)
    assert (brief.expire_key("a", 1000), brief.expire_key("x", 1000)) == (True, False)
    assert 990 < brief.key_time_to_live("a") <= 1000
    assert (brief.persist_key("a"), brief.persist_key("a"), brief.persist_key("x")) == (True, False, False)
    assert brief.key_time_to_live("a") == -1
    brief.set("c", 3, expire=0.5)
    assert 0 < brief.key_time_to_live("c") <= 0.5
    brief.set("c", 4, expire=1000)
    assert 990 < brief.key_time_to_live("c") <= 1000
    assert brief.to_dict() == {"a": 1, "b": 2, "c": 4}


@pytest.mark.parametrize("again", ["set", "update", "set for longer"])
def test_setting_a_key_gives_it_a_new_life(brief: Dict[Any, Any], again: str) -> None:
    brief.set("a", 1, expire=1000)
    assert brief.setdefault("a", 5) == 1
    assert brief.key_time_to_live("a") > 0, "that did not set it"
    if again == "set":
        brief.set("a", 2)
    elif again == "update":
        brief.update(a=2)
    else:
        brief.set("a", 2, expire=9000)
    assert brief.key_time_to_live("a") in ({-1.0} if again != "set for longer" else {9000.0, 8999.0}) or (
        8990 < brief.key_time_to_live("a") <= 9000
    )


def test_a_key_ends(brief: Dict[Any, Any], tree: Proxy, backend: Backend) -> None:
    brief.set("stays", 1)
    brief.set("goes", 2, expire=0.03)
    wait_until(lambda: not brief.contains("goes"))
    assert (brief.get("goes"), brief.get_many(["goes", "stays"]), brief.to_dict()) == (None, [None, 1], {"stays": 1})
    assert (list(brief), tree.get("app.seen").val()) == (["stays"], {"stays": 1})
    assert (brief.key_time_to_live("goes"), brief.pop("goes", "no")) == (-2, "no")
    assert (brief.setdefault("goes", 3), brief.pop("goes")) == (3, 3)
    assert (brief.popitem(), tree.val()) == (("stays", 1), {})
    assert backend.keys() == []


def test_with_the_last_key_the_place_ends(brief: Dict[Any, Any], tree: Proxy) -> None:
    brief.set("a", 1, expire=0.03)
    brief.set("b", 2, expire=0.03)
    wait_until(lambda: not tree.get("app.seen").exists())
    assert (tree.val(), tree.get("app").exists(), tree.get("app.seen").kind()) == ({}, False, None)
    assert (brief.to_dict(), brief.length(), list(brief)) == ({}, 0, [])
    with pytest.raises(KeyError):
        brief.popitem()
    assert tree.check() == []
    brief.set("c", 3)
    assert (tree.val(), brief.key_time_to_live("c")) == ({"app": {"seen": {"c": 3}}}, -1)


def test_the_whole_lives_as_long_as_it_did(brief: Dict[Any, Any], tree: Proxy) -> None:
    brief.set("a", 1, expire=5000)
    assert tree.get("app").expire(1000)
    brief.set("b", 1, expire=9000)
    assert brief.expire_key("a", 9000)
    assert 990 < tree.get("app.seen").time_to_live() <= 1000
    new = tree.get("app.new").as_dict()
    new.set("a", 1, expire=9000)
    assert 990 < tree.get("app.new").time_to_live() <= 1000


@pytest.mark.parametrize(
    ("seconds", "error"),
    [(0, ValueError), (-1, ValueError), (float("nan"), ValueError), ("1", TypeError), (True, TypeError)],
)
def test_what_is_no_life(seen: Dict[Any, Any], backend: Backend, seconds: Any, error: type[Exception]) -> None:
    with nothing_written(backend):
        with pytest.raises(error):
            seen.set("a", 1, expire=seconds)
        with pytest.raises(error):
            seen.expire_key("a", seconds)


@sync_only
def test_where_the_server_has_none(seen: Dict[Any, Any], tree: Proxy, backend: Backend) -> None:
    if not backend.name.startswith("redis") or backend.client.info("server")["redis_version"] >= "7.4":
        pytest.skip("this one has")
    for values in ({}, {"a": 1}):
        seen.update(values)
        with nothing_written(backend):
            for act in (
                lambda: seen.set("a", 2, expire=5), lambda: seen.set("b", 2, expire=5), lambda: seen.expire_key("a", 5),
                lambda: seen.persist_key("a"), lambda: seen.key_time_to_live("a"), lambda: seen.key_time_to_live("x"),
            ):  # fmt: skip
                with pytest.raises(ConfigError, match=r"needs Redis 7.4 or Valkey 9.0; nothing was written"):
                    act()
    assert tree.val() == {"app": {"seen": {"a": 1}}}
