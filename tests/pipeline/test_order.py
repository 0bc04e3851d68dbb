"""The order is that of the calls, however blocks are nested and used in turns: against a list, by Hypothesis."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import redicts
from redicts import Deferred, NeverSent
from redicts.pipeline import Pipeline
from redicts.pool import Database


class Stop(Exception):
    pass


STEP = st.one_of(
    st.tuples(st.just("queue"), st.integers(0, 4)),  # in which of the open blocks
    st.tuples(st.just("open"), st.just(0)),
    st.tuples(st.just("leave"), st.just(0)),
    st.tuples(st.just("fail"), st.just(0)),
    st.tuples(st.just("execute"), st.integers(0, 4)),
)


class Player:
    """Plays steps on a pipeline, and the same with plain lists: what is queued in which blocks, sent, never sent."""

    def __init__(self) -> None:
        self.deferreds: dict[int, Deferred[Any]] = {}
        self.blocks: list[tuple[Pipeline, ExitStack, int]] = []
        self.begun = 0
        self.queued: list[tuple[int, tuple[int, ...]]] = []  # number, the blocks it is in
        self.sent: list[int] = []
        self.never: set[int] = set()
        self.open()

    def play(self, what: str, which: int) -> None:
        depth = which % len(self.blocks)
        if what == "queue":
            number = len(self.deferreds) + 1
            self.deferreds[number] = self.blocks[depth][0].command("RPUSH", "log", number)
            self.queued.append((number, tuple([block for _, _, block in self.blocks[: depth + 1]])))
        elif what == "open" and len(self.blocks) < 5:
            self.open()
        elif what == "execute":
            self.blocks[depth][0].execute()
            self.send()
        elif what in {"leave", "fail"} and len(self.blocks) > 1:
            self.end(Stop() if what == "fail" else None)

    def open(self) -> None:
        pipe = redicts.pipeline(self.blocks[-1][0] if self.blocks else None)
        stack = ExitStack()
        _ = stack.enter_context(pipe)
        self.begun += 1
        self.blocks.append((pipe, stack, self.begun))

    def end(self, error: Exception | None) -> None:
        _, stack, ended = self.blocks.pop()
        if error is None:
            stack.close()
        else:
            assert not stack.__exit__(type(error), error, None)
            self.never |= {number for number, blocks in self.queued if ended in blocks}
            self.queued = [each for each in self.queued if ended not in each[1]]

    def finish(self, error: Exception | None) -> None:
        while len(self.blocks) > 1:
            self.end(None)
        self.end(error)
        self.send()

    def send(self) -> None:
        self.sent += [number for number, _ in self.queued]
        self.queued = []


@settings(max_examples=150)
@given(steps=st.lists(STEP, max_size=25), fails=st.booleans())
def test_any_nesting_keeps_the_order_of_the_calls(fake: Database, steps: list[tuple[str, int]], fails: bool) -> None:
    fake.client.delete("log")
    player = Player()
    for what, which in steps:
        player.play(what, which)
    player.finish(Stop() if fails else None)

    assert [int(each) for each in fake.client.lrange("log", 0, -1)] == player.sent
    for number, deferred in player.deferreds.items():
        if number in player.never:
            assert isinstance(deferred.error, NeverSent)
        else:
            assert deferred.result == player.sent.index(number) + 1
