"""A Redlock over the wire: what it asks, and how often; and what is left in the loop when it is closed."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
import redis.asyncio

from redicts import NotOwner, Pool, Proxy, aio
from redicts.leaves.redlock import Redlock
from tests.support.chaos import ChaosProxy
from tests.support.leaf_operations import operations_of


@pytest.fixture
def lock(chaos: ChaosProxy) -> Iterator[Redlock]:
    """One behind a proxy, by itself; it is connected."""
    client = redis.Redis(port=chaos.port, db=8)
    made = Proxy("app.lock", rconn=client).as_redlock(auto_release_time=5)
    for _ in range(2):
        with made:
            made.extend()
            assert made.length() == 1
        made.clear()
    yield made
    made._masters._databases()[0].runner.close()
    client.flushdb()
    client.close()


COSTS: dict[str, tuple[Callable[[Redlock], Any], int]] = {
    "acquire": (lambda lock: lock.acquire(), 1),
    "acquire, held by another": (lambda lock: other(lock).acquire(timeout=0), 1),
    "extend": (lambda lock: lock.extend(), 1),
    "length": (lambda lock: lock.length(), 1),
    "release": (lambda lock: lock.release(), 1),
    "clear": (lambda lock: lock.clear(), 1),
    "locked": (lambda lock: lock.locked(), 0),
}


def other(lock: Redlock) -> Redlock:
    return Proxy("app.lock", rconn=lock._place._where().client).as_redlock()  # type: ignore[attr-defined]


def test_round_trips(lock: Redlock, chaos: ChaosProxy) -> None:
    for what, (act, trips) in COSTS.items():
        chaos.reset()
        _ = act(lock)
        assert (chaos.round_trips, len(chaos.commands), chaos.connections) == (trips, trips, 0), what


def test_who_holds_nothing_asks_nobody(lock: Redlock, chaos: ChaosProxy) -> None:
    chaos.reset()
    for act in (lock.release, lock.extend):
        with pytest.raises(NotOwner):
            act()
    assert chaos.commands == []


def test_the_docstrings_say_what_it_costs() -> None:
    assert operations_of("redlock") == {name.partition(",")[0] for name in COSTS} - {"locked"}
    for name in operations_of("redlock"):
        doc = inspect.getdoc(getattr(Redlock, name)) or ""
        assert re.search(r"^Cost: 1 round trip", doc, re.MULTILINE), name
    assert "No round trip" in (Redlock.locked.__doc__ or "")


@pytest.mark.parametrize("closing", ["the pool", "the loop"])
def test_closed_while_masters_owe_replies(chaos: ChaosProxy, closing: str) -> None:
    """No task is left, and no connection; that one was given up is carried out all the same."""
    Pool().reload(cfg={"url": chaos.url, "names": {"one": 8, "dead": "redis://127.0.0.1:1/0"}})
    loop = asyncio.new_event_loop()

    async def main() -> None:
        lock = aio.Proxy("app.lock").as_redlock(["one"])
        assert await lock.acquire()
        chaos.hang(requests=False)
        giving_up = asyncio.ensure_future(lock.release())
        await asyncio.sleep(0.02)
        _ = giving_up.cancel()
        _ = await asyncio.wait([giving_up])
        assert [each.get_name().partition(":")[0] for each in asyncio.all_tasks() - {asyncio.current_task()}] == [
            "redicts"
        ]
        if closing == "the pool":
            await aio.Pool().close()
            await asyncio.sleep(0)
            assert len(asyncio.all_tasks()) == 1

    loop.run_until_complete(main())
    loop.run_until_complete(loop.shutdown_asyncgens())
    assert asyncio.all_tasks(loop) == set()
    loop.close()
    chaos.heal()
    Pool().close()
    with redis.Redis(port=chaos.upstream[1], db=8) as client:
        assert client.keys("*") == []
