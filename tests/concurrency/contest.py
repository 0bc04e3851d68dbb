"""What eight processes do to the same places at once, and what each of them got.

Each exercise is a function of the tree, the number of the process, and the number of processes; all processes begin it
together. What they return is judged by ``test_races.py``.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from redicts import Proxy
from tests.concurrency.trees import Spot, meet

__all__ = ["ADDS", "BEYOND_DIGITS", "BEYOND_WORD", "EXERCISES", "JOBS", "ROUNDS", "STEPS", "compete"]

ADDS = 64
ROUNDS = 30
JOBS = 160
STEPS = 10

BEYOND_DIGITS = 10**15 - 60
"""A few additions more, and the sum has more digits than a script adds by itself: it is compared and set."""

BEYOND_WORD = 2**63 - 20
"""A few additions more, and the sum is more than a counter of Redis can hold."""


def compete(spot: Spot, me: int, parties: int) -> dict[str, Any]:
    """Do all exercises, each begun together with the other processes."""
    tree = spot.open()
    results: dict[str, Any] = {}
    for name, exercise in EXERCISES.items():
        meet(tree, name, parties)
        results[name] = exercise(tree, me, parties)
    return results


def add_ones(tree: Proxy, me: int, parties: int) -> list[Any]:
    """Add 1 again and again."""
    place = tree.get("count.ones")
    return [place.add() for _ in range(ADDS)]


def add_beyond_digits(tree: Proxy, me: int, parties: int) -> list[Any]:
    """Add 1 across the border of 15 digits, where additions take another way."""
    place = tree.get("count.digits")
    place.compare_and_set(None, BEYOND_DIGITS)
    return [place.add() for _ in range(ADDS // 4)]


def add_beyond_word(tree: Proxy, me: int, parties: int) -> list[Any]:
    """Add 1 across the border of 64 bits."""
    place = tree.get("count.word")
    place.compare_and_set(None, BEYOND_WORD)
    return [place.add() for _ in range(ADDS // 8)]


def add_floats(tree: Proxy, me: int, parties: int) -> list[Any]:
    """Add a float that has no exact form in binary."""
    place = tree.get("count.floats")
    return [place.add(0.1) for _ in range(ADDS)]


def add_by_hand(tree: Proxy, me: int, parties: int) -> None:
    """Read and set, which is no addition: what the others did in between is lost."""
    place = tree.get("count.by_hand")
    for _ in range(ADDS):
        tree.set("count.by_hand", place.val(0) + 1)


def transform_list(tree: Proxy, me: int, parties: int) -> list[Any]:
    """Append to one list, by its old value."""
    place = tree.get("journal")

    def append(n: int) -> Any:
        return place.transform(lambda old: [*(old or []), [me, n]])

    return [append(n) for n in range(STEPS)]


def transform_node(tree: Proxy, me: int, parties: int) -> list[Any]:
    """Count in a node of several leaves, by its old value; leaves come and go with it."""
    place = tree.get("ledger")

    def count(old: Any) -> Any:
        old = old or {"total": 0, "by": {}}
        mine = old["by"].get(str(me), 0) + 1
        return {"total": old["total"] + 1, "by": {**old["by"], str(me): mine}, f"last{old['total'] % 7}": me}

    return [place.transform(count)["total"] for _ in range(STEPS)]


def gates(tree: Proxy, name: str) -> Iterator[int]:
    """Give the number of each round at the same moment in all processes, so that nobody runs ahead of the others."""
    begin = tree.setdefault(["meeting", f"clock of {name}"], time.monotonic() + 0.05)
    for number in range(ROUNDS):
        time.sleep(max(0.0, begin + number * 0.004 - time.monotonic()))
        yield number


def compare_and_set_once(tree: Proxy, me: int, parties: int) -> list[bool]:
    """Try to be the one that finds nothing."""
    return [tree.get(f"once.r{number}").compare_and_set(None, {"winner": me}) for number in gates(tree, "once")]


def compare_and_set_chain(tree: Proxy, me: int, parties: int) -> list[int]:
    """Move one place on, step by step; give the steps that were this process's."""
    place = tree.get("chain")
    return [step for step in range(ROUNDS * 3) if place.compare_and_set(_link(step), _link(step + 1))]


def _link(step: int) -> Any:
    # The order of the keys changes from step to step, and must not count.
    return None if step == 0 else dict(sorted({"at": step, "x": [step]}.items(), reverse=step % 2 == 0))


def pop_jobs(tree: Proxy, me: int, parties: int) -> list[int]:
    """Take jobs until none is left, in an order of one's own."""
    if me == 0:
        tree.set("jobs", {f"j{number}": {"id": number} if number % 2 else number for number in range(JOBS)})
    meet(tree, "jobs are there", parties)
    numbers = list(range(JOBS))
    random.Random(me).shuffle(numbers)
    taken = [tree.get("jobs").pop(f"j{number}", None) for number in numbers]
    return [job["id"] if isinstance(job, dict) else job for job in taken if job is not None]


def setdefault_all(tree: Proxy, me: int, parties: int) -> list[Any]:
    """Ask for a value and offer one's own."""
    return [tree.setdefault(f"default.r{number}.x", {"by": me, "list": [me]}) for number in gates(tree, "default")]


def update_and_delete(tree: Proxy, me: int, parties: int) -> int:
    """Half of the processes write below a node, the others remove it, at one level or another."""
    place = tree.get("contested")
    for number in range(ADDS // 2):
        if me % 2:
            place.update({"a.b.c": number, "a.d": {"e": {"f": [me]}}, "g.h": {"i": 1}, "a.b": {"z": 1}})
            place.set("a.short.life", {"x": {"y": 1}}, expire=0.002)
        else:
            place.delete(("a", "a.b", (), "g.h.i", "a.d.e")[number % 5])
    return len(tree.check())


EXERCISES: dict[str, Callable[[Proxy, int, int], Any]] = {
    exercise.__name__: exercise
    for exercise in (
        add_ones,
        add_beyond_digits,
        add_beyond_word,
        add_floats,
        add_by_hand,
        transform_list,
        transform_node,
        compare_and_set_once,
        compare_and_set_chain,
        pop_jobs,
        setdefault_all,
        update_and_delete,
    )
}
