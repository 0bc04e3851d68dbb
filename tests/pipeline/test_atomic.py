"""Atomic pipelines: one transaction, seen whole or not at all; what cannot be in one says so when it is queued."""

from __future__ import annotations

import threading
from collections.abc import Callable
from inspect import getattr_static
from typing import Any

import fakeredis
import pytest
import redis.exceptions

import redicts
from redicts import NotAtomic, PipelineMisused, Proxy
from redicts.core.operation import Operation
from redicts.locks.operations import LeaseOperations, LockOperations
from redicts.pool import Database
from redicts.tree.operations import TreeOperations
from tests.pipeline.places import at
from tests.support.backends import Backend
from tests.support.chaos import ChaosProxy


def test_one_transaction_in_one_round_trip(far: Proxy, chaos: ChaosProxy) -> None:
    with redicts.pipeline(atomic=True) as pipe:
        n, v = pipe.proxy("n").add(2), pipe.root().val()
        with redicts.pipeline(pipe) as inner:
            m = inner.proxy("n").add()
        nothing = pipe.root().time_to_live()
    assert (n.result, v.result, m.result, nothing.result) == (2, {"n": 2}, 3, -1)
    assert (chaos.round_trips, chaos.command_names) == (1, ["MULTI", "EVAL", "EVAL", "EVALSHA", "EXEC"])


def test_an_atomic_block_inside_another_pipeline(far: Proxy, chaos: ChaosProxy) -> None:
    with redicts.pipeline() as pipe:
        before = pipe.command("PING")
        with redicts.pipeline(pipe, atomic=True) as inner:
            first = inner.command("PING", "1")
            joins = pipe.command("PING", "2")
            changed = pipe.proxy("x").transform(lambda _: 5)
            with redicts.pipeline(inner, atomic=True) as deeper:
                second = deeper.command("PING", "3")
        after = pipe.command("PING", "4")
    assert [each.result for each in (before, first, joins, second, after)] == ["PONG", "1", "2", "3", "4"]
    assert changed.result == 5
    assert chaos.command_names[:8] == ["PING", "MULTI", "PING", "PING", "EVAL", "PING", "EXEC", "PING"]
    assert chaos.round_trips == 2


def test_atomic_blocks_that_are_used_in_turns_are_one(fake: Database) -> None:
    with redicts.pipeline() as pipe:
        with redicts.pipeline(pipe, atomic=True) as one, redicts.pipeline(pipe, atomic=True) as two:
            done = [one.proxy("n").add(), two.proxy("n").add(), one.proxy("n").add(), two.proxy("n").add()]
        alone = pipe.proxy("n").add()
    assert [each.result for each in (*done, alone)] == [1, 2, 3, 4, 5]


def test_a_rival_sees_all_or_nothing(real_home: Proxy) -> None:
    real_home.update({"a": 0, "b": 0})
    stop, seen = threading.Event(), set[bool]()

    def look() -> None:
        while not stop.is_set():
            tree = real_home.val()
            seen.add(tree["a"] == tree["b"])

    rival = threading.Thread(target=look)
    rival.start()
    for _ in range(60):
        with redicts.pipeline(atomic=True) as pipe:
            _ = pipe.proxy("a").add()
            for _ in range(20):
                _ = pipe.proxy("a").exists()
            _ = pipe.proxy("b").add()
    stop.set()
    rival.join(10)
    assert seen == {True}
    assert real_home.val() == {"a": 60, "b": 60}


def test_all_backends_and_protocols(home: Proxy, backend: Backend) -> None:
    home.set("text", "x")
    with redicts.pipeline(atomic=True, raise_on_error=False) as pipe:
        before, bad, after = pipe.proxy("n").add(), pipe.proxy("text").add(), pipe.proxy("n").add(0.5)
        raw = pipe.command("LPUSH", backend.namespace + ":list", 1)
    assert (before.result, after.result, raw.result) == (1, 1.5, 1)
    assert isinstance(bad.error, redicts.NotANumber)


def test_a_command_that_is_refused_undoes_the_transaction(home: Proxy) -> None:
    with redicts.pipeline(raise_on_error=False) as pipe:
        outside = pipe.proxy("out").add()
        with redicts.pipeline(pipe, atomic=True) as inner:
            lost, bad = inner.proxy("n").add(), inner.command("GET")
        after = pipe.proxy("out").add()
    assert (outside.result, after.result) == (1, 2)
    assert isinstance(lost.error, redis.exceptions.ExecAbortError)
    assert isinstance(bad.error, redis.exceptions.ResponseError)
    assert home.val() == {"out": 2}


