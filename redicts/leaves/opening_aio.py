"""Opening a place as a typed leaf: the asyncio face. May import core and its neighbours, which are loaded late.

Each kind has a method for each face, in ``opening``, ``opening_aio`` and ``opening_queued``: the types of what they
give differ, and nothing else. Nothing is asked of the server before something is done to what is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from redicts.leaves.opening import LEASE
from redicts.leaves.primitives_aio import AsyncPrimitives

if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import TypeVar

    from redicts.leaves.counter import AsyncCounter
    from redicts.leaves.deque import AsyncDeque
    from redicts.leaves.dict import AsyncDict
    from redicts.leaves.elements import Of, T
    from redicts.leaves.list import AsyncList
    from redicts.leaves.priority_queue import AsyncPriorityQueue
    from redicts.leaves.queue import AsyncQueue
    from redicts.leaves.reliable_queue import AsyncReliableQueue
    from redicts.leaves.set import AsyncSet
    from redicts.leaves.sorted_set import AsyncSortedSet
    from redicts.leaves.string import AsyncString

    K = TypeVar("K", default=Any)

__all__ = ["AsyncOpening"]


class AsyncOpening(AsyncPrimitives):
    """What a place can be opened as, for asyncio."""

    __slots__ = ()

    def as_counter(self, of: Of[T] = None) -> AsyncCounter[T]:
        """Open the place as a counter: see ``Counter``. No round trip.

        Args:
            of: The type of what is counted: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.

        Raises:
            PathError: The root is no counter.
            ImportError: A type was given, and pydantic is not installed.

        Example:
            >>> hits = aio.root().get("hits").as_counter()
            >>> await hits.update(["front", "tea", "front"])
            >>> await hits.most_common(1)
            [('front', 2)]
        """
        from redicts.leaves.counter import AsyncCounter

        return AsyncCounter(self, of)

    def as_deque(self, of: Of[T] = None, *, maxlen: int | None = None) -> AsyncDeque[T]:
        """Open the place as a deque: see ``Deque``. No round trip.

        Args:
            of: The type of the elements: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.
            maxlen: How many elements it has at most, for this handle: what is added at one end pushes out at the other.

        Raises:
            PathError: The root is no deque.
            ImportError: A type was given, and pydantic is not installed.
            TypeError: ``maxlen`` is no integer.
            ValueError: ``maxlen`` is negative.

        Example:
            >>> last = aio.root().get("last").as_deque(maxlen=2)
            >>> await last.extend(["a", "b", "c"])
            >>> await aio.root().get("last").val()
            ['b', 'c']
        """
        from redicts.leaves.deque import AsyncDeque

        return AsyncDeque(self, of, maxlen)

    def as_dict(self, of: Of[T] = None, *, keys: Of[K] = None) -> AsyncDict[K, T]:
        """Open the place as a dict: see ``Dict``. No round trip.

        Args:
            of: The type of the values: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.
            keys: The type of the keys, likewise; ``None`` for any JSON scalar.

        Raises:
            PathError: The root is no dict.
            ImportError: A type was given, and pydantic is not installed.

        Example:
            >>> stock = aio.root().get("stock").as_dict()
            >>> await stock.set("tea", 40)
            >>> await stock.get("tea"), await stock.get("pots", 0)
            (40, 0)
        """
        from redicts.leaves.dict import AsyncDict

        return AsyncDict(self, of, keys)

    def as_list(self, of: Of[T] = None) -> AsyncList[T]:
        """Open the place as a list: see ``List``. No round trip.

        Args:
            of: The type of the elements: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.

        Raises:
            PathError: The root is no list.
            ImportError: A type was given, and pydantic is not installed.

        Example:
            >>> todo = aio.root().get("todo").as_list(of=str)
            >>> await todo.append("tea")
            >>> await todo.to_list()
            ['tea']
        """
        from redicts.leaves.list import AsyncList

        return AsyncList(self, of)

    def as_priority_queue(self, of: Of[T] = None, *, maxsize: int = 0) -> AsyncPriorityQueue[T]:
        """Open the place as a priority queue: see ``PriorityQueue``. No round trip.

        Args:
            of: The type of the values: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.
            maxsize: How many items it has at most, for this handle; 0 for no limit.

        Raises:
            PathError: The root is no priority queue.
            ImportError: A type was given, and pydantic is not installed.
            TypeError: ``maxsize`` is no integer.

        Example:
            >>> jobs = aio.root().get("jobs").as_priority_queue()
            >>> await jobs.put((2, "tea"))
            >>> await jobs.put((1, "fire"))
            >>> await jobs.get()
            (1, 'fire')
        """
        from redicts.leaves.priority_queue import AsyncPriorityQueue

        return AsyncPriorityQueue(self, of, maxsize)

    @overload
    def as_queue(self, of: Of[T] = None, *, maxsize: int = 0, reliable: Literal[False] = False) -> AsyncQueue[T]: ...
    @overload
    def as_queue(
        self, of: Of[T] = None, *, maxsize: int = 0, reliable: Literal[True], lease: float = LEASE
    ) -> AsyncReliableQueue[T]: ...
    def as_queue(
        self, of: Of[T] = None, *, maxsize: int = 0, reliable: bool = False, lease: float = LEASE
    ) -> AsyncQueue[T] | AsyncReliableQueue[T]:
        """Open the place as a queue: see ``Queue`` and ``ReliableQueue``, which are two kinds. No round trip.

        Args:
            of: The type of the items: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.
            maxsize: How many items it has at most, for this handle; 0 for no limit.
            reliable: Whether an item that is taken comes back, unless ``task_done`` says that it is done.
            lease: After how many seconds it does.

        Raises:
            PathError: The root is no queue.
            ImportError: A type was given, and pydantic is not installed.
            TypeError: ``maxsize`` is no integer, or ``lease`` no number.
            ValueError: ``lease`` is not above 0.

        Example:
            >>> jobs = aio.root().get("jobs").as_queue()
            >>> await jobs.put("tea")
            >>> await jobs.get(timeout=1)
            'tea'
        """
        if reliable:
            from redicts.leaves.reliable_queue import AsyncReliableQueue

            return AsyncReliableQueue(self, of, maxsize, lease)
        from redicts.leaves.queue import AsyncQueue

        return AsyncQueue(self, of, maxsize)

    def as_set(self, of: Of[T] = None) -> AsyncSet[T]:
        """Open the place as a set: see ``Set``. No round trip.

        Args:
            of: The type of the elements: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.

        Raises:
            PathError: The root is no set.
            ImportError: A type was given, and pydantic is not installed.

        Example:
            >>> tags = aio.root().get("tags").as_set()
            >>> await tags.add("new")
            >>> await tags.contains_many(["new", "old"])
            [True, False]
        """
        from redicts.leaves.set import AsyncSet

        return AsyncSet(self, of)

    def as_sorted_set(self, of: Of[T] = None) -> AsyncSortedSet[T]:
        """Open the place as a sorted set: see ``SortedSet``. No round trip.

        Args:
            of: The type of the members: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.

        Raises:
            PathError: The root is no sorted set.
            ImportError: A type was given, and pydantic is not installed.

        Example:
            >>> best = aio.root().get("best").as_sorted_set()
            >>> _ = await best.add("ada", 3)
            >>> await best.score("ada")
            3.0
        """
        from redicts.leaves.sorted_set import AsyncSortedSet

        return AsyncSortedSet(self, of)

    def as_string(self) -> AsyncString:
        """Open the place as a string of text or bytes: see ``String``. No round trip.

        Raises:
            PathError: The root is no string.

        Example:
            >>> note = aio.root().get("note").as_string()
            >>> _ = await note.append("tea")
            >>> await note.get()
            'tea'
        """
        from redicts.leaves.string import AsyncString

        return AsyncString(self)
