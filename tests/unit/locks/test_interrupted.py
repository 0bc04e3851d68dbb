"""An ``acquire`` that is interrupted at each of its steps: nothing stays, nobody waits for it, the error comes out.

A small server answers: the lock is held above, then at the path, then free. So one run waits in two lines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from redicts.core.effects import WAITING, Block, Call, Commit, Effect, Eval, Watch
from redicts.errors import ConnectionLost
from redicts.locks.acquiring import GRACES
from tests.unit.locks.acts import Act, Clock, acquiring_act, read, script_of, standing

ABOVE, AT = standing("a"), standing("a.b", nonce="e:2")


class Answers:
    """Answers one run, and notes what stands and who was woken.

    Attributes:
        entered: The entry, while it stands.
        line: The list on which a pop is under way.
        waking: How many wake-ups were popped and not passed on.
    """

    def __init__(self) -> None:
        self.found = [[ABOVE], [AT]]
        self.blocks: list[Callable[[str], Any]] = [lambda _: WAITING, lambda line: [line, "1"]]
        self.entered: str | None = None
        self.line: str | None = None
        self.waking: list[str] = []

    def __call__(self, effect: Effect) -> Any:
        if isinstance(effect, Watch):
            return read(*(self.found.pop(0) if self.found else []))
        if isinstance(effect, Commit):
            if not effect.writes:
                return []
            self.entered = str(hold_of(effect).args[0])
            return ["5"]
        if isinstance(effect, Block):
            return self.block(effect)
        if isinstance(effect, Call):
            assert effect.args[0] == "ZSCORE"
            return str(ABOVE.deadline_ms) if self.found else None
        assert isinstance(effect, Eval)
        if effect.script.name == "release":
            assert self.entered in (None, effect.args[0]), "another entry is taken back"
            self.entered = None
        elif effect.keys[0] in self.waking:  # else the pop was lost, and nobody knows whether it was given one
            self.waking.remove(effect.keys[0])
        return 1

    def block(self, effect: Block) -> Any:
        if not effect.args:
            line, self.line = self.line, None
            assert line is not None, "nothing is under way"
            self.waking.append(line)  # it was woken just then
            return [line, "1"]
        self.line = str(effect.args[1])
        reply = self.blocks.pop(0)(self.line) if self.blocks else WAITING
        if reply is not WAITING:
            self.waking.append(self.line)
            self.line = None
        return reply


def hold_of(commit: Commit) -> Eval:
    (effect,) = commit.writes
    assert isinstance(effect, Eval)
    return effect


def run(steps: int, *, carried_out: bool) -> tuple[Act, Answers, Effect | None]:
    """Answer so many steps; the next one is carried out or not, and its reply is not given."""
    answers, act = Answers(), acquiring_act(shared=True)
    for _ in range(steps):
        act.reply(answers(act.one))
    if act.done:
        return act, answers, None
    last = act.one
    if isinstance(last, Block) and last.args:
        answers.line = str(last.args[1])  # an interrupt leaves the pop under way
    elif carried_out:
        _ = answers(last)
    return act, answers, last


def steps() -> list[str]:
    """What one run asks for, step by step."""
    answers, act, asked = Answers(), acquiring_act(shared=True), []
    while not act.done:
        asked.append(script_of(act.one))
        act.reply(answers(act.one))
    assert (answers.waking, answers.line) == ([], None)
    return asked


STEPS = [
    "Watch", "Commit", "Block", "ZSCORE", "Block",  # waits at a, looks once, is woken
    "Watch", "Commit", "wake", "Block", "ZSCORE",  # is blocked at a.b: passes the wake-up on, waits there
    *["Watch", "Commit", "Block"] * GRACES,  # finds it free, not woken: leaves it to another for a while
    "Watch", "Commit", "Block", "wake",  # enters; is woken too late, and passes that on too
]  # fmt: skip


def test_the_run_waits_in_two_lines(clock: Clock) -> None:
    assert steps() == STEPS


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("step", range(len(STEPS)))
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, ValueError])
def test_whatever_interrupts_leaves_nothing_behind(
    clock: Clock, kind: type[BaseException], step: int, carried_out: bool
) -> None:
    act, answers, last = run(step, carried_out=carried_out)
    assert last is not None
    passing_on = script_of(last) == "wake" or last == Block((), 0.0)
    error = kind("now")
    if passing_on and kind is ValueError:
        finish(act.interrupt(error), answers)
        assert answers.entered, "an error there costs no lock"
        return
    with pytest.raises(kind) as caught:
        finish(act.interrupt(error), answers)
    assert caught.value is error
    assert answers.entered is None
    if not passing_on:  # an interrupt there costs the next in line a second, as any lost wake-up may
        assert (answers.line, answers.waking) == (None, [])


def finish(act: Act, answers: Answers) -> None:
    while not act.done:
        act.reply(answers(act.one))


@pytest.mark.parametrize("step", range(len(STEPS)))
def test_what_fails_while_it_cleans_up_hides_nothing(clock: Clock, step: int) -> None:
    act, _, _ = run(step, carried_out=True)
    error = KeyboardInterrupt("now")
    with pytest.raises(KeyboardInterrupt) as caught:
        fail_on(act.interrupt(error))
    assert caught.value is error


def fail_on(act: Act) -> None:
    """Let whatever it asks for fail."""
    while not act.done:
        act.fail(ConnectionLost("gone", address="here"))


@pytest.mark.parametrize("step", range(len(STEPS)))
def test_a_run_that_is_dropped_asks_for_nothing_more(step: int) -> None:
    act, _, _ = run(step, carried_out=False)
    act.op.close()  # it would raise RuntimeError
    with pytest.raises(StopIteration):
        next(act.op)
