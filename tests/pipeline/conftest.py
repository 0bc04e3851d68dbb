"""Fixtures for pipelines: what their ``proxy`` leads to, and a look at what was sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import fakeredis
import pytest
import redis

from redicts.pipeline import Pipeline
from redicts.pool import Database
from redicts.proxy import Proxy
from tests.pipeline.places import at
from tests.runners.conftest import alarm
from tests.runners.rig import in_use, proxy_over
from tests.support.backends import Backend
from tests.support.chaos import ChaosProxy

__all__ = ["alarm"]


@pytest.fixture
def lead(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``lead(database, name=database)``: where pipelines lead, by name and without one."""

    def to(default: Database, **named: Database) -> None:
        def find(pipe: Pipeline, name: str | None) -> Database:
            return default if name is None else named[name]

        monkeypatch.setattr(Pipeline, "_open_database", find)

    return to


@pytest.fixture
def fake(lead: Callable[..., None]) -> Iterator[Database]:
    """A fake database, where pipelines lead."""
    client = fakeredis.FakeRedis(server=fakeredis.FakeServer())
    database = Database.of_client(client)
    lead(database)
    yield database
    assert in_use(client) == 0
    client.close()


@pytest.fixture
def home(backend: Backend, lead: Callable[..., None]) -> Iterator[Proxy]:
    """The root over fakeredis, Valkey and Redis, RESP2 and RESP3, where pipelines lead."""
    lead(backend.database)
    yield at(backend.database)
    assert in_use(backend.client) == 0


@pytest.fixture
def real_home(real_backend: Backend, lead: Callable[..., None]) -> Iterator[Proxy]:
    """The root on each real server, where pipelines lead."""
    lead(real_backend.database)
    yield at(real_backend.database)
    assert in_use(real_backend.client) == 0


@pytest.fixture
def far(chaos: ChaosProxy, lead: Callable[..., None]) -> Iterator[Proxy]:
    """The root through ``chaos``, connected and its scripts known, with the counts at 0; pipelines lead there."""
    proxy = proxy_over(chaos.url, "")
    client: Any = proxy._where().client
    lead(proxy._where())
    proxy.val()
    chaos.reset()
    yield proxy
    chaos.heal()
    assert in_use(client) == 0
    direct = redis.Redis(host=chaos.upstream[0], port=chaos.upstream[1])
    if keys := list(direct.scan_iter(match=f"{proxy._space.namespace}:*", count=1000)):
        direct.delete(*keys)
    direct.close()
    proxy._where().runner.close()
    client.connection_pool.disconnect()
