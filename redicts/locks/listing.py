"""What is locked just now, and how many wait for it: what the command ``locks`` shows.

May import core, errors and the rest of ``locks/``. Invariant: what is read is the locks that are shown and the server's
list of clients, in two round trips, whatever else the database holds.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from redicts.core.effects import Call, Op
from redicts.core.keys import UPGRADES, WAKE_UPS, KeySpace
from redicts.core.labels import read_label
from redicts.core.paths import Path, dotted
from redicts.core.units import to_seconds
from redicts.errors import RedictsError
from redicts.locks.holders import Holder, holder_of
from redicts.locks.reading import named, read_alive

__all__ = ["Listing", "list_locks"]


class Listing(NamedTuple):
    """The locks at a place, above and below it.

    Attributes:
        time: When they were read: the server's clock, in seconds since 1970.
        holders: The locks that are alive, those above first: in the order of their paths, then the oldest first.
        waiting: How many wait for the locks at a path, by dotted text; ``None`` where the server does not say.
    """

    time: float
    holders: list[Holder]
    waiting: Counter[str] | None

    def waiters(self, holder: Holder) -> int | None:
        """Tell how many wait for the locks at the path of one of them; ``None`` where that is not known."""
        return None if self.waiting is None else self.waiting[holder.path]


def list_locks(space: KeySpace, path: Path, *, count_waiters: bool = True) -> Op[Listing]:
    """Read what is locked at a place, above and below it: of the root, everything.

    Args:
        space: The keys of the database.
        path: The place.
        count_waiters: Whether the server is asked who waits. (It knows nothing of it where it is fakeredis.)

    Raises:
        InternalError: Somebody else wrote to the keys of locks.

    Atomicity: one step for the locks; who waits for them is asked after it.
    Cost: 2 round trips, O(locks there + clients of the server); 1 where nothing is locked.
    """
    keys = space.locks(path)
    alive, now_ms = yield from named(read_alive(keys), keys)
    waiting = (yield from _ask_who_waits(space)) if count_waiters and alive else None
    return Listing(to_seconds(now_ms), [holder_of(standing, now_ms) for standing in alive], waiting)


def _ask_who_waits(space: KeySpace) -> Op[Counter[str] | None]:
    try:
        own, clients = yield (Call(("CLIENT", "INFO")), Call(("CLIENT", "LIST")))
    except RedictsError:
        raise
    except Exception:  # noqa: BLE001  # the server refuses, each in words of its own; the locks are worth telling
        return None
    return _count(space, own, clients)


def _count(space: KeySpace, own: str, clients: str) -> Counter[str]:
    """Count those that wait in the database of the own connection, by the path whose lock they wait for."""
    database = _facts(own).get("db")
    waiting: Counter[str] = Counter()
    for line in clients.splitlines():
        facts = _facts(line)
        if "b" not in facts.get("flags", "") or facts.get("db") != database:
            continue
        parsed = space.parse_key(read_label(facts.get("name", "")))
        if parsed is not None and parsed[0] in {WAKE_UPS, UPGRADES}:
            waiting[dotted(parsed[1])] += 1
    return waiting


def _facts(line: str) -> dict[str, str]:
    return {name: value for name, _, value in [word.partition("=") for word in line.split()]}
