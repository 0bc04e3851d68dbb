"""What ``update`` takes: mappings, typed leaves among them, and iterables of pairs; read before anything is written.

May import its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from redicts.leaves.leaf import SyncLeaf

__all__ = ["items_of", "pairs_of"]


def items_of(source: Any) -> Iterable[tuple[Any, Any]]:
    """Give the items of a mapping; of a typed leaf all at one moment."""
    if isinstance(source, SyncLeaf) and hasattr(source, "to_items"):
        found: list[tuple[Any, Any]] = cast("Any", source).to_items()
        return found
    items: Iterable[tuple[Any, Any]] = cast("Any", source).items()
    return items


def pairs_of(source: Any) -> Iterable[tuple[Any, Any]]:
    """Give what ``dict.update`` takes out of its argument.

    Raises:
        TypeError: It is neither a mapping nor an iterable of pairs.
        ValueError: One of them is no pair.
    """
    if isinstance(source, Mapping):
        return items_of(source)
    if hasattr(source, "keys"):
        return [(key, source[key]) for key in source.keys()]  # noqa: SIM118  # it may be no iterable itself
    return [_pair(at, each) for at, each in enumerate(source)]


def _pair(at: int, found: Any) -> tuple[Any, Any]:
    try:
        pair = tuple(found)
    except TypeError:
        raise TypeError(f"cannot convert dictionary update sequence element #{at} to a sequence") from None
    if len(pair) != 2:
        raise ValueError(f"dictionary update sequence element #{at} has length {len(pair)}; 2 is required")
    return pair[0], pair[1]
