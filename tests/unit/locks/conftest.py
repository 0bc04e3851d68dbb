"""A clock that stands still."""

from __future__ import annotations

import pytest

from tests.unit.locks.acts import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The monotonic clock of locks, set by hand."""
    return Clock(monkeypatch)
