"""The scripts of dicts and counters, with raw KEYS and ARGV: what they reply, what they refuse and leave alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import redis

from redicts.core.scripts import load
from tests.support.backends import Backend
from tests.support.trees import nothing_written

LIFE_MS = 60_000
MOST, LEAST = str(2**63 - 1), str(-(2**63))


class Map:
    """The place ``{a}.map``, and what the scripts answer."""

    def __init__(self, backend: Backend, kind: str) -> None:
        self.backend = backend
        self.client: Any = backend.client
        self.marker = f"@{kind}"
        self.keys = backend.database.space.leaf(("a", "map"))

    def write(self, name: str, *args: object, guards: Sequence[tuple[str, str]] = (), mode: str = "1") -> Any:
        sections = [self.backend.database.space.sections] if mode == "1" else []
        keys = [*[key for key, _ in guards], *sections, self.keys.entry, self.keys.body]
        head = [str(len(guards)), mode, *[member for _, member in guards], self.keys.field, self.marker]
        return self._eval(name, keys, [*head, *args])

    def read(self, name: str, *args: object) -> Any:
        return self._eval(name, [self.keys.entry, self.keys.body], [self.keys.field, self.marker, *args])

    def _eval(self, name: str, keys: Sequence[str], args: Sequence[object]) -> Any:
        text = load("redicts.leaves.scripts", name).text
        return _plain(self.client.eval(text, len(keys), *keys, *[str(arg) for arg in args]))

    def hold(self, **fields: object) -> None:
        """Let it hold these, with a life."""
        self.client.delete(self.keys.body)
        self.write("write", "+", "HSET", *[text for item in fields.items() for text in item])
        self.client.pexpire(self.keys.body, LIFE_MS)

    def texts(self) -> dict[str, str]:
        return {name.decode(): text.decode() for name, text in self.client.hgetall(self.keys.body).items()}


def _plain(reply: Any) -> Any:
    if isinstance(reply, bytes):
        return reply.decode()
    return [_plain(item) for item in reply] if isinstance(reply, list) else reply


@pytest.fixture
def pages(real_backend: Backend) -> Map:
    return Map(real_backend, "dict")


@pytest.fixture
def hits(real_backend: Backend) -> Map:
    return Map(real_backend, "counter")


WRITES: list[tuple[str, Sequence[object]]] = [
    ("mapping_take", ("a", "")), ("mapping_take", ("", "")), ("mapping_default", ("b", 2)), ("counter_add", ("a", 1)),
    ("counter_add", ("b", 1, "c", 10**16)), ("counter_combine", ("+", "b", 1)), ("counter_combine", ("|", "a", 9)),
    ("counter_combine", ("&", "a", 0)), ("dict_expire", ("a", 1000, "")), ("dict_expire", ("b", 1000, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args"), WRITES)
def test_what_is_refused_changes_nothing(hits: Map, name: str, args: Sequence[object]) -> None:
    hits.hold(a=1)
    lock = hits.backend.database.space.locks(("a",)).at
    with nothing_written(hits.backend), pytest.raises(redis.ResponseError, match="LOCKLOST 1"):
        hits.write(name, *args, guards=[(lock, "member")])
    hits.client.hset(hits.keys.entry, hits.keys.field, "[1]")
    with nothing_written(hits.backend), pytest.raises(redis.ResponseError, match="WRONGKIND ~"):
        hits.write(name, *args)
    hits.client.hset(hits.keys.entry, hits.keys.field, "@list")
    with nothing_written(hits.backend), pytest.raises(redis.ResponseError, match="WRONGKIND @list"):
        hits.write(name, *args)


@pytest.mark.parametrize(("name", "args"), [("counter_top", (1,)), ("counter_total", ()), ("dict_life", ("a",))])
def test_reading_another_kind_is_refused(hits: Map, name: str, args: Sequence[object]) -> None:
    hits.hold(a=1)
    hits.client.hset(hits.keys.entry, hits.keys.field, "@set")
    with nothing_written(hits.backend), pytest.raises(redis.ResponseError, match="WRONGKIND @set"):
        hits.read(name, *args)


def test_taking(pages: Map) -> None:
    assert pages.write("mapping_take", "a", "") == pages.write("mapping_take", "", "") == [0]
    pages.hold(a=1, b=2)
    with nothing_written(pages.backend):
        assert pages.write("mapping_take", "x", "") == [0]
        assert pages.write("mapping_take", "a", "2") == [0, "a", "1"]
        assert pages.write("mapping_take", "x", "1") == [0]
    assert pages.write("mapping_take", "a", "1") == [1, "a", "1"]
    assert pages.client.pttl(pages.keys.body) > LIFE_MS - 10_000
    assert pages.write("mapping_take", "", "") == [1, "b", "2"]
    assert pages.backend.keys() == []


def test_defaults(pages: Map) -> None:
    assert pages.write("mapping_default", "a", "1") == pages.write("mapping_default", "a", "2") == "1"
    assert pages.client.hget(pages.keys.entry, pages.keys.field) == b"@dict"
    assert pages.write("mapping_default", "b", "2") == "2"
    assert pages.texts() == {"a": "1", "b": "2"}


def test_what_was_left_behind_does_not_come_back(hits: Map) -> None:
    """A body without its marker: something else was set there, or has expired."""
    for name, args in WRITES:
        hits.client.delete(hits.keys.entry)
        hits.client.hset(hits.keys.body, mapping={"old": "7"})
        hits.write(name, *args)
        assert "old" not in hits.texts() or not hits.client.hexists(hits.keys.entry, hits.keys.field)


@pytest.mark.parametrize(
    ("old", "more", "sum_"),
    [
        ("0", "-0", "0"), ("5", "-5", "0"), ("-7", "2", "-5"), ("999999999999999", "1", "1000000000000000"),
        ("999999999999999", "999999999999999", "1999999999999998"), ("9007199254740993", "1", "9007199254740994"),
        (MOST, "-1", str(2**63 - 2)), (MOST, LEAST, "-1"), (LEAST, "1", str(1 - 2**63)), ("0", LEAST, LEAST),
        (MOST, "1", None), (LEAST, "-1", None), ("1", MOST, None), (LEAST, LEAST, None),
    ],
)  # fmt: skip
def test_sums_are_exact(hits: Map, old: str, more: str, sum_: str | None) -> None:
    ways: list[tuple[str, Sequence[object]]] = [
        ("counter_add", ("a", more)), ("counter_add", ("b", 1, "a", more)),
        ("counter_combine", ("+", "b", 1, "a", more)),
    ]  # fmt: skip
    for name, args in ways:
        hits.hold(a=old)
        if sum_ is None:
            with nothing_written(hits.backend):
                assert hits.write(name, *args) == ["a"]
        elif name == "counter_add":
            assert hits.write(name, *args) == sum_
            assert hits.texts()["a"] == sum_
        else:
            assert hits.write(name, *args) == 1
            assert hits.texts() == ({"b": "1"} | ({"a": sum_} if int(sum_) > 0 else {}))
        assert hits.client.pttl(hits.keys.body) > LIFE_MS - 10_000
        assert len(hits.backend.keys()) == 3, "the hash to add in is gone"


def test_the_larger_and_the_smaller(hits: Map) -> None:
    numbers = [0, 1, -1, 9, 10, -9, -10, 99, 10**15, 10**15 + 1, -(10**15), 2**63 - 1, 2**63 - 2, -(2**63)]
    for one in numbers:
        others = [text for number in numbers for text in (f"k{number}", number)]
        for how, choose in (("|", max), ("&", min)):
            hits.hold(**{f"k{number}": one for number in numbers})
            assert hits.write("counter_combine", how, *others) == 1
            expected = {f"k{number}": choose(one, number) for number in numbers}
            assert hits.texts() == {name: str(count) for name, count in expected.items() if count > 0}
    with pytest.raises(redis.ResponseError, match="no such way"):
        hits.write("counter_combine", "*", "a", "1")


def test_the_top(hits: Map) -> None:
    assert hits.read("counter_top", 3) == []
    numbers = [number * 31 % 500 - 250 for number in range(500)] + [2**63 - 1, 2**63 - 2, -(2**63), 10**15, 10**15 - 1]
    hits.hold(**{f"k{number}": number for number in numbers})
    for count in (0, 1, 2, 3, 20, 504, 505, 506, 2**32):
        flat = hits.read("counter_top", count)
        assert flat[1::2] == [str(number) for number in sorted(numbers, reverse=True)[:count]]
        assert flat[::2] == [f"k{text}" for text in flat[1::2]]
    hits.hold(**{f"k{number}": 7 for number in range(500)})
    flat = hits.read("counter_top", 3)
    assert (flat[1::2], len(set(flat[::2]))) == (["7"] * 3, 3)


def test_the_total(hits: Map) -> None:
    assert hits.read("counter_total") == ["0", "0", "0"]
    hits.hold(a=2**63 - 1, b=-(2**63), c=12_345_678, d=-7, e=10**14)
    last, middle, first = map(int, hits.read("counter_total"))
    assert last + 10**7 * (middle + 10**7 * first) == -1 + 12_345_678 - 7 + 10**14


def test_lives_of_keys(pages: Map) -> None:
    if not pages.backend.name.startswith("valkey"):
        assert pages.read("dict_life", "a") == -3
        for args in (("a", 1000, ""), ("a", "", ""), ("a", 1000, "1")):
            for fields in ({}, {"a": 1}):
                if fields:
                    pages.hold(**fields)
                with nothing_written(pages.backend):
                    assert pages.write("dict_expire", *args) == -3
        return
    assert pages.read("dict_life", "a") == -2
    assert pages.write("dict_expire", "a", 1000, "") == pages.write("dict_expire", "a", "", "") == -2
    assert pages.backend.keys() == []
    assert pages.write("dict_expire", "a", 50_000, "1") == 1
    assert 40_000 < pages.read("dict_life", "a") <= 50_000
    assert pages.write("dict_expire", "b", 1000, "") == -2
    assert pages.write("dict_expire", "a", "", "") == 1
    assert pages.write("dict_expire", "a", "", "") == pages.read("dict_life", "a") == -1
    assert pages.write("dict_expire", "a", 70_000, "") == 1
    assert 60_000 < pages.read("dict_life", "a") <= 70_000
    assert pages.texts() == {"a": "1"}
