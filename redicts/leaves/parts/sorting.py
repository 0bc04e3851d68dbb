"""Sorting a list: on the server where it can compare the elements, else here.

May import core and its neighbours. Invariant: what was sorted here is put back by one step, and only if the elements
are still those that were sorted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from redicts.core.effects import Op
from redicts.core.operation import operation
from redicts.leaves.elements import T
from redicts.leaves.parts.sequence import SequenceOperations

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["SortingOperations"]

ON_SERVER: Final = 10_000
"""How many elements the server sorts at most: it does nothing else meanwhile, for some tens of milliseconds."""

PATIENCE: Final = 3
"""How often others may come between before the server sorts, however many elements there are."""


class SortingOperations(SequenceOperations[T]):
    """What a list can do, besides what deques can: putting its elements in order."""

    __slots__ = ()

    @operation(idempotent=False, one_step=False)
    def sort(self, *, key: Callable[[T], Any] | None = None, reverse: bool = False) -> Op[None]:
        """Sort the elements, as ``list.sort`` does: those that are equal keep their order.

        The server sorts up to 10,000 elements that are numbers (``bool`` is one; whole ones below 2**53) or texts.
        What else can be compared is read, sorted here, and put back if nobody has changed the list meanwhile; else
        that begins again, and three times in vain the server does it where it can.

        Args:
            key: Called with each element; they are compared by what it gives.
            reverse: Whether the largest comes first.

        Raises:
            TypeError: Two cannot be compared; nothing was changed.
            ValueError: ``key``, or comparing, has changed the list itself.
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            NotAtomic: It is called in an atomic pipeline.
            OutcomeUnknown: The connection was cut on the way: it was sorted, or not.

        Atomicity: one step puts the elements in order: all that were there just before, and no others.
        Cost: 1 round trip, O(n log n); what is sorted here takes 2, and 1 more for each time somebody came between.

        Example:
            >>> names = root().get("names").as_list()
            >>> names.extend(["bob", "Ann", "cy"])
            >>> names.sort(key=str.lower, reverse=True)
            >>> names.to_list()
            ['cy', 'bob', 'Ann']
        """
        guards, tries = self._guards(), 0
        here = key is not None or self._elements.checked
        found: Any = None
        if here:
            found = (0, (yield from self._read("LRANGE", "0", "-1")))
        while True:
            if found is None or (tries == PATIENCE and not here):
                limit = str(2**53 if tries else ON_SERVER)
                found = yield from self._run_writing("list_sort", "1" if reverse else "0", limit, guards=guards)
            done, *rest = found
            if done or not rest[0]:
                return
            texts: list[str] = rest[0]
            order = self._order(texts, key, reverse)
            found = yield from self._run_writing("list_arrange", ",".join(texts), order, guards=guards)
            tries += 1

    def _order(self, texts: list[str], key: Callable[[T], Any] | None, reverse: bool) -> str:
        """Find out where each element of the sorted list stands; spelled for the script."""
        values: list[Any] = self._decode_all(texts)
        with _Sort(self) as sort:
            keys = values if key is None else [key(value) for value in values]
            order = sorted(range(len(keys)), key=keys.__getitem__, reverse=reverse)
        if sort.changed:
            raise ValueError(f"list modified during sort, at {self.key()!r}")
        return ",".join(map(str, order))

    def _begin_write(self) -> None:
        for sort in _sorts:
            sort.note(self)


class _Sort:
    """While elements are compared: notes whether that itself changes the list, which would never come to an end.

    Attributes:
        changed: Whether it did.
    """

    def __init__(self, leaf: SortingOperations[Any]) -> None:
        self._place = leaf._place
        self._thread = threading.get_ident()
        self.changed = False

    def __enter__(self) -> Self:
        _sorts.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        _sorts.remove(self)

    def note(self, leaf: SortingOperations[Any]) -> None:
        """Be told of a write to a list."""
        place = leaf._place
        if threading.get_ident() == self._thread and place._path == self._place._path:
            self.changed = self.changed or place._space is self._place._space


_sorts: list[_Sort] = []
