"""Dicts and counters that many use at once: each increment counts, one sets, one takes, and nothing is torn."""

from __future__ import annotations

import threading
from collections import Counter as Plain
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from redicts import Proxy
from tests.concurrency.trees import Spot, meet, new_spot
from tests.support.processes import run_in_processes
from tests.support.servers import Server

T = TypeVar("T")

THREADS = 8
ROUNDS = 50


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough here."""
    return new_spot(valkey_server)


def at_once(work: Callable[[int], T]) -> list[T]:
    """Let 8 threads do something, all beginning together."""
    line = threading.Barrier(THREADS)

    def begin(me: int) -> T:
        _ = line.wait(60)
        return work(me)

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(begin, range(THREADS)))


@pytest.mark.parametrize("shared", [True, False], ids=["one handle", "a handle each"])
def test_adding_in_place_from_8_threads_loses_nothing(tree: Proxy, spot: Spot, shared: bool) -> None:
    one = tree.get("hits").as_counter()

    def count(me: int) -> None:
        hits = one if shared else tree.get("hits").as_counter()
        for number in range(ROUNDS):
            hits["all"] += 1
            hits[me] += number
            hits["less"] -= 2

    _ = at_once(count)
    expected = {"all": THREADS * ROUNDS, "less": -2 * THREADS * ROUNDS}
    assert one.to_dict() == expected | dict.fromkeys(range(THREADS), sum(range(ROUNDS)))
    spot.assert_clean(tree)


def test_updates_from_8_threads_lose_nothing(tree: Proxy, spot: Spot) -> None:
    hits = tree.get("hits").as_counter()

    def count(me: int) -> None:
        for _ in range(ROUNDS):
            hits.update("abca")
            hits.subtract(b=3)
            _ = hits.increment(me, me)
            hits.combine("+", {"d": 1})

    _ = at_once(count)
    total = THREADS * ROUNDS
    assert (hits["a"], hits["c"], hits["d"]) == (2 * total, total, total)
    assert -2 * total <= hits["b"] <= 0, "in place what is below zero is dropped, now and then"
    assert [hits[me] for me in range(THREADS)] == [me * ROUNDS for me in range(THREADS)]
    spot.assert_clean(tree)


def test_of_8_threads_one_sets_the_default(tree: Proxy, spot: Spot) -> None:
    names = [f"k{number}" for number in range(ROUNDS)]
    found = at_once(lambda me: [tree.get("defaults").as_dict().setdefault(name, me) for name in names])
    assert [set(each) for each in zip(*found, strict=True)] == [
        {tree.get("defaults").as_dict()[name]} for name in names
    ], "all got what is there"
    assert len({tuple(each) for each in found}) == 1
    spot.assert_clean(tree)


@pytest.mark.parametrize("of", [None, int])
def test_8_threads_take_each_once(tree: Proxy, spot: Spot, of: Any) -> None:
    work = tree.get("work").as_dict(of=of)
    work.update((number, number) for number in range(ROUNDS * THREADS))

    def take(_: int) -> list[int]:
        found: list[int] = []
        while True:
            try:
                key, value = work.popitem()
            except KeyError:
                return found
            assert key == value
            found.append(key)

    found = at_once(take)
    assert sorted(key for each in found for key in each) == [*range(ROUNDS * THREADS)]
    assert tree.val() == {}


def test_popping_one_key_gives_it_to_one(tree: Proxy, spot: Spot) -> None:
    work = tree.get("work").as_dict()
    work.update((number, number) for number in range(ROUNDS))
    found = at_once(lambda _: [work.pop(number, None) for number in range(ROUNDS)])
    assert [Plain(each)[None] for each in zip(*found, strict=True)] == [THREADS - 1] * ROUNDS
    spot.assert_clean(tree)


def test_an_update_is_seen_whole(tree: Proxy, spot: Spot) -> None:
    pages = tree.get("pages").as_dict()
    names = [f"k{number}" for number in range(100)]
    pages.update(dict.fromkeys(names, -1))

    def turn(me: int) -> set[int]:
        if me < 3:
            for number in range(ROUNDS):
                pages.update(dict.fromkeys(names, me * ROUNDS + number))
            return set()
        seen = set()
        for _ in range(ROUNDS):
            assert len({*pages.get_many(names)}) == 1
            assert len({*pages.to_dict().values()}) == 1
            seen |= {*tree.val()["pages"].values()}
        return seen

    assert len(set().union(*at_once(turn))) > 1
    spot.assert_clean(tree)


def test_an_iteration_gives_each_key_once_while_others_write(tree: Proxy, spot: Spot) -> None:
    """The hash shrinks meanwhile, to where it gives some keys again."""
    big = tree.get("big").as_dict()
    stay = {f"s{number}" for number in range(3000)}
    big.update(dict.fromkeys(stay, 0))
    for _ in range(3):
        big.update((number, 0) for number in range(40_000))
        found: list[Any] = []
        goes = [*range(40_000)]
        for number, key in enumerate(big):
            found.append(key)
            if number % 1000 == 999:
                _ = big.delete_many(goes[-5000:])
                del goes[-5000:]
        assert len(found) == len(set(found))
        assert stay <= set(found)
    assert {*big} == stay
    spot.assert_clean(tree)


def count_in_place(spot: Spot, parties: int) -> None:
    """Count in a process."""
    tree = spot.open()
    hits = tree.get("hits").as_counter()
    meet(tree, "start", parties)
    for number in range(200):
        hits["all"] += 1
        hits.update([number, "each"])


def test_processes_lose_nothing(tree: Proxy, spot: Spot) -> None:
    _ = run_in_processes(count_in_place, [(spot, 3)] * 3)
    hits = tree.get("hits").as_counter()
    expected: dict[Any, int] = {"all": 600, "each": 600}
    assert hits.to_dict() == expected | dict.fromkeys(range(200), 3)
    spot.assert_clean(tree)
