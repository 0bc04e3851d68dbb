"""Caches, as type checkers see them. Never run: see ``test_types.py``."""
# pyright: reportUnusedCallResult=false

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from typing_extensions import assert_type

import redicts
from redicts import Deferred, Proxy, aio, cache
from redicts.decorators.cache import AsyncCached, Cached, CacheInfo
from redicts.leaves.cache import AsyncCache, Cache, QueuedCache
from redicts.leaves.cached_ordered_dict import AsyncCachedOrderedDict, CachedOrderedDict


def number() -> int:
    return 1


async def number_later() -> int:
    return 1


def plain(place: Proxy) -> None:
    assert_type(place.as_cache(), Cache[Any])
    pages = place.as_cache(int, ttl=60, jitter=0.1, stale=5, lease=1)
    assert_type(pages, Cache[int])
    assert_type(pages.get("a"), int | None)
    assert_type(pages.get_many(["a", 1], 0), list[int | None])
    assert_type(pages.set("a", 1, ttl=None), None)
    assert_type(pages.set_many({"a": 1}), None)
    assert_type(pages.get_or_compute("a", number), int)
    assert_type(pages.get_or_compute("a", number, negative=KeyError, negative_ttl=1), int)
    assert_type((pages.delete("a"), pages.delete_many(["a"]), "a" in pages, len(pages)), tuple[bool, int, bool, int])
    assert_type((pages.contains("a"), pages.length(), pages.time_to_live("a")), tuple[bool, int, float])
    found = place.as_cached_ordered_dict([1, 2], int, ttl=5)
    assert_type(found, CachedOrderedDict[int])
    assert_type((found[1], found.get(1), found.misses()), tuple[int, int | None, list[Any]])
    found[1] = 2


async def awaited(place: aio.Proxy) -> None:
    pages = place.as_cache(int, ttl=60)
    assert_type(pages, AsyncCache[int])
    getting = pages.get("a")
    _ = assert_type(getting, Coroutine[object, None, int | None])
    assert_type(await getting, int | None)
    assert_type(await pages.get_or_compute("a", number), int)
    assert_type(await pages.get_or_compute("a", number_later), int)
    assert_type(await pages.get_many(["a"]), list[int | None])
    found = place.as_cached_ordered_dict([1, 2], int)
    assert_type(found, AsyncCachedOrderedDict[int])
    assert_type(await found.items(), list[tuple[Any, int]])
    assert_type(await found.lookup(1), int)


def queued() -> None:
    with redicts.pipeline() as pipe:
        pages = pipe.proxy("a").as_cache(int)
        assert_type(pages, QueuedCache[int])
        assert_type(pages.get("a"), Deferred[int | None])
        assert_type(pages.set("a", 1), Deferred[None])


@cache
def square(number: int, *, power: int = 2) -> int:
    return int(number**power)


@cache("app.later", ttl=60)
async def later(number: int) -> str:
    return str(number)


class Thing:
    @cache("app.thing", key=lambda self, factor: factor)
    def times(self, factor: int) -> list[int]:
        return [factor]

    @cache("app.later", key=lambda self: 1)
    async def later(self) -> int:
        return 1


async def decorated(thing: Thing) -> None:
    assert_type(square(3, power=2), int)
    assert_type(square.__bypass__(3), int)
    assert_type(square.cache_info(), CacheInfo)
    assert_type(square.cache_clear(), None)
    assert_type(square.cache_parameters(), dict[str, Any])
    _ = assert_type(later(1), Coroutine[Any, Any, str])
    assert_type(await later(1), str)
    assert_type(await later.__bypass__(1), str)
    assert_type(await later.cache_info(), CacheInfo)
    assert_type(await later.cache_clear(), None)
    info: CacheInfo = square.cache_info()
    assert_type((info.hits, info.maxsize, info.currsize), tuple[int, None, int])
    times: Callable[[int], list[int]] = thing.times
    assert_type(times(2), list[int])
    assert_type(thing.times(2), list[int])
    assert_type(await thing.later(), int)
    assert_type(Thing.times.cache_info(), CacheInfo)


def wrong(made: Cached[[int], int], other: AsyncCached[[int], int]) -> None:
    _ = made("x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    _ = square("x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    _ = square(1, 2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    _ = other("x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
