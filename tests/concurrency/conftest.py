"""Fixtures for trees that several processes open at once.

========================  ==========  =======================================================================
fixture                   scope       gives
========================  ==========  =======================================================================
``open_tree``             function    ``open_tree(spot, **cfg)``: the root there; this process's pool is closed after
``spot``                  function    a ``Spot`` on each of the two kinds of server
``tree``                  function    the root there
========================  ==========  =======================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from redicts import Pool, Proxy
from tests.concurrency.trees import Spot
from tests.support.backends import Backend


@pytest.fixture
def open_tree() -> Iterator[Callable[..., Proxy]]:
    """Open trees in this process; the pool is closed after the test."""

    def opened(spot: Spot, **options: Any) -> Proxy:
        return spot.open(**options)

    yield opened
    Pool().close()


@pytest.fixture
def spot(real_backend: Backend) -> Spot:
    """A namespace on each real server, cleared after the test."""
    assert real_backend.server is not None
    return Spot(real_backend.server.url, real_backend.namespace)


@pytest.fixture
def tree(spot: Spot, open_tree: Callable[..., Proxy]) -> Proxy:
    """The root of the tree at ``spot``."""
    return open_tree(spot)
