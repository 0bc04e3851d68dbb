"""Faults that were measured in older packages of the kind, each shown not to be here."""

from __future__ import annotations

import random
import threading
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from redicts import Proxy
from redicts.leaves.deque import Deque
from redicts.leaves.list import List
from redicts.leaves.parts.row import PAGE
from tests.contract.variants import sync_only
from tests.runners.rig import proxy_over
from tests.support.backends import Backend
from tests.support.chaos import ChaosProxy

THREADS = 8


@pytest.fixture
def row(tree: Proxy) -> List[Any]:
    """A list with zeros in it."""
    made = tree.get("row").as_list()
    made.extend([0, 1, 0, 2, 0])
    return made


@pytest.fixture
def turns(tree: Proxy) -> Deque[Any]:
    """A deque of three."""
    made = tree.get("turns").as_deque()
    made.extend("abc")
    return made


def test_an_empty_slice_at_the_beginning(row: List[Any]) -> None:
    assert row.slice(0, 0) == []
    row.set_slice(0, 0, ["x", "y"])
    assert row.to_list() == ["x", "y", 0, 1, 0, 2, 0]
    row.delete_slice(0, 0)
    row.set_slice(0, 0, [])
    assert row.length() == 7


@pytest.mark.parametrize("new", [[], [0], [0, 0, 0], [7, 0, 7, 0, 7]])
def test_a_slice_that_grows_or_shrinks_among_zeros(row: List[Any], new: list[int]) -> None:
    model = [0, 1, 0, 2, 0]
    for start, stop in ((1, 3), (0, 1), (-2, None), (2, 2), (None, None)):
        row.set_slice(start, stop, new)
        model[start:stop] = new
        assert row.to_list() == model


def test_insert_before_the_last(row: List[Any]) -> None:
    row.insert(-1, "x")
    assert row.to_list() == [0, 1, 0, 2, "x", 0]
    row.insert(-100, "first")
    row.insert(100, "last")
    assert row.to_list() == ["first", 0, 1, 0, 2, "x", 0, "last"]


def test_rotating_three_by_more_than_three(turns: Deque[Any]) -> None:
    for by, expected in ((-5, "cab"), (5, "abc"), (3, "abc"), (-4, "bca"), (0, "bca")):
        turns.rotate(by)
        assert turns.to_list() == [*expected]


def test_room_for_nothing(tree: Proxy) -> None:
    nothing = tree.get("nothing").as_deque(maxlen=0)
    nothing.append(1)
    nothing.extend([1, 2])
    nothing.appendleft(1)
    assert nothing.to_list() == []
    assert (nothing.length(), nothing.maxlen) == (0, 0)
    with pytest.raises(IndexError):
        nothing.pop()


def test_the_first_element_is_in_it(row: List[Any], turns: Deque[Any]) -> None:
    assert row.contains(0)
    assert turns.contains("a")
    assert (row.index(0), turns.index("a")) == (0, 0)


@sync_only
def test_threads_that_read_add_and_take_while_others_write(backend: Backend, tree: Proxy) -> None:
    """No error reaches a caller, and nothing that was added is lost, or taken twice."""
    each = 40 if backend.real else 8
    row = tree.get("row").as_list()
    row.extend([["base", number] for number in range(50)])
    barrier = threading.Barrier(THREADS)

    def work(me: int) -> list[Any]:
        chance, taken = random.Random(me), []
        barrier.wait(30)
        for number in range(each):
            row.append([me, number])
            row.insert(chance.randrange(-60, 60), [-me - 1, number])
            assert len(row.slice(0, 5)) <= 5
            assert row.length() >= 0
            assert [None] not in row
            for at in (-1, chance.randrange(4)):
                try:
                    taken.append(row.pop(at))
                except IndexError:
                    assert row.length() <= 200
        return taken

    with ThreadPoolExecutor(THREADS) as threads:
        taken = [element for some in threads.map(work, range(THREADS)) for element in some]
    added = [["base", number] for number in range(50)]
    added += [[who, number] for me in range(THREADS) for who in (me, -me - 1) for number in range(each)]
    assert sorted(taken + row.to_list(), key=str) == sorted(added, key=str)


