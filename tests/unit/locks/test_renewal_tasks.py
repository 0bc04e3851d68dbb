"""Renewal by tasks: one for each loop and database, which ends when idle, and with its loop."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import fakeredis
import pytest

import redicts.aio as aio
from redicts.aio.lockable import _renewal, _renewals
from redicts.locks.renewal import AsyncRenewal
from redicts.pool import AsyncDatabase
from tests.pool.asynchronous import until
from tests.unit.locks.renewing import Store, lock

LONG_MS = 60_000


def database() -> AsyncDatabase:
    return AsyncDatabase(fakeredis.FakeAsyncRedis(server=fakeredis.FakeServer()))


def tasks() -> list[asyncio.Task[Any]]:
    """The tasks that renew in this loop."""
    return [task for task in asyncio.all_tasks() if task.get_name() == "redicts-renewal"]


def test_each_loop_and_database_has_one() -> None:
    one, other = database(), database()

    async def main() -> tuple[AsyncRenewal, AsyncRenewal]:
        for name in "ab":
            _renewal(one).keep(lock(name, LONG_MS), None)
            _renewal(other).keep(lock(name, LONG_MS), None)
        found = _renewal(one), _renewal(other)
        assert (_renewal(one), _renewal(other)) == found
        assert len(tasks()) == 2
        return found

    assert len({*asyncio.run(main()), *asyncio.run(main())}) == 4


def test_a_loop_that_is_closed_is_not_kept() -> None:
    async def main() -> None:
        _renewal(database()).keep(lock("a", LONG_MS), None)

    for _ in range(5):
        asyncio.run(main())
    assert len([loop for loop in _renewals if loop.is_closed()]) <= 1


def test_a_database_that_is_no_longer_used_is_not_kept() -> None:
    async def main() -> None:
        left, kept, new = database(), database(), database()
        first, second = _renewal(left), _renewal(kept)
        second.keep(lock("kept", LONG_MS), None)
        assert first.is_idle
        assert _renewal(new) is not first
        assert _renewal(kept) is second
        assert _renewal(left) is not first

    asyncio.run(main())


def test_the_task_ends_as_soon_as_it_is_idle_and_begins_again() -> None:
    async def main() -> None:
        renewal = AsyncRenewal(Store().run_async)
        for name in "ab":
            holding = lock(name, LONG_MS)
            renewal.keep(holding, None)
            (task,) = tasks()
            await asyncio.sleep(0)
            assert not renewal.is_idle
            assert renewal.forget(holding)
            await asyncio.wait_for(task, 10)
            assert renewal.is_idle
        assert not renewal.forget(lock())
        assert tasks() == []

    asyncio.run(main())


def test_what_is_kept_in_the_moment_of_its_end_is_renewed() -> None:
    async def main() -> None:
        store = Store()
        renewal = AsyncRenewal(store.run_async)
        for turns in range(6):
            old, new = lock("old", LONG_MS), lock(f"new{turns}", 30)
            renewal.keep(old, None)
            await asyncio.sleep(0)
            renewal.forget(old)
            for _ in range(turns):
                await asyncio.sleep(0)
            renewal.keep(new, None)
            await until(lambda new=new: bool(store.times(new)))  # type: ignore[misc]
            renewal.forget(new)

    asyncio.run(main())


def test_a_short_lease_that_is_taken_while_a_long_one_is_waited_for_is_in_time() -> None:

    async def main() -> None:
        store = Store()
        renewal = AsyncRenewal(store.run_async)
        long, short = lock("long", LONG_MS), lock("short", 90)
        renewal.keep(long, None)
        await asyncio.sleep(0)
        renewal.keep(short, None)
        await until(lambda: len(store.times(short)) > 3)
        assert not short.is_lost
        assert store.times(long) == []
        for holding in (long, short):
            renewal.forget(holding)

    asyncio.run(main())


def test_the_end_of_the_loop_ends_it_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    fake = database()
    store = Store()

    async def main() -> aio.Lease:
        renewal = AsyncRenewal(store.run_async)
        place = aio.Proxy("a", rconn=fake.client)
        renewal.keep(lock("b", 90), None)
        await until(lambda: bool(store.asked))
        return await place.acquire(renew=True, expire_timeout=60)

    lease = asyncio.run(main())
    gc.collect()
    assert caplog.records == []
    assert not lease._holding.is_lost


@pytest.mark.parametrize("hangs", [False, True])
def test_a_task_that_is_cancelled_while_it_asks_ends_at_once(hangs: bool) -> None:
    async def main() -> None:
        store = Store()
        store.hangs = hangs
        holding = lock(lease_ms=LONG_MS if hangs else 90)
        renewal = AsyncRenewal(store.run_async)
        renewal.keep(holding, None)
        if hangs:
            renewal._schedule._items[holding].due = 0
            renewal._schedule._heap.clear()
            renewal._schedule._push(renewal._schedule._items[holding])
        (task,) = tasks()
        await until(lambda: bool(store.asked))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not holding.is_lost
        other = lock("b", 90)
        renewal.keep(other, None)
        store.hangs = False
        await until(lambda: bool(store.times(other)))
        for each in (holding, other):
            renewal.forget(each)

    asyncio.run(main())
