"""One leaf at a time: where the cost of a call itself shows."""

from __future__ import annotations

import itertools
import json
from typing import Any

from benchmarks.measure import Pair
from benchmarks.registry import row
from benchmarks.stage import TCP, Stage
from redicts import Proxy

VALUE = "hello world"


@row("val() of a leaf", "json.loads(r.get(k))", 1.00)
def val_leaf(stage: Stage) -> Pair:
    return _val(stage.raw, stage.place("app.user.name"))


@row("val() of a leaf, TCP", "json.loads(r.get(k))", 1.00)
def val_leaf_tcp(stage: Stage) -> Pair:
    return _val(stage.raw_tcp, stage.place("app.user.name", TCP))


@row("set() of a scalar", "r.set(k, json.dumps(v))", 1.15)
def set_scalar(stage: Stage) -> Pair:
    return _set(stage.raw, stage.place("app.user"))


@row("set() of a scalar, TCP", "r.set(k, json.dumps(v))", 1.15)
def set_scalar_tcp(stage: Stage) -> Pair:
    return _set(stage.raw_tcp, stage.place("app.user", TCP))


def _val(raw: Any, place: Proxy) -> Pair:
    raw.set("k", json.dumps(VALUE))
    place.set((), VALUE)
    return Pair(raw=lambda: json.loads(raw.get("k")), ours=place.val)


def _set(raw: Any, place: Proxy) -> Pair:
    place.set("name", VALUE)  # over a leaf that is there: the common case
    return Pair(raw=lambda: raw.set("k", json.dumps(VALUE)), ours=lambda: place.set("name", VALUE))


@row("set() of a new scalar", "r.set(k, json.dumps(v))")
def set_new(stage: Stage) -> Pair:
    raw, place = stage.raw, stage.place("app.user")
    place.set("other", VALUE)
    ours, theirs = itertools.count(), itertools.count()
    return Pair(
        raw=lambda: raw.set(f"k{next(theirs)}", json.dumps(VALUE)),
        ours=lambda: place.set(f"name{next(ours)}", VALUE),
    )


@row("set() with expire", "r.set(k, json.dumps(v), px=...)")
def set_expiring(stage: Stage) -> Pair:
    raw, place = stage.raw, stage.place("app.user")
    return Pair(
        raw=lambda: raw.set("k", json.dumps(VALUE), px=60_000),
        ours=lambda: place.set("name", VALUE, expire=60),
    )


@row("add()", "r.incrby(k)")
def add(stage: Stage) -> Pair:
    raw, place = stage.raw, stage.place("app.hits")
    return Pair(raw=lambda: raw.incrby("k", 1), ours=place.add)


@row("update() of 10 paths", "pipeline of 10 r.set()")
def update(stage: Stage) -> Pair:
    raw, place = stage.raw, stage.place("app")
    values = {f"user.name{i}": VALUE for i in range(10)}

    def pipeline() -> None:
        with raw.pipeline() as pipe:  # MULTI and EXEC around it: update() is one atomic step too
            for name, value in values.items():
                pipe.set(name, json.dumps(value))
            pipe.execute()

    return Pair(raw=pipeline, ours=lambda: place.update(values))
