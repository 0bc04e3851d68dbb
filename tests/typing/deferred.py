"""The public names of pipelines, as type checkers see them. Never run: see ``test_types.py``."""
# pyright: reportUnusedCallResult=false

from __future__ import annotations

from typing import Any

from typing_extensions import assert_type

import redicts
from redicts import Deferred, Holder, Lease, Name, Pipeline, Problem, Proxy, aio
from redicts.faces.queued import QueuedLease, QueuedProxy


def pipelines_are_made(pipe: Pipeline | None = None) -> None:
    assert_type(redicts.pipeline(), Pipeline)
    with redicts.pipeline(pipe, atomic=True, db_name="sessions", raise_on_error=False) as inner:
        assert_type(inner, Pipeline)
        inner.execute()
        inner.on_execute(lambda: 1)


async def they_are_awaited(pipe: aio.Pipeline | None = None) -> None:
    assert_type(aio.pipeline(), aio.Pipeline)
    async with aio.pipeline(pipe, atomic=True, db_name=None, raise_on_error=False) as inner:
        assert_type(inner, aio.Pipeline)
        assert_type(inner.proxy("a").add(), Deferred[int | float])
        await inner.execute()


def places(pipe: Pipeline, other: aio.Pipeline) -> None:
    assert_type(pipe.proxy("a.b"), QueuedProxy)
    assert_type(other.proxy(["a", "b"], db_name="sessions"), QueuedProxy)
    assert_type(pipe.root(), QueuedProxy)
    place = pipe.section(__name__)
    assert_type(place.get("a"), QueuedProxy)
    assert_type(place.parent, QueuedProxy)
    assert_type((place.key(), place.path, place.name), tuple[str, tuple[str, ...], Name])


def what_one_has_can_be_queued(
    pipe: Pipeline, place: Proxy, lease: Lease, other: aio.Pipeline, there: aio.Proxy, held: aio.Lease
) -> None:
    assert_type(place.using(pipe), QueuedProxy)
    assert_type(there.using(other).exists().result, bool)
    assert_type(lease.using(pipe), QueuedLease)
    assert_type(held.using(other).ensure_held(), Deferred[None])


def results(place: QueuedProxy, lease: QueuedLease) -> None:
    assert_type(place.val(), Deferred[Any])
    assert_type(place.exists(), Deferred[bool])
    assert_type(place.exists().result, bool)
    assert_type(place.exists().done, bool)
    assert_type(place.exists().error, BaseException | None)
    assert_type(place.set("a", 1, expire=2), Deferred[None])
    assert_type(place.update({"a.b": 1}), Deferred[None])
    assert_type(place.children(), Deferred[list[Name]])
    assert_type(place.kind(), Deferred[str | None])
    assert_type(place.compare_and_set(None, 1), Deferred[bool])
    assert_type(place.check(), Deferred[list[Problem]])
    assert_type(place.holders(), Deferred[list[Holder]])
    assert_type(lease.release(), Deferred[None])
    assert_type(lease.fence, int)


def product(one: float, other: float) -> float:
    return one * other


def combined(pipe: Pipeline, place: QueuedProxy) -> None:
    both = pipe.then(product, place.add(), place.get("b").add())
    assert_type(both, Deferred[float])
    assert_type(pipe.then(str, place.add()), Deferred[str])
    assert_type(pipe.then(lambda found: [found], place.exists()), Deferred[list[Any]])
    wider: Deferred[object] = both
    print(wider.result)


def commands(pipe: Pipeline) -> None:
    assert_type(pipe.command("INCRBY", "key", 1), Deferred[Any])
    assert_type(pipe.command(b"GET", b"key", 1.5, db_name="sessions"), Deferred[Any])
    assert_type(len(pipe), int)
