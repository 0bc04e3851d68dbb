"""IDs, as type checkers see them. Never run: see ``test_types.py``."""
# pyright: reportUnusedCallResult=false

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Iterator

import redis
from typing_extensions import assert_type

import redicts
from redicts import ContextTimer, Deferred, Proxy, aio
from redicts.leaves.ids import AsyncIds, Ids, QueuedIds
from redicts.leaves.majority_ids import AsyncMajorityIds, MajorityIds


def plain(place: Proxy) -> None:
    ids = place.as_ids()
    assert_type(ids, Ids)
    assert_type(place.as_ids(block=100), Ids)
    assert_type(ids.next(), int)
    assert_type(next(ids), int)
    assert_type(iter(ids), Iterator[int])
    for number in ids:
        assert_type(number, int)
    assert_type(ids.reserve(5), range)
    assert_type((ids.last(), ids.length(), ids.block), tuple[int, int, int])
    assert_type(ids.raise_to(5), None)
    assert_type(ids.clear(), None)


def of_several(place: Proxy, client: redis.Redis) -> None:
    ids = place.as_ids(["one", "two", client], block=10, timeout=1.5, master_timeout=0.1)
    assert_type(ids, MajorityIds)
    assert_type(ids.next(), int)
    assert_type(next(ids), int)
    assert_type(ids.reserve(5), range)
    assert_type((ids.last(), ids.length(), ids.block), tuple[int, int, int])
    assert_type(ids.raise_to(5), None)
    assert_type(ids.clear(), None)


async def awaited(place: aio.Proxy) -> None:
    ids = place.as_ids()
    assert_type(ids, AsyncIds)
    _ = assert_type(ids.next(), Coroutine[object, None, int])
    assert_type(await ids.next(), int)
    assert_type(await anext(ids), int)
    assert_type(aiter(ids), AsyncIterator[int])
    assert_type(await ids.reserve(5), range)
    async for number in ids:
        assert_type(number, int)
    several = place.as_ids(["one", "two", "three"])
    assert_type(several, AsyncMajorityIds)
    assert_type(await several.next(), int)
    assert_type(await anext(several), int)
    assert_type(await several.last(), int)


def queued() -> None:
    with redicts.pipeline() as pipe:
        ids = pipe.proxy("ids").as_ids()
        assert_type(ids, QueuedIds)
        assert_type(ids.next(), Deferred[int])
        assert_type(ids.reserve(5), Deferred[range])


def timed() -> None:
    with ContextTimer() as timer:
        assert_type(timer, ContextTimer)
    assert_type(timer.elapsed(), int)
