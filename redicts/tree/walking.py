"""Walking the leaves below a place in steps, for what is too large for one.

A ``Walk`` is pure: it says which pages of which nodes it needs next, and is fed the replies. The faces drive it, each
in its own way. It goes depth first, so that the leaves of a node come together, and asks for many nodes in one round
trip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from redicts.core.codec import EXPIRING, NODE, TYPED
from redicts.core.effects import Call, Eval, Op
from redicts.core.keys import SECTION_FIELD, KeySpace, decode_component
from redicts.core.operation import operation
from redicts.core.paths import Path
from redicts.core.place import Place
from redicts.core.scripts import load

__all__ = ["Leaf", "Walk", "Walking", "snapshots"]

PAGE: Final = 1000
"""About how many children one round trip asks for. (Small hashes come whole, whatever is asked.)"""

NODES_AT_ONCE: Final = 100
"""How many nodes' pages one round trip asks for, at most."""


class Leaf(NamedTuple):
    """A leaf that a walk has come by.

    Attributes:
        path: Where it stands.
        text: Its JSON text; ``None`` for a typed leaf, which is read on its own.
    """

    path: Path
    text: str | None


class _Page(NamedTuple):
    cursor: str
    pairs: list[str]


class _Node:
    """A node on the way: its pages are asked for one after the other."""

    __slots__ = ("cursor", "key", "page", "path", "seen")

    def __init__(self, path: Path, key: str) -> None:
        self.path = path
        self.key = key
        self.cursor = "0"
        self.page: _Page | None = None
        # A hash that grows or shrinks meanwhile may give a field twice; only nodes of several pages can.
        self.seen: set[str] | None = None


class Walk:
    """The state of a walk: what it needs next, and what it has found.

    Args:
        space: The key space.
        path: Where it begins; the root's sections must be given.
        sections: For the root, the names as they stand in the set.
    """

    def __init__(self, space: KeySpace, path: Path, sections: list[str]) -> None:
        self._space = space
        self._start = path
        paths = [path] if path else [(decode_component(name),) for name in sorted(sections, reverse=True)]
        self._stack = [_Node(p, space.node(p)) for p in paths]
        self._at_once = 1

    def wanted(self) -> tuple[Call, ...]:
        """Give the commands whose replies the walk needs next; none at its end."""
        lacking = self._lacking()
        count = str(max(PAGE // max(len(lacking), 1), 10))
        return tuple([Call(("HSCAN", node.key, node.cursor, "COUNT", count)) for node in lacking])

    def _lacking(self) -> list[_Node]:
        if not self._stack or self._stack[-1].page is not None:
            return []
        return [node for node in self._stack[-self._at_once :] if node.page is None]

    def feed(self, replies: tuple[Any, ...]) -> Iterator[tuple[Path, str, str]]:
        """Take the replies to ``wanted``, and give what is found until more is needed.

        Yields:
            Path, field value and the key of the body, for each leaf in turn.
        """
        for node, (cursor, pairs) in zip(self._lacking(), replies, strict=True):
            node.page = _Page(str(cursor), pairs)
        self._adapt(sum(len(pairs) // 2 for _, pairs in replies))
        while self._stack and self._stack[-1].page is not None:
            yield from self._open(self._stack[-1], self._stack[-1].page)

    def _adapt(self, children: int) -> None:
        """Ask for more nodes next time while little comes, for fewer when much did: what is held stays bounded."""
        if children < PAGE:
            self._at_once = min(2 * self._at_once, NODES_AT_ONCE)
        elif children > 2 * PAGE:
            self._at_once = max(self._at_once * 2 * PAGE // children, 1)

    def _open(self, node: _Node, page: _Page) -> Iterator[tuple[Path, str, str]]:
        """Take one page of the node on top: its leaves are found, its child nodes go on top of it."""
        if page.cursor == "0":
            del self._stack[-1]
        else:
            node.cursor, node.page = page.cursor, None
            node.seen = node.seen if node.seen is not None else set()
        for field, text in zip(page.pairs[::2], page.pairs[1::2], strict=True):
            if node.seen is not None:
                if field in node.seen:
                    continue
                node.seen.add(field)
            path = node.path if field == SECTION_FIELD else (*node.path, decode_component(field))
            if path == self._start:
                continue  # a section that is itself a leaf is not its own child
            if text.startswith(NODE):
                self._stack.append(_Node(path, self._space.node(path)))
            else:
                yield path, text, self._space.body(path)


class Walking(Place):
    """What the faces' ``iter_children`` are made of."""

    __slots__ = ()

    @operation(idempotent=True)
    def begin_walk(self) -> Op[Walk]:
        """Begin a walk over the leaves below.

        Returns:
            Its state, to be driven by ``walk_on``. (``iter_children`` does both; this is for who needs the texts too.)

        Atomicity: one step.
        Cost: 1 round trip for the root, else none.
        """
        sections: list[str] = []
        if not self._path:
            (sections,) = yield (Call(("SMEMBERS", self._space.sections)),)
        return Walk(self._space, self._path, sections)

    @operation(idempotent=True, one_step=False)
    def walk_on(self, walk: Walk) -> Op[list[Leaf] | None]:
        """Go on with a walk.

        Args:
            walk: Its state.

        Returns:
            The leaves come by, perhaps none; ``None`` at the end.

        Atomicity: each page of a node is one step; what is written meanwhile may be seen or not.
        Cost: 1 round trip for up to 100 nodes, 1 more where leaves among them have a key of their own.
        """
        wanted = walk.wanted()
        if not wanted:
            return None
        replies = yield wanted
        found = list(walk.feed(replies))
        bodies = tuple([_ask(text, body) for _, text, body in found if text.startswith((EXPIRING, TYPED))])
        bodies_found = iter((yield bodies) if bodies else ())
        leaves: list[Leaf] = []
        for path, text, _ in found:
            if not text.startswith((EXPIRING, TYPED)):
                leaves.append(Leaf(path, text))
            elif (body := next(bodies_found)) is not None and body != 0:
                leaves.append(Leaf(path, body if text == EXPIRING else None))
        return leaves


def snapshots(space: KeySpace, paths: Sequence[Path]) -> Op[list[str | None]]:
    """Read the JSON texts of typed leaves; ``None`` where one has gone.

    Cost: 1 round trip, O(what is read).
    """
    script, entries = load("redicts.tree", "val"), [space.entry(path) for path in paths]
    return list((yield tuple([Eval(script, (entry.key,), (entry.field,)) for entry in entries])))


def _ask(text: str, body: str) -> Call:
    """Ask for the body of a leaf that has one: for its text, or for whether it is there."""
    return Call(("GET" if text == EXPIRING else "EXISTS", body))
