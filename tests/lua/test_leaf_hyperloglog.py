"""HyperLogLogs where sections lie on several servers: those of other sections are read, and lent to the script."""

from __future__ import annotations

import pytest

from redicts import Proxy
from redicts.core.keys import KeySpace
from redicts.pool.database import Database
from tests.support.backends import Backend


@pytest.fixture
def spread(real_backend: Backend) -> Proxy:
    """A place of a cluster, as far as its keys are concerned."""
    made = Proxy("a.one")
    made._database = Database(real_backend.client, namespace=real_backend.namespace)
    made._database.space = KeySpace(real_backend.namespace, spread=True)
    return made


def test_of_other_sections(spread: Proxy, real_backend: Backend) -> None:
    one, beside = spread.as_hyperloglog(), spread.parent.get("two").as_hyperloglog()
    far, farther = (spread._at((section, "x")).as_hyperloglog() for section in ("b", "c"))
    assert [leaf.update(values) for leaf, values in ((beside, [1, 2]), (far, [2, 3]), (farther, "ab"))] == [True] * 3
    keys = real_backend.keys()
    assert one.union_length(far, beside, farther, one) == 5
    assert real_backend.keys() == keys, "what was lent is gone"
    one.union_update(far, beside)
    assert one.length() == 3
    assert one.store_union(farther, far) == 4
    assert one.contains_many([1, 2, 3, "a", "b"]) == [False, True, True, True, True]
    assert spread._at(("d", "new")).as_hyperloglog().store_union(one, beside) == 5
    assert len(real_backend.keys()) == len(keys) + 3
    assert spread.check() == []


def test_a_section_that_is_not_known_yet(spread: Proxy, real_backend: Backend) -> None:
    """Its name is registered, and all is done again: of the first try nothing is left."""
    there = spread._at(("b", "x")).as_hyperloglog()
    _ = there.add(1)
    spread.as_hyperloglog().union_update(there)
    assert real_backend.client.smembers(f"{real_backend.namespace}:s") == {b"a", b"b"}
    assert len(real_backend.keys()) == 5
