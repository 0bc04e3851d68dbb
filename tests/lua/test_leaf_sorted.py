"""The scripts of sorted sets and priority queues: numbers of members, who is woken, what is refused and left alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import redis

from redicts.core.scripts import load
from tests.support.backends import Backend
from tests.support.trees import dump, nothing_written

LAST = 2**53 - 1


class Leaf:
    """The place ``{a}.q`` of a kind, and what its scripts answer."""

    def __init__(self, backend: Backend, kind: str) -> None:
        self.backend = backend
        self.client: Any = backend.client
        self.marker = f"@{kind}"
        self.keys = backend.database.space.leaf(("a", "q"))

    def run(self, name: str, *args: object, guards: Sequence[tuple[str, str]] = (), mode: str = "1") -> Any:
        sections = [self.backend.database.space.sections] if mode == "1" else []
        keys = [*[key for key, _ in guards], *sections, self.keys.entry, *self.keys[2:6]]
        head = [str(len(guards)), mode, *[member for _, member in guards], self.keys.field, self.marker]
        text = load("redicts.leaves.scripts", name).text
        return _plain(self.client.eval(text, len(keys), *keys, *head, *[str(arg) for arg in args]))

    def members(self) -> list[tuple[str, float]]:
        return [
            (member.decode(), score)
            for member, score in _pairs(self.client.zrange(self.keys.body, 0, -1, withscores=True))
        ]

    def number(self, score: float) -> int:
        """The number of the last member of a score."""
        found = self.client.zrange(self.keys.body, score, score, byscore=True)
        return int(found[-1][:16], 16)

    def woken(self) -> str:
        """Who has been woken since this was asked for: takers ``g``, putters ``p``."""
        lists = {"g": self.keys.takers, "p": self.keys.putters}
        found = "".join(letter for letter, key in lists.items() if self.client.llen(key) > 0)
        self.client.delete(*lists.values())
        return found

    def expecting(self, *who: str) -> None:
        for each in who:
            self.client.hset(self.keys.expected, each, "1")


@pytest.fixture
def queue(real_backend: Backend) -> Leaf:
    return Leaf(real_backend, "priority_queue")


@pytest.fixture
def best(real_backend: Backend) -> Leaf:
    return Leaf(real_backend, "sorted_set")


def put(queue: Leaf, *items: object, most: int = 0, waits: int = 0, **options: Any) -> Any:
    return queue.run("priority_queue_put", most, waits, *items, **options)


def take(queue: Leaf, expected: str = "", waits: int = 0, **options: Any) -> Any:
    return queue.run("priority_queue_take", expected, waits, **options)


# -- priority queues -----------------------------------------------------------------------------------------------


def test_numbers_go_on_within_a_priority(queue: Leaf) -> None:
    before = sum(part * factor for part, factor in zip(queue.client.time(), (10**6, 1), strict=True))
    assert put(queue, "1.5", "[1.5,1]", "2.0", "[2,2]", "1.5", "[1.5,3]") == 1
    first = int(queue.members()[0][0][:16], 16)
    assert before <= first, "it begins with the server's time, so that what is put back stands where it was"
    assert before <= queue.number(2)
    assert [(member[17:], score) for member, score in queue.members()] == [
        ("[1.5,1]", 1.5),
        ("[1.5,3]", 1.5),
        ("[2,2]", 2.0),
    ]
    assert queue.number(1.5) == first + 1
    assert put(queue, "1.5", "[1.5,4]") == 1  # the common case has a way of its own
    assert put(queue, "1.5", "[1.5,5]", "1.5", "[1.5,6]") == 1
    assert queue.number(1.5) == first + 4
    assert queue.client.hget(queue.keys.entry, queue.keys.field) == b"@priority_queue"


@pytest.mark.parametrize("many", [1, 2])
def test_numbers_end(queue: Leaf, many: int) -> None:
    put(queue, "1.0", "[1,0]")
    queue.client.zadd(queue.keys.body, {f"{LAST - 1:016x} [1,0]": 1})
    assert put(queue, "1.0", "[1,1]") == 1
    assert queue.number(1) == LAST
    with nothing_written(queue.backend), pytest.raises(redis.ResponseError, match="OUTOFRANGE"):
        put(queue, *["1.0", "[1,1]"] * many)
    assert put(queue, "2.0", "[2,1]") == 1, "other priorities have numbers of their own"


def test_a_member_that_is_not_ours_is_no_trouble(queue: Leaf) -> None:
    put(queue, "1.0", "[1,0]")
    queue.client.zadd(queue.keys.body, {"zzz": 1})
    assert put(queue, "1.0", "[1,1]") == 1
    assert len(queue.members()) == 3


@pytest.mark.parametrize("there", [0, 2])
def test_a_limit_holds_for_all_or_none(queue: Leaf, there: int) -> None:
    if there:
        put(queue, "1.0", "[1,0]", "1.0", "[1,1]")
    before = dump(queue.backend)
    assert put(queue, *["1.0", "[1,2]"] * (3 - there), most=2) == 0
    assert dump(queue.backend) == before
    assert put(queue, *["1.0", "[1,2]"] * (3 - there), most=2, waits=1) == 0
    assert queue.client.hgetall(queue.keys.expected) == {b"put": b"1"}
    assert 0 < queue.client.pttl(queue.keys.expected) <= 5000
    assert put(queue, *["1.0", "[1,2]"] * (3 - there), most=3) == 1
    assert len(queue.members()) == 3


def test_who_is_woken_by_what_is_put(queue: Leaf) -> None:
    put(queue, "1.0", "[1,0]")
    assert queue.woken() == "", "nobody waits"
    queue.expecting("get")
    put(queue, "1.0", "[1,1]")
    assert queue.woken() == "g"
    queue.expecting("put")
    put(queue, "1.0", "[1,2]", most=5)
    assert queue.woken() == "gp", "there is more room: the next that waits for it goes on"
    put(queue, "1.0", "[1,3]", "1.0", "[1,4]", most=5)
    assert queue.woken() == "g"


def test_who_is_woken_by_what_is_taken(queue: Leaf) -> None:
    put(queue, *["1.0", "[1,0]"] * 3)
    assert take(queue)[0] == 1
    assert queue.woken() == ""
    queue.expecting("get", "put")
    assert take(queue)[0] == 1
    assert queue.woken() == "gp", "there is more: the next that waits for it goes on"
    assert take(queue)[0] == 1
    assert queue.woken() == "p"
    assert queue.client.exists(queue.keys.entry, queue.keys.body, queue.backend.database.space.sections) == 0


def test_who_finds_nothing_is_expected(queue: Leaf) -> None:
    assert take(queue) == [0]
    assert queue.backend.keys() == []
    assert take(queue, waits=1) == [0]
    assert queue.client.hgetall(queue.keys.expected) == {b"get": b"1"}
    assert 0 < queue.client.pttl(queue.keys.expected) <= 5000


@pytest.mark.parametrize("size", [1, 3])
def test_another_than_was_expected_is_not_taken(queue: Leaf, size: int) -> None:
    put(queue, *["1.0", "[1,0]"] * size)
    first = queue.members()[0][0]
    with nothing_written(queue.backend):
        assert take(queue, "@") == [0, first]
    assert take(queue, first) == [1, first]
    assert len(queue.members()) == size - 1


@pytest.mark.parametrize("size", [0, 1, 3])
def test_guards(queue: Leaf, size: int) -> None:
    if size:
        put(queue, *["1.0", "[1,0]"] * size)
    lock = queue.backend.database.space.locks(("a",)).at
    for guards in ([(lock, "me")], [(lock, "me"), (lock, "me")]):
        with nothing_written(queue.backend):
            for act in (lambda queue, **options: put(queue, "1.0", "[1,1]", **options), take):
                with pytest.raises(redis.ResponseError, match="LOCKLOST 1"):
                    act(queue, guards=guards)
        queue.client.zadd(lock, {"me": 1})  # long past
        with pytest.raises(redis.ResponseError, match="LOCKLOST 1"):
            put(queue, "1.0", "[1,1]", guards=guards)
        queue.client.zadd(lock, {"me": 10**14})
        assert put(queue, "1.0", "[1,9]", guards=guards) == 1
        assert take(queue, guards=guards)[0] == 1
        queue.client.delete(lock)
    assert len(queue.members()) == size


def test_other_kinds_and_new_sections(queue: Leaf, best: Leaf) -> None:
    with nothing_written(queue.backend), pytest.raises(redis.ResponseError, match="NEWSECTION a"):
        put(queue, "1.0", "[1,1]", mode="0")
    assert put(queue, "1.0", "[1,1]") == 1
    with nothing_written(queue.backend):
        for name, args in [("sorted_set_add", (1, 0, "1.0", "1")), ("sorted_set_take", ("ZPOPMIN", 1, 0))]:
            with pytest.raises(redis.ResponseError, match="WRONGKIND @priority_queue"):
                best.run(name, *args)
    assert put(queue, "1.0", "[1,1]", mode="0") == 1
    assert take(queue, mode="0")[0] == 1


# -- sorted sets ---------------------------------------------------------------------------------------------------


def test_options_are_said_with_each_command(best: Leaf) -> None:
    pairs = [part for number in range(4500) for part in (f"{number}.0", str(number))]
    assert best.run("sorted_set_add", 0, 2, "XX", "CH", *pairs) == 0
    assert best.backend.keys() == []
    assert best.run("sorted_set_add", 1, 1, "CH", *pairs) == 4500
    assert (
        best.run("sorted_set_add", 1, 2, "NX", "CH", *["9.0" if i % 2 == 0 else part for i, part in enumerate(pairs)])
        == 0
    )
    assert best.run("sorted_set_add", 1, 0, "7.0", "0", "7.0", "new") == 1
    assert best.client.zscore(best.keys.body, "4499") == 4499


def test_members_are_taken_only_if_they_are_those(best: Leaf) -> None:
    assert best.run("sorted_set_take", "ZPOPMIN", 1, 0) == [0, []]
    assert best.run("sorted_set_take", "ZPOPMIN", 1, 1, "@") == [0, []]
    assert best.client.hgetall(best.keys.expected) == {b"get": b"1"}
    best.run("sorted_set_add", 1, 0, "1", "a", "2", "b", "3", "c")
    assert best.woken() == "g"
    with nothing_written(best.backend):
        assert best.run("sorted_set_take", "ZPOPMIN", 2, 0, "@") == [0, ["a", "1", "b", "2"]]
        assert best.run("sorted_set_take", "ZPOPMAX", 2, 0, "c", "a") == [0, ["c", "3", "b", "2"]]
        assert best.run("sorted_set_take", "ZPOPMAX", 2, 0, "c") == [0, ["c", "3", "b", "2"]]
    assert best.run("sorted_set_take", "ZPOPMAX", 2, 0, "c", "b") == [1, ["c", "3", "b", "2"]]
    assert best.woken() == "g", "there is more"
    assert best.run("sorted_set_take", "ZPOPMIN", 5, 0) == [1, ["a", "1"]]
    assert best.woken() == ""
    assert best.client.exists(best.keys.entry, best.keys.body) == 0


def _plain(reply: Any) -> Any:
    if isinstance(reply, bytes):
        return reply.decode()
    return [_plain(item) for item in reply] if isinstance(reply, list) else reply


def _pairs(reply: Any) -> list[tuple[bytes, float]]:
    return [(member, float(score)) for member, score in reply]
