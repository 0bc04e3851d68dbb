"""Fixtures for decorators: a tree that the pool of this process leads to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from redicts import Pool, Proxy
from tests.concurrency.trees import Spot, new_spot
from tests.support.servers import Server


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """A namespace on Valkey: what decorators do is about this side."""
    return new_spot(valkey_server)


@pytest.fixture
def tree(spot: Spot) -> Iterator[Proxy]:
    """The root of the tree there; it is whole after the test, and this process's pool is closed."""
    root = spot.open()
    yield root
    assert root.check() == []
    root.clear()
    with redis.Redis.from_url(spot.url) as client:
        for key in spot.all_keys():  # a wake-up that nobody took
            assert key.startswith(f"{spot.namespace}:g:")
            left: Any = client.pttl(key)
            assert left == -2 or 0 <= left <= 1000
            client.delete(key)
    Pool().close()
