"""Every operation of every kind of typed leaf, called on one that holds ``CONTENT``: for what must be true of them all.

A kind whose module is new needs a row here for each of its operations; ``tests/runners/test_leaf_round_trips.py`` says
which are missing.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

from redicts import Proxy
from redicts.core.kinds import KINDS
from redicts.core.operation import Operation
from redicts.leaves.parts.keys import Scan

__all__ = ["ALONE", "BRIEF", "CONTENT", "FILLED", "OF", "OPENED", "ROWS", "Row", "class_of", "fill", "operations_of"]

CONTENT: dict[str, Any] = {
    "counter": {"a": 3, "b": 1},
    "deque": [3, 1, 2, 1],
    "dict": {"a": 1, "b": 2},
    "list": [3, 1, 2, 1],
    "priority_queue": [[1, "now"], [2.5, "then"]],
    "queue": [3, 1, 2],
    "reliable_queue": [3, 1, 2],
    "set": [1, 2, 3],
    "sorted_set": [["a", 1.0], ["b", 2.0], ["c", 3.0]],
    "string": "text",
}
"""As plain JSON, which is converted."""

FILLED: dict[str, Callable[[Any], object]] = {
    "bloom_filter": lambda leaf: leaf.update([1, 2, 3]),
    "cache": lambda leaf: leaf.set_many({"a": 1, "b": 2}),
    "hyperloglog": lambda leaf: leaf.update([1, 2, 3]),
    "ids": lambda leaf: leaf.reserve(41),
    "rate_limiter": lambda leaf: leaf.hit(),
    "semaphore": lambda leaf: leaf._acquire(0, 1, None),
}
"""What nothing is converted to: fills an empty one."""

SPELLED = {"hyperloglog": "HyperLogLog"}
"""Classes that are not spelled as the name of their kind is."""

OF: dict[str, Any] = {
    "deque": int, "dict": int, "list": int, "priority_queue": str, "queue": int, "reliable_queue": int,
    "set": int, "sorted_set": str, "hyperloglog": int, "cache": int,
    "bloom_filter": int,
}  # fmt: skip
"""Of what type the elements are."""

OPENED: dict[str, Callable[..., Any]] = {
    kind: lambda place, kind=kind, **options: getattr(place, f"as_{kind}")(**options) for kind in [*CONTENT, *FILLED]
} | {
    "bloom_filter": lambda place, **options: place.as_bloom_filter(capacity=100, **options),
    "rate_limiter": lambda place, **_: place.as_rate_limiter(3, per=300),
    "reliable_queue": lambda place, **options: place.as_queue(reliable=True, **options),
    "semaphore": lambda place, **_: place.as_semaphore(2, lease=300),
}
"""Opens a place as a kind."""

BRIEF = {"rate_limiter", "semaphore"}
"""Kinds that go by themselves: they have a time to live as soon as they are there."""

SIDE_BY_SIDE = {"redlock"}
"""Kinds whose operations ask several masters, under no guards: ``tests/runners/test_redlock.py`` and others."""

ALONE = [kind for kind in KINDS if kind not in SIDE_BY_SIDE]
"""The others: each has its rows here."""


class Row(NamedTuple):
    """One call of an operation.

    Attributes:
        name: The operation.
        act: Calls it.
        writes: Whether it would write.
        trips: How many round trips it takes.
    """

    name: str
    act: Callable[[Any], Any]
    writes: bool = True
    trips: int = 1


def reads(name: str, act: Callable[[Any], Any], trips: int = 1) -> Row:
    return Row(name, act, False, trips)


COMMON = [Row("clear", lambda leaf: leaf.clear()), reads("length", lambda leaf: leaf.length())]

SEQUENCE = [
    *COMMON,
    reads("get", lambda leaf: leaf.get(-1)),
    Row("set", lambda leaf: leaf.set(1, 9)),
    Row("delete", lambda leaf: leaf.delete(0)),
    Row("delete", lambda leaf: leaf.delete(2)),
    Row("append", lambda leaf: leaf.append(5)),
    Row("extend", lambda leaf: leaf.extend([5, 6])),
    Row("extend", lambda leaf: leaf.extend([]), False, 0),
    Row("insert", lambda leaf: leaf.insert(1, 5)),
    Row("pop", lambda leaf: leaf.pop()),
    Row("blocking_pop", lambda leaf: leaf.blocking_pop(timeout=0)),
    Row("remove", lambda leaf: leaf.remove(1)),
    Row("reverse", lambda leaf: leaf.reverse()),
    Row("repeat", lambda leaf: leaf.repeat(2)),
    reads("index", lambda leaf: leaf.index(2)),
    reads("count", lambda leaf: leaf.count(1)),
    reads("contains", lambda leaf: leaf.contains(1)),
    reads("to_list", lambda leaf: leaf.to_list()),
    reads("page", lambda leaf: leaf.page(0)),
]

QUEUE = [
    *COMMON,
    Row("put", lambda leaf: leaf.put(5)),
    Row("put_nowait", lambda leaf: leaf.put_nowait(5)),
    Row("put_many", lambda leaf: leaf.put_many([5, 6])),
    Row("put_many", lambda leaf: leaf.put_many([]), False, 0),
    Row("get", lambda leaf: leaf.get(timeout=0)),
    Row("get_nowait", lambda leaf: leaf.get_nowait()),
    reads("peek", lambda leaf: leaf.peek()),
    reads("qsize", lambda leaf: leaf.qsize()),
    reads("empty", lambda leaf: leaf.empty()),
    reads("to_list", lambda leaf: leaf.to_list()),
]

MAPPING = [
    *COMMON,
    Row("set", lambda leaf: leaf.set("a", 5)),
    Row("set", lambda leaf: leaf.set("new", 5)),
    Row("delete", lambda leaf: leaf.delete("a")),
    Row("delete_many", lambda leaf: leaf.delete_many(["a", "none"])),
    Row("delete_many", lambda leaf: leaf.delete_many([]), False, 0),
    Row("pop", lambda leaf: leaf.pop("a")),
    Row("pop", lambda leaf: leaf.pop("none", None)),
    Row("popitem", lambda leaf: leaf.popitem()),
    Row("setdefault", lambda leaf: leaf.setdefault("new", 5)),
    Row("update", lambda leaf: leaf.update({"a": 5, "new": 6})),
    Row("update", lambda leaf: leaf.update({}), False, 0),
    reads("contains", lambda leaf: leaf.contains("a")),
    reads("get", lambda leaf: leaf.get("a")),
    reads("get_many", lambda leaf: leaf.get_many(["a", "none"])),
    reads("get_many", lambda leaf: leaf.get_many([]), 0),
    reads("lookup", lambda leaf: leaf.lookup("a")),
    reads("scan_items", lambda leaf: leaf.scan_items(Scan())),
    reads("scan_keys", lambda leaf: leaf.scan_keys(Scan())),
    reads("to_dict", lambda leaf: leaf.to_dict()),
    reads("to_items", lambda leaf: leaf.to_items()),
]

ROWS: dict[str, list[Row]] = {
    "list": [
        *SEQUENCE,
        Row("pop", lambda leaf: leaf.pop(1)),
        Row("set_slice", lambda leaf: leaf.set_slice(1, 2, [7, 8])),
        Row("set_slice", lambda leaf: leaf.set_slice(None, None, [7, 8], 2)),
        Row("delete_slice", lambda leaf: leaf.delete_slice(1, 3)),
        Row("delete_slice", lambda leaf: leaf.delete_slice(step=2)),
        Row("sort", lambda leaf: leaf.sort()),
        Row("sort", lambda leaf: leaf.sort(key=lambda each: -each), trips=2),
        reads("slice", lambda leaf: leaf.slice(1, 2)),
        reads("slice", lambda leaf: leaf.slice(step=-2)),
    ],
    "deque": [
        *SEQUENCE,
        Row("appendleft", lambda leaf: leaf.appendleft(5)),
        Row("extendleft", lambda leaf: leaf.extendleft([5, 6])),
        Row("extendleft", lambda leaf: leaf.extendleft([]), False, 0),
        Row("popleft", lambda leaf: leaf.popleft()),
        Row("blocking_popleft", lambda leaf: leaf.blocking_popleft(timeout=0)),
        Row("rotate", lambda leaf: leaf.rotate(-1)),
    ],
    "queue": [
        *QUEUE,
        reads("full", lambda leaf: leaf.full(), 0),
        Row("get_many", lambda leaf: leaf.get_many(2)),
        Row("get_many", lambda leaf: leaf.get_many(0), False, 0),
    ],
    "reliable_queue": [
        *QUEUE,
        Row("join", lambda leaf: OPENED["reliable_queue"](leaf._place.get("empty")).join(0)),
        reads("full", lambda leaf: leaf.full(), 0),
        reads("leased", lambda leaf: leaf.leased()),
    ],
    "priority_queue": [
        *[row for row in QUEUE if not row.name.startswith("put")],
        reads("full", lambda leaf: leaf.full()),
        Row("put", lambda leaf: leaf.put((1.5, "more"))),
        Row("put_nowait", lambda leaf: leaf.put_nowait((1, "more"))),
        Row("put_many", lambda leaf: leaf.put_many([(1, "more"), (2, "most")])),
        Row("put_many", lambda leaf: leaf.put_many([]), False, 0),
    ],
    "sorted_set": [
        *COMMON,
        Row("set", lambda leaf: leaf.set("a", 5)),
        Row("add", lambda leaf: leaf.add("new", 5)),
        Row("add", lambda leaf: leaf.add("a", 5, greater=True)),
        Row("add_many", lambda leaf: leaf.add_many({"a": 5, "new": 6})),
        Row("add_many", lambda leaf: leaf.add_many([]), False, 0),
        Row("increment", lambda leaf: leaf.increment("a", 5)),
        Row("pop_min", lambda leaf: leaf.pop_min()),
        Row("pop_max", lambda leaf: leaf.pop_max()),
        Row("pop_min_many", lambda leaf: leaf.pop_min_many(2)),
        Row("pop_max_many", lambda leaf: leaf.pop_max_many(2)),
        Row("blocking_pop_min", lambda leaf: leaf.blocking_pop_min(timeout=0)),
        Row("blocking_pop_max", lambda leaf: leaf.blocking_pop_max(timeout=0)),
        Row("remove", lambda leaf: leaf.remove("a")),
        Row("discard", lambda leaf: leaf.discard("a")),
        Row("remove_many", lambda leaf: leaf.remove_many(["a", "none"])),
        Row("remove_many", lambda leaf: leaf.remove_many([]), False, 0),
        Row("remove_range", lambda leaf: leaf.remove_range(0, 1)),
        Row("remove_by_score", lambda leaf: leaf.remove_by_score(0, 1.5)),
        Row("remove_by_lex", lambda leaf: leaf.remove_by_lex("a", "b")),
        reads("contains", lambda leaf: leaf.contains("a")),
        reads("score", lambda leaf: leaf.score("a")),
        reads("scores", lambda leaf: leaf.scores(["a", "none"])),
        reads("scores", lambda leaf: leaf.scores([]), 0),
        reads("rank", lambda leaf: leaf.rank("b")),
        reads("range", lambda leaf: leaf.range(0, 2)),
        reads("range_with_scores", lambda leaf: leaf.range_with_scores(0, 2)),
        reads("range_by_score", lambda leaf: leaf.range_by_score(0, 2)),
        reads("range_by_score_with_scores", lambda leaf: leaf.range_by_score_with_scores(0, 2)),
        reads("range_by_lex", lambda leaf: leaf.range_by_lex("a", "b")),
        reads("range_by_prefix", lambda leaf: leaf.range_by_prefix("a")),
        reads("count_between", lambda leaf: leaf.count_between(0, 2)),
        reads("to_list", lambda leaf: leaf.to_list()),
        reads("to_dict", lambda leaf: leaf.to_dict()),
    ],
    "dict": [
        *MAPPING,
        Row("set", lambda leaf: leaf.set("a", 5, expire=100)),
        Row("expire_key", lambda leaf: leaf.expire_key("a", 100)),
        Row("persist_key", lambda leaf: leaf.persist_key("a")),
        reads("key_time_to_live", lambda leaf: leaf.key_time_to_live("a")),
    ],
    "counter": [
        *MAPPING,
        Row("increment", lambda leaf: leaf.increment("a", 2)),
        Row("increment", lambda leaf: leaf.increment("new")),
        Row("subtract", lambda leaf: leaf.subtract({"a": 1})),
        Row("subtract", lambda leaf: leaf.subtract({}), False, 0),
        Row("combine", lambda leaf: leaf.combine("+", {"a": 1})),
        Row("combine", lambda leaf: leaf.combine("&", {"a": 1})),
        reads("most_common", lambda leaf: leaf.most_common(1)),
        reads("total", lambda leaf: leaf.total()),
        reads("to_counter", lambda leaf: leaf.to_counter()),
    ],
    "set": [
        *COMMON,
        Row("add", lambda leaf: leaf.add(5)),
        Row("add_many", lambda leaf: leaf.add_many([1, 5])),
        Row("add_many", lambda leaf: leaf.add_many([]), False, 0),
        Row("discard", lambda leaf: leaf.discard(1)),
        Row("remove", lambda leaf: leaf.remove(1)),
        Row("pop", lambda leaf: leaf.pop()),
        Row("update", lambda leaf: leaf.update([5], {6})),
        Row("update", lambda leaf: leaf.update(beside(leaf))),
        Row("update", lambda leaf: leaf.update([]), False, 0),
        Row("intersection_update", lambda leaf: leaf.intersection_update([1, 2])),
        Row("intersection_update", lambda leaf: leaf.intersection_update(beside(leaf))),
        Row("difference_update", lambda leaf: leaf.difference_update([1])),
        Row("difference_update", lambda leaf: leaf.difference_update(beside(leaf))),
        Row("symmetric_difference_update", lambda leaf: leaf.symmetric_difference_update([1, 5])),
        Row("symmetric_difference_update", lambda leaf: leaf.symmetric_difference_update(beside(leaf))),
        Row("store_union", lambda leaf: leaf.store_union(beside(leaf), leaf)),
        Row("store_union", lambda leaf: leaf.store_union(beside(leaf), [7]), trips=2),
        Row("store_intersection", lambda leaf: leaf.store_intersection(leaf, leaf)),
        Row("store_difference", lambda leaf: leaf.store_difference(leaf, beside(leaf))),
        Row("store_symmetric_difference", lambda leaf: leaf.store_symmetric_difference(leaf, [1]), trips=2),
        reads("contains", lambda leaf: leaf.contains(1)),
        reads("contains_many", lambda leaf: leaf.contains_many([1, 5])),
        reads("contains_many", lambda leaf: leaf.contains_many([]), 0),
        reads("union", lambda leaf: leaf.union([5])),
        reads("intersection", lambda leaf: leaf.intersection([1])),
        reads("difference", lambda leaf: leaf.difference(beside(leaf))),
        reads("symmetric_difference", lambda leaf: leaf.symmetric_difference([5])),
        reads("isdisjoint", lambda leaf: leaf.isdisjoint([5])),
        reads("issubset", lambda leaf: leaf.issubset(beside(leaf))),
        reads("issuperset", lambda leaf: leaf.issuperset([1])),
        reads("overlap", lambda leaf: leaf.overlap([1, 5])),
        reads("page", lambda leaf: leaf.page()),
        reads("to_set", lambda leaf: leaf.to_set()),
    ],
    "string": [
        *COMMON,
        Row("set", lambda leaf: leaf.set(b"other")),
        Row("append", lambda leaf: leaf.append("more")),
        Row("set_range", lambda leaf: leaf.set_range(1, "other")),
        Row("set_bit", lambda leaf: leaf.set_bit(3, 1)),
        reads("get", lambda leaf: leaf.get()),
        reads("get_bytes", lambda leaf: leaf.get_bytes()),
        reads("get_range", lambda leaf: leaf.get_range(1, 2)),
        reads("get_bit", lambda leaf: leaf.get_bit(3)),
        reads("count_bits", lambda leaf: leaf.count_bits()),
        reads("find_bit", lambda leaf: leaf.find_bit(1)),
    ],
    "ids": [
        *COMMON,
        Row("next", lambda leaf: leaf.next()),
        Row("reserve", lambda leaf: leaf.reserve(3)),
        Row("reserve", lambda leaf: leaf.reserve(0), False, 0),
        Row("raise_to", lambda leaf: leaf.raise_to(50)),
        reads("last", lambda leaf: leaf.last()),
    ],
    "rate_limiter": [
        *COMMON,
        Row("hit", lambda leaf: leaf.hit()),
        Row("hit", lambda leaf: leaf.hit(3)),
        Row("check", lambda leaf: leaf.check(2)),
        Row("wait", lambda leaf: leaf.wait(0)),
        Row("reset", lambda leaf: leaf.reset()),
        reads("peek", lambda leaf: leaf.peek().remaining),
    ],
    "semaphore": [
        *COMMON,
        Row("_acquire", lambda leaf: leaf._acquire(0, 1, None)),
        Row("_release", lambda leaf: leaf._release(leaf._acquire(0, 1, None)), trips=2),
        Row("_renew", lambda leaf: leaf._renew(leaf._acquire(0, 1, None), None), trips=2),
        reads("available", lambda leaf: leaf.available()),
        reads("waiting", lambda leaf: leaf.waiting()),
    ],
    "cache": [
        *COMMON,
        Row("set", lambda leaf: leaf.set("a", 5)),
        Row("set", lambda leaf: leaf.set("new", 5, ttl=100)),
        Row("set_many", lambda leaf: leaf.set_many({"a": 5, "new": 6})),
        Row("set_many", lambda leaf: leaf.set_many([]), False, 0),
        Row("delete", lambda leaf: leaf.delete("a")),
        Row("delete_many", lambda leaf: leaf.delete_many(["a", "none"])),
        Row("delete_many", lambda leaf: leaf.delete_many([]), False, 0),
        reads("contains", lambda leaf: leaf.contains("a")),
        reads("get", lambda leaf: leaf.get("a")),
        reads("get", lambda leaf: leaf.get("none"), 2),
        reads("get_many", lambda leaf: leaf.get_many(["a", "none"])),
        reads("get_many", lambda leaf: leaf.get_many([]), 0),
        reads("time_to_live", lambda leaf: leaf.time_to_live("a")),
    ],
    "bloom_filter": [
        *COMMON,
        Row("add", lambda leaf: leaf.add(5)),
        Row("add", lambda leaf: leaf.add(1)),
        Row("update", lambda leaf: leaf.update([1, 5], [6])),
        Row("update", lambda leaf: leaf.update([]), False, 0),
        Row("union_update", lambda leaf: leaf.union_update(beside(leaf, "bloom_filter"))),
        Row("union_update", lambda leaf: leaf.union_update(), False, 0),
        reads("contains", lambda leaf: leaf.contains(1)),
        reads("contains_many", lambda leaf: leaf.contains_many([1, 5])),
        reads("contains_many", lambda leaf: leaf.contains_many([]), 0),
        reads("is_full", lambda leaf: leaf.is_full()),
        reads("current_error_rate", lambda leaf: leaf.current_error_rate()),
    ],
    "hyperloglog": [
        *COMMON,
        Row("add", lambda leaf: leaf.add(5)),
        Row("update", lambda leaf: leaf.update([1, 5])),
        Row("update", lambda leaf: leaf.update([]), False, 0),
        Row("union_update", lambda leaf: leaf.union_update(beside(leaf, "hyperloglog"))),
        Row("union_update", lambda leaf: leaf.union_update(), False, 0),
        Row("store_union", lambda leaf: leaf.store_union(beside(leaf, "hyperloglog"), leaf)),
        reads("contains", lambda leaf: leaf.contains(1)),
        reads("contains_many", lambda leaf: leaf.contains_many([1, 5])),
        reads("contains_many", lambda leaf: leaf.contains_many([]), 0),
        reads("union_length", lambda leaf: leaf.union_length(leaf, beside(leaf, "hyperloglog"))),
    ],
}
"""By kind. Whatever they raise that is no error of ours is a mistake here."""


def beside(leaf: Any, kind: str = "set") -> Any:
    """Another one in the same section."""
    return OPENED[kind](leaf._place.parent.get("beside"))


def fill(place: Proxy, kind: str) -> Proxy:
    """Make a place a typed leaf of a kind, with ``CONTENT`` in it, whatever it was."""
    if kind in FILLED:
        _ = place.delete(())
        _ = FILLED[kind](OPENED[kind](place))
        return place
    place.set((), CONTENT[kind])
    assert place.convert(kind)
    return place


def class_of(kind: str) -> type:
    """The synchronous face of a kind."""
    name = SPELLED.get(kind) or "".join(word.capitalize() for word in kind.split("_"))
    found: type = getattr(import_module(f"redicts.leaves.{kind}"), name)
    return found


def operations_of(kind: str) -> set[str]:
    """The public operations of a kind."""
    every = {
        name for base in class_of(kind).__mro__ for name, each in vars(base).items() if isinstance(each, Operation)
    }
    return {name for name in every if not name.startswith("_")}
