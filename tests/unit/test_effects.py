"""Which effects may be sent twice unseen, and how commands are packed for the wire."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from redicts.core.effects import Block, Call, Commit, Eval, Sleep, Watch, may_write
from redicts.core.scripts import load
from redicts.runners import packing
from tests.support.resp import RequestParser

CONNECTION: Any = redis.Connection()  # type: ignore[no-untyped-call]

arguments = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.integers(),
    st.floats(allow_nan=False),
    st.binary(),
)


@pytest.mark.parametrize("name", ["GET", "HGET", "HGETALL", "HSCAN", "SCAN", "SMEMBERS"])
def test_reads_may_be_sent_again(name: str) -> None:
    assert not may_write(Call((name, "k")))


@pytest.mark.parametrize(
    "name", ["SET", "HSET", "INCR", "GETDEL", "GETEX", "SADD", "LPOP", "EVAL", "XREADGROUP", "get"]
)
def test_everything_else_may_write(name: str) -> None:
    assert may_write(Call((name, "k")))


def test_effects_that_stand_alone_count_as_writes() -> None:
    for effect in (Watch(("k",), ()), Commit(()), Block(("BLPOP", "k"), 1), Sleep(1)):
        assert may_write(effect)


@pytest.mark.parametrize(
    ("name", "writes"),
    [
        *[(name, True) for name in ("add", "clear", "compare_and_set", "delete", "expire", "pop", "set", "setdefault")],
        *[(name, False) for name in ("children", "kind", "time_to_live", "val")],
    ],
)
def test_scripts_that_write_are_known(name: str, writes: bool) -> None:
    script = load("redicts.tree", name)
    assert script.writes is writes
    assert may_write(Eval(script, (), ())) is writes


@pytest.fixture
def without_hiredis(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The packing module as it is where hiredis is not installed."""
    monkeypatch.setitem(sys.modules, "hiredis", None)
    yield importlib.reload(packing)
    monkeypatch.undo()
    importlib.reload(packing)


def parsed(packed: list[bytes]) -> list[list[bytes]]:
    return RequestParser().feed(b"".join(packed))


def texts(command: tuple[Any, ...]) -> list[bytes]:
    return [item if isinstance(item, bytes) else str(item).encode() for item in command]


@given(st.lists(st.lists(arguments, min_size=1, max_size=5).map(tuple), min_size=1, max_size=4))
def test_commands_are_packed_whole(commands: list[tuple[Any, ...]]) -> None:
    assert parsed(packing.pack_commands(CONNECTION, commands)) == [texts(command) for command in commands]


def test_commands_are_packed_alike_without_hiredis(without_hiredis: Any) -> None:
    commands: list[tuple[Any, ...]] = [
        ("SET", "é😀", b"\xff\r\n", -1, 0.001, 1e300, ""),
        ("PING",),
        ("X", "y" * 10_000),
    ]
    assert parsed(without_hiredis.pack_commands(CONNECTION, commands)) == [texts(each) for each in commands]
