"""A dict of keys that are given beforehand, in their order, and looked up in a cache together.

The idea is that of the package Pottery: a search gives IDs; the documents that a cache has are looked up at once, and
those that it has not are fetched and put there. May import core and its neighbours.

What was looked up is kept here, as it was at that moment; what is set or deleted here is written to the cache first. A
key without a value is not in the dict, as an iteration, ``len`` and ``in`` see it: ``misses()`` tells of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, MutableMapping
from typing import Any, Generic

from redicts.core.place import Place
from redicts.leaves.cache import AsyncCache, Cache
from redicts.leaves.elements import Of, T
from redicts.leaves.parts.keys import Keys
from redicts.leaves.parts.pairs import pairs_of

__all__ = ["AsyncCachedOrderedDict", "CachedOrderedDict"]


class _Looked(Generic[T]):
    """The keys, and what was found of them.

    Args:
        keys: In their order; one that comes again stands where it came first.
        where: Spells the path, for errors.
        keys_of: Checks and spells keys.

    Raises:
        TypeError: A key cannot be one.

    Attributes:
        keys: By their texts: 1, 1.0, True and "1" are four.
        values: Likewise, of those that have one; ``None``: not looked up yet.
    """

    __slots__ = ("_spelling", "_where", "keys", "values")

    def __init__(self, keys: Iterable[Any], where: Any) -> None:
        self._spelling: Keys[Any] = Keys()
        self._where = where
        self.keys: dict[str, Any] = {}
        for key in keys:
            _ = self.keys.setdefault(self.spell(key), key)
        self.values: dict[str, T] | None = None

    def spell(self, key: object) -> str:
        return self._spelling.spell(key, self._where)

    def found(self, values: list[T | None], absent: object, *, again: bool) -> None:
        """Take what was looked up, for all keys that there were then; unless another task was faster."""
        if again or self.values is None:
            pairs = zip(self.keys, values, strict=False)
            self.values = {name: value for name, value in pairs if value is not absent}  # type: ignore[misc]

    def put(self, pairs: Iterable[tuple[Any, T]]) -> None:
        """Take what was set; a key that is new stands at the end."""
        for key, value in pairs:
            name = self.spell(key)
            _ = self.keys.setdefault(name, key)
            if self.values is not None:
                self.values[name] = value

    def drop(self, keys: Iterable[Any]) -> None:
        """Take what was deleted."""
        for key in keys:
            if self.values is not None:
                _ = self.values.pop(self.spell(key), None)

    def items(self) -> list[tuple[Any, T]]:
        """Give keys that have a value, with that, in order."""
        values = self.values or {}
        return [(key, values[name]) for name, key in self.keys.items() if name in values]

    def misses(self) -> list[Any]:
        """Give keys that have no value, in order."""
        values = self.values or {}
        return [key for name, key in self.keys.items() if name not in values]

    def has(self, key: object) -> bool:
        try:
            return self.spell(key) in (self.values or {})
        except TypeError:
            _ = hash(key)
            return False

    def value(self, key: Any) -> T:
        """Give a value.

        Raises:
            KeyError: There is none.
        """
        if not self.has(key):
            raise KeyError(key)
        return (self.values or {})[self.spell(key)]


class CachedOrderedDict(MutableMapping[Any, T]):
    """Keys in their order, backed by a cache: what ``as_cached_ordered_dict(keys)`` gives. A ``MutableMapping``.

    The first use looks all keys up, in one round trip; after that, reading asks nobody. Setting and deleting write to
    the cache, 1 round trip each, ``update`` and ``clear`` one for all. A key that was not given is not looked up; one
    that is set stands at the end. A key that is deleted keeps its place, as one that is missing.

    It is for one thread, and for a short time: what others write is not seen before ``hydrate()`` looks again.

    Example:
        >>> found = root().get("documents").as_cached_ordered_dict([3, 1, 2], ttl=60)
        >>> found.misses()
        [3, 1, 2]
        >>> found.update({1: "one", 3: "three"})
        >>> list(found.items()), found.misses()
        ([(3, 'three'), (1, 'one')], [2])
        >>> root().get("documents").as_cached_ordered_dict([1, 2])[1]
        'one'
    """

    __slots__ = ("_cache", "_looked")

    def __init__(self, place: Place, keys: Iterable[Any], of: Of[T], ttl: float | None) -> None:
        self._cache: Cache[T] = Cache(place, of, ttl)
        self._looked: _Looked[T] = _Looked(keys, self._cache.key)

    def key(self) -> str:
        """Spell the path as dotted text. No round trip."""
        return self._cache.key()

    def hydrate(self) -> None:
        """Look all keys up, also if that was done before.

        Raises:
            WrongType: The place holds something else.
            InvalidElement: A value is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(keys); none where there are none.
        """
        self._hydrate(again=True)

    def misses(self) -> list[Any]:
        """Give the keys that have no value, in their order. The first use looks all up.

        Raises:
            WrongType: The place holds something else.
            InvalidElement: A value is not of the type asked for.
        """
        self._hydrate()
        return self._looked.misses()

    def __getitem__(self, key: Any) -> T:
        self._hydrate()
        return self._looked.value(key)

    def __contains__(self, key: object) -> bool:
        self._hydrate()
        return self._looked.has(key)

    def __iter__(self) -> Iterator[Any]:
        self._hydrate()
        keys = [key for key, _ in self._looked.items()]
        return iter(keys)

    def __reversed__(self) -> Iterator[Any]:
        yield from reversed(list(self))

    def __len__(self) -> int:
        self._hydrate()
        return len(self._looked.items())

    def __setitem__(self, key: Any, value: T) -> None:
        self.update([(key, value)])

    def __delitem__(self, key: Any) -> None:
        self._hydrate()
        _ = self._looked.value(key)
        _ = self._cache.delete(key)
        self._looked.drop([key])

    def update(self, other: Any = (), /, **more: T) -> None:
        """Set several keys, those that were not given too.

        Args:
            other: A mapping, or an iterable of pairs.
            **more: More keys.

        Raises:
            TypeError: It is neither of these, or a key or a value cannot be one.
            WrongType: The place holds something else.
            InvalidElement: A value is not of the type asked for.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step: all of them or none.
        Cost: 1 round trip, O(keys), and 1 if they were not looked up yet; none where there are none.
        """
        pairs = _read_back(self._cache, other, more)
        if pairs:
            self._hydrate()
            self._cache.set_many(pairs)
            self._looked.put(pairs)

    def clear(self) -> None:
        """Delete all that have a value; what is in the cache besides them stays.

        Raises:
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(keys), and 1 if they were not looked up yet; none where there are none.
        """
        keys = list(self)
        _ = self._cache.delete_many(keys)
        self._looked.drop(keys)

    def __repr__(self) -> str:
        return f"CachedOrderedDict({self.key()!r}, {[*self._looked.keys.values()]!r})"

    def _hydrate(self, again: bool = False) -> None:
        if again or self._looked.values is None:
            absent: Any = object()
            values = self._cache.get_many([*self._looked.keys.values()], absent)
            self._looked.found(values, absent, again=again)


class AsyncCachedOrderedDict(Generic[T]):
    """Keys in their order, backed by a cache, for asyncio: as ``CachedOrderedDict``, with names for what is awaited.

    Example:
        >>> found = aio.root().get("documents").as_cached_ordered_dict([3, 1, 2], ttl=60)
        >>> await found.misses()
        [3, 1, 2]
        >>> await found.update({1: "one", 3: "three"})
        >>> await found.items(), await found.get(2, "none"), [key async for key in found]
        ([(3, 'three'), (1, 'one')], 'none', [3, 1])
    """

    __slots__ = ("_cache", "_looked")

    def __init__(self, place: Place, keys: Iterable[Any], of: Of[T], ttl: float | None) -> None:
        self._cache: AsyncCache[T] = AsyncCache(place, of, ttl)
        self._looked: _Looked[T] = _Looked(keys, self._cache.key)

    def key(self) -> str:
        """Spell the path as dotted text. No round trip."""
        return self._cache.key()

    async def hydrate(self) -> None:
        """Look all keys up, also if that was done before: as ``CachedOrderedDict.hydrate``."""
        await self._hydrate(again=True)

    async def misses(self) -> list[Any]:
        """Give the keys that have no value, in their order."""
        await self._hydrate()
        return self._looked.misses()

    async def get(self, key: Any, default: T | None = None) -> T | None:
        """Give the value of a key, or ``default``."""
        await self._hydrate()
        return self._looked.value(key) if self._looked.has(key) else default

    async def lookup(self, key: Any) -> T:
        """Give the value of a key.

        Raises:
            KeyError: It has none, or was not given.
        """
        await self._hydrate()
        return self._looked.value(key)

    async def contains(self, key: object) -> bool:
        """Tell whether a key has a value."""
        await self._hydrate()
        return self._looked.has(key)

    async def length(self) -> int:
        """Count the keys that have a value."""
        return len(await self.items())

    async def keys(self) -> list[Any]:
        """Give the keys that have a value, in their order."""
        return [key for key, _ in await self.items()]

    async def values(self) -> list[T]:
        """Give the values, in the order of the keys."""
        return [value for _, value in await self.items()]

    async def items(self) -> list[tuple[Any, T]]:
        """Give the keys that have a value, with that, in their order."""
        await self._hydrate()
        return self._looked.items()

    async def __aiter__(self) -> AsyncIterator[Any]:
        for key in await self.keys():
            yield key

    async def set(self, key: Any, value: T) -> None:
        """Set the value of a key, one that was not given too."""
        await self.update([(key, value)])

    async def update(self, other: Any = (), /, **more: T) -> None:
        """Set several keys: as ``CachedOrderedDict.update``."""
        pairs = _read_back(self._cache, other, more)
        if pairs:
            await self._hydrate()
            await self._cache.set_many(pairs)
            self._looked.put(pairs)

    async def delete(self, key: Any) -> None:
        """Delete the value of a key.

        Raises:
            KeyError: It has none, or was not given.
        """
        _ = await self.lookup(key)
        _ = await self._cache.delete(key)
        self._looked.drop([key])

    async def clear(self) -> None:
        """Delete all that have a value: as ``CachedOrderedDict.clear``."""
        keys = await self.keys()
        _ = await self._cache.delete_many(keys)
        self._looked.drop(keys)

    def __repr__(self) -> str:
        return f"aio.CachedOrderedDict({self.key()!r}, {[*self._looked.keys.values()]!r})"

    async def _hydrate(self, again: bool = False) -> None:
        if again or self._looked.values is None:
            absent: Any = object()
            values = await self._cache.get_many([*self._looked.keys.values()], absent)
            self._looked.found(values, absent, again=again)


def _read_back(cache: Cache[T] | AsyncCache[T], other: Any, more: dict[str, T]) -> list[tuple[Any, T]]:
    """Give pairs with their values as they will be read: arrays for tuples, say."""
    pairs = [*pairs_of(other), *more.items()]
    return [(key, cache._decode(cache._encode(value))) for key, value in pairs]
