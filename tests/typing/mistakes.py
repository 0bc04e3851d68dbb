"""Mistakes that type checkers report. Never run.

Each line says what mypy and pyright report there; ``none``: nothing, a gap of that tool. The comments make the file
clean (pyright takes ``type: ignore`` too); ``test_types.py`` takes them away and compares.
"""

from __future__ import annotations

from redicts import Lease, Lock, Proxy
from redicts.core.effects import Call, Op
from redicts.core.operation import Sync, operation
from redicts.tree.operations import TreeOperations
from tests.typing.faces import AsyncList, AsyncPlace, QueuedList, SyncList


async def a_forgotten_await(numbers: AsyncList[int], place: AsyncPlace) -> None:
    numbers.pop()  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    numbers.drop()  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    place.store("a", 1)  # type: ignore[unused-coroutine]  # reportUnusedCoroutine
    total: int | float = place.add()  # type: ignore[assignment]  # reportAssignmentType
    if place.exists():  # type: ignore[truthy-bool]  # reportUnnecessaryComparison
        print(total)


def a_deferred_result_taken_for_a_value(numbers: QueuedList[int]) -> None:
    first: int = numbers.pop()  # type: ignore[assignment]  # reportAssignmentType
    print(first, numbers.pop() + 1)  # type: ignore[operator]  # reportOperatorIssue


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
