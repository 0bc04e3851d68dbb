"""Giving up a ``Block``: nobody waits afterwards, and what the server handed out in that moment is not lost."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from redicts.core.effects import WAITING, Block, Op
from redicts.errors import ConnectionLost, OutcomeUnknown
from tests.runners.rig import Rig, call, in_use, steps
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server
from tests.support.waiting import wait_until

STOP = Block((), 0)


def on(rig: Rig, name: str = "q", patience: float = 0.01) -> Block:
    """Wait for an element of a list, asked soon."""
    return Block(("BLPOP", rig.key(name)), 20, patience, rig.key(name))


def waiting(rig: Rig) -> list[str]:
    """For which of this test's lists somebody waits."""
    blocked = [str(each["name"]) for each in rig.client.client_list() if "b" in each["flags"]]
    return sorted(name.removeprefix(f"{rig.namespace}:") for name in blocked if name.startswith(rig.namespace))


def taken(rig: Rig) -> int:
    """How many connections of waiters are in use."""
    return len(rig.runner._blocking_pool()._in_use_connections)


@pytest.fixture
def idle(valkey_rig: Rig) -> Iterator[Rig]:
    """A runner; afterwards nobody waits, and nothing is in use."""
    yield valkey_rig
    wait_until(lambda: not waiting(valkey_rig), what="nobody waits")
    assert taken(valkey_rig) == 0


def test_giving_up_leaves_nobody_waiting_and_a_connection_that_is_used_again(idle: Rig) -> None:
    numbers = set()
    for _ in range(5):
        assert idle.steps(on(idle), STOP, STOP) == [WAITING, None, None]
        assert waiting(idle) == []
        (connection,) = idle.runner._blocking_pool()._available_connections
        numbers.add(id(connection))
        assert connection.is_connected
    assert len(numbers) == 1
    idle.client.rpush(idle.key("q"), "x")
    assert idle.steps(on(idle)) == [[idle.key("q"), "x"]]


def test_giving_up_what_was_never_begun_or_is_over(idle: Rig) -> None:
    assert idle.run(STOP) is None
    idle.client.rpush(idle.key("q"), "x")
    assert idle.steps(on(idle), STOP) == [[idle.key("q"), "x"], None]


def test_what_came_before_it_was_given_up_is_given(idle: Rig) -> None:
    def op() -> Op[Any]:
        assert (yield (on(idle),)) == (WAITING,)
        yield (call("RPUSH", idle.key("q"), "é", "more"),)
        wait_until(lambda: not waiting(idle), what="the server has handed it out")
        return (yield (STOP,))

    assert idle.runner.run(op(), False) == ([idle.key("q"), "é"],)
    assert idle.client.lrange(idle.key("q"), 0, -1) == [b"more"]


@pytest.mark.parametrize(
    "rounds", [300, pytest.param(10_000, marks=[pytest.mark.exhaustive, pytest.mark.timeout(300)])]
)
def test_nothing_is_lost_in_the_very_moment_of_giving_up(idle: Rig, rounds: int) -> None:
    key, meet = idle.key("q"), threading.Barrier(2)
    given, later = 0, 0.0  # by so many seconds the waiter is later than the other; moved to where it is even

    def push() -> None:
        for number in range(rounds):
            meet.wait(20)
            time.sleep(max(0.0, -later))
            idle.client.rpush(key, number)
            meet.wait(20)

    def give_up() -> Op[Any]:
        assert (yield (on(idle, patience=0),)) == (WAITING,)
        meet.wait(20)
        time.sleep(max(0.0, later))
        (reply,) = yield (STOP,)
        meet.wait(20)
        return reply

    with ThreadPoolExecutor(1) as executor:
        pushing = executor.submit(push)
        for number in range(rounds):
            reply = idle.runner.run(give_up(), False)
            left = idle.client.lrange(key, 0, -1)
            idle.client.delete(key)
            assert (reply, left) in [([key, str(number)], []), (None, [str(number).encode()])]
            given += reply is not None
            later += 0.00002 if reply is None else -0.00002
        pushing.result(20)
    print(f"{rounds} rounds: {given} given to the waiter, {rounds - given} left in the list, 0 lost")
    assert rounds / 10 < given < rounds * 9 / 10, "or the moment was not met"


def test_another_block_gives_up_the_first(idle: Rig) -> None:
    def op() -> Op[Any]:
        assert (yield (on(idle, "one"),)) == (WAITING,)
        assert waiting(idle) == ["one"]
        assert (yield (on(idle, "two"),)) == (WAITING,)
        assert waiting(idle) == ["two"]
        yield (call("RPUSH", idle.key("one"), "x"),)
        yield (call("RPUSH", idle.key("two"), "y"),)
        return (yield (on(idle, "two", 10),))

    assert idle.runner.run(op(), False) == ([idle.key("two"), "y"],)
    assert idle.client.lrange(idle.key("one"), 0, -1) == [b"x"]


