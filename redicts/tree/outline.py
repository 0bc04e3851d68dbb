"""Reading as much of a tree as is shown, and no more: what the command ``tree`` draws.

It goes level by level: one round trip finds the children of all nodes of a level, one or two more what they are. Of a
node with a million children a few hundred are read.

May import core. Invariant: what is read is bounded by ``depth``, ``most`` and the
constants here, whatever the tree holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from redicts.core.codec import EXPIRING, MARKERS, NODE, TYPED
from redicts.core.effects import Call, Eval, Op
from redicts.core.keys import SECTION_FIELD, KeySpace, decode_component
from redicts.core.paths import Path
from redicts.core.scripts import load

__all__ = ["TEXT_BYTES", "Sight", "look", "look_at_leaf"]

OPENED: Final = 200
"""How many nodes of one level are opened; of the others only the number of their children is read."""

TEXT_BYTES: Final = 1000
"""How much is read of the text of a leaf that has a key of its own."""

_COUNT: Final = load("redicts.tree", "count")

GONE: Final = -2
"""What PTTL says of a key that is not there."""


@dataclass
class Sight:
    """A place as it is shown.

    Attributes:
        path: Where it is.
        marker: ``/`` for a node, ``@list`` for a typed leaf, ``~`` for an expiring leaf, ``""`` for any other.
        text: A leaf's JSON text, perhaps cut; ``""`` otherwise.
        ttl_ms: Time to live; negative: none.
        count: How many children a node has, perhaps some expired among them; how many elements, or bytes, a typed leaf.
        children: Those that were read, by name.
        opened: Whether the children were asked for.
    """

    path: Path
    marker: str
    text: str = ""
    ttl_ms: int = -1
    count: int = 0
    children: list[Sight] = field(default_factory=list)
    opened: bool = False

    @property
    def name(self) -> str:
        """The last component; empty for the root."""
        return self.path[-1] if self.path else ""


def look(space: KeySpace, path: Path, depth: int, most: int) -> Op[Sight]:
    """Read the top of a tree.

    Args:
        space: The keys of the tree.
        path: The root, or a node.
        depth: How many levels below it, from 1.
        most: How many children of a node, from 1.

    Returns:
        The place; without children where nothing is.

    Cost: 2 or 3 round trips for each level.
    """
    top = Sight(path, NODE)
    if path:
        top.count, top.ttl_ms = yield (Call(("HLEN", space.node(path))), Call(("PTTL", space.node(path))))
    else:
        (top.count,) = yield (Call(("SCARD", space.sections)),)
    level = [top]
    for _ in range(depth):
        nodes = [sight for sight in level if sight.marker == NODE][:OPENED]
        if not nodes:
            break
        replies = yield tuple([_scan(space, node.path, most) for node in nodes])
        for node, (cursor, found) in zip(nodes, replies, strict=True):
            _open(node, found, most, whole=str(cursor) == "0")
        level = [child for node in nodes for child in node.children]
        yield from _look_closer(space, level)
        for node in nodes:
            alive = [child for child in node.children if child.ttl_ms != GONE]
            node.count -= len(node.children) - len(alive)
            node.children = alive
        level = [child for child in level if child.ttl_ms != GONE]
    return top


def _scan(space: KeySpace, path: Path, most: int) -> Call:
    # More than is shown: a table with room to spare gives fewer than it is asked for.
    count = 100 + 2 * most
    if not path:
        return Call(("SSCAN", space.sections, "0", "COUNT", str(count)))
    return Call(("HSCAN", space.node(path), "0", "COUNT", str(count)))


def _open(node: Sight, found: list[str], most: int, whole: bool) -> None:
    """Give a node the children that were found; ``whole``: there are no others."""
    if node.path:
        pairs = iter(found)
        texts = {decode_component(name): text for name, text in zip(pairs, pairs, strict=True) if name != SECTION_FIELD}
        children = [_sight((*node.path, name), texts[name]) for name in sorted(texts)]
    else:
        children = [Sight((decode_component(name),), NODE) for name in sorted(found)]
    node.opened = True
    node.count = len(children) if whole else max(node.count, len(children))
    node.children = children[:most]


def _sight(path: Path, text: str) -> Sight:
    if text.startswith(NODE):
        return Sight(path, NODE)
    return Sight(path, text) if text.startswith(MARKERS) else Sight(path, "", text)


def _look_closer(space: KeySpace, sights: list[Sight]) -> Op[None]:
    """Find out what the found ones are, and how long they live."""
    sections = [sight for sight in sights if len(sight.path) == 1]
    if sections:
        # A section that is itself a leaf stands in its own hash, and may live as long as that.
        keys = [space.node(sight.path) for sight in sections]
        calls = [call for key in keys for call in (Call(("HGET", key, SECTION_FIELD)), Call(("PTTL", key)))]
        replies: tuple[Any, ...] = yield tuple(calls)
        for sight, text, ttl_ms in zip(sections, replies[::2], replies[1::2], strict=True):
            if text is not None:
                leaf = _sight(sight.path, text)
                sight.marker, sight.text, sight.ttl_ms = leaf.marker, leaf.text, ttl_ms
    marked = [sight for sight in sights if sight.marker]
    if marked:
        replies = yield tuple([call for sight in marked for call in _questions(space, sight)])
        for sight, ttl_ms, more in zip(marked, replies[::2], replies[1::2], strict=True):
            sight.ttl_ms = ttl_ms
            if sight.marker == NODE or sight.marker.startswith(TYPED):
                sight.count = more
            elif sight.marker == EXPIRING:
                sight.text = more


def look_at_leaf(space: KeySpace, path: Path, kind: str) -> Op[Sight]:
    """Read how much is in a typed leaf, and how long it lives.

    Cost: 1 round trip.
    """
    sight = Sight(path, TYPED + kind)
    sight.ttl_ms, sight.count = yield _questions(space, sight)
    return sight


def _questions(space: KeySpace, sight: Sight) -> tuple[Call, Call | Eval]:
    if sight.marker == NODE:
        key = space.node(sight.path)
        return Call(("PTTL", key)), Call(("HLEN", key))
    key = space.body(sight.path)
    if sight.marker.startswith(TYPED):
        return Call(("PTTL", key)), Eval(_COUNT, (key,), ())
    return Call(("PTTL", key)), Call(("GETRANGE", key, "0", str(TEXT_BYTES - 1)))
