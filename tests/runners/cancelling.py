"""Cancelling a task at a chosen suspension, and a ground to do it on that knows whether anything was left behind."""

from __future__ import annotations

import asyncio
import gc
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager
from typing import Any

import fakeredis
import redis.asyncio

import redicts.aio as aio
from redicts.locks.owners import current_holdings, process
from redicts.pool import AsyncDatabase
from redicts.pool.config import read_config
from redicts.pool.server import open_async_client
from redicts.runners.aio_exchange import drop
from tests.runners.aio_rig import until
from tests.support.servers import Server

__all__ = ["LATE", "POOLS", "Cancelling", "Ground", "ground"]


LATE = -1


class Cancelling:
    """Awaits something, and has the task cancelled while it is suspended there.

    Args:
        awaited: What is awaited.
        at: At which suspensions, counted from 0.
        when: After so many turns of the loop; or ``LATE``: in the very moment when what it waits for has come, and the
            task does not know yet.

    Attributes:
        suspensions: How many there were.
        cancelled: How often the task was cancelled.
    """

    def __init__(self, awaited: Awaitable[Any], at: tuple[int, ...], when: int) -> None:
        self._awaited = awaited
        self._at = at
        self._when = when
        self._over = False
        self.suspensions = 0
        self.cancelled = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._awaited.__await__()
        error: BaseException | None = None
        while True:
            try:
                future = next(steps) if error is None else steps.throw(error)
            except StopIteration as stop:
                self._over = True
                return stop.value
            except BaseException:
                self._over = True
                raise
            if self.suspensions in self._at:
                self._cancel(future)
            self.suspensions += 1
            error = None
            try:
                yield future
            except BaseException as caught:  # noqa: BLE001  # it goes on to what is awaited
                error = caught

    def _cancel(self, future: Any) -> None:
        task = asyncio.current_task()
        assert task is not None

        loop, suspension = asyncio.get_running_loop(), self.suspensions

        def cancel(turns: int) -> None:
            if turns:
                _ = loop.call_soon(cancel, turns - 1)
            elif self.suspensions == suspension + 1 and not self._over:  # it has not gone on meanwhile
                self.cancelled += 1
                _ = task.cancel()

        if self._when == LATE and future is not None:
            future.add_done_callback(lambda _: cancel(0))  # before the task's own, which comes when it has this future
        else:
            _ = loop.call_soon(cancel, max(self._when, 0))


class Ground:
    """A database, what is done on it, and what is left.

    Args:
        client: Closed by whoever made it.
        connections: How many may be in use at a time.

    Attributes:
        database: The client's, in a namespace of its own.
        problems: What the loop was told of that nobody awaited.
    """

    def __init__(self, client: redis.asyncio.Redis, connections: int) -> None:
        self.client = client
        self.pool: Any = client.connection_pool
        self.connections = connections
        self.database = AsyncDatabase(client, namespace=f"t_{uuid.uuid4().hex[:12]}")
        self.problems: list[dict[str, Any]] = []
        self._named = set(process()._named)  # what earlier tests have left
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self.problems.append(context))

    def place(self, path: str = "") -> aio.Proxy:
        """A place on this ground."""
        made = aio.Proxy(path, 20, 60)
        made._database = self.database
        return made

    def lock(self, path: str, **options: Any) -> aio.Lock:
        """A lock by itself on this ground."""
        made = aio.Lock(self.client, path, **options)
        made._database = self.database
        return made

    @property
    def waiting(self) -> int:
        """How many tasks stand in lines."""
        lines = self.database.runner._lines
        return 0 if lines is None else sum(len(line.waiters) for line in lines._lines.values())

    @property
    def in_use(self) -> int:
        """How many connections of the pool are handed out."""
        if isinstance(self.pool, fakeredis.FakeAsyncRedis):
            return 0
        return len(self.pool._in_use_connections)

    async def disconnect(self) -> None:
        """Have every connection made anew that is needed from now on."""
        await self.pool.disconnect(inuse_connections=False)
        for spares in self.database.runner._own.values():
            while spares._free:
                drop(spares._free.pop())

    async def hold_all(self) -> Callable[[], Awaitable[None]]:
        """Take every connection that there may be; what is returned gives them back, one after another."""
        held = [await self.pool.get_connection() for _ in range(self.connections)]

        async def give_back() -> None:
            for connection in held:
                for _ in range(3):
                    await asyncio.sleep(0)
                await self.pool.release(connection)

        return give_back

    async def keys(self, *letters: str) -> list[str]:
        """The keys of these kinds that are there."""
        found = [key async for key in self.client.scan_iter(match=f"{self.database.space.namespace}:*", count=1000)]
        texts = [key if isinstance(key, str) else key.decode() for key in found]
        return sorted(key for key in texts if key.split(":")[1] in letters)

    async def assert_nothing_left(self) -> None:
        """No task, no waiter, no connection that is not back or cannot be used, nothing that was told to the loop."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await until(lambda: all(task.done() for task in others), f"the end of {others}")
        await until(lambda: len(asyncio.all_tasks()) == 1, "the end of all tasks")
        assert self.in_use == 0
        lines = self.database.runner._lines
        assert lines is None or (lines._lines, lines._posts) == ({}, [])
        assert set(process()._named) <= self._named
        assert current_holdings() == ()
        held = [await asyncio.wait_for(self.pool.get_connection(), 10) for _ in range(self.connections)]
        held += [await spares.get_connection() for spares in self.database.runner._own.values()]
        for number, connection in enumerate(held):
            await connection.send_command("ECHO", str(number))
            assert await connection.read_response() == str(number).encode(), "the late reply of another"
        for connection in held[: self.connections]:
            await self.pool.release(connection)
        for connection, spares in zip(held[self.connections :], self.database.runner._own.values(), strict=True):
            spares.give_back(connection)
        assert self.problems == []


def _fake(_: Server) -> tuple[redis.asyncio.Redis, int]:
    return fakeredis.FakeAsyncRedis(server=fakeredis.FakeServer()), 2


def _ours(server: Server) -> tuple[redis.asyncio.Redis, int]:
    return open_async_client(read_config({"url": server.url, "max_connections": 3, "timeout_secs": 10})), 3


def _plain(server: Server) -> tuple[redis.asyncio.Redis, int]:
    return redis.asyncio.Redis(host=server.host, port=server.port), 3


def _blocking(server: Server) -> tuple[redis.asyncio.Redis, int]:
    pool = redis.asyncio.BlockingConnectionPool(host=server.host, port=server.port, max_connections=2, timeout=10)
    return redis.asyncio.Redis(connection_pool=pool), 2


POOLS: dict[str, Callable[[Server], tuple[redis.asyncio.Redis, int]]] = {
    "ours": _ours,
    "fake": _fake,
    "a user's": _plain,
    "a user's, of two": _blocking,
}
"""Clients by whose pool they have, and how many connections may be in use there."""


@asynccontextmanager
async def ground(kind: str, server: Server) -> AsyncIterator[Ground]:
    """A ground in the running loop; afterwards its keys are deleted and its client closed."""
    client, connections = POOLS[kind](server)
    made = Ground(client, connections)
    try:
        yield made
    finally:
        if keys := [key async for key in client.scan_iter(match=f"{made.database.space.namespace}:*", count=1000)]:
            _ = await client.delete(*keys)
        await made.database.runner.close()
        await client.connection_pool.disconnect()
        _ = gc.collect()  # what was never awaited is told now
