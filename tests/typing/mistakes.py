"""Mistakes that type checkers report. Never run.

Each line says what mypy and pyright report there; ``none``: nothing, a gap of that tool. The comments make the file
clean (pyright takes ``type: ignore`` too); ``test_types.py`` takes them away and compares.
"""

from __future__ import annotations

import redis

import redicts
from redicts import Lease, Lock, Pipeline, Proxy, aio
from redicts.core.effects import Call, Op
from redicts.core.operation import Sync, operation
from redicts.faces.queued import QueuedProxy
from redicts.tree.operations import TreeOperations
from tests.typing.faces import AsyncList, AsyncPlace, QueuedList, SyncList


async def a_forgotten_await(numbers: AsyncList[int], place: AsyncPlace) -> None:
    numbers.pop()  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    numbers.drop()  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    place.store("a", 1)  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    total: int | float = place.add()  # type: ignore[assignment]  # reportAssignmentType
    if place.exists():  # type: ignore[truthy-bool]  # reportUnnecessaryComparison
        print(total)


async def a_forgotten_await_of_a_place(place: aio.Proxy) -> None:
    place.set("a", 1)  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    place.update({"a": 1})  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    place.delete("a")  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    place.children()  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    value: bool = place.exists()  # type: ignore[assignment]  # reportAssignmentType
    print(value, place.add() + 1)  # type: ignore[operator]  # reportOperatorIssue
    print(place.val()["a"])  # type: ignore[index]  # reportIndexIssue
    print(len(place.children()))  # type: ignore[arg-type]  # reportArgumentType
    while not place.is_locked():  # type: ignore[truthy-bool]  # reportUnnecessaryComparison
        print("never")
    there = place.exists() and value  # type: ignore[truthy-bool]
    print("there" if place.exists() else there)  # type: ignore[truthy-bool]  # reportUnnecessaryComparison
    place.set("a", 1).set("b", 2)  # type: ignore[attr-defined]  # reportAttributeAccessIssue
    print(await place.set("a", 1).exists())  # type: ignore[attr-defined]  # reportAttributeAccessIssue
    for name in place.children():  # type: ignore[attr-defined]  # reportGeneralTypeIssues
        print(name)
    for leaf in place.iter_children():  # type: ignore[attr-defined]  # reportGeneralTypeIssues
        print(leaf)
    for name in place:  # type: ignore[attr-defined]  # reportGeneralTypeIssues
        print(name)
    print(await place.key())  # type: ignore[misc]  # reportGeneralTypeIssues


async def a_forgotten_await_of_a_lock(place: aio.Proxy, lock: aio.Lock, lease: aio.Lease) -> None:
    place.acquire()  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    place.release()  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    place.try_acquire(shared=True)  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    lock.acquire()  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    lock.release()  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    lease.release()  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    lease.ensure_held()  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    lease.lost.wait()  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    if lock.acquire(blocking=False):  # type: ignore[truthy-bool]  # reportUnnecessaryComparison
        print("always")
    if place.try_acquire() is not None:  # pyright: ignore[reportUnnecessaryComparison]
        print("always")
    held: aio.Lease = place.acquire()  # type: ignore[assignment]  # reportAssignmentType
    print(held.fence, place.acquire().fence)  # type: ignore[attr-defined]  # reportAttributeAccessIssue


async def blocks_of_the_other_face(here: Proxy, there: aio.Proxy, lock: aio.Lock) -> None:
    with there:  # type: ignore[attr-defined]  # reportGeneralTypeIssues
        print("not locked")
    with lock:  # type: ignore[attr-defined]  # reportGeneralTypeIssues
        print("not locked")
    async with here:  # type: ignore[attr-defined]  # reportGeneralTypeIssues
        print("not locked")
    async with there.acquire() as lease:  # type: ignore[attr-defined]  # reportGeneralTypeIssues
        print(lease)
    with await there.acquire() as lease:  # type: ignore[attr-defined]  # reportGeneralTypeIssues
        print(lease)
    async for name in here:  # type: ignore[attr-defined]  # reportGeneralTypeIssues
        print(name)
    print(await here.val(), await here.exists())  # type: ignore[misc]  # reportGeneralTypeIssues
    there["a"] = 1  # type: ignore[index]  # reportIndexIssue
    print(there["a"])  # type: ignore[index]  # reportIndexIssue
    print("a" in there)  # type: ignore[operator]  # reportOperatorIssue


def a_client_of_the_other_face(pool: aio.Pool) -> None:
    client: redis.Redis = pool.get_connection()  # type: ignore[assignment]  # reportAssignmentType
    print(client)


def a_deferred_result_taken_for_a_value(numbers: QueuedList[int], place: QueuedProxy) -> None:
    first: int = numbers.pop()  # type: ignore[assignment]  # reportAssignmentType
    print(first, numbers.pop() + 1)  # type: ignore[operator]  # reportOperatorIssue
    print(place.add() + place.add())  # type: ignore[operator]  # reportOperatorIssue
    print(place.val()["a"])  # type: ignore[index]  # reportIndexIssue
    print(len(place.children()))  # type: ignore[arg-type]  # reportArgumentType
    if place.exists():  # type: ignore[truthy-bool]
        print("always")
    if place.add() > 3:  # type: ignore[operator]  # reportOperatorIssue
        print("never asked")
    place.set("a", 1).set("b", 2)  # type: ignore[attr-defined]  # reportAttributeAccessIssue
    place.acquire()  # type: ignore[attr-defined]  # reportAttributeAccessIssue
    for name in place.children():  # type: ignore[attr-defined]  # reportGeneralTypeIssues
        print(name)


