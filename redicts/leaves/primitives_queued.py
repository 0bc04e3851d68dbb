"""Opening a place as a primitive of distributed work: the queued face. May import core and its neighbours, late.

As for the containers (``opening``): a method for each kind and face, and nothing is asked of the server here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redicts.core.place import Place

if TYPE_CHECKING:
    from redicts.leaves.bloom_filter import QueuedBloomFilter
    from redicts.leaves.cache import QueuedCache
    from redicts.leaves.elements import Of, T
    from redicts.leaves.hyperloglog import QueuedHyperLogLog
    from redicts.leaves.ids import QueuedIds
    from redicts.leaves.rate_limiter import QueuedRateLimiter
    from redicts.leaves.semaphore import QueuedSemaphore

__all__ = ["QueuedPrimitives"]


class QueuedPrimitives(Place):
    """What a place can be opened as, besides the containers, in a pipeline."""

    __slots__ = ()

    def as_bloom_filter(
        self, of: Of[T] = None, *, capacity: int, error_rate: float = 0.01, scalable: bool = False
    ) -> QueuedBloomFilter[T]:
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
        """
        from redicts.leaves.bloom_filter import QueuedBloomFilter

        return QueuedBloomFilter(self, of, capacity, error_rate, scalable)

    def as_cache(
        self,
        of: Of[T] = None,
        *,
        ttl: float | None = None,
        jitter: float = 0.0,
        stale: float = 0.0,
        lease: float = 10.0,
    ) -> QueuedCache[T]:
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
        """
        from redicts.leaves.cache import QueuedCache

        return QueuedCache(self, of, ttl, jitter, stale, lease)

    def as_hyperloglog(self, of: Of[T] = None) -> QueuedHyperLogLog[T]:
        """Open the place as a HyperLogLog: see ``HyperLogLog``. No round trip.

        Args:
            of: The type of the elements: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.

        Raises:
            PathError: The root is no HyperLogLog.
            ImportError: A type was given, and pydantic is not installed.
        """
        from redicts.leaves.hyperloglog import QueuedHyperLogLog

        return QueuedHyperLogLog(self, of)

    def as_ids(self) -> QueuedIds:
        """Open the place as a generator of IDs: see ``Ids``. No round trip.

        What a pipeline asks for goes together anyway, and to one database: so there are no blocks here, and no masters.

        Raises:
            PathError: The root is no generator of IDs.
        """
        from redicts.leaves.ids import QueuedIds

        return QueuedIds(self, 1)

    def as_rate_limiter(self, rate: float, per: float = 1.0, burst: int | None = None) -> QueuedRateLimiter:
        """Open the place as a rate limiter: see ``RateLimiter``. No round trip.

        Args:
            rate: How many are let through in a period, above 0.
            per: How many seconds that is, above 0.
            burst: How many may come at once, at least 1; ``None``: as many as ``rate``, rounded up.

        Raises:
            PathError: The root is no rate limiter.
            TypeError: An argument is no number.
            ValueError: An argument is out of range.
        """
        from redicts.leaves.rate_limiter import QueuedRateLimiter

        return QueuedRateLimiter(self, rate, per, burst)

    def as_semaphore(self, value: int, *, lease: float = 30.0) -> QueuedSemaphore:
        """Open the place as a semaphore: see ``Semaphore``. No round trip.

        Args:
            value: How many may hold a permit at a time, at least 1.
            lease: Seconds after which a permit is free again that was neither released nor renewed: above 0.

        Raises:
            PathError: The root is no semaphore.
            TypeError: An argument is no number.
            ValueError: An argument is out of range.
        """
        from redicts.leaves.semaphore import QueuedSemaphore

        return QueuedSemaphore(self, value, lease)
