"""What processes do with caches."""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from typing import Any

from redicts import Proxy, aio, cache
from tests.concurrency.trees import Spot, meet

__all__ = ["LEASE", "ask_all_at_once", "ask_in_tasks", "ask_much", "cached", "compute_for_ever", "use_cached"]

LEASE = 0.5
"""Seconds; of who is killed."""


def ask_all_at_once(spot: Spot, parties: int, threads: int, lease: float = 30) -> tuple[int, list[str]]:
    """Ask for one key in many threads; tell how often it was computed here, and what was got."""
    tree, calls, found = spot.open(max_connections=2 * threads), list[int](), list[str]()
    pages = Proxy("pages").as_cache(ttl=60, lease=lease)

    def compute() -> str:
        calls.append(1)
        time.sleep(0.2)  # it takes long
        return f"{os.getpid()}"

    ready = threading.Barrier(threads + 1)

    def ask() -> None:
        ready.wait(30)
        found.append(pages.get_or_compute("key", compute))

    crowd = [threading.Thread(target=ask) for _ in range(threads)]
    for each in crowd:
        each.start()
    meet(tree, "crowd", parties)
    ready.wait(30)
    for each in crowd:
        each.join(60)
    return len(calls), found


def ask_in_tasks(spot: Spot, parties: int, tasks: int) -> tuple[int, list[str]]:
    """The same, in tasks."""
    tree, calls = spot.open(), list[int]()

    async def compute() -> str:
        calls.append(1)
        await asyncio.sleep(0.2)
        return f"{os.getpid()}"

    async def ask_all() -> list[str]:
        pages = aio.Proxy("pages").as_cache(ttl=60, lease=30)
        pages_found: list[str] = await asyncio.gather(*[pages.get_or_compute("key", compute) for _ in range(tasks)])
        return pages_found

    meet(tree, "crowd", parties)
    began = time.perf_counter()
    found = asyncio.run(ask_all())
    print(f"{tasks} tasks: {time.perf_counter() - began:.2f} s, computing 0.2 s")
    return len(calls), found


def compute_for_ever(spot: Spot) -> None:
    """Get the claim, and never come back."""
    spot.open()
    pages = Proxy("pages").as_cache(ttl=60, lease=LEASE)

    def compute() -> str:
        print("computing", flush=True)
        time.sleep(600)
        return "never"

    pages.get_or_compute("key", compute)


@cache("cached", ttl=60)
def cached(number: int, text: str = "x", **more: Any) -> list[Any]:
    """Says who computed it."""
    return [os.getpid(), number, text, more]


def use_cached(spot: Spot, arguments: list[Any]) -> tuple[list[Any], tuple[Any, ...]]:
    """Call a function that is cached; tell what was got, and how it fared here."""
    spot.open()
    return [cached(*args, **kwargs) for args, kwargs in arguments], tuple(cached.cache_info())


def ask_much(spot: Spot, seconds: float) -> tuple[int, int, float]:
    """Ask for keys, whose computing fails by chance; tell how often, how often it was computed, and the oldest's age.

    Some keys are deleted while they are computed. Of the others no two are computed at a time.
    """
    tree, choose = spot.open(), random.Random(os.getpid())
    pages, busy = tree.get("pages").as_cache(ttl=0.2, lease=30), tree.get("busy")
    asked = computed = 0
    oldest = 0.0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        key = choose.randrange(6)

        def compute(key: int = key) -> float:
            nonlocal computed
            computed += 1
            at_once = busy.get(str(key)).add()
            try:
                if key < 3 and at_once != 1:
                    raise AssertionError(f"{at_once} compute {key}")
                began = time.time()
                time.sleep(choose.random() * 0.01)
                if choose.random() < 0.1:
                    raise ValueError("by chance")
                if key >= 3 and choose.random() < 0.2:
                    pages.delete(key)
                return began
            finally:
                _ = busy.get(str(key)).add(-1)

        asked += 1
        try:
            began = pages.get_or_compute(key, compute)
        except ValueError:
            continue
        oldest = max(oldest, time.time() - began)
        time.sleep(choose.random() * 0.005)
    return asked, computed, oldest
