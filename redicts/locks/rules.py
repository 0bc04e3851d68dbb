"""Who conflicts with whom, from the entries that were read: pure, no I/O and no clock. Imports ``entry`` and paths.

Multi-granularity locking (Gray and others, "Granularity of Locks in a Shared Data Base", 1975) on a tree: who holds a
path holds everything below it. So two conflict where one's path is the other's or above it, unless both share, or are
the same owner.

This is the only home of these decisions. Scripts only carry them out.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import NamedTuple

from redicts.core.paths import Path
from redicts.locks.entry import Entry, Standing

__all__ = ["Blocked", "Free", "Request", "conflicts", "covers", "decide", "passes_on", "stays_but_passes_on"]


class Request(NamedTuple):
    """Who wants to hold what.

    Attributes:
        path: What is to be locked, with everything below.
        shared: Whether others may hold it too, as long as they share.
        owner: Who wants it.
    """

    path: Path
    shared: bool
    owner: str


class Free(NamedTuple):
    """Nobody is in the way.

    Attributes:
        dead: Entries that stood in the way but have run out. They must go in the step that enters the new one: a clock
            that is set back would bring them to life again, beside it.
    """

    dead: list[Standing]


class Blocked(NamedTuple):
    """Somebody is in the way.

    Attributes:
        by: The entry to wait for.
        upgrade: Whether the requester itself holds a lock at the path of that entry: it waits apart then.
        blockers: All entries in the way.
    """

    by: Standing
    upgrade: bool
    blockers: list[Standing]


def covers(above: Path, path: Path) -> bool:
    """Tell whether a lock on a path covers another path: whether it is that path, or above it.

    Example:
        >>> covers(("a",), ("a", "b")), covers(("a", "b"), ("a",)), covers(("a",), ("ab",))
        (True, False, False)
    """
    return path[: len(above)] == above


def conflicts(request: Request, entry: Entry) -> bool:
    """Tell whether an entry, if it is alive, keeps a request out."""
    if request.owner == entry.owner or (request.shared and entry.shared):
        return False
    return covers(entry.path, request.path) or covers(request.path, entry.path)


def decide(request: Request, found: Iterable[Standing], now_ms: int) -> Free | Blocked:
    """Decide whether a request can be granted.

    Args:
        request: Who wants what.
        found: What stands at the path, at its ancestors, and below it.
        now_ms: The server's time, read in the same step. An entry is alive while it is before its deadline.
    """
    own_paths: set[Path] = set()
    dead: list[Standing] = []
    blockers: list[Standing] = []
    for standing in found:
        if conflicts(request, standing.entry):
            (blockers if standing.deadline_ms > now_ms else dead).append(standing)
        elif standing.entry.owner == request.owner and standing.deadline_ms > now_ms:
            own_paths.add(standing.entry.path)
    if not blockers:
        return Free(dead)
    # All who are kept out of one path by the same entries wait in one line: the outermost, then the one that goes last.
    by = min(blockers, key=lambda b: (len(b.entry.path), b.entry.path, -b.deadline_ms, b.text))
    return Blocked(by, by.entry.path in own_paths, blockers)


def passes_on(waited_at: Path, granted: Request | None) -> bool:
    """Tell whether a waiter that was woken, and leaves its line, passes the wake-up on.

    Args:
        waited_at: The path whose line it waited in.
        granted: What it got; ``None`` where it goes away without a lock, or waits in another line now.

    Returns:
        False only where all others in that line must wait until it releases, which wakes the next.
    """
    return granted is None or granted.shared or granted.path != waited_at


def stays_but_passes_on(blocker: Standing, passed_by: Container[str]) -> bool:
    """Tell whether a waiter that was woken, but must wait on in the same line, passes the wake-up on.

    Args:
        blocker: What it waits for now. A shared one lets those in who would share.
        passed_by: The blockers, as they stand in Redis, for which it did so before: once for each, or those who cannot
            go on would wake one another for ever.
    """
    return blocker.entry.shared and blocker.text not in passed_by
