"""Rules about the faces: each has every operation, and what is written for each of them is alike."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

from redicts.core.operation import Async, Operation, Queued, Sync
from tests.architecture.rules.docstrings import section_names

__all__ = [
    "Family",
    "Found",
    "alike_violations",
    "mount_violations",
    "names_violations",
    "operations",
    "parameters",
    "public_names",
    "returned",
]

BASES = (Sync, Async, Queued)
#: What the same thing is called where it is awaited.
TWINS = {"__enter__": "__aenter__", "__exit__": "__aexit__", "__iter__": "__aiter__"}
_WAITS = "Coroutine[object, None, "


class Found(NamedTuple):
    """An operation, and the class that defines it."""

    owner: type
    name: str
    operation: Operation[Any, Any, Any]


class Family(NamedTuple):
    """One thing in its faces. ``None``: it has no such face."""

    sync: type
    asyncio: type | None
    queued: type | None


def operations(modules: Iterable[ModuleType]) -> list[Found]:
    """Find every operation that is defined in a class of some modules."""
    return [
        Found(owner, name, attribute)
        for module in modules
        for owner in vars(module).values()
        if isinstance(owner, type) and owner.__module__ == module.__name__
        for name, attribute in vars(owner).items()
        if isinstance(attribute, Operation)
    ]


# -- operations ----------------------------------------------------------------------------------------------------


def mount_violations(found: Iterable[Found], families: Iterable[Family]) -> list[str]:
    """Report operations that no face has, that not all faces of a family have, or that a face has changed."""
    families = list(families)
    mounted = [_inherited(face) for family in families for face in family if face is not None]
    report = [
        f"{owner.__name__}.{name} is on no face"
        for owner, name, operation in found
        if not any(each.get(name) is operation for each in mounted)
    ]
    for family in families:
        wanted = {name: each for face in family if face is not None for name, each in _inherited(face).items()}
        for face, base in zip(family, BASES, strict=True):
            if face is None:
                continue
            if not issubclass(face, base):
                report.append(f"{face.__module__}.{face.__name__} is no {base.__name__} face")
                continue
            report += [
                f"{face.__module__}.{face.__name__}.{name} {problem}"
                for name, operation in wanted.items()
                if (problem := _mounted_badly(face, base, name, operation))
            ]
    return report


def _inherited(face: type) -> dict[str, Operation[Any, Any, Any]]:
    """The operations that a face stands for, whatever it has made of them."""
    found: dict[str, Operation[Any, Any, Any]] = {}
    for base in face.__mro__:
        found.update(
            {name: each for name, each in vars(base).items() if isinstance(each, Operation) and name not in found}
        )
    return found


def _mounted_badly(face: type, base: type, name: str, operation: Operation[Any, Any, Any]) -> str | None:
    """Tell what is wrong with an operation on a face."""
    method = inspect.getattr_static(face, name, None)
    original = operation.function
    if not inspect.isgeneratorfunction(original):
        return "is no generator: a yield is missing"
    if method is None:
        return "is missing"
    if inspect.unwrap(method) is not original or not inspect.isfunction(method):
        return "is not the operation itself"
    if inspect.signature(method) != inspect.signature(original) or method.__name__ != name:
        return "has another signature"
    if method.__doc__ != original.__doc__ or not original.__doc__:
        return "has another docstring"
    probe = _Probe()
    try:
        given = method(probe, **_needed(original))
    except TypeError as error:
        return f"cannot be called: {error}"
    wanted = [(base, original.__code__, operation.idempotent, operation.one_step if base is Queued else None)]
    return None if given is probe and probe.ran == wanted else f"gives what no {base.__name__} face gives"


def _needed(function: Callable[..., Any]) -> dict[str, Any]:
    """Make an argument for every parameter that has no default; nothing looks at it before the first step."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return {each.name: None for each in parameters if each.default is each.empty and each.kind not in {2, 4}}


class _Probe:
    """In place of an instance of a face: notes where an operation is run, and gives itself as the result."""

    def __init__(self) -> None:
        self.ran: list[tuple[type, Any, bool, bool | None]] = []

    def _run(self, op: Any, idempotent: bool) -> _Probe:
        self.ran.append((Sync, op.gi_code, idempotent, None))
        return self

    def _await(self, op: Any, idempotent: bool) -> _Probe:
        self.ran.append((Async, op.gi_code, idempotent, None))
        return self

    def _queue(self, op: Any, idempotent: bool, one_step: bool) -> _Probe:
        self.ran.append((Queued, op.gi_code, idempotent, one_step))
        return self


