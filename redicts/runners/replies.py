"""Replies and errors of redis-py, made plain: the same under RESP2 and RESP3, and mapped to the errors of redicts.

May import redis and core. The one table of errors is ``translate``.
"""

from __future__ import annotations

from typing import Any, Final

import redis.exceptions

from redicts.core.effects import Argument, Refused
from redicts.errors import InternalError

__all__ = ["checked", "plain", "translate"]

# Commands whose members and scores RESP3 answers as pairs, RESP2 as one flat list.
_PAIRED: Final = frozenset(
    {"HRANDFIELD", "ZRANGE", "ZRANGEBYSCORE", "ZREVRANGE", "ZPOPMIN", "ZPOPMAX", "ZRANDMEMBER", "ZUNION"}
)

# Whole numbers below it are shown with all their digits, by the server and by repr.
_WHOLE: Final = 1e15

# What scripts of ours refuse with: the first word of an error reply.
_CODES: Final = frozenset(
    {"CHANGED", "LOCKLOST", "NEWSECTION", "NOTANUMBER", "OUTGROWN", "OUTOFRANGE", "PARAMETERS", "WRONGKIND"}
)


# What a server says of a key that holds something else than it should. (Redis 6.2 says it after words of its own.)
_FOREIGN: Final = ("WRONGTYPE", "INVALIDOBJ")


def plain(reply: Any, command: Argument = "") -> Any:
    """Turn a raw reply into ``int``, ``str``, ``None`` and lists of them.

    Args:
        reply: What redis-py's parser gave, undecoded.
        command: The command's name, for the few whose reply has another shape under RESP3.

    Returns:
        The reply. Bytes that are not UTF-8, which redicts never writes, stand as lone surrogates in text: the codec
        refuses them, and ``check()`` can say where they are.
    """
    kind = type(reply)
    if kind is bytes:
        return reply.decode("utf-8", "surrogateescape")
    if kind is int or reply is None or kind is str:
        return reply
    if kind is bool:
        return int(reply)
    if kind is float:  # a score under RESP3; RESP2 has text, which shows no point in a whole number
        return str(int(reply)) if reply.is_integer() and abs(reply) < _WHOLE else repr(reply)
    if isinstance(reply, dict):
        return [plain(item) for pair in reply.items() for item in pair]
    if isinstance(reply, (set, frozenset)):
        return [plain(item) for item in reply]
    if command in _PAIRED and reply and isinstance(reply[0], list):
        return [plain(item) for pair in reply for item in pair]
    return [plain(item) for item in reply]


def translate(error: Exception) -> Exception:
    """Map an error reply to what the operation, or the user, should see.

    Returns:
        ``Refused`` for a code of our scripts, ``InternalError`` for a key of the wrong type, else the error itself.
    """
    if isinstance(error, redis.exceptions.ResponseError):
        code, _, detail = str(error).partition(" ")
        if code in _CODES:
            return Refused(code, detail)
        if any(word in str(error) for word in _FOREIGN):
            return InternalError(f"a key of redicts holds what redicts did not put there ({error}); run check()")
    return error


def checked(reply: Any, command: Argument) -> Any:
    """Turn a raw reply into a plain one; raise it where it is an error."""
    if isinstance(reply, Exception):
        raise translate(reply)
    return plain(reply, command)
