"""Processes that work on one list, or on one deque: nothing is lost, nothing comes twice, and nobody gets an error."""

from __future__ import annotations

import random
from typing import Any

import pytest

from redicts import Proxy, WaitTimeout
from tests.concurrency.trees import Spot, meet
from tests.support.processes import Processes, run_in_processes

PARTIES = 4
EACH = 60
MOST = 7


def all_kinds_of_work(spot: Spot, me: int) -> list[Any]:
    """Rotate, insert, remove, add and take, at random. What was taken out of the deque."""
    tree = spot.open()
    row, turns = tree.get("row").as_list(), tree.get("turns").as_deque()
    chance, taken = random.Random(me), []
    meet(tree, "work", PARTIES)
    for number in range(EACH):
        turns.rotate(chance.randrange(-9, 9))
        turns.insert(chance.randrange(-9, 9), [me, number])
        taken.append(turns.popleft() if number % 2 else turns.pop())
        turns.reverse()
        row.insert(chance.randrange(-200, 200), [me, number])
        row[0:0] = [[me, number, 0], [me, number, 1]]
        row.remove([me, number, number % 2])
        if number % 3 == 0:
            row.remove([me, number])
    return taken


def test_nothing_is_lost_and_nothing_comes_twice(tree: Proxy, spot: Spot) -> None:
    row, turns = tree.get("row").as_list(), tree.get("turns").as_deque()
    turns.extend(["base"] * 40)
    worked = run_in_processes(all_kinds_of_work, [(spot, me) for me in range(PARTIES)])
    added = [[me, number] for me in range(PARTIES) for number in range(EACH)]
    assert sorted([*[each for some in worked for each in some], *turns], key=str) == [
        *sorted(added, key=str),
        *["base"] * 40,
    ]
    left = [each for each in added if each[1] % 3] + [[*each, 1 - each[1] % 2] for each in added]
    assert sorted(row) == sorted(left)
    tree.delete("meeting")
    spot.assert_clean(tree)


def produce(spot: Spot, me: int) -> None:
    turns = spot.open().get("jobs").as_deque()
    for number in range(EACH):
        if number % 3:
            turns.append([me, number])
        else:
            turns.extendleft([[me, number]])


def consume(spot: Spot, me: int) -> list[Any]:
    turns, taken = spot.open().get("jobs").as_deque(), []
    while (job := (turns.blocking_popleft if me % 2 else turns.blocking_pop)(timeout=20)) != "end":
        taken.append(job)
    turns.append("end")
    return taken


def test_who_waits_gets_what_others_bring(tree: Proxy, spot: Spot, processes: Processes) -> None:
    consumers = [processes.start(consume, spot, me) for me in range(3)]
    producers = [processes.start(produce, spot, me) for me in range(2)]
    for each in producers:
        each.result()
    jobs = tree.get("jobs").as_deque()
    taken: list[Any] = []
    while True:  # those at the ends may be ends already
        try:
            taken.append(jobs.blocking_pop(timeout=0))
        except WaitTimeout:
            break
    jobs.append("end")
    taken += [job for each in consumers for job in each.result()]
    assert sorted(taken) == [[me, number] for me in range(2) for number in range(EACH)]
    assert jobs.to_list() == ["end"]
    tree.clear()


def fill(spot: Spot, me: int) -> int:
    """Add at one end, or by many, to a deque with a limit; give the most that was ever there."""
    tree = spot.open()
    last, most = tree.get("last").as_deque(maxlen=MOST), 0
    meet(tree, "fill", PARTIES)
    for number in range(EACH):
        if me == 0:
            last.extend([[me, number, part] for part in range(MOST + 2)])
        elif me == 1:
            last.appendleft([me, number, 0])
        else:
            last.append([me, number, 0])
        most = max(most, len(last))
        last.rotate(me)
        most = max(most, len(last.to_list()))
    return most


def test_a_limit_is_kept_whoever_adds(tree: Proxy, spot: Spot) -> None:
    most = run_in_processes(fill, [(spot, me) for me in range(PARTIES)])
    assert most == [MOST] * PARTIES
    assert len(tree.get("last").as_deque()) == MOST
    tree.delete("meeting")
    spot.assert_clean(tree)


def disorder(spot: Spot, me: int) -> None:
    """Sort, on the server or here, while others add."""
    tree = spot.open()
    row = tree.get("row").as_list()
    meet(tree, "disorder", PARTIES)
    for number in range(EACH // 4):
        row.append(me * 1000 + number)
        row.insert(0, -me * 1000 - number - 1)
        row.sort(key=(None, abs, None, float)[me], reverse=number % 2 == 0)


@pytest.mark.parametrize("server", ["valkey"], indirect=True)
def test_sorting_loses_nothing_that_others_add(tree: Proxy, spot: Spot) -> None:
    _ = run_in_processes(disorder, [(spot, me) for me in range(PARTIES)])
    row = tree.get("row").as_list()
    row.sort()
    added = [me * 1000 + number for me in range(PARTIES) for number in range(EACH // 4)]
    assert row.to_list() == sorted([*added, *[-each - 1 for each in added]])
    tree.clear()
