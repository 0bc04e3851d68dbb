"""Runners for asyncio: one that tests without ``await`` can drive, and clients of every kind that it may be given."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import fakeredis
import redis
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from redicts.core.effects import Op
from redicts.runners.aio import AsyncRunner
from tests.runners.rig import Rig
from tests.support.loops import LoopThread

__all__ = ["AsyncRig", "async_twin", "quiet_async_client", "taken", "until"]

T = TypeVar("T")


def async_twin(client: redis.Redis) -> redis.asyncio.Redis:
    """Make a redis.asyncio client of the same server, with the same settings."""
    options = dict(client.connection_pool.connection_kwargs)
    if isinstance(client, fakeredis.FakeRedis):
        kept = {name: options[name] for name in ("server", "server_type", "version") if name in options}
        return fakeredis.FakeAsyncRedis(**kept)
    names = ("host", "port", "db", "protocol", "decode_responses", "encoding", "socket_timeout", "username", "password")
    made = {name: options[name] for name in names if options.get(name) is not None}
    return quiet_async_client(**made)


def taken(client: redis.asyncio.Redis) -> int:
    """How many connections of a client's pool are handed out."""
    pool: Any = client.connection_pool
    return len(pool._in_use_connections)


def quiet_async_client(**options: Any) -> redis.asyncio.Redis:
    """A client whose own retries are off, so that what fails fails at once."""
    return redis.asyncio.Redis(retry=Retry(NoBackoff(), 0), **options)


async def until(condition: Callable[[], object], what: str = "the condition", seconds: float = 20) -> None:
    """Wait until something is true, and let the loop go on."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"{what} did not come true within {seconds} seconds"
        await asyncio.sleep(0.0005)


class _Driven:
    """An ``AsyncRunner`` with the form of a ``SyncRunner``: it runs in a loop of its own.

    Attributes:
        runner: The runner.
    """

    def __init__(self, client: redis.asyncio.Redis, loop: LoopThread) -> None:
        self.runner = AsyncRunner(client, "the server")
        self._loop = loop

    def run(self, op: Op[T], idempotent: bool) -> T:
        async def main() -> T:
            return await self.runner.run(op, idempotent)

        return self._loop.run(main())

    def close(self) -> None:
        self._loop.do(self.runner.drop)


class AsyncRig(Rig):
    """A rig whose runner is one for asyncio. ``client`` stays a synchronous one, to look from outside.

    Args:
        client: A client of the server; closed by whoever made it.
    """

    def __init__(self, client: redis.Redis) -> None:
        super().__init__(client)
        self.loop = LoopThread()
        self.aclient = self.loop.do(lambda: async_twin(client))
        runner: Any = _Driven(self.aclient, self.loop)
        self.runner = runner

    def await_(self, call: Callable[[], Awaitable[T]]) -> T:
        """Await something in the loop."""

        async def main() -> T:
            return await call()

        return self.loop.run(main())

    def close(self) -> None:
        assert taken(self.aclient) == 0
        super().close()
        self.await_(self.aclient.aclose)
        self.await_(lambda: until(lambda: len(asyncio.all_tasks()) == 1, "the end of all tasks"))
        self.loop.close()
