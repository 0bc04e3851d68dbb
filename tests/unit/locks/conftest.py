"""A clock that stands still, and what renews locks."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

import pytest

from redicts.locks import renewal
from tests.unit.locks.acts import Clock
from tests.unit.locks.renewing import ByTask, ByThread, Renewing, Store

WAYS = (ByThread, ByTask)
"""What renews."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave one of the two to ``-m exhaustive``, by the name of a test: these wait for leases, in real time."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        kind = None if callspec is None else callspec.params.get("renewing")
        if kind in WAYS and kind is not WAYS[crc32(getattr(item, "originalname", item.name).encode()) % 2]:
            item.add_marker(pytest.mark.exhaustive)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The monotonic clock of locks, set by hand."""
    return Clock(monkeypatch)


@pytest.fixture
def store() -> Store:
    """What answers renewals in this test."""
    return Store()


@pytest.fixture(params=WAYS, ids=["thread", "task"])
def renewing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, store: Store) -> Iterator[Renewing]:
    """A renewal of the test's own, by a thread and by a task, which ends with it."""
    monkeypatch.setattr(renewal, "IDLE_SECONDS", 0.05)
    made: Renewing = request.param(store)
    yield made
    made.close()
