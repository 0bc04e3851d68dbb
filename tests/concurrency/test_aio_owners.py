"""Who owns a lock in asyncio: the task that calls, whatever face it uses, and no task that it makes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from redicts import LockLost, LockTimeout, NotOwner, Proxy, aio
from tests.concurrency.leftovers import assert_no_locks
from tests.concurrency.tasks import all_is_back, assert_nothing_stays, break_locks, run
from tests.concurrency.trees import Spot, new_spot
from tests.support.servers import Server

OpenTree = Callable[..., Proxy]


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough here: this is about this side."""
    return new_spot(valkey_server)


async def in_another_task(make: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Call something in a task of its own, and give what came of it."""

    async def call() -> Any:
        return await make()

    return await asyncio.create_task(call())


# ---- tasks


def test_a_task_that_a_holder_makes_is_kept_out(spot: Spot, tree: Proxy) -> None:
    async def child() -> list[Any]:
        place = aio.Proxy("a")
        found = [await aio.Proxy("a.b").try_acquire(), await aio.Proxy(()).try_acquire(shared=True)]
        with pytest.raises(LockTimeout):
            await place.acquire(acquire_timeout=0.05)
        with pytest.raises(NotOwner):
            await place.release()
        await place.set("by the child", 1)  # locks are advisory for writers that take none
        return found

    async def work() -> None:
        async with aio.Proxy("a"):
            assert await asyncio.create_task(child()) == [None, None]
            assert list(await asyncio.gather(child(), child())) == [[None, None]] * 2
            assert await aio.Proxy("a.b").try_acquire() is not None, "the holder itself may"
            await aio.Proxy("a.b").release()
        lease = await in_another_task(lambda: aio.Proxy("a").acquire())
        with pytest.raises(LockTimeout):
            await aio.Proxy("a").acquire(acquire_timeout=0.05)
        await lease.release()  # whoever has the lease may give it back

    run(work)
    assert tree.get("a").val() == {"by the child": 1}
    assert_nothing_stays(spot, tree)


def test_writes_that_a_holder_gathers_are_guarded(spot: Spot, tree: Proxy) -> None:
    """They are begun by who calls, so its lock is proved, though other tasks carry them out."""

    async def work() -> None:
        place = aio.Proxy("a")
        _ = await place.acquire()
        await asyncio.gather(*[place.set(f"n{number}", number) for number in range(20)])
        assert len(await place.children()) == 20
        break_locks(spot)
        writes: list[Awaitable[Any]] = [place.set(f"m{number}", number) for number in range(10)]
        writes += [asyncio.create_task(place.get("n0").add()), place.delete("n1"), place.update({"x": 1})]
        ended: list[Any] = await asyncio.gather(*writes, return_exceptions=True)
        assert {type(each) for each in ended} == {LockLost}
        assert len(await place.children()) == 20
        assert await place.get("n0").val() == 0
        await in_another_task(lambda: place.set("other", 1))
        with pytest.raises(LockLost):
            await place.release()

    run(work)
    assert_nothing_stays(spot, tree)


def test_a_write_that_was_called_under_a_lock_and_is_awaited_after_it(spot: Spot, tree: Proxy) -> None:
    async def work() -> None:
        place = aio.Proxy("a")
        async with place:
            late = place.set("n", 1)
        with pytest.raises(LockLost):
            await late
        assert not await place.exists()

    run(work)
    assert_no_locks(spot)


def test_a_lock_that_is_acquired_through_wait_for_is_the_callers(spot: Spot, tree: Proxy) -> None:
    """Before Python 3.12 ``wait_for`` makes a task of what it is given."""

    async def work() -> None:
        place = aio.Proxy("a")
        lease = await asyncio.wait_for(place.acquire(), 5)
        assert await place.try_acquire() is not None, "it is let in again"
        await place.release()
        assert await in_another_task(place.try_acquire) is None
        break_locks(spot)
        with pytest.raises(LockLost):
            await asyncio.wait_for(place.set("n", 1), 5)
        assert lease.lost.is_set() or await asyncio.wait_for(lease.lost.wait(), 5)

    run(work)
    assert_no_locks(spot)


# ---- both faces


def test_both_faces_in_one_task_are_one_owner(spot: Spot, tree: Proxy) -> None:
    async def work() -> None:
        place, same = tree.get("a"), aio.Proxy("a")
        with place.acquire() as outer:
            async with same, await aio.Proxy("a.b").acquire(shared=True) as inner:
                assert inner.fence > outer.fence
                assert await in_another_task(same.try_acquire) is None
                assert await in_another_task(lambda: asyncio.to_thread(place.try_acquire)) is None
            assert await same.is_locked()
            with ThreadPoolExecutor(1) as executor:
                assert executor.submit(place.try_acquire).result(20) is None
        async with same:
            with place.acquire(acquire_timeout=0):
                place.set("n", 1)
            await same.set("n", 2)
        assert not place.is_locked()

    run(work)
    assert_nothing_stays(spot, tree)


@pytest.mark.parametrize("face", ["sync", "asyncio"])
def test_a_lock_of_one_face_guards_the_writes_of_the_other(spot: Spot, tree: Proxy, face: str) -> None:
    async def work() -> None:
        lease = tree.get("a").acquire() if face == "sync" else await aio.Proxy("a").acquire()
        tree.get("a").set("n", 1)
        await aio.Proxy("a").set("m", 1)
        break_locks(spot)
        with pytest.raises(LockLost):
            tree.get("a").set("n", 2)
        with pytest.raises(LockLost):
            await aio.Proxy("a").set("m", 2)
        assert tree.get("a").val() == {"n": 1, "m": 1}
        assert lease.valid_for() == 0
        if face == "sync":  # it is given back through the other face
            with pytest.raises(LockLost):
                await aio.Proxy("a").release()
        else:
            with pytest.raises(LockLost):
                tree.get("a").release()

    run(work)
    assert_nothing_stays(spot, tree)


# ---- threads, each with a loop


def test_threads_with_loops_of_their_own(spot: Spot, tree: Proxy) -> None:
    """Tasks of several loops and plain threads count in one place, which all of them lock, or lock above."""
    loops, tasks, times = 4, 15, 4
    inside: list[str] = []
    overlaps: list[str] = []
    together = threading.Barrier(loops + 2)

    def come(name: str) -> None:
        inside.append(name)
        if len(inside) > 1:
            overlaps.append(str(inside))

    async def one(name: str) -> None:
        for number in range(times):
            async with await aio.Proxy("a.n" if number % 2 else "a").acquire(acquire_timeout=None):
                come(name)
                await aio.Proxy("a.n").set((), await aio.Proxy("a.n").val(0) + 1)
                inside.remove(name)

    async def many(me: int) -> None:
        await asyncio.gather(*[one(f"{me}-{number}") for number in range(tasks)])
        await all_is_back()

    def with_loop(me: int) -> None:
        together.wait(20)
        run(lambda: many(me))

    def without(me: int) -> None:
        together.wait(20)
        for _ in range(10):
            with tree.get("a").acquire(acquire_timeout=60):
                come(f"thread {me}")
                tree.get("a.n").set((), tree.get("a.n").val(0) + 1)
                inside.remove(f"thread {me}")

    with ThreadPoolExecutor(loops + 2) as executor:
        done = [executor.submit(with_loop, me) for me in range(loops)]
        done += [executor.submit(without, me) for me in range(2)]
        for each in done:
            each.result(60)
    assert overlaps == []
    assert tree.get("a.n").val() == loops * tasks * times + 20
    assert_nothing_stays(spot, tree)
