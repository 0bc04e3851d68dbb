"""Several masters of either face, and what can be asked of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import redis

from redicts.core.effects import WAITING, Call, Eval, Everywhere, Op
from redicts.errors import ConnectionLost
from redicts.pool.masters import AsyncMasters, SyncMasters
from tests.runners.aio_rig import async_twin, until
from tests.support.loops import LoopThread

__all__ = ["COUNT", "Several", "lost", "once"]

COUNT = 3


class Several:
    """Masters of one face, and what can be asked of them.

    Args:
        face: Which.
        clients: Synchronous clients of the masters, to look from outside.
    """

    def __init__(self, face: str, clients: Sequence[redis.Redis]) -> None:
        self.clients = list(clients)
        self.loop = None if face == "sync" else LoopThread()
        if self.loop is None:
            self.masters: Any = SyncMasters.of(self.clients, lambda: None)  # type: ignore[arg-type, return-value]
        else:
            self.own = self.loop.do(lambda: [async_twin(client) for client in self.clients])
            self.masters = self.loop.do(lambda: AsyncMasters.of(self.own, lambda: None))  # type: ignore[arg-type, return-value]

    def run(self, op: Op[Any]) -> Any:
        if self.loop is None:
            return self.masters.run(op)

        async def main() -> Any:
            return await self.masters.run(op)

        return self.loop.run(main())

    def ask(self, *asked: Call | Eval | None, need: int = COUNT, patience: float = 5, **more: Any) -> list[Any]:
        """Ask each for one thing, or all for the same; so many answers are enough."""
        every = asked * len(self.clients) if len(asked) == 1 else asked
        return list(self.run(once(every, need, patience, **more)))

    def runners(self) -> list[Any]:
        return [database.runner for database in self.masters._databases()]

    def owed(self) -> list[int]:
        """How many replies each owes."""
        if self.loop is not None:
            return self.loop.do(lambda: [runner.link().owes for runner in self.runners()])
        return [sum(link.owes for link in runner.links()._idle) for runner in self.runners()]

    def close(self) -> None:
        if self.loop is not None:
            for runner in self.runners():
                self.loop.do(runner.drop)
            for client in self.own:
                self.loop.run(client.aclose())
            self.loop.run(until(lambda: len(asyncio.all_tasks()) == 1, "the end of all tasks"))
            self.loop.close()
        else:
            for runner in self.runners():
                runner.close()


def once(asked: Sequence[Call | Eval | None], need: int, patience: float, **more: Any) -> Op[list[Any]]:
    def enough(outcomes: list[Any]) -> bool:
        return sum(each is not WAITING and not isinstance(each, Exception) for each in outcomes) >= need

    (outcomes,) = yield (Everywhere(tuple(asked), patience, enough, **more),)
    return list(outcomes)


def lost(outcome: Any) -> bool:
    return isinstance(outcome, ConnectionLost)
