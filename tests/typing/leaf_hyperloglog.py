"""HyperLogLogs, as type checkers see them. Never run: see ``test_types.py``."""
# pyright: reportUnusedCallResult=false

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from typing_extensions import assert_type

import redicts
from redicts import aio
from redicts.core.deferred import Deferred
from redicts.leaves.hyperloglog import AsyncHyperLogLog, HyperLogLog, QueuedHyperLogLog


def hyperloglogs(place: redicts.Proxy) -> None:
    assert_type(place.as_hyperloglog(), HyperLogLog[Any])
    seen = place.as_hyperloglog(of=int)
    assert_type(seen, HyperLogLog[int])
    assert_type((seen.add(1), seen.update(range(3)), seen.length(), len(seen)), tuple[bool, bool, int, int])
    assert_type((seen.contains("x"), seen.contains_many([1, "x"]), "x" in seen), tuple[bool, list[bool], bool])
    other = place.as_hyperloglog(of=str)
    assert_type((seen.union_length(), seen.union_length(other, seen)), tuple[int, int])
    assert_type((seen.union_update(other), seen.store_union(seen, other)), tuple[None, int])
    assert_type(seen.clear(), None)
    seen |= other
    assert_type(seen, HyperLogLog[int])


async def awaited(place: aio.Proxy, other: HyperLogLog[int]) -> None:
    seen = place.as_hyperloglog(of=str)
    assert_type(seen, AsyncHyperLogLog[str])
    adding: Coroutine[object, None, bool] = seen.add("x")
    assert_type(await adding, bool)
    assert_type((await seen.length(), await seen.contains_many([1])), tuple[int, list[bool]])
    assert_type((await seen.union_length(seen, other), await seen.store_union(other)), tuple[int, int])


def queued(pipe: redicts.Pipeline) -> None:
    seen = pipe.proxy("x").as_hyperloglog(of=int)
    assert_type(seen, QueuedHyperLogLog[int])
    assert_type((seen.add(1), seen.length()), tuple[Deferred[bool], Deferred[int]])
    assert_type((seen.contains(1), seen.union_update(seen)), tuple[Deferred[bool], Deferred[None]])
