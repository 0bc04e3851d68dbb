"""Where a tree lies: rconn=, db_name=, two namespaces on one server, two databases of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fakeredis
import pytest
import redis

from redicts import ConfigError, Pool, Proxy, root, section
from redicts.core.keys import KeySpace
from tests.contract.variants import sync_only
from tests.support.backends import Backend
from tests.support.trees import dump, tree_of

OTHER = 5
"""The number of a second database of the server."""


@pytest.fixture
def pool() -> Iterator[Pool]:
    """The pool, as if nothing had been configured, before and after."""
    Pool().reload(cfg={})
    yield Pool()
    Pool().reload(cfg={})


@pytest.fixture
def second(backend: Backend) -> Iterator[redis.Redis]:
    """Another database of the backend's server, without anything of redicts in it."""
    client = second_client(backend)
    assert list(client.scan_iter(match="redicts:*")) == []
    yield client
    root(rconn=client).clear()
    assert list(client.scan_iter(match="redicts:*")) == []
    client.close()


def second_client(backend: Backend) -> redis.Redis:
    if backend.server is None:
        fake_server = backend.client.connection_pool.connection_kwargs["server"]
        return fakeredis.FakeRedis(server=fake_server, db=OTHER)
    return backend.server.client(db=OTHER, protocol=int(backend.name[-1]))


@sync_only
def test_a_client_leads_to_its_database(backend: Backend, second: redis.Redis) -> None:
    place = Proxy("a.b", rconn=second)
    place.set("c", 1)
    assert section("a", rconn=second).val() == {"b": {"c": 1}}
    assert root(rconn=second).get("a.b.c").val() == 1
    assert sorted(second.scan_iter(match="*redicts*")) == [b"redicts:n:{a}", b"redicts:n:{a}.b", b"redicts:s"]
    assert list(backend.client.scan_iter(match="redicts:*")) == []


@sync_only
def test_what_is_reached_from_a_place_is_in_its_database(backend: Backend, second: redis.Redis) -> None:
    tree_of(backend).set("a.b", "first")
    place = root(rconn=second).set("a.b", "second")
    assert place.get("a").get("b").val() == "second"
    assert place["a"]["b"].parent.parent["a.b"].val() == "second"
    assert [leaf.val() for leaf in place.iter_children()] == ["second"]
    assert [place.get(name).val() for name in place] == [{"b": "second"}]
    assert tree_of(backend, "a.b").val() == "first"


def test_databases_of_one_server_are_apart(tree: Proxy, backend: Backend) -> None:
    client = second_client(backend)
    other = backend.face.place(client=backend.face.another_client(db=OTHER))
    tree.set("a", {"x": 1, "y": 2}).get("a.x").expire(100)
    before = dump(backend)
    other.set("a", "another").set("b.c", 1, expire=50)
    assert other.get("a").val() == "another"
    assert other.check() == []
    other.clear()
    assert dump(backend) == before
    assert tree.val() == {"a": {"x": 1, "y": 2}}
    assert list(client.scan_iter(match=f"{backend.namespace}:*")) == []
    client.close()


def test_namespaces_of_one_database_are_apart(tree: Proxy, backend: Backend) -> None:
    tree.set("a", {"b": 1}).set("c", 2)
    before = dump(backend)
    for namespace in (f"{backend.namespace}y", f"y{backend.namespace}", backend.namespace[:-1], "a:b*?[c]^\\"):
        other = tree_of(backend, namespace=namespace)
        assert other.val() == {}
        other.update({"a.b.c": 1, "d": 2})
        other.get("a").expire(1000)
        assert other.check() == other.check(repair=True) == []
        assert other.val() == {"a": {"b": {"c": 1}}, "d": 2}
        assert other != tree
        other.clear()
        assert dump(backend) == before


def test_a_namespace_that_is_the_beginning_of_ours(tree: Proxy, backend: Backend) -> None:
    """``x`` and ``x:n``: keys of the second begin as those of the first; neither takes them for its own."""
    inner = tree_of(backend, namespace=f"{backend.namespace}:n")
    tree.set("a", {"b": 1})
    inner.set("a", {"b": 2}).set("c", 3, expire=100)
    assert tree.val() == {"a": {"b": 1}}
    assert inner.val() == {"a": {"b": 2}, "c": 3}
    assert tree.check(repair=True) == inner.check(repair=True) == []
    tree.clear()
    assert inner.val() == {"a": {"b": 2}, "c": 3}
    inner.clear()


@sync_only
def test_names_of_the_pool_lead_to_their_databases(pool: Pool, backend: Backend) -> None:
    client = second_client(backend)
    pool.reload({"namespace": backend.namespace, "names": {"one": backend.client, "two": client}})
    one, two = root(db_name="one"), root(db_name="two")
    assert Pool().get_connection("one") is backend.client
    one.set("a", 1)
    two.set("a", 2)
    assert (one.get("a").val(), two.get("a").val()) == (1, 2)
    assert Proxy("a", db_name="two").val() == section("a", db_name="two").val() == 2
    assert repr(Proxy("a", db_name="two")) == "Proxy('a', db_name='two')"
    assert two["a"].parent == two
    assert one != two
    two.clear()
    client.close()


@sync_only
def test_a_number_of_the_pool_is_another_database(pool: Pool, backend: Backend) -> None:
    where: dict[str, Any] = {"namespace": backend.namespace, "names": {"other": OTHER}}
    if backend.server is not None:
        where |= {"host": backend.server.host, "port": backend.server.port}
    pool.reload(where, fake_redis=backend.server is None)
    root().set("a", 1)
    root(db_name="other").set("a", 2)
    assert (root().val(), root(db_name="other").val()) == ({"a": 1}, {"a": 2})
    if backend.real:
        assert tree_of(backend) == root()
        assert tree_of(backend).val() == {"a": 1}
    root().clear()
    root(db_name="other").clear()


@sync_only
def test_a_proxy_follows_the_pool(pool: Pool, backend: Backend) -> None:
    """It asks the pool each time, so a proxy made before the configuration works after it."""
    early = Proxy("a")
    pool.reload({"namespace": backend.namespace, "names": {"x": backend.client}})
    late = Proxy("a", db_name="x").set("b", 1)
    assert early != late
    with pytest.raises(ConfigError, match="x"):
        Proxy("a", db_name="y").val()


@sync_only
def test_equality_is_by_place(backend: Backend, second: redis.Redis) -> None:
    one, twin = tree_of(backend, "a.b"), tree_of(backend, ["a", "b"])
    assert one == twin
    assert hash(one) == hash(twin)
    assert len({one, twin, one.parent["b"]}) == 1
    assert one not in (tree_of(backend, "a"), Proxy("a.b", rconn=second), Proxy("a.b", rconn=backend.client))
    same_server = second_client(backend)
    assert Proxy("a.b", rconn=second) == Proxy("a.b", rconn=same_server)
    same_server.close()
    assert one != "a.b"
    assert one != ("a", "b")


@sync_only
def test_a_database_is_given_once(backend: Backend) -> None:
    with pytest.raises(ValueError, match="not both"):
        Proxy("a", db_name="x", rconn=backend.client)
    with pytest.raises(ConfigError, match="client"):
        Proxy("a", rconn="localhost")


@pytest.mark.parametrize("namespace", ["", " ", "a b", "a{b", "a}b", "a\nb", "a\x00b", "\ud800", "x" * 201, 5, None])
def test_a_namespace_that_cannot_be_one(namespace: Any) -> None:
    with pytest.raises(ConfigError, match="namespace must be text"):
        KeySpace(namespace)
