"""Which servers can be used: asked once for each runner, of the first connection it gets.

May import redis and errors. Under RESP3 the handshake has told the version already, and nothing more is asked.
"""

from __future__ import annotations

import re
from typing import Any, Final

import redis.exceptions

from redicts.errors import ConfigError

__all__ = ["MIN_VERSION", "check_version", "check_version_async"]

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
    version, server = _told(connection)
    _check(version or _ask(connection), server, address)


async def check_version_async(connection: Any, address: str) -> None:
    """Refuse a server that is too old: the same for a connection of redis.asyncio."""
    version, server = _told(connection)
    if not version:
        try:
            await connection.send_command(*_QUESTION)
            version = _version_in(await connection.read_response(disable_decoding=True))
        except redis.exceptions.ResponseError:
            version = ""
    _check(version, server, address)


_QUESTION: Final = ("INFO", "server")


def _told(connection: Any) -> tuple[str, str]:
    """Give what the handshake has told: version and kind of the server."""
    metadata = getattr(connection, "handshake_metadata", None) or {}  # not in redis.asyncio
    told = {_text(key): _text(value) for key, value in metadata.items()}
    return told.get("version", ""), told.get("server", "redis")


def _check(version: str, server: str, address: str) -> None:
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if numbers and server == "redis" and tuple(map(int, numbers.groups())) < MIN_VERSION:
        raise ConfigError(
            f"the server at {address} is Redis {version}; redicts needs Redis 6.2 or newer, or Valkey", key="url"
        )


def _ask(connection: Any) -> str:
    """Ask for the version; empty where the server does not say (it may be fake, or forbid the question)."""
    try:
        connection.send_command(*_QUESTION)
        return _version_in(connection.read_response(disable_decoding=True))
    except redis.exceptions.ResponseError:
        return ""


def _version_in(info: object) -> str:
    found = re.search(r"^redis_version:(\S+)", _text(info), re.MULTILINE)
    return found.group(1) if found else ""


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
