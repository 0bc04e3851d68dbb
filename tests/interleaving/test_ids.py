"""IDs of several masters: every order of steps of small scenarios, and many of larger ones."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import pytest

from redicts.leaves.parts import id_majority
from tests.interleaving.ids_world import Broken, Move, Scenario, World, no_luck


def explore(scenario: Scenario) -> Counter[str]:
    """Go through every world that any order of moves leads to. Counts them, and how they end."""
    found: Counter[str] = Counter()
    seen = {World(scenario).state()}
    trails: list[tuple[Move, ...]] = [()]
    while trails:
        trail = trails.pop()
        before = replay(scenario, trail)
        moves = before.moves()
        found["worlds"] += 1
        if not moves:
            found[f"{len(before.given)} given"] += 1
        for move in moves:
            world = replay(scenario, (*trail, move))
            if (state := world.state()) not in seen:
                seen.add(state)
                trails.append((*trail, move))
    return found


def replay(scenario: Scenario, trail: Sequence[Move]) -> World:
    world = World(scenario)
    try:
        for move in trail:
            world.do(move)
    except Broken as broken:
        raise Broken("\n  ".join([f"{broken}, after:", *map(str, trail)])) from None
    return world


def walk(scenario: Scenario, choose: random.Random) -> World:
    """Go one way at random, to its end."""
    world, trail = World(scenario), []
    while moves := world.moves():
        trail.append(choose.choice(moves))
        try:
            world.do(trail[-1])
        except Broken as broken:
            raise Broken("\n  ".join([f"{broken}, after:", *map(str, trail)])) from None
    return world


def walks(scenario: Scenario, count: int, seed: int) -> Counter[str]:
    """Go many ways; counts how they end."""
    choose, found = random.Random(seed), Counter[str]()
    with patch.object(id_majority, "random", choose.random):
        for _ in range(count):
            world = walk(scenario, choose)
            found["given"] += len(world.given)
            found.update(world.ended)
    return found


SMALL = {
    "two, three masters": Scenario(((1,), (1,)), rounds=2),
    "two with ranges, one master": Scenario(((2, 1), (3,)), masters=1, mutes=1),
    "two, two masters": Scenario(((1,), (2,)), masters=2, rounds=2),
}


@pytest.mark.parametrize("name", SMALL)
def test_every_order(name: str) -> None:
    with no_luck():
        found = explore(SMALL[name])
    print(name, dict(found))
    assert found["worlds"] > 50
    assert found["2 given"] + found["3 given"] > 0


LARGER = {
    "two, two masters, one loss": Scenario(((1,), (2,)), masters=2, fails=1, rounds=2),
    "two, three masters, one loss": Scenario(((1,), (1,)), fails=1, rounds=2),
    "two, three masters, one asked twice": Scenario(((1,), (2,)), mutes=1, rounds=2),
    "two one after another": Scenario(((1, 1), (1,)), rounds=2),
    "two, three masters, three rounds": Scenario(((1,), (1,)), rounds=3),
}


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", LARGER)
def test_every_order_of_more(name: str) -> None:
    with no_luck():
        print(name, dict(explore(LARGER[name])))


CROWDS = {
    "three, three masters": Scenario(((1, 2, 1), (1, 1, 1), (3, 1)), fails=3, mutes=2, rounds=8),
    "four, five masters": Scenario(((1, 1), (2, 1), (1, 3), (1, 1)), masters=5, fails=5, mutes=3, rounds=8),
    "three, four masters": Scenario(((1, 1), (2, 1), (1,)), masters=4, fails=3, mutes=2, rounds=8),
}


@pytest.mark.parametrize("name", CROWDS)
def test_many_orders_of_crowds(name: str) -> None:
    found = walks(CROWDS[name], 150, seed=1)
    print(name, dict(found))
    assert found["given"] > 450
    assert found["no quorum"] > 0, "masters fail, too"


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CROWDS)
def test_very_many_orders(name: str, soak_seconds: float) -> None:
    print(name, dict(walks(CROWDS[name], int(soak_seconds * 200), seed=2)))


# -- what would be found -------------------------------------------------------------------------------------------


def test_a_master_that_accepts_twice_is_found() -> None:
    lax = Scenario(((1,), (1,)), rounds=2, accepts=lambda current, first: current <= first)
    with no_luck(), pytest.raises(Broken, match="was given after"):
        _ = explore(lax)


def test_half_of_the_masters_are_no_majority() -> None:
    with no_luck(), patch.object(id_majority, "quorum", lambda count: count // 2), pytest.raises(Broken):
        _ = explore(Scenario(((1,), (1,)), masters=4, rounds=1))


def test_a_reply_that_counts_for_another_proposal_is_found() -> None:
    """As if what was accepted in an earlier round counted in this one."""

    class Confused(World):
        def _go_on(self, process: Any) -> None:
            was = process.outcomes
            super()._go_on(process)
            if process.outcomes:
                process.outcomes = ["" if each == "" else now for each, now in zip(was, process.outcomes, strict=True)]

    def wander() -> None:
        choose = random.Random(3)
        for _ in range(3000):
            world = Confused(Scenario(((1, 1), (1, 1), (1,)), fails=2))
            while moves := world.moves():
                world.do(choose.choice(moves))

    with no_luck(), pytest.raises(Broken):
        wander()


def test_a_master_that_forgets_may_repeat_one() -> None:
    """So masters must write to disk: it is said in the documentation."""
    with pytest.raises(Broken, match="was given after"):
        _ = walks(Scenario(((1, 1), (1, 1)), forgets=1), 3000, seed=4)
