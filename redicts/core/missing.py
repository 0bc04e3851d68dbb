"""The sentinel for "nothing was given", where ``None`` is a value like any other."""

from __future__ import annotations

from enum import Enum
from typing import Final

__all__ = ["MISSING", "Missing"]


class Missing(Enum):
    """A type of one value, so that type checkers can tell it from every other."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "<missing>"


MISSING: Final = Missing.MISSING
