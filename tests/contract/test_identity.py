"""Where a place is: ``key``, ``path``, ``name``, ``parent``, ``==`` and ``hash``, all without asking the server."""

from __future__ import annotations

import fakeredis
import pytest
import redis

from redicts import PathError, Proxy, root, section
from tests.support.backends import Backend
from tests.support.trees import tree_of
from tests.support.values import AWKWARD_NAMES


def lost() -> redis.Redis:
    """A client of a server that does not exist: whatever asks it fails."""
    return redis.Redis(host="127.0.0.1", port=1)


def test_a_place_says_where_it_is() -> None:
    place = Proxy(r"hosts.example\.org.port", rconn=lost())
    assert place.key() == r"hosts.example\.org.port"
    assert place.path == ("hosts", "example.org", "port")
    assert place.name == "port"
    assert place.parent.key() == r"hosts.example\.org"
    assert place.parent.name == "example.org"
    assert place.parent.parent.parent.key() == ""
    assert place.parent.parent.parent.parent == Proxy("", rconn=lost())
    assert repr(place) == r"Proxy('hosts.example\\.org.port')"


@pytest.mark.parametrize("name", AWKWARD_NAMES)
def test_the_key_leads_back(name: str) -> None:
    place = Proxy(["a", name, "b"], rconn=lost())
    assert Proxy(place.key(), rconn=lost()) == place
    assert Proxy(place.key()).path == ("a", name, "b")
    assert place.parent.parent.get(place.parent.name).get("b") == place


def test_equality_goes_by_place() -> None:
    one = Proxy("a.b", rconn=lost())
    same = [Proxy(("a", "b"), rconn=lost()), Proxy("a", rconn=lost()).get("b"), root(rconn=lost())["a"]["b"]]
    for other in same:
        assert other == one
        assert hash(other) == hash(one)
    assert Proxy("a.b", lock_acquire_timeout=1, rconn=lost()) == one
    different = [
        Proxy("a.c", rconn=lost()),
        Proxy(r"a\.b", rconn=lost()),
        Proxy("a.b", rconn=redis.Redis(host="127.0.0.1", port=2)),
        Proxy("a.b", rconn=redis.Redis(host="127.0.0.1", port=1, db=3)),
        Proxy("a.b", rconn=fakeredis.FakeRedis(server=fakeredis.FakeServer())),
    ]
    for other in different:
        assert other != one
    assert one != "a.b"
    assert len({one, *same, *different}) == 1 + len(different)


def test_namespaces_are_places_apart(backend: Backend) -> None:
    mine, others = tree_of(backend, "a"), tree_of(backend, "a", namespace="redicts")
    assert mine != others
    assert mine == tree_of(backend, "a")


def test_sections_and_the_root() -> None:
    assert root(rconn=lost()) == Proxy("", rconn=lost()) == Proxy((), rconn=lost())
    assert section("package.module", rconn=lost()) == Proxy("package.module", rconn=lost())
    assert root(rconn=lost()).key() == ""
    with pytest.raises(PathError):
        section("", rconn=lost())


@pytest.mark.parametrize(
    "options",
    [
        {"lock_acquire_timeout": -1},
        {"lock_acquire_timeout": float("nan")},
        {"lock_expire_timeout": 0},
        {"lock_expire_timeout": -3.5},
        {"db_name": "x", "rconn": lost()},
    ],
)
def test_options_that_cannot_be(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"timeout|db_name"):
        Proxy("a", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{"lock_acquire_timeout": "1"}, {"lock_expire_timeout": None}])
def test_options_of_another_type(options: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        Proxy("a", **options)  # type: ignore[arg-type]
