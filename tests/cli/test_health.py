"""``ping`` and ``check``."""

from __future__ import annotations

from redicts.proxy import Proxy
from tests.cli.conftest import Cli
from tests.support.backends import Backend
from tests.support.servers import Server


def test_ping(cli: Cli, store: Backend, valkey_server: Server) -> None:
    answer = cli("ping")
    assert (answer.code, answer.err) == (0, "")
    said = answer.json
    assert said["address"] == f"127.0.0.1:{valkey_server.port}/0"
    assert said["backend"] == "server"
    assert said["namespace"] == store.namespace
    assert said["server"] == "valkey"
    assert said["version"] == store.client.info("server")["valkey_version"]
    assert 0 < said["latency_ms"] < 1000


def test_ping_of_a_redis(redis_server: Server) -> None:
    said = Cli(["--url", redis_server.url])("ping").json
    assert said["server"] == "redis"
    assert said["version"][0].isdigit()


def test_check_of_a_whole_tree(cli: Cli, tree: Proxy) -> None:
    tree.set("a", {"b": [1]})
    answer = cli("check")
    assert (answer.code, answer.out, answer.err) == (0, "[]\n", "")


def test_check_finds_and_mends(cli: Cli, store: Backend, tree: Proxy) -> None:
    tree.set("a", {"b": {"c": 1}, "d": 2})
    store.client.set(f"{store.namespace}:v:{{a}}.lost", "1")
    answer = cli("check")
    assert answer.code == 1
    (fault,) = answer.json
    assert fault["path"] == "a.lost"
    assert not fault["repaired"]
    assert "faults: 1 found, 0 mended" in answer.err
    assert cli("check", "a.b").json == []
    mended = cli("check", "--repair")
    assert mended.code == 0
    assert [each["repaired"] for each in mended.json] == [True]
    assert cli("check").json == []


def test_check_that_cannot_mend(cli: Cli, store: Backend) -> None:
    store.client.hset(f"{store.namespace}:n:{{a}}", "x", "no json")
    store.client.sadd(f"{store.namespace}:s", "a")
    answer = cli("check", "--repair")
    assert answer.code == 1
    assert answer.json
