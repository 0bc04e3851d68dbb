"""Each test has a namespace of its own on a Valkey, which is whole, and empty, afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stdlib.ground import Ground
from tests.support.backends import server_backend
from tests.support.servers import Server
from tests.support.trees import tree_of


@pytest.fixture(autouse=True)
def ground(valkey_server: Server) -> Iterator[None]:
    """Where the test makes its containers."""
    backend = server_backend(valkey_server, 3)
    Ground.stand_on(backend)
    yield
    Ground.stand_on(None)
    tree = tree_of(backend)
    assert tree.check() == []
    tree.clear()
    backend.advance(10)  # that somebody waited is noted for a few seconds
    assert backend.keys() == []
    backend.close()
