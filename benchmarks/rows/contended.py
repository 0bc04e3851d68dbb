"""Locks that many threads want: what disjoint subtrees gain, and how fast a lock goes from one to the next.

redis-py's ``Lock`` is taken as it comes: who finds it taken looks again after 0.1 seconds. So under load it goes back
to who had it, which is the most that one lock for all can get through: nobody's turn is waited for. Its hand-over would
take those 0.1 seconds; ours is held against a token that goes through a list, which is as fast as Redis can be.
"""

from __future__ import annotations

from typing import Any

from benchmarks.crew import hand_over_seconds, section_seconds
from benchmarks.measure import Pair
from benchmarks.registry import row
from benchmarks.stage import Stage
from redicts import Lock

THREADS = 8
WORK_SECONDS = 0.001
"""What a section does under its lock: wait, as for I/O."""

BUDGET_SECONDS = 0.002
PASSED = "r.rpush(k) to r.blpop(k)"


@row("a section, 8 threads, a subtree each", "one r.lock(k, timeout=30) for all")
def against_flat(stage: Stage) -> Pair:
    return _sections(stage, stage.raw.lock("k", timeout=30))


@row("a section, 8 threads, a subtree each, not all", "one Lock(r, path) for all")
def against_one(stage: Stage) -> Pair:
    return _sections(stage, Lock(stage.raw, "app", acquire_timeout=None))


def _sections(stage: Stage, for_all: Any) -> Pair:
    own = [Lock(stage.raw, f"app.users.user{number}", acquire_timeout=None) for number in range(THREADS)]
    return Pair(
        raw=lambda: section_seconds([for_all] * THREADS, WORK_SECONDS),
        ours=lambda: section_seconds(own, WORK_SECONDS),
        own_clock=True,
    )


@row("hand-over of a lock, 1 waiter", PASSED, BUDGET_SECONDS, held="ours")
def one_waiter(stage: Stage) -> Pair:
    return _hand_over(stage, 1)


@row("hand-over of a lock, 8 waiters", PASSED, BUDGET_SECONDS, held="ours")
def few_waiters(stage: Stage) -> Pair:
    return _hand_over(stage, 8)


@row("hand-over of a lock, 64 waiters", PASSED, BUDGET_SECONDS, held="ours")
def many_waiters(stage: Stage) -> Pair:
    return _hand_over(stage, 64)


class _Token:
    """An element of a list: who takes it out has it. No lock that one could use: it dies with who has it."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.release()

    def acquire(self) -> None:
        self._client.blpop("k")

    def release(self) -> None:
        self._client.rpush("k", "token")


def _hand_over(stage: Stage, waiters: int) -> Pair:
    token, lock = _Token(stage.raw), Lock(stage.raw, "app.users.ann", acquire_timeout=None)
    return Pair(
        raw=lambda: hand_over_seconds(token, waiters),
        ours=lambda: hand_over_seconds(lock, waiters),
        own_clock=True,
    )
