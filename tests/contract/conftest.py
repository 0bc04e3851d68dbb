"""Fixtures of the contract suite: one set of tests over all faces, and over fakeredis, Valkey and Redis.

The ``backend`` of this folder goes through each face in turn; ``variants.py`` says which, and where.

After each test the tree is still whole (``check()`` finds nothing), and what lies next to it is as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from redicts import Proxy
from tests.contract.ground import Ground, Party
from tests.contract.variants import EVERYWHERE, left_out
from tests.support.backends import Backend, fake_backend, server_backend
from tests.support.trees import dump, tree_of

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to ``-m exhaustive`` what ``left_out`` says."""
    usual: dict[str, dict[str, dict[str, pytest.Item]]] = {}
    for item in items:
        callspec = getattr(item, "callspec", None)
        variant = None if callspec is None else callspec.params.get("backend")
        if isinstance(variant, str) and item.path.parent == HERE and item.get_closest_marker("exhaustive") is None:
            test = f"{item.path.name} {getattr(item, 'originalname', item.name)}"
            case = item.name.replace(variant, "", 1)
            usual.setdefault(test, {}).setdefault(case, {})[variant] = item
    for test, cases in usual.items():
        for number, variants in enumerate(cases.values()):
            for variant in left_out(test, number, len(cases), variants):
                variants[variant].add_marker(pytest.mark.exhaustive)


@pytest.fixture(params=EVERYWHERE)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """A store for this test, and a face that it is used through."""
    *through, kind = str(request.param).split(":")
    kind, _, protocol = kind.partition("-resp")
    face = through[0] if through else "sync"
    if kind == "fake":
        store = fake_backend(face)
    else:
        store = server_backend(request.getfixturevalue(f"{kind}_server"), int(protocol), face)
    yield store
    store.close()


@pytest.fixture
def tree(backend: Backend, neighbours: None) -> Iterator[Proxy]:
    """The root of an empty tree."""
    place = tree_of(backend)
    yield place
    assert place.check() == []
    place.clear()
    backend.advance(10)  # that somebody waited is noted for a few seconds
    assert backend.keys() == []
    backend.face.idle()


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
    party = Party(ground)
    yield party
    party.close()


@pytest.fixture
def third(ground: Ground) -> Iterator[Party]:
    """One more."""
    party = Party(ground)
    yield party
    party.close()