# -- what is written for each face -----------------------------------------------------------------------------------


def public_names(thing: type) -> set[str]:
    """The names that users see: public ones, and the special methods that a class of its own defines."""
    special = {name for base in thing.__mro__[:-1] for name, each in vars(base).items() if callable(each)}
    names = {name for name in dir(thing) if not name.startswith("_")}
    return names | {name for name in special if name.startswith("__") and name not in {"__init_subclass__", "__new__"}}


def names_violations(one: type, other: type, only: Mapping[str, str], twins: Mapping[str, str] = TWINS) -> list[str]:
    """Report names of one face that another has not, or the other way round, but for exceptions; and needless ones.

    Args:
        one: A class.
        other: Its counterpart.
        only: The names that only one of them has, each with the reason.
        twins: What names of ``one`` are called in ``other``.
    """
    mine = {twins.get(name, name) for name in public_names(one)}
    theirs = public_names(other)
    label = f"{one.__module__}.{one.__name__}"
    return [
        *(
            f"{label}.{name}: {other.__module__}.{other.__name__} has none"
            for name in sorted(mine - theirs - only.keys())
        ),
        *(
            f"{label} has no {name}: {other.__module__}.{other.__name__} has"
            for name in sorted(theirs - mine - only.keys())
        ),
        *(f"{label}.{name}: no exception" for name in sorted(only.keys() - (mine ^ theirs))),
    ]


def alike_violations(one: type, other: type, at_once: Iterable[str], twins: Mapping[str, str] = TWINS) -> list[str]:
    """Report methods of a synchronous class whose asyncio counterpart has other parameters, errors or results.

    Args:
        one: The synchronous class.
        other: The one for asyncio.
        at_once: Names of methods that give their result at once in both, and are not one and the same function.
        twins: What names of ``one`` are called in ``other``.
    """
    report, needed = [], set[str]()
    for name in sorted(public_names(one)):
        mine = inspect.getattr_static(one, name)
        theirs = inspect.getattr_static(other, twins.get(name, name), None)
        if theirs is None or mine is theirs or isinstance(getattr(mine, "__wrapped__", None), type(_needed)):
            continue  # not there: an exception; or one and the same; or an operation
        label = f"{one.__name__}.{name}"
        if isinstance(mine, property):
            if returned(mine.fget) != returned(getattr(theirs, "fget", None)):
                report.append(f"{label} gives something else in asyncio")
            continue
        if not inspect.isfunction(mine) or not inspect.isfunction(theirs):
            continue
        if parameters(mine) != parameters(theirs):
            report.append(f"{label} takes {parameters(theirs)} in asyncio, not {parameters(mine)}")
        report += [
            f"{label}: {title} differs in asyncio"
            for title in ("Args", "Raises")
            if section_names(mine.__doc__ or "", title) != section_names(theirs.__doc__ or "", title)
        ]
        waits, result = returned(theirs)
        if result != returned(mine)[1]:
            report.append(f"{label} gives {result} in asyncio, not {returned(mine)[1]}")
        if not waits:
            needed.add(name)
    unasked = {name for name in needed if not name.startswith("__")} - set(at_once)
    report += [f"{one.__name__}.{name} is not awaited in asyncio" for name in sorted(unasked)]
    return report + [f"{one.__name__}.{name}: no exception" for name in sorted(set(at_once) - needed)]


def parameters(function: Callable[..., Any]) -> list[tuple[str, str, object]]:
    """Names, kinds and defaults of the parameters."""
    return [(each.name, each.kind.name, each.default) for each in inspect.signature(function).parameters.values()]


def returned(function: Callable[..., Any] | None) -> tuple[bool, str]:
    """Tell whether a result has to be awaited, and its type as it is written, without what only asyncio says."""
    if function is None:
        return False, ""
    text = str(inspect.signature(function).return_annotation)
    waits = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    if text.startswith(_WAITS):
        waits, text = True, text[len(_WAITS) : -1]
    return waits, re.sub(r"\bAsync(?=[A-Z])", "", text.replace("asyncio.", ""))
