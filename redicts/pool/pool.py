"""``Pool``: the one place that knows which database a name means and how to reach it.

May import config, clients and errors. Invariants: one configuration is in force at a time, replaced as a whole or not
at all; nothing is connected to, or started, before it is used.
"""

from __future__ import annotations

import os
from asyncio import _get_running_loop
from collections.abc import Mapping
from threading import RLock
from typing import Any, ClassVar, Final, final

import redis

from redicts.errors import ConfigError
from redicts.pool.clients import Clients
from redicts.pool.config import URL_VARIABLE, Config, read_config
from redicts.pool.database import AsyncDatabase, Database

__all__ = ["Pool"]


@final
class Pool:
    """The configuration of this process, and its connections. Every ``Pool()`` is the same object.

    Without any configuration the server is ``localhost:6379``, or what ``REDICTS_URL`` in the environment says. A
    configuration is given once, before the first use; ``reload`` replaces it. Safe in threads, in event loops and after
    ``fork``.

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

    __slots__ = ("_async_databases", "_clients", "_databases", "_fake", "_given", "_lock")

    _only: ClassVar[Pool | None] = None

    _lock: RLock
    _clients: Clients | None
    _databases: dict[str | None, Database]
    _async_databases: dict[Any, dict[str | None, AsyncDatabase]]
    _given: bool
    _fake: bool

    def __new__(cls, cfg: Mapping[str, Any] | None = None) -> Pool:
        """Return the one pool, configured the first time."""
        self = cls._only
        if self is None:  # once, at the end of this module
            self = cls._only = super().__new__(cls)
            self._lock = RLock()
            self._clients = None
            self._databases, self._async_databases = {}, {}
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

    def async_database(self, db_name: str | None = None) -> AsyncDatabase:
        """Return a database for the event loop that is running; opened the first time it asks for it.

        Each loop has its own, with connections that are closed when it ends. Where no loop runs there is one too, to be
        compared with others and for nothing else.

        Args:
            db_name: One of ``names``; ``None``: the database that has no name.

        Raises:
            ConfigError: There is no such name, or the database cannot be opened.

        Cost: two look-ups in dicts. Nothing is connected to, or started.
        """
        try:
            return self._async_databases[_get_running_loop()][db_name]
        except (KeyError, TypeError):  # as above
            pass
        while True:
            # Without the lock where that can be: another thread may hold it while it starts a server.
            found = (self._clients or self._current()).open_async(db_name)
            if found is not None:
                return found

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
            old = self._replace(Clients(config, fake=fake_redis), given=given, fake=fake_redis)
        if old is not None:
            old.close()

    def close(self) -> None:
        """Close all connections, but never a client that the user made.

        The pool can be used again, with the same configuration. An ``embedded`` server that nobody else uses has ended
        when this returns; fakes are empty afterwards. The connections of an event loop are closed by that loop, soon.
        """
        with self._lock:
            old = self._clients
            if old is not None:
                _ = self._replace(Clients(old.config, fake=self._fake), given=self._given, fake=self._fake)
        if old is not None:
            old.close()

    async def close_async(self) -> None:
        """Close the connections of the event loop that is running; it gets new ones when it asks for a database again.

        Other loops, and threads, keep theirs; an ``embedded`` server keeps running until ``close`` or the end of the
        process. What other tasks have under way comes to its end.
        """
        if self._clients is not None:
            await self._clients.loops.close_running()

    def _configure(self, cfg: Mapping[str, Any]) -> None:
        with self._lock:
            config = _read(cfg)
            old = self._clients
            if old is None or (not self._given and old.unused):
                _ = self._replace(Clients(config, fake=self._fake), given=True, fake=self._fake)
            elif old.config == config:
                return
            else:
                raise ConfigError(
                    f"the pool is {'configured' if self._given else 'used'} already ({old.config.address}): "
                    "give Pool(cfg) before the first use, or replace the configuration with Pool().reload(cfg=...)"
                )
        if old is not None:
            old.close()

    def _current(self) -> Clients:
        with self._lock:
            if self._clients is not None:
                return self._clients
            new = Clients(_read(None), fake=self._fake)
            _ = self._replace(new, given=False, fake=self._fake)
            return new

    def _replace(self, new: Clients, *, given: bool, fake: bool) -> Clients | None:
        """Put clients into force, and return those that were; to be closed without the lock, for that takes time."""
        old, self._clients = self._clients, new
        self._given, self._fake = given, fake
        self._share()  # from here on other threads use the new ones
        return old

    def _share(self) -> None:
        """Have at hand what is looked up in every operation."""
        if self._clients is not None:
            self._databases, self._async_databases = self._clients.databases, self._clients.loops.databases

    def _after_fork(self, *, child: bool) -> None:
        if child:
            self._lock = RLock()  # another thread may have held it, and that thread is not here
        if self._clients is not None:
            self._clients.after_fork(child=child)
            self._share()


def _read(cfg: Mapping[str, Any] | None) -> Config:
    return read_config(cfg, default_url=os.environ.get(URL_VARIABLE) or None)


_POOL: Final = Pool()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        after_in_parent=lambda: _POOL._after_fork(child=False), after_in_child=lambda: _POOL._after_fork(child=True)
    )
