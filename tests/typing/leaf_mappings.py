"""Typed dicts and counters, as type checkers see them. Never run: see ``test_types.py``."""
# pyright: reportUnusedCallResult=false

from __future__ import annotations

from collections import Counter as Plain
from collections.abc import AsyncIterator, Coroutine, Iterator, MutableMapping
from typing import Any
from uuid import UUID

from typing_extensions import assert_type

import redicts
from redicts import aio
from redicts.core.deferred import Deferred
from redicts.leaves.counter import AsyncCounter, Counter, QueuedCounter
from redicts.leaves.dict import AsyncDict, Dict, QueuedDict
from redicts.leaves.parts.views import LiveItems, LiveKeys, LiveValues


def dicts(place: redicts.Proxy) -> None:
    assert_type(place.as_dict(), Dict[Any, Any])
    assert_type(place.as_dict(of=int), Dict[Any, int])
    ages = place.as_dict(of=int, keys=str)
    assert_type(ages, Dict[str, int])
    mapping: MutableMapping[str, int] = ages
    assert_type(mapping["a"], int)
    assert_type((ages["a"], ages.lookup("a"), ages.get("a"), ages.get("a", 0)), tuple[int, int, int | None, int])
    assert_type((ages.get("a", ""), ages.pop("a"), ages.pop("a", None)), tuple[int | str, int, int | None])
    assert_type((ages.setdefault("a", 1), ages.popitem()), tuple[int, tuple[str, int]])
    assert_type((ages.get_many(["a"]), ages.delete_many({"a"})), tuple[list[int | None], int])
    assert_type(
        (ages.to_dict(), ages.copy(), ages.to_items()), tuple[dict[str, int], dict[str, int], list[tuple[str, int]]]
    )
    assert_type((ages.keys(), ages.values(), ages.items()), tuple[LiveKeys[str], LiveValues[int], LiveItems[str, int]])
    assert_type((iter(ages), list(ages), dict(ages)), tuple[Iterator[str], list[str], dict[str, int]])
    assert_type([*ages.values()], list[int])
    assert_type([*ages.items()], list[tuple[str, int]])
    assert_type((ages.keys() & ages.keys(), ages.keys() - ["a"]), tuple[set[str], set[str]])
    assert_type((len(ages), "a" in ages, ages == {}, ages.contains(5)), tuple[int, bool, bool, bool])
    assert_type((ages.expire_key("a", 5), ages.persist_key("a"), ages.key_time_to_live("a")), tuple[bool, bool, float])
    ages["a"] = 1
    ages["a"] += 1
    ages.set("a", 1, expire=2.5)
    ages.update({"a": 1}, b=2)
    ages.update([("a", 1)])
    ages |= {"a": 1}
    del ages["a"]
    ages.delete("a")
    ages.clear()
    assert_type(ages, Dict[str, int])
    assert_type(place.as_dict(keys=UUID).to_dict(), dict[UUID, Any])


def counters(place: redicts.Proxy) -> None:
    assert_type(place.as_counter(), Counter[Any])
    hits = place.as_counter(of=str)
    assert_type(hits, Counter[str])
    mapping: MutableMapping[str, int] = hits
    assert_type(mapping["a"], int)
    assert_type((hits["a"], hits["a"] + 1, hits.get("a"), hits.get("a", 0)), tuple[int, int, int | None, int])
    assert_type((hits.increment("a"), hits.total(), hits.get_many("ab")), tuple[int, int, list[int]])
    assert_type((hits.most_common(), hits.most_common(1)), tuple[list[tuple[str, int]], list[tuple[str, int]]])
    assert_type((hits.elements(), hits.to_counter(), hits.copy()), tuple[Iterator[str], Plain[str], Plain[str]])
    assert_type((hits + hits, hits - Plain("a"), hits | {"a": 1}), tuple[Plain[str], Plain[str], Plain[str]])
    assert_type((+hits, -hits, hits <= hits, hits == hits), tuple[Plain[str], Plain[str], bool, bool])
    hits["a"] += 1
    hits["a"] = 5
    hits.update(["a"])
    hits.update({"a": 1}, b=2)
    hits.subtract("ab")
    hits.combine("|", {"a": 1})
    hits += {"a": 1}
    hits &= hits
    del hits["a"]
    assert_type(hits, Counter[str])


async def awaited(place: aio.Proxy) -> None:
    ages, hits = place.as_dict(of=int, keys=str), place.as_counter(of=str)
    assert_type((ages, hits), tuple[AsyncDict[str, int], AsyncCounter[str]])
    _ = assert_type(ages.get("a"), Coroutine[object, None, int | None])
    assert_type(
        (await ages.get("a"), await ages.get("a", ""), await ages.lookup("a")), tuple[int | None, int | str, int]
    )
    assert_type((await ages.pop("a"), await ages.pop("a", None)), tuple[int, int | None])
    assert_type((await ages.popitem(), await ages.to_dict()), tuple[tuple[str, int], dict[str, int]])
    assert_type((ages.keys(), ages.values()), tuple[AsyncIterator[str], AsyncIterator[int]])
    assert_type([item async for item in ages.items()], list[tuple[str, int]])
    assert_type([key async for key in ages], list[str])
    assert_type((await hits.increment("a"), await hits.get("a", 0)), tuple[int, int])
    assert_type((await hits.to_counter(), [each async for each in hits.elements()]), tuple[Plain[str], list[str]])
    await ages.update({"a": 1}, b=2)
    await hits.update("ab")


def queued(pipe: redicts.Pipeline) -> None:
    place = pipe.proxy("a")
    ages, hits = place.as_dict(of=int, keys=str), place.as_counter(of=str)
    assert_type((ages, hits), tuple[QueuedDict[str, int], QueuedCounter[str]])
    assert_type((ages.get("a"), ages.get("a", "")), tuple[Deferred[int | None], Deferred[int | str]])
    assert_type((ages.pop("a"), ages.lookup("a")), tuple[Deferred[int], Deferred[int]])
    assert_type((ages.to_dict(), ages.set("a", 1)), tuple[Deferred[dict[str, int]], Deferred[None]])
    assert_type((hits.increment("a"), hits.most_common(3)), tuple[Deferred[int], Deferred[list[tuple[str, int]]]])
