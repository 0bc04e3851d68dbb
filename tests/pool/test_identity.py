"""Two databases are equal exactly when they are the same place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fakeredis
import pytest
import redis
import redis.asyncio
import redis.sentinel

from redicts.errors import ConfigError
from redicts.pool import Database
from redicts.pool.identity import address_of, identity_of
from tests.support.servers import Server


def of(**options: Any) -> Database:
    return Database.of_client(redis.Redis(**options))


def test_the_same_place_by_different_ways() -> None:
    pool_of_its_own = redis.BlockingConnectionPool()  # type: ignore[no-untyped-call]
    same = [
        of(),
        of(host="localhost", port=6379, db=0, password="p", socket_timeout=1),
        of(host="LOCALHOST"),
        of(host="127.0.0.1"),
        Database.of_client(redis.Redis.from_url("redis://u:p@localhost:6379/0")),
        Database.of_client(redis.Redis(connection_pool=pool_of_its_own)),
        Database(redis.Redis(), name="other", address="somewhere"),
    ]
    assert len(set(same)) == 1
    assert all(each == same[0] for each in same)
    assert len({each.runner for each in same}) == len(same)


def test_different_places() -> None:
    different = [
        of(),
        of(db=1),
        of(port=6380),
        of(host="example.org"),
        of(unix_socket_path="/run/x.sock"),
        of(unix_socket_path="/run/x.sock", db=1),
        Database.of_client(redis.Redis(), namespace="other"),
        Database.of_client(fakeredis.FakeRedis()),
        Database.of_client(fakeredis.FakeRedis()),
        Database.of_client(fakeredis.FakeRedis(server=fakeredis.FakeServer())),
    ]
    assert len(set(different)) == len(different)
    assert different[0] != "localhost:6379/0"


def test_one_fake_server_is_one_place() -> None:
    server = fakeredis.FakeServer()
    one, two = (Database.of_client(fakeredis.FakeRedis(server=server)) for _ in range(2))
    assert one == two
    assert one != Database.of_client(fakeredis.FakeRedis(server=server, db=1))
    assert one.client.set("a", 1)
    assert two.client.get("a") == b"1"
    named = [Database.of_client(fakeredis.FakeRedis(host=host)) for host in ("a", "a", "b")]
    assert named[0] == named[1]
    assert named[0] != named[2]


def test_a_socket_goes_by_its_real_path(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    assert of(unix_socket_path=str(tmp_path / "s")) == of(unix_socket_path=str(tmp_path / "link" / "s"))


def test_sentinel_goes_by_its_service() -> None:
    sentinel: Any = redis.sentinel.Sentinel([("localhost", 26379)])  # type: ignore[no-untyped-call]
    one, two, other = (sentinel.master_for(name) for name in ("a", "a", "b"))
    assert address_of(one) == "sentinel service a, database 0"
    assert identity_of(one) != identity_of(other)
    assert identity_of(one) != identity_of(redis.Redis())
    assert identity_of(one) == identity_of(two)


@pytest.mark.parametrize(
    ("options", "address"),
    [
        ({}, "localhost:6379/0"),
        ({"host": "127.0.0.1", "port": 7, "db": 3}, "127.0.0.1:7/3"),
        ({"host": "::1"}, "[::1]:6379/0"),
        ({"unix_socket_path": "/run/x.sock"}, "/run/x.sock, database 0"),
        ({"host": "h", "password": "secret", "username": "u"}, "h:6379/0"),
    ],
)
def test_addresses(options: dict[str, Any], address: str) -> None:
    database = of(**options)
    assert database.address == address
    assert repr(database) == f"Database({address!r})"


def test_fake_addresses() -> None:
    assert address_of(fakeredis.FakeRedis()) == "fake"
    assert address_of(fakeredis.FakeRedis(db=2)) == "fake, database 2"


@pytest.mark.parametrize("client", [None, "redis://localhost", object(), redis.Redis, redis.ConnectionPool()])
def test_what_is_no_client(client: Any) -> None:
    with pytest.raises(ConfigError, match=r"must be a redis\.Redis client"):
        _ = Database.of_client(client)


def test_an_asyncio_client_is_shown_the_way() -> None:
    with pytest.raises(ConfigError, match=r"redicts\.aio"):
        _ = Database.of_client(redis.asyncio.Redis())  # type: ignore[arg-type]


def test_a_bad_namespace_is_refused() -> None:
    with pytest.raises(ConfigError, match="namespace"):
        _ = Database.of_client(redis.Redis(), namespace="a b")


def test_it_works(valkey_server: Server) -> None:
    client = valkey_server.client()
    database = Database.of_client(client, namespace="n")
    assert database.client is client
    assert database.name is None
    assert database.space.namespace == "n"
    client.close()
