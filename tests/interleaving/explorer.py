"""The explorer: every order in which owners can be stepped, depth first; every world that comes of it, looked at once.

How many orders there are is counted, not gone through one by one: what can follow in a world does not depend on the way
that led there.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from redicts.core.paths import Path
from redicts.locks.acquiring import CHECK_SECONDS, GRACE_SECONDS, GRACES
from redicts.locks.entry import Entry, read_standings
from redicts.locks.rules import Free, Request, conflicts, decide
from tests.interleaving.events import moves
from tests.interleaving.owners import SPACE, simulated_clock
from tests.interleaving.world import DEAD, Cast, Move, Scenario, World

__all__ = ["Broken", "Report", "explore"]

LONGEST_MS = round((CHECK_SECONDS + GRACES * GRACE_SECONDS) * 1000) + 1
"""How long a lock may be free while one waits for it: what a lost wake-up costs at most."""


class Broken(AssertionError):
    """An invariant does not hold; the steps that lead there are in the text."""

    def __init__(self, what: str, trail: list[str]) -> None:
        super().__init__("\n  ".join([f"{what}, after:", *trail]))
        self.what = what


@dataclass
class Report:
    """What was explored.

    Attributes:
        worlds: How many different worlds.
        steps: How many steps between them.
        orders: How many orders of steps, from the beginning to an end.
        ends: How many worlds in which nothing can happen any more.
        checks: Worlds where a waiter needs time to pass to find that the lock is free, by the faults that came before.
        overtaken: How many steps in which a waiter got the lock before one that came to the line earlier.
        outcomes: What owners ended with, besides their locks, by how many ends.
        fences: How many steps gave a fence token that was not above all earlier ones that conflict.
    """

    worlds: int = 0
    steps: int = 0
    orders: int = 0
    ends: int = 0
    overtaken: int = 0
    fences: int = 0
    checks: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        checks = f", {sum(self.checks.values())} with a lost wake-up" if self.checks else ""
        return f"{self.orders:.3g} orders, {self.worlds} worlds, {self.steps} steps, {self.ends} ends{checks}"


def explore(scenario: Scenario, *, merge: bool = True, fenced: bool = True) -> Report:
    """Explore a scenario.

    Args:
        scenario: Who meets.
        merge: As for ``Automaton``.
        fenced: Whether fence tokens must grow; else those that do not are counted.

    Raises:
        Broken: An invariant does not hold.
    """
    limit, collects = sys.getrecursionlimit(), gc.isenabled()
    sys.setrecursionlimit(max(limit, 20_000))
    gc.disable()  # a great many small objects, hardly any of them garbage
    try:
        with simulated_clock() as clock:
            return _Exploration(Cast(scenario, clock, merge), fenced).run()
    finally:
        sys.setrecursionlimit(limit)
        if collects:
            gc.enable()


class _Exploration:
    def __init__(self, cast: Cast, fenced: bool) -> None:
        self.cast = cast
        self.fenced = fenced
        self.report = Report()
        self.orders: dict[Any, int] = {}
        self.trail: list[str] = []

    def run(self) -> Report:
        self.report.orders = self.visit(self.cast.first())
        self.report.worlds = len(self.orders)
        return self.report

    def visit(self, world: World) -> int:
        """Look at a world and at all that can come of it; count the orders that lead to an end."""
        key = world.key()
        known = self.orders.get(key)
        if known == 0:
            self.fail("going round in circles")
        if known is not None:
            return known
        self.orders[key] = 0
        self.look(world)
        following = moves(self.cast, world)
        for move in following:
            self.trail.append(move.label)
            self.look_at_step(world, move)
            self.orders[key] += self.visit_next(move, key)
            _ = self.trail.pop()
        if not following:
            self.look_at_end(world)
            self.orders[key] = 1
        self.report.steps += len(following)
        return self.orders[key]

    def visit_next(self, move: Move, key: Any) -> int:
        kept, self.orders[key] = self.orders[key], 0  # 0 while it is under way
        found = self.visit(move.world)
        self.orders[key] = kept
        return found

    def fail(self, what: str) -> None:
        raise Broken(what, self.trail)

    # -- what must hold ------------------------------------------------------------------------------------------

    def look(self, world: World) -> None:
        """Never two holders that conflict, whose guards would both pass; nobody believes more than is so."""
        store, trusted = world.store, not any(server != mono for server, mono in self.cast.scenario.jumps)
        alive: list[Request] = []
        for i in range(len(world.states)):
            seen = self.cast.seen(world, i)
            for held in seen.held if seen is not None else ():
                deadline = (store.peek(SPACE.locks(held.request.path).at) or {}).get(held.text)
                if deadline is not None and deadline > store.now_ms:
                    alive.append(held.request)
                elif trusted and held.valid_until * 1000 > world.mono_ms:
                    self.fail(f"{held.request.owner} believes to hold what it does not")
        for request in alive:
            for other in alive:
                if conflicts(request, Entry(other.shared, "", 0, other.owner, "", 0, other.path)):
                    self.fail(f"two holders: {request.owner} and {other.owner}")

    def look_at_step(self, world: World, move: Move) -> None:
        """First come, first served; fence tokens grow; a lost wake-up costs no more than the bound."""
        after = move.world
        if len(after.store.granted) > len(world.store.granted):
            self.look_at_grant(world, after)
        if move.label.endswith("ms pass"):
            ms = after.mono_ms - world.mono_ms
            free = [self.waits_for_free(world, i) for i in range(len(world.states))]
            after.idle_ms = tuple(
                [idle + ms if is_free else 0 for idle, is_free in zip(world.idle_ms, free, strict=True)]
            )
            if any(free):
                self.report.checks[" ".join(world.faults)] += 1
            if max(after.idle_ms) > LONGEST_MS:
                self.fail(f"a free lock was not taken for {max(after.idle_ms)} ms")
        elif any(after.idle_ms):
            waits = [self.waits_for_free(after, i) for i in range(len(after.states))]
            after.idle_ms = tuple([idle if wait else 0 for idle, wait in zip(after.idle_ms, waits, strict=True)])

    def waits_for_free(self, world: World, i: int) -> bool:
        """Whether an owner waits for what it could have."""
        seen = self.cast.seen(world, i)
        if seen is None or seen.request is None or world.blocking[i] is None:
            return False
        keys, found = SPACE.locks(seen.request.path), []
        for key in keys.around:
            zset = world.store.peek(key) or {}
            found += read_standings([text for pair in zset.items() for text in (pair[0], str(pair[1]))], key)
        return isinstance(decide(seen.request, found, world.store.now_ms), Free)

    def look_at_grant(self, world: World, after: World) -> None:
        text, fence = after.store.granted[-1]
        entry = Entry.read(text, "")
        own = Request(entry.path, entry.shared, entry.owner)
        for other, earlier in world.store.granted:
            if earlier >= fence and conflicts(own, Entry.read(other, "")):
                self.report.fences += 1
                if self.fenced:
                    self.fail(f"fence {fence} after {earlier}")
        i = [owner.name for owner in self.cast.scenario.owners].index(entry.owner)
        lines = [line for waiter, line in world.arrivals if waiter == i]
        for waiter, line in world.arrivals if lines and not own.shared else ():
            if waiter == i:
                break
            if line == lines[0] and self.wants(world, waiter) == own.path:
                self.report.overtaken += 1
                break

    def wants(self, world: World, i: int) -> Path | None:
        """What an owner waits for."""
        seen = self.cast.seen(world, i)
        return seen.request.path if seen is not None and seen.request is not None else None

    def look_at_end(self, world: World) -> None:
        """Nothing is left that does not expire at once; after a fault that nobody could clean up, with the lease."""
        lenient = len(world.faults) > 1 or any(fault.startswith(("die", "late")) for fault in world.faults)
        for i, state in enumerate(world.states):
            seen = self.cast.seen(world, i)
            if state != DEAD and (seen is None or seen.phase != "done"):
                self.fail("nobody goes on")
            outcomes = seen.outcomes if seen is not None else ("died",)
            self.report.outcomes.update(outcomes)
        lease_ms = max(owner.lease_ms for owner in self.cast.scenario.owners)
        limit = world.store.now_ms + (max(lease_ms, 1000) if lenient else 1000)
        for key in world.store.values:
            if key not in world.store.expiry:
                self.fail(f"{key} is left for ever")
            if world.store.expiry[key] > limit and not any(jump[0] < 0 for jump in self.cast.scenario.jumps):
                self.fail(f"{key} is left for {world.store.expiry[key] - world.store.now_ms} ms")
        self.report.ends += 1
