"""An interrupt is thrown into the operation, which may clean up, with effects too; and then it goes its way."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest

from redicts.core.effects import Block, Commit, Op, Sleep
from tests.runners.rig import Rig, call, in_use, watch
from tests.support.chaos import ChaosProxy

PAUSE = [Sleep(0.05)] * 400
"""A long pause in parts. A signal that comes just before a part begins does not end that one; so are all waits here."""


@pytest.fixture(params=[KeyboardInterrupt, SystemExit])
def interrupt(request: pytest.FixtureRequest, alarm: Any) -> type[BaseException]:
    """What Ctrl-C raises in this test: as by default, or as a handler that ends the program."""

    def handler(*_: object) -> None:
        raise request.param

    signal.signal(signal.SIGINT, handler)  # ``alarm`` sets it back
    return request.param  # type: ignore[no-any-return]


def cleaning(rig: Rig, *asked: Any, swallow: bool = False) -> Op[str]:
    """An operation that undoes what it did."""
    try:
        yield (call("SET", rig.key("there"), "1"),)
        for effect in asked:
            yield (effect,)
        return "through"
    except BaseException as error:
        yield (watch([rig.key("there")], ("GET", rig.key("there"))),)
        yield (Commit((call("DEL", rig.key("there")),)),)
        yield (call("SET", rig.key("cleaned"), type(error).__name__),)
        if swallow:
            return "swallowed"
        raise


@pytest.mark.parametrize("at", ["call", "watch", "commit", "block", "patient block", "sleep"])
def test_the_operation_cleans_up_and_the_interrupt_goes_on(
    chaos_rig: Rig, chaos: ChaosProxy, alarm: Any, interrupt: type[BaseException], at: str
) -> None:
    rig, key = chaos_rig, chaos_rig.key("q")
    slow = call("EVAL", "for i = 1, 5e7 do end return 0", 0)  # half a second; in a transaction nothing blocks
    effects: dict[str, tuple[str, list[Any]]] = {
        "call": ("BLPOP", [call("BLPOP", key, "0.2")] * 99),
        "watch": ("BLPOP", [watch([key], ("BLPOP", key, "0.2"))] * 99),
        "commit": ("EXEC", [watch([key]), Commit((slow,))]),
        "block": ("BLPOP", [Block(("BLPOP", key), 0.2)] * 99),
        "patient block": ("BLPOP", [Block(("BLPOP", key), 30, 0.2)] * 99),
        "sleep": ("SET", PAUSE),
    }
    command, asked = effects[at]
    chaos.reset()
    alarm(lambda: command in chaos.command_names)
    with pytest.raises(interrupt):
        rig.runner.run(cleaning(rig, *asked), False)
    assert in_use(rig.client) == 0
    assert not rig.runner._blocking_pool()._in_use_connections
    assert rig.run(call("GET", rig.key("there"))) is None
    assert rig.run(call("GET", rig.key("cleaned"))) == interrupt.__name__


def test_an_operation_may_swallow_it(rig: Rig, alarm: Callable[..., None], interrupt: type[BaseException]) -> None:
    alarm(lambda: rig.client.exists(rig.key("there")) == 1)
    assert rig.runner.run(cleaning(rig, *PAUSE, swallow=True), False) == "swallowed"
    assert rig.client.get(rig.key("cleaned")) == interrupt.__name__.encode()


def test_one_that_does_not_care_is_closed(rig: Rig, alarm: Callable[..., None], interrupt: type[BaseException]) -> None:
    ended: list[str] = []

    def op() -> Op[None]:
        try:
            yield (watch([rig.key("k")]),)
            yield (call("SET", rig.key("there"), "1"),)
            for pause in PAUSE:
                yield (pause,)
        finally:
            ended.append("finally")

    alarm(lambda: rig.client.exists(rig.key("there")) == 1)
    with pytest.raises(interrupt):
        rig.runner.run(op(), False)
    assert ended == ["finally"]
    assert in_use(rig.client) == 0


def test_a_second_interrupt_ends_the_cleaning_up(
    chaos_rig: Rig, alarm: Callable[..., None], interrupt: type[BaseException]
) -> None:
    rig = chaos_rig
    cleaned: list[str] = []

    def op() -> Op[None]:
        try:
            yield (call("SET", rig.key("first"), "1"),)
            for pause in PAUSE:
                yield (pause,)
        except BaseException:
            alarm(lambda: rig.client.exists(rig.key("second")) == 1)
            yield (call("SET", rig.key("second"), "1"),)
            for pause in PAUSE:
                yield (pause,)
            cleaned.append("through")
            raise

    alarm(lambda: rig.client.exists(rig.key("first")) == 1)
    with pytest.raises(interrupt) as caught:
        rig.runner.run(op(), False)
    assert isinstance(caught.value.__context__, interrupt), "the first stays visible"
    assert cleaned == []
    assert in_use(rig.client) == 0


class Other(BaseException):
    """What is no interrupt, and no error either."""


def test_whatever_else_comes_closes_the_operation(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def op() -> Op[None]:
        try:
            yield (Sleep(0),)
        except BaseException as error:
            seen.append(type(error).__name__)
            raise

    def sleep(_: float) -> None:
        raise Other

    monkeypatch.setattr("redicts.runners.sync.time.sleep", sleep)
    with pytest.raises(Other):
        rig.runner.run(op(), False)
    assert seen == ["GeneratorExit"]
