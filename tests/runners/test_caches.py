"""Caches: their round trips, and keys that are looked up together, for asyncio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from redicts import Proxy, aio
from redicts.leaves.cached_ordered_dict import AsyncCachedOrderedDict
from tests.runners.cancelling import ground
from tests.runners.rig import proxy_over
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server

Act = Callable[[], object]


def trips(chaos: ChaosProxy, acts: list[Act]) -> list[int]:
    """Do things; tell how many round trips each has taken."""
    counts = []
    for act in acts:
        chaos.reset()
        _ = act()
        counts.append(chaos.round_trips)
    return counts


@pytest.fixture
def place(chaos: ChaosProxy) -> Iterator[Proxy]:
    """A place in a tree of its own; the scripts are there."""
    made = proxy_over(chaos.url, "section.pages")
    warm = made.get("warm").as_cached_ordered_dict([1])
    warm.update({1: 1, 2: 2})
    _ = (
        warm.pop(1),
        made.get("warm").as_cache().get_or_compute("key", lambda: 1),
        made.get("warm").as_cache().get("none"),
    )
    made.clear()
    yield made
    made.clear()
    made._where().runner.close()
    made._where().client.connection_pool.disconnect()


def test_one_round_trip_looks_all_up(place: Proxy, chaos: ChaosProxy) -> None:
    place.as_cached_ordered_dict([]).update({number: number for number in range(2000)})
    found = place.as_cached_ordered_dict(range(3000))
    acts: list[Act] = [found.misses, lambda: list(found.items()), lambda: found[5], found.hydrate]
    acts += [lambda: found.update({1: 1, 2: 2}), lambda: found.pop(1), found.clear]
    assert trips(chaos, acts) == [1, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize("options", [{}, {"ttl": 60}, {"ttl": 60, "stale": 5}], ids=repr)
def test_round_trips_of_computing(place: Proxy, chaos: ChaosProxy, options: Any) -> None:
    """A hit is one, whether the server tells that it is fresh or the reader does; a miss is three."""
    pages = place.as_cache(**options)
    acts: list[Act] = [lambda: pages.get_or_compute("key", lambda: 1), lambda: pages.get_or_compute("key", lambda: 2)]
    acts += [lambda: pages.get("key"), lambda: place.as_cache().get("key"), lambda: pages.delete("key")]
    assert trips(chaos, acts) == [3, 1, 1, 1, 1]


def test_the_time_is_asked_for_once_a_second(place: Proxy, chaos: ChaosProxy) -> None:
    """Where the reader must tell whether something is fresh; else it is never asked for."""
    for options, times in (({"ttl": 60}, 1), ({"ttl": 60, "stale": 5}, 1)):
        pages = place.as_cache(**options)  # type: ignore[arg-type]
        pages.set("key", 1)
        chaos.reset()
        began = time.monotonic()
        assert [pages.get("key") for _ in range(50)] == [1] * 50
        seconds = int(time.monotonic() - began) + 1
        assert 1 <= chaos.command_names.count("TIME") <= times * seconds
        assert chaos.round_trips == 50


def test_what_has_ended_is_not_served_since_the_time_is_known(place: Proxy, chaos: ChaosProxy) -> None:
    pages = place.as_cache(ttl=0.15, stale=50)
    other = place.as_cache(stale=50)
    for _ in range(5):
        pages.set("key", 1)
        began = time.monotonic()
        assert other.get("key") == 1
        while other.get("key") is not None:
            assert time.monotonic() - began < 5
        assert time.monotonic() - began > 0.1
        assert other.time_to_live("key") == -2


def in_loop(server: Server, work: Callable[[aio.Proxy], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with ground("ours", server) as on:
            await work(on.place("app.found"))

    asyncio.run(run())


def test_for_asyncio(valkey_server: Server) -> None:
    async def work(place: aio.Proxy) -> None:
        found: AsyncCachedOrderedDict[Any] = place.as_cached_ordered_dict(["c", "a", "b"], ttl=60)
        assert (await found.misses(), await found.length()) == (["c", "a", "b"], 0)
        await found.set("a", 1)
        await found.update({"b": (2,), "new": 3}, c=None)
        assert await found.items() == [("c", None), ("a", 1), ("b", [2]), ("new", 3)]
        assert [key async for key in found] == await found.keys() == ["c", "a", "b", "new"]
        assert (await found.values(), await found.get("a"), await found.get("x", 7)) == ([None, 1, [2], 3], 1, 7)
        assert (await found.contains("c"), await found.contains("x"), await found.lookup("b")) == (True, False, [2])
        await found.delete("a")
        for act in (lambda: found.delete("a"), lambda: found.lookup("x")):
            with pytest.raises(KeyError):
                await act()
        other = place.as_cached_ordered_dict(["a", "b"])
        assert (await other.misses(), await other.get("b")) == (["a"], [2])
        await found.set("a", 5)
        assert await other.misses() == ["a"]
        await other.hydrate()
        assert await other.items() == [("a", 5), ("b", [2])]
        assert (repr(other), other.key()) == ("aio.CachedOrderedDict('app.found', ['a', 'b'])", "app.found")
        await other.clear()
        assert (await other.misses(), await place.val()) == (["a", "b"], {"c": None, "new": 3})

    in_loop(valkey_server, work)


def test_tasks_that_look_up_at_once(valkey_server: Server) -> None:
    """A look that comes late does not hide what was set meanwhile."""

    async def work(place: aio.Proxy) -> None:
        for _ in range(20):
            found = place.as_cached_ordered_dict(range(100))

            async def write(key: int, found: AsyncCachedOrderedDict[Any] = found) -> None:
                await found.set(key, "written")

            _ = await asyncio.gather(*[write(key) for key in range(10)], *[found.misses() for _ in range(10)])
            assert await found.keys() == list(range(10))
            await found.clear()

    in_loop(valkey_server, work)
