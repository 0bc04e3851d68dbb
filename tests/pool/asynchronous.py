"""Using asyncio clients of the pool, and waiting for what becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from redicts.core.effects import Call, Op
from redicts.pool import AsyncDatabase
from tests.support.servers import Server

__all__ = ["echo", "place", "until", "use"]


def place(server: Server, **more: Any) -> dict[str, Any]:
    """A configuration that leads to a server."""
    return {"host": server.host, "port": server.port, **more}


def echo(text: str) -> Op[Any]:
    """One command as an operation."""
    replies = yield (Call(("ECHO", text)),)
    return replies[0]


async def use(database: AsyncDatabase, name: str = "ours", count: int = 1) -> None:
    """Have some connections open at a time, name them, and give them back."""
    pool: Any = database.client.connection_pool
    connections = [await pool.get_connection() for _ in range(count)]
    for connection in connections:
        await connection.send_command("CLIENT", "SETNAME", name)
        assert await connection.read_response() == b"OK"
        await pool.release(connection)


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """As ``wait_until``, and the loop goes on."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.001)
