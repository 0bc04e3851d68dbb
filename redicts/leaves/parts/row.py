"""A row of elements: what the operations of lists and deques are made of.

May import core and its neighbours. Invariant: an index is made out on the server, in the step that uses it; no element
is moved by what was read before.
"""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from functools import partial
from typing import Any, Final, SupportsIndex, cast

from redicts.core.effects import Op
from redicts.core.missing import MISSING
from redicts.leaves.elements import T
from redicts.leaves.leaf import ADDS, TAKES, Leaf, SyncLeaf
from redicts.leaves.waiting import Attempt, check_timeout, wait_for

__all__ = ["MAX_REPEATED", "PAGE", "Row", "iterate", "iterate_async", "iterate_back", "spell_bound", "spell_index"]

PAGE: Final = 1000
"""How many elements an iteration asks for at once."""

NO_ELEMENT: Final = "@"
"""A text that no element has."""

MAX_REPEATED: Final = 1_000_000
"""How many elements may be added by repeating those that are there, in one step."""

_LARGEST: Final = 2**31 - 1
"""No list is longer. (LSET of Valkey takes the last 32 bits of an index for the whole of it.)"""


def spell_index(index: SupportsIndex) -> str:
    """Spell an index for the server; what is beyond all lists is cut to what is beyond all lists there, too.

    Raises:
        TypeError: It is none.
    """
    return str(max(-_LARGEST, min(_LARGEST, operator.index(index))))


def spell_bound(bound: SupportsIndex | None) -> str:
    """Spell a bound of a slice; ``None`` is the empty text."""
    return "" if bound is None else spell_index(bound)


class Row(Leaf[T]):
    """Elements that stand in a row."""

    __slots__ = ()

    LENGTH = "LLEN"
    WAITED = True

    def _most(self) -> str:
        """How many elements there may be, spelled for scripts; the empty text for no limit."""
        return ""

    def _add(self, command: str, texts: Iterable[str]) -> Op[Any]:
        """Push elements at an end."""
        return self._write(ADDS, command, *texts)

    def _add_own(self, command: str) -> Op[Any]:  # noqa: ARG002  # deques tell the ends apart
        """Push the elements that are there once more."""
        return self._run_writing("list_reorder", "repeat", "2", self._most(), str(MAX_REPEATED))

    def _add_all(self, command: str, values: Iterable[T]) -> Op[None]:
        """Push all that something gives, which may be this sequence itself."""
        if self._is_same(values):
            if (yield from self._add_own(command)) < 0:
                raise ValueError(f"too large for one atomic step: {self.key()!r} twice; extend it in parts")
            return
        most, texts = self._most(), (self._encode(value) for value in self._all_of(values))
        added = deque(texts, None if most == "" else max(int(most), 1))
        if added:
            yield from self._add(command, added)

    def _is_same(self, values: object) -> bool:
        """Tell whether something is this sequence, through this handle or through another one."""
        mine: object = self
        if values is mine:
            return True
        if not isinstance(values, SyncLeaf) or not isinstance(mine, SyncLeaf) or type(values) is not type(mine):
            return False
        return values._place == mine._place

    def _all_of(self, values: Iterable[T]) -> Iterable[T]:
        """Give values; those of another typed sequence as they are at one moment."""
        if isinstance(values, Row) and isinstance(values, SyncLeaf):
            leaf: Any = values
            return cast("list[T]", leaf.to_list())
        return values

    def _spell(self, value: object) -> str | None:
        """Spell what is looked for; ``None``: JSON, or the type of the elements, has none like it."""
        try:
            return self._elements.spell(value, self.key)
        except (TypeError, ValueError):
            return None

    def _pop(self, at: str) -> Op[T]:
        """Take the element out that stands at an index, and give it."""
        if not self._elements.checked:
            if at in {"0", "-1"}:
                text = yield from self._write(TAKES, "LPOP" if at == "0" else "RPOP")
            else:
                _, *found = yield from self._run_writing("list_take", at, "", "0")
                text = found[0] if found else None
            if text is None:
                raise self._no_element(at)
            return self._decode(text)
        guards = self._guards()
        text = yield from self._read("LINDEX", at)
        while text is not None:
            value = self._decode(text)
            taken, *found = yield from self._run_writing("list_take", at, text, "0", guards=guards)
            if taken:
                return value
            text = found[0] if found else None
        raise self._no_element(at)

    def _blocking_pop(self, at: str, timeout: float | None) -> Op[T]:
        """Do the same; wait for an element where there is none."""
        guards, patience = self._guards(), check_timeout(timeout)

        def attempt(waits: bool) -> Op[Attempt[T]]:
            expected, value, flag = "", None, "1" if waits else "0"
            if self._elements.checked:
                expected = (yield from self._read("LINDEX", at)) or NO_ELEMENT
            while True:
                if expected not in {"", NO_ELEMENT}:
                    value = self._decode(expected)
                reply = yield from self._run_writing("list_take", at, expected, flag, guards=guards)
                taken, *found = reply
                if taken:
                    return Attempt(cast("T", value) if expected else self._decode(found[0]), reply=reply)
                if not found:
                    return Attempt(MISSING)
                expected = found[0]

        return (yield from wait_for(self, attempt, patience, undo=partial(self._put_back, int(at))))

    def _put_back(self, at: int, reply: Any) -> Op[None]:
        """Put an element back where it was, that was taken for one who is cancelled."""
        taken, *found = reply
        if not taken:
            return
        if at in {0, -1}:
            yield from self._write(ADDS, "RPUSH" if at else "LPUSH", found[0], guards=())
        else:  # before the one that is there now
            before = str(at if at > 0 else at + 1)
            yield from self._run_writing("list_splice", before, before, "1", "put", "", found[0], guards=())

    def _no_element(self, at: str) -> IndexError:
        """Say that there is nothing to be taken out."""
        return self._no_index(int(at))

    def _no_index(self, index: SupportsIndex) -> IndexError:
        return IndexError(f"{self.KIND.name} index out of range: {operator.index(index)} at {self.key()!r}")

    def _not_in(self, value: object) -> ValueError:
        return ValueError(f"{value!r} is not in the {self.KIND.name} at {self.key()!r}")

    def _range(self, first: str, last: str) -> Op[list[T]]:
        """Read elements by their first and last index, as LRANGE has them."""
        return self._decode_all((yield from self._read("LRANGE", first, last)))


# ---- iteration, for the faces


def iterate(leaf: Any) -> Iterator[Any]:
    """Go over the elements, a page at a time. What is added at the end meanwhile is gone over too."""
    start = 0
    while page := leaf.page(start):
        yield from page
        start += len(page)


def iterate_back(leaf: Any) -> Iterator[Any]:
    """Go over the elements from the last to the first, a page at a time."""
    stop = leaf.length()
    while stop > 0:
        start = max(0, stop - PAGE)
        yield from reversed(leaf.page(start, stop - start))
        stop = start


async def iterate_async(leaf: Any) -> AsyncIterator[Any]:
    """Go over the elements, a page at a time."""
    start = 0
    while page := await leaf.page(start):
        for each in page:
            yield each
        start += len(page)