async def a_pipeline_of_the_other_face(pipe: Pipeline, other: aio.Pipeline, here: Proxy, there: aio.Proxy) -> None:
    here.using(other)  # type: ignore[arg-type]  # reportArgumentType
    there.using(pipe)  # type: ignore[arg-type]  # reportArgumentType
    redicts.pipeline(other)  # type: ignore[arg-type]  # reportArgumentType
    aio.pipeline(pipe)  # type: ignore[arg-type]  # reportArgumentType
    other.execute()  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    with aio.pipeline() as inner:  # type: ignore[attr-defined]  # reportGeneralTypeIssues
        print(inner)
    async with redicts.pipeline() as outer:  # type: ignore[attr-defined]  # reportGeneralTypeIssues
        print(outer)
    await other.proxy("a").add()  # type: ignore[misc]  # reportGeneralTypeIssues


def wrong_pipelines(proxy: Proxy, pipe: Pipeline) -> None:
    first: int = pipe.proxy("a").val()  # type: ignore[assignment]  # reportAssignmentType
    print(first, pipe.proxy("a").add() + 1)  # type: ignore[operator]  # reportOperatorIssue
    proxy.using(proxy)  # type: ignore[arg-type]  # reportArgumentType
    pipe.command("SET", "a", None)  # type: ignore[arg-type]  # reportArgumentType
    pipe.proxy("a").acquire()  # type: ignore[attr-defined]  # reportAttributeAccessIssue
    pipe.on_execute(1)  # type: ignore[arg-type]  # reportArgumentType


def wrong_arguments(proxy: Proxy, texts: SyncList[str]) -> None:
    proxy.add("1")  # type: ignore[arg-type]  # reportArgumentType
    proxy.add(1, 2)  # type: ignore[call-arg]  # reportCallIssue
    proxy.add(by=1)  # type: ignore[call-arg]  # reportCallIssue
    proxy.expire(None)  # type: ignore[arg-type]  # reportArgumentType
    proxy.delete()  # type: ignore[call-arg]  # reportCallIssue
    proxy.get(1)  # type: ignore[arg-type]  # reportArgumentType
    proxy.set("a", 1, "60")  # type: ignore[arg-type]  # reportArgumentType
    proxy.transform(1)  # type: ignore[arg-type]  # reportArgumentType
    proxy.check(True).clear(1)  # type: ignore[call-arg]  # reportCallIssue
    proxy.nonsense()  # type: ignore[attr-defined]  # reportAttributeAccessIssue
    Proxy("a", nonsense=1)  # type: ignore[call-arg]  # reportCallIssue
    texts.push(1)  # type: ignore[arg-type]  # reportArgumentType
    texts.slice(1)  # type: ignore[call-arg]  # reportCallIssue
    number: int = texts.pop()  # type: ignore[assignment]  # reportAssignmentType
    print(number)


def wrong_locks(proxy: Proxy, lock: Lock) -> None:
    proxy.acquire(acquire_timeout="5")  # type: ignore[arg-type]  # reportArgumentType
    proxy.acquire(True, 5)  # type: ignore[call-arg]  # reportCallIssue
    proxy.try_acquire(acquire_timeout=5)  # type: ignore[call-arg]  # reportCallIssue
    proxy.acquire(on_lost=print_nothing)  # type: ignore[arg-type]  # reportArgumentType
    proxy.release(5)  # type: ignore[arg-type]  # reportArgumentType
    held: Lease = proxy.try_acquire()  # type: ignore[assignment]  # reportAssignmentType
    lease: Lease = lock.acquire()  # type: ignore[assignment]  # reportAssignmentType
    print(held, lease)
    Lock("localhost")  # type: ignore[call-arg]  # reportCallIssue


def print_nothing() -> None:
    pass


def no_face(place: TreeOperations) -> None:
    place.val()  # type: ignore[call-overload]  # reportAttributeAccessIssue


class Operations(TreeOperations):
    @operation(idempotent=True)
    def forgotten_yield_from(self) -> Op[None]:
        TreeOperations.clear(self)  # pyright: ignore[reportUnusedCallResult]
        yield (Call(("PING",)),)

    @operation(idempotent=True)
    def wrong_result(self) -> Op[int]:
        yield (Call(("PING",)),)
        return "text"  # type: ignore[return-value]  # reportReturnType

    @operation(idempotent=True)
    def no_effect(self) -> Op[None]:
        yield Call(("PING",))  # type: ignore[misc]  # reportReturnType

    @operation()  # type: ignore[call-arg]  # reportCallIssue
    def says_nothing_of_repeating(self) -> Op[None]:
        yield (Call(("PING",)),)


class Face(Operations, Sync):
    pass
