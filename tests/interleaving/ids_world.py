"""Processes that ask masters for IDs, stepped against each other: the operations are real, the masters numbers.

What was asked of a master may be carried out at any time, or never; its reply may come or be lost; and what was given
up may be carried out late. After every step: no ID is given twice, and each is greater than those that had been given
when it was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from unittest.mock import patch

from redicts.core.effects import WAITING, Everywhere, Sleep
from redicts.core.keys import KeySpace
from redicts.core.place import Place
from redicts.errors import ConnectionLost, QuorumNotAchieved
from redicts.leaves.majority_ids import MajorityIdsOperations
from redicts.leaves.parts import id_majority
from redicts.leaves.parts.id_line import Turn

__all__ = ["Broken", "Given", "Move", "Scenario", "World", "accepts", "no_luck"]

Accepts = Callable[[int, int], bool]


class Broken(AssertionError):
    """An invariant does not hold; the moves that lead there are in the text."""


def accepts(current: int, first: int) -> bool:
    """The rule of a master: what ``ids_accept.lua`` does."""
    return current < first


class Move(NamedTuple):
    """Something that may happen.

    Attributes:
        what: ``do``: a master carries out what it was asked, and its reply comes; ``mute``: it does, and the reply is
            lost (it is asked again); ``fail``: there is no reply; ``late``: it carries out what was given up;
            ``forget``: it is started again, and remembers nothing.
        who: The process, or (late) which of all that was given up.
        master: Which one.
    """

    what: str
    who: int
    master: int


@dataclass(frozen=True)
class Scenario:
    """Who meets.

    Attributes:
        wants: For each process how many IDs it asks for, one time after another.
        masters: How many.
        fails: How often there is no reply, at most.
        mutes: How often a reply is lost, at most.
        forgets: How often a master forgets, at most.
        rounds: After how many proposals a process is killed.
        accepts: The rule of the masters.
    """

    wants: tuple[tuple[int, ...], ...]
    masters: int = 3
    fails: int = 0
    mutes: int = 0
    forgets: int = 0
    rounds: int = 4
    accepts: Accepts = accepts


class Given(NamedTuple):
    """IDs that were given, and how many had been given when they were asked for."""

    ids: range
    asked: int


class _Ids(MajorityIdsOperations):
    __slots__ = ()

    def _loop(self) -> None:
        return None


class _Place(Place):
    """A place of a process: its masters have key spaces of its own, so it has a line of its own."""

    __slots__ = ("masters",)

    def __init__(self, masters: int) -> None:
        self._path = ("a", "ids")
        self.masters = tuple(KeySpace() for _ in range(masters))

    def _masters(self, masters: object) -> Any:  # they are these
        class Masters:
            names = tuple(f"m{at}" for at in range(len(self.masters)))
            spaces = self.masters

        return Masters()


@dataclass
class _Process:
    ids: _Ids
    wants: list[int]
    op: Any = None
    asked: int = 0
    effect: Any = None
    outcomes: list[Any] = field(default_factory=list)
    proposal: range = range(0)
    rounds: int = 0


class World:
    """What there is: masters, processes, what is under way, what was given."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.masters = [0] * scenario.masters
        self.late: list[tuple[int, range]] = []
        self.given: list[Given] = []
        self.left = {"fail": scenario.fails, "mute": scenario.mutes, "forget": scenario.forgets}
        self.ended = {"killed": 0, "no quorum": 0}
        self.processes = [
            _Process(_Ids(_Place(scenario.masters), [], 1, 1e9, 1), list(wants)) for wants in scenario.wants
        ]
        for process in self.processes:
            self._begin(process)

    def moves(self) -> list[Move]:
        """What may happen now."""
        found: list[Move] = []
        for who, process in enumerate(self.processes):
            for master, outcome in enumerate(process.outcomes):
                if outcome is WAITING and process.effect is not None:
                    found += [Move(what, who, master) for what in ("do", "fail", "mute") if self.left.get(what, 1)]
        found += [Move("late", at, master) for at, (master, _) in enumerate(self.late)]
        if self.left["forget"]:
            found += [Move("forget", 0, master) for master, last in enumerate(self.masters) if last]
        return found

    def do(self, move: Move) -> None:
        """Have it happen."""
        what, who, master = move
        if what in self.left:
            self.left[what] -= 1
        if what == "late":
            _, ids = self.late.pop(who)
            _ = self._carry_out(master, ids)
        elif what == "forget":
            self.masters[master] = 0
        else:
            process = self.processes[who]
            if what == "fail":
                process.outcomes[master] = ConnectionLost("no answer", address="")
                self.late.append((master, process.proposal))
            else:
                reply = self._carry_out(master, process.proposal)
                if what == "do":
                    process.outcomes[master] = reply
            if process.effect.enough(process.outcomes):
                self._go_on(process)

    def state(self) -> Any:
        """What can follow depends on this, and on nothing else."""
        return (
            tuple(self.masters),
            tuple(sorted((master, ids.start, ids.stop) for master, ids in self.late)),
            tuple(self.left.values()),
            tuple(
                (
                    len(each.wants),
                    each.effect is None,
                    (each.proposal.start, each.proposal.stop),
                    tuple([known if isinstance(known, str) else type(known).__name__ for known in each.outcomes]),
                    each.rounds,
                    each.asked,
                    None if each.ids._line is None else (each.ids._line.seen, each.ids._line.suspects),
                )
                for each in self.processes
            ),
            tuple((given.ids.start, given.ids.stop) for given in self.given),
        )

    def _carry_out(self, master: int, ids: range) -> str:
        current = self.masters[master]
        if not self.scenario.accepts(current, ids[0]):
            return str(current)
        self.masters[master] = ids[-1]
        return ""

    def _begin(self, process: _Process) -> None:
        process.effect, process.rounds = None, 0
        if process.wants:
            process.op = process.ids._fetch(process.wants.pop(0))
            process.asked = len(self.given)
            self._step(process, None)

    def _go_on(self, process: _Process) -> None:
        """Its proposal has come to its end; what is under way still may be carried out late."""
        for master, outcome in enumerate(process.outcomes):
            if outcome is WAITING:
                self.late.append((master, process.proposal))
        outcomes, process.outcomes = process.outcomes, []
        self._step(process, (outcomes,))

    def _step(self, process: _Process, reply: Any) -> None:
        try:
            effect = process.op.send(reply)[0]
            while not isinstance(effect, Everywhere):
                if isinstance(effect, Turn):
                    effect.line.wait(effect.ticket, 0)
                else:
                    assert isinstance(effect, Sleep)
                effect = process.op.send((None,))[0]
        except StopIteration as stop:
            self._note(Given(stop.value, process.asked))
            self._begin(process)
        except QuorumNotAchieved:
            self.ended["no quorum"] += 1
            self._begin(process)
        else:
            process.rounds += 1
            if process.rounds > self.scenario.rounds:
                self.ended["killed"] += 1
                process.op.close()
                process.wants, process.effect = [], None
                return
            process.effect = effect
            process.outcomes = [WAITING] * len(self.masters)
            asked: Any = effect.asked[0]
            first, last = (int(text) for text in asked.args[-2:])
            process.proposal = range(first, last + 1)

    def _note(self, given: Given) -> None:
        for at, other in enumerate(self.given):
            if given.ids[0] <= other.ids[-1] and (at < given.asked or given.ids[-1] >= other.ids[0]):
                raise Broken(f"{given.ids} was given after {other.ids}")
        self.given.append(given)


@contextmanager
def no_luck() -> Iterator[None]:
    """Have nobody jump ahead: so they meet at the same IDs."""
    with patch.object(id_majority, "random", lambda: 0.0):
        yield
