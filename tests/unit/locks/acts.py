"""Locks stepped by hand: what the server would answer is made up here, and the clock stands still."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from redicts.core.effects import Block, Call, Commit, Effect, Eval, Watch
from redicts.core.keys import KeySpace
from redicts.core.paths import parse
from redicts.locks import acquiring, holding, keeping, schedule
from redicts.locks.acquiring import acquire
from redicts.locks.entry import Entry, Standing
from redicts.locks.holding import Holding
from redicts.locks.owners import Process, current
from redicts.locks.rules import Request
from tests.support.stepping import Step

__all__ = ["BY", "NOW", "SPACE", "Act", "Clock", "acquiring_act", "held", "read", "script_of", "standing"]

SPACE = KeySpace("ns")
NOW_US = 1_700_000_000_123_456
NOW = NOW_US // 1000
"""The server's time, in ms."""

BY = Process()


class Clock:
    """The monotonic clock, set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        for module in (acquiring, keeping, schedule):
            monkeypatch.setattr(module, "monotonic", self)
        monkeypatch.setattr(holding, "time", SimpleNamespace(monotonic=self))

    def __call__(self) -> float:
        return self.now


class Act(Step):
    """An operation under way that can be interrupted, too."""

    def interrupt(self, error: BaseException) -> Act:
        """Throw anything into it."""
        self._go(lambda: self.op.throw(error))
        return self

    @property
    def one(self) -> Effect:
        """The one effect that it asks for."""
        (effect,) = self.asked
        return effect

    @property
    def block(self) -> Block:
        """The blocking command that it asks for."""
        assert isinstance(self.one, Block), self.asked
        return self.one

    @property
    def hold(self) -> Eval:
        """The script that it enters a lock with."""
        assert isinstance(self.one, Commit), self.asked
        (effect,) = self.one.writes
        assert isinstance(effect, Eval)
        assert effect.script.name == "hold"
        return effect

    def look(self, *found: Standing, now_us: int = NOW_US) -> Act:
        """Answer the read of what stands in the way."""
        assert isinstance(self.one, Watch), self.asked
        _ = self.reply(read(*found, now_us=now_us))
        return self

    def blocked(self, *found: Standing) -> Act:
        """Answer that somebody is in the way; what it asked for next is what it waits by."""
        _ = self.look(*found)
        assert self.one == Commit(())
        _ = self.reply([])
        return self

    def granted(self, fence: str = "77") -> Act:
        """Answer that the lock was entered."""
        assert self.hold
        _ = self.reply([fence])
        return self


def acquiring_act(
    path: str = "a.b", *, shared: bool = False, owner: str = "me", lease_ms: int = 30_000, timeout: float | None = 10.0
) -> Act:
    """Begin to acquire."""
    return Act(acquire(SPACE, Request(parse(path), shared, owner), lease_ms, timeout, BY))


def standing(path: str, owner: str = "eve", *, shared: bool = False, left: int = 5000, nonce: str = "e:1") -> Standing:
    """An entry that is found, with so many ms left."""
    entry = Entry(shared, nonce, NOW - 100, owner, "far", 5, parse(path))
    return Standing(entry, NOW + left, entry.text(SPACE.locks(entry.path).tail))


def read(*found: Standing, now_us: int = NOW_US) -> list[Any]:
    """The replies to the read of what stands in the way."""
    pairs = [text for each in found for text in (each.text, str(each.deadline_ms))]
    return [pairs, [str(now_us // 1_000_000), str(now_us % 1_000_000)]]


def script_of(effect: Effect) -> str:
    """The name of a script that is asked for; of a command, the command."""
    if isinstance(effect, Eval):
        return effect.script.name
    return str(effect.args[0]) if isinstance(effect, Call) else type(effect).__name__


def now() -> float:
    """The monotonic time, or the clock's that stands for it."""
    moment: float = vars(keeping)["monotonic"]()
    return moment


def held(path: str = "a.b", *, owner: str | None = None, lease_ms: int = 30_000, nonce: str = "n:1") -> Holding:
    """A lock that this thread has acquired; it is not noted with the process."""
    keys, context = SPACE.locks(parse(path)), current()
    who = context.owner if owner is None else owner
    return Holding(
        place="db",
        path=parse(path),
        shared=False,
        owner=who,
        keys=keys,
        text=Entry(False, nonce, NOW, who, "here", 1, parse(path)).text(keys.tail),
        fence=7,
        lease_ms=lease_ms,
        valid_until=now() + lease_ms / 1000,
        context=context,
    )
