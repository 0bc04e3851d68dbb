"""Fixtures for waiting: a crowd on each real server; a tree on Valkey, for tasks that wait."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from redicts import Pool, Proxy
from redicts.leaves import waiting
from redicts.locks import acquiring
from tests.concurrency.trees import Spot, new_spot
from tests.support.backends import Backend, server_backend
from tests.support.servers import Server
from tests.waiting.crowd import Crowd


@pytest.fixture
def crowd(real_backend: Backend) -> Iterator[Crowd]:
    """A crowd on each kind of real server; all of it is gone after the test."""
    with Crowd(real_backend) as made:
        yield made


@pytest.fixture
def valkey_crowd(valkey_server: Server) -> Iterator[Crowd]:
    """The same on Valkey alone, for what takes seconds."""
    backend = server_backend(valkey_server, 3)
    with Crowd(backend) as made:
        yield made
    backend.close()


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """A namespace on Valkey: what tasks do in one loop is about this side."""
    return new_spot(valkey_server)


@pytest.fixture
def tree(spot: Spot) -> Iterator[Proxy]:
    """The root of the tree there; this process's pool is closed after the test."""
    yield spot.open()
    Pool().close()


@pytest.fixture
def no_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no waiter look for itself, of locks and of typed leaves: all is done by wake-ups and deadlines alone.

    (Tickets of semaphores are not renewed then, so their order is only kept for 2.5 s.)
    """
    monkeypatch.setattr(acquiring, "CHECK_SECONDS", 60.0)
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 60.0)
