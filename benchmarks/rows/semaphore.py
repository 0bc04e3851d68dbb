"""Semaphores: what acquiring and releasing costs, against a lock of one, and a bare count."""

from __future__ import annotations

from benchmarks.measure import Pair
from benchmarks.registry import row
from benchmarks.stage import Stage
from redicts import aio

LEASE_MS = 30_000
CALLS = 20
"""Calls in one run of a side."""


@row("semaphore: acquire + release, none beside", "r.set(k, t, nx=True, px=ms), r.delete(k)")
def cycle(stage: Stage) -> Pair:
    """Each makes the place, and takes it away."""
    raw, slots = stage.raw, stage.place("app.slots").as_semaphore(3)
    stage.place("app").set("name", "slots")

    def bare() -> None:
        raw.set("s", "token", nx=True, px=LEASE_MS)
        raw.delete("s")

    return Pair(raw=bare, ours=lambda: slots.acquire().release())


@row("semaphore: acquire + release beside two others", "r.incr(k) with r.pexpire(k), r.decr(k)", 1.5)
def beside_others(stage: Stage) -> Pair:
    raw, slots = stage.raw, stage.place("app.slots").as_semaphore(3)
    _ = slots.acquire(count=2, lease=3600)

    def bare() -> None:
        with raw.pipeline(transaction=False) as pipe:
            pipe.incr("n")
            pipe.pexpire("n", LEASE_MS)
            pipe.execute()
        raw.decr("n")

    return Pair(raw=bare, ours=lambda: slots.acquire().release())


@row("asyncio: semaphore: acquire + release", "await r.set(k, t, nx=True, px=ms), await r.delete(k)")
def awaited(stage: Stage) -> Pair:
    raw, slots = stage.raw_async, aio.Proxy("app.slots").as_semaphore(3)

    async def bare() -> None:
        await raw.set("s", "token", nx=True, px=LEASE_MS)
        await raw.delete("s")

    async def ours() -> None:
        await (await slots.acquire()).release()

    return Pair(raw=stage.burst(bare, CALLS), ours=stage.burst(ours, CALLS))
