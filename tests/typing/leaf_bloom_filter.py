"""Bloom filters, as type checkers see them. Never run: see ``test_types.py``."""
# pyright: reportUnusedCallResult=false

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from typing_extensions import assert_type

import redicts
from redicts import aio
from redicts.core.deferred import Deferred
from redicts.leaves.bloom_filter import AsyncBloomFilter, BloomFilter, QueuedBloomFilter


def blooms(place: redicts.Proxy) -> None:
    assert_type(place.as_bloom_filter(capacity=5), BloomFilter[Any])
    seen = place.as_bloom_filter(of=int, capacity=5, error_rate=0.1, scalable=True)
    assert_type(seen, BloomFilter[int])
    assert_type((seen.add(1), seen.update(range(3), [4]), seen.length(), len(seen)), tuple[bool, int, int, int])
    assert_type((seen.contains("x"), seen.contains_many([1, "x"]), "x" in seen), tuple[bool, list[bool], bool])
    assert_type((seen.capacity, seen.error_rate, seen.scalable), tuple[int, float, bool])
    assert_type((seen.is_full(), seen.current_error_rate(), seen.clear()), tuple[bool, float, None])
    other = place.as_bloom_filter(of=str, capacity=5)
    assert_type(seen.union_update(other, seen), None)
    seen |= other
    assert_type(seen, BloomFilter[int])


async def awaited(place: aio.Proxy, other: BloomFilter[int]) -> None:
    seen = place.as_bloom_filter(of=str, capacity=5)
    assert_type(seen, AsyncBloomFilter[str])
    adding: Coroutine[object, None, bool] = seen.add("x")
    assert_type(await adding, bool)
    assert_type((await seen.length(), await seen.contains_many([1])), tuple[int, list[bool]])
    assert_type((await seen.update("abc"), seen.capacity, await seen.is_full()), tuple[int, int, bool])
    await seen.union_update(seen, other)


def queued(pipe: redicts.Pipeline) -> None:
    seen = pipe.proxy("x").as_bloom_filter(of=int, capacity=5)
    assert_type(seen, QueuedBloomFilter[int])
    assert_type((seen.add(1), seen.length()), tuple[Deferred[bool], Deferred[int]])
    assert_type((seen.contains(1), seen.union_update(seen)), tuple[Deferred[bool], Deferred[None]])
