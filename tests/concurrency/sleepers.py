"""Holders of a lock that are stopped (SIGSTOP) past its lease while a rival works, and then go on as if nothing was.

Runs in a process of its own, since everything here forks.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from redicts import LockLost, NotOwner, Proxy
from tests.concurrency.forking import Forked
from tests.concurrency.trees import Spot
from tests.support.waiting import wait_until

__all__ = ["WRITES", "Slept", "count_up_and_sleep", "sleep_and_write"]

LEASE = 0.04
"""Seconds; the lease of those that are stopped."""

VARIANTS = ("taken", "taken and left", "run out", "shared, run out")
"""What has become of the lock when the holder goes on. Where it is shared, another's is alive beside its own."""

WRITES: dict[str, Callable[[Proxy], object]] = {
    "set": lambda place: place.set("n", -1),
    "set a node": lambda place: place.set("doc", {"x": -1}),
    "set itself": lambda place: place.set((), {"gone": -1}),
    "setdefault": lambda place: place.setdefault("new", -1),
    "update": lambda place: place.update({"doc.x": -1, "n": -1}),
    "delete": lambda place: place.delete("doc.x"),
    "delete itself": lambda place: place.delete(()),
    "clear": lambda place: place.get("doc").clear(),
    "pop": lambda place: place.pop("n"),
    "expire": lambda place: place.get("doc").expire(0.001),
    "persist": lambda place: place.get("brief").persist(),
    "add": lambda place: place.get("n").add(1),
    "compare_and_set": lambda place: place.get("n").compare_and_set(place.get("n").val(), -1),
    "transform": lambda place: place.get("doc").transform(lambda old: {**old, "x": -1}),
    "[]=": lambda place: place.__setitem__("n", -1),
    "del []": lambda place: place.__delitem__("doc"),
}
"""Every way to write; each would change what ``_state`` gives."""


class Slept(NamedTuple):
    """What came of it.

    Attributes:
        rounds: How often a holder was stopped, a rival worked, and the holder went on.
        refused: How many of its writes were refused.
        faults: What should not be.
    """

    rounds: int
    refused: Counter[str]
    faults: list[str]


def _variant(number: int) -> str:
    return VARIANTS[(number + number // len(WRITES)) % len(VARIANTS)]


def _where(path: str, number: int) -> Proxy:
    """The lock covers the place, or lies above it; through one handle or another."""
    return Proxy(path if number % 3 else "accounts")


def _state(number: int) -> dict[str, Any]:
    return {"n": number, "doc": {"x": number, "y": {"z": [number]}}, "brief": number}


def sleep_and_write(spot: Spot, rounds: int) -> Slept:
    """Have a holder sleep through its lease and then write, each time in another way."""
    spot.open(socket_timeout=60)
    path = "accounts.one"
    names = [list(WRITES)[number % len(WRITES)] for number in range(rounds)]
    sleeper = Forked(lambda: _sleeper(path, names), hang_seconds=900)
    refused: Counter[str] = Counter()
    faults: list[str] = []
    place = Proxy(path)
    for number, name in enumerate(names):
        assert sleeper.await_stop(), "it holds the lock, and is stopped"
        # The rival may be through already, or still be at it, when the other wakes up; or nobody took the lock.
        variant = _variant(number)
        lease = None
        if variant != "run out":
            where = _where(path, number) if "shared" in variant else place
            lease = where.acquire("shared" in variant, acquire_timeout=20, expire_timeout=20)
        expected = _state(number + 1)
        place.set((), expected)
        place.get("brief").expire(1000)
        if variant.endswith("run out"):
            others = 0 if lease is None else 1
            wait_until(lambda others=others: len(place.holders()) == others, what="the end of the lease")  # type: ignore[misc]
        elif lease is not None and variant == "taken and left":
            lease.release()
        os.kill(sleeper.pid, signal.SIGCONT)
        assert sleeper.await_stop(), "it has tried to write"
        if (found := place.val()) != expected or not 900 < place.get("brief").time_to_live() <= 1000:
            faults.append(f"{name}, {variant}: {found} instead of {expected}")
        if lease is not None and variant != "taken and left":
            lease.release()
        os.kill(sleeper.pid, signal.SIGCONT)
    for name, outcome in sleeper.result():
        if outcome == "refused":
            refused[name] += 1
        else:
            faults.append(f"{name}: {outcome}")
    return Slept(rounds, refused, faults)


def _sleeper(path: str, names: list[str]) -> list[tuple[str, str]]:
    outcomes: list[tuple[str, str]] = []
    for number, name in enumerate(names):
        shared = "shared" in _variant(number)
        lease = _where(path, number).acquire(shared, expire_timeout=LEASE, acquire_timeout=20)
        os.kill(os.getpid(), signal.SIGSTOP)
        outcomes.append((name, _outcome(lambda name=name: WRITES[name](Proxy(path)), LockLost)))  # type: ignore[misc]
        if not lease.lost.is_set():
            outcomes.append((name, "nobody was told of the loss"))
        os.kill(os.getpid(), signal.SIGSTOP)
        if (outcome := _outcome(lease.release, LockLost)) != "refused":
            outcomes.append((name, f"release: {outcome}"))
        if (outcome := _outcome(lease.release, NotOwner)) != "refused":
            outcomes.append((name, f"second release: {outcome}"))
    return outcomes


def _outcome(act: Callable[[], object], expected: type[Exception]) -> str:
    try:
        return f"done: {act()!r}"
    except expected:
        return "refused"
    except Exception as error:  # noqa: BLE001  # told
        return repr(error)


# ---- stopped anywhere


def count_up_and_sleep(spot: Spot, holders: int, naps: int, seconds: float) -> dict[str, int]:
    """Have holders count up one number by reading and writing, and stop each at random, past its lease or not.

    Returns:
        The number at the end, how many of their writes went through, how many locks were lost, and how often one was
        stopped.
    """
    tree = spot.open(socket_timeout=60)
    tree.set("stop", False)
    counters = [Forked(_count_up, hang_seconds=900) for _ in range(holders)]
    choose = random.Random(3)
    end = time.monotonic() + seconds
    stopped = 0
    while stopped < naps and time.monotonic() < end:
        counter = choose.choice(counters)
        time.sleep(choose.uniform(0, 0.01))
        os.kill(counter.pid, signal.SIGSTOP)
        assert counter.await_stop()
        stopped += 1
        time.sleep(choose.uniform(0, 2.5) * LEASE)  # the point is that it does nothing for so long
        os.kill(counter.pid, signal.SIGCONT)
    tree.set("stop", True)
    results = [counter.result() for counter in counters]
    return {
        "number": tree.get("count.n").val(0),
        "written": sum(written for written, _ in results),
        "lost": sum(lost for _, lost in results),
        "stopped": stopped,
    }


def _count_up() -> tuple[int, int]:
    written = lost = 0
    place = Proxy("count")
    while not Proxy("stop").val():
        try:
            with place.acquire(expire_timeout=LEASE, acquire_timeout=30):
                place.set("n", place.get("n").val(0) + 1)
                written += 1
        except LockLost:  # by the write, or on leaving
            lost += 1
    return written, lost
