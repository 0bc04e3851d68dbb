"""Every public operation takes the round trips that its docstring promises: counted at the socket, not in the code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import pytest

from redicts.errors import LockLost
from redicts.leaves.opening import SyncOpening
from redicts.lock import Lock
from redicts.lockable import Lease
from redicts.locks.owners import current_holdings, process
from redicts.pipeline import Pipeline, pipeline
from redicts.proxy import Proxy, root, section
from tests.runners.rig import proxy_over
from tests.support.chaos import ChaosProxy

NEEDED: dict[str, tuple[Any, ...]] = {
    "as_cached_ordered_dict": ([1, 2],), "as_rate_limiter": (5,), "as_semaphore": (5,)
}  # fmt: skip
"""What must be said where a place is opened."""

WIDE = {f"n{number}": {"x": number} for number in range(150)}
LARGE = {f"k{number}": number for number in range(2500)}
CONTENT = {"leaf": 1, "text": "é", "big": 2**80, "node": {"x": 1, "y": {"z": [2]}}, "wide": WIDE, "large": LARGE}


class Row(NamedTuple):
    """What is called, on a proxy that holds ``CONTENT``, and how many round trips it may take.

    Attributes:
        name: The method; with its class where that is not ``Proxy``.
        act: Calls it. It is given the proxy and, where there is a ``prepare``, what that gave.
        trips: The round trips.
        prepare: What comes before and is not counted.
    """

    name: str
    act: Callable[..., object]
    trips: int
    prepare: Callable[[Proxy], object] | None = None


def lock(proxy: Proxy, **options: Any) -> Lock:
    """A lock at the place by itself."""
    made = Lock(proxy._where().client, proxy.path, **options)
    made._database = proxy._where()
    return made


def locked(proxy: Proxy, **options: Any) -> Lock:
    """The same, held."""
    made = lock(proxy, **options)
    assert made.acquire()
    return made


def lease(proxy: Proxy) -> Lease:
    return proxy.acquire()


def forgotten(proxy: Proxy) -> None:
    """Acquire as another process does, under a name."""
    proxy.acquire(owner="job")
    process().remove(current_holdings()[-1])


def under_locks(proxy: Proxy) -> None:
    """Hold it, the root and much below: a write carries the proof of each, in the same round trip."""
    for path in ((), "section", "section.place.node", "section.place.leaf"):
        top(proxy).get(path).acquire()


def refused(act: Callable[[], object]) -> None:
    with pytest.raises(LockLost):
        act()


def nowhere() -> Pipeline:
    """A pipeline that is never executed."""
    return pipeline()


def a_list(proxy: Proxy) -> Proxy:
    place = proxy.get("row").set((), [1])
    assert place.convert("list")
    return place


def known_lost(proxy: Proxy) -> Lease:
    held = proxy.acquire()
    held._holding.mark_lost()
    return held


ROWS = [
    Row("val", lambda p: p.get("leaf").val(), 1),
    Row("val", lambda p: p.get("none.at.all").val(), 1),
    Row("val", lambda p: p.get("node").val(), 2),
    Row("val", lambda p: p.val(), 2),
    Row("val", lambda p: p.get("large").val(), 2),
    Row("val", lambda p: top(p).val(), 1),
    Row("kind", lambda p: p.get("node.y").kind(), 1),
    Row("kind", lambda p: p.kind(), 1),
    Row("kind", lambda p: top(p).kind(), 0),
    Row("exists", lambda p: p.get("none").exists(), 1),
    Row("exists", lambda p: "leaf" in p, 1),
    Row("children", lambda p: p.get("large").children(), 1),
    Row("children", set, 1),
    Row("children", lambda p: top(p).children(), 1),
    Row("count_children", lambda p: p.get("large").count_children(), 1),
    Row("count_children", len, 1),
    Row("time_to_live", lambda p: p.get("leaf").time_to_live(), 1),
    Row("time_to_live", lambda p: p.get("node").time_to_live(), 1),
    Row("set", lambda p: p.set("leaf", 2), 1),
    Row("set", lambda p: p.set("leaf", {"now": {"a": "node"}}, expire=100), 1),
    Row("set", lambda p: p.set("new.place", LARGE), 1),
    Row("set", lambda p: p.set((), 1), 1),
    Row("store", lambda p: p.store("node", 1), 1),
    Row("store", lambda p: p.__setitem__("leaf", 3), 1),
    Row("update", lambda p: p.update({"a.b": 1, "node": {"q": 1}, "leaf": None}), 1),
    Row("update", lambda p: p.update({}), 0),
    Row("setdefault", lambda p: p.setdefault("node", 1), 1),
    Row("setdefault", lambda p: p.setdefault("new.place", {"a": 1}), 1),
    Row("pop", lambda p: p.pop("node"), 1),
    Row("pop", lambda p: p.pop("none", None), 1),
    Row("delete", lambda p: p.delete("wide"), 1),
    Row("delete", lambda p: p.delete("none"), 1),
    Row("delete", lambda p: p.__delitem__("leaf"), 1),
    Row("clear", lambda p: p.clear(), 1),
    Row("clear", lambda p: top(p).clear(), 1),
    Row("expire", lambda p: p.expire(100), 1),
    Row("expire", lambda p: p.get("leaf").expire(100), 1),
    Row("persist", lambda p: p.get("wide").persist(), 1),
    Row("add", lambda p: p.get("leaf").add(), 1),
    Row("add", lambda p: p.get("new.counter").add(0.5), 1),
    Row("add", lambda p: p.get("big").add(1), 2),
    Row("compare_and_set", lambda p: p.get("leaf").compare_and_set(1, 2), 1),
    Row("compare_and_set", lambda p: p.get("leaf").compare_and_set("other", 2), 1),
    Row("compare_and_set", lambda p: p.get("node.y").compare_and_set({"z": [2]}, 1), 1),
    Row("compare_and_set", lambda p: p.get("node").compare_and_set({"y": {"z": [2]}, "x": 1.5}, 1), 1),
    Row("transform", lambda p: p.get("leaf").transform(lambda value: value + 1), 2),
    Row("transform", lambda p: p.get("none").transform(lambda value: [value]), 2),
    Row("transform", lambda p: p.get("node").transform(lambda value: {**value, "x": 2}), 3),
    Row("convert", lambda p: p.get("node").convert("dict"), 2),
    Row("convert", lambda p: p.get("leaf").convert("json"), 1),
    Row("convert", lambda p: p.get("none").convert("list"), 1),
    Row("convert", lambda _, leaf: leaf.convert("deque"), 1, a_list),
    Row("begin_walk", lambda p: p.begin_walk(), 0),
    Row("begin_walk", lambda p: top(p).begin_walk(), 1),
    Row("walk_on", lambda p: p.walk_on(p.get("wide").begin_walk()), 1),
    Row("iter_children", lambda p: list(p.get("node.y").iter_children()), 1),
    Row("iter_children", lambda p: list(p.get("none").iter_children()), 1),
    Row("get", lambda p: p.get("a.b")["c"], 0),
    Row("key", lambda p: (p.key(), p.path, p.name, p.parent, repr(p)), 0),
    Row("using", lambda p: p.using(nowhere()), 0),
    Row("key", lambda p: (p == p.get(()), hash(p), bool(p)), 0),
    *[
        Row(name, lambda p, name=name: getattr(p, name)(*NEEDED.get(name, ())), 0)
        for name in dir(SyncOpening)
        if name.startswith("as_") and name != "as_bloom_filter"
    ],
    Row("as_bloom_filter", lambda p: p.as_bloom_filter(capacity=100), 0),
    Row("set", lambda p, _: p.set("leaf", 2), 1, under_locks),
    Row("add", lambda p, _: p.get("leaf").add(), 1, under_locks),
    Row("transform", lambda p, _: p.get("leaf").transform(lambda value: value + 1), 2, under_locks),
    Row("acquire", lambda p: p.acquire(), 2),
    Row("acquire", lambda p: top(p).acquire(), 2),
    Row("acquire", lambda p: p.get(["deep"] * 20).acquire(shared=True, owner="x", renew=True), 2),
    Row("acquire", lambda p, _: p.acquire(), 2, under_locks),
    Row("try_acquire", lambda p: p.try_acquire(), 2),
    Row("try_acquire", lambda p, _: p.try_acquire(owner="another"), 2, under_locks),
    Row("release", lambda p, _: p.release(), 1, lease),
    Row("release", lambda p, _: p.get("node").release(), 1, under_locks),
    Row("release", lambda p, _: p.release(owner="job"), 1, lambda p: p.acquire(owner="job")),
    Row("release", lambda p, _: p.release(owner="job"), 2, forgotten),
    Row("is_locked", lambda p: p.is_locked(), 1),
    Row("is_locked", lambda p, _: top(p).is_locked(), 1, under_locks),
    Row("holders", lambda p: p.get("node").holders(), 1),
    Row("holders", lambda p, _: p.holders(), 1, under_locks),
    Row("break_locks", lambda p: p.break_locks(), 1),
    Row("break_locks", lambda p, _: p.break_locks(), 2, lambda p: [p.acquire(), p.acquire()]),
    Row("Lock.acquire", lambda p: lock(p).acquire(), 2),
    Row("Lock.acquire", lambda p, _: lock(p, owner="x").acquire(blocking=False), 2, lease),
    Row("Lock.release", lambda _, held: held.release(), 1, locked),
    Row("Lock.locked", lambda p: lock(p).locked(), 1),
    Row("Lock.owned", lambda p: lock(p).owned(), 0),
    Row("Lock.is_locked", lambda p: lock(p).is_locked(), 1),
    Row("Lock.holders", lambda p: lock(p).holders(), 1),
    Row("Lock.break_locks", lambda _, held: held.break_locks(), 2, locked),
    Row("Lock.ensure_held", lambda _, held: held.ensure_held(), 1, locked),
    Row("Lock.renew", lambda _, held: held.renew(), 1, locked),
    Row("Lock.valid_for", lambda _, held: held.valid_for(), 0, locked),
    Row("Lock.key", lambda _, held: (held.key(), held.fence, held.lost, held.lease, repr(held)), 0, locked),
    Row("Lease.release", lambda _, held: held.release(), 1, lease),
    Row("Lease.renew", lambda _, held: held.renew(), 1, lease),
    Row("Lease.ensure_held", lambda _, held: held.ensure_held(), 1, lease),
    Row("Lease.ensure_held", lambda _, held: refused(held.ensure_held), 0, known_lost),
    Row("Lease.valid_for", lambda _, held: (held.valid_for(), held.path, held.mode, held.owner), 0, lease),
    Row("Lease.hand_over", lambda _, held: held.hand_over(), 0, lambda p: p.acquire(owner="job")),
    Row("Lease.using", lambda _, held: held.using(nowhere()), 0, lease),
    Row("Lease.valid_for", lambda _, held: (held.fence, held.lost, repr(held)), 0, lease),
]

CLASSES: dict[str, type] = {"": Proxy, "Lock.": Lock, "Lease.": Lease}
FREE = {
    "": {"name", "parent", "path"},
    "Lock.": {"fence", "lease", "lost"},
    "Lease.": {"fence", "lost", "mode", "owner", "path"},
}
"""Properties: rows of methods without a round trip have them."""


def top(proxy: Proxy) -> Proxy:
    """The root of the tree that a proxy is in."""
    return proxy._at(())


@pytest.fixture
def place(chaos: ChaosProxy) -> Iterator[Proxy]:
    """A place that holds ``CONTENT``, in a tree of its own."""
    proxy = proxy_over(chaos.url, "section.place")
    proxy.store((), CONTENT)
    yield proxy
    for holding in current_holdings():
        process().remove(holding)
    proxy._where().runner.close()
    client = proxy._where().client
    if keys := list(client.scan_iter(match=f"{proxy._space.namespace}:*", count=5000)):
        client.delete(*keys)
    client.connection_pool.disconnect()


def cost_of(name: str) -> str:
    """What a docstring says of round trips."""
    kind, dot, method = name.rpartition(".")
    static = inspect.getattr_static(CLASSES[kind + dot], method)
    doc = inspect.getdoc(static) or ""
    found = re.search(r"^Cost: (.*(?:\n    .*)*)", doc, re.MULTILINE)
    if found is None:
        brief = re.search(r"\b(no|\d) round trip", doc.splitlines()[0], re.IGNORECASE)
        if brief is None:
            return "0 round trips" if "No round trip" in doc else ""
        return brief.group().lower().replace("no ", "0 ")
    other = re.match(r"as for ``(\w+)``", found.group(1))
    return cost_of(kind + dot + other.group(1)) if other else found.group(1)


def counted(place: Proxy, chaos: ChaosProxy, row: Row) -> None:
    """Do it, with the counts at 0 after what comes before."""
    prepared = () if row.prepare is None else (row.prepare(place),)
    chaos.reset()
    row.act(place, *prepared)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{row.trips}")
def test_round_trips(place: Proxy, chaos: ChaosProxy, row: Row) -> None:
    counted(place, chaos, row)  # loads the scripts
    for holding in current_holdings():
        with suppress(LockLost):
            holding.handle.release()
    top(place).clear()
    place.store((), CONTENT)
    counted(place, chaos, row)
    assert chaos.round_trips == row.trips, chaos.command_names
    assert chaos.connections == 0


def test_with_takes_three(place: Proxy, chaos: ChaosProxy) -> None:
    for held in (place, lock(place), place.get(["a"] * 50)):
        for _ in range(2):
            chaos.reset()
            with held:
                entered = chaos.round_trips
        assert (entered, chaos.round_trips) == (2, 3)


@pytest.mark.parametrize("name", sorted({row.name for row in ROWS}))
def test_the_docstring_promises_what_is_measured(name: str) -> None:
    said = cost_of(name)
    assert "round trip" in said, f"{name} says nothing of round trips"
    numbers = {int(number) for number in re.findall(r"\b(\d)\b(?! digits)", re.sub(r"O\(1\)", "", said))}
    if re.search(r"\bnone\b", said, re.IGNORECASE):
        numbers.add(0)
    measured = {row.trips for row in ROWS if row.name == name}
    if name == "iter_children":
        measured = {min(measured)}
    assert measured <= numbers | {0}, f"{name} takes {measured}, and says: {said}"
    assert max(measured) in numbers


@pytest.mark.parametrize("prefix", CLASSES)
def test_the_table_has_every_public_name(prefix: str) -> None:
    public = {f"{prefix}{name}" for name in dir(CLASSES[prefix]) if not name.startswith("_")}
    rows = {row.name for row in ROWS if row.name.startswith(prefix) and ("." in row.name) == bool(prefix)}
    assert public == rows | {f"{prefix}{name}" for name in FREE[prefix]} | ({"check"} if not prefix else set())


def test_a_walk_of_the_root_asks_for_the_sections_first(place: Proxy, chaos: ChaosProxy) -> None:
    place.store((), 1)
    chaos.reset()
    assert [leaf.key() for leaf in top(place).iter_children()] == ["section.place"]
    assert chaos.round_trips == 2


def test_a_walk_over_many_children_and_many_nodes(place: Proxy, chaos: ChaosProxy) -> None:
    chaos.reset()
    assert len(list(place.get("large").iter_children())) == 2500
    assert chaos.round_trips == chaos.command_names.count("HSCAN") <= 5
    chaos.reset()
    assert len(list(place.get("wide").iter_children())) == 150
    assert chaos.command_names.count("HSCAN") == 151
    # It begins with one node and asks for twice as many each time, up to 100.
    assert chaos.round_trips == len([1, 2, 4, 8, 16, 32, 64, 24])


def test_a_walk_over_leaves_that_expire_takes_one_more(place: Proxy, chaos: ChaosProxy) -> None:
    place.set("node.x", 5, expire=100).set("node.w", 6, expire=100)
    list(place.get("node").iter_children())
    chaos.reset()
    assert len(list(place.get("node").iter_children())) == 3
    assert chaos.round_trips == 2 + 1, "two nodes in turn, and once for both leaves"


def test_list_of_a_proxy_asks_for_its_length_too(place: Proxy, chaos: ChaosProxy) -> None:
    """Python does, of everything that has one: ``children()`` or ``iter()`` spares it."""
    assert sorted(place) == sorted(CONTENT)
    chaos.reset()
    assert len(list(place)) == len(CONTENT)
    assert chaos.round_trips == 2
    chaos.reset()
    assert len(list(iter(place))) == len(CONTENT)
    assert chaos.round_trips == 1


def test_making_a_proxy_asks_nothing(place: Proxy, chaos: ChaosProxy) -> None:
    client = place._where().client
    chaos.reset()
    for made in (root(rconn=client), section("a.b", rconn=client), Proxy(["x"], rconn=client)):
        assert made.get("y") != place
        assert {made: 1}[made] == 1
    assert chaos.commands == []
