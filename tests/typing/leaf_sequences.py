"""Typed lists and deques, as type checkers see them. Never run: see ``test_types.py``."""
# pyright: reportUnusedCallResult=false

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterator, MutableSequence
from typing import Any

from typing_extensions import assert_type

import redicts
from redicts import aio
from redicts.core.deferred import Deferred
from redicts.leaves.deque import AsyncDeque, Deque, QueuedDeque
from redicts.leaves.list import AsyncList, List, QueuedList


def lists(place: redicts.Proxy) -> None:
    assert_type(place.as_list(), List[Any])
    row = place.as_list(of=int)
    assert_type(row, List[int])
    sequence: MutableSequence[int] = row
    assert_type(sequence[0], int)
    assert_type((row[0], row[1:], row.get(0), row.slice(1)), tuple[int, list[int], int, list[int]])
    assert_type((row.pop(), row.pop(0), row.blocking_pop(timeout=1)), tuple[int, int, int])
    assert_type((row.to_list(), row.copy(), row.page(0)), tuple[list[int], list[int], list[int]])
    assert_type((len(row), row.length(), row.index(1), row.count(1)), tuple[int, int, int, int])
    assert_type((row.contains(1), 1 in row, row == [1], row < row), tuple[bool, bool, bool, bool])
    assert_type((iter(row), reversed(row)), tuple[Iterator[int], Iterator[int]])
    other = [1]
    assert_type((row + other, row + row, other + row), tuple[list[int], list[int], list[int]])
    assert_type((row * 2, 2 * row), tuple[list[int], list[int]])
    row[0], row[1:] = 1, [2, 3]
    row[::2] = row
    del row[0], row[1:]
    row.append(1)
    row.extend(range(3))
    row.insert(0, 1)
    row.remove(1)
    row.reverse()
    row.sort()
    row.sort(key=lambda value: -value, reverse=True)
    row.set_slice(None, None, [1], -1)
    row.delete_slice(1, None)
    row += [1]
    row *= 2
    assert_type(row, List[int])


def deques(place: redicts.Proxy) -> None:
    assert_type(place.as_deque(maxlen=3), Deque[Any])
    row = place.as_deque(of=str, maxlen=3)
    assert_type(row, Deque[str])
    assert_type(row.maxlen, int | None)
    assert_type((row[0], row.pop(), row.popleft()), tuple[str, str, str])
    assert_type((row.blocking_pop(1), row.blocking_popleft(timeout=None)), tuple[str, str])
    assert_type((row.copy(), row + row, row * 2, 2 * row), tuple[deque[str], deque[str], deque[str], deque[str]])
    assert_type((row + deque("a"), deque("a") + row), tuple[deque[str], deque[str]])
    assert_type((row.to_list(), list(row), iter(row)), tuple[list[str], list[str], Iterator[str]])
    assert_type((row == deque("a"), row < row), tuple[bool, bool])
    row.append("a")
    row.appendleft("a")
    row.extend("ab")
    row.extendleft("ab")
    row.rotate(-2)
    row.insert(0, "a")
    row += "ab"
    row *= 2
    assert_type(row, Deque[str])


async def awaited(place: aio.Proxy) -> None:
    row, last = place.as_list(of=int), place.as_deque(of=int, maxlen=3)
    assert_type((row, last), tuple[AsyncList[int], AsyncDeque[int]])
    popping = row.pop()
    _ = assert_type(popping, Coroutine[object, None, int])
    assert_type(await popping, int)
    assert_type((await row.slice(1), await row.to_list(), await row.length()), tuple[list[int], list[int], int])
    assert_type((await last.popleft(), await last.blocking_pop(1), last.maxlen), tuple[int, int, int | None])
    assert_type((aiter(row), aiter(last)), tuple[AsyncIterator[int], AsyncIterator[int]])
    async for value in row:
        assert_type(value, int)
    await row.sort(key=str)
    await row.set_slice(0, 0, [1])
    await last.rotate()
    await last.extendleft([1])


def deferred(pipe: redicts.Pipeline) -> None:
    row, last = pipe.proxy("a").as_list(of=int), pipe.proxy("b").as_deque(of=int)
    assert_type((row, last), tuple[QueuedList[int], QueuedDeque[int]])
    assert_type((row.pop(), row.slice(1)), tuple[Deferred[int], Deferred[list[int]]])
    assert_type((last.popleft(), last.length(), last.maxlen), tuple[Deferred[int], Deferred[int], int | None])
    assert_type((row.sort(), last.rotate(2)), tuple[Deferred[None], Deferred[None]])
