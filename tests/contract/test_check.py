"""``check``: every kind of fault is found and told, mended where that is promised, and what was right stays."""

from __future__ import annotations

import copy
import threading
from typing import Any

import pytest

from redicts import InternalError, Proxy
from tests.contract.faults import FAULTS, GONE, HEALTHY, Fault, build
from tests.contract.variants import mostly_sync, on, once_each
from tests.support.backends import Backend
from tests.support.trees import dump, nothing_written, tree_of


@pytest.fixture
def built(backend: Backend, neighbours: None) -> Proxy:
    """The healthy tree. (Not of ``tree``, which ends with a check: some faults here stay.)"""
    tree = tree_of(backend)
    build(tree)
    return tree


def expected_after(fault: Fault) -> Any:
    value = copy.deepcopy(HEALTHY)
    for path, change in fault.changes.items():
        *above, name = path.split(".")
        node = value
        for step in above:
            node = node[step]
        if change is GONE:
            del node[name]
        else:
            node[name] = change
    return value


def test_a_healthy_tree_has_none(built: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        assert built.check() == []
        assert built.check(repair=True) == []
        assert built.get("a.node").check() == []
        assert built.get("missing").check() == []
    assert built.val() == HEALTHY


@once_each
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told(built: Proxy, backend: Backend, name: str) -> None:
    fault, space = FAULTS[name], backend.database.space
    fault.make(backend.client, space)
    with nothing_written(backend):
        problems = built.check()
    assert (fault.kind, fault.key(space), fault.path) in [problem[:3] for problem in problems]
    assert not any(problem.repaired for problem in problems)


@once_each
@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.mended])
def test_a_fault_is_mended(built: Proxy, backend: Backend, name: str) -> None:
    fault, space = FAULTS[name], backend.database.space
    fault.make(backend.client, space)
    problems = built.check(repair=True)
    assert (fault.kind, fault.key(space), fault.path) in [problem[:3] for problem in problems]
    assert all(problem.repaired for problem in problems)
    assert built.check() == []
    assert built.val() == expected_after(fault)
    for path in ("e.box", "e.box.in", "e.box.in.p"):
        assert 900 < built.get(path).time_to_live() <= 1000
    built.clear()
    assert backend.keys() == []


@once_each
@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if not fault.mended])
def test_a_fault_that_is_left_to_people(built: Proxy, backend: Backend, name: str) -> None:
    fault = FAULTS[name]
    fault.make(backend.client, backend.database.space)
    with nothing_written(backend):
        problems = built.check(repair=True)
    assert [problem.kind for problem in problems] == [fault.kind]
    assert not problems[0].repaired


def test_several_faults_at_once(built: Proxy, backend: Backend) -> None:
    names = ["orphan node", "marker of nothing", "body of nothing", "no sections", "leaf outlives", "never expires"]
    for name in names:
        FAULTS[name].make(backend.client, backend.database.space)
    assert {FAULTS[name].kind for name in names} == {problem.kind for problem in built.check()}
    assert all(problem.repaired for problem in built.check(repair=True))
    assert built.check() == []
    assert built.val() == HEALTHY


def test_only_what_lies_below_is_looked_at(built: Proxy, backend: Backend) -> None:
    for name in ("orphan node", "marker of nothing", "orphan below a section leaf"):
        FAULTS[name].make(backend.client, backend.database.space)
    assert [problem.path for problem in built.get("s").check()] == ["s.b"]
    assert built.get("e").check() == []
    assert built.get("a.node").check() == []
    assert sorted(str(problem.path) for problem in built.get("a").check(repair=True)) == ["a.lost", "a.new"]
    assert [problem.path for problem in built.check()] == ["s.b"]


def test_what_has_expired_is_no_fault(built: Proxy, backend: Backend) -> None:
    built.set("t", {"x": {"y": 1}}, expire=100).set("u", 1, expire=100)
    backend.advance(100)
    assert built.check() == []
    backend.advance(900)
    assert built.check() == []
    assert built.check(repair=True) == []
    assert built.val() == {"a": HEALTHY["a"], "s": HEALTHY["s"]}


