"""Scripts that the server has lost, and writes under locks that were."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import redicts
from redicts import ConnectionLost, LockLost, Proxy
from redicts.core.keys import KeySpace
from redicts.pool import Database
from tests.pipeline.places import at
from tests.support.backends import Backend
from tests.support.chaos import ChaosProxy
from tests.support.servers import KINDS, Server


def warm_up(*names: str) -> None:
    """Have the connection's scripts known."""
    with redicts.pipeline() as pipe:
        _ = pipe.proxy("warm").add(), pipe.proxy("warm").val(), pipe.proxy("warm").kind()


def test_what_comes_last_is_done_once_more(far: Proxy, chaos: ChaosProxy) -> None:
    warm_up()
    far._where().client.script_flush()
    chaos.reset()
    with redicts.pipeline() as pipe:
        sums = [pipe.proxy("n").add() for _ in range(3)]
        kind = pipe.proxy("n").kind()
        read = pipe.proxy("n").val()
    assert [each.result for each in sums] == [1, 2, 3]
    assert (kind.result, read.result) == ("leaf", 3)
    assert chaos.command_names == ["EVALSHA"] * 5 + ["EVAL", "EVALSHA", "EVALSHA", "EVAL", "EVAL"]


def test_what_would_come_too_late_fails_and_changes_nothing(far: Proxy, chaos: ChaosProxy) -> None:
    warm_up()
    far._where().client.script_flush()
    with redicts.pipeline(raise_on_error=False) as pipe:
        early = pipe.proxy("n").add()
        command = pipe.command("PING")
        late = pipe.proxy("n").add()
    assert type(early.error) is ConnectionLost
    assert "nothing was changed by this operation; repeat it" in str(early.error)
    assert (command.result, late.result, far.get("n").val()) == ("PONG", 1, 1)
    with redicts.pipeline() as pipe:
        again = pipe.proxy("n").add(), pipe.command("PING")
    assert again[0].result == 2


def test_in_a_transaction_scripts_go_whole(home: Proxy, backend: Backend) -> None:
    warm_up()
    if backend.real:
        backend.client.script_flush()
    with redicts.pipeline() as pipe:
        with redicts.pipeline(pipe, atomic=True) as inner:
            sums = [inner.proxy("n").add(), inner.proxy("n").add()]
        command = pipe.command("PING")
    assert ([each.result for each in sums], command.result) == ([1, 2], "PONG")


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_was_restarted(kind: str, start_server: Callable[..., Server], lead: Callable[..., None]) -> None:
    server = start_server(kind)
    client = server.client()
    lead(Database.of_client(client))
    warm_up()
    server.restart()
    with redicts.pipeline() as pipe:
        sums = [pipe.proxy("n").add() for _ in range(3)]
        last = pipe.command("PING")
    assert [each.result for each in sums] == [1, 2, 3]
    assert last.result == "PONG"
    client.close()


def test_a_user_whose_own_script_is_missing_is_told(home: Proxy) -> None:
    with redicts.pipeline(raise_on_error=False) as pipe:
        own = pipe.command("EVALSHA", "0" * 40, 0)
    assert "NOSCRIPT" in str(own.error) or "No matching script" in str(own.error)


def test_a_write_is_checked_when_it_is_sent(home: Proxy) -> None:
    place = home.get("a")
    with redicts.pipeline(raise_on_error=False) as pipe:
        with place.acquire() as lease:
            good = pipe.proxy("a.b").set("x", 1)
            pipe.execute()
            after = pipe.proxy("a.b").set("x", 2)
        _ = pipe.proxy("free").set((), 1)
        free = pipe.proxy("a.b").set("y", 3)
    assert (good.result, free.result) == (None, None)
    assert isinstance(after.error, LockLost), "the lock was released before it was sent"
    assert place.val() == {"b": {"x": 1, "y": 3}}
    assert lease.valid_for() == 0 or not place.is_locked()


def test_a_stolen_lock_refuses_all_that_depends_on_it(real_home: Proxy) -> None:
    place = real_home.get("a")
    lease = place.acquire()
    with redicts.pipeline(raise_on_error=False) as pipe:
        writes = [pipe.proxy("a.x").add(), pipe.proxy("a").set("y", 1), pipe.proxy("a").transform(lambda _: 1)]
        other, held = pipe.proxy("b").add(), lease.using(pipe).ensure_held()
        assert [holder.path for holder in place.break_locks()] == ["a"]
        with redicts.pipeline(pipe, atomic=True) as inner:
            atomic = inner.proxy("a.z").add()
    assert [type(each.error) for each in (*writes, held, atomic)] == [LockLost] * 5
    assert (other.result, real_home.val()) == (1, {"b": 1})
    assert lease.lost.is_set()


def test_a_lock_of_another_database_proves_nothing(fake: Database, lead: Callable[..., None]) -> None:
    elsewhere = Database(fake.client, namespace="elsewhere")
    with at(elsewhere, "a"), redicts.pipeline() as pipe:
        done = pipe.proxy("a").add()
    assert done.result == 1
    assert KeySpace("elsewhere") is not None
