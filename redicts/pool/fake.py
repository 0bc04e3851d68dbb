"""Databases in memory, for tests: fakeredis, imported only here and only when asked for.

May import redis, config, identity and server. Invariant: what would be one server is one ``FakeServer``, and two
servers are two, so that tests over fakes mix up no more data than the real thing would.
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

import redis
import redis.asyncio

from redicts.errors import ConfigError
from redicts.pool.config import Config, ReadyClient
from redicts.pool.identity import Identity, check_any_client, check_async_client, check_client, identity_of
from redicts.pool.server import make_async_client, make_client, open_client

__all__ = ["Fakes"]


class Fakes:
    """The fake servers of one configuration, empty at first.

    Raises:
        ConfigError: fakeredis, or Lua for it, is not installed.
    """

    def __init__(self) -> None:
        try:
            self._fakeredis = importlib.import_module("fakeredis")
            _ = importlib.import_module("lupa")
        except ImportError as error:
            raise ConfigError(
                f'fake_redis needs fakeredis with Lua ({error}): pip install "fakeredis[lua]"', key="fake_redis"
            ) from error
        self._servers: dict[Identity, Any] = {}

    def open_client(self, target: Config | ReadyClient, main: Config) -> redis.Redis:
        """Make a client for the fake of a database.

        Args:
            target: The database. A user's own fakeredis client is used as it is.
            main: The configuration it is part of; says how the connections for a user's client are kept.

        Raises:
            ConfigError: A user's own fakeredis client is for the other face.
        """
        if (own := _own_fake(target)) is not None:
            return check_client(own, "names")
        config, server = self._find(target, main)
        return make_client(config, self._fakeredis.FakeRedisConnection, {"server": server})

    def open_async_client(self, target: Config | ReadyClient, main: Config) -> redis.asyncio.Redis:
        """Make an asyncio client for the fake of a database, the same that ``open_client`` leads to.

        Args:
            target: As there.
            main: As there.

        Raises:
            ConfigError: As there.
        """
        if (own := _own_fake(target)) is not None:
            return check_async_client(own, "names")
        config, server = self._find(target, main)
        return make_async_client(config, self._fakeredis.FakeAsyncRedisConnection, {"server": server})

    def _find(self, target: Config | ReadyClient, main: Config) -> tuple[Config, Any]:
        """Say how connections are made, and the server that is one with that of the database."""
        place: Identity
        if isinstance(target, ReadyClient):
            client = check_any_client(target.client, "names")
            config = replace(main, database=client.connection_pool.connection_kwargs.get("db") or 0)
            place = identity_of(client)[:-1]
        else:
            config = target
            place = _place_of(target)
        # setdefault: one server for a place, also when two threads come at once.
        return config, self._servers.setdefault(place, self._fakeredis.FakeServer())


def _own_fake(target: Config | ReadyClient) -> object:
    """Give the user's own fakeredis client, if it is one."""
    if isinstance(target, ReadyClient) and identity_of(check_any_client(target.client, "names"))[0] == "fake":
        return target.client
    return None


def _place_of(config: Config) -> Identity:
    if config.embedded is not None:
        return ("embedded", config.embedded)
    return identity_of(open_client(config))[:-1]
