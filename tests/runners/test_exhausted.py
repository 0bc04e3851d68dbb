"""A pool with nothing left waits as long as it was told to, and then says what to do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from redicts.core.effects import Commit, Op
from redicts.errors import PoolExhausted
from redicts.proxy import Proxy
from tests.runners.rig import Rig, call, steps, watch
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server

MakeProxy = Callable[..., Proxy]


def test_a_pool_with_nothing_left_waits_and_then_says_so(proxy: MakeProxy, chaos: ChaosProxy) -> None:
    place = proxy(max_connections=2, timeout_secs=0.2)
    place.store("x", 1)
    pool = place._where().client.connection_pool
    held = [pool.get_connection(), pool.get_connection()]
    chaos.reset()
    before = time.monotonic()
    with pytest.raises(PoolExhausted) as caught:
        place.get("x").val()
    assert 0.19 <= time.monotonic() - before < 2, "the time is waited once, not for each try"
    assert (caught.value.address, caught.value.timeout) == (f"127.0.0.1:{chaos.port}/0", 0.2)
    assert f"all 2 connections to {caught.value.address} stayed in use for 0.2 s" in str(caught.value)
    assert "raise max_connections or timeout_secs" in str(caught.value)
    assert chaos.commands == []
    for connection in held:
        pool.release(connection)
    assert place.get("x").val() == 1


def test_a_connection_that_becomes_free_in_time_is_used(proxy: MakeProxy) -> None:
    place = proxy(max_connections=1, timeout_secs=20)
    place.store("x", 1)
    pool = place._where().client.connection_pool
    held = pool.get_connection()
    timer = threading.Timer(0.05, pool.release, (held,))
    timer.start()
    assert place.get("x").val() == 1
    timer.join()


def test_a_plain_pool_of_a_users_client_says_so_too(valkey_server: Server) -> None:
    with valkey_server.client(max_connections=1) as client:
        rig = Rig(client)
        held = client.connection_pool.get_connection()
        with pytest.raises(PoolExhausted, match="all 1 connections to the server stayed in use; raise") as caught:
            rig.run(call("PING"))
        assert caught.value.timeout is None
        client.connection_pool.release(held)
        assert rig.run(call("PING")) == "PONG"


def test_a_watch_holds_its_connection_only_until_the_next_step(proxy: MakeProxy) -> None:
    """So one connection is enough for every operation: they never wait for each other with all of them kept."""
    place = proxy(max_connections=1, timeout_secs=0.1)

    def goes_on() -> Op[str]:
        yield (watch(["k"]),)
        (reply,) = yield (call("PING"),)
        with pytest.raises(ValueError, match="Commit needs a Watch before it"):
            yield (Commit((call("SET", "k", 1),)),)
        return str(reply)

    runner = place._where().runner
    assert runner.run(goes_on(), True) == "PONG"
    assert runner.run(steps((watch(["k"]),), (call("PING"),)), True)[1] == ("PONG",)
