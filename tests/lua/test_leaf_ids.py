"""The scripts of IDs, against what Python makes of the same numbers: 53 bits are not enough for them."""

from __future__ import annotations

import random
from typing import Any

import pytest
import redis

from redicts.core.scripts import load
from tests.support.backends import Backend
from tests.support.trees import nothing_written

LAST = 2**63 - 1
BORDERS = (0, 1, 9, 10, 99, 2**31, 2**52, 2**53, 10**15, 10**16, 2**62, 10**18, LAST)


class Leaf:
    """The place ``{a}.ids``, and what its scripts answer."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.client: Any = backend.client
        self.keys = backend.database.space.leaf(("a", "ids"))

    def run(self, name: str, *args: int, mode: str = "1") -> Any:
        keys = [*([self.backend.database.space.sections] if mode == "1" else []), self.keys.entry, self.keys.body]
        head = ["0", mode, self.keys.field, "@ids"]
        text = load("redicts.leaves.scripts", name).text
        reply = self.client.eval(text, len(keys), *keys, *head, *[str(arg) for arg in args])
        return reply.decode() if isinstance(reply, bytes) else reply

    def put(self, last: int) -> None:
        """Have it be as it is when an ID was the last; 0: nothing is there."""
        if last:
            self.client.hset(self.keys.entry, self.keys.field, "@ids")
            self.client.sadd(self.backend.database.space.sections, "a")
            self.client.set(self.keys.body, str(last))
        else:
            self.client.delete(self.keys.entry, self.keys.body)

    def last(self) -> int:
        return int(self.client.get(self.keys.body) or 0)


@pytest.fixture
def leaf(real_backend: Backend) -> Leaf:
    return Leaf(real_backend)


def near(choose: random.Random) -> int:
    return min(LAST, max(0, choose.choice(BORDERS) + choose.randint(-3, 3)))


def test_accepted_is_what_is_above(leaf: Leaf) -> None:
    choose = random.Random(5)
    for _ in range(500):
        current, first = near(choose), near(choose)
        last = min(LAST, first + choose.choice((0, 1, 100)))
        leaf.put(current)
        reply = leaf.run("ids_accept", first, last)
        if first > current:
            assert (reply, leaf.last()) == ("", last), (current, first, last)
        else:
            assert (reply, leaf.last()) == (str(current), current), (current, first, last)


def test_taken_are_the_next_ones(leaf: Leaf) -> None:
    choose = random.Random(6)
    for _ in range(500):
        current, count = near(choose), max(1, near(choose))
        leaf.put(current)
        if current + count > LAST:
            with nothing_written(leaf.backend), pytest.raises(redis.ResponseError, match="OUTOFRANGE"):
                leaf.run("ids_take", count)
        else:
            assert int(leaf.run("ids_take", count)) == current + count == leaf.last(), (current, count)


def test_the_life_of_the_place_goes_on(leaf: Leaf) -> None:
    leaf.put(7)
    leaf.client.pexpire(leaf.keys.body, 100_000)
    assert leaf.run("ids_accept", 9, 12) == ""
    assert leaf.run("ids_take", 1) == 13
    assert 0 < leaf.client.pttl(leaf.keys.body) <= 100_000


def test_a_body_that_expired_is_none(leaf: Leaf) -> None:
    """Only the marker is left of it: the new one lives as long as what it lies in, not for ever."""
    for name, args in (("ids_take", (3,)), ("ids_accept", (1, 3))):
        leaf.put(7)
        leaf.client.delete(leaf.keys.body)
        leaf.client.hset(leaf.keys.entry, "other", "1")  # else the node is not there either
        leaf.client.pexpire(leaf.keys.entry, 100_000)
        leaf.run(name, *args)
        assert leaf.last() == 3
        assert 0 < leaf.client.pttl(leaf.keys.body) <= 100_000


@pytest.mark.parametrize("text", ["", "-1", "1.0", "0x1", " 1", "one"])
def test_a_body_that_is_no_number_is_left_alone(leaf: Leaf, text: str) -> None:
    leaf.put(1)
    leaf.client.set(leaf.keys.body, text)
    with nothing_written(leaf.backend):
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
            leaf.run("ids_accept", 5, 5)
        if text != "-1":
            with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
                leaf.run("ids_take", 5)
