"""The faces are in step: what one can do the others can, under the same name, with the same arguments and words."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest

import redicts
import redicts.aio
import redicts.faces.queued
from redicts.core.kinds import KINDS
from redicts.core.operation import Sync
from redicts.leaves.opening import SyncOpening
from tests.architecture.rules import faces
from tests.architecture.rules.docstrings import section_names
from tests.architecture.rules.faces import Family, Found
from tests.architecture.rules.source import package_modules

aio: Any = redicts.aio
queued: Any = redicts.faces.queued

#: Names of ``redicts`` that ``redicts.aio`` has not (errors apart), each with the reason.
SHARED = {
    "aio": "it is what is compared here",
    "Deferred": "what every pipeline gives",
    "Holder": "plain data",
    "Name": "plain data",
    "Problem": "plain data",
}
#: Names that only one of the faces has, each with the reason.
ONLY = {
    "Proxy": {
        "__getitem__": "the dict protocol cannot be awaited: get()",
        "__setitem__": "the dict protocol cannot be awaited: set()",
        "__delitem__": "the dict protocol cannot be awaited: delete()",
        "__contains__": "the dict protocol cannot be awaited: get().exists()",
        "__len__": "the dict protocol cannot be awaited: count_children()",
    },
    "Lease": {},
    "Lock": {},
    "Pool": {
        "database": "for the faces, not for users",
        "async_database": "for the faces, not for users",
        "close_async": "for the faces, not for users: aio.Pool().close()",
    },
    "Pipeline": {},
}
#: Methods of the asyncio face that are not awaited, and are not the very same function: they ask nobody.
AT_ONCE = {
    "Proxy": {"using", *[name for name in vars(SyncOpening) if name.startswith("as_")]},
    "Lease": {"using"},
    "Lock": {"valid_for"},
    "Pool": {"get_connection", "names", "reload"},
    "Pipeline": set[str](),
}
#: Things that have no queued face, each with the reason.
NOT_QUEUED = {"Lock": "it is there for waiting; whether a place is locked is asked through its QueuedProxy"}
#: Names of a thing that its queued face has not, or the other way round.
ONLY_QUEUED = {
    "Proxy": {
        "acquire": "a pipeline cannot wait",
        "try_acquire": "a lock is not held for the length of a pipeline",
        "__enter__": "a pipeline cannot wait",
        "__exit__": "a pipeline cannot wait",
        "iter_children": "goes in steps, as the caller goes on: begin_walk, walk_on",
        "__iter__": "there is nothing to iterate before it is executed: children()",
        "using": "it is in a pipeline already",
        **ONLY["Proxy"],
    },
    "Lease": {
        "lost": "an event is for who waits: the lease has it",
        "__enter__": "it is released by who acquired it: release()",
        "__exit__": "it is released by who acquired it: release()",
        "using": "it is in a pipeline already",
        "key": "what errors call the place that was queued",
    },
}
THINGS = [name for name in redicts.__all__ if isinstance(getattr(redicts, name), type)]
FACES = [name for name in THINGS if issubclass(getattr(redicts, name), Sync)]
PER_FACE = sorted(ONLY)


def families() -> list[Family]:
    """Every public synchronous face, and its counterparts."""
    return [
        Family(getattr(redicts, name), getattr(aio, name, None), getattr(queued, f"Queued{name}", None))
        for name in FACES
    ]


def leaf_families() -> list[Family]:
    """Every typed leaf in its faces; a kind has a file of its own, with classes named after it."""
    found = []
    for kind in KINDS:
        try:
            module = importlib.import_module(f"redicts.leaves.{kind}")
        except ImportError:
            continue
        name = "".join(word.capitalize() for word in kind.split("_"))
        found.append(Family(*[getattr(module, f"{face}{name}") for face in ("", "Async", "Queued")]))
    return found


def all_operations() -> list[Found]:
    names = [module.name for module in package_modules() if not module.name.endswith("__main__")]
    return faces.operations([importlib.import_module(name) for name in names])


def test_every_face_has_every_operation() -> None:
    found = all_operations()
    assert {each.name for each in found} >= {"val", "store", "add", "walk_on", "check", "release", "renew", "holders"}
    assert faces.mount_violations(found, [*families(), *leaf_families()]) == []


def test_every_thing_has_its_faces() -> None:
    assert set(FACES) >= {"Proxy", "Lease", "Lock"}
    for name, family in zip(FACES, families(), strict=True):
        assert family.asyncio is not None, f"{name} has no asyncio face"
        assert (family.queued is None) == (name in NOT_QUEUED), f"the queued face of {name}"


def test_the_public_names_are_the_same() -> None:
    errors = {name for name in THINGS if issubclass(getattr(redicts, name), redicts.RedictsError)}
    assert set(redicts.__all__) - errors - set(aio.__all__) == SHARED.keys()
    assert set(aio.__all__) <= set(redicts.__all__)
    assert {name for name in aio.__all__ if isinstance(getattr(aio, name), type)} == ONLY.keys()


@pytest.mark.parametrize("name", [name for name in redicts.__all__ if inspect.isfunction(getattr(redicts, name))])
def test_the_functions_are_alike(name: str) -> None:
    one, other = getattr(redicts, name), getattr(aio, name)
    assert faces.parameters(one) == faces.parameters(other)
    assert faces.returned(one)[1] == faces.returned(other)[1]
    assert not faces.returned(other)[0], "making a thing asks nobody"
    for title in ("Args", "Raises"):
        assert section_names(one.__doc__, title) == section_names(other.__doc__, title)


@pytest.mark.parametrize("name", PER_FACE)
def test_what_is_written_for_each_face_has_the_same_names(name: str) -> None:
    assert faces.names_violations(getattr(redicts, name), getattr(aio, name), ONLY[name]) == []


@pytest.mark.parametrize("name", PER_FACE)
def test_what_is_written_for_each_face_is_alike(name: str) -> None:
    assert faces.alike_violations(getattr(redicts, name), getattr(aio, name), AT_ONCE[name]) == []


@pytest.mark.parametrize("name", sorted(ONLY_QUEUED))
def test_the_queued_face_has_the_same_names(name: str) -> None:
    one, other = getattr(redicts, name), getattr(queued, f"Queued{name}")
    assert faces.names_violations(one, other, ONLY_QUEUED[name], {}) == []


def test_what_is_queued_by_hand_takes_the_same() -> None:
    assert faces.parameters(queued.QueuedProxy.set) == faces.parameters(redicts.Proxy.set)
