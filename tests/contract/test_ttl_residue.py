"""What expired names leave behind is bounded, and goes with what they lie in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from redicts import Proxy
from tests.contract.variants import once_each
from tests.support.backends import Backend

BATCHES, BATCH, ALIVE = 12, 10, 20


def a_leaf(place: Proxy, name: str) -> None:
    place.set([name], "token", expire=100)


def a_node(place: Proxy, name: str) -> None:
    place.set([name], {"user": 1, "cart": {"x": 1}}, expire=100)


def a_leaf_later(place: Proxy, name: str) -> None:
    place.set([name], "token")
    assert place.get([name]).expire(100)


def a_node_later(place: Proxy, name: str) -> None:
    place.set([name, "user"], 1)
    assert place.get([name]).expire(100)


@once_each
@pytest.mark.parametrize("make", [a_leaf, a_node, a_leaf_later, a_node_later])
@pytest.mark.parametrize("path", ["", "app.sessions"])
def test_names_used_once_leave_a_bounded_residue(
    tree: Proxy, backend: Backend, path: str, make: Callable[[Proxy, str], None]
) -> None:
    """Sessions, tokens: each name is written once and never met again. About as many are kept as are alive."""
    place = tree.get(path.split(".") if path else ())
    for batch in range(BATCHES):
        backend.advance(50)
        for number in range(BATCH):
            make(place, f"name-{batch}-{number}")
    assert len(place) == ALIVE
    space = backend.database.space
    kept = backend.client.hlen(space.node(place.path)) if path else backend.client.scard(space.sections)
    assert kept < 3 * ALIVE


@pytest.mark.parametrize("path", ["a", "a.b"])
def test_removing_the_last_that_lives_removes_what_expired(tree: Proxy, backend: Backend, path: str) -> None:
    place = tree.get(path)
    place.update({f"k{n}": n for n in range(20)})
    for number in range(20):
        assert place.get(f"k{number}").expire(10)
    place.set("alive", 1)
    backend.advance(10)
    assert tree.delete([*path.split("."), "alive"])
    assert backend.keys() == []


@once_each
@pytest.mark.parametrize("size", [1, 20, 200])
def test_removing_an_expired_node_leaves_nothing(tree: Proxy, backend: Backend, size: int) -> None:
    for number in range(size):
        tree.set(f"a.b.k{number}", number, expire=10)
    backend.advance(10)
    assert tree.get("a").exists() is False
    assert tree.delete("a") is False
    assert backend.keys() == []


@once_each
def test_clearing_the_root_leaves_nothing(tree: Proxy, backend: Backend) -> None:
    for number in range(50):
        tree.set(f"s{number}.x", 1, expire=10).set(f"t{number}", 1, expire=10).set(f"u.n{number}", {"x": 1}, expire=10)
    backend.advance(10)
    assert tree.val() == {}
    tree.clear()
    assert backend.keys() == []
