"""Runs operations on several masters, which are asked side by side, for asyncio.

May import redis, core and the other runners. Invariants: those of ``several``; and what an operation does to leave
nothing behind is carried through when its task is cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, TypeVar

import redis.exceptions

from redicts.core.effects import WAITING, Call, Effect, Eval, Everywhere, Op, Sleep
from redicts.runners.aio import CLEAN_UP_SECONDS, AsyncRunner
from redicts.runners.aio_exchange import settle
from redicts.runners.exchange import Failed
from redicts.runners.several import chosen, failure, outcome_of, overloaded, too_late
from redicts.runners.several_links import DONE, RESENT, full
from redicts.runners.several_links_aio import AsyncLink

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
        return await _Asking(effect, [runner.link() for runner in runners]).outcomes()
    raise ValueError(f"{type(effect).__name__} is not for several masters")


class _Asking:
    """What is asked of several masters just now.

    Args:
        effect: What.
        links: Those to the masters.
    """

    def __init__(self, effect: Everywhere, links: Sequence[AsyncLink]) -> None:
        self._effect = effect
        self._links = links
        self._outcomes: list[Any] = [WAITING] * len(links)
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()
        self._begun = self._loop.time()
        self._waiting: set[int] = set()
        self._enough = False
        self._grace: asyncio.TimerHandle | None = None

    async def outcomes(self) -> list[Any]:
        """Ask, and wait until it is enough, or the time is over."""
        effect, outcomes = self._effect, self._outcomes
        self._waiting = {at for at, what in enumerate(effect.asked) if what is not None}
        for at in sorted(self._waiting):
            self._begin(at)
        self._look()
        timer = self._loop.call_later(effect.patience, self._end)
        try:
            await self._future
        finally:
            timer.cancel()
            if self._grace is not None:
                self._grace.cancel()
            if not self._future.done():
                _ = self._future.cancel()  # what comes from now on changes nothing
        if not self._enough:
            for at in self._waiting:
                outcomes[at] = too_late(effect.patience, self._links[at].address)
        return outcomes

    def _begin(self, at: int) -> None:
        """Ask one."""
        effect, link, lane = self._effect, self._links[at], self._effect.lane
        link.freshen()
        before = DONE if lane is None else lane.get(at, DONE)
        if full(link.owes, bound=bool(effect.instead)):
            self._came(at, overloaded(link.owes, link.address))
            return
        what = chosen(effect, at, in_order=before is DONE or before is link.line)
        if lane is not None:
            lane[at] = link.line
        self._ask(at, what, followed=before is not DONE)

    def _ask(self, at: int, what: Call | Eval, *, followed: bool, again: bool = False, whole: bool = False) -> None:
        effect, link, lane = self._effect, self._links[at], self._effect.lane
        line, connected = link.line, False

        def came(reply: Any) -> None:
            if isinstance(reply, Failed):
                if connected and not again and not reply.final and not self._future.done():
                    other = chosen(effect, at, in_order=not followed)
                    if lane is not None:
                        lane[at] = RESENT
                    self._ask(at, other, followed=followed, again=True)
                    return
                if not reply.sent and lane is not None and lane.get(at) is line:
                    del lane[at]  # it was asked nothing
                self._came(at, failure(reply, what, link.address))
            elif isinstance(reply, redis.exceptions.NoScriptError) and isinstance(what, Eval) and not whole:
                if not self._future.done():
                    self._ask(at, what, followed=followed, again=again, whole=True)  # it was not run
            else:
                if lane is not None and lane.get(at) is line:
                    lane[at] = DONE
                self._came(at, outcome_of(reply, what))

        connected = link.ask(what, came, lambda: not self._future.done(), self._left(), whole)

    def _came(self, at: int, outcome: Any) -> None:
        """Note what has come of one, while somebody waits for it."""
        if self._future.done():
            return
        self._waiting.discard(at)
        self._outcomes[at] = outcome
        self._look()

    def _look(self) -> None:
        """Look whether it is enough."""
        if self._future.done():
            return
        try:
            if not self._enough and self._effect.enough(self._outcomes):
                self._enough = True
                if self._effect.grace:
                    self._grace = self._loop.call_later(self._effect.grace, self._end)
        except Exception as error:  # noqa: BLE001  # that of who asks
            self._future.set_exception(error)
            return
        if not self._waiting or (self._enough and not self._effect.grace):
            self._end()

    def _end(self) -> None:
        if not self._future.done():
            self._future.set_result(None)

    def _left(self) -> float:
        return self._effect.patience - (self._loop.time() - self._begun)
