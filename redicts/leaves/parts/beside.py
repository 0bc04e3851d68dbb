"""A typed leaf and others of its kind, which one script works on together. May import core and its neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from redicts.core.effects import Refused
from redicts.core.place import Place
from redicts.leaves.leaf import Leaf

__all__ = ["fields_of", "keys_of", "refusal_of", "together"]


def together(one: Place, other: Place) -> bool:
    """Whether two places are in one database, whatever faces they are of."""
    here: Any = one
    there: Any = other
    return one is other or bool(here._where() == there._where())


def keys_of(leaves: Iterable[Leaf[Any]]) -> tuple[str, ...]:
    """Give for each leaf the hash that its entry stands in, and its body."""
    every = [leaf._place._space.leaf(leaf._place._path) for leaf in leaves]
    return tuple([key for keys in every for key in (keys.entry, keys.body)])


def fields_of(leaves: Iterable[Leaf[Any]]) -> list[str]:
    """Give for each leaf the field of its entry."""
    return [leaf._place._space.leaf(leaf._place._path).field for leaf in leaves]


def refusal_of(refused: Refused, leaves: Sequence[Leaf[Any]]) -> Exception:
    """Let the leaf say what is wrong whose number a script gave; none is the first."""
    marker, _, number = refused.detail.partition(" ")
    return leaves[int(number or 0)]._refusal(Refused(refused.code, marker))
