"""``Block`` and ``Sleep``: waiting takes nothing away from the others, and ends when it should, however short it is."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from redicts.core.effects import Block, Op, Sleep
from redicts.errors import ConnectionLost, InternalError, OutcomeUnknown
from redicts.runners import sync
from tests.runners.rig import BOTH, Rig, call, in_use, quiet_client
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server
from tests.support.waiting import wait_until


def waiters(rig: Rig) -> int:
    """How many clients the server has that wait."""
    return int(rig.client.info("clients")["blocked_clients"])


@BOTH
def test_a_value_that_is_there_is_given_at_once(rig: Rig) -> None:
    rig.client.rpush(rig.key("q"), "é", "b")
    assert rig.steps(Block(("BLPOP", rig.key("q")), 5), Block(("BRPOP", rig.key("q")), 5)) == [
        [rig.key("q"), "é"],
        [rig.key("q"), "b"],
    ]


@BOTH
def test_nothing_in_time_is_none(rig: Rig) -> None:
    before = time.monotonic()
    assert rig.run(Block(("BLPOP", rig.key("q")), 0.05)) is None
    assert 0.04 <= time.monotonic() - before < 3


@BOTH
def test_a_tiny_timeout_is_a_millisecond_and_never_for_ever(rig: Rig) -> None:
    for timeout in (0, 0.0, 5e-324, 1e-9, 0.0001, 0.0004, 0.001, -1):
        before = time.monotonic()
        assert rig.run(Block(("BLPOP", rig.key("q")), timeout)) is None, timeout
        assert time.monotonic() - before < 3, timeout


@BOTH
def test_a_timeout_is_rounded_up_to_ms_on_the_wire(chaos_rig: Rig, chaos: ChaosProxy) -> None:
    for timeout in (0, 0.0001, 0.0101, 0.02):
        assert chaos_rig.run(Block(("BLPOP", chaos_rig.key("q")), timeout)) is None
    sent = [float(command[-1]) for command in chaos.commands if command[0] == b"BLPOP"]
    assert sent == [0.001, 0.001, 0.011, 0.02]


@BOTH
def test_a_value_that_comes_later_wakes_the_waiter(valkey_rig: Rig) -> None:
    with ThreadPoolExecutor(1) as executor:
        waiting = executor.submit(valkey_rig.run, Block(("BLPOP", valkey_rig.key("q")), 20))
        wait_until(lambda: waiters(valkey_rig) >= 1, what="the waiter")
        before = time.monotonic()
        valkey_rig.client.rpush(valkey_rig.key("q"), "x")
        assert waiting.result(10) == [valkey_rig.key("q"), "x"]
        assert time.monotonic() - before < 5


def test_waiters_take_no_connection_of_the_clients_pool(valkey_server: Server) -> None:
    pool: Any = redis.BlockingConnectionPool(  # type: ignore[no-untyped-call]
        host=valkey_server.host, port=valkey_server.port, max_connections=1, timeout=0
    )
    client = redis.Redis(connection_pool=pool)
    rig = Rig(client)
    with ThreadPoolExecutor(5) as executor:
        futures = [executor.submit(rig.run, Block(("BLPOP", rig.key(str(number))), 20)) for number in range(5)]
        wait_until(lambda: waiters(rig) >= 5, what="five waiters")
        assert in_use(client) == 0
        for number in range(5):
            assert rig.run(call("RPUSH", rig.key(str(number)), number)) == 1
        assert [future.result(10) for future in futures] == [[rig.key(str(n)), str(n)] for n in range(5)]
    rig.close()
    pool.disconnect()


def test_more_waiters_than_redis_py_allows_by_itself(valkey_server: Server) -> None:
    with valkey_server.client() as client:
        rig = Rig(client)
        assert rig.run(Block(("BLPOP", rig.key("q")), 0)) is None
        pool: Any = rig.runner._blocking_pool()
        assert pool.max_connections > 1_000_000
        held = [rig.runner._connect(pool) for _ in range(110)]
        assert rig.run(Block(("BLPOP", rig.key("q")), 0)) is None
        for connection in held:
            pool.release(connection)
        rig.close()


def test_threads_that_wait_first_at_once_share_one_pool(valkey_rig: Rig) -> None:
    start = threading.Barrier(8)

    def wait(_: int) -> Any:
        start.wait(10)
        return valkey_rig.runner._blocking_pool()

    with ThreadPoolExecutor(8) as executor:
        assert len({id(pool) for pool in executor.map(wait, range(8))}) == 1


def test_connections_of_waiters_are_used_again_and_closed_at_the_end(valkey_rig: Rig) -> None:
    for _ in range(3):
        assert valkey_rig.run(Block(("BLPOP", valkey_rig.key("q")), 0)) is None
    pool: Any = valkey_rig.runner._blocking_pool()
    (connection,) = pool._available_connections
    valkey_rig.runner.close()
    assert not connection.is_connected
    assert valkey_rig.run(Block(("BLPOP", valkey_rig.key("q")), 0)) is None, "and it can go on"


def test_closing_leaves_a_waiter_to_its_end(valkey_rig: Rig) -> None:
    with ThreadPoolExecutor(1) as executor:
        waiting = executor.submit(valkey_rig.run, Block(("BLPOP", valkey_rig.key("q")), 20))
        wait_until(lambda: waiters(valkey_rig) >= 1, what="the waiter")
        valkey_rig.runner.close()
        valkey_rig.client.rpush(valkey_rig.key("q"), "x")
        assert waiting.result(10) == [valkey_rig.key("q"), "x"]
    valkey_rig.runner.close()


def test_a_wait_may_be_longer_than_the_clients_socket_timeout(valkey_server: Server) -> None:
    with quiet_client(host=valkey_server.host, port=valkey_server.port, socket_timeout=0.05) as client:
        rig = Rig(client)
        before = time.monotonic()
        assert rig.run(Block(("BLPOP", rig.key("q")), 0.3)) is None
        assert time.monotonic() - before >= 0.29
        rig.close()


@BOTH
def test_an_error_reply_of_a_blocking_command(rig: Rig) -> None:
    rig.client.set(rig.key("text"), "x")
    with pytest.raises(InternalError):
        rig.run(Block(("BLPOP", rig.key("text")), 1))
    assert rig.run(Block(("BLPOP", rig.key("q")), 0)) is None


@BOTH
def test_a_wait_cut_off_is_unknown_for_the_value_may_be_gone(chaos_rig: Rig, chaos: ChaosProxy) -> None:
    key = chaos_rig.key("q")
    assert chaos_rig.run(Block(("BLPOP", key), 0)) is None
    chaos_rig.client.rpush(key, "x")
    chaos.cut_before_reply()
    with pytest.raises(OutcomeUnknown):
        chaos_rig.run(Block(("BLPOP", key), 5))
    assert chaos_rig.client.exists(key) == 0, "it was taken, and nobody got it"
    assert chaos_rig.run(Block(("BLPOP", key), 0)) is None


@BOTH
def test_nowhere_to_wait_is_a_lost_connection(chaos_rig: Rig, chaos: ChaosProxy) -> None:
    chaos.refuse()
    with pytest.raises(ConnectionLost, match="nothing was changed"):
        chaos_rig.run(Block(("BLPOP", chaos_rig.key("q")), 5))


def test_a_reply_that_never_comes_is_given_up(
    chaos_rig: Rig, chaos: ChaosProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert chaos_rig.run(Block(("BLPOP", chaos_rig.key("q")), 0)) is None
    monkeypatch.setattr(sync, "BLOCK_MARGIN", 0.2)
    chaos.hang()
    before = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        chaos_rig.run(Block(("BLPOP", chaos_rig.key("q")), 0.1))
    assert 0.25 <= time.monotonic() - before < 3


@BOTH
def test_sleep_pauses(rig: Rig) -> None:
    def op() -> Op[Any]:
        before = time.monotonic()
        reply = yield (Sleep(0.03),)
        return reply, time.monotonic() - before

    reply, seconds = rig.runner.run(op(), True)
    assert reply == (None,)
    assert 0.029 <= seconds < 2
