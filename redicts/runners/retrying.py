"""Whether what failed in transport is tried again, and when. Pure; imports exchange only.

One home for every runner: the rules are those of the page on what is sent again, in the documentation.
"""

from __future__ import annotations

import time
from typing import Final

from redicts.runners.exchange import Failed

__all__ = ["Tries"]

PAUSES: Final = (0.0, 0.05, 0.2)
"""Seconds before each further try, where a try may be repeated."""

SECONDS: Final = 1.0
"""Seconds after which nothing is tried again. A user's client may have retries of its own, which are enough then."""


class Tries:
    """The tries of one round trip.

    Args:
        repeatable: Whether it may be sent again though the server may have carried it out.
        began: When the first one did, on the monotonic clock; ``None``: just now.
    """

    __slots__ = ("_deadline", "_pauses", "_repeatable")

    def __init__(self, repeatable: bool, began: float | None = None) -> None:
        self._repeatable = repeatable
        self._deadline = (time.monotonic() if began is None else began) + SECONDS
        self._pauses = iter(PAUSES)

    def is_unsafe(self, failed: Failed) -> bool:
        """Whether another try might do a second time what is done once at most."""
        return failed.sent and not self._repeatable

    def pause(self, failed: Failed) -> float | None:
        """Return the seconds to wait before the next try; ``None``: there is none."""
        if self.is_unsafe(failed) or failed.final or time.monotonic() > self._deadline:
            return None
        return next(self._pauses, None)
