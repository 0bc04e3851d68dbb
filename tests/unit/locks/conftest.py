"""A clock that stands still, and what renews locks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from redicts.locks import renewal
from tests.unit.locks.acts import Clock
from tests.unit.locks.renewing import ByTask, ByThread, Renewing, Store


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The monotonic clock of locks, set by hand."""
    return Clock(monkeypatch)


@pytest.fixture
def store() -> Store:
    """What answers renewals in this test."""
    return Store()


@pytest.fixture(params=[ByThread, ByTask], ids=["thread", "task"])
def renewing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, store: Store) -> Iterator[Renewing]:
    """A renewal of the test's own, by a thread and by a task, which ends with it."""
    monkeypatch.setattr(renewal, "IDLE_SECONDS", 0.05)
    made: Renewing = request.param(store)
    yield made
    made.close()
