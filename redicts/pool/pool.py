"""``Pool``: the one place that knows which database a name means and how to reach it.

May import config, clients and errors. Invariants: one configuration is in force at a time, replaced as a whole or not
at all; nothing is connected to, or started, before it is used.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from threading import RLock
from typing import Any, ClassVar, Final, final

import redis

from redicts.errors import ConfigError
from redicts.pool.clients import Clients
from redicts.pool.config import URL_VARIABLE, Config, read_config
from redicts.pool.database import Database

__all__ = ["Pool"]


@final
class Pool:
    """The configuration of this process, and its connections. Every ``Pool()`` is the same object.

    Without any configuration the server is ``localhost:6379``, or what ``REDICTS_URL`` in the environment says. A
    configuration is given once, before the first use; ``reload`` replaces it. Safe in threads and after ``fork``.

    Args:
        cfg: The configuration; ``None``: the one that is in force. All keys may be left out:

            ``host``, ``port``, ``database``, ``username``, ``password``: the server (``localhost``, 6379, 0, none).
            ``url``: the same in one; or ``unix_socket_path``; or ``embedded``, the directory of a private server that
            is started and ended by need.
            ``ssl``, and the ``ssl_*`` options of redis-py: an encrypted connection.
            ``max_connections`` (100), ``timeout_secs`` (50): connections at a time, and how long to wait for one.
            ``socket_timeout`` (30): how long to wait for an answer.
            ``namespace`` (``redicts``): what every key begins with.
            ``lock_renew`` (False): whether locks are renewed while they are held, where nothing else is said.
            ``names``: further databases: name to number (on the same server), URL, configuration, or redis-py client.

    Raises:
        ConfigError: The configuration cannot be used, or another one is in force.

    Example:
        >>> pool = Pool({"host": "example.org", "names": {"sessions": 3}})
        >>> Pool() is pool
        True
        >>> Pool().names()
        ('sessions',)
    """

    __slots__ = ("_clients", "_databases", "_fake", "_given", "_lock")

    _only: ClassVar[Pool | None] = None

    _lock: RLock
    _clients: Clients | None
    _databases: dict[str | None, Database]
    _given: bool
    _fake: bool

    def __new__(cls, cfg: Mapping[str, Any] | None = None) -> Pool:
        """Return the one pool, configured the first time."""
        self = cls._only
        if self is None:  # once, at the end of this module
            self = cls._only = super().__new__(cls)
            self._lock = RLock()
            self._clients = None
            self._databases = {}
            self._given = self._fake = False
        if cfg is not None:
            self._configure(cfg)
        return self

    def __reduce__(self) -> tuple[type[Pool], tuple[()]]:
        return (Pool, ())

    def __repr__(self) -> str:
        config = self._current().config
        return f"Pool({'fake of ' if self._fake else ''}{config.address!r}, names={list(config.names)})"

    def get_connection(self, db_name: str | None = None) -> redis.Redis:
        """Return the redis-py client of a database. It is shared: do not close it.

        Args:
            db_name: One of ``names``; ``None``: the database that has no name.

        Raises:
            ConfigError: There is no such name, or the database cannot be opened.
        """
        return self.database(db_name).client

    def database(self, db_name: str | None = None) -> Database:
        """Return a database, opened the first time it is asked for.

        Args:
            db_name: One of ``names``; ``None``: the database that has no name.

        Raises:
            ConfigError: There is no such name, or the database cannot be opened.

        Cost: one look-up in a dict. Nothing is connected to; but the first use of ``embedded`` starts its server.
        """
        try:
            return self._databases[db_name]
        except (KeyError, TypeError):  # TypeError: it is not even hashable, and the error lists the names
            with self._lock:
                return self._current().open(db_name)

    def names(self) -> tuple[str, ...]:
        """Return the names of the databases that have one, as configured."""
        return tuple(self._current().config.names)

    def reload(self, cfg: Mapping[str, Any] | None = None, fake_redis: bool = False) -> None:
        """Replace the configuration, and with it all connections.

        Everything is checked first: after an error the old configuration is still in force. Operations that other
        threads have under way come to their end on the old connections; the next ones use the new.

        Args:
            cfg: As for ``Pool``; ``None``: the configuration stays, connections are new. ``{}``: the
                defaults, as if none had ever been given.
            fake_redis: Use databases in memory (fakeredis) instead of every server that is configured, empty at
                first. For tests.

        Raises:
            ConfigError: The configuration cannot be used, or fakeredis is not installed.
        """
        with self._lock:
            given = self._given if cfg is None else bool(cfg)
            config = self._current().config if cfg is None and self._given else _read(cfg)
            _ = self._replace(Clients(config, fake=fake_redis), given=given, fake=fake_redis)

    def close(self) -> None:
        """Close all connections, but never a client that the user made.

        The pool can be used again, with the same configuration. An ``embedded`` server that nobody else uses has ended
        when this returns; fakes are empty afterwards.
        """
        with self._lock:
            if self._clients is not None:
                _ = self._replace(Clients(self._clients.config, fake=self._fake), given=self._given, fake=self._fake)

    def _configure(self, cfg: Mapping[str, Any]) -> None:
        with self._lock:
            config = _read(cfg)
            present = self._clients
            if present is None or (not self._given and not present.databases):
                _ = self._replace(Clients(config, fake=self._fake), given=True, fake=self._fake)
            elif present.config != config:
                raise ConfigError(
                    f"the pool is {'configured' if self._given else 'used'} already ({present.config.address}): "
                    "give Pool(cfg) before the first use, or replace the configuration with Pool().reload(cfg=...)"
                )

    def _current(self) -> Clients:
        with self._lock:
            if self._clients is not None:
                return self._clients
            return self._replace(Clients(_read(None), fake=self._fake), given=False, fake=self._fake)

    def _replace(self, new: Clients, *, given: bool, fake: bool) -> Clients:
        old, self._clients = self._clients, new
        self._given, self._fake = given, fake
        self._databases = new.databases  # from here on other threads use the new ones
        if old is not None:
            old.close()
        return new

    def _after_fork(self, *, child: bool) -> None:
        if child:
            self._lock = RLock()  # another thread may have held it, and that thread is not here
        if self._clients is not None:
            self._clients.after_fork(child=child)
            self._databases = self._clients.databases


def _read(cfg: Mapping[str, Any] | None) -> Config:
    return read_config(cfg, default_url=os.environ.get(URL_VARIABLE) or None)


_POOL: Final = Pool()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        after_in_parent=lambda: _POOL._after_fork(child=False), after_in_child=lambda: _POOL._after_fork(child=True)
    )
