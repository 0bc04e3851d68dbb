"""A world: owners, the store they work on, time. What can happen in it is in ``steps.py`` and ``events.py``.

Everything of it is compared and hashed, so that no world is looked at twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, NamedTuple

import tests.interleaving.scripts  # noqa: F401  # pyright: ignore[reportUnusedImport]  # the store has them from there
from redicts.core.effects import Block, Call, Effect, Eval
from tests.interleaving.owners import END, Automaton, Clock, Held, Owner, Seen
from tests.interleaving.store import START_US, Store

__all__ = [
    "DEAD",
    "FAULTS",
    "LATE",
    "NOT_ASKED",
    "Blocking",
    "Cast",
    "Move",
    "Renewing",
    "Scenario",
    "World",
    "in_ms",
    "replaced",
]

DEAD = -1
LATE = 100
"""The connections of transactions that are carried out late have numbers from here on."""

NOT_ASKED = 10**12
"""As the end of patience, while an owner does something else than waiting on."""

FAULTS = ("die", "interrupt", "unknown", "late", "lost")


@dataclass(frozen=True)
class Scenario:
    """Who meets, and what may go wrong.

    Attributes:
        owners: Who takes what.
        faults: Which kinds of faults may happen, to any owner in any state.
        budget: How many of them, at most.
        jumps: Jumps of time, (ms of the server's clock, ms of the owners'), each at any moment, in this order.
        start_us: The server's time at first.
        tick_us: As for ``Store``; 0 keeps the number of worlds small.
        eager: As for ``Store``.
        store: Whose scripts are the seeded bug, in mutation tests.
    """

    owners: tuple[Owner, ...]
    faults: tuple[str, ...] = ()
    budget: int = 1
    jumps: tuple[tuple[int, int], ...] = ()
    start_us: int = START_US
    tick_us: int = 0
    eager: bool = True
    store: type[Store] = Store


class Blocking(NamedTuple):
    """A blocking command that was sent: its arguments, until when, until when its owner is patient."""

    args: tuple[Any, ...]
    end_ms: int
    patience_ms: int


class Renewing(NamedTuple):
    """A renewal that was sent and has not arrived."""

    owner: int
    held: Held
    sent_ms: int


class World:
    """One state of everything.

    Attributes:
        store: The server.
        mono_ms: The clock of the owners.
        states: By owner: the state of its automaton, or ``DEAD``.
        blocking: By owner: the blocking command that it keeps.
        left: How many faults may still happen.
        faults: Those that happened, as ``kind effect``.
        jumped: How many of the jumps of time were made.
        late: Writes of transactions that may be carried out late, by client.
        renewing: Renewals under way.
        renewals: By owner: how many more it may send.
        arrivals: Who came to which line, since it began to wait for what it waits for now, the first one first.
        idle_ms: By owner: for how long it waited for a lock that was free, while nobody had anything to do.
    """

    __slots__ = (
        "arrivals",
        "blocking",
        "faults",
        "idle_ms",
        "jumped",
        "late",
        "left",
        "mono_ms",
        "renewals",
        "renewing",
        "states",
        "store",
    )

    store: Store
    mono_ms: int
    states: tuple[int, ...]
    blocking: tuple[Blocking | None, ...]
    left: int
    faults: tuple[str, ...]
    jumped: int
    late: tuple[tuple[int, tuple[Call | Eval, ...]], ...]
    renewing: tuple[Renewing, ...]
    renewals: tuple[int, ...]
    arrivals: tuple[tuple[int, str], ...]
    idle_ms: tuple[int, ...]

    def clone(self) -> World:
        other = World()
        for name in self.__slots__:
            setattr(other, name, getattr(self, name))
        other.store = self.store.clone()
        return other

    def key(self) -> tuple[Any, ...]:
        late = tuple([client for client, _ in self.late])
        own = (self.states, self.blocking, self.faults, self.jumped, late, self.renewing, self.renewals)
        return (self.store.frozen(), self.mono_ms, self.left, *own, self.arrivals, self.idle_ms)


class Move(NamedTuple):
    """What may happen next: what it is called, and what is then."""

    label: str
    world: World


class Cast:
    """The owners of a scenario as automata, and the beginning."""

    def __init__(self, scenario: Scenario, clock: Clock, merge: bool = True) -> None:
        self.scenario = scenario
        self.clock = clock
        self.automata = [Automaton(owner, clock, merge) for owner in scenario.owners]

    def first(self) -> World:
        count, world = len(self.automata), World()
        world.store = self.scenario.store(self.scenario.start_us)
        world.store.eager, world.store.tick_us = self.scenario.eager, self.scenario.tick_us
        world.mono_ms, world.jumped, world.faults = 0, 0, ()
        world.left = self.scenario.budget if self.scenario.faults else 0
        world.states, world.blocking = tuple([a.start for a in self.automata]), (None,) * count
        world.late, world.renewing, world.arrivals, world.idle_ms = (), (), (), (0,) * count
        world.renewals = tuple([owner.renews for owner in self.scenario.owners])
        return world

    def seen(self, world: World, i: int) -> Seen | None:
        """What owner ``i`` does; ``None`` where it is dead."""
        state = world.states[i]
        return None if state == DEAD else self.automata[i].states[state].seen

    def asked(self, world: World, i: int) -> Effect | None:
        """What owner ``i`` asks for; ``None`` where it is through, or dead."""
        state = world.states[i]
        effects = None if state == DEAD else self.automata[i].states[state].asked
        return None if effects is None else effects[0]

    def tell(self, world: World, i: int, kind: str, what: Any) -> World:
        """Reply to owner ``i``, or raise in it, and let its runner clean up where an operation ended."""
        automaton = self.automata[i]
        before = automaton.states[world.states[i]].seen
        state = automaton.step(world.states[i], world.mono_ms, kind, what)
        while automaton.states[state].asked == END:
            world.store.close(i)
            world.blocking = replaced(world.blocking, i, None)
            state = automaton.step(state, world.mono_ms, "send", None)
        world.states = replaced(world.states, i, state)
        after, kept = automaton.states[state], world.blocking[i]
        if after.asked is None:
            world.store.close(i)
            world.blocking = replaced(world.blocking, i, None)
        elif kept is not None and kept.patience_ms == NOT_ASKED:
            again = after.asked[0]
            if isinstance(again, Block) and again.args == kept.args:
                patience_ms = world.mono_ms + in_ms(again.patience or again.timeout)
                world.blocking = replaced(world.blocking, i, kept._replace(patience_ms=patience_ms))
        if after.seen.request != before.request:
            world.arrivals = tuple([arrival for arrival in world.arrivals if arrival[0] != i])
        return world


def in_ms(seconds: float) -> int:
    return max(1, ceil(seconds * 1000))


def replaced(values: tuple[Any, ...], i: int, value: Any) -> tuple[Any, ...]:
    """Replace one of several values."""
    return (*values[:i], value, *values[i + 1 :])
