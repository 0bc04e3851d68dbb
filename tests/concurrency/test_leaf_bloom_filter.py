"""Bloom filters: how often they are wrong, that they never miss an element, and what others see meanwhile.

The elements are the same in each run, and so is their hash: each run measures the same.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest

from redicts import Proxy
from redicts.leaves.bloom_filter import BloomFilter
from tests.concurrency.trees import Spot, meet, new_spot
from tests.support.processes import Processes, run_in_processes
from tests.support.servers import Server

STEP = 10_000


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough here."""
    return new_spot(valkey_server)


@pytest.fixture
def tree(spot: Spot) -> Iterator[Proxy]:
    made = spot.open()
    yield made
    spot.assert_clean(made)


# ---- the rate of errors


class Measured(NamedTuple):
    """What came of asking filters for what is not in them."""

    wrong: int
    asked: int
    expected: float
    missed: int

    @property
    def rate(self) -> float:
        return self.wrong / self.asked

    def interval(self, deviations: float = 1.96) -> tuple[float, float]:
        """Wilson's interval for a binomial share: 1.96 standard deviations are 95 %."""
        n, p, z = self.asked, self.rate, deviations
        middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def measured(tree: Proxy, capacity: int, rate: float, asked: int, added: int = 0, scalable: bool = False) -> Measured:
    """Fill filters to their capacity, or beyond, and ask each for others. Small ones differ much: they are many."""
    filters = max(1, min(50, 20_000 // capacity, asked // 2000))
    wrong, missed, expected = 0, 0, 0.0
    for number in range(filters):
        bloom = tree.get("x").as_bloom_filter(capacity=capacity, error_rate=rate, scalable=scalable)
        for start in range(0, added or capacity, 50_000):
            bloom.update(f"{number} in {each}" for each in range(start, min(start + 50_000, added or capacity)))
        expected += bloom.current_error_rate() / filters
        for start in range(0, asked // filters, STEP):
            some = range(start, min(start + STEP, asked // filters))
            wrong += sum(bloom.contains_many([f"{number} not {each}" for each in some]))
        for start in range(0, added or capacity, STEP):
            names = [f"{number} in {each}" for each in range(start, min(start + STEP, added or capacity))]
            missed += bloom.contains_many(names).count(False)
        bloom.clear()
    return Measured(wrong, asked // filters * filters, expected, missed)


@pytest.mark.parametrize(("capacity", "rate"), [(100, 0.1), (1000, 0.01), (20_000, 0.1), (20_000, 0.001)])
def test_the_rate_of_errors_is_below_what_was_asked(tree: Proxy, capacity: int, rate: float) -> None:
    found = measured(tree, capacity, rate, 20_000)
    low, high = found.interval(3.3)
    assert found.missed == 0
    assert low < rate
    assert low < found.expected < high, "it is what current_error_rate() says"
    assert 0.6 * rate < found.expected < rate


@pytest.mark.exhaustive
@pytest.mark.timeout(0)
@pytest.mark.parametrize("rate", [0.1, 0.01, 0.001, 0.0001])
@pytest.mark.parametrize("capacity", [100, 1000, 10_000, 100_000, 1_000_000])
def test_the_rate_of_errors_of_many_sizes(tree: Proxy, capacity: int, rate: float) -> None:
    """With as many questions as it takes to tell 5 % less than was asked from what was asked."""
    found = measured(tree, capacity, rate, min(10_000_000, max(200_000, int(2000 / rate))))
    low, high = found.interval()
    print(f"\n{capacity:>9} {rate:.4%} {found.wrong:>7}/{found.asked} {found.rate:.5%} [{low:.5%}, {high:.5%}]")
    assert found.missed == 0
    assert found.rate < rate
    assert low < rate
    assert low / 1.03 < found.expected < high * 1.03


@pytest.mark.parametrize(("capacity", "rate"), [(100, 0.01), (500, 0.05)])
def test_a_scalable_one_keeps_its_rate(tree: Proxy, capacity: int, rate: float) -> None:
    found = measured(tree, capacity, rate, 20_000, added=10 * capacity, scalable=True)
    assert found.missed == 0
    assert found.rate < rate
    low, high = found.interval(3.3)
    assert low < found.expected < high


@pytest.mark.exhaustive
@pytest.mark.timeout(0)
@pytest.mark.parametrize(("capacity", "rate"), [(1000, 0.01), (1000, 0.0001), (20_000, 0.1), (100_000, 0.001)])
def test_a_scalable_one_keeps_its_rate_for_long(tree: Proxy, capacity: int, rate: float) -> None:
    found = measured(tree, capacity, rate, max(500_000, int(500 / rate)), added=10 * capacity, scalable=True)
    low, high = found.interval()
    print(f"\n{capacity:>9} {rate:.4%} {found.wrong:>7}/{found.asked} {found.rate:.5%} [{low:.5%}, {high:.5%}]")
    assert found.missed == 0
    assert found.rate < rate


# ---- how many there are


@pytest.mark.parametrize("scalable", [False, True])
@pytest.mark.parametrize("capacity", [100, 10_000])
def test_the_length_is_near(tree: Proxy, capacity: int, scalable: bool) -> None:
    bloom = tree.get("x").as_bloom_filter(capacity=capacity, error_rate=0.05, scalable=scalable)
    for count in (capacity // 10, capacity // 2, capacity, 3 * capacity):
        bloom.update(range(count))
        assert abs(bloom.length() - count) <= max(3, 0.02 * count) * (1 if scalable or count <= capacity else 5)
        assert bloom.length() == tree.get("x").val()


# ---- the same answers everywhere


def answers(spot: Spot) -> list[bool]:
    """Ask from another process, whose hash of texts is another."""
    return spot.open().get("a.x").as_bloom_filter(capacity=2000, error_rate=0.1).contains_many(asked())


def asked() -> list[Any]:
    return [
        *[f"é {number}" for number in range(3000)],
        *range(1000),
        *[{"b": [number], "a": None} for number in range(500)],
    ]


def fill(tree: Proxy) -> list[bool]:
    bloom = tree.get("a.x").as_bloom_filter(capacity=2000, error_rate=0.1)
    bloom.update(asked()[::2])
    found = bloom.contains_many(asked())
    assert all(found[::2])
    assert 50 < sum(found[1::2]) < 450
    return found


def test_other_processes_get_the_same_answers(
    spot: Spot, tree: Proxy, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = fill(tree)
    monkeypatch.setenv("PYTHONHASHSEED", "4242")
    assert processes.start(answers, spot).result() == expected


def test_the_same_answers_after_a_restart(start_server: Callable[..., Server]) -> None:
    server = start_server(appendonly="yes")
    spot = new_spot(server)
    tree = spot.open()
    expected = fill(tree)
    grown = tree.get("a.grown").as_bloom_filter(capacity=50, scalable=True)
    grown.update(range(500))
    before = grown.contains_many(range(2000)), grown.length(), grown.current_error_rate()
    server.restart()
    assert tree.get("a.x").as_bloom_filter(capacity=2000, error_rate=0.1).contains_many(asked()) == expected
    assert (grown.contains_many(range(2000)), grown.length(), grown.current_error_rate()) == before
    assert grown.update(range(500)) == 0


# ---- several at once


def add_some(spot: Spot, me: int, parties: int) -> dict[str, list[int]]:
    """Add elements, most of which others add too. Which this process was told are new."""
    tree, chance = spot.open(), random.Random(me)
    told: dict[str, list[int]] = {}
    meet(tree, "add", parties)
    for name, scalable in (("fixed", False), ("scalable", True)):
        bloom = tree.get(name).as_bloom_filter(capacity=400, error_rate=0.01, scalable=scalable)
        mine = [*range(300), *range(1000 * me, 1000 * me + 50)]
        chance.shuffle(mine)
        told[name] = [number for number in mine[:200] if bloom.add(number)]
        for at in range(200, 350, 10):
            told[name] += [-1] * bloom.update(mine[at : at + 10])
            assert all(bloom.contains_many(mine[: at + 10]))
    return told


def test_of_several_one_is_told(spot: Spot, tree: Proxy) -> None:
    parties = 2
    told = run_in_processes(add_some, [(spot, me, parties) for me in range(1, parties + 1)])
    every = [*range(300), *[number for me in range(1, parties + 1) for number in range(1000 * me, 1000 * me + 50)]]
    for name, scalable in (("fixed", False), ("scalable", True)):
        bloom = tree.get(name).as_bloom_filter(capacity=400, error_rate=0.01, scalable=scalable)
        assert all(bloom.contains_many(every))
        new = [number for each in told for number in each[name]]
        assert max(Counter(number for number in new if number >= 0).values()) == 1, "nobody else was told of it"
        assert 0.98 * len(every) < len(new) <= len(every)
        assert abs(bloom.length() - len(every)) < 5


def test_threads_share_a_handle(tree: Proxy) -> None:
    bloom: BloomFilter[int] = tree.get("x").as_bloom_filter(capacity=2000, of=int)
    others = [tree.get(f"y{number}").as_bloom_filter(capacity=2000) for number in range(4)]
    for number, other in enumerate(others):
        other.update(range(10_000 * number, 10_000 * number + 100))

    def work(number: int) -> int:
        told = sum(bloom.add(each) for each in range(150))
        bloom.union_update(others[number])
        assert all(bloom.contains_many(range(10_000 * number, 10_000 * number + 100)))
        return told

    with ThreadPoolExecutor(4) as pool:
        told = sum(pool.map(work, range(4)))
    assert 145 <= told <= 150
    assert all(
        bloom.contains_many([*range(150), *[10_000 * number + each for number in range(4) for each in range(100)]])
    )
