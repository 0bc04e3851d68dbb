"""How long an entry of a cache lives, and a claim to compute it. May import core."""

from __future__ import annotations

import random
from typing import Final, NamedTuple

from redicts.core.missing import MISSING, Missing
from redicts.core.units import life_ms, to_ms

__all__ = ["MAX_LEASE", "Lives"]

MAX_LEASE: Final = 31_536_000.0
"""The longest lease of a claim: a year."""


class Lives(NamedTuple):
    """The times of a cache.

    Attributes:
        ttl_ms: For how long an entry is fresh; ``None`` for no end.
        jitter: By what part of it that is shortened, at most.
        stale_ms: For how long it is there after that.
        lease: For how many ms a claim is, as it is sent.
    """

    ttl_ms: int | None
    jitter: float
    stale_ms: int
    lease: str

    @classmethod
    def checked(cls, ttl: float | None, jitter: float, stale: float, lease: float) -> Lives:
        """Check what the user gave.

        Raises:
            TypeError: One is no number.
            ValueError: One is out of range.
        """
        for name, value in (("jitter", jitter), ("stale", stale)):
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TypeError(f"{name} is a number, not {value!r}")
        if not 0 <= jitter <= 1:
            raise ValueError(f"jitter is a part of the ttl, from 0 to 1, not {jitter!r}")
        stale_ms = 0 if stale == 0 else life_ms(stale, "stale")
        lease_ms = life_ms(lease, "lease")
        if lease > MAX_LEASE:
            raise ValueError(f"lease is at most {MAX_LEASE:.0f} seconds, not {lease!r}")
        return cls(None if ttl is None else life_ms(ttl, "ttl"), jitter, stale_ms, str(lease_ms))

    def of(self, ttl: float | Missing | None) -> int | None:
        """Give for how many ms an entry is to be fresh; ``None`` for no end.

        Args:
            ttl: Seconds, as it was given with the entry; ``MISSING``: it was not.
        """
        if ttl is MISSING:
            return self.ttl_ms
        return None if ttl is None else life_ms(ttl, "ttl")

    def spelled(self, ttl_ms: int | None) -> tuple[str, str]:
        """Draw the lives of an entry, as they are sent: for how long it is fresh, and for how long it is there."""
        if ttl_ms is None:
            return "", ""
        if self.jitter:
            ttl_ms = max(1, to_ms(ttl_ms * (1 - self.jitter * random.random()) / 1000))
        return str(ttl_ms), str(ttl_ms + self.stale_ms)
