"""What processes with a loop do until they are killed or stopped from outside, or fork."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any

from redicts import LockLost, LockTimeout, NotOwner, Pool, Proxy, aio
from tests.concurrency.forking import Forked
from tests.concurrency.tasks import Book, Worker, in_line, pass_time, stand_in_line, until_so
from tests.concurrency.trees import Spot
from tests.pool.asynchronous import until

__all__ = ["LEASE", "LOCKS", "WRITES", "contend_for_ever", "fork_in_a_loop", "hold_and_wait", "sleep_and_write"]

LEASE = 1.0
"""Seconds; the lease of those that are killed."""

LOCKS = 20

Write = Callable[[aio.Proxy], Coroutine[Any, Any, Any]]

WRITES: dict[str, Write] = {
    "set": lambda place: place.set("n", -1),
    "set itself": lambda place: place.set((), {"gone": -1}),
    "setdefault": lambda place: place.setdefault("new", -1),
    "update": lambda place: place.update({"n": -1, "doc.x": -1}),
    "add": lambda place: place.get("n").add(1),
    "delete": lambda place: place.delete("doc"),
    "clear": lambda place: place.get("doc").clear(),
    "pop": lambda place: place.pop("n"),
    "expire": lambda place: place.get("doc").expire(0.001),
    "compare_and_set": lambda place: place.get("n").compare_and_set(1, -1),
    "transform": lambda place: place.get("n").transform(lambda old: -1),
}


def hold_and_wait(spot: Spot) -> None:
    """Hold locks that are renewed, with tasks that wait for them; print "ready" and go on for ever."""
    spot.open()

    async def wait(me: int) -> None:
        async with await aio.Proxy(f"a.k{me % LOCKS}").acquire(acquire_timeout=None, expire_timeout=LEASE):
            await asyncio.sleep(60)

    async def work() -> None:
        for number in range(LOCKS):
            await aio.Proxy(f"a.k{number}").acquire(renew=True, expire_timeout=LEASE)
        waiting = [asyncio.create_task(wait(me)) for me in range(100)]
        await stand_in_line(100)
        print("ready", flush=True)
        await asyncio.gather(*waiting)

    asyncio.run(work())


def contend_for_ever(spot: Spot) -> None:
    """Lock and write in many tasks until killed."""
    spot.open(lock_renew=True)

    async def work() -> None:
        working = [asyncio.create_task(Worker(me, Book(), 10, LEASE).work(10**6)) for me in range(100)]
        await pass_time(0.2)
        print("ready", flush=True)
        await asyncio.gather(*working)

    asyncio.run(work())


def sleep_and_write(spot: Spot, renew: bool) -> dict[str, Any]:
    """Hold a lock; once there is "go", by when the lease has run out, write in every way under it."""
    spot.open()
    told: list[aio.Lease] = []

    async def work() -> dict[str, Any]:
        place = aio.Proxy("a.b")
        lease = await place.acquire(renew=renew, expire_timeout=LEASE / 2, on_lost=told.append)
        print("held", flush=True)
        await until_so(aio.Proxy("go").exists, 60)
        valid_for = lease.valid_for()
        writes = [write(place) for write in WRITES.values()]
        ended: list[Any] = await asyncio.gather(*writes, return_exceptions=True)
        found: dict[str, Any] = dict(zip(WRITES, [type(each).__name__ for each in ended], strict=True))
        found["release"] = await error_of(lease.release)
        found["release again"] = await error_of(lease.release)
        await asyncio.wait_for(lease.lost.wait(), 20)
        return {**found, "valid_for": valid_for, "told": told == [lease]}

    return asyncio.run(work())


async def error_of(act: Callable[[], Coroutine[Any, Any, Any]]) -> str:
    """Give the name of the error with which something ends."""
    try:
        await act()
    except (LockTimeout, NotOwner, LockLost) as error:
        return type(error).__name__
    return "nothing"


def fork_in_a_loop(spot: Spot) -> dict[str, Any]:
    """Fork in a task that holds a lock, while others wait for it; look at both sides."""
    spot.open()

    async def work() -> dict[str, Any]:
        place, entered = aio.Proxy("a.b"), list[int]()

        async def wait(me: int) -> None:
            async with aio.Proxy("a.b", None):
                entered.append(me)

        lease = await place.acquire(renew=True, expire_timeout=LEASE)
        waiting = [asyncio.create_task(wait(me)) for me in range(20)]
        await stand_in_line(20)
        child = Forked(lambda: _in_the_child(lease, place))
        await until(child.ended, 60)
        await pass_time(1.2 * LEASE)  # it is renewed on
        await lease.ensure_held()
        assert in_line() == 20
        await place.set("by the parent", 1)
        await lease.release()
        await asyncio.gather(*waiting)
        return {"child": child.result(), "entered": entered, "value": await place.val()}

    return asyncio.run(work())


def _in_the_child(lease: aio.Lease, place: aio.Proxy) -> dict[str, Any]:
    """Use both faces, in a loop of its own, with what was the parent's."""

    async def work() -> dict[str, Any]:
        found = {
            "valid_for": lease.valid_for(),
            "release": await error_of(lease.release),
            "release by place": await error_of(place.release),
            "ensure_held": await error_of(lease.ensure_held),
            "acquire": await error_of(lambda: place.acquire(acquire_timeout=0.2)),
            "holder": [holder.pid for holder in await place.holders()] == [os.getppid()],
        }
        await place.set("by the child", 1)  # locks are advisory for writers that take none
        async with await place.parent.get("other").acquire(renew=True, expire_timeout=LEASE) as own:
            await place.parent.get("other").set("x", 1)
            found["own"] = own.valid_for() > 0
        return found

    found = asyncio.run(work())
    found["sync"] = Proxy("a.b").is_locked() and Pool().get_connection().ping()
    return found
