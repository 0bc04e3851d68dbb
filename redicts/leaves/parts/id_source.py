"""What the generators of IDs have in common: what they are asked for, and the blocks that a handle fetches.

May import core and its neighbours. Invariants: of a block each ID is handed out once; never a smaller one after a
greater one; and never in another process, or of another database, than it was fetched in, or of.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Coroutine, Iterator
from threading import Lock
from typing import Any, Final

from redicts.core.effects import Op
from redicts.core.kinds import KINDS
from redicts.core.place import Guard, Place
from redicts.errors import InternalError
from redicts.leaves.leaf import AsyncLeaf, Leaf, SyncLeaf

__all__ = ["MOST", "AsyncIdSource", "Block", "Fetched", "IdSource", "SyncIdSource", "whole_number"]

MOST: Final = 2**63 - 1
"""The last ID there can be: what the server can count to."""


def whole_number(value: object, what: str, least: int) -> int:
    """Check a number of IDs, or an ID.

    Args:
        value: What the user gave.
        what: What it is, for the error.
        least: What it must be at least.

    Raises:
        TypeError: It is no integer.
        ValueError: It is less, or more than 63 bits.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} is a whole number, not {value!r}")
    if not least <= value <= MOST:
        raise ValueError(f"{what} is {least} at least and 2**63 - 1 at most, not {value!r}")
    return value


class Block:
    """IDs that were fetched and not handed out yet. Safe in threads.

    Args:
        where: The database that they are of.

    Attributes:
        where: As above.
        pid: The process that they were fetched in.
    """

    __slots__ = ("_given", "_lock", "_ranges", "pid", "where")

    def __init__(self, where: object) -> None:
        self.where = where
        self.pid = os.getpid()
        self._lock = Lock()
        self._ranges: list[range] = []
        self._given = 0

    def take(self, count: int) -> range | None:
        """Take so many IDs that follow on one another, and pass over what is before; ``None`` where there are none."""
        with self._lock:
            for at, ids in enumerate(self._ranges):
                if len(ids) >= count:
                    self._ranges[: at + 1] = [ids[count:]] if len(ids) > count else []
                    self._given = ids[count - 1]
                    return ids[:count]
            return None

    def add(self, ids: range) -> None:
        """Add what was fetched; not if a greater one was handed out meanwhile."""
        with self._lock:
            if ids[0] <= self._given:
                return
            merged: list[range] = []
            for each in sorted([*self._ranges, ids], key=lambda each: each.start):
                if merged and merged[-1].stop == each.start:
                    merged[-1] = range(merged[-1].start, each.stop)
                else:
                    merged.append(each)
            self._ranges = merged

    def pass_over(self, last: int) -> None:
        """Hand out none up to an ID any more."""
        with self._lock:
            self._given = max(self._given, last)
            left = [range(max(ids.start, last + 1), ids.stop) for ids in self._ranges]
            self._ranges = [ids for ids in left if ids]


class Fetched:
    """The block of a handle: an empty one in a child after ``fork``, and for another database.

    Args:
        size: How many IDs are fetched at a time.

    Attributes:
        size: As above.
    """

    __slots__ = ("_block", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self._block = Block(None)

    def block(self, where: object) -> Block:
        """Give the block of a database; equal ones are one."""
        block = self._block
        if block.pid != os.getpid() or not (block.where is where or block.where == where):
            block = self._block = Block(where)
        return block

    def drop(self) -> None:
        """Hand out nothing of it any more."""
        self._block = Block(None)


class IdSource(Leaf[int]):
    """A place that gives IDs. Subclasses know how to fetch them.

    Args:
        place: The place, of any face.
        block: How many IDs are fetched at a time.

    Attributes:
        block: As above.

    Raises:
        PathError: The place is the root.
        TypeError: ``block`` is no integer.
        ValueError: ``block`` is out of range.
    """

    __slots__ = ("_fetched", "block")

    KIND = KINDS["ids"]

    def __init__(self, place: Place, block: int) -> None:
        super().__init__(place)
        self.block = whole_number(block, "block", 1)
        self._fetched = Fetched(block)

    def _where_fetched(self) -> object:
        """Give what tells the database of the place from others; the same as long as it is one."""
        raise NotImplementedError

    def _fetch(self, count: int, guards: tuple[Guard, ...] | None = None) -> Op[range]:
        """Fetch so many IDs that follow on one another."""
        raise NotImplementedError

    def _allot(self, count: int) -> Op[range]:
        """Give IDs: of the block, where there are so many; else what is fetched."""
        fetched = self._fetched
        if fetched.size == 1 or self._place._batched:
            return (yield from self._fetch(count))
        guards = self._fetch_guards()
        block = fetched.block(self._where_fetched())
        while (ids := block.take(count)) is None:
            block.add((yield from self._fetch(max(count, fetched.size), guards)))
        return ids

    def _fetch_guards(self) -> tuple[Guard, ...] | None:
        """Ask for the guards of what may be fetched in a later step."""
        return self._guards()

    def _reserved(self, count: int) -> Op[range]:
        if whole_number(count, "the number of IDs", 0) == 0:
            return range(0)
        return (yield from self._allot(count))

    def _passed_over(self, last: int) -> None:
        """Hand out no ID up to this one any more."""
        if self._fetched.size > 1:
            self._fetched.block(self._where_fetched()).pass_over(last)

    def _read_id(self, text: str | int | None) -> int:
        """Read what is stored; 0 where nothing is."""
        if text is None or isinstance(text, int):
            return text or 0
        if not (text.isascii() and text.isdigit()):
            raise InternalError(
                f"what is stored at {self.key()!r} is no ID: {text[:50]!r}; run check()", key=self.key()
            )
        return int(text)

    def _spent(self) -> OverflowError:
        return OverflowError(
            f"there are not so many IDs left at {self.key()!r}: the last one there can be is 2**63 - 1; none was taken"
        )


class SyncIdSource(SyncLeaf):
    """What the synchronous faces have: they are iterators of the next IDs, without end."""

    __slots__ = ()

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        ids: Any = self
        following: int = ids.next()
        return following

    def __bool__(self) -> bool:
        return True  # there are IDs, whether or not one was given


class AsyncIdSource(AsyncLeaf):
    """What the faces for asyncio have: they are asynchronous iterators of the next IDs, without end."""

    __slots__ = ()

    def __aiter__(self) -> AsyncIterator[int]:
        return self

    def __anext__(self) -> Coroutine[object, None, int]:
        ids: Any = self
        following: Coroutine[object, None, int] = ids.next()
        return following
