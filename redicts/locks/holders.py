"""Who holds what, told to the user. Imports core and ``entry``; no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from redicts.core.paths import dotted
from redicts.core.units import to_seconds
from redicts.locks.entry import Standing

__all__ = ["Holder", "described", "holder_of"]


class Holder(NamedTuple):
    """One acquisition that is alive, as ``holders()`` gives it.

    Attributes:
        path: What is locked, with everything below: dotted text.
        mode: ``"exclusive"`` or ``"shared"``.
        owner: Who holds it.
        host: The machine of the process that acquired it.
        pid: The number of that process there.
        age: Seconds since it was acquired, by the server's clock.
        remaining: Seconds until it runs out, by the server's clock.
    """

    path: str
    mode: str
    owner: str
    host: str
    pid: int
    age: float
    remaining: float


def holder_of(standing: Standing, now_ms: int) -> Holder:
    """Tell an entry."""
    entry = standing.entry
    return Holder(
        path=dotted(entry.path),
        mode="shared" if entry.shared else "exclusive",
        owner=entry.owner,
        host=entry.host,
        pid=entry.pid,
        age=to_seconds(now_ms - entry.since_ms),
        remaining=to_seconds(standing.deadline_ms - now_ms),
    )


def described(standings: Iterable[Standing], now_ms: int) -> str:
    """Tell entries in a sentence of an error: the first, and how many more there are."""
    first, *more = [holder_of(standing, now_ms) for standing in standings]
    others = f" and {len(more)} more" if more else ""
    return (
        f"process {first.pid} on {first.host} ({first.mode} at {first.path!r}, for {first.age:.1f} s, "
        f"{first.remaining:.1f} s left){others}"
    )
