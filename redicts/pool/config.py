"""The user's ``cfg`` dict becomes a ``Config``: checked, complete, frozen.

Pure: no redis-py, no network. May import options, url, core/keys.py (which knows what a namespace may be) and errors.
Invariant: whatever is wrong is said here, before any client exists, and no secret is ever part of a text.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from redicts.core.keys import KeySpace
from redicts.errors import ConfigError
from redicts.pool.options import OPTIONS, SSL_OPTIONS, check_known, check_value, unknown
from redicts.pool.url import parse_url

__all__ = ["URL_VARIABLE", "Config", "ReadyClient", "read_config"]

URL_VARIABLE: Final = "REDICTS_URL"
"""The environment variable with the URL of the server that is used when the configuration names none."""

_NETWORK: Final = ("host", "port")
_PLACES: Final = ("url", "host", "port", "unix_socket_path", "embedded")
_SHARED: Final = ("max_connections", "timeout_secs", "socket_timeout", "namespace", "lock_renew")
_NOT_EMBEDDED: Final = ("username", "password", "ssl", *SSL_OPTIONS)


@dataclass(frozen=True)
class ReadyClient:
    """A client that the user made. It is used as it is and never closed by redicts."""

    client: object = field(repr=False)
    namespace: str = "redicts"
    lock_renew: bool = False


@dataclass(frozen=True)
class Config:
    """Where one database is, how its connections are kept, and the other databases that have a name.

    Exactly one place: ``embedded``, else ``unix_socket_path``, else ``host`` and ``port``.

    Attributes:
        host: Name or address of the server.
        port: Its TCP port.
        database: Number of the database on that server.
        password: Never part of ``repr``.
        username: For a server with access control lists.
        ssl: Whether the connection is encrypted.
        ssl_options: Options of redis-py that begin with ``ssl_``.
        unix_socket_path: Path of the server's Unix socket.
        embedded: Absolute path of the directory of a private server.
        max_connections: Connections open at a time, at most.
        timeout_secs: Seconds to wait for a free connection; ``None``: no limit.
        socket_timeout: Seconds to wait for an answer; ``None``: no limit.
        namespace: What every key of redicts begins with.
        lock_renew: Whether locks are renewed where nothing else is said.
        names: The databases that have a name.
    """

    host: str = "localhost"
    port: int = 6379
    database: int = 0
    password: str | None = field(default=None, repr=False)
    username: str | None = None
    ssl: bool = False
    ssl_options: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}), repr=False, hash=False)
    unix_socket_path: str | None = None
    embedded: str | None = None
    max_connections: int = 100
    timeout_secs: float | None = 50
    socket_timeout: float | None = 30
    namespace: str = "redicts"
    lock_renew: bool = False
    names: Mapping[str, Config | ReadyClient] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    @property
    def address(self) -> str:
        """The place, for messages: ``localhost:6379/0``, ``/run/x.sock, database 0``, ``embedded DIR``."""
        if self.embedded is not None:
            return f"embedded {self.embedded}" + (f", database {self.database}" if self.database else "")
        if self.unix_socket_path is not None:
            return f"{self.unix_socket_path}, database {self.database}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}/{self.database}"

    def named(self, db_name: str | None) -> Config | ReadyClient:
        """Find the database of a name; ``None``: the one without a name.

        Raises:
            ConfigError: There is no such name; the known ones are listed.
        """
        if db_name is None:
            return self
        found = self.names.get(db_name) if isinstance(db_name, str) else None
        if found is None:
            raise unknown("database name", db_name, self.names)
        return found


def read_config(cfg: Mapping[str, Any] | None = None, *, default_url: str | None = None) -> Config:
    """Read a configuration.

    Args:
        cfg: The user's dict. Keys: see ``Config``; also ``url`` (``redis://``, ``rediss://``, ``unix://``; other keys
            may complete it and must not contradict it), ``default`` (the older spelling of ``database``) and the
            ``ssl_*`` options of redis-py. A value of ``names`` is a number (a database of the same server), a URL, a
            configuration of its own, or a redis-py client. A URL and a configuration of its own take over only what
            is not about the server: ``max_connections``, ``timeout_secs``, ``socket_timeout``, ``namespace`` and
            ``lock_renew``.
        default_url: Where the server is when ``cfg`` does not say it. Other keys of ``cfg`` win over parts of it.

    Raises:
        ConfigError: A key is unknown, a value does not fit, or two contradict each other.

    Example:
        >>> config = read_config({"port": 6380, "names": {"sessions": 3}})
        >>> config.address, config.named("sessions").address
        ('localhost:6380/0', 'localhost:6380/3')
    """
    main = _read_one({} if cfg is None else cfg, "", default_url, {})
    names = {} if cfg is None else cfg.get("names") or {}
    return replace(main, names=MappingProxyType({name: _named(name, names[name], main, default_url) for name in names}))


def _named(name: object, value: object, main: Config, default_url: str | None) -> Config | ReadyClient:
    where = f"names[{name!r}]"
    if not isinstance(name, str) or not name:
        raise ConfigError(f"the names in names must be text, not {name!r}", key="names")
    if isinstance(value, int) and not isinstance(value, bool):
        _ = check_value("database", value, where)
        return replace(main, database=value)
    shared = {key: getattr(main, key) for key in _SHARED}
    if isinstance(value, str):
        return _read_one({"url": value}, where, None, shared)
    if isinstance(value, Mapping):
        if "names" in value:
            raise ConfigError(f"{where} has names of its own: list every name in the outermost names", key="names")
        return _read_one(value, where, default_url, shared)
    if hasattr(value, "connection_pool"):
        return ReadyClient(value, main.namespace, main.lock_renew)
    expected = "the number of a database, a URL, a configuration, or a redis-py client"
    raise ConfigError(f"{where} must be {expected}, not a {type(value).__name__}", key="names")


def _read_one(cfg: object, where: str, default_url: str | None, shared: Mapping[str, object]) -> Config:
    given: dict[str, object] = {}
    for key, value in check_known(cfg, where).items():
        if value is not None or not OPTIONS[key].optional:
            given[key] = check_value(key, value, where)
    _ = given.pop("names", None)
    _merge(given, {"database": given.pop("default")} if "default" in given else {}, "default", where)
    _check_one_place(given, where)
    if "url" in given:
        _merge(given, parse_url(str(given.pop("url")), "url", where), "url", where)
    elif default_url and not any(key in given for key in _PLACES):
        given = {**parse_url(default_url, URL_VARIABLE), **given}
    _check_contradictions(given, where)
    if "embedded" in given:
        # At once: a later chdir must not lead to another directory. realpath: one identity for every spelling.
        given["embedded"] = os.path.realpath(Path(str(given["embedded"])).expanduser())
    tls = {key: given.pop(key) for key in SSL_OPTIONS if key in given}
    values: dict[str, Any] = {**shared, **given, "ssl_options": MappingProxyType(tls)}
    _ = KeySpace(values.get("namespace", "redicts"))
    return Config(**values)


def _merge(given: dict[str, object], parts: Mapping[str, object], source: str, where: str) -> None:
    for key, value in parts.items():
        if given.setdefault(key, value) != value:
            spelled = source if not where else f"{source} in {where}"
            raise ConfigError(f"{spelled} and {key} say different things: leave one of them out", key=key)


def _check_one_place(given: Mapping[str, object], where: str) -> None:
    kinds = dict.fromkeys("host or port" if key in _NETWORK else key for key in _PLACES if key in given)
    if len(kinds) > 1:
        raise ConfigError(
            f"{_listed(kinds)}{' in ' + where if where else ''} each say where the server is: give only one of them",
            key=next(key for key in reversed(_PLACES) if key in given),
        )


def _check_contradictions(given: Mapping[str, object], where: str) -> None:
    inside = f" in {where}" if where else ""
    needless = [key for key in _NOT_EMBEDDED if given.get(key)]
    if "embedded" in given and needless:
        raise ConfigError(
            f"embedded{inside} is a private server that only this user can reach: leave out {_listed(needless)}",
            key=needless[0],
        )
    tls = [key for key in SSL_OPTIONS if key in given]
    if "unix_socket_path" in given and (given.get("ssl") or tls):
        raise ConfigError(f"a Unix socket{inside} has no encryption: leave out ssl and its options", key="ssl")
    if tls and not given.get("ssl"):
        raise ConfigError(f"{_listed(tls)}{inside} need 'ssl': True (or a rediss:// URL)", key=tls[0])


def _listed(keys: Iterable[str]) -> str:
    return " and ".join(keys)
