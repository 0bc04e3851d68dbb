"""Faults made by hand, as other programs, eviction or a torn restore make them; what ``check`` should say of each.

Each works on the keys of a healthy tree (``HEALTHY``) behind the back of redicts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from redicts import Proxy
from redicts.core.keys import KeySpace

__all__ = ["FAULTS", "HEALTHY", "Fault", "build"]

HEALTHY: dict[str, Any] = {
    "a": {"leaf": 1, "node": {"x": 2, "y": {"z": 3}}, "d.o.t": {"w": None}},
    "s": "section",
    "e": {"brief": 4, "box": {"in": {"p": 5}, "brief": 6}},
}
LIFE = 1000.0


def build(tree: Proxy) -> None:
    """Make the healthy tree: ``e.brief``, ``e.box`` and ``e.box.brief`` expire, in 1000, 1000 and 500 seconds."""
    tree.update([([name], value) for name, value in HEALTHY.items()])
    assert tree.get("e.brief").expire(LIFE)
    assert tree.get("e.box").expire(LIFE)
    assert tree.get("e.box.brief").expire(LIFE / 2)


@dataclass
class Fault:
    """One thing that is wrong.

    Attributes:
        make: Does it, given a client and the key space.
        kind: What ``check`` calls it.
        key: The key that it is found at.
        path: The place, as dotted text.
        changes: Places that mending changes, and what they hold then; everything else stays.
        mended: Whether ``check(repair=True)`` mends it.
    """

    make: Callable[[Any, KeySpace], Any]
    kind: str
    key: Callable[[KeySpace], str]
    path: str | None
    changes: dict[str, Any]
    mended: bool = True


GONE = object()


def node(*path: str) -> Callable[[KeySpace], str]:
    return lambda space: space.node(path)


def body(*path: str) -> Callable[[KeySpace], str]:
    return lambda space: space.body(path)


def put(key: Callable[[KeySpace], str], field: str, text: str) -> Callable[[Any, KeySpace], Any]:
    return lambda client, space: client.hset(key(space), field, text)


def overwrite(key: Callable[[KeySpace], str]) -> Callable[[Any, KeySpace], Any]:
    """Put a value of another type in the place of a key."""

    def make(client: Any, space: KeySpace) -> None:
        client.delete(key(space))
        client.rpush(key(space), "something else")

    return make


def do(command: str, key: Callable[[KeySpace], str], *args: str) -> Callable[[Any, KeySpace], Any]:
    return lambda client, space: client.execute_command(command, key(space), *args)


def sections(space: KeySpace) -> str:
    return space.sections


FAULTS = {
    "orphan node": Fault(put(node("a", "lost"), "q", "1"), "orphan node", node("a", "lost"), "a.lost", {}),
    "orphan far below": Fault(put(node("a", "b", "c"), "q", "1"), "orphan node", node("a", "b", "c"), "a.b.c", {}),
    "orphan below a leaf": Fault(put(node("a", "leaf"), "q", "1"), "orphan node", node("a", "leaf"), "a.leaf", {}),
    "orphan below a section leaf": Fault(put(node("s", "b"), "q", "1"), "orphan node", node("s", "b"), "s.b", {}),
    "orphan of no section": Fault(put(node("n", "b"), "q", "1"), "orphan node", node("n", "b"), "n.b", {}),
    "lost node": Fault(do("DEL", node("a", "node", "y")), "marker without node", node("a", "node", "y"), "a.node.y",
                       {"a.node.y": GONE}),
    "lost node with others below": Fault(do("DEL", node("a", "node")), "orphan node", node("a", "node", "y"),
                                         "a.node.y", {"a.node": GONE}),
    "marker of nothing": Fault(put(node("a"), "new", "/"), "marker without node", node("a", "new"), "a.new", {}),
    "body of nothing": Fault(do("SET", body("a", "new"), "1"), "key without marker", body("a", "new"), "a.new", {}),
    "body of a plain leaf": Fault(do("SET", body("a", "leaf"), "9"), "key without marker", body("a", "leaf"), "a.leaf",
                                  {}),
    "body of a node": Fault(do("SET", body("a", "node"), "9"), "key without marker", body("a", "node"), "a.node", {}),
    "body of a section leaf": Fault(do("SET", body("s"), "9"), "key without marker", body("s"), "s", {}),
    "section not registered": Fault(do("SREM", sections, "a"), "section not registered", node("a"), "a", {}),
    "no sections": Fault(do("DEL", sections), "section not registered", node("s"), "s", {}),
    "node outlives": Fault(do("PERSIST", node("e", "box", "in")), "outlives its parent", node("e", "box", "in"),
                           "e.box.in", {}),
    "node outlives a little": Fault(do("EXPIRE", node("e", "box", "in"), "1100"), "outlives its parent",
                                    node("e", "box", "in"), "e.box.in", {}),
    "leaf outlives": Fault(do("EXPIRE", body("e", "box", "brief"), "2000"), "outlives its parent",
                           body("e", "box", "brief"), "e.box.brief", {}),
    "node of another type": Fault(overwrite(node("a", "node", "y")), "wrong type", node("a", "node", "y"), "a.node.y",
                                  {"a.node.y": GONE}),
    "section of another type": Fault(overwrite(node("s")), "wrong type", node("s"), "s", {"s": GONE}),
    "body of another type": Fault(overwrite(body("e", "brief")), "wrong type", body("e", "brief"), "e.brief",
                                  {"e.brief": GONE}),
    "sections of another type": Fault(overwrite(sections), "wrong type", sections, None, {}),
    "leaf and node": Fault(put(node("s"), "below", "1"), "leaf and node", node("s"), "s", {}),
    "never expires": Fault(do("PERSIST", body("e", "brief")), "never expires", body("e", "brief"), "e.brief", {}),
    "a section that is a node within itself": Fault(put(node("s"), "", "/"), "leaf and node", node("s"), "s",
                                                    {"s": GONE}),
    "not JSON": Fault(put(node("a"), "new", "{broken"), "not JSON", node("a"), "a.new", {}, mended=False),
    "a section that is not JSON": Fault(put(node("s"), "", ""), "not JSON", node("s"), "s", {}, mended=False),
    "a body that is not JSON": Fault(do("SET", body("e", "brief"), "oops", "EX", "500"), "not JSON",
                                     body("e", "brief"), "e.brief", {}, mended=False),
    "unknown field": Fault(put(node("a"), "new.dot", "1"), "unknown field", node("a"), "a", {}, mended=False),
    "unknown field in escapes": Fault(put(node("a"), "\\u0041", "1"), "unknown field", node("a"), "a", {},
                                      mended=False),
    "unknown key": Fault(do("SET", lambda space: space.node(("a",)) + "..b", "1"), "unknown key",
                         lambda space: space.node(("a",)) + "..b", None, {}, mended=False),
    "unknown marker": Fault(put(node("a"), "new", "/x"), "not JSON", node("a"), "a.new", {}, mended=False),
}  # fmt: skip
"""By what was done. ``changes`` tells what of the healthy tree is lost; what only was too much goes unsaid."""
