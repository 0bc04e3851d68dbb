"""Waiting, stepped by hand: who is woken makes use of it or gives it on, and what was taken is not lost."""

from __future__ import annotations

import queue
from typing import Any

import pytest

from redicts.core.effects import WAITING, Block, Call, Effect, Eval, Op
from redicts.core.missing import MISSING
from redicts.errors import ConnectionLost, OutcomeUnknown, PipelineMisused, WaitTimeout
from redicts.leaves import waiting
from redicts.leaves.queue import QueueOperations
from redicts.leaves.waiting import Attempt, check_timeout, patience_of, wait_for, wait_in_queue
from tests.support.stepping import Spot, Step

LEAF: QueueOperations[Any] = QueueOperations(Spot("a.q"))
TAKERS, PUTTERS = "ns:g:{a}.q", "ns:p:{a}.q"


class Batched(Spot):
    """A place in a pipeline."""

    _batched = True


class Interrupted(BaseException):
    """As KeyboardInterrupt."""


def attempt(waits: bool) -> Op[Attempt[str]]:
    """Ask; the answer is what there is, or None."""
    (reply,) = yield (Call(("TRY", "waits" if waits else "last")),)
    return Attempt(MISSING if reply is None else reply, reply=reply)


def undo(reply: Any) -> Op[None]:
    """Put it back."""
    _ = yield (Call(("UNDO", reply)),)


def wait(timeout: float | None = None, **options: Any) -> Step:
    return Step(wait_for(LEAF, attempt, timeout, undo=undo, **options))


def asked(step: Step) -> Effect:
    (effect,) = step.asked
    return effect


def tries(step: Step, how: str = "waits") -> bool:
    return asked(step) == Call(("TRY", how))


def stands(step: Step, line: str = TAKERS) -> bool:
    effect = asked(step)
    assert isinstance(effect, Block)
    return effect.args == ("BLPOP", line) and effect.shared and effect.label == line


def leaves(step: Step) -> bool:
    return asked(step) == Block((), 0.0)


def wakes(step: Step, line: str = TAKERS) -> bool:
    effect = asked(step)
    return isinstance(effect, Eval) and (effect.script.name, effect.keys) == ("wake", (line,))


def puts_back(step: Step, what: str = "x") -> bool:
    return asked(step) == Call(("UNDO", what))


