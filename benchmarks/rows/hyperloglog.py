"""HyperLogLogs, against the raw command on a key of the same type, with json for each element."""

from __future__ import annotations

import itertools
import json

from benchmarks.measure import Pair
from benchmarks.registry import row
from benchmarks.stage import Stage

MANY = 10_000


def texts(count: int) -> list[str]:
    """Make elements."""
    return [f"visitor {number}" for number in range(count)]


@row("hyperloglog.add(v)", "r.pfadd(k, json.dumps(v))", 1.30)
def add(stage: Stage) -> Pair:
    raw, seen = stage.raw, stage.place("app.seen").as_hyperloglog()
    mine, theirs = itertools.count(), itertools.count()
    return Pair(
        raw=lambda: raw.pfadd("k", json.dumps(f"visitor {next(theirs)}")),
        ours=lambda: seen.add(f"visitor {next(mine)}"),
    )


@row("hyperloglog.update() of 10,000", "r.pfadd(k, *map(json.dumps, vs))", 1.5)
def update(stage: Stage) -> Pair:
    raw, seen, many = stage.raw, stage.place("app.seen").as_hyperloglog(), texts(MANY)
    return Pair(raw=lambda: raw.pfadd("k", *map(json.dumps, many)), ours=lambda: seen.update(many))


@row("len(hyperloglog)", "r.pfcount(k)", 1.10)
def length(stage: Stage) -> Pair:
    raw, seen, many = stage.raw, stage.place("app.seen").as_hyperloglog(), texts(MANY)
    raw.pfadd("k", *map(json.dumps, many))
    seen.update(many)
    return Pair(raw=lambda: raw.pfcount("k"), ours=lambda: len(seen))


@row("hyperloglog.union_length() of 3", "r.pfcount(a, b, c)", 1.30)
def union(stage: Stage) -> Pair:
    raw, app = stage.raw, stage.place("app")
    leaves = [app.get(name).as_hyperloglog() for name in "abc"]
    for number, (name, leaf) in enumerate(zip("abc", leaves, strict=True)):
        many = texts(MANY)[number * 1000 :]
        raw.pfadd(name, *map(json.dumps, many))
        leaf.update(many)
    first, *others = leaves
    return Pair(raw=lambda: raw.pfcount(*"abc"), ours=lambda: first.union_length(*others))


@row("v in hyperloglog of 2,000", "copy, pfadd and unlink in a raw pipeline", None)
def contains(stage: Stage) -> Pair:
    raw, seen, many = stage.raw, stage.place("app.seen").as_hyperloglog(), texts(2000)
    raw.pfadd("k", *map(json.dumps, many))
    seen.update(many)

    def ask() -> bool:
        with raw.pipeline() as pipe:
            pipe.pfcount("k")
            pipe.copy("k", "copy")
            pipe.pfadd("copy", '"nobody"')
            pipe.unlink("copy")
            return not pipe.execute()[2]

    return Pair(raw=ask, ours=lambda: "nobody" in seen)
