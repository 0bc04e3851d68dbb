"""Reading lock entries, and what the scripts are called with. Imports core, errors and ``entry``."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, TypeVar

from redicts.core.effects import Call, Command, Op
from redicts.core.keys import LockKeys
from redicts.errors import ConnectionLost, InternalError
from redicts.locks.entry import Standing, read_standings

__all__ = ["PACKAGE", "around", "blame", "enter_keys", "named", "now_us", "read_alive", "read_around", "release_keys"]

T = TypeVar("T")

PACKAGE: Final = "redicts.locks"
"""The package that owns the scripts."""


@lru_cache(maxsize=1024)
def around(keys: LockKeys) -> tuple[Command, ...]:
    """Give the commands that read what may stand in the way of a lock, and the time."""
    return (("ZUNION", str(len(keys.around)), *keys.around, "AGGREGATE", "MAX", "WITHSCORES"), ("TIME",))


def read_around(replies: list[Any], keys: LockKeys) -> tuple[list[Standing], int]:
    """Read the replies to ``around``.

    Returns:
        What may stand in the way, and the server's time in us.

    Raises:
        InternalError: Somebody else wrote to the keys of locks; ``blame`` tells which.
    """
    found, time = replies
    return read_standings(found, keys.at) if found else [], now_us(time)


def now_us(time: list[str]) -> int:
    """Read the reply to ``TIME``, in us."""
    return int(time[0]) * 1_000_000 + int(time[1])


def enter_keys(keys: LockKeys) -> tuple[str, ...]:
    """Give the keys of the scripts ``hold`` and ``renew``."""
    return (keys.fence, *keys.entered)


def release_keys(keys: LockKeys) -> tuple[str, ...]:
    """Give the keys of the script ``release``."""
    return (keys.fence, *keys.section, keys.wake_ups, keys.upgrades, *keys.entered)


def read_alive(keys: LockKeys) -> Op[tuple[list[Standing], int]]:
    """Read the locks at a path, above and below it that are alive.

    Returns:
        Those above first, in the order of their paths, then the oldest first; and the server's time in ms.

    Raises:
        InternalError: Somebody else wrote to the keys of locks.

    Cost: 1 round trip, O(locks there).
    """
    replies = yield tuple([Call(read) for read in around(keys)])
    found, time_us = read_around(list(replies), keys)
    alive = [standing for standing in found if standing.deadline_ms > time_us // 1000]
    alive.sort(key=lambda standing: (standing.entry.path, standing.entry.since_ms, standing.text))
    return alive, time_us // 1000


def blame(keys: LockKeys) -> Op[None]:
    """Find the key of a lock that somebody else wrote to; nothing comes of it where the server cannot be asked.

    Raises:
        InternalError: It is found, and named.

    Cost: 2 round trips.
    """
    expected = dict.fromkeys((*keys.around, *keys.entered, *keys.section), "zset")
    expected |= {keys.wake_ups: "list", keys.upgrades: "list", keys.fence: "string"}
    try:
        kinds = yield tuple([Call(("TYPE", key)) for key in expected])
        for (key, kind), found in zip(expected.items(), kinds, strict=True):
            if found not in (kind, "none"):
                raise InternalError(
                    f"{key!r} is a {found}, and should be a {kind}: someone else wrote there; "
                    "check(repair=True) mends it",
                    key=key,
                )
        zsets = [key for key, found in zip(expected, kinds, strict=True) if found == "zset"]
        if zsets:
            replies = yield tuple([Call(("ZRANGE", key, "0", "-1", "WITHSCORES")) for key in zsets])
            for key, reply in zip(zsets, replies, strict=True):
                _ = read_standings(reply, key)
    except ConnectionLost:
        return  # the first error is told


def named(op: Op[T], keys: LockKeys) -> Op[T]:
    """Run an operation on a lock; where it meets a key that somebody else wrote to, the error says which.

    Raises:
        InternalError: It does.
    """
    try:
        return (yield from op)
    except InternalError:
        yield from blame(keys)
        raise