@pytest.mark.parametrize("how", ["returns", "raises"])
def test_the_end_of_the_operation_ends_it(idle: Rig, how: str) -> None:
    def op() -> Op[None]:
        assert (yield (on(idle),)) == (WAITING,)
        if how == "raises":
            raise LookupError

    if how == "raises":
        with pytest.raises(LookupError):
            idle.runner.run(op(), False)
    else:
        idle.runner.run(op(), False)
    wait_until(lambda: not waiting(idle), what="nobody waits")
    idle.client.rpush(idle.key("q"), "x")
    assert idle.client.lrange(idle.key("q"), 0, -1) == [b"x"], "nobody took it"


def test_ctrl_c_while_waiting_leaves_no_waiter_and_no_connection(idle: Rig, alarm: Any) -> None:
    alarm(lambda: waiting(idle) == ["q"])
    with pytest.raises(KeyboardInterrupt) as caught:
        idle.steps(*[on(idle, patience=0.2)] * 99)  # in parts: a signal may come just before one begins
    assert caught.tb is not None
    assert taken(idle) == in_use(idle.client) == 0
    wait_until(lambda: not waiting(idle), what="nobody waits")
    idle.client.rpush(idle.key("q"), "x")
    assert idle.client.llen(idle.key("q")) == 1


def test_an_interrupted_operation_can_give_up_in_good_order(idle: Rig, alarm: Any) -> None:
    """It gets what came in the very moment, and can hand it on."""
    got: list[Any] = []
    turns: list[None] = []

    def op() -> Op[None]:
        try:
            while True:
                yield (on(idle, patience=0.2),)
                turns.append(None)
        except KeyboardInterrupt:
            yield (call("RPUSH", idle.key("q"), "x"),)
            wait_until(lambda: not waiting(idle), what="the server has handed it out")
            got.extend((yield (STOP,)))
            raise

    alarm(lambda: bool(turns) and waiting(idle) == ["q"])
    with pytest.raises(KeyboardInterrupt):
        idle.runner.run(op(), False)
    assert got == [[idle.key("q"), "x"]]
    assert len(idle.runner._blocking_pool()._available_connections) == 1


def test_a_connection_that_was_lost_while_waiting_is_told_when_it_is_given_up(
    chaos_rig: Rig, chaos: ChaosProxy
) -> None:
    def op(lose: Callable[[], None]) -> Op[Any]:
        assert (yield (on(chaos_rig),)) == (WAITING,)
        lose()
        return (yield (STOP,))

    with pytest.raises(OutcomeUnknown) as caught:
        chaos_rig.runner.run(op(chaos.cut), False)
    assert caught.value.commands == ["BLPOP"]
    with pytest.raises(ConnectionLost):
        chaos_rig.runner.run(op(chaos.refuse), False)
    assert taken(chaos_rig) == 0
    chaos.accept()
    assert chaos_rig.steps(on(chaos_rig), STOP) == [WAITING, None]


@pytest.fixture
def restricted(server: Server) -> Iterator[Callable[..., Rig]]:
    """``restricted(rule)``: a runner of a user that may do all but that."""
    rigs: list[Rig] = []
    user = f"u{uuid.uuid4().hex[:8]}"
    with server.client() as admin:

        def make(*rules: str) -> Rig:
            admin.execute_command("ACL", "SETUSER", user, "on", ">secret", "~*", "&*", "+@all", *rules)
            rigs.append(Rig(server.client(username=user, password="secret")))
            return rigs[-1]

        yield make
        for rig in rigs:
            rig.close()
            rig.client.close()
        admin.execute_command("ACL", "DELUSER", user)


@pytest.mark.parametrize(
    "rules", [["-client"], ["-client|unblock"], ["-@dangerous"], ["-client|id"], ["-client|setname"]]
)
def test_where_commands_about_clients_are_not_allowed_it_works_too(
    restricted: Callable[..., Rig], server: Server, rules: list[str]
) -> None:
    rig = restricted(*rules)
    with server.client() as admin:
        blocked = admin.info("clients")["blocked_clients"]
        before = time.monotonic()
        assert rig.steps(on(rig), on(rig), STOP) == [WAITING, WAITING, None]
        assert rig.steps(on(rig), call("RPUSH", rig.key("q"), "x"), on(rig, patience=10))[2] == [rig.key("q"), "x"]
        assert rig.runner.run(steps((on(rig),)), False) == [(WAITING,)]
        assert time.monotonic() - before < 4, "and nothing is waited for"
        wait_until(lambda: admin.info("clients")["blocked_clients"] == blocked, what="nobody waits")
        assert taken(rig) == 0
