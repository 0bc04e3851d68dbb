"""What an operation costs follows its own size: commands are counted, not time, so that the numbers are exact.

``INFO commandstats`` counts what the server carries out, inside scripts too. Each test has a server to itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis

from redicts import Proxy
from tests.concurrency.trees import Spot, new_spot
from tests.support.chaos import ChaosProxy
from tests.support.servers import KINDS, Server

FOREIGN = 100_000
FORBIDDEN = {"scan", "keys", "dbsize", "randomkey"}
"""What looks at the whole database."""

LINEAR = {"hgetall", "hvals", "hkeys", "smembers", "hscan", "sscan"}
"""What looks at all of a node."""

_POPULATE = "for i = ARGV[1], ARGV[2] do redis.call('SET', 'foreign:' .. i, i) end return 1"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of server in turn."""
    return str(request.param)


@pytest.fixture
def place(kind: str, start_server: Callable[..., Server]) -> Spot:
    """A server that nothing else uses."""
    return Spot(start_server(kind).url, "cost")


def operations(tree: Proxy) -> dict[str, Callable[[], Any]]:
    """Every operation but ``check``, in an order that leaves what the next one needs.

    Nodes are small: of a large one a few children are drawn at random, to see what is alive and to remove what is not,
    and these cost more or less.
    """
    doc = tree.get("a.doc")
    return {
        "set of a leaf": lambda: tree.set("a.n", 1),
        "set over a leaf": lambda: tree.set("a.n", 2),
        "set of a document": lambda: doc.set((), {"x": 1, "y": {"z": [1, 2]}}),
        "set over a document": lambda: doc.set((), {"x": 1, "w": {"z": {"q": None}}}),
        "set of a section": lambda: tree.set("b", {"x": 1}).set("c", {"stays": 1}),
        "set with a life": lambda: tree.set("c.x", {"y": 1}, expire=1000).set("c.brief", 1, expire=1000),
        "update": lambda: tree.update({"a.n": 3, "a.m": {"k": 1}, "b.y": 2}),
        "setdefault": lambda: (tree.setdefault("a.d", 1), tree.setdefault("a.d", 2)),
        "add": lambda: tree.get("a.n").add(),
        "add of a float": lambda: tree.get("a.f").add(0.5),
        "add beyond 15 digits": lambda: tree.get("a.n").add(10**20),
        "transform": lambda: doc.transform(lambda old: {**old, "t": 1}),
        "compare_and_set": lambda: tree.get("a.d").compare_and_set(1, {"now": "a node"}),
        "val of a leaf": lambda: tree.get("a.n").val(),
        "val of a document": doc.val,
        "val of a section": lambda: tree.get("a").val(),
        "val of nothing": lambda: tree.get("no.thing").val(),
        "exists, kind": lambda: (doc.exists(), doc.kind(), tree.get("a.n").kind(), tree.get("no").kind()),
        "children": lambda: (doc.children(), len(doc)),
        "iter_children": lambda: [leaf.key() for leaf in tree.get("a").iter_children()],
        "expire": lambda: (tree.get("c.x").expire(500), tree.get("c.brief").expire(500)),
        "time_to_live": lambda: tree.get("c.x").time_to_live(),
        "persist": lambda: tree.get("c.x").persist(),
        "pop": lambda: doc.pop(()),
        "delete": lambda: (tree.delete("a.m.k"), tree.delete("no.thing")),
        "val of the root": tree.val,
        "children of the root": lambda: (tree.children(), len(tree)),
        "iter_children of the root": lambda: [leaf.key() for leaf in tree.iter_children()],
        "clear": tree.clear,
    }


class Counter:
    """Counts the commands that a server carries out."""

    def __init__(self, url: str) -> None:
        self._url = url

    def counts(self, call: Callable[[], Any]) -> dict[str, int]:
        """Call, and give how often each command was carried out for it."""
        with redis.Redis.from_url(self._url) as client:
            client.config_resetstat()
            call()
            stats = client.info("commandstats")
        found = {name.removeprefix("cmdstat_"): int(entry["calls"]) for name, entry in stats.items()}
        return {name: calls for name, calls in found.items() if name not in ("info", "config|resetstat")}


