"""The singleton: configured once, replaced as a whole, safe in threads and after ``fork``."""

from __future__ import annotations

import copy
import os
import pickle
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

import fakeredis
import pytest
import redis

from redicts.errors import ConfigError
from redicts.pool import Database, Pool
from tests.support.servers import Server

NO_SERVER = {"host": "no.such.host.invalid"}


def place(server: Server, **more: Any) -> dict[str, Any]:
    return {"host": server.host, "port": server.port, **more}


# -- one configuration -------------------------------------------------------------------------------------------


def test_every_pool_is_the_same(pool: Pool) -> None:
    assert Pool() is pool is Pool({"port": 7}) is Pool()
    assert copy.deepcopy(pool) is pool
    assert pickle.loads(pickle.dumps(pool)) is pool


def test_without_a_configuration_it_is_localhost(pool: Pool) -> None:
    assert pool.database().address == "localhost:6379/0"
    assert pool.names() == ()
    assert "localhost:6379/0" in repr(pool)


def test_the_environment_says_what_the_default_is(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDICTS_URL", "redis://:secret@env:7/5")
    assert pool.database().address == "env:7/5"
    assert "secret" not in repr(pool)
    pool.reload({"host": "h"})
    assert pool.database().address == "h:6379/0"
    monkeypatch.setenv("REDICTS_URL", "")
    pool.reload({})
    assert pool.database().address == "localhost:6379/0"


def test_a_bad_environment_is_told_when_it_is_used(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDICTS_URL", "http://x")
    assert Pool() is pool
    with pytest.raises(ConfigError, match="REDICTS_URL"):
        _ = pool.database()
    assert Pool({"host": "h"}).database().address == "h:6379/0"


def test_it_is_configured_once(pool: Pool) -> None:
    _ = Pool({"host": "a", "names": {"n": 1}})
    _ = Pool({"host": "a", "names": {"n": 1}})
    with pytest.raises(ConfigError, match=r"configured already \(a:6379/0\).*reload"):
        _ = Pool({"host": "b"})
    assert pool.database().address == "a:6379/0"
    assert pool.names() == ("n",)


def test_a_default_that_is_in_use_is_not_replaced_unasked(pool: Pool) -> None:
    before = pool.database()
    with pytest.raises(ConfigError, match="used already"):
        _ = Pool({"host": "b"})
    assert Pool({}).database() is before
    assert Pool({"host": "localhost"}).database() is before


def test_a_default_that_was_only_looked_at_may_be_replaced(pool: Pool) -> None:
    assert pool.names() == ()
    assert Pool({"host": "b"}).database().address == "b:6379/0"


def test_a_bad_configuration_changes_nothing(pool: Pool) -> None:
    _ = Pool({"host": "a"})
    before = pool.database()
    for cfg in ({"prot": 1}, {"port": 0}, {"names": {"n": redis.ConnectionPool()}}, {"names": {"n": FakeLooking()}}):
        with pytest.raises(ConfigError):
            pool.reload(cfg)
        assert pool.database() is before


class FakeLooking:
    connection_pool = None


# -- names -------------------------------------------------------------------------------------------------------


def test_a_name_leads_to_its_database_and_stays(pool: Pool, valkey_server: Server) -> None:
    ready = valkey_server.client(db=2)
    pool.reload(place(valkey_server, names={"three": 3, "url": f"{valkey_server.url[:-1]}4", "ready": ready}))
    for name, number in ((None, 0), ("three", 3), ("url", 4), ("ready", 2)):
        database = pool.database(name)
        assert database is pool.database(name)
        assert database.client is pool.get_connection(name)
        assert database.name == name
        assert database.client.client_info()["db"] == number
    assert pool.get_connection("ready") is ready
    assert pool.names() == ("three", "url", "ready")
    assert pool.database("ready") == Database.of_client(ready)
    ready.close()


@pytest.mark.parametrize("db_name", ["sesions", "", 7, ["a"], {}])
def test_an_unknown_name_lists_the_known(pool: Pool, db_name: Any) -> None:
    pool.reload({"names": {"sessions": 1}})
    for ask in (pool.database, pool.get_connection):
        with pytest.raises(ConfigError, match="Known: sessions"):
            _ = ask(db_name)


def test_the_namespace_is_that_of_every_name(pool: Pool) -> None:
    pool.reload({"namespace": "shop", "names": {"n": 1, "ready": fakeredis.FakeRedis(), "own": {"namespace": "x"}}})
    found = [pool.database(name).space.namespace for name in (None, "n", "ready", "own")]
    assert found == ["shop", "shop", "shop", "x"]


# -- closing and reloading ---------------------------------------------------------------------------------------


def connected(server: Server, name: str) -> int:
    observer = server.client()
    try:
        return sum(each["name"] == name for each in observer.client_list())
    finally:
        observer.close()


@pytest.mark.parametrize("how", ["close", "reload", "reload to another"])
def test_closing_closes_what_it_made_and_nothing_else(pool: Pool, valkey_server: Server, how: str) -> None:
    ready = valkey_server.client(client_name="mine")
    pool.reload(place(valkey_server, names={"ready": ready}))
    assert ready.ping()
    old = pool.get_connection()
    old.client_setname("pools")
    assert pool.get_connection("ready") is ready
    assert (connected(valkey_server, "pools"), connected(valkey_server, "mine")) == (1, 1)
    if how == "close":
        pool.close()
    else:
        pool.reload(None if how == "reload" else place(valkey_server, database=1))
    assert (connected(valkey_server, "pools"), connected(valkey_server, "mine")) == (0, 1)
    assert pool.get_connection() is not old
    assert pool.get_connection().ping() is True
    if how != "reload to another":
        assert pool.get_connection("ready") is ready
    ready.close()


def test_closing_what_was_never_used_does_nothing(pool: Pool) -> None:
    pool.close()
    pool.close()
    assert pool.database().address == "localhost:6379/0"


def test_reload_without_a_configuration_keeps_it(pool: Pool) -> None:
    _ = Pool({"host": "a", "names": {"n": 1}})
    pool.reload(fake_redis=True)
    assert pool.get_connection("n").set("x", 1)
    pool.reload()
    assert pool.database("n").address == "a:6379/1"
    pool.reload({})
    assert pool.database().address == "localhost:6379/0"
    assert pool.names() == ()


def test_other_threads_see_the_old_or_the_new_and_nothing_between(pool: Pool, valkey_server: Server) -> None:
    first, second = place(valkey_server, database=1, names={"n": 2}), place(valkey_server, database=3, names={"n": 4})
    pool.reload(first)
    done = threading.Event()
    seen: set[tuple[int, int]] = set()
    errors: list[BaseException] = []

    def use() -> None:
        try:
            while not done.is_set():
                client, named = pool.get_connection(), pool.get_connection("n")
                assert client.echo("a") == b"a"
                assert named.echo("b") == b"b"
                seen.add((int(client.client_info()["db"]), int(named.client_info()["db"])))
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 1.5
    turn = 0
    while time.monotonic() < deadline and not errors:
        turn += 1
        pool.reload(second if turn % 2 else first)
    done.set()
    for thread in threads:
        thread.join(10)
    assert not errors
    assert {(1, 2), (3, 4)} <= seen
    assert seen <= {(1, 2), (3, 4), (1, 4), (3, 2)}  # a reload may fall between two calls, but not into one
    assert turn > 10


def test_threads_open_a_database_once(pool: Pool, valkey_server: Server) -> None:
    for _ in range(20):
        pool.reload(place(valkey_server))
        barrier = threading.Barrier(8)
        found: list[Database] = []

        def ask(barrier: threading.Barrier = barrier, found: list[Database] = found) -> None:
            _ = barrier.wait()
            found.append(pool.database())

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert len({id(each) for each in found}) == 1
        assert len(found) == 8


# -- fork --------------------------------------------------------------------------------------------------------


def in_fork(check: Callable[[], None]) -> None:
    """Run a check in a forked process, and fail as it fails."""
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            check()
        except BaseException:  # noqa: BLE001
            os.write(writable, traceback.format_exc().encode())
        finally:
            os._exit(0)
    os.close(writable)
    with os.fdopen(readable, "rb") as report:
        said = report.read().decode()
    _ = os.waitpid(pid, 0)
    assert said == ""


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_connections_of_its_own(pool: Pool, valkey_server: Server) -> None:
    pool.reload(place(valkey_server, names={"n": 1}))
    database, client = pool.database(), pool.get_connection()
    own = client.client_id()

    def check() -> None:
        assert pool.database() == database
        assert pool.database() is not database
        theirs = pool.get_connection().client_id()
        assert theirs != own
        assert client.client_id() not in {own, theirs}  # a client from before goes on, too
        assert pool.get_connection("n").ping() is True

    in_fork(check)
    assert client.client_id() == own  # not cut off by the end of the child
    assert pool.database() is database


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_lock_held_by_another_thread_does_not_hold_up_a_forked_process(pool: Pool, valkey_server: Server) -> None:
    pool.reload(place(valkey_server))
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with pool._lock:
            held.set()
            _ = done.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10)
    try:
        in_fork(lambda: None if pool.get_connection().ping() else pytest.fail("no pong"))
    finally:
        done.set()
        thread.join(10)


# -- fakes -------------------------------------------------------------------------------------------------------


def test_fakes_take_the_place_of_every_server(pool: Pool) -> None:
    names = {"number": 3, "url": "redis://no.such.host.invalid/3", "same": "redis://no.such.host.invalid/0"}
    pool.reload({**NO_SERVER, "names": names, "max_connections": 5, "timeout_secs": 1}, fake_redis=True)
    for name in (None, *names):
        assert pool.get_connection(name).get("x") is None
        assert "fake" in pool.database(name).address
    assert pool.get_connection("number").set("x", 1)
    assert pool.get_connection("url").get("x") == b"1"  # the same server, the same number
    assert pool.get_connection().get("x") is None
    assert pool.database("same") == pool.database()
    assert pool.database("number") == pool.database("url") != pool.database()
    assert pool.get_connection().connection_pool.timeout == 1  # type: ignore[attr-defined]
    assert "fake" in repr(pool)


def test_two_servers_are_two_fakes(pool: Pool) -> None:
    mine = fakeredis.FakeRedis()
    names = {"other": "redis://other.invalid", "ready": redis.Redis(host="third.invalid", db=4), "mine": mine}
    names["embedded"] = {"embedded": "/proc/no/such"}
    pool.reload({**NO_SERVER, "names": names}, fake_redis=True)
    assert pool.get_connection().set("x", 1)
    for name in names:
        assert pool.get_connection(name).get("x") is None
    assert pool.get_connection("ready").connection_pool.connection_kwargs["db"] == 4
    assert pool.get_connection("mine") is mine


def test_fakes_are_empty_after_every_reload(pool: Pool) -> None:
    for _ in range(2):
        pool.reload(fake_redis=True)
        assert pool.get_connection().incr("x") == 1
        assert pool.get_connection().incr("x") == 2
    assert pool.get_connection().eval("return redis.call('GET', KEYS[1])", 1, "x") == b"2"


def test_what_is_configured_after_the_fakes_is_a_fake(pool: Pool) -> None:
    pool.reload(fake_redis=True)
    assert Pool({**NO_SERVER, "names": {"n": 1}}).get_connection("n").set("x", 1)


def test_fakes_that_are_not_installed_say_how_to_get_them(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    before = pool.database()
    for package in ("fakeredis", "lupa"):
        with monkeypatch.context() as patch:
            patch.setitem(__import__("sys").modules, package, None)
            with pytest.raises(ConfigError, match=r'pip install "fakeredis\[lua\]"'):
                pool.reload(fake_redis=True)
    assert pool.database() is before
