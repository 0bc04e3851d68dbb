"""Opening a place as a typed leaf: the queued face. May import core and its neighbours, which are loaded late.

Each kind has a method for each face, in ``opening``, ``opening_aio`` and ``opening_queued``: the types of what they
give differ, and nothing else. Nothing is asked of the server before something is done to what is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from redicts.leaves.opening import LEASE
from redicts.leaves.primitives_queued import QueuedPrimitives

if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import TypeVar

    from redicts.leaves.counter import QueuedCounter
    from redicts.leaves.deque import QueuedDeque
    from redicts.leaves.dict import QueuedDict
    from redicts.leaves.elements import Of, T
    from redicts.leaves.list import QueuedList
    from redicts.leaves.priority_queue import QueuedPriorityQueue
    from redicts.leaves.queue import QueuedQueue
    from redicts.leaves.reliable_queue import QueuedReliableQueue
    from redicts.leaves.set import QueuedSet
    from redicts.leaves.sorted_set import QueuedSortedSet
    from redicts.leaves.string import QueuedString

    K = TypeVar("K", default=Any)

__all__ = ["QueuedOpening"]


class QueuedOpening(QueuedPrimitives):
    """What a place can be opened as, in a pipeline."""

    __slots__ = ()

    def as_counter(self, of: Of[T] = None) -> QueuedCounter[T]:
        """Open the place as a counter: see ``Counter``. No round trip.

        Args:
            of: The type of what is counted: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.

        Raises:
            PathError: The root is no counter.
            ImportError: A type was given, and pydantic is not installed.
        """
        from redicts.leaves.counter import QueuedCounter

        return QueuedCounter(self, of)

    def as_deque(self, of: Of[T] = None, *, maxlen: int | None = None) -> QueuedDeque[T]:
        """Open the place as a deque: see ``Deque``. No round trip.

        Args:
            of: The type of the elements: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.
            maxlen: How many elements it has at most, for this handle: what is added at one end pushes out at the other.

        Raises:
            PathError: The root is no deque.
            ImportError: A type was given, and pydantic is not installed.
            TypeError: ``maxlen`` is no integer.
            ValueError: ``maxlen`` is negative.
        """
        from redicts.leaves.deque import QueuedDeque

        return QueuedDeque(self, of, maxlen)

    def as_dict(self, of: Of[T] = None, *, keys: Of[K] = None) -> QueuedDict[K, T]:
        """Open the place as a dict: see ``Dict``. No round trip.

        Args:
            of: The type of the values: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.
            keys: The type of the keys, likewise; ``None`` for any JSON scalar.

        Raises:
            PathError: The root is no dict.
            ImportError: A type was given, and pydantic is not installed.
        """
        from redicts.leaves.dict import QueuedDict

        return QueuedDict(self, of, keys)

    def as_list(self, of: Of[T] = None) -> QueuedList[T]:
        """Open the place as a list: see ``List``. No round trip.

        Args:
            of: The type of the elements: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.

        Raises:
            PathError: The root is no list.
            ImportError: A type was given, and pydantic is not installed.
        """
        from redicts.leaves.list import QueuedList

        return QueuedList(self, of)

    def as_priority_queue(self, of: Of[T] = None, *, maxsize: int = 0) -> QueuedPriorityQueue[T]:
        """Open the place as a priority queue: see ``PriorityQueue``. No round trip.

        Args:
            of: The type of the values: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.
            maxsize: How many items it has at most, for this handle; 0 for no limit.

        Raises:
            PathError: The root is no priority queue.
            ImportError: A type was given, and pydantic is not installed.
            TypeError: ``maxsize`` is no integer.
        """
        from redicts.leaves.priority_queue import QueuedPriorityQueue

        return QueuedPriorityQueue(self, of, maxsize)

    @overload
    def as_queue(self, of: Of[T] = None, *, maxsize: int = 0, reliable: Literal[False] = False) -> QueuedQueue[T]: ...
    @overload
    def as_queue(
        self, of: Of[T] = None, *, maxsize: int = 0, reliable: Literal[True], lease: float = LEASE
    ) -> QueuedReliableQueue[T]: ...
    def as_queue(
        self, of: Of[T] = None, *, maxsize: int = 0, reliable: bool = False, lease: float = LEASE
    ) -> QueuedQueue[T] | QueuedReliableQueue[T]:
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
        """
        if reliable:
            from redicts.leaves.reliable_queue import QueuedReliableQueue

            return QueuedReliableQueue(self, of, maxsize, lease)
        from redicts.leaves.queue import QueuedQueue

        return QueuedQueue(self, of, maxsize)

    def as_set(self, of: Of[T] = None) -> QueuedSet[T]:
        """Open the place as a set: see ``Set``. No round trip.

        Args:
            of: The type of the elements: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.

        Raises:
            PathError: The root is no set.
            ImportError: A type was given, and pydantic is not installed.
        """
        from redicts.leaves.set import QueuedSet

        return QueuedSet(self, of)

    def as_sorted_set(self, of: Of[T] = None) -> QueuedSortedSet[T]:
        """Open the place as a sorted set: see ``SortedSet``. No round trip.

        Args:
            of: The type of the members: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.

        Raises:
            PathError: The root is no sorted set.
            ImportError: A type was given, and pydantic is not installed.
        """
        from redicts.leaves.sorted_set import QueuedSortedSet

        return QueuedSortedSet(self, of)

    def as_string(self) -> QueuedString:
        """Open the place as a string of text or bytes: see ``String``. No round trip.

        Raises:
            PathError: The root is no string.
        """
        from redicts.leaves.string import QueuedString

        return QueuedString(self)
