"""Processes that work on the same sets, and on a string: nothing is lost, nothing comes twice, nobody gets an error."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from redicts import Proxy
from tests.concurrency.trees import Spot, meet, new_spot
from tests.support.chaos import ChaosProxy
from tests.support.processes import run_in_processes
from tests.support.servers import Server

PARTIES = 4
EACH = 60


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough here."""
    return new_spot(valkey_server)


def work(spot: Spot, me: int) -> dict[str, list[Any]]:
    """Add, remove and pop at random. What this process was told that it did first, or took out."""
    tree, chance = spot.open(), random.Random(me)
    free, typed, seen = tree.get("free").as_set(), tree.get("typed").as_set(of=int), tree.get("seen").as_set()
    own, others = (
        tree.get(["own", str(me)]).as_set(),
        [tree.get(["own", str(each)]).as_set() for each in range(PARTIES)],
    )
    told: dict[str, list[Any]] = {name: [] for name in ("popped", "typed", "first", "removed", "bits")}
    meet(tree, "work", PARTIES)
    for number in range(EACH):
        free.update([(me, number, 0), (me, number, 1)])
        typed.update([2 * (me * EACH + number), 2 * (me * EACH + number) + 1])
        told["popped"].append(free.pop())
        told["typed"].append(typed.pop())
        shared = chance.randrange(EACH)
        if seen.add_many([shared]):
            told["first"].append(shared)
        if not tree.get("flags").as_string().set_bit(shared, 1):
            told["bits"].append(shared)
        try:
            tree.get("once").as_set().remove(number)
        except KeyError:
            pass
        else:
            told["removed"].append(number)
        own.symmetric_difference_update(range(number % 7))
        tree.get("all").as_set().store_union(*others)
        tree.get("log").as_string().append(f"{me};")
    told["wrong"] = [swap(tree, me)]
    return told


def swap(tree: Proxy, me: int) -> int:
    """Move all from one set to the other and back, each in one step; or watch that none is in both, or in neither."""
    wrong = 0
    left, right, halves = tree.get("pair.left").as_set(), tree.get("pair.right").as_set(), range(500)
    meet(tree, "swap", PARTIES)
    for _ in range(EACH):
        if me == 0:
            left.symmetric_difference_update(halves)
        elif me == 1:
            right.store_difference(range(1000), range(100))
            right.clear()
        else:
            size, other, both = left.overlap(right)
            wrong += size not in {0, 500} or other not in {0, 900} or both not in {0, 400}
            wrong += len(left.union(right)) not in {0, 500, 900, 1000}
            wrong += len(left.difference(right)) not in {0, 500, 100}
    return wrong


def test_nothing_is_lost_and_nothing_comes_twice(spot: Spot) -> None:
    tree = spot.open()
    tree.get("once").as_set().update(range(EACH))
    told = run_in_processes(work, [(spot, me) for me in range(PARTIES)])

    def all_of(name: str) -> list[Any]:
        return [each for found in told for each in found[name]]

    added = {(me, number, side) for me in range(PARTIES) for number in range(EACH) for side in (0, 1)}
    popped, left = all_of("popped"), tree.get("free").as_set().to_set()
    assert len(popped) == len(set(popped)) == PARTIES * EACH
    assert {*popped} | left == added
    assert not {*popped} & left
    numbers, left_numbers = all_of("typed"), tree.get("typed").as_set(of=int).to_set()
    assert sorted([*numbers, *left_numbers]) == list(range(2 * PARTIES * EACH))
    seen = tree.get("seen").as_set().to_set()
    assert sorted(all_of("first")) == sorted(seen) == sorted(all_of("bits")), "each is told to one that it was first"
    assert tree.get("flags").as_string().count_bits() == len(seen)
    assert sorted(all_of("removed")) == list(range(EACH))
    assert not tree.get("once").exists()
    own = [tree.get(["own", str(me)]).as_set() for me in range(PARTIES)]
    assert own[0] == own[1] == own[3]
    assert tree.get("all").as_set().store_union(*own) == len(own[0])
    assert Counter(tree.get("log").as_string().get()) == {str(me): EACH for me in range(PARTIES)} | {
        ";": PARTIES * EACH
    }
    assert sum(all_of("wrong")) == 0, "nobody has seen half of a change"
    tree.delete("meeting")
    spot.assert_clean(tree)


def test_round_trips_are_few_however_many_elements_there_are(valkey_server: Server, chaos: ChaosProxy) -> None:
    spot = new_spot(valkey_server)
    tree: Proxy = Spot(chaos.url, spot.namespace).open()
    tags, more, far = tree.get("a.tags").as_set(), tree.get("a.more").as_set(), tree.get("b").as_set()
    typed = tree.get("a.typed").as_set(of=int)
    many = range(10_000)

    def trips(act: Any) -> int:
        act()  # the scripts are loaded once
        chaos.reset()
        act()
        return chaos.round_trips

    assert trips(lambda: tags.update(many)) == 1
    assert trips(lambda: more.update(many)) == 1
    assert trips(lambda: far.update(many)) == 1
    assert trips(lambda: typed.update(range(10))) == 1
    assert trips(lambda: tags.contains_many(range(1000))) == 1
    assert trips(lambda: tags.contains_many(range(-9000, 10_000))) == 1
    assert trips(tags.to_set) == 1
    assert trips(lambda: tags & more) == 1
    assert trips(lambda: tags == more) == 1
    assert trips(lambda: tags.union(more, far, [1])) == 1
    assert trips(lambda: tags.intersection(far, many)) == 1
    assert trips(lambda: tags <= set(many)) == 1
    assert trips(lambda: tags.intersection_update(more, many)) == 1
    assert trips(lambda: tags.update(far)) == 2, "a set of another section is read first"
    assert trips(lambda: tags.store_union(more, tags)) == 1
    assert trips(lambda: tags.store_union(many)) == 1
    assert trips(lambda: tags.store_union(more, far)) == 2
    assert trips(tags.pop) == 1
    assert trips(typed.pop) == 2
    assert trips(lambda: [*iter(tags)]) <= 25, "1,000 elements at a time, more or less"
    tree.clear()