def unknown() -> OutcomeUnknown:
    return OutcomeUnknown("cut", address="", commands=())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that is moved on by hand."""
    now = [100.0]
    monkeypatch.setattr(waiting, "monotonic", lambda: now[0])
    return now


def test_what_is_there_is_had_in_one_step() -> None:
    step = wait(0)
    assert tries(step, "last")
    assert (step.reply("x").value, step.trips) == ("x", 1)


def test_one_try() -> None:
    with pytest.raises(WaitTimeout, match=r"there is no element at 'a\.q'") as caught:
        wait(0).reply(None)
    assert (caught.value.path, caught.value.timeout) == ("a.q", 0)


def test_a_wake_up_is_made_use_of() -> None:
    step = wait().reply(None)
    assert stands(step)
    assert tries(step.reply([TAKERS, "1"]))
    assert step.reply("x").value == "x"


def test_a_look_succeeds_and_the_line_is_left() -> None:
    step = wait().reply(None).reply(WAITING).reply("x")
    assert leaves(step)
    assert step.reply(None).value == "x"


def test_woken_while_it_left() -> None:
    step = wait().reply(None).reply(WAITING).reply("x")
    assert wakes(step.reply([TAKERS, "1"]))
    assert step.reply(1).value == "x"


def test_time_is_up(clock: list[float]) -> None:
    step = wait(2.5).reply(None)
    effect = asked(step)
    assert isinstance(effect, Block)
    assert (effect.timeout, effect.patience) == (2.5, 1.0)
    clock[0] += 1
    assert tries(step.reply(WAITING))
    step.reply(None)
    clock[0] += 1.6
    assert tries(step.reply(None), "last"), "what came in the last moment is found"
    with pytest.raises(WaitTimeout, match=r"2\.5 s"):
        step.reply(None)


def test_in_the_last_moment(clock: list[float]) -> None:
    step = wait(1).reply(None)
    clock[0] += 1.1
    assert step.reply(None).reply("x").value == "x"


def test_time_is_up_while_it_stands_in_line(clock: list[float]) -> None:
    step = wait(1).reply(None)
    clock[0] += 1.1
    step.reply(WAITING).reply(None)
    assert leaves(step)
    assert wakes(step.reply([TAKERS, "1"]))
    with pytest.raises(WaitTimeout):
        step.reply(1)


def test_a_try_says_when_to_look_again(clock: list[float]) -> None:
    def soon(waits: bool) -> Op[Attempt[str]]:
        (reply,) = yield (Call(("TRY",)),)
        return Attempt(MISSING, reply)

    step = Step(wait_for(LEAF, soon, None))
    for seconds, patience in ((0.25, 0.25), (0, 0.001), (7, 1.0)):
        effect = asked(step.reply(seconds))
        assert isinstance(effect, Block)
        assert effect.patience == patience
        step.reply(WAITING)


def test_room_and_other_lines() -> None:
    assert stands(wait(room=True).reply(None), PUTTERS)
    assert stands(wait(line="elsewhere").reply(None), "elsewhere")
    with pytest.raises(WaitTimeout, match="no room"):
        wait(0, room=True).reply(None)


def test_the_connection_is_lost_in_line() -> None:
    step = wait().reply(None)
    assert tries(step.fail(unknown())), "the server may have woken it just then, so it looks"
    assert stands(step.reply(None))


def test_a_try_that_fails_gives_the_wake_up_on() -> None:
    step = wait().reply(None).reply([TAKERS, "1"])
    assert wakes(step.fail(unknown()))
    with pytest.raises(OutcomeUnknown):
        step.reply(1)


def test_what_cannot_be_given_on_changes_nothing() -> None:
    step = wait().reply(None).reply(WAITING).reply("x")
    assert wakes(step.fail(unknown())), "it may have been woken"
    assert step.fail(ConnectionLost("gone", address="")).value == "x"


def test_interrupted_in_line() -> None:
    step = wait().reply(None)
    assert leaves(step.fail(Interrupted()))  # type: ignore[arg-type]
    assert wakes(step.reply([TAKERS, "1"]))
    with pytest.raises(Interrupted):
        step.reply(1)


def test_interrupted_with_what_it_took() -> None:
    """It has the element, and is about to leave the line."""
    step = wait().reply(None).reply(WAITING).reply("x")
    assert leaves(step)
    assert puts_back(step.fail(Interrupted()))  # type: ignore[arg-type]
    assert wakes(step.reply(1)), "nobody knows whether it was woken"
    with pytest.raises(Interrupted):
        step.reply(1)


def test_cancelled_while_it_takes() -> None:
    step = wait()
    error = Interrupted()
    error.taken = "x"  # type: ignore[attr-defined]
    assert puts_back(step.fail(error))  # type: ignore[arg-type]
    with pytest.raises(Interrupted):
        step.reply(1)


def test_what_cannot_be_put_back_is_told(caplog: pytest.LogCaptureFixture) -> None:
    step = wait()
    error = Interrupted()
    error.taken = "x"  # type: ignore[attr-defined]
    step.fail(error)  # type: ignore[arg-type]
    with pytest.raises(Interrupted):
        step.fail(ConnectionLost("gone", address=""))
    assert "could not be put back: gone" in caplog.text


def test_closed_anywhere() -> None:
    for step in (wait(), wait().reply(None), wait().reply(None).reply(WAITING).reply("x")):
        step.op.close()


def test_a_pipeline_does_not_wait() -> None:
    leaf: QueueOperations[Any] = QueueOperations(Batched("a.q"))
    step = Step(wait_for(leaf, attempt, None))
    assert tries(step, "last")
    with pytest.raises(PipelineMisused, match=r"'a\.q' would have to wait"):
        step.reply(None)
    with pytest.raises(WaitTimeout):
        Step(wait_for(leaf, attempt, 0)).reply(None)
    assert Step(wait_for(leaf, attempt, None)).reply("x").value == "x"


def test_errors_of_queues() -> None:
    with pytest.raises(queue.Empty, match="no element"):
        Step(wait_in_queue(LEAF, attempt, 0)).reply(None)
    with pytest.raises(queue.Full, match="no room"):
        Step(wait_in_queue(LEAF, attempt, 0, room=True)).reply(None)


def test_timeouts() -> None:
    assert [check_timeout(each) for each in (None, 0, 1.5)] == [None, 0, 1.5]
    for wrong in (-1, -0.1, float("nan")):
        with pytest.raises(ValueError, match="non-negative"):
            check_timeout(wrong)
    for other in (True, "1", [1]):
        with pytest.raises(TypeError, match="number of seconds"):
            check_timeout(other)  # type: ignore[arg-type]
    assert [patience_of(*each) for each in ((True, 2), (1, None), (False, 2), (0, -1))] == [2, None, 0, 0]
