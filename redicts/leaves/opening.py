"""Opening a place as a typed leaf, in its three faces. May import core and its neighbours, which are loaded late.

Each kind has a line here for each face: the types of what it gives differ, and nothing else. A new kind is added below
the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redicts.core.place import Place

if TYPE_CHECKING:
    from redicts.leaves.elements import Of, T
    from redicts.leaves.list import AsyncList, List, QueuedList

__all__ = ["AsyncOpening", "QueuedOpening", "SyncOpening"]


class SyncOpening(Place):
    """What a place can be opened as. Nothing is asked of the server, and nothing made, before something is done to it.

    ``of`` is the type of the elements: whatever pydantic's ``TypeAdapter`` takes, or one; ``None`` for any JSON value.
    """

    __slots__ = ()

    def as_list(self, of: Of[T] = None) -> List[T]:
        """Open the place as a list: see ``List``. No round trip.

        Args:
            of: The type of the elements, as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.

        Raises:
            PathError: The root is no list.
            ImportError: ``of`` was given, and pydantic is not installed.
        """
        from redicts.leaves.list import List

        return List(self, of)


class AsyncOpening(Place):
    """What a place can be opened as, for asyncio."""

    __slots__ = ()

    def as_list(self, of: Of[T] = None) -> AsyncList[T]:
        """Open the place as a list: see ``List``. No round trip.

        Args:
            of: The type of the elements, as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.

        Raises:
            PathError: The root is no list.
            ImportError: ``of`` was given, and pydantic is not installed.
        """
        from redicts.leaves.list import AsyncList

        return AsyncList(self, of)


class QueuedOpening(Place):
    """What a place can be opened as, in a pipeline."""

    __slots__ = ()

    def as_list(self, of: Of[T] = None) -> QueuedList[T]:
        """Open the place as a list: see ``List``. No round trip.

        Args:
            of: The type of the elements, as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.

        Raises:
            PathError: The root is no list.
            ImportError: ``of`` was given, and pydantic is not installed.
        """
        from redicts.leaves.list import QueuedList

        return QueuedList(self, of)
