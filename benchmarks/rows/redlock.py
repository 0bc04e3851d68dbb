"""Redlock over five servers, near and a millisecond away: acquiring it, against raw commands to the same servers.

What is given up afterwards is off the clock, on both sides.
"""

from __future__ import annotations

import asyncio
import atexit
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from functools import cache, partial
from typing import Any, Final

import redis
import redis.asyncio

from benchmarks.measure import Pair
from benchmarks.registry import row
from benchmarks.stage import Stage
from redicts import Proxy, aio
from tests.support.servers import start_server

COUNT: Final = 5
LEASE_MS: Final = 10_000
AWAY_SECONDS: Final = 0.001
"""How far the masters are that are far: a reply takes so long."""

GATHERED: Final = "asyncio.gather() of r.set(k, v, nx=True, px=ms) at each of five"
SLOWEST: Final = "r.set(k, v, nx=True, px=ms) at the slowest of five"


@row("asyncio: redlock.acquire(), five masters", GATHERED, 1.30)
def in_asyncio(stage: Stage) -> Pair:
    return _in_asyncio(stage, near())


@row("asyncio: redlock.acquire(), five masters 1 ms away", GATHERED, 1.30)
def in_asyncio_far(stage: Stage) -> Pair:
    return _in_asyncio(stage, far())


@row("redlock.acquire(), five masters", SLOWEST)
def in_sync(stage: Stage) -> Pair:  # noqa: ARG001  # it has servers of its own
    """On two cores this measures them: the five scripts of one try want more of them than the five masters have."""
    return _in_sync(near())


@row("redlock.acquire(), five masters 1 ms away", SLOWEST, 1.50)
def in_sync_far(stage: Stage) -> Pair:  # noqa: ARG001  # as above
    return _in_sync(far())


@row("redlock.acquire() + release(), five masters", "the same with raw commands, one master after the other")
def cycle(stage: Stage) -> Pair:  # noqa: ARG001  # as above
    clients = _clients(near())
    lock = Proxy("printer", rconn=clients[0]).as_redlock(clients)

    def theirs() -> None:
        for client in clients:
            client.set("k", "v", nx=True, px=LEASE_MS)
        for client in clients:
            client.delete("k")

    def ours() -> None:
        _ = lock.acquire()
        lock.release()

    return Pair(raw=theirs, ours=ours)


def _in_sync(ports: tuple[int, ...]) -> Pair:
    clients = _clients(ports)
    lock = Proxy("printer", rconn=clients[0]).as_redlock(clients)

    def theirs() -> float:
        slowest = 0.0
        for client in clients:
            begun = time.perf_counter()
            client.set("k", "v", nx=True, px=LEASE_MS)
            slowest = max(slowest, time.perf_counter() - begun)
        for client in clients:
            client.delete("k")
        return slowest

    def ours() -> float:
        begun = time.perf_counter()
        _ = lock.acquire()
        spent = time.perf_counter() - begun
        lock.release()
        return spent

    return Pair(raw=theirs, ours=ours, own_clock=True)


def _in_asyncio(stage: Stage, ports: tuple[int, ...]) -> Pair:
    clients: list[Any] = [redis.asyncio.Redis(port=port) for port in ports]
    lock = aio.Proxy("printer", rconn=clients[0]).as_redlock(clients)

    def theirs() -> Awaitable[object]:
        return asyncio.gather(*[client.set("k", "v", nx=True, px=LEASE_MS) for client in clients])

    def given_up() -> Awaitable[object]:
        return asyncio.gather(*[client.delete("k") for client in clients])

    return Pair(raw=_clocked(stage, theirs, given_up), ours=_clocked(stage, lock.acquire, lock.release), own_clock=True)


def _clocked(
    stage: Stage, act: Callable[[], Awaitable[object]], undo: Callable[[], Awaitable[object]]
) -> Callable[[], float]:
    """Make a side of what is clocked in the loop, and undone off the clock."""
    spent = 0.0

    async def run() -> None:
        nonlocal spent
        begun = time.perf_counter()
        _ = await act()
        spent = time.perf_counter() - begun
        _ = await undo()

    go = stage.burst(run, 1)

    def side() -> float:
        go()
        return spent

    return side


def _clients(ports: tuple[int, ...]) -> list[Any]:
    return [redis.Redis(port=port) for port in ports]


@cache
def near() -> tuple[int, ...]:
    """Start five servers, which end with this process; gives their ports."""
    servers = [start_server() for _ in range(COUNT)]
    for server in servers:
        _ = atexit.register(server.close)
    return tuple([server.port for server in servers])


@cache
def far() -> tuple[int, ...]:
    """Put them further away: behind ports that hold each reply, in a process of its own, which ends with this one."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(COUNT)]
    numbers = [str(listener.fileno()) for listener in listeners]
    command = [sys.executable, "-c", f"from {__name__} import serve; serve()", *numbers, *map(str, near())]
    process = subprocess.Popen(command, pass_fds=[int(number) for number in numbers])
    _ = atexit.register(process.kill)
    ports = tuple([listener.getsockname()[1] for listener in listeners])
    for listener in listeners:
        listener.close()
    return ports


def serve() -> None:
    """Forward, holding each reply. The arguments: the descriptors that are listened at, and the ports behind them."""
    arguments = list(map(int, sys.argv[1:]))
    asyncio.run(_forward_all(arguments[:COUNT], arguments[COUNT:]))


async def _forward_all(descriptors: list[int], ports: list[int]) -> None:
    for descriptor, port in zip(descriptors, ports, strict=True):
        _ = await asyncio.start_server(partial(_forward, port), sock=socket.socket(fileno=descriptor))
    await asyncio.get_running_loop().create_future()


async def _forward(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    there, to_there = await asyncio.open_connection("127.0.0.1", port)
    loop = asyncio.get_running_loop()

    async def requests() -> None:
        while data := await reader.read(65536):
            to_there.write(data)
        to_there.close()

    going = asyncio.create_task(requests())
    while data := await there.read(65536):
        _ = loop.call_later(AWAY_SECONDS, writer.write, data)
    writer.close()
    await going
