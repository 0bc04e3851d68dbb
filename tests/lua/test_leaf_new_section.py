"""Scripts that mount a typed leaf where the set of sections lies on another server: they say so, and write nothing."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from redicts import Proxy
from redicts.core.keys import KeySpace
from redicts.pool.database import Database
from tests.support.backends import Backend
from tests.support.leaf_operations import ALONE, OPENED, ROWS
from tests.support.leaves import same


def place_in(backend: Backend, spread: bool) -> Proxy:
    made = Proxy("section.leaf")
    made._database = Database(backend.client, namespace=backend.namespace)
    made._database.space = KeySpace(backend.namespace, spread=spread)
    return made


@pytest.mark.parametrize("kind", ALONE)
def test_a_first_write_begins_its_section(real_backend: Backend, kind: str) -> None:
    client: Any = real_backend.client
    found: dict[bool, list[Any]] = {False: [], True: []}
    for spread, after in found.items():
        place = place_in(real_backend, spread)
        for row in ROWS[kind]:
            with suppress(Exception):  # there is nothing to take, to find, to count
                row.act(OPENED[kind](place))
            after.append((row.name, place.kind(), place.val([])))
            if place.exists():
                assert client.smembers(f"{real_backend.namespace}:s") == {b"section"}
                assert place.check() == []
                assert place.delete(())
            client.delete(f"{real_backend.namespace}:s")
            keys = real_backend.keys()
            left = [key for key in keys if ":e:" not in key]
            assert left == [], row.name
    assert sum(kind is not None for _, kind, _ in found[True]) > 0
    for one, other in zip(found[True], found[False], strict=True):
        assert one[:2] == other[:2]
        assert kind == "rate_limiter" or same(kind, one[2], other[2])  # which shows a time
