"""A task that gets an item, cancelled at every suspension: it has the item, or the item is where it was."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.concurrency.tasks import pass_time
from tests.pool.asynchronous import until
from tests.runners.cancelling import LATE, Cancelling, Ground, ground
from tests.support.servers import Server

MOST = 100
"""More suspensions than any get has."""


async def awaited(cancelling: Cancelling) -> Any:
    """Give what came of it; ``None`` where it was cancelled."""
    try:
        return await cancelling
    except asyncio.CancelledError:
        return None


async def cancel_everywhere(on: Ground, jobs: Any, waits: bool, times: int, when: int) -> int:
    """Cancel a get at each of its suspensions in turn; tell at how many."""
    for at in range(MOST):
        await jobs.clear()
        if not waits:
            await jobs.put_many(["x", "y"])
        cancelling = Cancelling(jobs.get(), tuple(range(at, at + times)), when)
        task = asyncio.ensure_future(awaited(cancelling))
        if waits:
            await until(lambda task=task: on.waiting == 1 or task.done())  # type: ignore[misc]
            await jobs.put_many(["x", "y"])
        found = await task
        if found is None:
            assert cancelling.cancelled
            assert (await jobs.peek(), await jobs.qsize()) == ("x", 2), f"lost at suspension {at}"
        else:
            assert not cancelling.cancelled, "a cancellation was swallowed"
            assert (found, await jobs.qsize()) == ("x", 1)
            if cancelling.suspensions <= at:
                return at
    raise AssertionError("it never came to its end")


@pytest.mark.parametrize("reliable", [False, True], ids=["plain", "reliable"])
@pytest.mark.parametrize("of", [None, str])
@pytest.mark.parametrize("waits", [False, True], ids=["at once", "waits"])
@pytest.mark.parametrize("kind", ["ours", pytest.param("a user's", marks=pytest.mark.exhaustive), "fake"])
def test_cancelled_at_every_suspension(valkey_server: Server, kind: str, waits: bool, of: Any, reliable: bool) -> None:
    async def work() -> None:
        async with ground(kind, valkey_server) as on:
            place = on.place("jobs")
            jobs: Any = place.as_queue(of, reliable=True) if reliable else place.as_queue(of)
            await jobs.qsize()
            counts = [
                await cancel_everywhere(on, jobs, waits, times, when) for times in (1, 2) for when in (0, 1, LATE)
            ]
            print(f"cancelled at {counts} suspensions")
            assert min(counts) > 0
            await jobs.clear()
            await pass_time(0.01)
            await on.assert_nothing_left()

    asyncio.run(work())


@pytest.mark.parametrize("of", [None, str])
@pytest.mark.parametrize("index", [0, -1, 1, -3])
def test_a_blocking_pop_cancelled_at_every_suspension(valkey_server: Server, index: int, of: Any) -> None:
    elements = ["a", "b", "c", "d"]

    async def work() -> None:
        async with ground("ours", valkey_server) as on:
            todo = on.place("todo").as_list(of)
            await todo.extend(elements)
            for at in range(MOST):
                cancelling = Cancelling(todo.blocking_pop(index, 5), (at,), LATE)
                found, left = await awaited(cancelling), await todo.to_list()
                if found is not None:
                    rest = [*elements]
                    assert (found, left) == (rest.pop(index), rest)
                    break
                assert left == elements, f"lost, or in another place, at suspension {at}"
            assert 0 < at < MOST - 1
            await todo.clear()
            await pass_time(0.01)
            await on.assert_nothing_left()

    asyncio.run(work())
