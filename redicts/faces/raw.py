"""A user's own command in a pipeline. May import core and errors; no I/O."""

from __future__ import annotations

from typing import Any, Final

from redicts.core.effects import Argument, Call, Command, Op
from redicts.errors import PipelineMisused

__all__ = ["Raw", "is_read", "run_raw", "spell_raw"]

Raw = str | bytes | bytearray | memoryview | int | float
"""What a user's own command may be made of."""

# They change what the connection is, or what comes back on it, for whoever uses it next; or are the pipeline's own; or
# keep all that comes after them waiting.
_REFUSED: Final = frozenset(
    {"AUTH", "DISCARD", "EXEC", "HELLO", "MONITOR", "MULTI", "QUIT", "RESET", "SELECT", "UNWATCH", "WATCH"}
    | {"BLMOVE", "BLMPOP", "BLPOP", "BRPOP", "BRPOPLPUSH", "BZMPOP", "BZPOPMAX", "BZPOPMIN", "WAIT", "WAITAOF"}
    | {"PSUBSCRIBE", "PSYNC", "PUNSUBSCRIBE", "SSUBSCRIBE", "SUBSCRIBE", "SUNSUBSCRIBE", "SYNC", "UNSUBSCRIBE"}
)


# What may be sent again, though the server may have carried it out. Whatever is not among them is taken for a write.
_READS: Final = frozenset(
    {"BITCOUNT", "DBSIZE", "ECHO", "EXISTS", "GET", "GETBIT", "GETRANGE", "INFO", "MGET", "PING", "PTTL", "STRLEN"}
    | {"HEXISTS", "HGET", "HGETALL", "HKEYS", "HLEN", "HMGET", "HSTRLEN", "HVALS", "LINDEX", "LLEN", "LRANGE", "TTL"}
    | {"SCARD", "SDIFF", "SINTER", "SISMEMBER", "SMEMBERS", "SMISMEMBER", "SUNION", "TIME", "TYPE", "XLEN", "XRANGE"}
    | {"ZCARD", "ZCOUNT", "ZMSCORE", "ZRANGE", "ZRANGEBYSCORE", "ZRANK", "ZREVRANGE", "ZREVRANK", "ZSCORE"}
)


def is_read(command: Command) -> bool:
    """Tell whether a user's command is known to only read."""
    return command[0] in _READS


def spell_raw(args: tuple[Raw, ...]) -> Command:
    """Spell a command as redis-py does.

    Raises:
        TypeError: An argument is neither text, bytes nor a number; or there is none.
        ValueError: UTF-8 cannot carry a text.
        PipelineMisused: The command cannot be in a pipeline.
    """
    if not args:
        raise TypeError("a command has a name: pipe.command('INCRBY', key, 1)")
    name, *rest = [_spelled(arg) for arg in args]
    first, *more = _upper(name).split() or [""]
    option = [*more, *[_upper(arg) for arg in rest[:1]]]
    if first in _REFUSED or (first == "CLIENT" and option[:1] == ["REPLY"]):
        raise PipelineMisused(
            f"{first} cannot be in a pipeline: it is for a connection of one's own, from Pool().get_connection(). "
            "Transactions are pipeline(atomic=True), databases pipeline(db_name=...)"
        )
    return (first, *more, *rest)


def _spelled(arg: Raw) -> Argument:
    if isinstance(arg, str):
        _ = arg.isascii() or arg.encode()  # what cannot be sent is refused here, not with all that is queued with it
        return arg
    if isinstance(arg, bytes):
        return arg
    if isinstance(arg, (bytearray, memoryview)):
        return bytes(arg)
    if isinstance(arg, bool) or not isinstance(arg, (int, float)):
        raise TypeError(f"a command takes text, bytes and numbers, not {arg!r}: convert it first")
    # Not repr: that of an enum has its name.
    return float.__repr__(arg) if isinstance(arg, float) else int.__repr__(arg)


def _upper(word: Argument) -> str:
    return (word.decode(errors="surrogateescape") if isinstance(word, bytes) else word).upper()


def run_raw(command: Command) -> Op[Any]:
    """Run a user's own command."""
    (reply,) = yield (Call(command),)
    return reply
