"""Eight processes change the same places at once: nothing is lost, counted twice, or left behind."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from redicts import Proxy
from tests.concurrency.contest import ADDS, BEYOND_DIGITS, BEYOND_WORD, EXERCISES, JOBS, ROUNDS, STEPS, compete
from tests.concurrency.trees import Spot, new_spot
from tests.support.processes import run_in_processes
from tests.support.servers import Server
from tests.support.waiting import wait_until

PARTIES = 8


class Contest(NamedTuple):
    """What the processes got, and what they left."""

    spot: Spot
    results: list[dict[str, Any]]
    left: dict[str, Any]

    def all(self, exercise: Callable[..., Any]) -> list[Any]:
        """Give the results of an exercise, of each process in turn."""
        return [result[exercise.__name__] for result in self.results]


@pytest.fixture(scope="module")
def contest(server: Server) -> Contest:
    """One contest on each kind of server."""
    spot = new_spot(server)
    results = run_in_processes(compete, [(spot, me, PARTIES) for me in range(PARTIES)], deadline_seconds=90)
    return Contest(spot, results, spot.open().val())


def exercise(name: str) -> Callable[..., Any]:
    return EXERCISES[name]


@pytest.mark.parametrize(
    ("name", "place", "start", "each"),
    [
        ("add_ones", "ones", 0, ADDS),
        ("add_beyond_digits", "digits", BEYOND_DIGITS, ADDS // 4),
        ("add_beyond_word", "word", BEYOND_WORD, ADDS // 8),
    ],
)
def test_no_addition_is_lost(contest: Contest, name: str, place: str, start: int, each: int) -> None:
    sums = list(itertools.chain(*contest.all(exercise(name))))
    assert sorted(sums) == list(range(start + 1, start + each * PARTIES + 1)), "each sum is told to one, once"
    assert contest.left["count"][place] == start + each * PARTIES
    print(f"{name}: {len(sums)} additions up to {max(sums)}")


def test_the_borders_are_crossed() -> None:
    assert len(str(BEYOND_DIGITS)) == 15
    assert len(str(BEYOND_DIGITS + ADDS // 4 * PARTIES)) == 16
    assert BEYOND_WORD < 2**63 < BEYOND_WORD + ADDS // 8 * PARTIES


def test_no_float_is_lost(contest: Contest) -> None:
    sums = list(itertools.chain(*contest.all(exercise("add_floats"))))
    one_after_another = list(itertools.accumulate([0.1] * (ADDS * PARTIES)))
    assert sorted(sums) == one_after_another, "to the last bit, as Python adds them"
    assert contest.left["count"]["floats"] == one_after_another[-1]


def test_reading_and_setting_loses_some(contest: Contest) -> None:
    assert contest.left["count"]["by_hand"] < ADDS * PARTIES, "if this loses nothing, the tests above could not either"


def test_no_transform_of_a_list_is_lost(contest: Contest) -> None:
    journal = contest.left["journal"]
    assert sorted(journal) == [[me, n] for me in range(PARTIES) for n in range(STEPS)]
    for me, results in enumerate(contest.all(exercise("transform_list"))):
        assert [n for who, n in journal if who == me] == list(range(STEPS)), "in the order they were made"
        assert all(result == journal[: len(result)] for result in results), "each got the list as it was after it"


def test_no_transform_of_a_node_is_lost(contest: Contest) -> None:
    ledger = contest.left["ledger"]
    assert ledger["total"] == PARTIES * STEPS
    assert ledger["by"] == {str(me): STEPS for me in range(PARTIES)}
    totals = list(itertools.chain(*contest.all(exercise("transform_node"))))
    assert sorted(totals) == list(range(1, PARTIES * STEPS + 1))
    assert set(ledger) == {"total", "by", f"last{(PARTIES * STEPS - 1) % 7}"}, "the last one replaced the node"


def test_compare_and_set_lets_exactly_one_win(contest: Contest) -> None:
    rounds = list(zip(*contest.all(exercise("compare_and_set_once")), strict=True))
    assert len(rounds) == ROUNDS
    for number, wins in enumerate(rounds):
        assert wins.count(True) == 1
        assert contest.left["once"][f"r{number}"] == {"winner": wins.index(True)}
    winners = Counter(wins.index(True) for wins in rounds)
    print(f"winners of {ROUNDS} rounds: {sorted(winners.values(), reverse=True)}")
    assert len(winners) > 1, "one process won every round: there was no race"


def test_each_step_of_a_chain_is_made_once(contest: Contest) -> None:
    steps = sorted(itertools.chain(*contest.all(exercise("compare_and_set_chain"))))
    assert steps == list(range(len(steps)))
    assert contest.left["chain"] == {"at": len(steps), "x": [len(steps)]}
    assert steps, "nobody made a step"


def test_pop_gives_each_job_once(contest: Contest) -> None:
    taken = contest.all(exercise("pop_jobs"))
    assert sorted(itertools.chain(*taken)) == list(range(JOBS))
    assert "jobs" not in contest.left
    assert sum(bool(jobs) for jobs in taken) > 1, "one process took every job: there was no race"


def test_setdefault_gives_all_the_same(contest: Contest) -> None:
    for number, values in enumerate(zip(*contest.all(exercise("setdefault_all")), strict=True)):
        (winner,) = {value["by"] for value in values}
        there = contest.left["default"][f"r{number}"]["x"]
        assert list(values) == [there] * PARTIES
        assert there == {"by": winner, "list": [winner]}


def test_update_against_delete_leaves_no_residue(contest: Contest, open_tree: Callable[..., Proxy]) -> None:
    assert contest.all(exercise("update_and_delete")) == [0] * PARTIES, "check() in the middle of it found faults"
    tree = open_tree(contest.spot)
    tree.delete("contested")
    assert [key for key in contest.spot.all_keys() if "{contested}" in key] == []
    contest.spot.assert_clean(tree)


def test_expiry_leaves_no_key(contest: Contest, open_tree: Callable[..., Proxy]) -> None:
    tree = open_tree(contest.spot)
    for number in range(50):
        tree.set(f"brief.n{number}", {"a": {"b": number}}, expire=0.05)
    wait_until(lambda: tree.get("brief").kind() is None, what="the end of all that was brief")
    assert tree.check() == []
    tree.delete("brief")
    tree.set("brief.again", 1)
    tree.delete("brief")
    wait_until(
        lambda: not [key for key in contest.spot.all_keys() if "{brief}" in key], what="the removal of every key"
    )
