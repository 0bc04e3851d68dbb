"""Tasks that wait in lines, on a ground that knows whether anything was left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from redicts.core.effects import Block, Op
from tests.runners.aio_rig import until
from tests.runners.cancelling import Ground, ground
from tests.support.servers import Server

__all__ = ["blocked", "in_line", "left", "on", "play", "pop_is_under_way", "push", "task_of", "waits"]

STOP = Block((), 0.0)


def on(at: Ground, name: str = "q", patience: float = 20, timeout: float = 20) -> Block:
    """Wait for an element of a list, together with others."""
    key = f"{at.database.space.namespace}:{name}"
    return Block(("BLPOP", key), timeout, patience, key, shared=True)


def waits(at: Ground, name: str = "q", timeout: float = 20, got: list[Any] | None = None) -> Op[str | None]:
    """Wait until something comes, and tell what; what comes when it is cancelled goes into ``got``."""
    try:
        (reply,) = yield (on(at, name, timeout, timeout),)
    except asyncio.CancelledError:
        (reply,) = yield (STOP,)
        if reply is not None and got is not None:
            got.append(reply[1])
        raise
    return None if reply is None else str(reply[1])


def task_of(at: Ground, name: str = "q", **options: Any) -> asyncio.Task[str | None]:
    """A task that waits."""
    return asyncio.get_running_loop().create_task(at.database.runner.run(waits(at, name, **options), False))


async def in_line(at: Ground, name: str = "q", **options: Any) -> asyncio.Task[str | None]:
    """A task that waits, as soon as it stands in its line."""
    before = at.waiting
    task = task_of(at, name, **options)
    await until(lambda: at.waiting == before + 1, "one more in line")
    return task


async def push(at: Ground, *values: object, name: str = "q") -> None:
    _ = await at.client.rpush(f"{at.database.space.namespace}:{name}", *[str(value) for value in values])


async def left(at: Ground, name: str = "q") -> list[str]:
    """What is in the list."""
    found: list[Any] = await at.client.lrange(f"{at.database.space.namespace}:{name}", 0, -1)
    return [value.decode() for value in found]


async def blocked(at: Ground) -> int:
    """How many connections wait for keys of this test."""
    clients = await at.client.client_list()
    return sum("b" in each["flags"] and each["name"].startswith(at.database.space.namespace) for each in clients)


def play(server: Server, act: Callable[[Ground], Any]) -> None:
    """Run a test on a ground; afterwards nothing is left."""

    async def main() -> None:
        async with ground("ours", server) as at:
            await act(at)
            await at.assert_nothing_left()
            assert await blocked(at) == 0

    asyncio.run(main())


async def pop_is_under_way(at: Ground) -> None:
    """Wait until the server has been asked for what all wait for."""
    lines = at.database.runner._lines
    assert lines is not None
    await until(lambda: all(post._asked and len(post._asked) == len(post.lines) for post in lines._posts))
