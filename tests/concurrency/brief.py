"""Names that are used once and live briefly, made by several processes beside names that stay.

Each way of making a name that expires has a node of its own, so that what it leaves behind can be counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from redicts import Proxy
from tests.concurrency.trees import Spot

__all__ = ["LIFE", "WAYS", "Made", "check_until", "make_brief_names"]

LIFE = 0.04
"""Seconds that a name lives: long enough to be read back, short against the time of a test."""

KEPT_OF = 25
"""Of so many names one is kept, for an hour or for ever."""


def _leaf(tree: Proxy, node: str, name: str, n: int) -> None:
    tree.set([node, name], n, expire=LIFE)


def _document(tree: Proxy, node: str, name: str, n: int) -> None:
    tree.set([node, name], {"a": {"b": n}, "c": n}, expire=LIFE)


def _set_then_expire(tree: Proxy, node: str, name: str, n: int) -> None:
    tree.set([node, name], {"n": n}).get([node, name]).expire(LIFE)


def _add_then_expire(tree: Proxy, node: str, name: str, n: int) -> None:
    tree.get([node, name]).add(n)
    tree.get([node, name]).expire(LIFE)


def _leaf_in_new_node(tree: Proxy, node: str, name: str, n: int) -> None:
    tree.set([node, name, "token"], n, expire=LIFE)


def _update_then_expire(tree: Proxy, node: str, name: str, n: int) -> None:
    tree.get(node).update([([name, "deep", "er"], n), ([name, "n"], n)])
    tree.get([node, name]).expire(LIFE)


def _section(tree: Proxy, node: str, name: str, n: int) -> None:
    tree.set([f"{node}-{name}"], {"n": n}, expire=LIFE)


WAYS: dict[str, Callable[[Proxy, str, str, int], None]] = {
    "leaf": _leaf,
    "document": _document,
    "set then expire": _set_then_expire,
    "add then expire": _add_then_expire,
    "leaf in a new node": _leaf_in_new_node,
    "update then expire": _update_then_expire,
    "section": _section,
}


class Made(NamedTuple):
    """What a process made.

    Attributes:
        names: How many, in each of the ways.
        kept: Those that stay, with their values, by dotted path.
        gone: What was gone before its time.
    """

    names: int
    kept: dict[str, int]
    gone: list[str]


def make_brief_names(spot: Spot, me: int, names: int) -> Made:
    """Make so many names in each way; keep some, and look that what lives is there."""
    tree = spot.open()
    kept: dict[str, int] = {}
    gone: list[str] = []
    for n in range(1, names + 1):
        for way, make in WAYS.items():
            began = time.monotonic()
            make(tree, way, f"p{me}-{n}", n)
            place = tree.get([f"{way}-p{me}-{n}"] if way == "section" else [way, f"p{me}-{n}"])
            there = place.exists()
            if not there and time.monotonic() - began < LIFE * 0.9:
                gone.append(place.key())
            if n % KEPT_OF == 0:
                stays = tree.get([f"{way}-kept-p{me}-{n}"] if way == "section" else [way, f"kept-p{me}-{n}"])
                tree.set(stays.path, n, expire=None if n % 2 else 3600)
                kept[stays.key()] = n
        gone += [path for path, value in list(kept.items())[-14:] if tree.get(path).val() != value]
    gone += [path for path, value in kept.items() if tree.get(path).val() != value]
    return Made(names, kept, gone)


def check_until(spot: Spot, name: str) -> tuple[int, list[str]]:
    """Run ``check()`` again and again until a place is there; give how often, and what it found."""
    tree = spot.open()
    found: list[str] = []
    rounds = 0
    while not tree.get(name).exists():
        found += [str(problem) for problem in tree.check()]
        rounds += 1
    return rounds, found
