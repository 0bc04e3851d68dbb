"""Whether what stands in the zsets of locks was put there by redicts. Pure; imports core, errors and ``entry``."""

from __future__ import annotations

from typing import Final

from redicts.core.keys import LOCKS_AT
from redicts.core.paths import Path
from redicts.errors import InternalError
from redicts.locks.entry import Entry, deadline_of

__all__ = ["belongs"]

LATEST_MS: Final = 10**15
"""No deadline is as late as this."""


def belongs(letter: str, path: Path, member: str, score: str) -> bool:
    """Tell whether a member of a zset of locks is an entry, of a lock that stands there.

    Args:
        letter: The kind of the key: locks at its path, or below it.
        path: The path of the key.
        member: The member.
        score: Its score.
    """
    try:
        locked = Entry.read(member, "").path
        deadline_ms = deadline_of(score, "")
    except InternalError:
        return False
    if not 0 <= deadline_ms < LATEST_MS:
        return False
    if letter == LOCKS_AT:
        return locked == path
    return len(locked) > len(path) and locked[: len(path)] == path
