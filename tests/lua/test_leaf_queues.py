"""The scripts of queues, with raw KEYS and ARGV."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from redicts.core.keys import KeySpace
from redicts.core.scripts import load
from tests.support.backends import Backend

PATH = ("a", "q")


class Queues:
    """A place on a server, and the scripts of queues."""

    def __init__(self, backend: Backend) -> None:
        self.client: Any = backend.client
        self.space: KeySpace = backend.database.space
        self.keys = self.space.leaf(PATH)

    def run(self, name: str, *args: object, guards: tuple[tuple[str, str], ...] = ()) -> Any:
        marker = "@reliable_queue" if name.startswith("reliable") else "@queue"
        keys = [*[key for key, _ in guards], *self.keys.waited]
        members = [member for _, member in guards]
        return plain(
            self.client.eval(
                load("redicts.leaves.scripts", name).text,
                len(keys),
                *keys,
                *[len(guards), "1", *members, self.keys.field, marker, *args],
            )
        )

    def look(self, what: str) -> Any:
        keys = (self.keys.entry, self.keys.body)
        args = (self.keys.field, "@reliable_queue", what)
        return plain(self.client.eval(load("redicts.leaves.scripts", "reliable_queue_look").text, 2, *keys, *args))

    def scores(self) -> list[tuple[str, float]]:
        return [
            (member.decode(), score) for member, score in self.client.zrange(self.keys.body, 0, -1, withscores=True)
        ]

    def expected(self) -> set[str]:
        assert self.client.pttl(self.keys.expected) <= 5000
        return {each.decode() for each in self.client.hkeys(self.keys.expected)}

    def woken(self, line: str) -> bool:
        """Whether somebody is woken there; who it is takes the wake-up."""
        assert self.client.llen(line) <= 1
        assert self.client.pttl(line) <= 1000
        return self.client.lpop(line) is not None


def plain(reply: Any) -> Any:
    if isinstance(reply, bytes):
        return reply.decode()
    return [plain(each) for each in reply] if isinstance(reply, list) else reply


@pytest.fixture
def queues(real_backend: Backend) -> Queues:
    """Where nothing is."""
    return Queues(real_backend)


def test_put_and_take(queues: Queues) -> None:
    assert queues.run("queue_put", 3, 0, "1", "2") == 1
    assert queues.run("queue_put", 3, 1, "3", "4") == 0
    assert queues.expected() == {"put"}
    assert queues.run("queue_take", 1, 0, "2") == [0, "1"]
    assert queues.run("queue_take", 1, 0, "@") == [0, "1"]
    assert not queues.woken(queues.keys.putters)
    assert queues.run("queue_take", 1, 0, "1") == [1, "1"]
    assert queues.woken(queues.keys.putters)
    assert queues.run("queue_take", 9, 0) == [1, "2"]
    assert queues.client.hgetall(queues.keys.entry) == {}
    assert queues.run("queue_take", 1, 0) == [0]
    assert queues.run("queue_take", 1, 1) == [0]
    assert queues.expected() == {"put", "get"}
    assert queues.run("queue_put", 1, 0, "5") == 1
    assert queues.woken(queues.keys.takers)


def test_several_are_taken_only_if_all_are_the_same(queues: Queues) -> None:
    queues.run("queue_put", 9, 0, "1", "2", "3")
    assert queues.run("queue_take", 3, 0, "1", "3") == [0, "1", "2", "3"]
    assert queues.run("queue_take", 3, 0, "1", "2", "3", "4") == [0, "1", "2", "3"]
    assert queues.run("queue_take", 3, 0, "1", "2") == [1, "1", "2"]
    assert queues.run("queue_take", 3, 0) == [1, "3"]


def test_who_takes_wakes_the_next_where_there_is_more(queues: Queues) -> None:
    assert queues.run("queue_take", 1, 1) == [0]
    queues.run("queue_put", 9, 0, "1", "2")
    assert queues.woken(queues.keys.takers)
    assert queues.run("queue_take", 1, 0) == [1, "1"]
    assert queues.woken(queues.keys.takers)
    assert queues.run("queue_take", 1, 0) == [1, "2"]
    assert not queues.woken(queues.keys.takers)


def test_what_is_put_back_is_at_the_front(queues: Queues) -> None:
    queues.run("queue_put", 9, 0, "1", "2", "3")
    assert queues.run("queue_take", 2, 1) == [1, "1", "2"]
    assert queues.run("queue_return", "1", "2") == 1
    assert queues.run("queue_take", 9, 0) == [1, "1", "2", "3"]
    assert queues.run("queue_return", "3") == 1
    assert queues.client.hgetall(queues.keys.entry) == {b"q": b"@queue"}


@pytest.mark.parametrize(
    "name", ["queue_put", "queue_take", "queue_return", "reliable_queue_put", "reliable_queue_take"]
)
def test_nothing_is_done_under_a_lost_lock_or_to_another_kind(queues: Queues, name: str) -> None:
    args = {"queue_return": ("1",), "reliable_queue_take": ("1000", "1", "")}.get(name, ("1", "1", "1"))
    with pytest.raises(redis.ResponseError, match="LOCKLOST 1"):
        queues.run(name, *args, guards=((queues.space.locks(PATH).at, "nobody"),))
    queues.client.hset(queues.keys.entry, "q", "[]")
    with pytest.raises(redis.ResponseError, match="WRONGKIND ~"):
        queues.run(name, *args)
    queues.client.hset(queues.keys.entry, "q", "/")
    queues.client.hset(queues.space.node(PATH), "x", "1")
    with pytest.raises(redis.ResponseError, match="WRONGKIND /"):
        queues.run(name, *args)
    assert queues.client.exists(queues.keys.body, queues.keys.expected) == 0


def test_a_lease(queues: Queues) -> None:
    assert queues.run("reliable_queue_put", 0, 0, '"x y"', "2") == 1
    (first, one), (second, other) = queues.scores()
    assert (one, other) == (0, 0)
    assert first.endswith('00000.0 "x y"')
    assert second.endswith("00001.0 2")
    assert queues.run("reliable_queue_take", 60_000, 0, second) == [0, first]
    assert queues.run("reliable_queue_take", 60_000, 0, first) == [1, first.replace(".0 ", ".1 ")]
    assert queues.look("count") == [1, 1]
    assert queues.look("next") == second
    assert queues.run("reliable_queue_take", 1, 0, "") == [1, second.replace(".0 ", ".1 ")]
    times = dict(queues.scores())
    now = queues.client.time()
    assert 50_000 < times[first.replace(".0 ", ".1 ")] - now[0] * 1000 < 61_000
    for stale in (first, second, "nothing", ""):
        assert queues.run("reliable_queue_finish", stale, "done") == 0
    assert queues.client.zcard(queues.keys.body) == 2


def test_none_to_take_tells_when_a_lease_ends(queues: Queues) -> None:
    assert queues.run("reliable_queue_take", 1000, 1, "") == [0, "", -1]
    queues.run("reliable_queue_put", 0, 0, "1")
    assert queues.woken(queues.keys.takers)
    _, member = queues.run("reliable_queue_take", 60_000, 0, "")
    zero, nothing, left = queues.run("reliable_queue_take", 1000, 1, "")
    assert (zero, nothing) == (0, "")
    assert 50_000 < left <= 60_000
    assert queues.run("reliable_queue_finish", member, "2000") == 1
    assert 1000 < queues.run("reliable_queue_take", 1000, 1, "")[2] <= 2000
    assert queues.run("reliable_queue_finish", member, "back") == 1
    assert queues.woken(queues.keys.takers)
    assert queues.run("reliable_queue_finish", member, "done") == 0  # it has it no more
    assert queues.run("reliable_queue_take", 60_000, 0, "") == [1, member.replace(".1 ", ".2 ")]
    assert queues.run("reliable_queue_finish", member, "done") == 0
    assert queues.run("reliable_queue_join", 1) == 0
    assert queues.expected() == {"get", "join"}
    assert queues.run("reliable_queue_finish", member.replace(".1 ", ".2 "), "done") == 1
    assert queues.woken(queues.keys.joiners)
    assert queues.run("reliable_queue_join", 1) == 1
    assert queues.woken(queues.keys.joiners), "another may wait for the same"
    assert queues.client.exists(queues.keys.body, queues.keys.entry) == 0


def test_more_than_fifteen_times(queues: Queues) -> None:
    queues.run("reliable_queue_put", 0, 0, "1")
    for times in range(1, 40):
        _, member = queues.run("reliable_queue_take", 1000, 0, "")
        assert int(member.split(" ")[0].split(".")[1], 16) == times
        assert queues.run("reliable_queue_finish", member, "back") == 1


def test_room_is_of_what_can_be_taken(queues: Queues) -> None:
    assert queues.run("reliable_queue_put", 1, 0, "1") == 1
    assert queues.run("reliable_queue_put", 1, 1, "2") == 0
    queues.run("reliable_queue_take", 60_000, 0, "")
    assert queues.woken(queues.keys.putters)
    assert queues.run("reliable_queue_put", 1, 0, "2") == 1
