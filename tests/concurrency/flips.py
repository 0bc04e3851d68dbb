"""Documents that show when they are torn, writers that flip between them, and readers that look.

Every leaf of a document carries the same number, its generation, and the generation fixes the shape: so a value is
whole exactly when it is the document of the generation that any one of its leaves carries.

A writer keeps these places going until it is killed, and a reader looks at all of them:

=========  ===========================================================================================
place      written by
=========  ===========================================================================================
``doc``    ``set``: leaves become nodes and nodes leaves
``part``   ``update`` of several places below it
``s0``...  ``update`` of several sections from the root
``come``   ``set``, then ``delete``, then ``set``, then ``pop``: it may be gone, but never half
``torn``   leaf by leaf, on purpose: a reader that does not find this torn would find nothing
=========  ===========================================================================================
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from redicts import Proxy
from tests.concurrency.trees import Spot

__all__ = ["SECTIONS", "Tally", "document", "is_whole", "read_for", "write_for_ever"]

SECTIONS = ("s0", "s1", "s2")
_TORN_NAMES = ("a", "b", "c", "d")


def document(generation: int, turn: int = 0) -> Any:
    """Give the document of a generation; ``turn`` gives the same generation another shape."""
    g = generation
    shapes: tuple[Callable[[], Any], ...] = (
        lambda: {"a": g, "b": {"c": g, "d": {"e": g, "f": [g, g]}}},
        lambda: {"a": {"x": g, "y": {"z": g}}, "b": g, "w": g},
        lambda: g,
        lambda: {f"k{i}": g if i % 8 else {"deep": {"er": g}} for i in range(40)},
        lambda: {"b": {"c": {"d": {"e": g}}}, "q": g},
    )
    return shapes[(generation + turn) % len(shapes)]()


_NAMES = {frozenset(d) if isinstance(d, dict) else frozenset() for d in map(document, range(5))}


def _generation(value: Any) -> int:
    while not isinstance(value, int):
        value = next(iter(value.values())) if isinstance(value, dict) else value[0]
    return value


def is_whole(value: Any, turn: int = 0) -> bool:
    """Whether a value is a document, no more and no less."""
    return bool(value == document(_generation(value), turn))


# -- writers -------------------------------------------------------------------------------------------------------


def write_for_ever(spot: Spot, first: int, step: int) -> None:
    """Write generations until killed. Writers with different ``first`` below ``step`` never share a generation."""
    tree = spot.open()
    for generation in itertools.count(first, step):
        write(tree, generation)
        if generation == first:
            print("writing")


def write(tree: Proxy, g: int) -> None:
    """Write one generation to all places."""
    tree.set("doc", document(g))
    tree.get("part").update({"left": document(g), "right": document(g, 1), "far.off.leaf": g})
    tree.update({name: document(g, turn) for turn, name in enumerate(SECTIONS)})
    tree.set("come", document(g))
    if g % 4 < 2:
        tree.delete("come")
    else:
        tree.pop("come", None)
    for name in _TORN_NAMES:
        tree.get("torn").set(name, g)


# -- readers -------------------------------------------------------------------------------------------------------


class Tally(NamedTuple):
    """What a reader counted: looks and mixtures for each kind of look, and how many generations it saw go by."""

    looks: dict[str, int]
    mixed: dict[str, list[str]]
    generations: int


def read_for(spot: Spot, looks: int, generations: int, seconds: float) -> Tally:
    """Look at all places, each so often, and on until so many generations were seen; at most for ``seconds``."""
    tree = spot.open()
    counted = dict.fromkeys(_LOOKS, 0)
    mixed: dict[str, list[str]] = {name: [] for name in _LOOKS}
    seen: set[int] = set()
    deadline = time.monotonic() + seconds
    rounds = 0
    while (rounds < looks or len(seen) < generations) and time.monotonic() < deadline:
        rounds += 1
        for name, look in _LOOKS.items():
            value, good = look(tree)
            counted[name] += 1
            if not good:
                mixed[name].append(repr(value)[:300])
            if name == "doc.val()":
                seen.add(_generation(value))
    return Tally(counted, {name: found for name, found in mixed.items() if found}, len(seen))


def _doc_val(tree: Proxy) -> tuple[Any, bool]:
    value = tree.get("doc").val()
    return value, is_whole(value)


def _doc_children(tree: Proxy) -> tuple[Any, bool]:
    names = tree.get("doc").children()
    return names, frozenset(names) in _NAMES


def _doc_count(tree: Proxy) -> tuple[Any, bool]:
    count = len(tree["doc"])
    return count, count in {len(names) for names in _NAMES}


def _doc_kind(tree: Proxy) -> tuple[Any, bool]:
    kind = tree.get("doc").kind()
    return kind, kind in ("node", "leaf")


def _doc_branch(tree: Proxy) -> tuple[Any, bool]:
    value = tree.get("doc.b").val()
    if value is None:
        return value, True
    g = _generation(value)
    whole = document(g)
    return value, isinstance(whole, dict) and value == whole.get("b")


def _part_val(tree: Proxy) -> tuple[Any, bool]:
    value = tree.get("part").val()
    g = value["far"]["off"]["leaf"]
    return value, value == {"left": document(g), "right": document(g, 1), "far": {"off": {"leaf": g}}}


def _root_val(tree: Proxy) -> tuple[Any, bool]:
    value = tree.val()
    found = {name: value[name] for name in SECTIONS}
    g = _generation(found["s0"])
    return found, found == {name: document(g, turn) for turn, name in enumerate(SECTIONS)}


def _root_children(tree: Proxy) -> tuple[Any, bool]:
    names = set(tree.children())
    return names, names >= {"doc", "part", *SECTIONS} and names <= {"doc", "part", "torn", "come", *SECTIONS}


def _come_val(tree: Proxy) -> tuple[Any, bool]:
    value = tree.get("come").val()
    return value, value is None or is_whole(value)


def _come_children(tree: Proxy) -> tuple[Any, bool]:
    names = tree.get("come").children()
    return names, frozenset(names) in _NAMES


def _leaf_by_leaf(tree: Proxy) -> tuple[Any, bool]:
    leaves = [tree.get("s0").val(), tree.get("s1").val(), tree.get("s2").val()]
    return leaves, len({_generation(leaf) for leaf in leaves}) == 1


def _torn_val(tree: Proxy) -> tuple[Any, bool]:
    value = tree.get("torn").val({})
    return value, set(value) == set(_TORN_NAMES) and len(set(value.values())) == 1


_LOOKS: dict[str, Callable[[Proxy], tuple[Any, bool]]] = {
    "doc.val()": _doc_val,
    "doc.children()": _doc_children,
    "doc.count_children()": _doc_count,
    "doc.kind()": _doc_kind,
    "doc.b.val()": _doc_branch,
    "part.val()": _part_val,
    "root.val()": _root_val,
    "root.children()": _root_children,
    "come.val()": _come_val,
    "come.children()": _come_children,
    "leaf by leaf": _leaf_by_leaf,
    "torn.val()": _torn_val,
}
