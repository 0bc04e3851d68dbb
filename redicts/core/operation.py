"""The ``operation`` descriptor: one generator, three faces.

Every operation is written once, as a generator method of a class of operations. The face it is used through decides
what calling it gives: ``Sync`` the value, ``Async`` a coroutine, ``Queued`` a ``Deferred``. Pure: a face says where
its operations run by the one method that its base class here asks for.

Invariant: the three faces of an operation have the same name, parameters and documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from redicts.core.deferred import Deferred
from redicts.core.effects import Op

__all__ = ["Async", "Operation", "Queued", "Sync", "operation"]

P = ParamSpec("P")
T = TypeVar("T")
OwnerT = TypeVar("OwnerT")


class Sync:
    """Base of a face whose operations give their values."""

    __slots__ = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        _mount(cls, _sync_face)

    def _run(self, op: Op[T], idempotent: bool) -> T:
        raise NotImplementedError


class Async:
    """Base of a face whose operations give coroutines, not awaitables at large: a forgotten ``await`` is reported.

    They are ``Coroutine[object, None, T]``: where ``Any`` is in it, mypy takes what ``asyncio.gather`` gives for
    ``Any``.
    """

    __slots__ = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        _mount(cls, _async_face)

    def _await(self, op: Op[T], idempotent: bool) -> Coroutine[object, None, T]:
        raise NotImplementedError


class Queued:
    """Base of a face whose operations are queued and give deferred results."""

    __slots__ = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        _mount(cls, _queued_face)

    def _queue(self, op: Op[T], idempotent: bool, one_step: bool) -> Deferred[T]:
        raise NotImplementedError


class Operation(Generic[OwnerT, P, T]):
    """An operation as a class attribute.

    On the class that defines it, it gives the generator function itself. A class that mounts it as a face gets a plain
    method instead (see ``_mount``), which is faster than a descriptor and has the right name, signature and help.
    """

    def __init__(self, function: Callable[Concatenate[OwnerT, P], Op[T]], idempotent: bool, one_step: bool) -> None:
        self.function = function
        self.idempotent = idempotent
        self.one_step = one_step
        self.__doc__ = function.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[Concatenate[OwnerT, P], Op[T]]: ...
    @overload
    def __get__(self, instance: Sync, owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, instance: Async, owner: type) -> Callable[P, Coroutine[object, None, T]]: ...
    @overload
    def __get__(self, instance: Queued, owner: type) -> Callable[P, Deferred[T]]: ...
    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self.function
        raise TypeError(f"{owner.__name__} is no face: it derives from none of Sync, Async and Queued")


def _mount(cls: type, face: Callable[[Operation[Any, Any, Any]], Callable[..., Any]]) -> None:
    """Give a face its own form of every operation that it inherits."""
    found: dict[str, Any] = {}
    for base in reversed(
        cls.__mro__
    ):  # the first in the order counts; `dir` and `getattr` would take ten times as long
        found.update(vars(base))
    for name, attribute in found.items():
        if isinstance(attribute, Operation):
            setattr(cls, name, update_wrapper(face(attribute), attribute.function))


def _sync_face(operation: Operation[Any, Any, Any]) -> Callable[..., Any]:
    function, idempotent = operation.function, operation.idempotent

    def method(self: Sync, /, *args: Any, **kwargs: Any) -> Any:
        return self._run(function(self, *args, **kwargs), idempotent)

    return method


def _async_face(operation: Operation[Any, Any, Any]) -> Callable[..., Any]:
    function, idempotent = operation.function, operation.idempotent

    def method(self: Async, /, *args: Any, **kwargs: Any) -> Coroutine[object, None, Any]:
        return self._await(function(self, *args, **kwargs), idempotent)

    return method


def _queued_face(operation: Operation[Any, Any, Any]) -> Callable[..., Any]:
    function, idempotent, one_step = operation.function, operation.idempotent, operation.one_step

    def method(self: Queued, /, *args: Any, **kwargs: Any) -> Deferred[Any]:
        return self._queue(function(self, *args, **kwargs), idempotent, one_step)

    return method


def operation(
    *, idempotent: bool, one_step: bool = True
) -> Callable[[Callable[Concatenate[OwnerT, P], Op[T]]], Operation[OwnerT, P, T]]:
    """Make a generator method an operation.

    Args:
        idempotent: Whether doing it twice leaves what doing it once leaves, and answers the same: only then is it
            sent again after a lost connection.
        one_step: Whether it is done with one round trip, where it does not fail and is queued: only then can it be part
            of an atomic pipeline.

    Example:
        >>> class Counters:
        ...     @operation(idempotent=False)
        ...     def add(self, count: int = 1) -> Op[int]:
        ...         (reply,) = yield (Call(("INCRBY", "n", str(count))),)
        ...         return int(reply)
    """

    def decorate(function: Callable[Concatenate[OwnerT, P], Op[T]]) -> Operation[OwnerT, P, T]:
        return Operation(function, idempotent, one_step)

    return decorate
