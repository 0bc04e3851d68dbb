"""Owners of locks as automata: the generators of the product, one step at a time, from any state they were ever in.

A generator cannot be copied, so an automaton remembers how it came to each of its states, and goes there again where it
has to. A state is what stands in the generators' frames (``frames.py``): two ways that lead to the same are one.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

import redicts.locks.acquiring as acquiring
import redicts.locks.keeping as keeping
from redicts.core.effects import Call, Conflict, Effect, Sleep
from redicts.core.keys import KeySpace
from redicts.errors import ConnectionLost, LockError, OutcomeUnknown
from redicts.locks.holding import Context, Holding
from redicts.locks.owners import process
from redicts.locks.rules import Request
from tests.interleaving.frames import snapshot

__all__ = ["END", "SPACE", "Automaton", "Clock", "Held", "Log", "Owner", "Seen", "program", "simulated_clock"]

SPACE = KeySpace("ns")
END: tuple[Effect, ...] = ()
"""What a program yields where an operation has ended: its runner gives back what it kept then."""


class Owner(NamedTuple):
    """Who takes which locks, and how often.

    Attributes:
        name: The owner.
        wants: What it takes, one inside of the other.
        later: What it takes from the second time on, where that is something else.
        works_ms: How long it works under the locks; 0 is one step of no duration.
    """

    name: str
    wants: tuple[Request, ...]
    timeout: float | None = None
    lease_ms: int = 30_000
    rounds: int = 1
    renews: int = 0
    later: tuple[Request, ...] = ()
    works_ms: int = 0


class Held(NamedTuple):
    """A lock that an owner believes to hold."""

    request: Request
    text: str
    fence: int
    valid_until: float


class Seen(NamedTuple):
    """What an owner does, seen from outside."""

    phase: str
    request: Request | None
    held: tuple[Held, ...]
    outcomes: tuple[str, ...]


class Log:
    """What an owner does, as it notes it itself."""

    def __init__(self) -> None:
        self.phase = "idle"
        self.request: Request | None = None
        self.held: list[Holding] = []
        self.outcomes: list[str] = []
        self.asked: tuple[Effect, ...] | None = None

    def seen(self) -> Seen:
        held = [Held(Request(h.path, h.shared, h.owner), h.text, h.fence, h.valid_until) for h in self.held]
        return Seen(self.phase, self.request, tuple(held), tuple(self.outcomes))


class Clock:
    """The monotonic clock that the product sees."""

    now_ms = 0

    def monotonic(self) -> float:
        return self.now_ms / 1000


@contextmanager
def simulated_clock() -> Generator[Clock, None, None]:
    """Let the product read a clock that is set by hand."""
    clock = Clock()
    with (
        patch("redicts.locks.acquiring.monotonic", clock.monotonic),
        patch("redicts.locks.keeping.monotonic", clock.monotonic),
        patch("redicts.locks.holding.time", clock),
    ):
        yield clock


class By:
    """A process, as ``acquire`` asks for it: the same nonces whatever the order."""

    host, pid = "host", 1

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0

    def number(self) -> str:
        self.count += 1
        return f"{self.name}:{self.count}"


def program(owner: Owner, log: Log, by: Any, space: KeySpace = SPACE) -> Generator[Any, Any, None]:
    """Take the locks, work, give them back. The work is one step."""
    context = Context(process(), owner.name)
    for number in range(owner.rounds):
        for request in (number and owner.later) or owner.wants:
            log.request, log.phase = request, "asking"
            grant = None
            try:
                grant = yield from acquiring.acquire(space, request, owner.lease_ms, owner.timeout, by)
            except (LockError, ConnectionLost, OutcomeUnknown, KeyboardInterrupt) as error:
                log.outcomes.append(type(error).__name__)
            log.request = None
            if grant is None:
                break
            keys = space.locks(request.path)
            holding = Holding(
                place="here",
                path=request.path,
                shared=request.shared,
                owner=owner.name,
                keys=keys,
                text=grant.text,
                fence=grant.fence,
                lease_ms=owner.lease_ms,
                valid_until=grant.valid_until,
                context=context,
            )
            process().add(holding)
            log.held.append(holding)
            log.phase = "holding"
            yield END
        else:
            log.phase = "working"
            try:
                yield (Sleep(owner.works_ms / 1000) if owner.works_ms else Call(("TIME",)),)
            except (KeyboardInterrupt, ConnectionLost) as error:
                log.outcomes.append(type(error).__name__)
        while log.held:
            log.phase = "releasing"
            holding = log.held.pop()
            try:
                yield from keeping.give_back(holding)
            except (LockError, OutcomeUnknown, KeyboardInterrupt) as error:
                log.outcomes.append(type(error).__name__)
                process().remove(holding)
            yield END
    log.phase = "done"


ERRORS: dict[str, Any] = {
    "Conflict": Conflict,
    "KeyboardInterrupt": KeyboardInterrupt,
    "OutcomeUnknown": lambda: OutcomeUnknown("cut", address="sim", commands=[]),
    "ConnectionLost": lambda: ConnectionLost("cut", address="sim"),
}


class State(NamedTuple):
    """A state of an automaton: what it asks for (``None``: no more), how it is seen, by which steps it got there."""

    asked: tuple[Effect, ...] | None
    seen: Seen
    steps: tuple[tuple[int, str, Any], ...]


class Automaton:
    """All states that an owner was in so far.

    Args:
        owner: Who.
        clock: Set to the time of each step before it is made.
        merge: Whether two ways to the same state of its frames are one; else each history is a state of its own.
    """

    def __init__(self, owner: Owner, clock: Clock, merge: bool = True) -> None:
        self.owner = owner
        self.clock = clock
        self.merge = merge
        self.states: list[State] = []
        self._ids: dict[Any, int] = {}
        self._after: dict[tuple[int, int, str, str], int] = {}
        self._live: dict[int, tuple[Any, Log, By]] = {}
        self.start = self._note(self._begin(), ())

    def step(self, state: int, now_ms: int, kind: str, what: Any) -> int:
        """Reply (``send``), or raise an error by its name (``throw``); give the state that it is in then."""
        known = (state, now_ms, kind, repr(what))
        if known not in self._after:
            steps = self.states[state].steps
            run = self._live.pop(state, None) or self._again(steps)
            self._make(run, now_ms, kind, what)
            self._after[known] = self._note(run, (*steps, (now_ms, kind, what)))
        return self._after[known]

    def _begin(self) -> tuple[Any, Log, By]:
        log, by = Log(), By(self.owner.name)
        run = (program(self.owner, log, by), log, by)
        self._make(run, 0, "send", None)
        return run

    def _again(self, steps: tuple[tuple[int, str, Any], ...]) -> tuple[Any, Log, By]:
        run = self._begin()
        for now_ms, kind, what in steps:
            self._make(run, now_ms, kind, what)
        return run

    def _make(self, run: tuple[Any, Log, By], now_ms: int, kind: str, what: Any) -> None:
        self.clock.now_ms = now_ms
        generator, log, _ = run
        try:
            log.asked = generator.throw(ERRORS[what]()) if kind == "throw" else generator.send(what)
        except StopIteration:
            log.asked = None

    def _note(self, run: tuple[Any, Log, By], steps: tuple[tuple[int, str, Any], ...]) -> int:
        generator, log, by = run
        asked = log.asked
        seen = log.seen()
        key: Any = (snapshot(generator, asked), repr(asked), seen, by.count) if self.merge else (repr(steps),)
        found = self._ids.get(key)
        if found is None:
            found = self._ids[key] = len(self.states)
            self.states.append(State(asked, seen, steps))
            self._live[found] = run
        return found
