"""``collections.Counter``, as a typed leaf: how often each key was counted.

May import core and its neighbours.
"""

from __future__ import annotations

from collections import Counter as Plain
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from itertools import repeat
from typing import Any, Literal, NoReturn, TypeVar

from redicts.leaves.elements import T
from redicts.leaves.parts.counting import CounterOperations
from redicts.leaves.parts.counts import Count
from redicts.leaves.parts.maps import AsyncMapping, QueuedMapping, SyncMapping
from redicts.leaves.parts.pairs import items_of

__all__ = ["AsyncCounter", "Counter", "CounterOperations", "QueuedCounter"]

R = TypeVar("R")


class Counter(CounterOperations[T], SyncMapping[T, int]):  # type: ignore[misc]  # update() counts
    """A counter that processes share, as ``as_counter()`` opens it: a ``collections.Counter`` without an order.

    Counts are integers of 64 bits. Keys are JSON scalars (``str``, ``int``, ``float``, ``bool``, ``None``) and tuples
    of them, compared as JSON, or of the type asked for. What an operator gives is a plain ``collections.Counter``.

    ``counter[key] += n`` and ``-= n`` lose nothing, whoever counts at the same time: they add on the server. (So does
    this one statement. ``counter[key] = counter[key] + n`` sets a number that may be out of date, and so does ``+=``
    where its right side writes to a counter itself. ``increment()`` adds, whatever is around it.)

    Example:
        >>> hits = root().get("hits").as_counter()
        >>> hits.update(["/", "/", "/about"])
        >>> hits["/"] += 1
        >>> hits["/"], hits["/nothing"], hits.most_common(1)
        (3, 0, [('/', 3)])
        >>> hits -= {"/about": 1}
        >>> root().val()
        {'hits': {'/': 3}}
    """

    __slots__ = ()

    __hash__ = None  # as of every dict

    def __getitem__(self, key: T) -> int:
        return Count(self.lookup(key), self, key)

    def __setitem__(self, key: T, count: int) -> None:
        delta = count.added_to(self, key) if isinstance(count, Count) else None
        if delta is None:
            self.set(key, count)
        else:
            _ = self.increment(key, delta)

    def __delitem__(self, key: T) -> None:
        self.delete(key)

    def elements(self) -> Iterator[T]:
        """Go over the keys, each as often as it was counted. 1 round trip for 1,000 keys."""
        for key, count in self.items():
            yield from repeat(key, count)

    def copy(self) -> Plain[T]:
        """Read all counts at one moment: as ``to_counter()``."""
        return self.to_counter()

    @classmethod
    def fromkeys(cls, iterable: Any, v: Any = None) -> NoReturn:  # named as it is there
        """Refuse, as ``collections.Counter`` does.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("Counter.fromkeys() is undefined; use update(iterable)")

    # ---- operators: a plain counter comes out

    def _with(self, other: object, act: Callable[[Plain[T], Plain[T]], R]) -> R:
        """Do something with all counts and those of a mapping."""
        if not isinstance(other, Mapping):
            refused: Any = NotImplemented
            return refused  # type: ignore[no-any-return]  # as an operator may
        return act(self.to_counter(), Plain(dict(items_of(other))))

    def __add__(self, other: Mapping[T, int]) -> Plain[T]:
        return self._with(other, lambda mine, theirs: mine + theirs)

    def __radd__(self, other: Mapping[T, int]) -> Plain[T]:
        return self._with(other, lambda mine, theirs: theirs + mine)

    def __sub__(self, other: Mapping[T, int]) -> Plain[T]:
        return self._with(other, lambda mine, theirs: mine - theirs)

    def __rsub__(self, other: Mapping[T, int]) -> Plain[T]:
        return self._with(other, lambda mine, theirs: theirs - mine)

    def __or__(self, other: Mapping[T, int]) -> Plain[T]:
        return self._with(other, lambda mine, theirs: mine | theirs)

    def __ror__(self, other: Mapping[T, int]) -> Plain[T]:
        return self._with(other, lambda mine, theirs: theirs | mine)

    def __and__(self, other: Mapping[T, int]) -> Plain[T]:
        return self._with(other, lambda mine, theirs: mine & theirs)

    def __rand__(self, other: Mapping[T, int]) -> Plain[T]:
        return self._with(other, lambda mine, theirs: theirs & mine)

    def __pos__(self) -> Plain[T]:
        return +self.to_counter()

    def __neg__(self) -> Plain[T]:
        return -self.to_counter()

    # ---- in place: on the server

    def _combined(self, how: Literal["+", "-", "|", "&"], other: Mapping[T, int]) -> Counter[T]:
        if not isinstance(other, Mapping):
            return NotImplemented
        self.combine(how, other)
        return self

    def __iadd__(self, other: Mapping[T, int]) -> Counter[T]:  # typing.Self came with Python 3.11
        return self._combined("+", other)

    def __isub__(self, other: Mapping[T, int]) -> Counter[T]:
        return self._combined("-", other)

    def __ior__(self, other: Mapping[T, int]) -> Counter[T]:
        return self._combined("|", other)

    def __iand__(self, other: Mapping[T, int]) -> Counter[T]:
        return self._combined("&", other)

    # ---- comparing: with counters, what is not there counts as 0

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (Plain, Counter)):
            return self._with(other, Plain.__eq__)
        return dict(self.to_counter()) == dict(items_of(other)) if isinstance(other, Mapping) else NotImplemented

    def __le__(self, other: Plain[T] | Counter[T]) -> bool:
        return self._with(other, Plain.__le__) if isinstance(other, (Plain, Counter)) else NotImplemented

    def __lt__(self, other: Plain[T] | Counter[T]) -> bool:
        return self._with(other, Plain.__lt__) if isinstance(other, (Plain, Counter)) else NotImplemented

    def __ge__(self, other: Plain[T] | Counter[T]) -> bool:
        return self._with(other, Plain.__ge__) if isinstance(other, (Plain, Counter)) else NotImplemented

    def __gt__(self, other: Plain[T] | Counter[T]) -> bool:
        return self._with(other, Plain.__gt__) if isinstance(other, (Plain, Counter)) else NotImplemented


class AsyncCounter(CounterOperations[T], AsyncMapping[T, int]):
    """A counter that processes share, for asyncio: ``async for`` goes over its keys, and every operation is awaited.

    Example:
        >>> hits = aio.root().get("hits").as_counter()
        >>> await hits.update("abca")
        >>> await hits.increment("b"), await hits.most_common(1) in ([("a", 2)], [("b", 2)])
        (2, True)
    """

    __slots__ = ()

    async def elements(self) -> AsyncIterator[T]:
        """Go over the keys, each as often as it was counted. 1 round trip for 1,000 keys."""
        async for key, count in self.items():
            for each in repeat(key, count):
                yield each


class QueuedCounter(CounterOperations[T], QueuedMapping[T, int]):
    """A counter that processes share, as a pipeline sees it.

    Example:
        >>> with redicts.pipeline() as pipe:
        ...     hits = pipe.proxy("hits").as_counter()
        ...     count = hits.increment("/")
        >>> count.result
        1
    """

    __slots__ = ()
