"""What the tree should be: section 2 of the design, over plain Python objects and a clock that is set by hand.

It knows nothing of Redis, of keys, of scripts. A place holds a ``Leaf`` or a ``Node``; each may have a deadline of its
own, which is always before the deadlines of the nodes that it lies in (else it would not be its own).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tests.support.trees import canonical

__all__ = ["Leaf", "Model", "Node", "Path"]

Path: TypeAlias = tuple[str, ...]


@dataclass
class Leaf:
    """One JSON value; what a typed leaf shows, where it has a kind."""

    value: Any
    deadline: float | None = None
    kind: str = "leaf"


@dataclass
class Node:
    """Children, at least one of them, the root apart."""

    children: dict[str, Place] = field(default_factory=dict)
    deadline: float | None = None


Place: TypeAlias = Leaf | Node


class Model:
    """A tree and its clock (seconds)."""

    def __init__(self) -> None:
        self.root = Node()
        self.now = 0.0

    def __bool__(self) -> bool:
        return bool(self.root.children)

    # -- reading -------------------------------------------------------------------------------------------------

    def find(self, path: Path) -> Place | None:
        """What stands at a path, or nothing."""
        place: Place | None = self.root
        for name in path:
            place = place.children.get(name) if isinstance(place, Node) else None
        return place

    def val(self, path: Path, default: Any = None) -> Any:
        place = self.find(path)
        return default if place is None else value_of(place)

    def kind(self, path: Path) -> str | None:
        place = self.find(path)
        return None if place is None else "node" if isinstance(place, Node) else place.kind

    def children(self, path: Path) -> list[str]:
        place = self.find(path)
        return sorted(place.children) if isinstance(place, Node) else []

    def places(self, path: Path) -> Iterator[Path]:
        """The paths of all nodes and leaves below a path."""
        for name in self.children(path):
            yield (*path, name)
            yield from self.places((*path, name))

    def leaves(self, path: Path) -> Iterator[Path]:
        """The paths of all leaves below a path."""
        yield from (place for place in self.places(path) if self.kind(place) != "node")

    def special(self, path: Path, lives: bool = False) -> bool:
        """Whether a typed leaf is here or below; or, where that is asked, anything below with a life of its own."""
        here = self.find(path)
        below = [place for place in map(self.find, self.places(path)) if place is not None]
        typed = any(isinstance(place, Leaf) and place.kind != "leaf" for place in [*below, here])
        return typed or (lives and any(place.deadline is not None for place in below))

    def time_to_live(self, path: Path) -> float:
        if self.find(path) is None:
            return -2
        deadline = self.limit((*path, ""))
        return -1 if deadline is None else deadline - self.now

    def limit(self, path: Path) -> float | None:
        """The soonest deadline of the nodes that a path lies in."""
        above = [self.find(path[:depth]) for depth in range(len(path))]
        return min((place.deadline for place in above if place and place.deadline is not None), default=None)

    # -- writing -------------------------------------------------------------------------------------------------

    def set(self, path: Path, value: Any, life: float | None = None) -> None:
        """The place gets a new life; a leaf on the way becomes a node, and what lies above keeps its deadline."""
        self._put(path, value, None if life is None else self.now + life)

    def replace(self, path: Path, value: Any) -> None:
        """As ``set``, but the place keeps its deadline."""
        old = self.find(path)
        self._put(path, value, old.deadline if old else None)

    def _put(self, path: Path, value: Any, deadline: float | None) -> None:
        above = self.root
        for name in path[:-1]:
            child = above.children.get(name)
            if not isinstance(child, Node):
                child = above.children[name] = Node(deadline=child.deadline if child else None)
            above = child
        place = above.children[path[-1]] = place_of(copy.deepcopy(value))
        place.deadline = self._own(deadline, self.limit(path))

    def delete(self, path: Path) -> bool:
        lived = self.find(path) is not None and bool(self)
        if not path:
            self.root = Node()
        elif lived:
            parent = self.find(path[:-1])
            assert isinstance(parent, Node)
            del parent.children[path[-1]]
            if not parent.children and len(path) > 1:
                _ = self.delete(path[:-1])
        return lived

    def setdefault(self, path: Path, value: Any) -> Any:
        if self.find(path) is None:
            self.set(path, value)
        return self.val(path)

    def compare_and_set(self, path: Path, expected: Any, new: Any) -> bool:
        same = canonical(self.val(path)) == canonical(expected)
        if same:
            self.replace(path, new)
        return same

    def transform(self, path: Path, function: Callable[[Any], Any]) -> Any:
        self.replace(path, function(self.val(path)))
        return self.val(path)

    # -- typed leaves --------------------------------------------------------------------------------------------

    def mounted(self, path: Path, kind: str, empty: Any) -> Any:
        """The value of a typed leaf, to be changed; ``None`` where something else is."""
        if self.find(path) is None:
            self.set(path, None)
            self._become(path, kind, empty)
        place = self.find(path)
        return place.value if isinstance(place, Leaf) and place.kind == kind else None

    def convert(self, path: Path, kind: str) -> bool | None:
        """Make a place a typed leaf, or plain JSON (``"leaf"``); ``None``: it does not fit."""
        place = self.find(path)
        if place is None or self.kind(path) == kind or (kind == "leaf" and self.kind(path) == "node"):
            return False
        value = copy.deepcopy(value_of(place))
        if kind == "leaf":
            self.replace(path, value)
            return True
        if not fits(kind, value) or (isinstance(place, Node) and self.special(path, lives=True)):
            return None
        self._become(path, kind, value)
        if not value:
            _ = self.delete(path)
        return True

    def _become(self, path: Path, kind: str, value: Any) -> None:
        self.replace(path, None)
        place = self.find(path)
        assert isinstance(place, Leaf)
        place.kind, place.value = kind, value

    # -- time ----------------------------------------------------------------------------------------------------

    def expire(self, path: Path, life: float | None) -> bool:
        """Give a place a deadline of its own, or none. What lies below and would live longer has none of its own."""
        place = self.find(path)
        if place is None:
            return False
        limit = self.limit(path)
        place.deadline = self._own(None if life is None else self.now + life, limit)
        self._cut(place, limit)
        return True

    def _cut(self, place: Place, limit: float | None) -> None:
        place.deadline = self._own(place.deadline, limit)
        limit = limit if place.deadline is None else place.deadline
        if isinstance(place, Node):
            for child in place.children.values():
                self._cut(child, limit)

    @staticmethod
    def _own(deadline: float | None, limit: float | None) -> float | None:
        return deadline if deadline is None or limit is None or deadline < limit else None

    def advance(self, seconds: float) -> None:
        """Move the clock on: what has expired goes, and with it the nodes that this empties."""
        self.now += seconds
        self._sweep(self.root)

    def _sweep(self, node: Node) -> None:
        for name, child in list(node.children.items()):
            if isinstance(child, Node):
                self._sweep(child)
            expired = child.deadline is not None and child.deadline <= self.now
            if expired or (isinstance(child, Node) and not child.children):
                del node.children[name]


def fits(kind: str, value: Any) -> bool:
    """Whether a value can become a typed leaf. (The machine makes no arrays of pairs.)"""
    if kind == "counter":
        numbers = value.values() if isinstance(value, dict) else ["none"]
        return value == [] or all(type(each) is int and abs(each) < 2**63 for each in numbers)
    if kind == "dict":
        return isinstance(value, dict) or value == []
    return isinstance(value, list)


def value_of(place: Place) -> Any:
    """The JSON value of a place."""
    if isinstance(place, Leaf):
        return place.value
    return {name: value_of(child) for name, child in place.children.items()}


def place_of(value: Any) -> Place:
    """A place that holds a JSON value, without deadlines."""
    if isinstance(value, dict) and value:
        return Node({name: place_of(child) for name, child in value.items()})
    return Leaf(value)
