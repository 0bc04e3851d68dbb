"""Processes that lock random places, and a log of who was where when, in an order that the server gives.

Each section of work is two entries of one list: RPUSH gives them their order. The second is written before the lock is
released, and the first after it was acquired, so sections that overlap in the log overlapped in truth.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import redis

from redicts import Lock, Pool, Proxy
from redicts.core.paths import Path
from tests.concurrency.leftovers import await_no_keys
from tests.concurrency.trees import Spot, meet
from tests.support.processes import run_in_processes

__all__ = ["Section", "Verdict", "judge", "lock_at_random", "log_key", "overlap_log", "somewhere"]

DEPTHS = (1, 6, 14, 10, 8)
"""How often paths of depth 0, 1, ... are chosen."""


class Section(NamedTuple):
    """One acquisition, as logged."""

    number: str
    owner: int
    path: Path
    shared: bool
    fence: int


class Verdict(NamedTuple):
    """What the log says.

    Attributes:
        acquisitions: How many were checked.
        overlaps: How many began while another, that does not conflict, was under way: proof that they can.
        succeeded: How many came after another one that they conflict with, of another owner.
        longest_pause: Seconds in which nobody entered or left.
        faults: Conflicting sections that overlapped, and fence tokens that did not grow.
    """

    acquisitions: int
    overlaps: int
    succeeded: int
    longest_pause: float
    faults: list[str]


def log_key(spot: Spot) -> str:
    """Give the key of the log."""
    return f"log-of-{spot.namespace}"


def lock_at_random(spot: Spot, me: int, parties: int, sections: int, seconds: float) -> int:
    """Do so many sections of work at random places, for so long at most; give how often a place was not free."""
    tree = spot.open(socket_timeout=60)
    client = Pool().get_connection()
    choose = random.Random(me)
    meet(tree, "overlap", parties)
    end = time.monotonic() + seconds
    refused = done = 0
    while done < sections and time.monotonic() < end:
        path, shared = somewhere(choose), choose.random() < 0.5
        if choose.random() < 0.2:
            lease = tree.get(path).try_acquire(shared)
            if lease is None:
                refused += 1
                continue
        else:
            lease = tree.get(path).acquire(shared, acquire_timeout=100, renew=choose.random() < 0.2)
        with lease:
            done += _log(client, spot, Section(f"{me}-{done}", me, path, shared, lease.fence), choose, tree)
    return refused


def somewhere(choose: random.Random) -> Path:
    """Choose one of few places."""
    (depth,) = choose.choices(range(len(DEPTHS)), DEPTHS)
    return tuple([choose.choice("ab") for _ in range(depth)])


def _log(client: Any, spot: Spot, section: Section, choose: random.Random, tree: Proxy) -> int:
    """Log a section; with another inside it sometimes. Give how many."""
    count = 1
    client.rpush(log_key(spot), json.dumps([time.monotonic(), "+", *section]))
    if choose.random() < 0.3:
        time.sleep(choose.uniform(0, 0.002))
    if choose.random() < 0.1:
        # Again, at a place below, or above if nobody else is there: by a Lock, which is the same lock.
        path = somewhere(choose)[:-1] if choose.random() < 0.3 else (*section.path, choose.choice("ab"))
        inner = Lock(client, path, acquire_timeout=0, shared=choose.random() < 0.5, namespace=spot.namespace)
        if inner.acquire():
            nested = Section(f"{section.number}+", section.owner, path, inner.lease.mode == "shared", inner.fence)
            count += _log(client, spot, nested, choose, tree)
            inner.release()
    client.rpush(log_key(spot), json.dumps([time.monotonic(), "-", *section]))
    return count


def overlap_log(
    spot: Spot, tree: Proxy, party: Callable[..., int], jobs: list[tuple[Any, ...]], seconds: float
) -> None:
    """Have processes lock at random, and judge the log.

    Args:
        spot: Where.
        tree: The tree there.
        party: What a process does; it gives how often it was refused.
        jobs: For each process what that is called with.
        seconds: How long they take, about.
    """
    began, parties = time.monotonic(), len(jobs)
    with redis.Redis.from_url(spot.url) as client:
        try:
            refused = sum(run_in_processes(party, jobs, seconds + 100))
            entries: Any = client.lrange(log_key(spot), 0, -1)
        finally:
            client.delete(log_key(spot))
    verdict = judge(json.loads(entry) for entry in entries)
    print(
        f"{parties} processes, {time.monotonic() - began:.1f} s: {verdict.acquisitions} acquisitions checked, "
        f"{verdict.overlaps} of them beside others, {verdict.succeeded} after one that excludes them; {refused} "
        f"refused at once; longest pause {verdict.longest_pause:.2f} s; {len(verdict.faults)} faults"
    )
    assert verdict.faults == []
    assert len(entries) == 2 * verdict.acquisitions
    assert verdict.acquisitions >= 4 * parties
    assert verdict.overlaps
    assert verdict.succeeded >= verdict.acquisitions / 2
    assert verdict.longest_pause < 10, "all waited for nobody"
    await_no_keys(spot, tree)


def judge(log: Iterable[Any]) -> Verdict:
    """Go through a log, and find what must not be."""
    inside: dict[str, Section] = {}
    last_fence: dict[tuple[Path, bool], tuple[int, int]] = {}
    acquisitions = overlaps = succeeded = 0
    faults: list[str] = []
    longest_pause, last = 0.0, None
    for when, what, number, owner, path, shared, fence in log:
        longest_pause, last = max(longest_pause, 0.0 if last is None else when - last), when
        section = Section(number, owner, tuple(path), shared, fence)
        if what == "-":
            del inside[number]
            continue
        acquisitions += 1
        faults += [f"{section} while {other}" for other in inside.values() if conflict(section, other)]
        overlaps += any(other.owner != owner for other in inside.values())
        before = [
            (fence, by)
            for (at, sharing), (fence, by) in last_fence.items()
            if conflict(section, Section("", -1, at, sharing, 0))
        ]
        succeeded += any(by != owner for _, by in before)
        faults += [f"{section} after {earlier}" for earlier in before if earlier[0] >= fence]
        inside[number] = section
        key = (section.path, shared)
        last_fence[key] = max(last_fence.get(key, (0, 0)), (fence, owner))
    faults += [f"never ended: {section}" for section in inside.values()]
    return Verdict(acquisitions, overlaps, succeeded, longest_pause, faults)


def conflict(one: Section, other: Section) -> bool:
    """Tell whether two sections must not overlap: said here once more, apart from the product."""
    if one.owner == other.owner or (one.shared and other.shared):
        return False
    shared_depth = min(len(one.path), len(other.path))
    return one.path[:shared_depth] == other.path[:shared_depth]
