"""The three faces of an operation, as type checkers see them. Never run: see ``test_types.py``."""
# pyright: reportUnusedCallResult=false

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Generic, TypeVar

from typing_extensions import assert_type

from redicts.core.deferred import Deferred
from redicts.core.effects import Call, Op
from redicts.core.operation import Async, Queued, Sync, operation
from redicts.tree.operations import TreeOperations

T = TypeVar("T")
R = TypeVar("R")


class ListOperations(Generic[T]):
    """Operations of a typed leaf: generic in the type of its elements."""

    __slots__ = ()

    @operation(idempotent=False)
    def pop(self, index: int = -1) -> Op[T]:
        (reply,) = yield (Call(("LPOP", "k", str(index))),)
        result: T = reply
        return result

    @operation(idempotent=True)
    def slice(self, *, start: int = 0, stop: int | None = None) -> Op[list[T]]:
        (reply,) = yield (Call(("LRANGE", "k", str(start), "-1" if stop is None else str(stop))),)
        result: list[T] = reply
        return result

    @operation(idempotent=False)
    def push(self, *values: T) -> Op[int]:
        (reply,) = yield (Call(("RPUSH", "k", str(values))),)
        return int(reply)

    @operation(idempotent=True)
    def drop(self) -> Op[None]:
        yield (Call(("DEL", "k")),)


class SyncList(ListOperations[T], Sync):
    pass


class AsyncList(ListOperations[T], Async):
    pass


class QueuedList(ListOperations[T], Queued):
    pass


class SyncPlace(TreeOperations, Sync):
    pass


class AsyncPlace(TreeOperations, Async):
    pass


class QueuedPlace(TreeOperations, Queued):
    pass


def the_sync_face_gives_values(numbers: SyncList[int], texts: SyncList[str], place: SyncPlace) -> None:
    assert_type(numbers.pop(), int)
    assert_type(numbers.pop(index=0), int)
    assert_type(texts.pop(0), str)
    assert_type(texts.slice(start=1), list[str])
    assert_type(numbers.push(1, 2), int)
    numbers.drop()
    assert_type(place.add(), int | float)
    assert_type(place.exists(), bool)
    assert_type(place.delete("x"), bool)


async def the_async_face_gives_coroutines(numbers: AsyncList[int], texts: AsyncList[str], place: AsyncPlace) -> None:
    waiting = numbers.pop()
    _ = assert_type(waiting, Coroutine[object, None, int])
    assert_type(await waiting, int)
    assert_type(await numbers.pop(), int)
    assert_type(await texts.pop(index=0), str)
    assert_type(await texts.slice(stop=2), list[str])
    assert_type(await numbers.push(1), int)
    await numbers.drop()
    sum_ = place.add(1.5)
    _ = assert_type(sum_, Coroutine[object, None, int | float])
    assert_type(await sum_, int | float)
    assert_type(await place.exists(), bool)
    assert_type(await place.time_to_live(), float)
    assert_type(await place.kind(), str | None)


def the_queued_face_gives_deferred_results(
    numbers: QueuedList[int], texts: QueuedList[str], place: QueuedPlace
) -> None:
    assert_type(numbers.pop(), Deferred[int])
    assert_type(numbers.pop().result, int)
    assert_type(numbers.pop().done, bool)
    assert_type(texts.slice(start=1, stop=None), Deferred[list[str]])
    assert_type(texts.drop(), Deferred[None])
    assert_type(place.add(), Deferred[int | float])
    assert_type(place.exists().result, bool)


def on_the_class_it_is_the_generator(place: SyncPlace, numbers: SyncList[int]) -> None:
    assert_type(TreeOperations.exists(place), Op[bool])
    assert_type(ListOperations[int].push(numbers, 1), Op[int])


def methods_can_be_passed_on(numbers: SyncList[int], later: AsyncList[int]) -> None:
    def call(function: Callable[[int], R]) -> R:
        return function(0)

    assert_type(call(numbers.pop), int)
    waiting = call(later.pop)
    _ = assert_type(waiting, Coroutine[object, None, int])


class Composed(ListOperations[T]):
    """Operations made of others."""

    @operation(idempotent=False)
    def pop_two(self) -> Op[tuple[T, T]]:
        first = yield from ListOperations[T].pop(self)
        second = yield from ListOperations[T].pop(self)
        return first, second


class SyncComposed(Composed[T], Sync):
    pass


def operations_are_composed(texts: SyncComposed[str]) -> None:
    assert_type(texts.pop_two(), tuple[str, str])
