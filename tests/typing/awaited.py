"""The public names of the asyncio face, as type checkers see them. Never run: see ``test_types.py``."""
# pyright: reportUnusedCallResult=false

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

import redis.asyncio
from typing_extensions import assert_type

import redicts
from redicts import Holder, Name, Problem, aio

T = TypeVar("T")


def places_ask_nobody(client: redis.asyncio.Redis) -> None:
    assert_type(aio.Proxy("a.b"), aio.Proxy)
    assert_type(redicts.aio.Proxy("a.b"), aio.Proxy)
    assert_type(aio.Proxy(["a", "b.c"], lock_acquire_timeout=None, lock_expire_timeout=1), aio.Proxy)
    assert_type(aio.Proxy((), 10, 30, db_name="sessions", lock_renew=True), aio.Proxy)
    assert_type(aio.root(rconn=client), aio.Proxy)
    place = aio.section(__name__)
    assert_type(place, aio.Proxy)
    assert_type((place.key(), place.path, place.name), tuple[str, tuple[str, ...], Name])
    assert_type(place.parent, aio.Proxy)
    assert_type(place.get("a").get(["a", "b"]), aio.Proxy)
    assert_type(place == place, bool)
    assert_type({place: 1}, dict[aio.Proxy, int])


async def reading(place: aio.Proxy) -> None:
    assert_type(await place.val(), Any)
    assert_type(await place.val([]), Any)
    assert_type(await place.kind(), str | None)
    assert_type(await place.exists(), bool)
    assert_type(await place.children(), list[Name])
    assert_type(await place.count_children(), int)
    assert_type(await place.time_to_live(), float)
    assert_type(place.iter_children(), AsyncIterator[aio.Proxy])
    async for leaf in place.iter_children():
        assert_type(leaf, aio.Proxy)
    async for name in place:
        assert_type(name, Name)
    assert_type([await leaf.val() async for leaf in place.iter_children()], list[Any])


async def writing(place: aio.Proxy) -> None:
    setting = place.set("a", 1)
    _ = assert_type(setting, Coroutine[object, None, aio.Proxy])
    assert_type(await setting, aio.Proxy)
    assert_type(await (await place.set("b", {"c": []}, expire=1.5)).exists(), bool)
    await place.store("a", None)
    await place.update({"a.b": 1})
    assert_type(await place.setdefault("a"), Any)
    assert_type(await place.pop("a", None), Any)
    assert_type(await place.delete("a"), bool)
    await place.clear()
    assert_type(await place.expire(10), bool)
    assert_type(await place.persist(), bool)
    assert_type(await place.add(), int | float)
    assert_type(await place.compare_and_set(None, 1), bool)
    assert_type(await place.transform(lambda value: value), Any)
    assert_type(await place.check(), list[Problem])


async def side_by_side(place: aio.Proxy) -> None:
    both = await asyncio.gather(place.exists(), place.add())
    assert_type(both, tuple[bool, int | float])
    task = asyncio.create_task(place.exists())
    assert_type(await task, bool)
    assert_type(await asyncio.wait_for(place.acquire(), 1), aio.Lease)


async def locking(place: aio.Proxy) -> None:
    acquiring = place.acquire()
    _ = assert_type(acquiring, Coroutine[object, None, aio.Lease])
    assert_type(await acquiring, aio.Lease)
    assert_type(await place.acquire(True, acquire_timeout=None, expire_timeout=0.5, owner="x"), aio.Lease)
    assert_type(await place.try_acquire(shared=True), aio.Lease | None)
    await place.release()
    await place.release(owner="x")
    assert_type(await place.is_locked(), bool)
    assert_type(await place.holders(), list[Holder])
    assert_type(await place.break_locks(), list[Holder])
    async with place as same:
        assert_type(same, aio.Proxy)
    async with aio.Proxy("a", lock_renew=True) as p, await p.acquire() as lease:
        assert_type(p, aio.Proxy)
        assert_type(lease, aio.Lease)
    if (tried := await place.try_acquire()) is not None:
        async with tried as lease:
            assert_type(lease, aio.Lease)


async def told(lease: aio.Lease) -> None:
    await asyncio.sleep(0)
    lease.lost.set()


def told_at_once(lease: aio.Lease) -> str:
    return lease.path


async def who_is_told(place: aio.Proxy, client: redis.asyncio.Redis) -> None:
    await place.acquire(renew=True, max_lifetime=60, on_lost=told)
    await place.acquire(on_lost=told_at_once)
    await place.try_acquire(on_lost=lambda lease: lease.fence)
    assert_type(aio.Lock(client, "a", on_lost=told), aio.Lock)
    assert_type(aio.Lock(client, "a", on_lost=told_at_once), aio.Lock)


async def leases(lease: aio.Lease) -> None:
    assert_type((lease.path, lease.mode, lease.owner), tuple[str, str, str])
    assert_type(lease.fence, int)
    assert_type(lease.lost, asyncio.Event)
    assert_type(lease.valid_for(), float)
    await lease.lost.wait()
    _ = assert_type(lease.ensure_held(), Coroutine[object, None, None])
    await lease.renew()
    lease.hand_over()
    await lease.release()


async def locks_by_themselves(client: redis.asyncio.Redis) -> None:
    lock = aio.Lock(client, ["a", "b"], 30, None, shared=True, owner="x", renew=True, max_lifetime=60)
    assert_type(lock, aio.Lock)
    assert_type(aio.Lock(client, "a.b", expire_timeout=0.5, acquire_timeout=0, namespace="mine").key(), str)
    acquiring = lock.acquire()
    _ = assert_type(acquiring, Coroutine[object, None, bool])
    assert_type(await acquiring, bool)
    assert_type(await lock.acquire(True, 5), bool)
    assert_type(await lock.acquire(blocking=True, timeout=None), bool)
    await lock.release()
    async with lock as same:
        assert_type(same, aio.Lock)
    assert_type(await lock.locked(), bool)
    assert_type(await lock.is_locked(), bool)
    assert_type(await lock.holders(), list[Holder])
    assert_type(await lock.break_locks(), list[Holder])
    assert_type(lock.owned(), bool)
    assert_type(lock.lease, aio.Lease)
    assert_type(lock.fence, int)
    assert_type(lock.lost, asyncio.Event)
    assert_type(lock.valid_for(), float)
    await lock.ensure_held()
    await lock.renew()


async def the_pool() -> None:
    pool = aio.Pool()
    assert_type(pool, aio.Pool)
    pool.reload(cfg={"host": "localhost"}, fake_redis=False)
    _ = assert_type(pool.get_connection("name"), redis.asyncio.Redis)
    assert_type(pool.names(), tuple[str, ...])
    await pool.close()


def methods_can_be_passed_on(place: aio.Proxy) -> None:
    def run(function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return asyncio.run(function())

    assert_type(run(place.exists), bool)
    assert_type(run(place.add), int | float)
