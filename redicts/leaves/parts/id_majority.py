"""How IDs are agreed on by a majority of masters: what is proposed to them, and what comes of it.

May import core and its neighbours. See ``majority_ids`` for why nothing is given twice. Invariant: a reply counts for
the proposal that it answers, and for no other.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Sequence
from functools import partial
from math import isfinite
from random import random
from time import monotonic
from typing import Any, Final

from redicts.core.effects import WAITING, Argument, Eval, Everywhere, Op, Refused, Sleep
from redicts.core.place import Guard, Place
from redicts.core.scripts import load
from redicts.core.several import Masters, answered, failed, failures, quorum
from redicts.errors import QuorumIsImpossible, QuorumNotAchieved
from redicts.leaves.leaf import PACKAGE
from redicts.leaves.parts.each_master import at_each
from redicts.leaves.parts.id_line import Line, Ticket, Turn, line_of
from redicts.leaves.parts.id_source import MOST, IdSource

__all__ = ["MajoritySource", "listed"]

LONGEST_PAUSE: Final = 0.01
"""Seconds between two proposals, at most: who waits for long falls behind those who go on."""


class MajoritySource(IdSource):
    """A place that gives IDs, at several masters.

    Args:
        place: The place, in each of them; of any face but the queued one.
        masters: The masters: names of the ``Pool`` or clients.
        block: How many IDs are fetched at a time.
        timeout: Seconds after which no more is proposed; 0 for one try.
        master_timeout: Seconds after which a master is given up, for this time.

    Raises:
        PathError: The place is the root.
        ConfigError: There are no masters, or one twice, or one that cannot be used.
        TypeError: An argument is no number.
        ValueError: An argument is out of range.
    """

    __slots__ = ("_line", "_master_timeout", "_masters", "_timeout")

    def __init__(
        self, place: Place, masters: Sequence[object], block: int, timeout: float, master_timeout: float
    ) -> None:
        super().__init__(place, block)
        self._timeout = seconds_of(timeout, "timeout")
        self._master_timeout = seconds_of(master_timeout, "master_timeout")
        if self._master_timeout == 0:
            raise ValueError("master_timeout is above 0: in no time no master answers")
        self._masters: Masters = place._masters(masters)
        self._line: Line | None = None

    def _where_fetched(self) -> object:
        return self._masters.spaces

    def _fetch_guards(self) -> tuple[Guard, ...] | None:
        return None  # locks of the tree are kept by one database, and prove nothing to several

    def _fetch(self, count: int, guards: tuple[Guard, ...] | None = None) -> Op[range]:  # noqa: ARG002  # there are none
        until = monotonic() + self._timeout
        line = self._own_line()
        ticket = line.enter(count)
        try:
            turn: Any = Turn(line, ticket, self._timeout + self._master_timeout)
            _ = yield (turn,)
            if ticket.leads:
                yield from self._lead(line, ticket, until)
            if ticket.error is not None:
                raise ticket.error
            if ticket.ids is None:
                raise self._too_late(line)
            return ticket.ids
        finally:
            line.leave(ticket)

    def _lead(self, line: Line, ticket: Ticket, until: float) -> Op[None]:
        """Propose IDs for all that wait, until a majority accepts some."""
        tries = 0
        while True:
            chosen = line.propose(ticket, _jump(tries), MOST)
            if chosen is None:
                raise self._spent()
            tickets, ids = chosen
            began = monotonic()
            asked = self._at_each("ids_accept", str(ids[0]), str(ids[-1]))
            need = quorum(len(asked))
            (outcomes,) = yield (Everywhere(asked, self._master_timeout, partial(_decided, need, line.suspects)),)
            line.note(ids, outcomes)
            if outcomes.count("") >= need:
                return line.serve(tickets, ids)
            if failures(outcomes) > len(asked) - need:
                return line.fail(tickets, partial(self._impossible, outcomes))
            # The first time it had not seen what others took; only then is it against them.
            tries += 1
            if tries > 1:
                line.reasons = self._reasons(outcomes)
                now = monotonic()
                if now >= until:
                    return None
                _ = yield (Sleep(min(random() * (now - began), LONGEST_PAUSE)),)

    def _own_line(self) -> Line:
        self._line = line_of(self._loop(), (self._place._path, self._masters.spaces), self._line)
        return self._line

    def _loop(self) -> AbstractEventLoop | None:
        """Give the event loop whose tasks use it; ``None``: threads do."""
        raise NotImplementedError

    # ---- asking

    def _at_each(self, script: str, *args: Argument) -> tuple[Eval, ...]:
        """Make what each master is asked."""
        return at_each(self._masters, self._place._path, self._marker, load(PACKAGE, script), *args)

    def _greatest(self) -> Op[int]:
        line = self._own_line()
        greatest = max(map(self._read_id, (yield from self._ask(self._at_each("read", "GET")))))
        line.learn(greatest)
        return greatest

    def _ask(self, asked: tuple[Eval, ...]) -> Op[list[Any]]:
        """Ask all masters; a majority of them must answer."""
        need = quorum(len(asked))
        (outcomes,) = yield (Everywhere(asked, self._master_timeout, partial(_answered, need)),)
        replies = answered(outcomes)
        if len(replies) < need:
            raise self._impossible(outcomes)
        return replies

    # ---- saying what is wrong

    def _reasons(self, outcomes: Sequence[Any]) -> dict[str, str]:
        """Say of each master why what was proposed was not accepted there."""
        names = self._masters.names
        shown = [self._refusal(each) if isinstance(each, Refused) else each for each in outcomes]
        taken = {
            name: f"{each} was taken there"
            for name, each in zip(names, outcomes, strict=True)
            if isinstance(each, str) and each
        }
        return {**failed(shown, names), **taken}

    def _impossible(self, outcomes: Sequence[Any]) -> Exception:
        count = len(outcomes)
        refused = [each for each in outcomes if isinstance(each, Refused)]
        if len(refused) > count - quorum(count):
            return self._refusal(refused[0])
        why = {name: each for name, each in self._reasons(outcomes).items() if not each.endswith("was taken there")}
        return QuorumIsImpossible(
            f"no majority of the {count} masters can be had for {self.key()!r}, which needs {quorum(count)}: "
            f"{listed(why)}. No ID was given; ask again when they are back",
            path=self.key(),
            masters=why,
        )

    def _too_late(self, line: Line) -> QuorumNotAchieved:
        why = f" ({listed(line.reasons)})" if line.reasons else ""
        return QuorumNotAchieved(
            f"no ID for {self.key()!r} within {self._timeout} s: others were faster every time{why}. Ask again, with a "
            "longer timeout, or for blocks",
            path=self.key(),
            masters=dict(line.reasons),
        )


def seconds_of(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{what} is a number of seconds, not {value!r}")
    if not (isfinite(value) and value >= 0):
        raise ValueError(f"{what} is a number of seconds, not negative and not without end, but it is {value!r}")
    return float(value)


def _jump(tries: int) -> int:
    """Choose how many times what is asked for to pass over.

    Of several who propose at once, the highest is accepted wherever it comes. So who was outbid twice goes ahead of the
    others, the further the more often: they take IDs while its proposal is on its way.
    """
    return 0 if tries < 2 else int(random() * tries * tries)


def _decided(need: int, suspects: frozenset[int], outcomes: Sequence[Any]) -> bool:
    """Tell whether a proposal has come to its end: a majority accepted it, or none can.

    Where one has refused it, those that failed the last time are not waited for, if the others are a majority:
    something higher is proposed instead.
    """
    accepted = refused = waiting = hoped = 0
    for at, each in enumerate(outcomes):
        if each is WAITING:
            waiting += 1
            hoped += at not in suspects
        elif each == "":
            accepted += 1
        elif isinstance(each, str):
            refused += 1
    if accepted >= need or accepted + waiting < need:
        return True
    return refused > 0 and accepted + hoped < need <= accepted + hoped + refused


def _answered(need: int, outcomes: Sequence[Any]) -> bool:
    return len(answered(outcomes)) >= need or len(outcomes) - failures(outcomes) < need


def listed(why: dict[str, str]) -> str:
    """Spell which masters failed and why, shortly; the whole is in the error's ``masters``."""
    return "; ".join(f"{name}: {reason.partition('; ')[0]}" for name, reason in why.items())
