"""What is counted at the socket: round trips of dicts and counters, and of going over many keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from redicts import Proxy
from redicts.leaves.parts.keys import PAGE
from tests.runners.rig import proxy_over
from tests.support.chaos import ChaosProxy

MANY = range(10_000)


@pytest.fixture
def place(chaos: ChaosProxy) -> Iterator[Proxy]:
    """A place whose round trips are counted."""
    made = proxy_over(chaos.url, "map")
    yield made
    made.clear()
    made._where().runner.close()
    made._where().client.close()


def test_ten_thousand_keys_take_ten_round_trips_or_eleven(place: Proxy, chaos: ChaosProxy) -> None:
    ages, hits = place.get("ages").as_dict(), place.get("hits").as_counter()
    ages.update((number, str(number)) for number in MANY)
    hits.update(MANY)
    ways: list[Callable[[], Iterable[Any]]] = [
        lambda: ages, ages.keys, ages.values, ages.items, lambda: hits, hits.items, hits.elements,
    ]  # fmt: skip
    for way in ways:
        _ = next(iter(way()))  # which loads the script
        chaos.reset()
        assert len({*way()}) == len(MANY)
        assert len(MANY) // PAGE <= chaos.round_trips <= len(MANY) // PAGE + 1
        assert len(chaos.commands) == chaos.round_trips


def test_each_act_takes_one_round_trip(place: Proxy, chaos: ChaosProxy) -> None:
    ages, hits = place.get("ages").as_dict(), place.get("hits").as_counter()
    for loaded in (False, True):  # the first time loads the scripts
        ages.update(a=1)
        hits.update("a")
        acts: list[Callable[[], Any]] = [
            lambda: ages.update((name, 0) for name in MANY), lambda: ages.get_many(MANY), ages.to_dict, ages.to_items,
            lambda: ages == {}, lambda: ages | {"x": 1}, lambda: ages.keys() & {1}, lambda: ages.items() >= {(1, 0)},
            lambda: ages.setdefault("b", 1), lambda: ages.setdefault("b", 1), lambda: ages.pop("b"), ages.popitem,
            lambda: ages.pop("b", None), lambda: ages.set("b", 1, expire=5), lambda: ages.delete_many(MANY), ages.clear,
            lambda: ages.setdefault("b", 1), lambda: ages.get("b"), lambda: "b" in ages, lambda: ages["b"],
            lambda: hits.update(MANY), lambda: hits.subtract(MANY), lambda: hits.increment("b"), hits.total,
            lambda: hits.most_common(5), hits.most_common, lambda: hits.combine("|", {"b": 5}), hits.to_counter,
            lambda: hits + {}, lambda: hits["new"], lambda: hits.delete("new"), lambda: +hits,
        ]  # fmt: skip
        for number, act in enumerate(acts):
            chaos.reset()
            _ = act()
            assert not loaded or chaos.round_trips == 1, number
