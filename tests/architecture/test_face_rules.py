"""The rules of ``test_faces.py`` find what they are there to find."""

from __future__ import annotations

import importlib
import inspect
from asyncio import Event as AsyncEvent
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import update_wrapper
from threading import Event
from typing import Any

import pytest

from redicts.core.effects import Call, Op
from redicts.core.operation import Async, Operation, Queued, Sync, operation
from tests.architecture.rules import faces
from tests.architecture.rules.faces import Family, Found


class Operations:
    __slots__ = ()

    @operation(idempotent=False)
    def add(self, count: int = 1, *, twice: bool) -> Op[int]:
        """Add."""
        (reply,) = yield (Call(("INCRBY", "n", str(count))),)
        return int(reply)

    @operation(idempotent=True)
    def read(self) -> Op[int]:
        """Read."""
        (reply,) = yield (Call(("GET", "n")),)
        return int(reply)


class Values(Operations, Sync):
    pass


class Awaited(Operations, Async):
    pass


class Batched(Operations, Queued):
    pass


class Nothing(Sync):
    pass


class NothingMore(Awaited):
    read: Any = None


class Renamed(Awaited):
    async def add(self, number: int = 1, *, twice: bool) -> int:
        """Add."""
        return number


class Retold(Awaited):
    def add(self, count: int = 1, *, twice: bool) -> Coroutine[object, None, int]:
        """Add, in other words."""
        return super().add(count, twice=twice)


class Overridden(Awaited):
    @operation(idempotent=True)
    def add(self, count: int = 1, *, twice: bool) -> Op[int]:
        """Add."""
        return (yield from Operations.add(self, count, twice=twice))


OWN = [
    Found(Operations, name, each)
    for name in ("add", "read")
    if isinstance(each := inspect.getattr_static(Operations, name), Operation)
]


def test_operations_are_found_where_they_are_defined() -> None:
    found = faces.operations([importlib.import_module(__name__), faces])
    assert found == OWN, "and neither what a face has made of them, nor what was imported"


def test_faces_in_step_are_let_be() -> None:
    assert faces.mount_violations(OWN, [Family(Values, Awaited, Batched)]) == []
    assert faces.mount_violations(OWN, [Family(Values, Awaited, None)]) == []


