"""``collections.deque``, as a typed leaf: elements in a row that come and go at both ends, so many at most.

May import core and its neighbours.
"""

from __future__ import annotations

import operator
import sys
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, MutableSequence
from typing import Any, SupportsIndex

from redicts.core.effects import Op
from redicts.core.kinds import KINDS
from redicts.core.operation import operation
from redicts.core.place import Place
from redicts.leaves.elements import Of, T
from redicts.leaves.leaf import AsyncLeaf, QueuedLeaf, SyncLeaf
from redicts.leaves.parts.row import iterate, iterate_async, iterate_back, spell_index
from redicts.leaves.parts.sequence import SequenceOperations

__all__ = ["AsyncDeque", "Deque", "DequeOperations", "QueuedDeque"]


class DequeOperations(SequenceOperations[T]):
    """What a deque can do, besides what lists can.

    Args:
        place: The place, of any face.
        of: As for every typed leaf.
        maxlen: How many elements there may be, for what is added through this handle; ``None`` for no limit. It is no
            part of what is stored: open the place with the same one everywhere.

    Raises:
        PathError: The place is the root.
        ImportError: ``of`` was given, and pydantic is not installed.
        TypeError: ``maxlen`` is no integer.
        ValueError: ``maxlen`` is negative.
        OverflowError: ``maxlen`` is larger than any container can be.
    """

    __slots__ = ("_maxlen",)

    KIND = KINDS["deque"]

    def __init__(self, place: Place, of: Of[T] = None, maxlen: int | None = None) -> None:
        super().__init__(place, of)
        if maxlen is not None:
            if not isinstance(maxlen, int):
                raise TypeError(f"an integer is required for maxlen, not {type(maxlen).__name__}")
            if maxlen < 0:
                raise ValueError("maxlen must be non-negative")
            if maxlen > sys.maxsize:
                raise OverflowError("maxlen is too large")
        self._maxlen = None if maxlen is None else int(maxlen)

    @property
    def maxlen(self) -> int | None:
        """How many elements there may be; ``None``: no limit. No round trip."""
        return self._maxlen

    def _most(self) -> str:
        return "" if self._maxlen is None else spell_index(self._maxlen)

    def _add(self, command: str, texts: Iterable[str]) -> Op[Any]:
        if self._maxlen is None:
            return super()._add(command, texts)
        return self._run_writing("deque_add", command, self._most(), "put", *texts)

    def _add_own(self, command: str) -> Op[Any]:
        return self._run_writing("deque_add", command, self._most(), "own")

    @operation(idempotent=False)
    def appendleft(self, value: T) -> Op[None]:
        """Add an element at the beginning. Where that is too many, the last one goes.

        Args:
            value: The element.

        Raises:
            WrongType: The place holds something else.
            TypeError: It is no JSON value.
            InvalidElement: It is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was added once, or not at all.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        yield from self._add("LPUSH", (self._encode(value),))

    @operation(idempotent=False)
    def extendleft(self, values: Iterable[T]) -> Op[None]:
        """Add elements at the beginning, one before the other: the last one is first then.

        Args:
            values: The elements. Where getting them raises an error, none is added.

        Raises:
            WrongType: The place holds something else.
            TypeError: One is no JSON value.
            ValueError: They are more than 1,000,000: too many for one step.
            InvalidElement: One is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: all were added once, or none.

        Atomicity: one step: all of them or none.
        Cost: 1 round trip, O(elements); none where there are none.
        """
        yield from self._add_all("LPUSH", values)

    @operation(idempotent=False)
    def pop(self) -> Op[T]:
        """Take the last element out, and give it.

        Raises:
            IndexError: There is none.
            WrongType: The place holds something else.
            InvalidElement: It is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was taken, or not.

        Atomicity: one step: of several callers one gets it.
        Cost: 1 round trip, O(1). With ``of``, 2: it is looked at before it is taken; and 1 more for each time somebody
            came between.
        """
        return (yield from self._pop("-1"))

    @operation(idempotent=False)
    def popleft(self) -> Op[T]:
        """Take the first element out, and give it.

        Raises:
            IndexError: There is none.
            WrongType: The place holds something else.
            InvalidElement: It is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was taken, or not.

        Atomicity: one step: of several callers one gets it.
        Cost: 1 round trip, O(1). With ``of``, 2: it is looked at before it is taken; and 1 more for each time somebody
            came between.
        """
        return (yield from self._pop("0"))

    @operation(idempotent=False, one_step=False)
    def blocking_pop(self, timeout: float | None = None) -> Op[T]:
        """Take the last element out, and give it; wait for one where there is none.

        Whoever waits is woken in turn, by whatever adds elements; nobody polls. (A newcomer may be faster than who was
        woken.)

        Args:
            timeout: Seconds to wait; 0 for one try, ``None`` for no limit.

        Raises:
            WaitTimeout: There was none in time. (A ``TimeoutError``.)
            ValueError: ``timeout`` is negative.
            WrongType: The place holds something else.
            InvalidElement: It is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            PipelineMisused: It is called in a pipeline, which cannot wait.
            OutcomeUnknown: The connection was cut on the way: it was taken, or not.

        Atomicity: one step takes it: of several callers one gets it.
        Cost: 1 round trip where there is one, 2 with ``of``; while it waits, 1 command a second.
        """
        return (yield from self._blocking_pop("-1", timeout))

    @operation(idempotent=False, one_step=False)
    def blocking_popleft(self, timeout: float | None = None) -> Op[T]:
        """Take the first element out, and give it; wait for one where there is none: as ``blocking_pop``.

        Args:
            timeout: Seconds to wait; 0 for one try, ``None`` for no limit.

        Raises:
            WaitTimeout: There was none in time. (A ``TimeoutError``.)
            ValueError: ``timeout`` is negative.
            WrongType: The place holds something else.
            InvalidElement: It is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            PipelineMisused: It is called in a pipeline, which cannot wait.
            OutcomeUnknown: The connection was cut on the way: it was taken, or not.

        Atomicity: one step takes it: of several callers one gets it.
        Cost: 1 round trip where there is one, 2 with ``of``; while it waits, 1 command a second.

        Example:
            >>> root().get("jobs").as_deque().extend(["wash", "dry"])
            >>> root().get("jobs").as_deque().blocking_popleft(timeout=1)
            'wash'
        """
        return (yield from self._blocking_pop("0", timeout))

    @operation(idempotent=False)
    def insert(self, index: SupportsIndex, value: T) -> Op[None]:
        """Put an element before another.

        Args:
            index: Of that other one; beyond the ends: at the ends.
            value: The new element.

        Raises:
            IndexError: There are ``maxlen`` elements already: none is pushed out for it.
            WrongType: The place holds something else.
            TypeError: It is no JSON value.
            InvalidElement: It is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was inserted once, or not at all.

        Atomicity: one step.
        Cost: 1 round trip, O(distance from an end).
        """
        at = spell_index(index)
        done, _ = yield from self._run_writing("list_splice", at, at, "1", "put", self._most(), self._encode(value))
        if not done:
            raise IndexError(f"deque already at its maximum size: {self._maxlen} at {self.key()!r}")

    @operation(idempotent=False)
    def rotate(self, n: SupportsIndex = 1) -> Op[None]:
        """Take elements from the end, one after the other, and put them at the beginning.

        Args:
            n: How many; negative: the other way round.

        Raises:
            TypeError: It is no integer.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was done once, or not at all.

        Atomicity: one step.
        Cost: 1 round trip, O(n or length - n, whichever is less).

        Example:
            >>> turns = root().get("turns").as_deque()
            >>> turns.extend("abc")
            >>> turns.rotate(-5)
            >>> turns.to_list()
            ['c', 'a', 'b']
        """
        yield from self._run_writing("list_reorder", "rotate", str(operator.index(n)))

    def _no_element(self, at: str) -> IndexError:  # noqa: ARG002  # there is nothing at all
        return IndexError(f"pop from an empty deque, at {self.key()!r}")


class Deque(DequeOperations[T], SyncLeaf, MutableSequence[T]):  # type: ignore[misc]  # pop() has no index, as deque's
    """A deque that processes share, as ``as_deque()`` opens it: what ``collections.deque`` is to one of them.

    Elements are compared as JSON: 1, 1.0 and True are three values here. What ``copy()``, ``+`` and ``*`` give is a
    plain ``collections.deque``, with the same ``maxlen``. An iteration asks for 1,000 elements at a time, by their
    index: a change meanwhile is no ``RuntimeError``; elements may be missed, or met twice. ``to_list()`` reads all at
    one moment.

    Where ``maxlen`` is given, every step that adds elements also takes out, at the other end, as many as are then too
    many: whoever adds them, there are never more. It holds for what this handle adds.

    Example:
        >>> last = root().get("last").as_deque(maxlen=3)
        >>> last.extend(["a", "b", "c", "d"])
        >>> last.appendleft("z")
        >>> last.rotate()
        >>> list(last), last.maxlen
        (['c', 'z', 'b'], 3)
        >>> root().val()
        {'last': ['c', 'z', 'b']}
    """

    __slots__ = ()

    __hash__ = None  # type: ignore[assignment]  # as of every deque

    def __getitem__(self, index: SupportsIndex) -> T:  # type: ignore[override]  # deques have no slices
        return self.get(_index(index))

    def __setitem__(self, index: SupportsIndex, value: T) -> None:  # type: ignore[override]
        self.set(_index(index), value)

    def __delitem__(self, index: SupportsIndex) -> None:  # type: ignore[override]
        self.delete(_index(index))

    def __len__(self) -> int:
        return self.length()

    def __contains__(self, value: object) -> bool:
        return self.contains(value)

    def __iter__(self) -> Iterator[T]:
        return iterate(self)

    def __reversed__(self) -> Iterator[T]:
        return iterate_back(self)

    def copy(self) -> deque[T]:
        """Read all elements at one moment, as a ``collections.deque``."""
        return deque(self.to_list(), self.maxlen)

    __copy__ = copy

    def __deepcopy__(self, memo: object) -> deque[T]:
        return self.copy()

    def __add__(self, other: deque[T] | Deque[T]) -> deque[T]:
        return self.copy() + _plain(other) if isinstance(other, (deque, Deque)) else NotImplemented

    def __radd__(self, other: deque[T]) -> deque[T]:
        return other + self.copy() if isinstance(other, deque) else NotImplemented

    def __iadd__(self, values: Iterable[T]) -> Deque[T]:  # typing.Self came with Python 3.11
        self.extend(values)
        return self

    def __mul__(self, times: SupportsIndex) -> deque[T]:
        return self.copy() * operator.index(times) if hasattr(times, "__index__") else NotImplemented

    __rmul__ = __mul__

    def __imul__(self, times: SupportsIndex) -> Deque[T]:
        if not hasattr(times, "__index__"):
            return NotImplemented
        self.repeat(times)
        return self

    def __eq__(self, other: object) -> bool:
        return self.copy() == _plain(other) if isinstance(other, (deque, Deque)) else NotImplemented

    def __lt__(self, other: deque[T] | Deque[T]) -> bool:
        return self.copy() < _plain(other) if isinstance(other, (deque, Deque)) else NotImplemented

    def __le__(self, other: deque[T] | Deque[T]) -> bool:
        return self.copy() <= _plain(other) if isinstance(other, (deque, Deque)) else NotImplemented

    def __gt__(self, other: deque[T] | Deque[T]) -> bool:
        return self.copy() > _plain(other) if isinstance(other, (deque, Deque)) else NotImplemented

    def __ge__(self, other: deque[T] | Deque[T]) -> bool:
        return self.copy() >= _plain(other) if isinstance(other, (deque, Deque)) else NotImplemented


def _plain(other: deque[T] | Deque[T]) -> deque[T]:
    return other.copy() if isinstance(other, Deque) else other


def _index(index: SupportsIndex) -> SupportsIndex:
    if not hasattr(index, "__index__"):
        raise TypeError(f"sequence index must be integer, not {type(index).__name__!r}")
    return index


class AsyncDeque(DequeOperations[T], AsyncLeaf):
    """A deque that processes share, for asyncio: ``async for`` goes over it, and every operation is awaited.

    Example:
        >>> last = aio.root().get("last").as_deque(maxlen=2)
        >>> await last.extend(["a", "b", "c"])
        >>> [each async for each in last], await last.popleft()
        (['b', 'c'], 'b')
    """

    __slots__ = ()

    def __aiter__(self) -> AsyncIterator[T]:
        return iterate_async(self)


class QueuedDeque(DequeOperations[T], QueuedLeaf):
    """A deque that processes share, as a pipeline sees it.

    Example:
        >>> with redicts.pipeline() as pipe:
        ...     last = pipe.proxy("last").as_deque(maxlen=2)
        ...     _ = last.extend(["a", "b", "c"])
        ...     count = last.length()
        >>> count.result
        2
    """

    __slots__ = ()
