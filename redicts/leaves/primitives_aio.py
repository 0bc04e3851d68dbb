"""Opening a place as a primitive of distributed work: the asyncio face. May import core and its neighbours, late.

As for the containers (``opening``): a method for each kind and face, and nothing is asked of the server here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from redicts.core.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from redicts.leaves.bloom_filter import AsyncBloomFilter
    from redicts.leaves.cache import AsyncCache
    from redicts.leaves.cached_ordered_dict import AsyncCachedOrderedDict
    from redicts.leaves.elements import Of, T
    from redicts.leaves.hyperloglog import AsyncHyperLogLog
    from redicts.leaves.ids import AsyncIds
    from redicts.leaves.majority_ids import AsyncMajorityIds
    from redicts.leaves.rate_limiter import AsyncRateLimiter
    from redicts.leaves.redlock import AsyncRedlock
    from redicts.leaves.semaphore import AsyncSemaphore

__all__ = ["AsyncPrimitives"]


class AsyncPrimitives(Place):
    """What a place can be opened as, besides the containers, for asyncio."""

    __slots__ = ()

    def as_bloom_filter(
        self, of: Of[T] = None, *, capacity: int, error_rate: float = 0.01, scalable: bool = False
    ) -> AsyncBloomFilter[T]:
        """Open the place as a Bloom filter: see ``BloomFilter``. No round trip.

        Args:
            of: The type of the elements: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.
            capacity: How many different elements it is for, at least 1.
            error_rate: How many of those that are not in it are taken for such as are, at that number.
            scalable: Whether it grows with what is added, so that the rate holds beyond the capacity.

        Raises:
            PathError: The root is no Bloom filter.
            ImportError: xxhash is not installed, which ``redicts[bloom]`` brings; or a type was given without pydantic.
            TypeError: An argument is of another type.
            ValueError: ``capacity`` or ``error_rate`` is out of range, or the filter would be too large for a server.

        Example:
            >>> seen = aio.root().get("seen").as_bloom_filter(capacity=1000, error_rate=0.001)
            >>> await seen.add("tea")
            True
            >>> await seen.contains("tea"), await seen.contains("pots")
            (True, False)
        """
        from redicts.leaves.bloom_filter import AsyncBloomFilter

        return AsyncBloomFilter(self, of, capacity, error_rate, scalable)

    def as_cache(
        self,
        of: Of[T] = None,
        *,
        ttl: float | None = None,
        jitter: float = 0.0,
        stale: float = 0.0,
        lease: float = 10.0,
    ) -> AsyncCache[T]:
        """Open the place as a cache: see ``Cache``. No round trip.

        Args:
            of: The type of the values: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.
            ttl: Seconds that an entry is fresh, above 0; ``None`` for no limit.
            jitter: By what part of it that time is shortened at random, 0 to 1, so that not all end at once.
            stale: Seconds for which an entry is still served after that, while one caller computes it anew.
            lease: Seconds after which another caller takes over from one that computes and is not heard of.

        Raises:
            PathError: The root is no cache.
            ImportError: A type was given, and pydantic is not installed.
            TypeError: An argument is no number.
            ValueError: An argument is out of range.

        Example:
            >>> pages = aio.root().get("pages").as_cache(ttl=60)
            >>> await pages.get_or_compute("front", lambda: "<h1>Tea</h1>")
            '<h1>Tea</h1>'
            >>> await pages.get("front")
            '<h1>Tea</h1>'
        """
        from redicts.leaves.cache import AsyncCache

        return AsyncCache(self, of, ttl, jitter, stale, lease)

    def as_cached_ordered_dict(
        self, keys: Iterable[Any], of: Of[T] = None, *, ttl: float | None = None
    ) -> AsyncCachedOrderedDict[T]:
        """Open the place as a cache whose keys are looked up together: see ``CachedOrderedDict``. No round trip.

        Args:
            keys: The keys, in their order.
            of: The type of the values: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.
            ttl: Seconds that an entry lives, above 0; ``None`` for no limit.

        Raises:
            PathError: The root is no cache.
            ImportError: A type was given, and pydantic is not installed.
            TypeError: A key is no JSON scalar, or ``ttl`` no number.
            ValueError: ``ttl`` is not above 0.

        Example:
            >>> found = aio.root().get("documents").as_cached_ordered_dict([3, 1, 2], ttl=600)
            >>> await found.update({1: "one", 3: "three"})
            >>> await found.items(), await found.misses()
            ([(3, 'three'), (1, 'one')], [2])
        """
        from redicts.leaves.cached_ordered_dict import AsyncCachedOrderedDict

        return AsyncCachedOrderedDict(self, keys, of, ttl)

    def as_hyperloglog(self, of: Of[T] = None) -> AsyncHyperLogLog[T]:
        """Open the place as a HyperLogLog: see ``HyperLogLog``. No round trip.

        Args:
            of: The type of the elements: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.

        Raises:
            PathError: The root is no HyperLogLog.
            ImportError: A type was given, and pydantic is not installed.

        Example:
            >>> visitors = aio.root().get("visitors").as_hyperloglog()
            >>> await visitors.update(["ada", "bob", "ada"])
            True
            >>> await visitors.length()
            2
        """
        from redicts.leaves.hyperloglog import AsyncHyperLogLog

        return AsyncHyperLogLog(self, of)

    @overload
    def as_ids(
        self, masters: None = None, *, block: int = 1, timeout: float = 10.0, master_timeout: float = 0.2
    ) -> AsyncIds: ...
    @overload
    def as_ids(
        self, masters: Sequence[object], *, block: int = 1, timeout: float = 10.0, master_timeout: float = 0.2
    ) -> AsyncMajorityIds: ...
    def as_ids(
        self,
        masters: Sequence[object] | None = None,
        *,
        block: int = 1,
        timeout: float = 10.0,
        master_timeout: float = 0.2,
    ) -> AsyncIds | AsyncMajorityIds:
        """Open the place as a generator of IDs: see ``Ids`` and ``MajorityIds``. No round trip.

        Args:
            masters: Databases, each of which keeps them here: names of the ``Pool`` or clients. ``None``: this one.
            block: How many IDs are fetched at a time, for this handle to hand out.
            timeout: Seconds after which no more is tried, with several masters.
            master_timeout: Seconds after which one of several masters is given up, for this time.

        Raises:
            PathError: The root is no generator of IDs.
            ConfigError: There are no masters, or one twice, or one that cannot be used.
            TypeError: An argument is no number.
            ValueError: An argument is out of range.

        Example:
            >>> orders = aio.root().get("orders.ids").as_ids()
            >>> await orders.next(), await orders.next()
            (1, 2)
        """
        if masters is None:
            from redicts.leaves.ids import AsyncIds

            return AsyncIds(self, block)
        from redicts.leaves.majority_ids import AsyncMajorityIds

        return AsyncMajorityIds(self, masters, block, timeout, master_timeout)

    def as_rate_limiter(self, rate: float, per: float = 1.0, burst: int | None = None) -> AsyncRateLimiter:
        """Open the place as a rate limiter: see ``RateLimiter``. No round trip.

        Args:
            rate: How many are let through in a period, above 0.
            per: How many seconds that is, above 0.
            burst: How many may come at once, at least 1; ``None``: as many as ``rate``, rounded up.

        Raises:
            PathError: The root is no rate limiter.
            TypeError: An argument is no number.
            ValueError: An argument is out of range.

        Example:
            >>> limiter = aio.root().get("limits.ada").as_rate_limiter(2, per=60)
            >>> [(await limiter.hit()).allowed for _ in range(3)]
            [True, True, False]
        """
        from redicts.leaves.rate_limiter import AsyncRateLimiter

        return AsyncRateLimiter(self, rate, per, burst)

    def as_redlock(
        self,
        masters: Sequence[object] | None = None,
        *,
        auto_release_time: float = 10.0,
        acquire_timeout: float | None = 10.0,
        max_extensions: int = 3,
        master_timeout: float = 0.2,
    ) -> AsyncRedlock:
        """Open the place as a lock that a majority of independent databases keeps: see ``Redlock``. No round trip.

        Args:
            masters: The databases, each of which keeps it here: names of the ``Pool`` or clients. ``None``: this one
                alone.
            auto_release_time: Seconds after which it is free again, whoever holds it: above 0.
            acquire_timeout: Seconds to wait for it; ``None`` for no limit, 0 for one try.
            max_extensions: How often it may be extended.
            master_timeout: Seconds after which a master is given up, for this time.

        Raises:
            PathError: The root is no Redlock.
            ConfigError: There are no masters, or one twice, or one that cannot be used.
            TypeError: An argument is no number.
            ValueError: An argument is out of range.

        Example:
            >>> lock = aio.root().get("printer").as_redlock(auto_release_time=5)
            >>> async with lock:
            ...     lock.locked() > 4
            True
            >>> lock.locked()
            0.0
        """
        from redicts.leaves.redlock import AsyncRedlock

        return AsyncRedlock(self, masters, auto_release_time, acquire_timeout, max_extensions, master_timeout)

    def as_semaphore(self, value: int, *, lease: float = 30.0) -> AsyncSemaphore:
        """Open the place as a semaphore: see ``Semaphore``. No round trip.

        Args:
            value: How many may hold a permit at a time, at least 1.
            lease: Seconds after which a permit is free again that was neither released nor renewed: above 0.

        Raises:
            PathError: The root is no semaphore.
            TypeError: An argument is no number.
            ValueError: An argument is out of range.

        Example:
            >>> slots = aio.root().get("slots").as_semaphore(2)
            >>> async with await slots.acquire():
            ...     await slots.available()
            1
        """
        from redicts.leaves.semaphore import AsyncSemaphore

        return AsyncSemaphore(self, value, lease)
