"""Owners on a real server, stepped in a random order: one effect at a time, each on connections of its own."""

from __future__ import annotations

import random
from typing import Any

from redicts.core.effects import WAITING, Block, Call, Eval
from redicts.core.keys import KeySpace
from redicts.locks.entry import Entry
from redicts.locks.owners import process
from redicts.locks.reading import now_us
from redicts.locks.rules import Request, conflicts
from redicts.pool import Database
from redicts.runners.kept import Kept
from tests.interleaving.owners import Log, Owner, program

__all__ = ["PATIENCE", "Player", "Stage"]

PATIENCE = 20.0
"""Seconds within which a wake-up is there, however slow the machine."""


class Player:
    """An owner whose effects are carried out by pieces of the real runner."""

    def __init__(self, owner: Owner, database: Database) -> None:
        self.owner = owner
        self.runner: Any = database.runner
        self.space: KeySpace = database.space
        self.log = Log()
        self.program = program(owner, self.log, process(), self.space)
        self.kept = Kept(self.runner._pool)
        self.waits = False
        self.steps = 0
        self.go("send", None)

    @property
    def done(self) -> bool:
        """Whether it is through."""
        return self.log.asked is None

    def step(self, patience: float = 0.0) -> bool:
        """Carry out its effect; False where that is a wait that is not over."""
        effects: Any = self.log.asked
        effect = effects[0]
        try:
            if isinstance(effect, Block) and effect.args:
                reply = self.runner._alone((effect._replace(patience=patience),), self.kept)
                self.waits = reply is WAITING
                if self.waits:
                    return False
                replies: Any = (reply,)
            elif isinstance(effect, (Call, Eval)):
                replies = self.runner._batch(effects, False)
            else:
                replies = (self.runner._alone(effects, self.kept),)
        except Exception as error:  # noqa: BLE001  # to the program, as a runner does
            self.go("throw", error)
        else:
            self.go("send", replies)
        return True

    def go(self, kind: str, what: Any) -> None:
        """Let the program go on to its next effect."""
        self.steps += 1
        try:
            self.log.asked = self.program.throw(what) if kind == "throw" else self.program.send(what)
            while self.log.asked == ():
                self.close()
                self.log.asked = self.program.send(None)
        except StopIteration:
            self.log.asked = None
            self.close()

    def close(self) -> None:
        """Give back what the operation kept."""
        self.kept.close()
        self.kept, self.waits = Kept(self.runner._pool), False


class Stage:
    """Several players in a random order.

    Attributes:
        order: Who made each step.
    """

    def __init__(self, owners: tuple[Owner, ...], database: Database, chance: random.Random) -> None:
        self.database = database
        self.chance = chance
        self.players = [Player(owner, database) for owner in owners]
        self.order: list[str] = []

    def play(self) -> None:
        """Step them until all are through, and look after each step."""
        while any(not player.done for player in self.players):
            able = [player for player in self.players if not player.done and not player.waits]
            if able:
                player = self.chance.choice(able)
                self.order.append(player.owner.name)
                _ = player.step()
            else:
                self.wake_one()
            self.look()

    def wake_one(self) -> None:
        """All wait: one of them must have been woken."""
        waiting = [player for player in self.players if player.waits]
        for patience in (0.0, 0.05, PATIENCE):
            for player in self.chance.sample(waiting, len(waiting)):
                if player.step(patience if patience < PATIENCE else PATIENCE / len(waiting)):
                    self.order.append(player.owner.name)
                    return
        raise AssertionError(f"nobody was woken, after {' '.join(self.order)}")

    def look(self) -> None:
        """Never two holders that conflict, with entries that are alive."""
        held = [(holding.keys.at, holding) for player in self.players for holding in player.log.held]
        if len(held) < 2:
            return
        reads = [Call(("ZSCORE", at, holding.text)) for at, holding in held]
        *scores, time = self.database.runner._batch((*reads, Call(("TIME",))), True)
        now_ms = now_us(time) // 1000
        alive = [h for (_, h), score in zip(held, scores, strict=True) if score is not None and float(score) > now_ms]
        assert len(alive) == len(held), f"a lock is gone, after {' '.join(self.order)}"
        for one in alive:
            for other in alive:
                entry = Entry(other.shared, "", 0, other.owner, "", 0, other.path)
                assert not conflicts(Request(one.path, one.shared, one.owner), entry), " ".join(self.order)
