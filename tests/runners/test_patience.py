"""``Block`` with ``patience``: the operation does something else meanwhile, and the command stays under way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote

import pytest

from redicts.core.effects import WAITING, Block, Commit, Op
from redicts.errors import ConnectionLost, InternalError, OutcomeUnknown
from redicts.runners import blocked
from redicts.runners.sync import SyncRunner
from tests.runners.rig import Rig, call, quiet_client, watch
from tests.support.backends import Backend
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server
from tests.support.waiting import wait_until


@pytest.fixture
def patient(rig: Rig, backend: Backend) -> Iterator[Rig]:
    """A runner over every backend, as a ``Database`` makes it; afterwards nobody waits, nothing is in use."""
    rig.runner = SyncRunner(backend.client, "the server", answers_at_once=not backend.real)
    yield rig
    assert rig.runner._blocking_pool()._in_use_connections == set()


def on(rig: Rig, patience: float | None = 0.02, timeout: float = 20, name: str = "q", label: str = "") -> Block:
    """Wait for an element of a list."""
    return Block(("BLPOP", rig.key(name)), timeout, patience, label)


def test_the_operation_is_asked_meanwhile_and_gets_the_reply_later(patient: Rig) -> None:
    def op() -> Op[list[Any]]:
        (first,) = yield (on(patient),)
        (pong,) = yield (call("PING"),)
        (second,) = yield (on(patient),)
        yield (call("RPUSH", patient.key("q"), "é", "next"),)
        (third,) = yield (on(patient, 10),)
        return [first, pong, second, third]

    assert patient.runner.run(op(), False) == [WAITING, "PONG", WAITING, [patient.key("q"), "é"]]
    assert patient.client.lrange(patient.key("q"), 0, -1) == [b"next"]


def test_what_is_there_is_given_at_once(patient: Rig) -> None:
    patient.client.rpush(patient.key("q"), "a", "b")
    before = time.monotonic()
    assert patient.steps(on(patient, 10), on(patient, 0)) == [[patient.key("q"), name] for name in "ab"]
    assert time.monotonic() - before < 5


def test_when_the_timeout_has_passed_the_reply_is_none(patient: Rig) -> None:
    def op() -> Op[list[Any]]:
        replies: list[Any] = []
        while None not in replies:
            left = 0.2 - (time.monotonic() - before)
            replies += yield (on(patient, 0.05, left),)
        return replies

    before = time.monotonic()
    replies = patient.runner.run(op(), False)
    assert 0.19 <= time.monotonic() - before < 3
    assert replies[0] is WAITING
    assert set(replies) == {WAITING, None}


@pytest.mark.parametrize("patience", [0, 0.0, 1e-9, 0.001])
def test_no_patience_at_all(patient: Rig, patience: float) -> None:
    before = time.monotonic()
    assert patient.steps(*[on(patient, patience)] * 3) == [WAITING] * 3
    assert time.monotonic() - before < 3


def test_an_error_reply(patient: Rig) -> None:
    patient.client.set(patient.key("q"), "x")
    with pytest.raises(InternalError):
        patient.run(on(patient, 5))


def test_it_is_sent_once_and_not_asked_for_again(chaos_rig: Rig, chaos: ChaosProxy) -> None:
    def op() -> Op[Any]:
        for _ in range(4):
            assert (yield (on(chaos_rig),)) == (WAITING,)
        yield (call("RPUSH", chaos_rig.key("q"), "x"),)
        return (yield (on(chaos_rig, 10),))

    chaos_rig.steps(on(chaos_rig, None, 0))
    chaos.reset()
    assert chaos_rig.runner.run(op(), False) == ([chaos_rig.key("q"), "x"],)
    assert chaos.command_names == ["CLIENT", "CLIENT", "BLPOP", "RPUSH"]
    assert chaos.commands[2] == [b"BLPOP", chaos_rig.key("q").encode(), b"20.0"]
    assert chaos.connections == 0, "on the connections that were there"


def test_its_place_in_the_queue_is_kept(valkey_rig: Rig) -> None:
    """Through other steps of every kind; each of two waiters is asked several times before anything comes."""
    rig, asked = valkey_rig, [0, 0]

    def op(number: int) -> Op[Any]:
        while True:
            (reply,) = yield (on(rig, 0.02),)
            if reply is not WAITING:
                return reply
            asked[number] += 1
            yield (watch([rig.key("k")], ("GET", rig.key("k"))),)
            yield (Commit((call("SET", rig.key(f"k{number}"), 1),)),)

    with ThreadPoolExecutor(2) as executor:
        waiting = []
        for number in range(2):
            waiting.append(executor.submit(rig.runner.run, op(number), False))
            wait_until(lambda number=number: asked[number] > 1, what=f"waiter {number}")  # type: ignore[misc]
        before = list(asked)
        wait_until(lambda: all(now >= then + 3 for now, then in zip(asked, before, strict=True)), what="more looks")
        rig.client.rpush(rig.key("q"), "first", "second")
        assert [each.result(10)[1] for each in waiting] == ["first", "second"]


def test_a_block_without_patience_goes_on_waiting_for_it(chaos_rig: Rig, chaos: ChaosProxy) -> None:
    def op() -> Op[Any]:
        assert (yield (on(chaos_rig, timeout=0.3),)) == (WAITING,)
        return (yield (on(chaos_rig, None, 20),))

    before = time.monotonic()
    assert chaos_rig.runner.run(op(), False) == (None,)
    assert 0.29 <= time.monotonic() - before < 5, "with the timeout of the first"
    assert chaos.command_names.count("BLPOP") == 1
    assert not chaos_rig.runner._blocking_pool()._in_use_connections


def test_patience_may_be_longer_than_the_clients_socket_timeout(valkey_server: Server) -> None:
    with quiet_client(host=valkey_server.host, port=valkey_server.port, socket_timeout=0.05) as client:
        rig = Rig(client)
        before = time.monotonic()
        assert rig.steps(on(rig, 0.15), on(rig, 0.15)) == [WAITING, WAITING]
        assert time.monotonic() - before >= 0.29
        rig.close()


@pytest.mark.parametrize("label", ["", "redicts:w:{a}.b", "{é x}.\u2028", "a b\nc\x00%", "日本語😀" * 30])
def test_the_connection_is_called_by_its_label(valkey_rig: Rig, label: str) -> None:
    """Whatever the label is: a server takes printable ASCII without spaces."""

    def op() -> Op[str]:
        assert (yield (on(valkey_rig, label=label),)) == (WAITING,)
        return next(str(each["name"]) for each in valkey_rig.client.client_list() if "b" in each["flags"])

    name = valkey_rig.runner.run(op(), False)
    assert unquote(name) == label
    if label.isascii() and label.isprintable() and " " not in label:
        assert name == label, "what is legible stays so"


@pytest.mark.parametrize("protocol", [2, 3])
def test_a_client_that_decodes(valkey_server: Server, protocol: int) -> None:
    with valkey_server.client(decode_responses=True, protocol=protocol) as client:
        rig = Rig(client)
        replies = rig.steps(on(rig), call("RPUSH", rig.key("q"), "é"), on(rig, 10), on(rig), Block((), 0))
        assert replies == [WAITING, 1, [rig.key("q"), "é"], WAITING, None]
        rig.close()


# ---- connections that are lost


def test_a_connection_lost_while_waiting_is_unknown(chaos_rig: Rig, chaos: ChaosProxy) -> None:
    def op() -> Op[Any]:
        assert (yield (on(chaos_rig),)) == (WAITING,)
        chaos.cut()
        return (yield (on(chaos_rig, 10),))

    before = time.monotonic()
    with pytest.raises(OutcomeUnknown) as caught:
        chaos_rig.runner.run(op(), True)
    assert caught.value.commands == ["BLPOP"]
    assert time.monotonic() - before < 5
    assert chaos_rig.steps(on(chaos_rig)) == [WAITING]


def test_a_connection_lost_before_it_was_sent_is_that(chaos_rig: Rig, chaos: ChaosProxy) -> None:
    chaos.refuse()
    with pytest.raises(ConnectionLost, match="nothing was changed"):
        chaos_rig.run(on(chaos_rig))


@pytest.mark.parametrize("count", [0, 1, 5, 8])
def test_a_connection_cut_while_it_is_prepared(chaos_rig: Rig, chaos: ChaosProxy, count: int) -> None:
    chaos_rig.steps(on(chaos_rig, None, 0))
    chaos.cut_after_replies(count)
    with pytest.raises(OutcomeUnknown):
        chaos_rig.run(on(chaos_rig))
    wait_until(lambda: chaos_rig.client.info("clients")["blocked_clients"] == 0, what="nobody waits")
    assert not chaos_rig.runner._blocking_pool()._in_use_connections
    assert chaos_rig.steps(on(chaos_rig)) == [WAITING]


def test_a_reply_that_is_long_overdue_is_given_up(
    chaos_rig: Rig, chaos: ChaosProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def op() -> Op[None]:
        assert (yield (on(chaos_rig, timeout=0.1),)) == (WAITING,)
        chaos.hang()
        while True:
            assert (yield (on(chaos_rig),)) == (WAITING,)

    monkeypatch.setattr(blocked, "BLOCK_MARGIN", 0.2)
    before = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        chaos_rig.runner.run(op(), False)
    assert 0.29 <= time.monotonic() - before < 5
