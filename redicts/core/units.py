"""Seconds of the public interface <-> milliseconds below it: the one place that converts, rounding up.

Imports nothing of redicts. Invariant: a time that is not zero never becomes zero, which Redis takes for "for ever".
"""

from __future__ import annotations

import math

__all__ = ["MAX_SECONDS", "life_ms", "to_ms", "to_seconds"]

MAX_SECONDS = 10_000_000_000.0
"""The longest time to live, some 300 years: what a server's clock can add to."""


def to_ms(seconds: float) -> int:
    """Convert seconds to milliseconds, rounding up."""
    return math.ceil(seconds * 1000)


def to_seconds(ms: int) -> float:
    """Convert milliseconds to seconds."""
    return ms / 1000


def life_ms(seconds: object, what: str = "expire") -> int:
    """Check a time to live and convert it.

    Args:
        seconds: What the user gave: an ``int`` or a ``float`` above 0.
        what: The name of the parameter, for the error.

    Raises:
        TypeError: It is not a number.
        ValueError: It is not above 0, or too long.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"{what} is a number of seconds, not {seconds!r}; use None, or persist(), for no limit")
    if not 0 < seconds <= MAX_SECONDS:  # also refuses NaN
        raise ValueError(
            f"{what} is above 0 and at most {MAX_SECONDS:.0f} seconds, not {seconds!r}; use delete() to remove"
        )
    return to_ms(seconds)