def test_what_may_take_more_steps_is_refused(fake: Database) -> None:
    place = at(fake, "a")
    lease = place.acquire()
    with redicts.pipeline(atomic=True) as pipe:
        queued = pipe.proxy("a")
        calls: list[Callable[[], object]] = [
            lambda: queued.compare_and_set(None, 1),
            lambda: queued.transform(lambda value: value),
            queued.check,
            queued.release,
            queued.break_locks,
        ]
        for call in calls:
            with pytest.raises(NotAtomic, match="outside of the atomic block"):
                call()
        assert len(pipe) == 0
        done, released = queued.set((), 1), lease.using(pipe).release()
    assert (done.result, released.result, place.is_locked(), place.val()) == (None, None, False, 1)


@pytest.mark.parametrize("there", [10**18, 10**18 + 1])
def test_a_sum_that_needs_a_second_step_fails_alone(fake: Database, there: int) -> None:
    at(fake).update({"big": there, "n": 1})
    with redicts.pipeline(atomic=True, raise_on_error=False) as pipe:
        long, short = pipe.proxy("big").add(), pipe.proxy("n").add(0.5)
    assert isinstance(long.error, NotAtomic)
    assert "add at 'big' needs another step" in str(long.error)
    assert (at(fake, "big").val(), short.result) == (there, 1.5)


def test_one_database(fake: Database, lead: Callable[..., None]) -> None:
    other = Database.of_client(fakeredis.FakeRedis(server=fakeredis.FakeServer()))
    lead(fake, other=other)
    with redicts.pipeline() as pipe:
        with redicts.pipeline(pipe, atomic=True) as inner:
            assert inner.proxy("x", "other") is not None
            _ = inner.proxy("n").add()
            with pytest.raises(NotAtomic, match="one database"):
                _ = inner.proxy("n", "other").add()
        with redicts.pipeline(pipe, atomic=True, db_name="other") as inner:
            there = inner.proxy("n").add(7)
    assert (at(fake).val(), there.result) == ({"n": 1}, 7)
    other.client.close()


def test_executing_early_does_not_tear_a_transaction_apart(fake: Database) -> None:
    with redicts.pipeline() as pipe:
        with redicts.pipeline(pipe, atomic=True) as atomic:
            first = atomic.proxy("n").add()
            with redicts.pipeline(atomic) as inner:
                for block in (inner, pipe):
                    with pytest.raises(PipelineMisused, match="atomic block"):
                        block.execute()
            assert not first.done
            atomic.execute()
            assert first.result == 1
        pipe.execute()


def operations() -> dict[str, Operation[Any, Any, Any]]:
    found = {}
    for kind in (TreeOperations, LockOperations, LeaseOperations):
        for name in dir(kind):
            attribute = getattr_static(kind, name)
            if isinstance(attribute, Operation):
                found[f"{kind.__name__}.{name}"] = attribute
    return found


def test_all_operations_say_whether_one_step_does() -> None:
    more = {name for name, each in operations().items() if not each.one_step}
    assert more == {
        "TreeOperations.compare_and_set",
        "TreeOperations.transform",
        "TreeOperations.convert",
        "TreeOperations.check",
        "TreeOperations.walk_on",
        "LockOperations.release",
        "LockOperations.break_locks",
    }


ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "store": ("k", {"x": 1}),
    "update": ({"k": 1},),
    "setdefault": ("k", 1),
    "delete": ("k",),
    "pop": ("k", None),
    "expire": (5,),
    "add": (1,),
}


@pytest.mark.parametrize("there", [None, 5, 1.5, "text", {"k": {"x": 1}}], ids=str)
@pytest.mark.parametrize(
    "name", sorted(name.split(".")[1] for name, each in operations().items() if each.one_step and "Lease" not in name)
)
@pytest.mark.parametrize("path", ["", "a", "a.b"])
def test_one_step_does_where_it_is_said(fake: Database, name: str, there: Any, path: str) -> None:
    """Whatever stands there: either it is refused when it is queued, or it comes to its end in the transaction."""
    if there is not None:
        at(fake).set("a.b", there)
    with redicts.pipeline(atomic=True, raise_on_error=False) as pipe:
        try:
            done = getattr(pipe.proxy(path), name)(*ARGUMENTS.get(name, ()))
        except (redicts.PathError, TypeError):
            return
    assert done.done
    assert not isinstance(done.error, NotAtomic)


def test_leases_in_a_transaction(home: Proxy) -> None:
    with home.get("a").acquire() as lease, redicts.pipeline(atomic=True) as pipe:
        renewed, held = lease.using(pipe).renew(), lease.using(pipe).ensure_held()
        assert repr(lease.using(pipe)).startswith("QueuedLease('a', exclusive")
    assert (renewed.result, held.result) == (None, None)
