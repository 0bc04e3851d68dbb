"""A proxy used like a dict."""

from __future__ import annotations

import pytest

from redicts import PathError, Proxy
from tests.contract.variants import sync_only


@sync_only
def test_items(tree: Proxy) -> None:
    tree["a"] = {"b": 1}
    tree["a.c"] = 2
    tree[("d", "e.f")] = 3
    assert isinstance(tree["a"], Proxy)
    assert tree["a"]["b"].val() == 1
    assert tree["a.c"].val() == 2
    assert tree.val() == {"a": {"b": 1, "c": 2}, "d": {"e.f": 3}}
    del tree["a.b"]
    assert tree.val() == {"a": {"c": 2}, "d": {"e.f": 3}}
    del tree["d"]["e\\.f"]
    assert tree.val() == {"a": {"c": 2}}


@sync_only
@pytest.mark.parametrize("key", ["x", "a.x", "x.y.z", ("q.r", "s")])
def test_deleting_what_is_not_there(tree: Proxy, key: str) -> None:
    tree["a"] = {"b": 1}
    with pytest.raises(KeyError) as caught:
        del tree[key]
    assert caught.value.args == (tree.get(key).key(),)
    assert tree.val() == {"a": {"b": 1}}


@sync_only
def test_in_and_iter_and_len(tree: Proxy) -> None:
    tree.set("a", {"b": None, "c.d": 1})
    assert "a" in tree
    assert "a.b" in tree
    assert "a.c.d" not in tree
    assert ("a", "c.d") in tree
    assert "a.b.x" not in tree
    assert sorted(tree["a"]) == ["b", "c.d"]
    assert len(tree["a"]) == 2
    assert dict.fromkeys(tree["a"]) == {"b": None, "c.d": None}


@sync_only
def test_the_empty_key(tree: Proxy) -> None:
    """Empty text is refused, since it is more often a mistake; ``()`` is the place itself."""
    place = tree.get("a")
    with pytest.raises(PathError):
        place[""] = 1
    with pytest.raises(PathError):
        _ = place[""]
    with pytest.raises(PathError):
        del place[""]
    with pytest.raises(PathError):
        _ = "" in place
    place[()] = 1
    assert place[()].val() == 1
    assert () in place
    del place[()]
    assert () not in place
    with pytest.raises(PathError):
        tree[()] = {"a": 1}
    assert () in tree
    with pytest.raises(KeyError):
        del tree[()]


@sync_only
def test_set_can_be_chained(tree: Proxy) -> None:
    assert tree.get("a").set("x", 1).set("y", 2).val() == {"x": 1, "y": 2}