@pytest.mark.parametrize(
    ("family", "problem"),
    [
        (Family(Nothing, None, None), "Operations.add is on no face"),
        (Family(Nothing, Awaited, Batched), "Nothing.add is missing"),
        (Family(Values, Operations, Batched), "Operations is no Async face"),
        (Family(Values, Batched, Batched), "Batched is no Async face"),
        (Family(Values, NothingMore, Batched), "NothingMore.read is missing"),
        (Family(Values, Renamed, Batched), "Renamed.add is not the operation itself"),
        (Family(Values, Retold, Batched), "Retold.add is not the operation itself"),
        (Family(Values, Overridden, Batched), "Overridden.add is not the operation itself"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_face_out_of_step_is_found(family: Family, problem: str) -> None:
    report = faces.mount_violations(OWN, [family])
    assert any(found.endswith(problem) for found in report), report


READ = Operations.read


def wrapped(method: Callable[..., Any]) -> Any:
    return update_wrapper(method, READ)


@pytest.mark.parametrize(
    ("attributes", "problem"),
    [
        ({}, None),
        ({"__signature__": inspect.signature(len)}, "has another signature"),
        ({"__name__": "reed"}, "has another signature"),
        ({"__doc__": "Read it."}, "has another docstring"),
        ({"__doc__": None}, "has another docstring"),
    ],
)
def test_what_a_method_says_of_itself_is_compared(attributes: dict[str, Any], problem: str | None) -> None:
    face = type("Face", (Operations, Async), {})
    for name, value in attributes.items():
        setattr(vars(face)["read"], name, value)
    report = faces.mount_violations(OWN, [Family(face, None, None)._replace(sync=Values, asyncio=face)])
    assert report == ([] if problem is None else [f"{face.__module__}.Face.read {problem}"])


@pytest.mark.parametrize(
    "method",
    [
        wrapped(lambda self: self._await(READ(self), False)),
        wrapped(lambda self: self._run(READ(self), True)),
        wrapped(lambda self: self._queue(READ(self), True, True)),
        wrapped(lambda self: self._await(Operations.add(self, twice=True), True)),
        wrapped(lambda self: self._await(READ(self), True) and None),
        wrapped(lambda self: None),
    ],
    ids=["repeated or not", "a value", "a deferred result", "something else", "no result", "nothing"],
)
def test_what_a_method_does_is_compared(method: Any) -> None:
    face = type("Face", (Operations, Async), {})
    face.read = method  # type: ignore[attr-defined]
    report = faces.mount_violations(OWN, [Family(Values, face, None)])
    assert report == [f"{face.__module__}.Face.read gives what no Async face gives"]


# -- what is written for each face


class One:
    def ask(self, name: str, *, times: int = 1) -> list[int]:
        """Ask.

        Args:
            name: Of it.
            times: How often.

        Raises:
            ValueError: Less than one.
        """
        return []

    def told(self) -> float:
        return 1.0

    @property
    def lost(self) -> Event:
        return Event()

    def steps(self) -> Iterator[int]:
        return iter([])

    def __enter__(self) -> One:  # noqa: PYI034  # as it is written in the package
        return self


class Other:
    async def ask(self, name: str, *, times: int = 1) -> list[int]:
        """Ask, and wait.

        Args:
            name: Of it.
            times: How many times.

        Raises:
            ValueError: Less than one.
        """
        return []

    told = One.told

    @property
    def lost(self) -> asyncio.Event:  # type: ignore[name-defined]  # noqa: F821  # as it is written in the package
        return AsyncEvent()

    async def steps(self) -> AsyncIterator[int]:
        yield 1

    async def __aenter__(self) -> One:
        return One()


class Waiting(Other):
    def ask(self, name: str, *, times: int = 1) -> Coroutine[object, None, list[int]]:
        return super().ask(name, times=times)

    ask.__doc__ = Other.ask.__doc__


class Longer(Other):
    async def ask(self, name: str, *, times: int = 2) -> list[int]:
        return []

    ask.__doc__ = Other.ask.__doc__


class Untold(Other):
    async def ask(self, name: str, *, times: int = 1) -> list[int]:
        """Ask."""
        return []


class Different(Other):
    async def ask(self, name: str, *, times: int = 1) -> list[str]:  # type: ignore[override]
        return []

    ask.__doc__ = Other.ask.__doc__


class AtOnce(Other):
    def ask(self, name: str, *, times: int = 1) -> list[int]:  # type: ignore[override]
        return []

    ask.__doc__ = Other.ask.__doc__


class NotLost(Other):
    @property
    def lost(self) -> bool:
        return False


@pytest.mark.parametrize("other", [Other, Waiting])
def test_what_is_alike_is_let_be(other: type) -> None:
    assert faces.alike_violations(One, other, ()) == []
    assert faces.names_violations(One, other, {}) == []


@pytest.mark.parametrize(
    ("other", "problems"),
    [
        (Longer, ["One.ask takes"]),
        (Untold, ["One.ask: Args differs", "One.ask: Raises differs"]),
        (Different, ["One.ask gives list[str]"]),
        (AtOnce, ["One.ask is not awaited"]),
        (NotLost, ["One.lost gives something else"]),
    ],
)
def test_what_is_not_alike_is_found(other: type, problems: list[str]) -> None:
    report = faces.alike_violations(One, other, ())
    assert len(report) == len(problems), report
    assert all(found.startswith(problem) for found, problem in zip(report, problems, strict=True))


def test_a_name_that_one_face_lacks_is_found() -> None:
    more = type("More", (Other,), {"more": One.told})
    assert len(faces.names_violations(One, more, {})) == 1
    assert len(faces.names_violations(more, One, {})) == 3, (
        "more, and what is awaited in the one, and is not in the other"
    )
    assert faces.names_violations(One, more, {"more": "why"}) == []


def test_an_exception_that_is_none_is_found() -> None:
    assert len(faces.names_violations(One, Other, {"told": "why"})) == 1
    assert faces.alike_violations(One, Other, {"ask"}) == ["One.ask: no exception"]
    assert faces.alike_violations(One, AtOnce, {"ask"}) == []
