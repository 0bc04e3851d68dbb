"""Typed sets and strings, as type checkers see them. Never run: see ``test_types.py``."""
# pyright: reportUnusedCallResult=false

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Iterator, MutableSet
from typing import Any

from typing_extensions import assert_type

import redicts
from redicts import aio
from redicts.core.deferred import Deferred
from redicts.leaves.set import AsyncSet, Overlap, QueuedSet, Set
from redicts.leaves.string import AsyncString, QueuedString, String


def sets(place: redicts.Proxy) -> None:
    assert_type(place.as_set(), Set[Any])
    tags = place.as_set(of=int)
    assert_type(tags, Set[int])
    builtin: MutableSet[int] = tags
    assert_type(builtin.pop(), int)
    assert_type((tags.pop(), len(tags), tags.length(), 1 in tags), tuple[int, int, int, bool])
    assert_type((tags.contains("x"), tags.contains_many([1, "x"])), tuple[bool, list[bool]])
    assert_type((tags.add(1), tags.add_many(range(3)), tags.discard("x"), tags.remove(1)), tuple[None, int, None, None])
    assert_type((tags.to_set(), tags.copy(), iter(tags)), tuple[set[int], set[int], Iterator[int]])
    assert_type(tags.page(), tuple[str, list[int]])
    assert_type(tags.union(["x"], tags), set[Any])
    assert_type((tags.intersection("x"), tags.difference(tags, ["x"])), tuple[set[int], set[int]])
    assert_type((tags & {"x"}, tags - {"x"}), tuple[set[int], set[int]])
    assert_type((tags | {"x"}, tags ^ {"x"}), tuple[set[int | str], set[int | str]])
    assert_type((tags | tags, frozenset("x") - tags), tuple[set[int], frozenset[str]])
    assert_type((tags < {1}, tags >= tags, tags == {1}, tags.issubset([1])), tuple[bool, bool, bool, bool])
    assert_type((tags.isdisjoint("x"), tags.overlap(["x"])), tuple[bool, Overlap])
    assert_type((tags.update([1], tags), tags.intersection_update("x")), tuple[None, None])
    assert_type((tags.store_union(tags, [1]), tags.store_difference(tags, [1])), tuple[int, int])
    tags |= {1}
    tags &= {"x"}
    tags -= tags
    tags ^= {2}
    assert_type(tags, Set[int])


async def awaited_sets(place: aio.Proxy, other: Set[int]) -> None:
    tags = place.as_set(of=str)
    assert_type(tags, AsyncSet[str])
    popping: Coroutine[object, None, str] = tags.pop()
    assert_type(await popping, str)
    assert_type((await tags.to_set(), await tags.page()), tuple[set[str], tuple[str, list[str]]])
    assert_type(await tags.intersection(other, [1]), set[str])
    assert_type(await tags.contains_many([1]), list[bool])
    elements: AsyncIterator[str] = aiter(tags)
    async for element in elements:
        assert_type(element, str)


def queued_sets(pipe: redicts.Pipeline) -> None:
    tags = pipe.proxy("x").as_set(of=int)
    assert_type(tags, QueuedSet[int])
    assert_type((tags.add(1), tags.pop(), tags.to_set()), tuple[Deferred[None], Deferred[int], Deferred[set[int]]])
    assert_type((tags.overlap([1]), tags.store_union([1])), tuple[Deferred[Overlap], Deferred[int]])


def strings(place: redicts.Proxy) -> None:
    note = place.as_string()
    assert_type(note, String)
    assert_type((note.get(), note.get_bytes(), bytes(note)), tuple[str, bytes, bytes])
    assert_type((note.set("x"), note.append(b"x"), note.set_range(1, bytearray())), tuple[None, int, int])
    assert_type((len(note), note.length(), note.get_range(1, -1)), tuple[int, int, bytes])
    assert_type(
        (note.get_bit(1), note.set_bit(1, True), note.count_bits(1), note.find_bit(0, 1, 2)), tuple[int, int, int, int]
    )
    note += "x"
    assert_type(note, String)


async def awaited_strings(place: aio.Proxy) -> None:
    note = place.as_string()
    assert_type(note, AsyncString)
    assert_type((await note.get(), await note.get_range(), await note.append("x")), tuple[str, bytes, int])


def queued_strings(pipe: redicts.Pipeline) -> None:
    note = pipe.proxy("x").as_string()
    assert_type(note, QueuedString)
    assert_type((note.get(), note.length()), tuple[Deferred[str], Deferred[int]])
