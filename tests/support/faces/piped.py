"""The queued face: every operation goes through a pipeline of its own, in which it is alone.

A pipeline cannot wait, so locks are acquired by the synchronous face; all else that is done to them is queued.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

import redicts
from redicts import Lease, Lock, Proxy
from redicts.core.codec import Json
from redicts.core.operation import Operation
from redicts.core.paths import Path, PathLike
from redicts.faces.queued import QueuedLease, QueuedProxy
from redicts.leaves.opening import SyncOpening
from tests.support.faces.plain import Face

__all__ = ["PipedFace", "operations"]

KindT = TypeVar("KindT", bound=type)


def operations(kind: type) -> set[str]:
    """The names of the operations of a class."""
    return {name for each in kind.__mro__ for name, value in vars(each).items() if isinstance(value, Operation)}


def alone(queued: Callable[[Any], Any], name: str, *args: Any, **options: Any) -> Any:
    """Queue one operation in a pipeline, and give its result."""
    with redicts.pipeline(raise_on_error=False) as pipe:
        deferred = getattr(queued(pipe), name)(*args, **options)
        assert not deferred.done
    assert deferred.done
    return deferred.result


def piped(face: type) -> Callable[[KindT], KindT]:
    """Send the operations of a class that its queued face has through a pipeline, but those that it defines itself."""

    def through(name: str) -> Callable[..., Any]:
        def method(self: Any, *args: Any, **options: Any) -> Any:
            return alone(self.using, name, *args, **options)

        return method

    def decorate(kind: KindT) -> KindT:
        for name in operations(face) & operations(kind):
            if name not in vars(kind):
                setattr(kind, name, through(name))
        return kind

    return decorate


@piped(QueuedLease)
class PipedLease(Lease):
    """A lease whose operations are queued."""

    __slots__ = ()


@piped(QueuedProxy)
class PipedPlace(Proxy):
    """A place whose operations are queued."""

    __slots__ = ()

    def set(self, key: PathLike, value: Json, expire: float | None = None) -> Proxy:
        assert alone(self.using, "set", key, value, expire) is None
        return self

    def _at(self, path: Path) -> PipedPlace:
        made: Any = super()._at(path)
        made.__class__ = PipedPlace
        return made  # type: ignore[no-any-return]

    def _acquire(self, *args: Any, **options: Any) -> Lease:
        lease = super()._acquire(*args, **options)
        lease.__class__ = PipedLease
        return lease


def _piped_opening(name: str) -> Callable[..., Any]:
    def open_as(self: PipedPlace, *args: Any, **options: Any) -> Any:
        made = getattr(super(PipedPlace, self), name)(*args, **options)
        made.__class__ = piped_leaf(type(made))
        return made

    return open_as


for opening in [name for name in dir(SyncOpening) if name.startswith("as_")]:
    setattr(PipedPlace, opening, _piped_opening(opening))


def piped_leaf(kind: type) -> type:
    """Make a class for typed leaves of a kind, whose operations are queued."""
    queued = getattr(import_module(kind.__module__), f"Queued{kind.__name__}")

    def using(self: Any, pipe: redicts.Pipeline) -> Any:
        made = queued.__new__(queued)
        for name in {each for base in kind.__mro__ for each in getattr(base, "__slots__", ())}:
            if hasattr(self, name):
                setattr(made, name, getattr(self, name))
        made._place = self._place.using(pipe)
        return made

    return piped(queued)(type(f"Piped{kind.__name__}", (kind,), {"__slots__": (), "using": using}))


@piped(QueuedProxy)
class PipedLock(Lock):
    """A lock by itself, with its operations queued at its place."""

    __slots__ = ()

    def using(self, pipe: redicts.Pipeline) -> QueuedProxy:
        return QueuedProxy(pipe, self._database, self._path)

    def release(self, owner: str | None = None) -> None:
        alone(self.using, "release", owner=owner or self._name)

    def _acquire(self, *args: Any, **options: Any) -> Lease:
        lease = super()._acquire(*args, **options)
        lease.__class__ = PipedLease
        return lease


class PipedFace(Face):
    """What is written once for the synchronous face, queued."""

    def place(self, path: PathLike = (), *, namespace: str | None = None, client: Any = None, **options: Any) -> Proxy:
        made = super().place(path, namespace=namespace, client=client, **options)
        made.__class__ = PipedPlace
        return made

    def lock(
        self, path: PathLike, *args: Any, client: Any = None, namespace: str | None = None, **options: Any
    ) -> Lock:
        made = super().lock(path, *args, client=client, namespace=namespace, **options)
        made.__class__ = PipedLock
        return made
