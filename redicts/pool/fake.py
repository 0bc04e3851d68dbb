"""Databases in memory, for tests: fakeredis, imported only here and only when asked for.

May import redis, config, identity and server. Invariant: what would be one server is one ``FakeServer``, and two
servers are two, so that tests over fakes mix up no more data than the real thing would.
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

import redis

from redicts.errors import ConfigError
from redicts.pool.config import Config, ReadyClient
from redicts.pool.identity import Identity, check_client, identity_of
from redicts.pool.server import make_client, open_client

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
        """
        config = target if isinstance(target, Config) else main
        if isinstance(target, ReadyClient):
            client = check_client(target.client, "names")
            identity = identity_of(client)
            place = identity[:-1]
            if place[0] == "fake":
                return client
            config = replace(main, database=client.connection_pool.connection_kwargs.get("db") or 0)
        elif target.embedded is not None:
            place = ("embedded", target.embedded)
        else:
            place = identity_of(open_client(target))[:-1]
        # setdefault: one server for a place, also when two threads come at once.
        server = self._servers.setdefault(place, self._fakeredis.FakeServer())
        return make_client(config, self._fakeredis.FakeRedisConnection, server=server)
