"""The asyncio face: what a call costs there, against redis.asyncio."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from benchmarks.measure import Pair
from benchmarks.registry import row
from benchmarks.stage import Stage
from redicts import aio

VALUE = "hello world"
CALLS = 20
"""Calls in one run of a side."""


@row("asyncio: val() of a leaf", "json.loads(await r.get(k))", 1.15)
def val_leaf(stage: Stage) -> Pair:
    raw, place = _set_up(stage)

    async def theirs() -> Any:
        return json.loads(await raw.get("k"))

    return Pair(raw=stage.burst(theirs, CALLS), ours=stage.burst(place.get("name").val, CALLS))


@row("asyncio: set() of a scalar", "await r.set(k, json.dumps(v))", 1.15)
def set_scalar(stage: Stage) -> Pair:
    raw, place = _set_up(stage)
    return Pair(
        raw=stage.burst(lambda: raw.set("k", json.dumps(VALUE)), CALLS),
        ours=stage.burst(lambda: place.set("name", VALUE), CALLS),
    )


@row("asyncio: 20 tasks, val() of a leaf each", "the same tasks, r.get(k) each")
def val_together(stage: Stage) -> Pair:
    raw, place = _set_up(stage)
    name = place.get("name")

    async def theirs() -> None:
        await asyncio.gather(*[raw.get("k") for _ in range(CALLS)])

    async def ours() -> None:
        await asyncio.gather(*[name.val() for _ in range(CALLS)])

    return Pair(raw=stage.burst(theirs, 1), ours=stage.burst(ours, 1))


@row("asyncio: acquire + release, depth 3", "async with r.lock(k, timeout=30)")
def lock(stage: Stage) -> Pair:
    raw, _ = _set_up(stage)
    ours = aio.Proxy("app.users.ann")

    async def flat() -> None:
        async with raw.lock("lock", timeout=30):
            pass

    async def tree() -> None:
        async with ours:
            pass

    return Pair(raw=stage.burst(flat, CALLS), ours=stage.burst(tree, CALLS))


def _set_up(stage: Stage) -> tuple[Any, aio.Proxy]:
    stage.raw.set("k", json.dumps(VALUE))
    stage.place("app.user").set("name", VALUE)
    return stage.raw_async, aio.Proxy("app.user")
