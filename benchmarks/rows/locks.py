"""One lock that nobody else wants, and what a write under it costs: what locking itself takes."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.measure import Pair
from benchmarks.registry import row
from benchmarks.stage import Stage
from redicts import Lock

FLAT = "r.lock(k, timeout=30)"
VALUE = "hello world"


@row("acquire + release, depth 1", FLAT)
def depth_1(stage: Stage) -> Pair:
    return _cycle(stage.raw, "app")


@row("acquire + release, depth 3", FLAT, 1.5)
def depth_3(stage: Stage) -> Pair:
    return _cycle(stage.raw, "app.users.ann")


@row("acquire + release, depth 3, TCP", FLAT)
def depth_3_tcp(stage: Stage) -> Pair:
    return _cycle(stage.raw_tcp, "app.users.ann")


@row("acquire + release, depth 6", FLAT)
def depth_6(stage: Stage) -> Pair:
    return _cycle(stage.raw, "app.users.ann.mail.inbox.today")


@row("acquire + release, depth 3, 100 others held", FLAT)
def among_others(stage: Stage) -> Pair:
    """Beside the path, others hold a hundred, as in a busy tree; nobody is in the way."""
    with ThreadPoolExecutor(1) as thread:  # held by another thread: this one's later writes do not count them
        others = [Lock(stage.raw, f"app.users.user{number}", expire_timeout=600) for number in range(100)]
        if not all(thread.map(Lock.acquire, others)):
            raise RuntimeError("one of the others was not free")
    return _cycle(stage.raw, "app.users.ann")


def _cycle(client: Any, path: str) -> Pair:
    """Both locks are made beforehand, of the same client, and nobody else is there."""
    flat, ours = client.lock("k", timeout=30), Lock(client, path)

    def cycle(lock: Any) -> None:
        lock.acquire()
        lock.release()

    return Pair(raw=lambda: cycle(flat), ours=lambda: cycle(ours))


@row("with Proxy(path): one guarded set()", "with r.lock(k): r.set(k, json.dumps(v))")
def section(stage: Stage) -> Pair:
    raw = stage.raw

    def flat() -> None:
        with raw.lock("lock", timeout=30):
            raw.set("k", json.dumps(VALUE))

    def ours() -> None:
        with stage.place("app.users.ann") as ann:
            _ = ann.set("name", VALUE)

    return Pair(raw=flat, ours=ours)


@row("set() under a lock", "set() without a lock")
def guarded_set(stage: Stage) -> Pair:
    """Write with and without the proof that the lock is held. Both sides take it beforehand, off the clock."""
    place, writes = stage.place("app.users.ann"), 10

    def timed() -> float:
        begun = time.perf_counter()
        for _ in range(writes):
            _ = place.set("name", VALUE)
        return (time.perf_counter() - begun) / writes

    def without() -> float:
        with place:
            pass
        return timed()

    def under() -> float:
        with place:
            return timed()

    return Pair(raw=without, ours=under, own_clock=True)