def test_names_of_sections_that_are_gone_are_forgotten(built: Proxy, backend: Backend) -> None:
    backend.client.sadd(backend.database.space.sections, "ghost")
    assert built.check() == []
    assert built.val() == HEALTHY
    assert "ghost" not in built
    assert sorted(built) == sorted(HEALTHY)
    assert built.check(repair=True) == []
    assert backend.client.smembers(backend.database.space.sections) == {name.encode() for name in HEALTHY}


def test_keys_of_others_are_none_of_ours(built: Proxy, backend: Backend) -> None:
    """The ``neighbours``, and keys in our namespace that redicts has no name for."""
    backend.client.set(f"{backend.namespace}:mine", "x")
    backend.client.hset(f"{backend.namespace}:x:{{a}}", "y", "z")
    before = dump(backend)
    assert built.check(repair=True) == []
    assert dump(backend) == before


@mostly_sync
def test_more_keys_than_a_page_holds(built: Proxy, backend: Backend) -> None:
    if backend.name == "fake":
        pytest.skip("its SCAN gives them all at once, slowly")
    space = backend.database.space
    built.set("many", {f"n{n}": {"x": n} for n in range(3000)})
    for number in range(0, 3000, 10):
        backend.client.delete(space.node(("many", f"n{number}")))
        backend.client.hset(space.node(("many", f"lost{number}")), "x", "1")
    kinds = [problem.kind for problem in built.check(repair=True)]
    assert kinds.count("orphan node") == kinds.count("marker without node") == 300
    assert built.check() == []
    assert built.get("many").count_children() == 2700


@on("valkey-resp3", "redis-resp2", "asyncio:valkey-resp3", "queued:valkey-resp3")  # fakeredis is no proof
def test_writers_are_never_taken_for_faults(backend: Backend, neighbours: None) -> None:
    tree, done = tree_of(backend), threading.Event()
    failures: list[Exception] = []

    def write(number: int) -> None:
        place = tree_of(backend, "w")
        step = 0
        try:
            while not done.is_set():
                step += 1
                place.set(f"k{step % 7}", {"x": {"y": step}, "z": [number]}, expire=0.05 if step % 3 else None)
                place.set(f"k{step % 5}.x", step)
                _ = place.delete(f"k{step % 11}")
                tree_of(backend).set([f"s{step % 4}"], {"a": {"b": 1}} if step % 2 else step, expire=0.02)
                _ = place.expire(0.05 if step % 2 else 60)
        except Exception as error:  # noqa: BLE001  # told by the main thread
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(300):
            assert tree.check() == []
    finally:
        done.set()
        for thread in threads:
            thread.join(30)
    assert failures == []


def test_bytes_that_are_not_utf8_are_told_and_not_tripped_over(tree: Proxy, backend: Backend) -> None:
    space = backend.database.space
    tree.set("a", {"b": 1, "c": 2})
    backend.client.hset(space.node(("a",)), b"\xff", "1")
    backend.client.hset(space.node(("a",)), "c", b'"\xfe"')
    backend.client.set(f"{backend.namespace}:n:{{\xff".encode("latin-1") + b"}", "1")
    found = {(problem.kind, problem.path) for problem in tree.check()}
    assert found == {("unknown field", "a"), ("not JSON", "a.c"), ("unknown key", None)}
    assert tree.get("a.b").val() == 1
    for read in (tree.get("a").val, tree.get("a.c").val, tree.get("a").children):
        with pytest.raises(InternalError, match=r"check\(\)"):
            read()
    backend.client.hdel(space.node(("a",)), b"\xff", "c")
    backend.client.delete(f"{backend.namespace}:n:{{\xff".encode("latin-1") + b"}")