def cost_of_all(spot: Spot, tree: Proxy) -> dict[str, dict[str, int]]:
    """Give the commands that each operation needs, on a tree that is empty before and after."""
    tree.val()
    for operation in operations(tree).values():
        operation()  # the scripts are loaded once
    counter = Counter(spot.url)
    return {name: counter.counts(operation) for name, operation in operations(tree).items()}


def test_foreign_keys_cost_nothing(place: Spot, open_tree: Callable[..., Proxy]) -> None:
    tree = open_tree(place)
    before = cost_of_all(place, tree)
    with redis.Redis.from_url(place.url) as client:
        client.eval(_POPULATE, 0, 1, FOREIGN)
        assert client.dbsize() == FOREIGN
    after = cost_of_all(place, tree)
    assert after == before
    print(f"{len(after)} operations, {sum(sum(counts.values()) for counts in after.values())} commands, 0 or {FOREIGN}")


def test_other_sections_cost_nothing(place: Spot, open_tree: Callable[..., Proxy]) -> None:
    """An operation on a place costs the same whatever stands beside it; only the root's own follow the whole tree."""
    tree = open_tree(place)
    before = cost_of_all(place, tree)
    for number in range(50):
        tree.set(f"other-{number}", {f"n{i}": {"k": i, "l": [i]} for i in range(100)})
    counter = Counter(place.url)
    after = {
        name: counter.counts(operation)
        for name, operation in operations(tree).items()
        if "root" not in name and name != "clear"
    }
    assert after == {name: counts for name, counts in before.items() if name in after}
    assert len(after) > 20


@pytest.mark.parametrize("name", ["set of a leaf", "set over a leaf", "add", "exists, kind", "val of a leaf"])
def test_many_siblings_cost_nothing(place: Spot, open_tree: Callable[..., Proxy], name: str) -> None:
    tree = open_tree(place)
    before = cost_of_all(place, tree)[name]
    tree.set("a", {f"k{i}": i for i in range(5000)})
    tree.set("a.n", 2)
    if name == "set of a leaf":
        tree.delete("a.n")
    after = Counter(place.url).counts(operations(tree)[name])
    with_leaf = {command: calls for command, calls in after.items() if command in LINEAR}
    assert with_leaf.keys() <= {"hvals"}, "hvals looks below the leaf that is set, where nothing is"
    assert sum(after.values()) <= sum(before.values())


def test_nothing_but_check_looks_at_all_keys(place: Spot, open_tree: Callable[..., Proxy]) -> None:
    tree = open_tree(place)
    costs = cost_of_all(place, tree)
    assert {name: set(counts) & FORBIDDEN for name, counts in costs.items() if set(counts) & FORBIDDEN} == {}
    tree.set("a", {"b": 1})
    assert Counter(place.url).counts(tree.check)["scan"] == 1
    assert all(counts for counts in costs.values()), "an operation was not counted"


@pytest.mark.parametrize("size", [10, 1000])
def test_reading_costs_what_is_read(place: Spot, open_tree: Callable[..., Proxy], size: int) -> None:
    tree = open_tree(place)
    tree.set("doc", {f"n{i}": {"k": i, "l": [i]} for i in range(size)})
    tree.get("doc").val()
    counts = Counter(place.url).counts(tree.get("doc").val)
    assert counts["hgetall"] == size + 1, "one for each node"
    assert sum(counts.values()) <= size + 5


def test_round_trips_do_not_follow_the_size(
    valkey_server: Server, chaos: ChaosProxy, open_tree: Callable[..., Proxy]
) -> None:
    tree = open_tree(Spot(chaos.url, new_spot(valkey_server).namespace))
    for size in (10, 2000):
        document = {f"n{i}": {"k": i} for i in range(size)}
        calls: dict[str, Callable[[], Any]] = {
            "set": lambda document=document: tree.set("doc", document),  # type: ignore[misc]
            "val": tree.get("doc").val,
            "update": lambda: tree.update({"doc.n1": 1, "doc.more.k": 2}),
            "pop": lambda: tree.pop("doc", None),
        }
        for call in calls.values():
            call()  # the scripts are loaded once
        trips = {}
        for name, call in calls.items():
            chaos.reset()
            call()
            trips[name] = chaos.round_trips
        assert trips == {"set": 1, "val": 2, "update": 1, "pop": 1}
    tree.clear()
