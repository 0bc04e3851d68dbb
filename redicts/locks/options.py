"""How a lock is taken: what can be said of it, and what of that is refused. Imports core only."""

from __future__ import annotations

from typing import Final, NamedTuple

from redicts.core.missing import MISSING
from redicts.core.units import MAX_SECONDS

__all__ = ["ACQUIRE_TIMEOUT", "EXPIRE_TIMEOUT", "LockOptions", "check_lease", "check_owner", "check_seconds"]

ACQUIRE_TIMEOUT: Final = 10.0
"""Seconds to wait for a lock, where nothing else is said."""

EXPIRE_TIMEOUT: Final = 30.0
"""Seconds until a lock runs out, where nothing else is said."""


MAX_OWNER: Final = 1024
"""How many characters the name of an owner may have."""


class LockOptions(NamedTuple):
    """How a lock is taken.

    Attributes:
        acquire_timeout: Seconds to wait; 0 for one try, ``None`` for no limit.
        expire_timeout: Seconds until it runs out.
        renew: Whether it is renewed while it is held; ``None``: as the database is configured.
    """

    acquire_timeout: float | None = ACQUIRE_TIMEOUT
    expire_timeout: float = EXPIRE_TIMEOUT
    renew: bool | None = None

    @classmethod
    def checked(
        cls, acquire_timeout: object, expire_timeout: object, renew: bool | None, prefix: str = ""
    ) -> LockOptions:
        """Check what was given, by parameters whose names begin with ``prefix``.

        Raises:
            TypeError: A time is not a number.
            ValueError: A negative time, or a lease of no time.
        """
        return cls(
            check_seconds(f"{prefix}acquire_timeout", acquire_timeout),
            check_lease(f"{prefix}expire_timeout", expire_timeout),
            renew,
        )

    def but(self, acquire_timeout: object, expire_timeout: object, renew: bool | None) -> LockOptions:
        """Give the same with what was given: ``MISSING`` for the first, ``None`` for the others is nothing.

        Raises:
            TypeError: A time is not a number.
            ValueError: A negative time, or a lease of no time.
        """
        return LockOptions(
            self.acquire_timeout if acquire_timeout is MISSING else check_seconds("acquire_timeout", acquire_timeout),
            self.expire_timeout if expire_timeout is None else check_lease("expire_timeout", expire_timeout),
            self.renew if renew is None else renew,
        )


def check_seconds(name: str, seconds: object) -> float | None:
    """Check a time to wait.

    Args:
        name: What the parameter is called.
        seconds: What was given: at least 0, or ``None`` for no limit.

    Raises:
        TypeError: It is not a number.
        ValueError: It is negative.
    """
    if seconds is None:
        return None
    number = _number(name, seconds, ", or None for no limit")
    if not number >= 0:  # also refuses NaN
        raise ValueError(f"{name} is at least 0 (one try), or None for no limit, not {seconds!r}")
    return min(number, MAX_SECONDS)  # what a clock can be added to


def check_lease(name: str, seconds: object) -> float:
    """Check the time of a lease.

    Args:
        name: What the parameter is called.
        seconds: What was given: above 0.

    Raises:
        TypeError: It is not a number.
        ValueError: It is not above 0, or too long.
    """
    number = _number(name, seconds, "")
    if not 0 < number <= MAX_SECONDS:
        raise ValueError(f"{name} is above 0 and at most {MAX_SECONDS:.0f} seconds, not {seconds!r}")
    return number


def _number(name: str, seconds: object, more: str) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"{name} is a number of seconds{more}, not {seconds!r}")
    return seconds


def check_owner(owner: str | None) -> str | None:
    """Check the name of an owner.

    Raises:
        TypeError: It is not text.
        ValueError: It is empty, or too long, or UTF-8 cannot carry it.
    """
    if owner is None:
        return None
    if not isinstance(owner, str):
        raise TypeError(f"owner is text, or None for who calls, not {owner!r}")
    if not 0 < len(owner) <= MAX_OWNER or owner.encode("utf-8", "ignore").decode() != owner:
        raise ValueError(f"owner is 1 to {MAX_OWNER} characters that UTF-8 can carry, not {owner[:80]!r}")
    return owner