@sync_only
def test_insert_and_remove_race(backend: Backend, tree: Proxy) -> None:
    """What one removes is what it named, wherever the other has put something meanwhile."""
    count = 150 if backend.real else 25
    row = tree.get("row").as_list()
    row.extend(["keep", 0] * count)
    barrier = threading.Barrier(2)

    def insert() -> None:
        barrier.wait(30)
        for number in range(count):
            row.insert(number % 5, ["new", number])

    def remove() -> None:
        barrier.wait(30)
        for _ in range(count):
            row.remove(0)

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(insert), threads.submit(remove)]:
            done.result(60)
    left = row.to_list()
    assert (left.count("keep"), left.count(0), len(left)) == (count, 0, 2 * count)
    assert sorted(element[1] for element in left if element != "keep") == list(range(count))


@pytest.mark.parametrize("backend", ["valkey-resp3"], indirect=True)
def test_an_iteration_holds_few_elements_at_a_time(tree: Proxy) -> None:
    """Of 3 MB at most some pages, 1,000 elements each, are here at once."""
    row = tree.get("row").as_list()
    row.extend([f"{number:>100}" for number in range(30_000)])
    next(iter(row))
    tracemalloc.start()
    try:
        assert sum(map(len, iter(row))) == 3_000_000
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 1_000_000


# -- counted at the socket ------------------------------------------------------------------------------------------


@pytest.fixture
def place(chaos: ChaosProxy) -> Iterator[Proxy]:
    """A place whose round trips are counted."""
    made = proxy_over(chaos.url, "row")
    yield made
    made.clear()
    made._where().runner.close()
    client = made._where().client
    if keys := list(client.scan_iter(match=f"{made._space.namespace}:*")):
        client.delete(*keys)
    client.close()


def test_ten_thousand_elements_take_eleven_round_trips(place: Proxy, chaos: ChaosProxy) -> None:
    for row in (place.as_list(), place.as_deque()):
        row.clear()
        row.extend(range(10_000))
        next(iter(row))
        chaos.reset()
        assert sum(1 for _ in row) == 10_000
        assert chaos.round_trips == 10_000 // PAGE + 1  # the last one finds that there is no more
        assert len(chaos.commands) == chaos.round_trips
        chaos.reset()
        assert next(reversed(row)) == 9_999
        assert sum(1 for _ in reversed(row)) == 10_000
        assert chaos.round_trips == 2 + 10_000 // PAGE + 1
        row.clear()


def test_each_write_takes_one_round_trip(place: Proxy, chaos: ChaosProxy) -> None:
    row = place.as_list()
    last = place._at(("last",)).as_deque(maxlen=4)
    for count in (False, True):  # the first time loads the scripts
        row.extend([3, 1, 2])
        last.extend("abcd")
        for act in (
            lambda: row.append(4), lambda: row.insert(1, 5), lambda: row.set_slice(0, 1, [6, 7]), lambda: row.pop(0),
            lambda: row.delete_slice(0, 1), row.sort, row.reverse, lambda: row.repeat(2), lambda: row.remove(4),
            lambda: row.extend(range(5000)), lambda: row.set_slice(None, None, row), row.pop, row.clear,
        ):  # fmt: skip
            chaos.reset()
            act()
            assert not count or chaos.round_trips == 1
        last.extend("abcd")
        for act in (
            lambda: last.append("e"), lambda: last.appendleft("f"), lambda: last.extend("gh"), last.rotate, last.pop,
            lambda: last.insert(1, "i"), last.popleft, lambda: last.extendleft(range(9000)), last.clear,
        ):  # fmt: skip
            chaos.reset()
            act()
            assert not count or chaos.round_trips == 1
