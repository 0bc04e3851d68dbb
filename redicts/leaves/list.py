"""``list``, as a typed leaf: elements in a row, with all that a ``MutableSequence`` can do.

May import core and its neighbours.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, MutableSequence
from typing import Any, SupportsIndex, overload

from redicts.core.effects import Op
from redicts.core.kinds import KINDS
from redicts.core.operation import operation
from redicts.leaves.elements import T
from redicts.leaves.leaf import AsyncLeaf, QueuedLeaf, SyncLeaf
from redicts.leaves.parts.row import iterate, iterate_async, iterate_back, spell_bound, spell_index
from redicts.leaves.parts.sorting import SortingOperations

__all__ = ["AsyncList", "List", "ListOperations", "QueuedList"]


class ListOperations(SortingOperations[T]):
    """What a list can do, besides what deques can."""

    __slots__ = ()

    KIND = KINDS["list"]

    @operation(idempotent=True)
    def slice(
        self, start: SupportsIndex | None = None, stop: SupportsIndex | None = None, step: SupportsIndex | None = None
    ) -> Op[list[T]]:
        """Read a slice: ``[start:stop:step]``.

        Args:
            start: Where to begin; ``None``: at the beginning.
            stop: Where to end, exclusive; ``None``: at the end.
            step: Not 0; ``None``: 1.

        Raises:
            ValueError: ``step`` is 0.
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(distance from the nearer end + what lies between).
        """
        spelled = _spell_slice(start, stop, step)
        if spelled[2] == "1":
            last = "-1" if spelled[1] == "" else str(int(spelled[1]) - 1)
            if spelled[1] != "0":  # -1 would be the last
                return (yield from self._range(spelled[0] or "0", last))
        return self._decode_all((yield from self._run_reading("list_slice", *spelled)))

    @operation(idempotent=False)
    def set_slice(
        self,
        start: SupportsIndex | None,
        stop: SupportsIndex | None,
        values: Iterable[T],
        step: SupportsIndex | None = None,
    ) -> Op[None]:
        """Put elements in the place of a slice: ``[start:stop:step] = values``.

        Args:
            start: Where to begin; ``None``: at the beginning.
            stop: Where to end, exclusive; ``None``: at the end.
            values: The new elements; as many as the slice has, where the step is not 1.
            step: Not 0; ``None``: 1.

        Raises:
            ValueError: ``step`` is 0, or the number of elements does not fit.
            WrongType: The place holds something else.
            TypeError: One is no JSON value.
            InvalidElement: One is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was done once, or not at all.

        Atomicity: one step.
        Cost: 1 round trip, O(elements + distance from an end); O(length) with a step.
        """
        spelled = _spell_slice(start, stop, step)
        if self._is_same(values):
            done, count = yield from self._run_writing("list_splice", *spelled, "own", "")
            given = "another size"
        else:
            texts = [self._encode(value) for value in self._all_of(values)]
            done, count = yield from self._run_writing("list_splice", *spelled, "put", "", *texts)
            given = f"size {len(texts)}"
        if not done:
            raise ValueError(
                f"attempt to assign sequence of {given} to extended slice of size {count} at {self.key()!r}"
            )

    @operation(idempotent=False)
    def delete_slice(
        self, start: SupportsIndex | None = None, stop: SupportsIndex | None = None, step: SupportsIndex | None = None
    ) -> Op[None]:
        """Take a slice out: ``del [start:stop:step]``.

        Args:
            start: Where to begin; ``None``: at the beginning.
            stop: Where to end, exclusive; ``None``: at the end.
            step: Not 0; ``None``: 1.

        Raises:
            ValueError: ``step`` is 0.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was done once, or not at all.

        Atomicity: one step.
        Cost: 1 round trip, O(what is taken + distance from an end); O(length) with a step.
        """
        yield from self._run_writing("list_splice", *_spell_slice(start, stop, step), "take", "")

    @operation(idempotent=False)
    def insert(self, index: SupportsIndex, value: T) -> Op[None]:
        """Put an element before another.

        Args:
            index: Of that other one; beyond the ends: at the ends.
            value: The new element.

        Raises:
            WrongType: The place holds something else.
            TypeError: It is no JSON value.
            InvalidElement: It is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was inserted once, or not at all.

        Atomicity: one step.
        Cost: 1 round trip, O(distance from an end).
        """
        at = spell_index(index)
        yield from self._run_writing("list_splice", at, at, "1", "put", "", self._encode(value))

    @operation(idempotent=False)
    def pop(self, index: SupportsIndex = -1) -> Op[T]:
        """Take one element out, and give it.

        Args:
            index: From 0; negative from the end.

        Raises:
            IndexError: There is none.
            WrongType: The place holds something else.
            InvalidElement: It is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was taken, or not.

        Atomicity: one step: of several callers one gets it.
        Cost: 1 round trip, O(distance from the nearer end). With ``of``, 2: it is looked at before it is taken; and 1
            more for each time somebody came between.

        Example:
            >>> todo = root().get("todo").as_list()
            >>> todo.extend(["tea", "cups"])
            >>> todo.pop(0), todo.pop(), len(todo)
            ('tea', 'cups', 0)
        """
        return (yield from self._pop(spell_index(index)))

    @operation(idempotent=False, one_step=False)
    def blocking_pop(self, index: SupportsIndex = -1, timeout: float | None = None) -> Op[T]:
        """Take one element out, and give it; wait for one where there is none.

        Whoever waits is woken in turn, by whatever adds elements; nobody polls. (A newcomer may be faster than who was
        woken.)

        Args:
            index: From 0; negative from the end.
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
            >>> root().get("jobs").as_list().append(7)
            >>> root().get("jobs").as_list().blocking_pop(0, timeout=1)
            7
        """
        return (yield from self._blocking_pop(spell_index(index), timeout))


def _spell_slice(
    start: SupportsIndex | None, stop: SupportsIndex | None, step: SupportsIndex | None
) -> tuple[str, str, str]:
    spelled = (spell_bound(start), spell_bound(stop), spell_bound(step) or "1")
    if spelled[2] == "0":
        raise ValueError("slice step cannot be zero")
    return spelled


class List(ListOperations[T], SyncLeaf, MutableSequence[T]):
    """A list that processes share, as ``as_list()`` opens it: a ``MutableSequence``.

    Elements are compared as JSON: 1, 1.0 and True are three values here. What an operator gives (``+``, ``*``, a slice)
    is a plain ``list``. An iteration asks for 1,000 elements at a time, by their index; ``to_list()`` reads all at one
    moment.

    Example:
        >>> todo = root().get("todo").as_list()
        >>> todo += ["tea", "cups", "pot"]
        >>> todo[1:2] = ["mugs", "spoons"]
        >>> todo[-1], todo[::2], len(todo), "tea" in todo
        ('pot', ['tea', 'spoons'], 4, True)
        >>> root().val()
        {'todo': ['tea', 'mugs', 'spoons', 'pot']}
    """

    __slots__ = ()

    __hash__ = None  # type: ignore[assignment]  # as of every list

    @overload
    def __getitem__(self, index: SupportsIndex) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> T | list[T]:
        if isinstance(index, slice):
            return self.slice(index.start, index.stop, index.step)
        return self.get(_index(index))

    @overload
    def __setitem__(self, index: SupportsIndex, value: T) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[T]) -> None: ...
    def __setitem__(self, index: SupportsIndex | slice, value: Any) -> None:
        if isinstance(index, slice):
            self.set_slice(index.start, index.stop, value, index.step)
        else:
            self.set(_index(index), value)

    def __delitem__(self, index: SupportsIndex | slice) -> None:
        if isinstance(index, slice):
            self.delete_slice(index.start, index.stop, index.step)
        else:
            self.delete(_index(index))

    def __len__(self) -> int:
        return self.length()

    def __contains__(self, value: object) -> bool:
        return self.contains(value)

    def __iter__(self) -> Iterator[T]:
        return iterate(self)

    def __reversed__(self) -> Iterator[T]:
        return iterate_back(self)

    def __add__(self, other: list[T] | List[T]) -> list[T]:
        if not isinstance(other, (list, List)):
            return NotImplemented
        return self.to_list() + _plain(other)

    def __radd__(self, other: list[T]) -> list[T]:
        return other + self.to_list() if isinstance(other, list) else NotImplemented

    def __iadd__(self, values: Iterable[T]) -> List[T]:  # Python 3.11
        self.extend(values)
        return self

    def __mul__(self, times: SupportsIndex) -> list[T]:
        return self.to_list() * times if hasattr(times, "__index__") else NotImplemented

    __rmul__ = __mul__

    def __imul__(self, times: SupportsIndex) -> List[T]:  # typing.Self came with Python 3.11
        if not hasattr(times, "__index__"):
            return NotImplemented
        self.repeat(times)
        return self

    def copy(self) -> list[T]:
        """Read all elements at one moment: as ``to_list()``."""
        return self.to_list()

    __copy__ = copy

    def __deepcopy__(self, memo: object) -> list[T]:
        return self.to_list()

    def __eq__(self, other: object) -> bool:
        return self.to_list() == _plain(other) if isinstance(other, (list, List)) else NotImplemented

    def __lt__(self, other: list[T] | List[T]) -> bool:
        return self.to_list() < _plain(other) if isinstance(other, (list, List)) else NotImplemented

    def __le__(self, other: list[T] | List[T]) -> bool:
        return self.to_list() <= _plain(other) if isinstance(other, (list, List)) else NotImplemented

    def __gt__(self, other: list[T] | List[T]) -> bool:
        return self.to_list() > _plain(other) if isinstance(other, (list, List)) else NotImplemented

    def __ge__(self, other: list[T] | List[T]) -> bool:
        return self.to_list() >= _plain(other) if isinstance(other, (list, List)) else NotImplemented


def _index(index: SupportsIndex) -> SupportsIndex:
    if not hasattr(index, "__index__"):
        raise TypeError(f"list indices must be integers or slices, not {type(index).__name__}")
    return index


def _plain(other: list[T] | List[T]) -> list[T]:
    return other.to_list() if isinstance(other, List) else other


class AsyncList(ListOperations[T], AsyncLeaf):
    """A list that processes share, for asyncio: ``async for`` goes over it, and every operation is awaited.

    Example:
        >>> todo = aio.root().get("todo").as_list()
        >>> await todo.extend(["tea", "cups"])
        >>> [each async for each in todo], await todo.get(0)
        (['tea', 'cups'], 'tea')
    """

    __slots__ = ()

    def __aiter__(self) -> AsyncIterator[T]:
        return iterate_async(self)


class QueuedList(ListOperations[T], QueuedLeaf):
    """A list that processes share, as a pipeline sees it.

    Example:
        >>> with redicts.pipeline() as pipe:
        ...     todo = pipe.proxy("todo").as_list()
        ...     _ = todo.append("tea")
        ...     count = todo.length()
        >>> count.result
        1
    """

    __slots__ = ()
