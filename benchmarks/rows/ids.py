"""IDs, against INCR: of one server, of a block, and of five masters, which are databases of one server here."""

from __future__ import annotations

import asyncio
from typing import Any

import redis
import redis.asyncio

from benchmarks.measure import Pair
from benchmarks.registry import row
from benchmarks.stage import Stage
from redicts import aio

CALLS = 20
"""Calls in one run of a side, in asyncio."""

MASTERS = range(2, 7)
"""Numbers of the databases that stand for masters."""


@row("ids.next()", "r.incr(k)", 1.30)
def following(stage: Stage) -> Pair:
    raw, ids = stage.raw, stage.place("app.ids").as_ids()
    return Pair(raw=lambda: raw.incr("k"), ours=ids.next)


@row("ids.reserve(1000)", "r.incrby(k, 1000)", 1.30)
def reserve(stage: Stage) -> Pair:
    raw, ids = stage.raw, stage.place("app.ids").as_ids()
    return Pair(raw=lambda: raw.incrby("k", 1000), ours=lambda: ids.reserve(1000))


@row("ids.next() with block=100", "r.incr(k)", 0.20)
def of_a_block(stage: Stage) -> Pair:
    raw, ids = stage.raw, stage.place("app.ids").as_ids(block=100)
    return Pair(raw=lambda: raw.incr("k"), ours=ids.next)


@row("ids.next() of five masters", "r.incr(k) at each of five, one after the other")
def of_five(stage: Stage) -> Pair:
    clients: list[Any] = [redis.Redis(unix_socket_path=stage.server.socket, db=number) for number in MASTERS]
    ids = stage.place("app.ids").as_ids(clients)
    ids.clear()
    return Pair(raw=lambda: [client.incr("k") for client in clients], ours=ids.next)


@row("asyncio: ids.next() of five masters", "asyncio.gather() of r.incr(k) at each of five", 1.30)
def of_five_in_tasks(stage: Stage) -> Pair:
    clients: list[Any] = [redis.asyncio.Redis(unix_socket_path=stage.server.socket, db=number) for number in MASTERS]
    ids = aio.Proxy("app.ids").as_ids(clients)
    stage.burst(ids.clear, 1)()

    async def theirs() -> object:
        return await asyncio.gather(*[client.incr("k") for client in clients])

    return Pair(raw=stage.burst(theirs, CALLS), ours=stage.burst(ids.next, CALLS))


@row("asyncio: 100 tasks, ids.next() of five masters each", "the same tasks, r.incr(k) at each of five", 1.00)
def of_five_together(stage: Stage) -> Pair:
    clients: list[Any] = [redis.asyncio.Redis(unix_socket_path=stage.server.socket, db=number) for number in MASTERS]
    ids = aio.Proxy("app.ids").as_ids(clients)
    stage.burst(ids.clear, 1)()

    async def theirs() -> None:
        _ = await asyncio.gather(*[client.incr("k") for client in clients for _ in range(100)])

    async def ours() -> None:
        _ = await asyncio.gather(*[ids.next() for _ in range(100)])

    return Pair(raw=stage.burst(theirs, 1), ours=stage.burst(ours, 1))
