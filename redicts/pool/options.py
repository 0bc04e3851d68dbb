"""The keys of a configuration: what each one takes, and what is said of a value that does not fit.

May import errors. Invariant: a value that may hold a secret never appears in an error.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from redicts.errors import ConfigError

__all__ = ["OPTIONS", "SSL_OPTIONS", "Option", "check_known", "check_value", "unknown"]


class Option(NamedTuple):
    """What one key of a configuration takes.

    Attributes:
        fits: Says whether a value can be used.
        expected: Completes "... must be".
        secret: The value is not shown in errors.
        optional: ``None`` means that the key was not given.
    """

    fits: Callable[[object], bool]
    expected: str
    secret: bool = False
    optional: bool = False


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != "" and "\0" not in value


def _is_host(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and bool(value) and not set(value) & set(" /@?#")


def _is_path(value: object) -> bool:
    return _is_text(os.fspath(value)) if isinstance(value, os.PathLike) else _is_text(value)


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


def _is_verify_mode(value: object) -> bool:
    return value is None or value in ("none", "optional", "required") or type(value).__name__ == "VerifyMode"


def _is_anything(_: object) -> bool:
    return True


def _whole(lowest: int, highest: int) -> Callable[[object], bool]:
    # type() and not isinstance(): True is an int, and no port number.
    return lambda value: isinstance(value, int) and type(value) is not bool and lowest <= value <= highest


def _seconds(*, zero: bool) -> Callable[[object], bool]:
    def fits(value: object) -> bool:
        if value is None:
            return True
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return False
        return value > 0 or (zero and value == 0)

    return fits


_TEXT: Final = Option(_is_text, "text", optional=True)
_SWITCH: Final = Option(_is_bool, "True or False")

SSL_OPTIONS: Final[Mapping[str, Option]] = {
    "ssl_ca_certs": Option(_is_path, "the path of a file of certificates", optional=True),
    "ssl_ca_data": Option(lambda value: isinstance(value, str | bytes), "certificates (PEM text)", optional=True),
    "ssl_ca_path": Option(_is_path, "the path of a directory of certificates", optional=True),
    "ssl_cert_reqs": Option(_is_verify_mode, "'required', 'optional' or 'none'"),
    "ssl_certfile": Option(_is_path, "the path of a certificate file", optional=True),
    "ssl_check_hostname": _SWITCH,
    "ssl_ciphers": _TEXT,
    "ssl_exclude_verify_flags": Option(_is_anything, "a list of ssl.VerifyFlags", optional=True),
    "ssl_include_verify_flags": Option(_is_anything, "a list of ssl.VerifyFlags", optional=True),
    "ssl_keyfile": Option(_is_path, "the path of a key file", optional=True),
    "ssl_min_version": Option(_is_anything, "an ssl.TLSVersion", optional=True),
    "ssl_ocsp_context": Option(_is_anything, "an OpenSSL.SSL.Context", optional=True),
    "ssl_ocsp_expected_cert": _TEXT,
    "ssl_password": Option(_is_text, "text", secret=True, optional=True),
    "ssl_validate_ocsp": _SWITCH,
    "ssl_validate_ocsp_stapled": _SWITCH,
}
"""Options of redis-py for TLS connections, handed on as they are."""

OPTIONS: Final[Mapping[str, Option]] = {
    "database": Option(_whole(0, 2**31 - 1), "a whole number from 0"),
    "default": Option(_whole(0, 2**31 - 1), "a whole number from 0 (and is the older spelling of database)"),
    "embedded": Option(_is_path, "the path of a directory", optional=True),
    "host": Option(_is_host, "the name or address of a host"),
    "lock_renew": _SWITCH,
    "max_connections": Option(_whole(1, 2**31 - 1), "a whole number from 1"),
    "names": Option(lambda value: isinstance(value, Mapping), "a dict of database names", optional=True),
    "namespace": Option(_is_text, "text without braces and white space"),
    "password": Option(lambda value: isinstance(value, str), "text", secret=True, optional=True),
    "port": Option(_whole(1, 65535), "a whole number from 1 to 65535"),
    "socket_timeout": Option(_seconds(zero=False), "a number of seconds above 0, or None for no limit"),
    "ssl": _SWITCH,
    "timeout_secs": Option(_seconds(zero=True), "a number of seconds from 0, or None for no limit"),
    "unix_socket_path": Option(_is_path, "the path of a Unix socket", optional=True),
    "url": Option(_is_text, "a URL: redis://, rediss:// or unix://", secret=True, optional=True),
    "username": _TEXT,
    **SSL_OPTIONS,
}
"""Every key that a configuration may have."""


def unknown(what: str, name: object, known: Iterable[str]) -> ConfigError:
    """Make the error for a name that is none of the known ones.

    Args:
        what: What kind of name it is.
        name: The unknown one; the nearest known one is suggested.
        known: All that there are.

    Example:
        >>> print(unknown("configuration key", "prot", ["host", "port"]))
        unknown configuration key 'prot': did you mean 'port'? Known: host, port
    """
    import difflib  # a millisecond, for who made a mistake

    names = sorted(known)
    near = difflib.get_close_matches(str(name), names, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return ConfigError(f"unknown {what} {name!r}: {hint}Known: {', '.join(names) or 'none'}", key=str(name))


def check_known(cfg: object, where: str) -> Mapping[str, object]:
    """Check that a configuration is a dict that has known keys only.

    Raises:
        ConfigError: It is not; all known keys are listed.
    """
    if not isinstance(cfg, Mapping):
        raise ConfigError(f"{where or 'a configuration'} must be a dict, not {type(cfg).__name__}", key=where)
    for key in cfg:
        if key not in OPTIONS:
            raise unknown("configuration key" + (f" in {where}" if where else ""), key, OPTIONS)
    return cfg


def check_value(key: str, value: object, where: str) -> object:
    """Check one value; paths become text.

    Args:
        key: A key of ``OPTIONS``.
        value: What was given for it.
        where: What the configuration is part of: ``""``, or as ``names['a']``.

    Raises:
        ConfigError: The value does not fit.
    """
    option = OPTIONS[key]
    if not option.fits(value):
        hidden = option.secret or "@" in str(value)  # a URL, password and all, given for a host
        shown = f"a {type(value).__name__} (not shown: it may hold a secret)" if hidden else repr(value)
        spelled = f"{key} in {where}" if where else key
        raise ConfigError(f"{spelled} must be {option.expected}, not {shown}", key=key)
    return os.fspath(value) if isinstance(value, os.PathLike) else value
