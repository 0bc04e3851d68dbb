"""Whatever interrupts: no reply is taken for another's, every connection goes back, every generator is closed."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import redis

from redicts.core.effects import Block, Commit, Effect, Op, Sleep
from redicts.runners import sync
from tests.runners.rig import Rig, call, in_use, script, watch
from tests.support.chaos import ChaosProxy


class Closed:
    """An operation that tells how it ended."""

    def __init__(self, *effects: Effect) -> None:
        self.effects = effects
        self.ended: list[str] = []

    def op(self) -> Op[Any]:
        try:
            for effect in self.effects:
                yield (effect,)
            self.ended.append("returned")
        except BaseException as error:
            self.ended.append(type(error).__name__)
            raise
        finally:
            self.ended.append("finally")


def test_ctrl_c_while_a_reply_is_on_its_way(chaos_rig: Rig, chaos: ChaosProxy, alarm: Any) -> None:
    key = chaos_rig.key("n")
    chaos.hang(requests=False)
    closed = Closed(call("INCRBY", key, 5))
    alarm(lambda: "INCRBY" in chaos.command_names)
    with pytest.raises(KeyboardInterrupt) as caught:
        chaos_rig.runner.run(closed.op(), True)
    assert caught.tb is not None  # it holds the operation, which so is not closed by being forgotten
    assert closed.ended == ["KeyboardInterrupt", "finally"]
    assert in_use(chaos_rig.client) == 0
    chaos.resume()
    assert chaos_rig.run(call("ECHO", "mine")) == "mine", "the late reply is nobody's"
    assert chaos_rig.run(call("GET", key)) == "5"
    assert chaos.connections == 1, "the interrupted connection was given up"


@pytest.mark.parametrize("at", ["watch", "commit", "block"])
def test_ctrl_c_in_the_effects_that_stand_alone(chaos_rig: Rig, chaos: ChaosProxy, alarm: Any, at: str) -> None:
    key = chaos_rig.key("k")
    assert chaos_rig.run(Block(("BLPOP", key), 0)) is None
    command = {"watch": "WATCH", "commit": "EXEC", "block": "BLPOP"}[at]
    chaos.reset()

    def op() -> Op[None]:
        if at == "block":
            chaos.hang(requests=False)
            yield (Block(("BLPOP", key), 20),)
        if at == "watch":
            chaos.hang(requests=False)
        yield (watch([key]),)
        chaos.hang(requests=False)
        yield (Commit((call("SET", key, 1),)),)

    alarm(lambda: command in chaos.command_names)
    with pytest.raises(KeyboardInterrupt):
        chaos_rig.runner.run(op(), False)
    assert in_use(chaos_rig.client) == 0
    assert not chaos_rig.runner._blocking_pool()._in_use_connections
    chaos.resume()
    assert chaos_rig.run(call("ECHO", "mine")) == "mine"
    assert chaos_rig.run(Block(("BLPOP", chaos_rig.key("q")), 0)) is None


def test_ctrl_c_in_a_pause(chaos_rig: Rig, alarm: Any) -> None:
    started = threading.Event()

    def op() -> Op[None]:
        yield (watch([chaos_rig.key("k")]),)
        started.set()
        yield (Sleep(30),)

    alarm(started.is_set)
    with pytest.raises(KeyboardInterrupt):
        chaos_rig.runner.run(op(), False)
    assert in_use(chaos_rig.client) == 0
    assert chaos_rig.run(call("PING")) == "PONG"


def test_ctrl_c_while_sending(chaos_rig: Rig, chaos: ChaosProxy, alarm: Any) -> None:
    chaos.hang()
    alarm(lambda: in_use(chaos_rig.client) == 1)
    with pytest.raises(KeyboardInterrupt):
        chaos_rig.run(call("SET", chaos_rig.key("k"), "x" * 30_000_000))
    assert in_use(chaos_rig.client) == 0
    chaos.resume()
    assert chaos_rig.run(call("GET", chaos_rig.key("k"))) is None


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_batch_cut_between_its_replies_is_read_by_nobody(chaos_rig: Rig, chaos: ChaosProxy, cut: int) -> None:
    chaos.cut_after_replies(len("$1\r\n0\r\n") * cut)
    echoes = [call("ECHO", str(number)) for number in range(3)]
    assert chaos_rig.run(*echoes) == ("0", "1", "2"), "sent again as a whole"
    assert chaos.cuts == 1


@pytest.mark.parametrize(
    "effects",
    [
        (call("PING"), call("INCR")),
        (call("EVAL", "return redis.error_reply('LOCKLOST x')", 0),),
        (watch(["k"]), call("INCR")),
        (watch(["k"]), Commit((call("INCR"),))),
        (watch(["k"]), Block(("BLPOP",), 0)),
        (watch(["k"]), "no effect"),
        (call("GET", object()),),  # type: ignore[arg-type]
        (call("GET", "\ud800"),),
        (Commit((call("PING"),)),),
        (Block(("BLPOP", "\ud800"), 0),),
        (watch(["\ud800"]),),
    ],
)
def test_after_any_error_the_pool_is_whole_and_the_operation_closed(rig: Rig, effects: tuple[Any, ...]) -> None:
    closed = Closed(*effects)
    with pytest.raises(Exception) as caught:  # noqa: PT011  # each its own
        rig.runner.run(closed.op(), True)
    assert closed.ended == [type(caught.value).__name__, "finally"]
    assert in_use(rig.client) == 0
    assert rig.run(call("ECHO", "still")) == "still"


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit, RuntimeError, ValueError])
def test_an_error_of_the_operation_itself(rig: Rig, kind: type[BaseException]) -> None:
    def op() -> Op[None]:
        yield (watch([rig.key("k")]),)
        yield (call("PING"),)
        raise kind

    with pytest.raises(kind):
        rig.runner.run(op(), True)
    assert in_use(rig.client) == 0
    assert rig.run(call("PING")) == "PONG"


def test_an_operation_may_go_on_after_an_error(rig: Rig) -> None:
    def op() -> Op[Any]:
        try:
            yield (call("INCR"),)
        except redis.ResponseError:
            return (yield (call("ECHO", "mended"),))
        raise AssertionError

    assert rig.runner.run(op(), True) == ("mended",)


def test_an_operation_that_ends_by_throwing_another_error(rig: Rig) -> None:
    def op() -> Op[None]:
        try:
            yield (script("return redis.error_reply('ERR x')"),)
        except redis.ResponseError as error:
            raise LookupError("another") from error

    with pytest.raises(LookupError, match="another"):
        rig.runner.run(op(), True)
    assert in_use(rig.client) == 0


def test_a_connection_is_given_back_when_the_version_cannot_be_asked(
    chaos_rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sync, "check_version", stop)
    fresh = Rig(chaos_rig.client)
    with pytest.raises(KeyboardInterrupt):
        fresh.run(call("PING"))
    assert in_use(chaos_rig.client) == 0
    monkeypatch.undo()
    assert fresh.run(call("PING")) == "PONG"
