"""Whole documents: 10,000 leaves in 2,000 nodes, against one JSON blob in one key.

A blob can only be read and written whole, and two writers of it lose each other's changes; that every leaf here has a
life of its own is what the ratios pay for.
"""

from __future__ import annotations

import json
from typing import Any

from benchmarks.measure import Pair
from benchmarks.registry import row
from benchmarks.stage import Stage

NODES = 2_000


def users(nodes: int) -> dict[str, dict[str, Any]]:
    """Make a document with five leaves in each node: text, integers, floats, a bool and a null, in turns."""
    return {
        f"user{i}": {
            "name": f"User number {i}",
            "age": i % 90,
            "score": i / 7,
            "active": i % 3 == 0,
            "note": None if i % 2 else f"note {i}",
        }
        for i in range(nodes)
    }


@row("val() of 10,000 leaves", "json.loads(r.get(blob))", 7)
def val_document(stage: Stage) -> Pair:
    raw, place, document = stage.raw, stage.place("app.users"), users(NODES)
    raw.set("blob", json.dumps(document))
    place.set((), document)
    if place.val() != document:
        raise RuntimeError("the document came back changed")
    return Pair(raw=lambda: json.loads(raw.get("blob")), ours=place.val)


@row("set() of 10,000 leaves, fresh", "r.set(blob, json.dumps(d))", 8)
def set_document(stage: Stage) -> Pair:
    raw, app, document = stage.raw, stage.place("app"), users(NODES)
    return Pair(
        raw=lambda: raw.set("blob", json.dumps(document)),
        ours=lambda: app.set("users", document),
        prepare=lambda: (raw.delete("blob"), app.clear()),
    )


@row("set() of 10,000 leaves, replacing", "r.set(blob, json.dumps(d))", 8)
def replace_document(stage: Stage) -> Pair:
    raw, app, document = stage.raw, stage.place("app"), users(NODES)
    return Pair(
        raw=lambda: raw.set("blob", json.dumps(document)),
        ours=lambda: app.set("users", document),
    )


@row("val() of a node of 5 leaves", "json.loads(r.get(blob))")
def val_node(stage: Stage) -> Pair:
    raw, place = stage.raw, stage.place("app.user")
    (user,) = users(1).values()
    raw.set("blob", json.dumps(user))
    place.set((), user)
    return Pair(raw=lambda: json.loads(raw.get("blob")), ours=place.val)


@row("set() of a node of 5 leaves", "r.set(blob, json.dumps(d))")
def set_node(stage: Stage) -> Pair:
    raw, app = stage.raw, stage.place("app")
    (user,) = users(1).values()
    return Pair(raw=lambda: raw.set("blob", json.dumps(user)), ours=lambda: app.set("user", user))
