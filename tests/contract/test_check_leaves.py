"""``check`` and typed leaves: what other programs, eviction or a torn restore may have made of them."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from redicts import Proxy
from redicts.core.kinds import KINDS
from tests.contract.variants import mostly_sync, once_each
from tests.support.backends import Backend
from tests.support.leaves import EXAMPLES, mount
from tests.support.trees import nothing_written, tree_of

PATHS = [("s",), ("a", "b.c")]
BAD: dict[str, list[tuple[str, tuple[str, ...], str]]] = {
    "list": [("RPUSH", ("oops",), "not JSON"), ("LSET", ("0", "[1, 2]"), "not canonical")],
    "deque": [("LPUSH", ("",), "not JSON")],
    "queue": [("LPUSH", ("@",), "not JSON")],
    "set": [("SADD", ("{",), "not JSON"), ("SADD", ('[["\u00e9"]]',), "not canonical")],
    "dict": [("HSET", ("a", "1"), "not JSON"), ("HSET", ('"x"', "one"), "not JSON"),
             ("HSET", ("01", "1"), "not JSON")],
    "counter": [("HSET", ('"x"', '"1"'), "not a count"), ("HSET", ('"x"', "1.5"), "not a count")],
    "hyperloglog": [("SET", ("oops",), "not a HyperLogLog")],
    "sorted_set": [("ZADD", ("1", "x y"), "not JSON")],
    "priority_queue": [("ZADD", ("1", "alone"), "not an element"), ("ZADD", ("1", "1 x"), "not JSON")],
    "reliable_queue": [("ZADD", ("1", ' "x"'), "not an element"), ("ZADD", ("1", "1 x"), "not JSON")],
}  # fmt: skip
"""By kind: commands on its body, and what ``check`` says of that."""


@pytest.fixture
def built(backend: Backend, neighbours: None) -> Proxy:
    """A tree with all kinds. (Not of ``tree``, which ends with a check: some faults here stay.)"""
    tree = tree_of(backend)
    for kind in KINDS:
        mount(backend, ("all", kind), kind)
    return tree


def told(place: Proxy, repair: bool = False) -> set[tuple[str, str, str | None]]:
    return {problem[:3] for problem in place.check(repair)}


def test_whole_ones_are_whole(built: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        assert built.check() == []
        assert built.check(repair=True) == []
        assert built.get("all.list").check() == []
    assert built.get("all").expire(100)
    with nothing_written(backend):
        assert built.check(repair=True) == []


@once_each
@pytest.mark.parametrize("path", PATHS, ids=len)
def test_bodies_of_another_type(built: Proxy, backend: Backend, path: Any) -> None:
    client: Any = backend.client
    for kind in KINDS:
        mount(backend, path, kind)
        body = backend.database.space.body(path)
        client.delete(body)
        _ = client.rpush(body, "x") if KINDS[kind].redis_type != "list" else client.set(body, "x")
        place = built.get(path)
        with nothing_written(backend):
            assert told(built) == told(place) == {("wrong type", body, place.key())}
        assert told(built, repair=True) == {("wrong type", body, place.key())}
        assert built.check() == []
        assert not place.exists()
        place.set((), 1)


@once_each
def test_bodies_without_a_marker(built: Proxy, backend: Backend) -> None:
    for kind in KINDS:
        space, client = backend.database.space, backend.client
        client.hdel(*space.entry(("all", kind)))
        assert told(built, repair=True) == {("key without marker", space.body(("all", kind)), f"all.{kind}")}
        assert built.check() == []
        assert kind not in built.get("all")


@once_each
def test_a_marker_without_its_body_has_expired(built: Proxy, backend: Backend) -> None:
    for kind in KINDS:
        backend.client.delete(backend.database.space.body(("all", kind)))
    with nothing_written(backend):
        assert built.check(repair=True) == []
        assert built.val() == {}


@pytest.mark.parametrize("path", PATHS, ids=len)
def test_bodies_that_outlive_what_they_lie_in(built: Proxy, backend: Backend, path: Any) -> None:
    client: Any = backend.client
    for kind in KINDS:
        mount(backend, path, kind)
        body = backend.database.space.body(path)
        assert built.get(path[0]).expire(1000)
        for life in (None, 2000):
            _ = client.persist(body) if life is None else client.expire(body, life)
            assert told(built) == {("outlives its parent", body, built.get(path).key())}
            assert told(built, repair=True) == {("outlives its parent", body, built.get(path).key())}
            assert built.check() == []
            assert 900 < built.get(path).time_to_live() <= 1000
        client.expire(body, 500)
        assert built.check() == [], "it may live shorter"


@mostly_sync
@pytest.mark.parametrize("kind", BAD)
def test_what_no_such_leaf_holds(built: Proxy, backend: Backend, kind: str) -> None:
    client: Any = backend.client
    path = ("all", kind)
    for command, args, what in BAD[kind]:
        body = backend.database.space.body(path)
        client.execute_command(command, body, *args)
        with nothing_written(backend):
            (problem,) = built.check(repair=True)
        assert problem[:3] == (what, body, f"all.{kind}")
        assert problem.detail in args[-1] or problem.detail in args
        assert not problem.repaired
        mount(backend, path, kind)


@mostly_sync
def test_large_ones_are_looked_at_in_pages(built: Proxy, backend: Backend) -> None:
    client: Any = backend.client
    fill = {"list": "RPUSH", "set": "SADD", "dict": "HSET", "priority_queue": "ZADD"}
    for kind, command in fill.items():
        args = [f"{number} {number}" if kind == "priority_queue" else str(number) for number in range(5000)]
        if command in {"HSET", "ZADD"}:
            args = [each for arg in args for each in (("1", arg) if command == "ZADD" else (arg, "1"))]
        client.execute_command(command, backend.database.space.body(("all", kind)), *args)
    assert built.check() == []
    for kind, command in fill.items():
        client.execute_command(
            command,
            backend.database.space.body(("all", kind)),
            *["1"] * (command == "ZADD"),
            "bad 0!",
            *["1"] * (command == "HSET"),
        )
    problems = sorted(built.check(), key=lambda problem: problem.key)
    assert [(problem.kind, problem.detail) for problem in problems] == [
        ("not JSON", "0!" if kind == "priority_queue" else "bad 0!") for kind in sorted(fill)
    ]
    client.execute_command("RPUSH", backend.database.space.body(("all", "list")), *[f"bad {n}" for n in range(100)])
    assert len(built.get("all.list").check()) < 20, "of many some are told"


@pytest.mark.parametrize("path", PATHS, ids=len)
def test_what_waiters_leave(built: Proxy, backend: Backend, path: Any) -> None:
    client: Any = backend.client
    mount(backend, path, "list")
    place = built.get(path)
    keys = backend.database.space.leaf(path)
    expected, lines = keys.expected, (keys.takers, keys.putters, keys.joiners)
    for key in lines:
        client.rpush(key, "1")
        client.pexpire(key, 1000)
    client.hset(expected, "get", "1")
    client.pexpire(expected, 5000)
    with nothing_written(backend):
        assert built.check() == []
    for key in (expected, *lines):
        client.persist(key)
        assert told(place) == {("never expires", key, place.key())}
        assert told(place, repair=True) == {("never expires", key, place.key())}
        assert 0 < client.pttl(key) <= 5000
        client.delete(key)
        client.set(key, "x")
        assert told(built, repair=True) == {("wrong type", key, place.key())}
        assert client.exists(key) == 0
    assert built.check() == []


@mostly_sync
def test_writers_are_never_taken_for_faults(backend: Backend, neighbours: None) -> None:
    tree, done = tree_of(backend), threading.Event()
    failures: list[Exception] = []

    def write(number: int) -> None:
        step, kinds = number, [kind.name for kind in KINDS.values() if kind.is_container]
        try:
            while not done.is_set():
                step += 1
                kind, place = kinds[step % len(kinds)], tree_of(backend, f"w.k{step % 3}")
                place.set((), EXAMPLES[kind].shown, expire=0.02 if step % 3 == 0 else None)
                place.convert(kind)
                tree_of(backend, "s").set((), EXAMPLES[kind].shown, expire=0.05)
                tree_of(backend, "s").convert(kind)
                tree_of(backend, "w").expire(0.05 if step % 2 else 60)
                tree_of(backend, "w").delete(f"k{step % 5}")
        except Exception as error:  # noqa: BLE001  # told by the main thread
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(100):
            assert tree.check() == []
    finally:
        done.set()
        for thread in threads:
            thread.join(30)
    assert [error for error in failures if "cannot become" not in str(error)] == []
