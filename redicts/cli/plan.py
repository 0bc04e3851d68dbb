"""Splitting a document into batches of bounded size: the pure half of ``import``.

A document that is small enough goes in one batch, which is one atomic step. A larger one is taken apart at its upper
levels: its pieces are whole subtrees, each small enough.

May import core. Invariant: the pieces, set in order, make the document; all names are checked before the first
is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from redicts.core.codec import Json
from redicts.core.paths import MAX_COMPONENTS, Path, check_component, dotted
from redicts.errors import PathError

__all__ = ["BATCH_BYTES", "ONE_MERGE_BYTES", "ONE_STEP_BYTES", "Piece", "Plan"]

ONE_STEP_BYTES: Final = 4 * 1024 * 1024
"""What is written in one atomic step, at most: some 50,000 leaves, which hold the server for a tenth of a second."""

ONE_MERGE_BYTES: Final = 1024 * 1024
"""The same for a merge, where each leaf is looked up and set for itself."""

BATCH_BYTES: Final = 512 * 1024
"""The size of a batch, where one step is not enough."""

OVERHEAD_BYTES: Final = 32
"""What a name, or an element of a list, weighs besides its own text."""


class Piece(NamedTuple):
    """A place, and what it is set to.

    Attributes:
        path: The place, from the root.
        value: The value.
        leaves: How many leaves there are in it.
    """

    path: Path
    value: Json
    leaves: int


class Size(NamedTuple):
    """How large a value is."""

    leaves: int
    weight: int


class Plan:
    """How a document gets into the tree.

    Args:
        document: A JSON value.
        base: Where it goes. At the root, each entry of the document is set and the other sections stay.
        merge: Whether what is there stays: then every leaf is a piece of its own.

    Attributes:
        leaves: How many leaves the document has.
        atomic: Whether it goes in one step.

    Raises:
        PathError: A name in it cannot be a component, it is nested too deeply, or it would be the root and no object.
    """

    def __init__(self, document: Json, base: Path, merge: bool = False) -> None:
        if not base and not isinstance(document, dict):
            raise PathError("the root is an object; to import anything else, name a place for it: --at PATH", path="")
        self._document = document
        self._base = base
        self._merge = merge
        self._sizes: dict[int, Size] = {}  # of the dicts, by id: they all live as long as the document
        size = self._measure(document, base)
        self.leaves = size.leaves
        one_step = ONE_MERGE_BYTES if merge else ONE_STEP_BYTES
        self.atomic = size.weight <= one_step
        self._limit = one_step if self.atomic else BATCH_BYTES

    def batches(self) -> Iterator[list[Piece]]:
        """Give the pieces in the order in which they must be set, in batches; each batch is one step."""
        batch: list[Piece] = []
        weight = 0
        for piece in self._pieces(self._document, self._base):
            size = self._size(piece.value)
            if batch and weight + size.weight > self._limit:
                yield batch
                batch, weight = [], 0
            batch.append(piece)
            weight += size.weight + OVERHEAD_BYTES
        if batch:
            yield batch

    def _pieces(self, value: Json, path: Path) -> Iterator[Piece]:
        size = self._size(value)
        is_node = isinstance(value, dict) and bool(value)
        if is_node and (not path or self._merge or size.weight > self._limit):
            if path and not self._merge:
                yield Piece(path, {}, 0)  # what stood there goes; the pieces come under it
            for name, child in value.items():
                yield from self._pieces(child, (*path, name))
        elif path:
            yield Piece(path, value, size.leaves)

    def _size(self, value: Json) -> Size:
        # The dict that is not measured is the empty one that a piece of _pieces makes room with.
        return (
            self._sizes.get(id(value), Size(1, OVERHEAD_BYTES)) if isinstance(value, dict) else Size(1, _weight(value))
        )

    def _measure(self, value: Json, path: Path) -> Size:
        if not isinstance(value, dict):
            return Size(1, _weight(value))
        if value and len(path) >= MAX_COMPONENTS:
            raise PathError(f"nested too deeply: a path has at most {MAX_COMPONENTS} components", path=dotted(path))
        leaves, weight = (0, 0) if value else (1, OVERHEAD_BYTES)
        for name, child in value.items():
            below = self._measure(child, (*path, check_component(name, dotted(path))))
            leaves += below.leaves
            weight += below.weight + OVERHEAD_BYTES + len(name)
        self._sizes[id(value)] = Size(leaves, weight)
        return self._sizes[id(value)]


def _weight(value: Json) -> int:
    """Estimate the bytes of a leaf's text: exact enough for a bound, and much cheaper than encoding it."""
    if isinstance(value, str):
        return OVERHEAD_BYTES + len(value)
    total, waiting = OVERHEAD_BYTES, [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            total += sum(map(len, item)) + OVERHEAD_BYTES * len(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            total += OVERHEAD_BYTES * len(item)
            waiting.extend(item)
        elif isinstance(item, str):
            total += len(item)
    return total
