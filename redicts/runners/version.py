"""Which servers can be used: asked once for each runner, of the first connection it gets.

May import redis and errors. Under RESP3 the handshake has told the version already, and nothing more is asked.
"""

from __future__ import annotations

import re
from typing import Any, Final

import redis.exceptions

from redicts.errors import ConfigError

__all__ = ["MIN_VERSION", "check_version"]

MIN_VERSION: Final = (6, 2)
"""The oldest Redis: scripts use HRANDFIELD and SET with PXAT. (Every Valkey is younger.)"""


def check_version(connection: Any, address: str) -> None:
    """Refuse a server that is too old, before anything is written to it.

    Args:
        connection: A connected connection of redis-py.
        address: What the server is called in errors.

    Raises:
        ConfigError: The server is too old.

    Cost: no round trip under RESP3, 1 under RESP2.
    """
    told = {_text(key): _text(value) for key, value in (connection.handshake_metadata or {}).items()}
    version = told.get("version") or _ask(connection)
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if numbers and told.get("server", "redis") == "redis" and tuple(map(int, numbers.groups())) < MIN_VERSION:
        raise ConfigError(
            f"the server at {address} is Redis {version}; redicts needs Redis 6.2 or newer, or Valkey", key="url"
        )


def _ask(connection: Any) -> str:
    """Ask for the version; empty where the server does not say (it may be fake, or forbid the question)."""
    try:
        connection.send_command("INFO", "server")
        info = _text(connection.read_response(disable_decoding=True))
    except redis.exceptions.ResponseError:
        return ""
    found = re.search(r"^redis_version:(\S+)", info, re.MULTILINE)
    return found.group(1) if found else ""


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
