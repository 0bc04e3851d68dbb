"""Who waits at semaphores in one event loop: the first of a line renews the tickets of all.

Tasks of a loop that wait at one place share one line, and only the first of them looks once a second (see
``runners/lines.py``). Imports nothing of redicts. Invariant: only those stand here that wait just now.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop
from asyncio.events import _get_running_loop
from collections.abc import Hashable
from time import monotonic
from typing import Final
from weakref import WeakKeyDictionary

__all__ = ["drop", "others", "put"]

RENEW_SECONDS: Final = 0.5
"""How long what was renewed need not be again."""


class _Place:
    """Those who wait at one place: their tickets, by token; and when those are to be renewed."""

    __slots__ = ("due", "tickets")

    def __init__(self) -> None:
        self.tickets: dict[str, str] = {}
        self.due = 0.0


_loops: WeakKeyDictionary[AbstractEventLoop, dict[Hashable, _Place]] = WeakKeyDictionary()


def put(place: Hashable, token: str, ticket: str) -> None:
    """Note that one waits. In a thread without a loop it is alone, and renews its ticket itself.

    Args:
        place: What is equal for equal places.
        token: Its own.
        ticket: Where it stands.
    """
    loop = _get_running_loop()
    if loop is not None:
        _loops.setdefault(loop, {}).setdefault(place, _Place()).tickets[token] = ticket


def drop(place: Hashable, token: str) -> None:
    """Forget one: it waits no more."""
    loop = _get_running_loop()
    places = None if loop is None else _loops.get(loop)
    found = None if places is None else places.get(place)
    if places is not None and found is not None:
        _ = found.tickets.pop(token, None)
        if not found.tickets:
            del places[place]


def others(place: Hashable, token: str) -> list[str]:
    """Give what one is to renew with its own ticket, now and then: tickets and tokens of others, in turns."""
    loop = _get_running_loop()
    places = None if loop is None else _loops.get(loop)
    found = None if places is None else places.get(place)
    if found is None or len(found.tickets) < 2 or monotonic() < found.due:
        return []
    found.due = monotonic() + RENEW_SECONDS
    return [text for other, ticket in found.tickets.items() if other != token for text in (ticket, other)]
