"""``aio.Pool``: the same configuration, for asyncio. May import redis and pool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

import redis.asyncio

from redicts.pool.pool import Pool

__all__ = ["AsyncPool"]


@final
class AsyncPool:
    """The asyncio side of ``redicts.Pool``: one configuration for both. Every ``aio.Pool()`` is the same object.

    Each event loop has connections of its own, made when they are first needed and closed with the loop.

    Args:
        cfg: As for ``redicts.Pool``.

    Raises:
        ConfigError: The configuration cannot be used, or another one is in force.

    Example:
        >>> await aio.Pool().get_connection().ping()
        True
    """

    __slots__ = ()

    _only: ClassVar[AsyncPool | None] = None

    def __new__(cls, cfg: Mapping[str, Any] | None = None) -> AsyncPool:
        """Return the one pool."""
        _ = Pool(cfg)
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __reduce__(self) -> tuple[type[AsyncPool], tuple[()]]:
        return (AsyncPool, ())

    def __repr__(self) -> str:
        return f"aio.{Pool()!r}"

    def get_connection(self, db_name: str | None = None) -> redis.asyncio.Redis:
        """Return the redis.asyncio client of a database, for the event loop that is running. Do not close it.

        Args:
            db_name: One of ``names``; ``None``: the database that has no name.

        Raises:
            ConfigError: There is no such name, or the database cannot be opened.
        """
        return Pool().async_database(db_name).client

    def names(self) -> tuple[str, ...]:
        """Return the names of the databases that have one, as configured."""
        return Pool().names()

    def reload(self, cfg: Mapping[str, Any] | None = None, fake_redis: bool = False) -> None:
        """Replace the configuration, and with it all connections: as ``redicts.Pool().reload``, for both faces.

        Args:
            cfg: The configuration; ``None``: it stays, connections are new.
            fake_redis: Use databases in memory (fakeredis), for tests.

        Raises:
            ConfigError: The configuration cannot be used, or fakeredis is not installed.
        """
        Pool().reload(cfg, fake_redis)

    async def close(self) -> None:
        """Close the connections of the event loop that is running. It gets new ones when it needs them again."""
        await Pool().close_async()
