"""The parts of a connection URL: ``redis://user:password@host:port/database?option=value``, ``rediss://``, ``unix://``.

May import options and errors. Invariant: no error shows the URL or a part of it that may hold a password.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from redicts.errors import ConfigError
from redicts.pool.options import check_value, unknown

__all__ = ["parse_url"]

_SCHEMES: Final = ("redis", "rediss", "unix")
_SHAPE: Final = "write redis://user:password@host:port/database, rediss://... or unix:///path?db=0"
_WORDS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_NUMBERS: Final = ("database", "max_connections", "socket_timeout", "timeout_secs")
_SWITCHES: Final = ("ssl_check_hostname", "ssl_validate_ocsp", "ssl_validate_ocsp_stapled")
_TEXTS: Final = (
    "namespace",
    "ssl_ca_certs",
    "ssl_ca_path",
    "ssl_cert_reqs",
    "ssl_certfile",
    "ssl_ciphers",
    "ssl_keyfile",
    "ssl_password",
)
_ALIASES: Final = {"db": "database", "timeout": "timeout_secs"}  # as redis-py spells them


def parse_url(url: str, key: str = "url", where: str = "") -> dict[str, object]:
    """Take a connection URL apart.

    Args:
        url: The URL. What is special in URLs is percent-encoded in its parts.
        key: What errors call it: ``url``, or the name of an environment variable.
        where: What the configuration is part of, for errors.

    Returns:
        The configuration that says the same, all values checked.

    Raises:
        ConfigError: The URL cannot be used; it is not shown, as it may hold a password.

    Example:
        >>> parse_url("redis://example.org/3")
        {'ssl': False, 'host': 'example.org', 'database': 3}
    """
    spelled = f"{key} in {where}" if where else key
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _error(key, f"{spelled} is not a URL (is a special character not percent-encoded?)") from None
    if parts.scheme not in _SCHEMES or not url.lower().startswith(f"{parts.scheme}://"):
        raise _error(key, f"{spelled} begins with none of redis://, rediss:// and unix://")
    if parts.fragment:
        raise _error(key, f"{spelled} has a '#'; inside a password, write %23")
    found = _unix(parts, key, spelled) if parts.scheme == "unix" else _network(parts, port, key, spelled)
    for name, secret in (("username", parts.username), ("password", parts.password)):
        if secret:
            found[name] = unquote(secret)
    for name, text in parse_qsl(parts.query, keep_blank_values=True):
        option = _ALIASES.get(name, name)
        if option in found:
            raise _error(key, f"{spelled} says {option} twice")
        found[option] = _typed(option, text, key, spelled)
    return {name: check_value(name, value, spelled) for name, value in found.items()}


def _unix(parts: SplitResult, key: str, spelled: str) -> dict[str, object]:
    path = unquote(parts.path)
    # unix://socket would have "socket" for a host: a relative path cannot be written so.
    if parts.hostname or not path.startswith("/") or path == "/":
        raise _error(key, f"{spelled} must have the absolute path of the socket after unix://")
    return {"unix_socket_path": path}


def _network(parts: SplitResult, port: int | None, key: str, spelled: str) -> dict[str, object]:
    found: dict[str, object] = {"ssl": parts.scheme == "rediss", "host": unquote(parts.hostname or "localhost")}
    if port is not None:
        found["port"] = port
    database = unquote(parts.path).strip("/")
    if database:
        if not (database.isascii() and database.isdigit()):
            raise _error(key, f"the path of {spelled} must be the number of a database")
        found["database"] = int(database)
    return found


def _typed(option: str, text: str, key: str, spelled: str) -> object:
    if option in _TEXTS:
        return text
    if option in _SWITCHES and text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if option in _NUMBERS:
        try:
            return float(text) if "." in text else int(text)
        except ValueError:
            pass
    elif option not in _SWITCHES:
        raise unknown(f"option in {spelled}", option, [*_NUMBERS, *_SWITCHES, *_TEXTS, *_ALIASES])
    raise _error(key, f"the option {option} of {spelled} has a value that cannot be used")


def _error(key: str, problem: str) -> ConfigError:
    return ConfigError(f"{problem}: {_SHAPE} (the URL is not shown: it may hold a password)", key=key)
