"""The faces that dicts and counters have in common.

May import its neighbours. What is under ``TYPE_CHECKING`` says for each face, more exactly than one operation can, what
becomes of a default; at run time the operations of those names are there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

from redicts.core.deferred import Deferred
from redicts.leaves.elements import T
from redicts.leaves.leaf import AsyncLeaf, QueuedLeaf, SyncLeaf
from redicts.leaves.parts.keys import K, Scan
from redicts.leaves.parts.mapping import MappingOperations
from redicts.leaves.parts.views import LiveItems, LiveKeys, LiveValues

__all__ = ["AsyncMapping", "QueuedMapping", "SyncMapping"]

D = TypeVar("D")


class SyncMapping(MappingOperations[K, T], SyncLeaf, MutableMapping[K, T]):
    """Base of the synchronous face of a mapping."""

    __slots__ = ()

    __hash__ = None  # type: ignore[assignment]  # as of every dict
    __reversed__ = None  # a hash has no order

    if TYPE_CHECKING:

        @overload  # type: ignore[override]
        def get(self, key: K) -> T | None: ...
        @overload
        def get(self, key: K, default: T | D) -> T | D: ...
        def get(self, key: K, default: Any = None) -> Any: ...  # noqa: D102  # pyright: ignore[reportIncompatibleVariableOverride]
        @overload  # type: ignore[override]
        def pop(self, key: K) -> T: ...
        @overload
        def pop(self, key: K, default: T | D) -> T | D: ...
        def pop(self, key: K, default: Any = None) -> Any: ...  # noqa: D102  # pyright: ignore[reportIncompatibleVariableOverride]

    def __len__(self) -> int:
        return self.length()

    def __contains__(self, key: object) -> bool:
        return self.contains(key)

    def __getitem__(self, key: K) -> T:
        return self.lookup(key)

    def __iter__(self) -> Iterator[K]:
        scan = Scan()
        while scan.cursor is not None:
            yield from self.scan_keys(scan)

    def _pages(self) -> Iterator[list[tuple[K, T]]]:
        scan = Scan()
        while scan.cursor is not None:
            yield self.scan_items(scan)

    def keys(self) -> LiveKeys[K]:
        """Give a live view of the keys, as of a ``dict``. No round trip before it is used."""
        return LiveKeys(self)

    def values(self) -> LiveValues[T]:
        """Give a live view of the values, as of a ``dict``. No round trip before it is used."""
        return LiveValues(self)

    def items(self) -> LiveItems[K, T]:
        """Give a live view of keys and values, as of a ``dict``. No round trip before it is used."""
        return LiveItems(self)


class AsyncMapping(MappingOperations[K, T], AsyncLeaf):
    """Base of the face of a mapping for asyncio."""

    __slots__ = ()

    if TYPE_CHECKING:

        @overload  # type: ignore[override]
        def get(self, key: K) -> Coroutine[object, None, T | None]: ...
        @overload
        def get(self, key: K, default: T | D) -> Coroutine[object, None, T | D]: ...
        def get(self, key: K, default: Any = None) -> Any: ...  # noqa: D102  # pyright: ignore[reportIncompatibleVariableOverride]
        @overload  # type: ignore[override]
        def pop(self, key: K) -> Coroutine[object, None, T]: ...
        @overload
        def pop(self, key: K, default: T | D) -> Coroutine[object, None, T | D]: ...
        def pop(self, key: K, default: Any = None) -> Any: ...  # noqa: D102  # pyright: ignore[reportIncompatibleVariableOverride]

    async def __aiter__(self) -> AsyncIterator[K]:
        scan = Scan()
        while scan.cursor is not None:
            for key in await self.scan_keys(scan):
                yield key

    async def items(self) -> AsyncIterator[tuple[K, T]]:
        """Go over keys and values: ``async for key, value in mapping.items()``. 1 round trip for 1,000."""
        scan = Scan()
        while scan.cursor is not None:
            for item in await self.scan_items(scan):
                yield item

    async def keys(self) -> AsyncIterator[K]:
        """Go over the keys: as ``async for key in mapping``."""
        async for key in self:
            yield key

    async def values(self) -> AsyncIterator[T]:
        """Go over the values: ``async for value in mapping.values()``. 1 round trip for 1,000."""
        scan = Scan()
        while scan.cursor is not None:
            for _, value in await self.scan_items(scan):
                yield value


class QueuedMapping(MappingOperations[K, T], QueuedLeaf):
    """Base of the queued face of a mapping."""

    __slots__ = ()

    if TYPE_CHECKING:

        @overload  # type: ignore[override]
        def get(self, key: K) -> Deferred[T | None]: ...
        @overload
        def get(self, key: K, default: T | D) -> Deferred[T | D]: ...
        def get(self, key: K, default: Any = None) -> Any: ...  # noqa: D102  # pyright: ignore[reportIncompatibleVariableOverride]
        @overload  # type: ignore[override]
        def pop(self, key: K) -> Deferred[T]: ...
        @overload
        def pop(self, key: K, default: T | D) -> Deferred[T | D]: ...
        def pop(self, key: K, default: Any = None) -> Any: ...  # noqa: D102  # pyright: ignore[reportIncompatibleVariableOverride]
