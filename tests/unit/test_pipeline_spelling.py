"""From effects to commands of a batch and back, and what becomes of one that fails: by hand, without a connection."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import redis.exceptions

from redicts.core.deferred import Deferred
from redicts.core.effects import Call, Effect, Eval, Op
from redicts.core.scripts import Script
from redicts.errors import ConnectionLost, OutcomeUnknown
from redicts.runners.exchange import Failed
from redicts.runners.known import Known, known_of
from redicts.runners.pipeline import Batch, Entry, Rounds
from redicts.runners.spelling import Span, learn, spell, unknown_tail, unpack

A = Eval(Script("a", "return 1", "aa", True), ("k",), ("1",))
B = Eval(Script("b", "return 2", "bb", False), (), ())
GET = Call(("GET", "k"))
LACKING = redis.exceptions.NoScriptError("NOSCRIPT")
WRONG = redis.exceptions.ResponseError("ERR wrong")
CUT = Failed(redis.exceptions.ConnectionError("cut"), sent=True)


def names(commands: list[Any]) -> str:
    return " ".join([command[0] if len(command) < 3 else f"{command[0]}:{command[1]}" for command in commands])


def known(*shas: str) -> Known:
    made = Known()
    made.shas.update(shas)
    return made


@pytest.mark.parametrize(
    ("spans", "shas", "expected", "whole"),
    [
        ([], [], "EVAL:return 1 GET EVALSHA:aa EVAL:return 2", {0: "aa", 3: "bb"}),
        ([], ["aa", "bb"], "EVALSHA:aa GET EVALSHA:aa EVALSHA:bb", {}),
        ([Span(0, 4)], ["aa"], "MULTI EVAL:return 1 GET EVALSHA:aa EVAL:return 2 EXEC", {0: "aa", 3: "bb"}),
        (
            [Span(0, 1), Span(2, 3)],
            ["aa", "bb"],
            "MULTI EVAL:return 1 EXEC GET MULTI EVAL:return 1 EXEC EVALSHA:bb",
            {0: "aa", 2: "aa"},
        ),
    ],
)
def test_spelling(spans: list[Span], shas: list[str], expected: str, whole: dict[int, str]) -> None:
    commands, found = spell([A, GET, A, B], spans, known(*shas))
    assert names(commands) == expected
    assert found == whole
    assert commands[0 if not spans else 1][-2:] == ("k", "1")


def test_what_is_known_afterwards() -> None:
    knows = known("cc")
    learn(knows, {0: "aa", 1: "bb"}, [1, WRONG, 2])
    assert knows.shas == {"aa", "cc"}
    learn(knows, {0: "bb"}, [1, LACKING])
    assert knows.shas == set(), "the server has lost some, perhaps all"


@pytest.mark.parametrize(
    ("raw", "spans", "expected"),
    [
        ([1, 2, 3], [], [1, 2, 3]),
        (["OK", "QUEUED", "QUEUED", [1, 2]], [Span(0, 2)], [1, 2]),
        ([0, "OK", "QUEUED", [1], 2], [Span(1, 2)], [0, 1, 2]),
        (["OK", "QUEUED", [1], "OK", "QUEUED", [2], 3], [Span(0, 1), Span(1, 2)], [1, 2, 3]),
        ([0, "OK", "QUEUED"], [Span(1, 3)], [0]),
        ([0, "OK", "QUEUED", "QUEUED"], [Span(1, 3)], [0]),
        ([0], [Span(2, 3)], [0]),
        ([], [Span(0, 1)], []),
        (["OK", WRONG, "QUEUED", LACKING], [Span(0, 2)], [WRONG, LACKING]),
    ],
)
def test_unpacking(raw: list[Any], spans: list[Span], expected: list[Any]) -> None:
    assert unpack(raw, spans) == expected


@pytest.mark.parametrize(
    ("replies", "start"),
    [([1, 2, 3], 3), ([LACKING, 2, LACKING], 2), ([1, LACKING, LACKING], 1), ([LACKING] * 3, 0), ([LACKING, 1, 1], 3)],
)
def test_the_tail_that_was_not_run(replies: list[Any], start: int) -> None:
    assert unknown_tail([A, A, B], replies) == start
    assert unknown_tail([A, A, GET], [1, 2, LACKING]) == 3, "a user's own command"


class Somewhere(NamedTuple):
    address: str = "somewhere"
    runner: None = None


def entry(*effects: Effect, idempotent: bool = False, steps: int = 1) -> Entry:
    def op() -> Op[list[Any]]:
        replies: list[Any] = []
        for _ in range(steps):
            reply = yield effects
            replies.extend(reply)
        return replies

    begun = op()
    return Entry(begun, next(begun), None, idempotent, False, Deferred("op"), Somewhere(), None, None)


def batch(*entries: Entry) -> Batch:
    made = Batch(Somewhere(), list(entries))
    _ = made.spell(Known())
    return made


def test_an_entry_of_several_effects_gets_all_or_the_first_error() -> None:
    good, bad = entry(GET, GET), entry(GET, A, GET)
    assert batch(good, bad).took([b"1", b"2", b"3", WRONG, b"4"]) is None
    assert good.deferred.result == ["1", "2"]
    assert bad.deferred.error is WRONG


def test_a_cut_is_told_by_what_is_known() -> None:
    arrived, half, write, read, again = entry(GET), entry(GET, A), entry(A), entry(B), entry(A, idempotent=True)
    assert batch(arrived, half, write, read, again).took([b"1", b"2"], CUT) is None
    assert arrived.deferred.result == ["1"]
    kinds = [type(each.deferred.error) for each in (half, write, read, again)]
    assert kinds == [OutcomeUnknown, OutcomeUnknown, ConnectionLost, ConnectionLost]


def test_what_may_be_repeated_is_sent_again_whole() -> None:
    entries = entry(B), entry(A, idempotent=True), entry(GET)
    made = batch(*entries)
    assert made.took([1], CUT) == 0.0
    assert names(made.spell(Known())) == "EVAL:return 2 EVAL:return 1 GET"
    assert made.took([1, 2, None]) is None
    assert [each.deferred.result for each in entries] == [[1], [2], [None]]


def test_tries_come_to_an_end() -> None:
    read = entry(GET)
    made = batch(read)
    pauses = [made.took([], Failed(OSError("no route"), sent=False)) for _ in range(4)]
    assert pauses == [0.0, 0.05, 0.2, None]
    assert isinstance(read.deferred.error, ConnectionLost)


def test_an_interrupt_while_replies_are_taken_feeds_nobody_twice() -> None:
    def interrupted() -> Op[None]:
        yield (GET,)
        raise KeyboardInterrupt

    first, last, op = entry(GET), entry(GET), interrupted()
    middle = Entry(op, next(op), None, False, False, Deferred("op"), Somewhere(), None, None)
    made = batch(first, middle, last)
    with pytest.raises(KeyboardInterrupt):
        _ = made.took([b"1", b"2", b"3"])
    made.give_up([b"1", b"2", b"3"], KeyboardInterrupt())
    assert (first.deferred.result, last.deferred.result) == (["1"], ["3"])
    assert type(middle.deferred.error) is ConnectionLost


def test_rounds_go_on_with_those_that_ask_for_more() -> None:
    one, three, two = entry(GET), entry(GET, steps=3), entry(GET, steps=2)
    counts = []
    for batches in Rounds([one, three, two]):
        for each in batches:
            commands = each.spell(Known())
            counts.append(len(commands))
            assert each.took([b"x"] * len(commands)) is None
    assert counts == [3, 2, 1]
    assert three.deferred.result == ["x"] * 3


def test_what_is_known_goes_with_the_connection() -> None:
    class Connection:
        callback: Any = None

        def register_connect_callback(self, callback: Any) -> None:
            self.callback = callback

    connection, other = Connection(), Connection()
    known_of(connection).shas.add("aa")
    assert known_of(connection).shas == {"aa"}
    assert known_of(other).shas == set()
    connection.callback(connection)
    assert known_of(connection).shas == set()
