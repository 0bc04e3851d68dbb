"""Tasks of one process that lock random places beside other processes, logged as ``overlap`` does it."""

from __future__ import annotations

import asyncio
import json
import random
import time
from typing import Any

from redicts import aio
from tests.concurrency.overlap import Section, lock_at_random, log_key, somewhere
from tests.concurrency.trees import Spot, meet

__all__ = ["TASKS", "take_part"]

TASKS = 25
"""How many tasks a process has."""


def take_part(spot: Spot, me: int, parties: int, seconds: float) -> int:
    """Lock for so long: in tasks where the number is odd, else in the one thread; give how often it was refused."""
    if me % 2 == 0:
        return lock_at_random(spot, me, parties, 10**6, seconds)
    tree = spot.open(socket_timeout=60)
    meet(tree, "overlap", parties)
    end = time.monotonic() + seconds

    async def work() -> int:
        return sum(await asyncio.gather(*[_lock(spot, me * 1000 + number, end) for number in range(TASKS)]))

    return asyncio.run(work())


async def _lock(spot: Spot, me: int, end: float) -> int:
    choose = random.Random(me)
    refused = done = 0
    while time.monotonic() < end:
        path, shared = somewhere(choose), choose.random() < 0.5
        place = aio.Proxy(path)
        if choose.random() < 0.2:
            lease = await place.try_acquire(shared)
            if lease is None:
                refused += 1
                continue
        else:
            lease = await place.acquire(shared, acquire_timeout=100, renew=choose.random() < 0.2)
        async with lease:
            done += await _log(spot, Section(f"{me}-{done}", me, path, shared, lease.fence), choose)
    return refused


async def _log(spot: Spot, section: Section, choose: random.Random) -> int:
    """Log a section; with another inside it sometimes. Give how many."""
    count = 1
    client: Any = aio.Pool().get_connection()
    await client.rpush(log_key(spot), json.dumps([time.monotonic(), "+", *section]))
    if choose.random() < 0.3:
        await asyncio.sleep(choose.uniform(0, 0.002))
    if choose.random() < 0.1:
        path = somewhere(choose)[:-1] if choose.random() < 0.3 else (*section.path, choose.choice("ab"))
        lock = aio.Lock(client, path, acquire_timeout=0, shared=choose.random() < 0.5, namespace=spot.namespace)
        if await lock.acquire():
            nested = Section(f"{section.number}+", section.owner, path, lock.lease.mode == "shared", lock.fence)
            count += await _log(spot, nested, choose)
            await lock.release()
    await client.rpush(log_key(spot), json.dumps([time.monotonic(), "-", *section]))
    return count
