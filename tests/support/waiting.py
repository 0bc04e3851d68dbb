"""Waiting for a condition instead of sleeping for a while and hoping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["wait_until"]

T = TypeVar("T")


def wait_until(condition: Callable[[], T], seconds: float = 10, what: str = "the condition") -> T:
    """Call ``condition`` until it gives something true, and return that.

    Args:
        condition: Asked again and again, with short pauses.
        seconds: After so long: ``AssertionError``.
        what: Names the condition in the error.
    """
    deadline = time.monotonic() + seconds
    pause = 0.0005
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {seconds} seconds")
        time.sleep(pause)
        pause = min(pause * 2, 0.02)
    return answer
