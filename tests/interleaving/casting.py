"""Who meets whom: the owners of the scenarios."""

from __future__ import annotations

from typing import Any

from redicts.locks.rules import Request
from tests.interleaving.owners import Owner

__all__ = ["MIXES", "owner", "pair", "short"]


def owner(name: str, *wants: str, **options: Any) -> Owner:
    """Make an owner; ``wants`` are modes and paths, as ``"x a.b"``, one taken inside of the other."""
    requests = []
    for want in wants:
        mode, _, path = want.partition(" ")
        requests.append(Request(tuple(path.split(".")) if path else (), mode == "s", name))
    return Owner(name, tuple(requests), **options)


MIXES: dict[str, tuple[Owner, ...]] = {
    "same path": (owner("A", "x a"), owner("B", "x a"), owner("C", "x a")),
    "parent, child, grandchild": (owner("A", "x a"), owner("B", "x a.b"), owner("C", "x a.b.c")),
    "parent, two children": (owner("A", "x a"), owner("B", "x a.b"), owner("C", "x a.c")),
    "one excludes, two share": (owner("A", "x a"), owner("B", "s a"), owner("C", "s a")),
    "two exclude, one shares": (owner("A", "x a"), owner("B", "x a"), owner("C", "s a")),
    "sharing above and below": (owner("A", "x a.b"), owner("B", "s a"), owner("C", "s a.b")),
    "two share above": (owner("A", "s a"), owner("B", "s a"), owner("C", "x a.b")),
    "the root": (owner("A", "x "), owner("B", "x a"), owner("C", "s a.b")),
    "upgrade, sharer, rival": (owner("A", "s a", "x a"), owner("B", "s a"), owner("C", "x a")),
    "upgrade, sharer, child": (owner("A", "s a", "x a"), owner("B", "s a"), owner("C", "x a.b")),
    "upgrade below": (owner("A", "s a", "x a.b"), owner("B", "s a"), owner("C", "s a.b")),
    "child, then parent": (owner("A", "x a.b", "x a"), owner("B", "s a"), owner("C", "x a.c")),
}
"""Three owners each; by what they want."""


def short(owners: tuple[Owner, ...], **options: Any) -> tuple[Owner, ...]:
    """Give them leases of two seconds."""
    return tuple([owner._replace(lease_ms=2000, **options) for owner in owners])


def pair(mix: str, *which: int) -> tuple[Owner, ...]:
    """Take two owners of a mix."""
    return tuple([MIXES[mix][i] for i in which or (0, 1)])
