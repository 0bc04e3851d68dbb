"""Runs operations on several masters, which are asked side by side, for asyncio.

May import redis, core and the other runners. Invariants: those of ``several``; and what an operation does to leave
nothing behind is carried through when its task is cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, TypeVar

from redicts.core.effects import WAITING, Effect, Everywhere, Op, Sleep
from redicts.errors import ConnectionLost
from redicts.runners.aio import CLEAN_UP_SECONDS, AsyncRunner
from redicts.runners.aio_exchange import settle
from redicts.runners.several import single

__all__ = ["run_several"]

T = TypeVar("T")


async def run_several(op: Op[T], begun: tuple[Effect, ...] | list[T], runners: Sequence[AsyncRunner]) -> T:
    """Go on with an operation on several masters.

    Args:
        op: The operation.
        begun: What ``begin`` gave for it.
        runners: Those of the masters.
    """
    return begun[0] if isinstance(begun, list) else await _drive(op, begun, runners)


async def _drive(op: Op[T], effects: tuple[Effect, ...], runners: Sequence[AsyncRunner]) -> T:
    try:
        while True:
            try:
                reply = await _perform(effects, runners)
            except asyncio.CancelledError as error:
                effects = op.throw(error)
                return await settle(_drive(op, effects, runners), CLEAN_UP_SECONDS)
            except Exception as error:  # noqa: BLE001  # to the operation, which may have to clean up
                effects = op.throw(error)
            else:
                effects = op.send((reply,))
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # typed by Op[T]
    finally:
        op.close()


async def _perform(effects: tuple[Effect, ...], runners: Sequence[AsyncRunner]) -> Any:
    (effect,) = effects
    if isinstance(effect, Sleep):
        return await asyncio.sleep(effect.seconds)
    if isinstance(effect, Everywhere):
        return await _everywhere(effect, runners)
    raise ValueError(f"{type(effect).__name__} is not for several masters")


async def _everywhere(effect: Everywhere, runners: Sequence[AsyncRunner]) -> list[Any]:
    outcomes: list[Any] = [WAITING] * len(runners)
    places = {
        asyncio.ensure_future(runner.run_apart(single(asked), effect.patience)): at
        for at, (asked, runner) in enumerate(zip(effect.asked, runners, strict=True))
        if asked is not None
    }
    end = asyncio.get_running_loop().time() + effect.patience
    while places and not effect.enough(outcomes):
        left = max(0.0, end - asyncio.get_running_loop().time())
        done, _ = await asyncio.wait(places, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            for at in places.values():
                outcomes[at] = ConnectionLost(f"no answer within {effect.patience} s", address="")
            break
        for task in done:
            error = task.exception()
            outcomes[places.pop(task)] = error if error is not None else task.result()
    return outcomes
