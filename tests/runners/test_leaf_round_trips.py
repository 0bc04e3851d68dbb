"""Every public operation of every typed leaf takes the round trips that its docstring promises."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from redicts.errors import ConfigError
from redicts.locks.owners import current_holdings, process
from redicts.proxy import Proxy
from tests.runners.rig import proxy_over
from tests.support.chaos import ChaosProxy
from tests.support.leaf_operations import ALONE, OF, OPENED, ROWS, Row, class_of, fill, operations_of


@pytest.fixture
def place(chaos: ChaosProxy) -> Iterator[Proxy]:
    """A place in a tree of its own."""
    proxy = proxy_over(chaos.url, "section.place")
    yield proxy
    for holding in current_holdings():
        process().remove(holding)
    proxy._where().runner.close()
    client = proxy._where().client
    if keys := list(client.scan_iter(match=f"{proxy._space.namespace}:*", count=5000)):
        client.delete(*keys)
    client.connection_pool.disconnect()


def counted(place: Proxy, chaos: ChaosProxy, kind: str, row: Row, **options: Any) -> int:
    """Count what it takes; before, it was done once, so that the scripts are there."""
    for _ in range(2):
        leaf = OPENED[kind](fill(place, kind), **options)
        chaos.reset()
        with suppress(ConfigError):
            row.act(leaf)
        trips = chaos.round_trips
    return trips


def cost_of(kind: str, name: str) -> str:
    """What a docstring says of round trips."""
    doc = inspect.getdoc(inspect.getattr_static(class_of(kind), name)) or ""
    found = re.search(r"^Cost: (.*(?:\n    .*)*)", doc, re.MULTILINE)
    assert found is not None, f"{kind}.{name} says nothing of round trips"
    other = re.match(r"as (?:for )?``(\w+)``", found.group(1))
    return cost_of(kind, other.group(1)) if other else " ".join(found.group(1).split())


@pytest.mark.parametrize("kind", ALONE)
def test_round_trips(place: Proxy, chaos: ChaosProxy, kind: str) -> None:
    for row in ROWS[kind]:
        assert counted(place, chaos, kind, row) == row.trips, (row.name, chaos.command_names)
        assert chaos.connections == 0


@pytest.mark.parametrize("kind", ALONE)
def test_a_lock_costs_no_more(place: Proxy, chaos: ChaosProxy, kind: str) -> None:
    """The proof of each lock that is held goes with the write."""
    with place, place._at(("section",)).acquire(shared=True), place.get("below"):
        for row in ROWS[kind]:
            assert counted(place, chaos, kind, row) == row.trips, (row.name, chaos.command_names)


@pytest.mark.parametrize("kind", OF)
def test_what_is_looked_at_before_it_is_taken_takes_two(place: Proxy, chaos: ChaosProxy, kind: str) -> None:
    for row in ROWS[kind]:
        looks = re.search(r"2 with ``of``|With (``of``|types), 2|sorted here takes 2", cost_of(kind, row.name))
        trips = counted(place, chaos, kind, row, of=OF[kind])
        finds = row.trips and "none" not in row.act.__code__.co_consts
        assert trips == (2 if looks and finds else row.trips), row.name


@pytest.mark.parametrize("kind", ALONE)
def test_the_docstring_promises_what_is_measured(kind: str) -> None:
    for name in {row.name for row in ROWS[kind]}:
        said = cost_of(kind, name)
        assert "round trip" in said, f"{kind}.{name} says nothing of round trips"
        numbers = {int(number) for number in re.findall(r"\b(\d)\b", re.sub(r"O\(1\)", "", said))}
        if re.search(r"\bnone\b", said, re.IGNORECASE):
            numbers.add(0)
        measured = {row.trips for row in ROWS[kind] if row.name == name}
        assert measured <= numbers, f"{kind}.{name} takes {measured}, and says: {said}"


@pytest.mark.parametrize("kind", ALONE)
def test_the_table_has_every_operation(kind: str) -> None:
    assert {row.name for row in ROWS[kind] if row.name[0] != "_"} | (
        {"task_done"} if kind == "reliable_queue" else set()
    ) == operations_of(kind)


def test_what_was_taken_is_done_in_one(place: Proxy, chaos: ChaosProxy) -> None:
    jobs = fill(place, "reliable_queue").as_queue(reliable=True)
    for end in ("done", "give_back"):
        jobs.put_many([1, 2])
        with jobs.take(), jobs.take():
            pass
        task = jobs.take()
        chaos.reset()
        getattr(task, end)()
        assert chaos.round_trips == 1
    _ = jobs.get()
    chaos.reset()
    jobs.task_done()
    assert chaos.round_trips == 1


@pytest.mark.parametrize("kind", ["list", "deque", "set", "dict", "counter", "sorted_set"])
def test_an_iteration_takes_one_for_a_thousand(place: Proxy, chaos: ChaosProxy, kind: str) -> None:
    count = 10_000
    pairs: Any = {f"{number:05}": number for number in range(count)}
    place.set(
        (),
        pairs
        if kind in {"dict", "counter"}
        else list(map(list, pairs.items()))
        if kind == "sorted_set"
        else list(range(count)),
    )
    assert place.convert(kind)
    leaf = OPENED[kind](place)
    chaos.reset()
    assert len(list(leaf)) in {count, len(pairs)}
    assert count / 1000 <= chaos.round_trips <= count / 1000 + 4, "its length is asked for, too"
