"""Runs operations on several masters, which are asked side by side.

May import redis, core and the other runners. Invariant: a master that hangs, or is not there, never delays longer than
the patience that the operation has, and never what the others answer.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from redicts.core.effects import WAITING, Call, Effect, Eval, Everywhere, Op, Sleep
from redicts.errors import ConnectionLost
from redicts.runners.sync import SyncRunner

__all__ = ["run_several", "single"]

T = TypeVar("T")


def single(effect: Call | Eval) -> Op[Any]:
    """Make an operation of one effect."""
    (reply,) = yield (effect,)
    return reply


def run_several(op: Op[T], runners: Sequence[SyncRunner]) -> T:
    """Drive an operation on several masters to its end.

    Args:
        op: A fresh generator, which asks for ``Everywhere`` and ``Sleep``.
        runners: Those of the masters.

    Returns:
        What the operation returns.
    """
    try:
        effects = next(op)
        while True:
            try:
                reply = _perform(effects, runners)
            except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001  # it may have to clean up
                effects = op.throw(error)
            else:
                effects = op.send((reply,))
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # typed by Op[T]
    finally:
        op.close()


def _perform(effects: tuple[Effect, ...], runners: Sequence[SyncRunner]) -> Any:
    (effect,) = effects
    if isinstance(effect, Sleep):
        return time.sleep(effect.seconds)
    if isinstance(effect, Everywhere):
        return _everywhere(effect, runners)
    raise ValueError(f"{type(effect).__name__} is not for several masters")


_THREADS = ThreadPoolExecutor(max_workers=64)


def _everywhere(effect: Everywhere, runners: Sequence[SyncRunner]) -> list[Any]:
    outcomes: list[Any] = [WAITING] * len(runners)
    places: dict[Future[Any], int] = {
        _THREADS.submit(runner.run_apart, single(asked), effect.patience): at
        for at, (asked, runner) in enumerate(zip(effect.asked, runners, strict=True))
        if asked is not None
    }
    end = time.monotonic() + effect.patience
    while places and not effect.enough(outcomes):
        done, _ = wait(places, timeout=max(0.0, end - time.monotonic()), return_when=FIRST_COMPLETED)
        if not done:
            for at in places.values():
                outcomes[at] = ConnectionLost(f"no answer within {effect.patience} s", address="")
            break
        for future in done:
            error = future.exception()
            outcomes[places.pop(future)] = error if error is not None else future.result()
    return outcomes
