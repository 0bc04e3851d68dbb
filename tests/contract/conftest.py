"""Fixtures of the contract suite: one set of tests over fakeredis, Valkey and Redis, RESP2 and RESP3.

After each test the tree is still whole (``check()`` finds nothing), and what lies next to it is as it was.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from redicts import Proxy
from tests.contract.ground import Ground, Party
from tests.support.backends import Backend
from tests.support.trees import dump, tree_of


@pytest.fixture
def tree(backend: Backend, neighbours: None) -> Iterator[Proxy]:
    """The root of an empty tree."""
    place = tree_of(backend)
    yield place
    assert place.check() == []
    place.clear()
    assert backend.keys() == []


@pytest.fixture
def neighbours(backend: Backend) -> Iterator[None]:
    """Keys of others, spelled as much like ours as can be; nothing may touch them."""
    name = backend.namespace
    foreign = (f"x{name}:n:{{a}}", f"{name}x:n:{{a}}", f"{name}-:s", f"{name}*:n:{{a}}", f"{name}")
    for key in foreign:
        backend.client.hset(key, mapping={"a": "/", "": "1"})
    before = dump(backend, f"*{name}*")
    yield
    after = dump(backend, f"*{name}*")
    assert {key: after.get(key) for key in before} == before
    backend.client.delete(*foreign)


@pytest.fixture
def ground(backend: Backend, neighbours: None) -> Iterator[Ground]:
    """Where locks are tested; afterwards nobody holds anything, and nothing is left in Redis."""
    made = Ground(backend)
    yield made
    made.assert_bare()


@pytest.fixture
def rival(ground: Ground) -> Iterator[Party]:
    """Another thread; afterwards it holds nothing."""
    party = Party()
    yield party
    party.close()


@pytest.fixture
def third(ground: Ground) -> Iterator[Party]:
    """One more."""
    party = Party()
    yield party
    party.close()
