"""The scripts of lists and deques: what they reply, whom they wake, what they refuse and leave alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
import redis

from redicts.core.scripts import load
from tests.support.backends import Backend
from tests.support.trees import dump, nothing_written

LIFE_MS = 60_000


class Row:
    """The place ``{a}.row``, and what the scripts answer."""

    def __init__(self, backend: Backend, kind: str) -> None:
        self.backend = backend
        self.client: Any = backend.client
        self.marker = f"@{kind}"
        self.keys = backend.database.space.leaf(("a", "row"))

    def write(self, name: str, *args: object, guards: Sequence[tuple[str, str]] = (), mode: str = "1") -> Any:
        sections = [self.backend.database.space.sections] if mode == "1" else []
        keys = [*[key for key, _ in guards], *sections, self.keys.entry, *self.keys[2:6]]
        head = [str(len(guards)), mode, *[member for _, member in guards], self.keys.field, self.marker]
        return self._eval(name, keys, [*head, *args])

    def read(self, name: str, *args: object) -> Any:
        return self._eval(name, [self.keys.entry, self.keys.body], [self.keys.field, self.marker, *args])

    def _eval(self, name: str, keys: Sequence[str], args: Sequence[object]) -> Any:
        text = load("redicts.leaves.scripts", name).text
        return _plain(self.client.eval(text, len(keys), *keys, *[str(arg) for arg in args]))

    def hold(self, *texts: object) -> None:
        """Let it hold these, with a life."""
        self.client.delete(self.keys.body)
        self.write("write", "+", "RPUSH", *texts)
        self.client.pexpire(self.keys.body, LIFE_MS)

    def texts(self) -> list[str]:
        return [text.decode() for text in self.client.lrange(self.keys.body, 0, -1)]

    def woken(self) -> bool:
        """Whether a taker has been woken since this was asked for."""
        return bool(self.client.delete(self.keys.takers))


def _plain(reply: Any) -> Any:
    if isinstance(reply, bytes):
        return reply.decode()
    return [_plain(item) for item in reply] if isinstance(reply, list) else reply


@pytest.fixture
def row(real_backend: Backend) -> Row:
    return Row(real_backend, "list")


@pytest.fixture
def turns(real_backend: Backend) -> Row:
    return Row(real_backend, "deque")


WRITES: list[tuple[str, Sequence[object]]] = [
    ("list_splice", (0, 1, 1, "put", "", "9", "8")),
    ("list_splice", ("", "", -1, "put", "", "7", "8", "9")),
    ("list_splice", (0, 0, 1, "own", "")),
    ("list_splice", (0, 2, 1, "take", "")),
    ("list_take", (1, "", "0")),
    ("list_reorder", ("reverse",)),
    ("list_reorder", ("rotate", -4)),
    ("list_reorder", ("repeat", 2, "", 100)),
    ("list_sort", ("0", 100)),
    ("list_arrange", ("3,1,2", "2,0,1")),
    ("deque_add", ("RPUSH", 3, "put", "9")),
    ("deque_add", ("LPUSH", "", "own")),
    ("clear", ()),
]
"""Each with arguments under which it changes 3, 1, 2."""


@pytest.mark.parametrize(("name", "args"), WRITES)
def test_what_every_one_of_them_does(row: Row, name: str, args: Sequence[object]) -> None:
    """It changes the elements; whatever leaves some of them leaves their life."""
    row.hold(3, 1, 2)
    row.write(name, *args)
    assert row.texts() != ["3", "1", "2"]
    left = row.client.pttl(row.keys.body)
    assert (LIFE_MS - 30_000 < left <= LIFE_MS) if row.texts() else left == -2


@pytest.mark.parametrize(("name", "args"), WRITES)
def test_a_lost_lock_or_another_kind_leaves_all_as_it_is(
    row: Row, turns: Row, name: str, args: Sequence[object]
) -> None:
    row.hold(3, 1, 2)
    lost = (row.backend.database.space.key("l", ("a",)), "me")
    with nothing_written(row.backend):
        with pytest.raises(redis.ResponseError, match="LOCKLOST 1"):
            row.write(name, *args, guards=[lost])
        with pytest.raises(redis.ResponseError, match="WRONGKIND @list"):
            turns.write(name, *args)


@pytest.mark.parametrize(("name", "args"), WRITES)
def test_where_nothing_is(row: Row, name: str, args: Sequence[object]) -> None:
    """What adds is refused where the section has to be registered first; the others do nothing."""
    adds = (name == "deque_add" and args[2] == "put") or (args[:1] == (0,) and args[3:4] == ("put",))
    if adds:
        with pytest.raises(redis.ResponseError, match="NEWSECTION a"):
            row.write(name, *args, mode="0")
    else:
        row.write(name, *args, mode="0")
    assert dump(row.backend) == {}


def test_splice_replies(row: Row) -> None:
    row.hold(*range(5))
    with nothing_written(row.backend):
        assert row.write("list_splice", "", "", 2, "put", "", "x") == [0, 3]
        assert row.write("list_splice", 1, 1, 1, "put", 5, "x") == [0, 5]
        assert row.write("list_splice", 4, 1, 1, "take", "") == [1, 5]
        assert row.write("list_splice", 3, 9, -1, "take", "") == [1, 5]
    assert row.write("list_splice", 1, 3, 1, "put", 6, "x") == [1, 4]
    assert row.write("list_splice", "", "", 3, "take", "") == [1, 2]
    assert row.texts() == ["x", "3"]
    assert row.write("list_splice", "", "", 1, "take", "") == [1, 0]
    assert row.client.exists(row.keys.entry) == 0


def test_take_replies(row: Row) -> None:
    assert row.write("list_take", 0, "", "0") == [0]
    assert row.client.exists(row.keys.expected) == 0
    assert row.write("list_take", 0, "", "1") == [0]
    assert row.client.hkeys(row.keys.expected) == [b"get"]
    row.hold("0", "0", '"@"', "0", "0")
    assert row.write("list_take", 2, "0", "0") == [0, '"@"']
    assert [row.write("list_take", at, "", "0")[1] for at in (-2, 2, 1, 0, -1)] == ["0", '"@"', "0", "0", "0"]


def test_reorder_replies(row: Row) -> None:
    row.hold(*range(4))
    with nothing_written(row.backend):
        assert row.write("list_reorder", "repeat", 3, "", 7) == -1
        with pytest.raises(redis.ResponseError, match="no such order"):
            row.write("list_reorder", "shuffle")
        assert row.write("list_reorder", "rotate", 4 * 10**40) == 4
    assert row.write("list_reorder", "repeat", 3, "", 8) == 12
    assert row.write("list_reorder", "repeat", 2**53 - 1, 5, 8) == 5
    assert row.texts() == ["3", "0", "1", "2", "3"]
    assert row.write("list_reorder", "rotate", -(5 * 10**40 + 1)) == 5
    assert row.texts() == ["0", "1", "2", "3", "3"]
    assert row.write("list_reorder", "repeat", 0, "", 8) == 0


def test_sort_and_arrange_replies(row: Row) -> None:
    for texts in (
        ["2", "1", "3"],
        ["1", '"a"'],
        ['"a"', "1"],
        ["null", "1"],
        ["1", "NaN"],
        [str(2**53), "1"],
        ["[1]", "[0]"],
    ):
        row.hold(*texts)
        with nothing_written(row.backend):
            assert row.write("list_sort", "0", 2) == [0, texts]
    row.hold("1", "true", "1.0", "0", "false", "-0.0")
    assert row.write("list_sort", "1", 9) == [1]
    assert row.texts() == ["1", "true", "1.0", "0", "false", "-0.0"]
    with nothing_written(row.backend):
        assert row.write("list_arrange", "1,true,1.0,0,false", "0,1,2,3,4") == [0, row.texts()]
    assert row.write("list_arrange", ",".join(row.texts()), "5,4,3,2,1,0") == [1]
    assert row.texts() == ["-0.0", "false", "0", "1.0", "true", "1"]


def test_texts_are_sorted_by_code_points_whatever_the_locale(row: Row) -> None:
    words = [
        "b",
        "A",
        "a",
        "aa",
        "a-a",
        "ab",
        "Å",
        "ä",
        "z",
        "ch",
        "c",
        "d",
        "\ud83d",
        "\ue000",
        "\U0001f600",
        "\U0001f601",
    ]
    row.hold(
        *[json.dumps(word) for word in words], *[json.dumps(f"{word}!", ensure_ascii=word < "\x80") for word in "aÅz"]
    )
    assert row.write("list_sort", "0", 99) == [1]
    assert [json.loads(text) for text in row.texts()] == sorted([*words, "a!", "Å!", "z!"])


def test_deque_add_replies(turns: Row) -> None:
    assert turns.write("deque_add", "RPUSH", 0, "put", "1") == 0
    assert dump(turns.backend) == {}
    assert turns.write("deque_add", "LPUSH", 2, "put", "1", "2", "3") == 2
    assert turns.texts() == ["3", "2"]
    assert turns.write("deque_add", "LPUSH", 3, "own") == 3
    assert turns.texts() == ["2", "3", "3"]
    assert turns.write("deque_add", "RPUSH", 0, "put", "4") == 0
    assert dump(turns.backend) == {}


def test_who_is_woken(row: Row, turns: Row) -> None:
    """Whatever adds elements wakes one who waits; whatever does not wakes nobody."""
    for leaf, name, args, wakes in (
        (row, "list_splice", (0, 0, 1, "put", "", "1"), True),
        (row, "list_splice", (0, 0, 1, "own", ""), True),
        (row, "list_splice", (0, 1, 1, "take", ""), False),
        (row, "list_reorder", ("reverse",), False),
        (row, "list_reorder", ("repeat", 2, "", 9), True),
        (row, "list_sort", ("0", 9), False),
        (row, "list_take", (0, "", "0"), True),  # for the next: there is one more
        (row, "list_take", (0, "", "0"), False),
        (turns, "deque_add", ("RPUSH", 1, "put", "1"), True),
        (turns, "deque_add", ("RPUSH", 0, "put", "1"), False),
    ):
        leaf.client.hset(leaf.keys.expected, "get", "1")
        leaf.write(name, *args)
        assert leaf.woken() == wakes, (name, args)


def test_reading_replies(row: Row, turns: Row) -> None:
    assert row.read("list_find", "count", "1") == 0
    assert row.read("list_find", "index", "1", 0, "") is None
    assert row.read("list_slice", "", "", 2) == []
    row.hold(1, 2, 1, 3, 1)
    assert row.read("list_find", "count", "1") == 3
    assert row.read("list_find", "index", "1", 0, "") == 0
    assert row.read("list_find", "index", "1", 1, "") == 2
    assert row.read("list_find", "index", "1", 3, -1) is None
    assert row.read("list_find", "index", "3", 0, 3) is None
    assert row.read("list_slice", "", "", -2) == ["1", "1", "1"]
    assert row.read("list_slice", 2**53 - 1, 1, -1) == ["1", "3", "1"]
    for name, args in (("list_find", ("count", "1")), ("list_slice", ("", "", 2))):
        with pytest.raises(redis.ResponseError, match="WRONGKIND @list"):
            turns.read(name, *args)
