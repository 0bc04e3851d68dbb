"""Processes that kill themselves (SIGKILL) at one moment of taking and giving back a lock, and what is left of them.

Each case is one victim in a namespace of its own, with others who want the same lock. Runs in a process of its own,
since everything here forks.
"""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Callable
from typing import NamedTuple

from redicts import LockTimeout, Pool, Proxy
from tests.concurrency.forking import Forked, await_waiters
from tests.concurrency.steps import at_each_effect
from tests.concurrency.trees import Spot
from tests.support.waiting import wait_until

__all__ = ["LEASE", "SCENARIOS", "Death", "kill_at_every_effect"]

LEASE = 1.0
"""Seconds; the lease of all locks that victims take."""

AT_ONCE = 30
"""So many cases run side by side."""


class Scenario(NamedTuple):
    """What a victim does.

    Attributes:
        act: It, until the end.
        held: Whether another holds the lock first; a third one then waits behind the victim.
        freed: Whether that one releases while the victim waits, and not only after its death.
        missed: Whether others come after its death, who would take away what they find.
    """

    act: Callable[[Proxy], None]
    held: bool = False
    freed: bool = True
    missed: bool = True


class Death(NamedTuple):
    """One case.

    Attributes:
        name: The scenario and the moment.
        killed: Whether the victim was killed; else it came to its end before.
        locked_out: Seconds from its death until those who wanted the lock had got it, one after the other.
        left: Keys that were left when all was over.
    """

    name: str
    killed: bool
    locked_out: list[float]
    left: list[str]


def _take(place: Proxy) -> None:
    lease = place.acquire(expire_timeout=LEASE, acquire_timeout=20)
    lease.renew()
    lease.release()


def _share(place: Proxy) -> None:
    place.acquire(shared=True, expire_timeout=LEASE, acquire_timeout=20).release()


def _narrow(place: Proxy) -> None:
    outer = place.get("c").acquire(expire_timeout=LEASE, acquire_timeout=20)
    with place.get("c.d").acquire(expire_timeout=LEASE):
        outer.release()


def _crowd(place: Proxy) -> None:
    leases = [place.acquire(shared=True, expire_timeout=LEASE), place.get("c").acquire(expire_timeout=LEASE / 2)]
    leases += [place.parent.acquire(shared=True, expire_timeout=LEASE), place.acquire(expire_timeout=LEASE / 4)]
    leases[0].renew()
    for lease in leases[:3]:
        lease.release()


def _time_out(place: Proxy) -> None:
    try:
        place.acquire(acquire_timeout=0.3).release()
    except LockTimeout:
        return
    raise AssertionError("it was not free")


SCENARIOS: dict[str, Scenario] = {
    "free": Scenario(_take),
    "nobody comes": Scenario(_crowd, missed=False),
    "waited for": Scenario(_take, held=True),
    "shared, waited for": Scenario(_share, held=True),
    "below, waited for": Scenario(_narrow, held=True),
    "timed out": Scenario(_time_out, held=True, freed=False),
}


def kill_at_every_effect(url: str, moments: tuple[str, ...]) -> list[Death]:
    """Run every scenario once to its end, and once for each moment of each of its effects until then."""
    cases: list[tuple[str, int, str]] = []
    for name, effects in _all(url, [(name, -1, "") for name in SCENARIOS], _count):
        assert isinstance(effects, int)
        cases += [(name, number, moment) for number in range(effects) for moment in moments]
    return [death for _, death in _all(url, cases, _die) if isinstance(death, Death)]


def _all(
    url: str, cases: list[tuple[str, int, str]], run: Callable[[Spot, str, int, str], object]
) -> list[tuple[str, object]]:
    running: list[tuple[str, Forked]] = []
    done: list[tuple[str, object]] = []
    for case in cases:
        if len(running) == AT_ONCE:
            name, forked = running.pop(0)
            done.append((name, forked.result()))
        spot = Spot(url, f"k_{uuid.uuid4().hex[:12]}")
        running.append((case[0], Forked(lambda spot=spot, case=case: run(spot, *case))))  # type: ignore[misc]
    return done + [(name, forked.result()) for name, forked in running]


def _count(spot: Spot, name: str, number: int, moment: str) -> int:
    """Count the effects of a scenario that is not disturbed."""
    scenario, place = SCENARIOS[name], _open(spot)
    if scenario.held:
        holder = place.acquire()
        victim = Forked(lambda: _act(spot, scenario, -1, ""))
        await_waiters(Pool().get_connection(), spot.namespace, 1)
        if not scenario.freed:
            wait_until(victim.ended, what="the end of a timeout")
        holder.release()
    else:
        victim = Forked(lambda: _act(spot, scenario, -1, ""))
    effects = victim.result()
    assert isinstance(effects, int)
    return effects


def _open(spot: Spot) -> Proxy:
    place = spot.open(socket_timeout=20).get("a.b")
    place.exists()
    return place


def _act(spot: Spot, scenario: Scenario, number: int, moment: str) -> int:
    """Act, as the victim; give the number of effects, where it lives to tell it."""
    place, effects = _open(spot), 0

    def hook(now: int, when: str, kind: str) -> None:
        nonlocal effects
        effects = now + 1
        if (now, when) == (number, moment):
            os.kill(os.getpid(), signal.SIGKILL)

    with at_each_effect(hook):
        scenario.act(place)
    return effects


def _die(spot: Spot, name: str, number: int, moment: str) -> Death:
    """Have a victim die, see to what is left of it."""
    scenario, place = SCENARIOS[name], _open(spot)
    client = Pool().get_connection()
    holder = place.acquire() if scenario.held else None
    victim = Forked(lambda: _act(spot, scenario, number, moment))
    follower = None
    if holder is not None:
        await_waiters(client, spot.namespace, 1, unless=victim.ended)
        follower = Forked(lambda: _follow(spot))
        await_waiters(client, spot.namespace, 2, unless=victim.ended)
        await_waiters(client, spot.namespace, 1)
        if scenario.freed:
            holder.release()
    killed = victim.await_end() == signal.SIGKILL
    died = time.monotonic()
    if holder is not None and not scenario.freed:
        holder.release()
    locked_out = [0.0]
    if scenario.missed:
        place.acquire(acquire_timeout=20).release()
        locked_out = [time.monotonic() - died]
    if follower is not None:
        locked_out.append(follower.result() - died)
    deadline = time.monotonic() + LEASE + 5
    while (left := spot.all_keys()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return Death(f"{name}, effect {number} {moment}", killed, locked_out, left)


def _follow(spot: Spot) -> float:
    """Wait for the lock behind the victim; give the time when it was got."""
    with _open(spot).acquire(acquire_timeout=20):
        return time.monotonic()
