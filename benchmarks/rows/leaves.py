"""Typed leaves, against the raw command on a key of the same type, with json for each element."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

from benchmarks.measure import Pair
from benchmarks.registry import row
from benchmarks.stage import Stage

VALUE = {"id": 7, "name": "hello world"}
TEXT = json.dumps(VALUE)
MANY = 10_000
STOCK = 300_000
"""More elements than a row takes out."""


def values(count: int) -> list[Any]:
    """Make elements: texts, numbers and small objects, in turns."""
    return [(f"text {i}", i, {"id": i})[i % 3] for i in range(count)]


@row("list.append(v)", "r.rpush(k, json.dumps(v))", 1.30)
def append(stage: Stage) -> Pair:
    raw, todo = stage.raw, stage.place("app.todo").as_list()
    return Pair(raw=lambda: raw.rpush("k", json.dumps(VALUE)), ours=lambda: todo.append(VALUE))


@row("list.pop()", "json.loads(r.rpop(k))", 1.30)
def pop(stage: Stage) -> Pair:
    raw, todo = stage.raw, stage.place("app.todo").as_list()
    fill(lambda texts: raw.rpush("k", *texts), todo.extend)
    return Pair(raw=lambda: json.loads(raw.rpop("k")), ours=todo.pop)


@row("list[i] = v", "r.lset(k, i, json.dumps(v))", 1.30)
def set_item(stage: Stage) -> Pair:
    raw, todo = stage.raw, stage.place("app.todo").as_list()
    raw.rpush("k", *[TEXT] * 100)
    todo.extend([VALUE] * 100)
    return Pair(raw=lambda: raw.lset("k", 5, json.dumps(VALUE)), ours=lambda: todo.set(5, VALUE))


@row("list[i]", "json.loads(r.lindex(k, i))", 1.10)
def get_item(stage: Stage) -> Pair:
    raw, todo = stage.raw, stage.place("app.todo").as_list()
    raw.rpush("k", *[TEXT] * 100)
    todo.extend([VALUE] * 100)
    return Pair(raw=lambda: json.loads(raw.lindex("k", 5)), ours=lambda: todo[5])


@row("list.extend() of 10,000", "r.rpush(k, *map(json.dumps, vs))", 1.5)
def extend(stage: Stage) -> Pair:
    raw, todo, many = stage.raw, stage.place("app.todo").as_list(), values(MANY)
    return Pair(
        raw=lambda: raw.rpush("k", *map(json.dumps, many)),
        ours=lambda: todo.extend(many),
        prepare=lambda: (raw.delete("k"), todo.clear()),
    )


@row("iteration of 10,000 elements", "map(json.loads, r.lrange(k, 0, -1))", 1.5)
def iterate(stage: Stage) -> Pair:
    raw, todo, many = stage.raw, stage.place("app.todo").as_list(), values(MANY)
    raw.rpush("k", *map(json.dumps, many))
    todo.extend(many)
    if list(todo) != many:
        raise RuntimeError("the elements came back changed")
    return Pair(raw=lambda: list(map(json.loads, raw.lrange("k", 0, -1))), ours=lambda: list(todo))


@row("dict[k] = v", "r.hset(h, k, json.dumps(v))", 1.30)
def set_field(stage: Stage) -> Pair:
    raw, users = stage.raw, stage.place("app.users").as_dict()
    return Pair(raw=lambda: raw.hset("h", "ada", json.dumps(VALUE)), ours=lambda: users.set("ada", VALUE))


@row("dict[k]", "json.loads(r.hget(h, k))", 1.10)
def get_field(stage: Stage) -> Pair:
    raw, users = stage.raw, stage.place("app.users").as_dict()
    raw.hset("h", "ada", TEXT)
    users["ada"] = VALUE
    return Pair(raw=lambda: json.loads(raw.hget("h", "ada")), ours=lambda: users["ada"])


@row("set.add(v)", "r.sadd(k, json.dumps(v))", 1.30)
def add(stage: Stage) -> Pair:
    raw, tags = stage.raw, stage.place("app.tags").as_set()
    ours, theirs = itertools.count(), itertools.count()
    return Pair(raw=lambda: raw.sadd("s", json.dumps(next(theirs))), ours=lambda: tags.add(next(ours)))


@row("v in set", "r.sismember(k, json.dumps(v))", 1.10)
def contains(stage: Stage) -> Pair:
    raw, tags, many = stage.raw, stage.place("app.tags").as_set(), list(range(1000))
    raw.sadd("s", *map(json.dumps, many))
    tags.update(many)
    return Pair(raw=lambda: raw.sismember("s", json.dumps(500)), ours=lambda: 500 in tags)


@row("set.contains_many() of 1,000", "r.smismember(k, map(json.dumps, vs))", 1.5)
def contains_many(stage: Stage) -> Pair:
    raw, tags, many = stage.raw, stage.place("app.tags").as_set(), [f"tag {i}" for i in range(1000)]
    raw.sadd("s", *map(json.dumps, many[::2]))
    tags.update(many[::2])
    return Pair(raw=lambda: raw.smismember("s", list(map(json.dumps, many))), ours=lambda: tags.contains_many(many))


@row("counter.increment(k)", "r.hincrby(h, json.dumps(k), 1)", 1.30)
def increment(stage: Stage) -> Pair:
    raw, hits = stage.raw, stage.place("app.hits").as_counter()
    return Pair(raw=lambda: raw.hincrby("h", json.dumps("page"), 1), ours=lambda: hits.increment("page"))


@row("sorted_set.add(v, score)", "r.zadd(k, {json.dumps(v): score})", 1.30)
def add_scored(stage: Stage) -> Pair:
    raw, best = stage.raw, stage.place("app.best").as_sorted_set()
    return Pair(raw=lambda: raw.zadd("z", {json.dumps("ada"): 1.5}), ours=lambda: best.add("ada", 1.5))


@row("sorted_set.score(v)", "r.zscore(k, json.dumps(v))", 1.10)
def score(stage: Stage) -> Pair:
    raw, best = stage.raw, stage.place("app.best").as_sorted_set()
    raw.zadd("z", {json.dumps("ada"): 1.5})
    best.add("ada", 1.5)
    return Pair(raw=lambda: raw.zscore("z", json.dumps("ada")), ours=lambda: best.score("ada"))


@row("queue.put(v)", "r.rpush(k, json.dumps(v))", 1.30)
def put(stage: Stage) -> Pair:
    raw, jobs = stage.raw, stage.place("app.jobs").as_queue()
    return Pair(raw=lambda: raw.rpush("k", json.dumps(VALUE)), ours=lambda: jobs.put(VALUE))


@row("queue.get()", "json.loads(r.lpop(k))", 1.30)
def get(stage: Stage) -> Pair:
    raw, jobs = stage.raw, stage.place("app.jobs").as_queue()
    fill(lambda texts: raw.rpush("k", *texts), jobs.put_many)
    return Pair(raw=lambda: json.loads(raw.lpop("k")), ours=jobs.get)


@row("priority_queue.put() and get()", "r.zadd(k, ...), r.zpopmin(k), with json")
def by_priority(stage: Stage) -> Pair:
    raw, jobs = stage.raw, stage.place("app.jobs").as_priority_queue()

    def both() -> object:
        raw.zadd("z", {json.dumps(VALUE): 1.5})
        ((text, _),) = raw.zpopmin("z")
        return json.loads(text)

    def ours() -> object:
        jobs.put((1.5, VALUE))
        return jobs.get()

    return Pair(raw=both, ours=ours)


def fill(raw: Callable[[list[str]], object], ours: Callable[[list[Any]], object]) -> None:
    """Give both sides more elements than a row takes out."""
    for _ in range(STOCK // MANY):
        _ = raw([TEXT] * MANY)
        _ = ours([VALUE] * MANY)
