"""The faces are in step: what one can do the others can, under the same name, with the same arguments and words."""

from __future__ import annotations

import importlib
import inspect
import re
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
    "ContextTimer": "it asks nobody, and there is nothing to await",
    "cache": "it takes functions and coroutine functions",
    "Deferred": "what every pipeline gives",
    "Holder": "plain data",
    "Name": "plain data",
    "Problem": "plain data",
    "synchronize": "it takes functions and coroutine functions",
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
    "Proxy": {"using", *[name for name in dir(SyncOpening) if name.startswith("as_")]},
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
        "as_cached_ordered_dict": "it keeps what it has looked up",
        "as_redlock": "it is kept by several databases, which are asked side by side",
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
#: What the other faces of typed leaves have not, each with the reason. (Special methods cannot be awaited, nor queued.)
NOT_AWAITED = {
    "copy": "what Python expects of a container: to_list(), to_set(), to_dict()",
    "fromkeys": "what Python expects of a dict, and a counter refuses",
}
NOT_OF_A_PIPELINE = {
    **dict.fromkeys(("elements", "items", "keys", "values"), "goes in steps, as the caller goes on"),
    **dict.fromkeys(("acquire", "take", "try_acquire"), "what it gives is finished later, when the pipeline is over"),
    "get_or_compute": "it waits while another computes, and calls what is the user's own",
    **NOT_AWAITED,
}
#: What the asyncio face of typed leaves gives at once, to be iterated with ``async for``.
STEPWISE = {"elements", "items", "keys", "values"}
#: Classes of typed leaves that are not spelled as the name of their kind is.
SPELLED = {"hyperloglog": "HyperLogLog"}
#: Modules of typed leaves: one for each kind, and what a kind is otherwise opened as.
LEAVES = [*KINDS, "majority_ids"]
#: Kinds of typed leaves that have no queued face, each with the reason.
NOT_QUEUED_KINDS = dict.fromkeys(
    ("redlock", "majority_ids"), "it is kept by several databases, which are asked side by side"
)
#: Openings that a pipeline has not, or with other arguments, each with the reason.
NOT_QUEUED_OPENINGS = {
    "as_cached_ordered_dict": "it keeps what it has looked up",
    "as_ids": "a pipeline asks one database, and all at once: there are no masters, and no blocks",
    "as_redlock": NOT_QUEUED_KINDS["redlock"],
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
    return [Family(*leaf_classes(kind)) for kind in LEAVES]


def leaf_classes(kind: str) -> tuple[type, type, type | None]:
    module = importlib.import_module(f"redicts.leaves.{kind}")
    name = SPELLED.get(kind) or "".join(word.capitalize() for word in kind.split("_"))
    in_pipes = None if kind in NOT_QUEUED_KINDS else getattr(module, f"Queued{name}")
    return getattr(module, name), getattr(module, f"Async{name}"), in_pipes


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


@pytest.mark.parametrize(
    "name", [name for name in redicts.__all__ if inspect.isfunction(getattr(redicts, name)) and name not in SHARED]
)
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


@pytest.mark.parametrize("kind", LEAVES)
def test_the_faces_of_a_typed_leaf_have_the_same_names(kind: str) -> None:
    sync, *others = leaf_classes(kind)
    plain = {name for name in faces.public_names(sync) if not name.startswith("__")}
    for other, left_out in zip(others, (NOT_AWAITED, NOT_OF_A_PIPELINE), strict=True):
        if other is None:
            continue
        theirs = {name for name in faces.public_names(other) if not name.startswith("__")}
        assert theirs <= plain
        assert plain - theirs <= left_out.keys(), other


@pytest.mark.parametrize("kind", LEAVES)
def test_what_is_written_for_each_face_of_a_typed_leaf_is_alike(kind: str) -> None:
    sync, other, _ = leaf_classes(kind)
    said = faces.alike_violations(sync, other, ())
    assert [each for each in said if not re.search(rf"\.({'|'.join(STEPWISE)}) gives Iterator", each)] == []


def test_what_can_be_iterated_can_be_iterated_in_asyncio() -> None:
    for sync, other, queue in leaf_families():
        assert hasattr(sync, "__iter__") == hasattr(other, "__aiter__"), other
        assert not hasattr(queue, "__iter__"), queue


def test_a_place_is_opened_alike_in_every_face() -> None:
    openings = [name for name in dir(SyncOpening) if name.startswith("as_")]
    assert len(openings) == len(KINDS), "one opens queues of both kinds, two open caches"
    for name in openings:
        all_faces = [redicts.Proxy, aio.Proxy, *([] if name in NOT_QUEUED_OPENINGS else [queued.QueuedProxy])]
        one, *others = [getattr(face, name) for face in all_faces]
        for other in others:
            assert faces.parameters(one) == faces.parameters(other)
            for title in ("Args", "Raises"):
                assert section_names(one.__doc__, title) == section_names(other.__doc__, title)


def test_what_is_queued_by_hand_takes_the_same() -> None:
    assert faces.parameters(queued.QueuedProxy.set) == faces.parameters(redicts.Proxy.set)
