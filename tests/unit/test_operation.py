"""An operation and its three faces, each face written by hand here: no runner, no server."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

import pytest

from redicts.core.deferred import Deferred
from redicts.core.effects import Call, Effect, Op
from redicts.core.operation import Async, Operation, Queued, Sync, operation
from redicts.tree.operations import TreeOperations

T = TypeVar("T")


class Counting:
    """Operations on a number that the face keeps."""

    __slots__ = ()

    @operation(idempotent=False)
    def add(self, count: int = 1, *, twice: bool = False) -> Op[int]:
        """Add to the number.

        It may be added twice.
        """
        (reply,) = yield (Call(("INCRBY", "n", str(count * (2 if twice else 1)))),)
        return int(reply)

    @operation(idempotent=True, one_step=False)
    def read(self) -> Op[int]:
        """Read the number."""
        (reply,) = yield (Call(("GET", "n")),)
        return int(reply)


def drive(face: Any, op: Op[T], idempotent: bool) -> T:
    """Answer the operation's commands from the face's own number."""
    face.ran.append(idempotent)
    try:
        effects = next(op)
        while True:
            effects = op.send(tuple([face.answer(effect) for effect in effects]))
    except StopIteration as stop:
        result: T = stop.value
        return result


class Kept:
    """A number, and what was run on it."""

    def __init__(self) -> None:
        self.number = 0
        self.ran: list[bool] = []

    def answer(self, effect: Effect) -> int:
        assert isinstance(effect, Call)
        if effect.args[0] == "INCRBY":
            self.number += int(effect.args[2])
        return self.number


class Values(Counting, Kept, Sync):
    def _run(self, op: Op[T], idempotent: bool) -> T:
        return drive(self, op, idempotent)


class Awaited(Counting, Kept, Async):
    async def _await(self, op: Op[T], idempotent: bool) -> T:
        await asyncio.sleep(0)
        return drive(self, op, idempotent)


class Batched(Counting, Kept, Queued):
    def _queue(self, op: Op[T], idempotent: bool, one_step: bool) -> Deferred[T]:
        later: Deferred[T] = Deferred("later")
        later._settle(drive(self, op, idempotent))
        assert one_step is not idempotent
        return later


FACES = (Values, Awaited, Batched)


def test_a_sync_face_gives_values() -> None:
    face = Values()
    assert (face.add(), face.add(4), face.add(count=1, twice=True), face.read()) == (1, 5, 7, 7)
    assert face.ran == [False, False, False, True]


def test_an_async_face_gives_coroutines() -> None:
    async def main() -> tuple[int, int]:
        return await face.add(3), await face.read()

    face = Awaited()
    waiting = face.add(2)
    assert inspect.iscoroutine(waiting)
    assert face.number == 0, "nothing runs before it is awaited"
    assert asyncio.run(as_coroutine(waiting)) == 2
    assert asyncio.run(main()) == (5, 5)
    assert face.ran == [False, False, True]


async def as_coroutine(waiting: Coroutine[Any, Any, T]) -> T:
    return await waiting


def test_a_queued_face_gives_deferred_results() -> None:
    face = Batched()
    later = face.add(2)
    assert isinstance(later, Deferred)
    assert (later.done, later.result) == (True, 2)
    assert (face.read().result, face.ran) == (2, [False, True])


@pytest.mark.parametrize("face", FACES)
def test_methods_of_a_face_have_the_operations_name_signature_and_doc(face: type[Any]) -> None:
    original = inspect.getattr_static(Counting, "add").function
    method: Callable[..., Any] = face.add
    assert inspect.isfunction(method)
    assert method.__name__ == "add"
    assert method.__qualname__ == "Counting.add"
    assert inspect.signature(method) == inspect.signature(original)
    assert inspect.signature(face().add) == inspect.signature(Values().add)
    assert inspect.getdoc(method) == inspect.getdoc(original) == "Add to the number.\n\nIt may be added twice."
    assert method.__annotations__ == original.__annotations__
    assert inspect.unwrap(method) is original


@pytest.mark.parametrize("face", FACES)
def test_wrong_arguments_are_refused_at_once(face: type[Any]) -> None:
    for arguments in ((1, 2), (1, True)):
        with pytest.raises(TypeError, match=r"add\(\) takes"):
            face().add(*arguments)
    with pytest.raises(TypeError, match="unexpected keyword"):
        face().add(nonsense=1)


def test_on_its_class_an_operation_is_its_generator_function() -> None:
    assert inspect.isgeneratorfunction(Counting.add)
    op = Counting.add(Values(), 3)
    assert isinstance(op, Generator)
    assert next(op) == (Call(("INCRBY", "n", "3")),)
    with pytest.raises(StopIteration) as stop:
        op.send((30,))
    assert stop.value.value == 30


def test_an_operation_knows_whether_it_may_be_repeated() -> None:
    add, read = (inspect.getattr_static(Counting, name) for name in ("add", "read"))
    assert isinstance(add, Operation)
    assert isinstance(read, Operation)
    assert (add.idempotent, read.idempotent) == (False, True)
    assert (add.one_step, read.one_step) == (True, False)
    assert add.__doc__ == Counting.add.__doc__


def test_without_a_face_an_operation_says_so() -> None:
    with pytest.raises(TypeError, match="Counting is no face"):
        Counting().add()  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("face", "missing"),
    [
        (type("Bare", (Counting, Sync), {}), NotImplementedError),
        (type("Bare", (Counting, Async), {}), NotImplementedError),
        (type("Bare", (Counting, Queued), {}), NotImplementedError),
    ],
)
def test_a_face_that_does_not_say_where_to_run_is_not_finished(face: type[Any], missing: type[Exception]) -> None:
    with pytest.raises(missing):
        face().read()


class Doubling(Counting):
    @operation(idempotent=True)
    def add(self, count: int = 1, *, twice: bool = True) -> Op[int]:
        """Add to the number twice."""
        return (yield from Counting.add(self, count, twice=twice))


class DoublingValues(Doubling, Values):
    pass


class PlainOverride(Values):
    def add(self, count: int = 1, *, twice: bool = False) -> int:
        return 1000 + super().add(count, twice=twice)


class OperationOverride(Values):
    @operation(idempotent=True)
    def add(self, count: int = 1, *, twice: bool = False) -> Op[int]:
        """Add a hundred."""
        return (yield from Counting.add(self, 100))


class Unchanged(OperationOverride):
    pass


@pytest.mark.parametrize(
    ("face", "sum_", "idempotent"),
    [(DoublingValues, 2, True), (PlainOverride, 1001, False), (OperationOverride, 100, True), (Unchanged, 100, True)],
)
def test_a_subclass_may_override(face: type[Values], sum_: int, idempotent: bool) -> None:
    made = face()
    assert (made.add(), made.ran) == (sum_, [idempotent])
    assert made.read() == made.number
    assert Values().add() == 1, "the face above is as it was"


class Constant:
    def read(self) -> int:
        return -1


class ConstantFirst(Constant, Values):
    pass


class ConstantBeforeOperations(Constant, Counting, Kept, Sync):
    _run = Values._run


class ConstantLast(Doubling, Kept, Constant, Sync):
    _run = Values._run


@pytest.mark.parametrize(("face", "number"), [(ConstantFirst, -1), (ConstantBeforeOperations, -1), (ConstantLast, 2)])
def test_the_order_of_the_bases_counts(face: type[Any], number: int) -> None:
    made = face()
    assert made.add() in {1, 2}
    assert made.read() == number


@pytest.mark.parametrize("base", [Sync, Async, Queued])
def test_every_tree_operation_is_mounted_on_every_face(base: type[Any]) -> None:
    face: Any = type("Face", (TreeOperations, base), {"__slots__": ()})
    names = {
        name for name in dir(TreeOperations) if isinstance(inspect.getattr_static(TreeOperations, name), Operation)
    }
    assert names >= {"val", "store", "update", "delete", "add", "check", "expire", "walk_on"}
    for name in names:
        original: Callable[..., Any] = inspect.getattr_static(TreeOperations, name).function
        assert inspect.isgeneratorfunction(original), f"{name} is no generator: a yield is missing"
        assert inspect.signature(getattr(face, name)) == inspect.signature(original)
        assert getattr(face, name).__doc__ == original.__doc__
