"""Opening a place as a typed leaf: the synchronous face. May import core and its neighbours, which are loaded late.

Each kind has a method for each face, in ``opening``, ``opening_aio`` and ``opening_queued``: the types of what they
give differ, and nothing else. Nothing is asked of the server before something is done to what is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, overload

from redicts.leaves.primitives import SyncPrimitives

if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import TypeVar

    from redicts.leaves.counter import Counter
    from redicts.leaves.deque import Deque
    from redicts.leaves.dict import Dict
    from redicts.leaves.elements import Of, T
    from redicts.leaves.list import List
    from redicts.leaves.priority_queue import PriorityQueue
    from redicts.leaves.queue import Queue
    from redicts.leaves.reliable_queue import ReliableQueue
    from redicts.leaves.set import Set
    from redicts.leaves.sorted_set import SortedSet
    from redicts.leaves.string import String

    K = TypeVar("K", default=Any)

__all__ = ["LEASE", "SyncOpening"]

LEASE: Final = 60.0
"""Seconds that a taken item of a reliable queue is leased for, where nothing is said."""


class SyncOpening(SyncPrimitives):
    """What a place can be opened as."""

    __slots__ = ()

    def as_counter(self, of: Of[T] = None) -> Counter[T]:
        """Open the place as a counter: see ``Counter``. No round trip.

        Args:
            of: The type of what is counted: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.

        Raises:
            PathError: The root is no counter.
            ImportError: A type was given, and pydantic is not installed.

        Example:
            >>> hits = root().get("hits").as_counter()
            >>> hits.update(["front", "tea", "front"])
            >>> hits.most_common(1)
            [('front', 2)]
        """
        from redicts.leaves.counter import Counter

        return Counter(self, of)

    def as_deque(self, of: Of[T] = None, *, maxlen: int | None = None) -> Deque[T]:
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
            >>> last = root().get("last").as_deque(maxlen=2)
            >>> last.extend(["a", "b", "c"])
            >>> root().get("last").val()
            ['b', 'c']
        """
        from redicts.leaves.deque import Deque

        return Deque(self, of, maxlen)

    def as_dict(self, of: Of[T] = None, *, keys: Of[K] = None) -> Dict[K, T]:
        """Open the place as a dict: see ``Dict``. No round trip.

        Args:
            of: The type of the values: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.
            keys: The type of the keys, likewise; ``None`` for any JSON scalar.

        Raises:
            PathError: The root is no dict.
            ImportError: A type was given, and pydantic is not installed.

        Example:
            >>> stock = root().get("stock").as_dict()
            >>> stock.set("tea", 40)
            >>> stock.get("tea"), stock.get("pots", 0)
            (40, 0)
        """
        from redicts.leaves.dict import Dict

        return Dict(self, of, keys)

    def as_list(self, of: Of[T] = None) -> List[T]:
        """Open the place as a list: see ``List``. No round trip.

        Args:
            of: The type of the elements: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.

        Raises:
            PathError: The root is no list.
            ImportError: A type was given, and pydantic is not installed.

        Example:
            >>> todo = root().get("todo").as_list(of=str)
            >>> todo.append("tea")
            >>> todo.to_list()
            ['tea']
        """
        from redicts.leaves.list import List

        return List(self, of)

    def as_priority_queue(self, of: Of[T] = None, *, maxsize: int = 0) -> PriorityQueue[T]:
        """Open the place as a priority queue: see ``PriorityQueue``. No round trip.

        Args:
            of: The type of the values: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.
            maxsize: How many items it has at most, for this handle; 0 for no limit.

        Raises:
            PathError: The root is no priority queue.
            ImportError: A type was given, and pydantic is not installed.
            TypeError: ``maxsize`` is no integer.

        Example:
            >>> jobs = root().get("jobs").as_priority_queue()
            >>> jobs.put((2, "tea"))
            >>> jobs.put((1, "fire"))
            >>> jobs.get()
            (1, 'fire')
        """
        from redicts.leaves.priority_queue import PriorityQueue

        return PriorityQueue(self, of, maxsize)

    @overload
    def as_queue(self, of: Of[T] = None, *, maxsize: int = 0, reliable: Literal[False] = False) -> Queue[T]: ...
    @overload
    def as_queue(
        self, of: Of[T] = None, *, maxsize: int = 0, reliable: Literal[True], lease: float = LEASE
    ) -> ReliableQueue[T]: ...
    def as_queue(
        self, of: Of[T] = None, *, maxsize: int = 0, reliable: bool = False, lease: float = LEASE
    ) -> Queue[T] | ReliableQueue[T]:
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
            >>> jobs = root().get("jobs").as_queue()
            >>> jobs.put("tea")
            >>> jobs.get(timeout=1)
            'tea'
        """
        if reliable:
            from redicts.leaves.reliable_queue import ReliableQueue

            return ReliableQueue(self, of, maxsize, lease)
        from redicts.leaves.queue import Queue

        return Queue(self, of, maxsize)

    def as_set(self, of: Of[T] = None) -> Set[T]:
        """Open the place as a set: see ``Set``. No round trip.

        Args:
            of: The type of the elements: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.

        Raises:
            PathError: The root is no set.
            ImportError: A type was given, and pydantic is not installed.

        Example:
            >>> tags = root().get("tags").as_set()
            >>> tags.add("new")
            >>> tags.contains_many(["new", "old"])
            [True, False]
        """
        from redicts.leaves.set import Set

        return Set(self, of)

    def as_sorted_set(self, of: Of[T] = None) -> SortedSet[T]:
        """Open the place as a sorted set: see ``SortedSet``. No round trip.

        Args:
            of: The type of the members: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.

        Raises:
            PathError: The root is no sorted set.
            ImportError: A type was given, and pydantic is not installed.

        Example:
            >>> best = root().get("best").as_sorted_set()
            >>> _ = best.add("ada", 3)
            >>> best.score("ada")
            3.0
        """
        from redicts.leaves.sorted_set import SortedSet

        return SortedSet(self, of)

    def as_string(self) -> String:
        """Open the place as a string of text or bytes: see ``String``. No round trip.

        Raises:
            PathError: The root is no string.

        Example:
            >>> note = root().get("note").as_string()
            >>> _ = note.append("tea")
            >>> note.get()
            'tea'
        """
        from redicts.leaves.string import String

        return String(self)
