"""Many threads at once: how fast they get through sections of work, and how fast a lock goes from one to the next.

Both give seconds, for a side with its own clock. Threads live for one round, so the two sides never disturb each other;
their connections stay with the clients.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Condition
from typing import Any, Final

__all__ = ["hand_over_seconds", "section_seconds"]

ROUND_SECONDS: Final = 0.05
"""How long a round counts, about: many sections, or hand-overs."""

FEWEST: Final = 3
"""So many sections, or hand-overs, at least, where they are slow."""

HELD_SECONDS: Final = 0.002
"""How long a lock is held that is handed over: who had it last gets back in line meanwhile."""


def section_seconds(locks: Sequence[Any], work: float) -> float:
    """Go through sections of work again and again, each under a lock.

    Args:
        locks: One for each thread; it may be the same for all. With ``acquire`` and ``release``.
        work: Seconds that a section takes, in which its thread only waits.

    Returns:
        Seconds for each section, of all threads together: with eight threads that do not wait for one another, an
        eighth of what a section takes.
    """
    ready = Barrier(len(locks) + 1)
    counts = [0] * len(locks)
    over = False

    def repeat(number: int, lock: Any) -> None:
        ready.wait()
        while not over:
            lock.acquire()
            if not over:  # else those who still wait only pass through
                time.sleep(work)
            lock.release()
            counts[number] += 1

    with ThreadPoolExecutor(len(locks)) as threads:
        running = [threads.submit(repeat, number, lock) for number, lock in enumerate(locks)]
        try:
            ready.wait()
            begun = time.perf_counter()
            time.sleep(ROUND_SECONDS)
            while (done := sum(counts)) < FEWEST and not any(thread.done() for thread in running):
                time.sleep(ROUND_SECONDS)
            seconds = time.perf_counter() - begun
        finally:
            over = True  # whatever happens: the end of this block waits for the threads
        for thread in running:
            thread.result()
    return seconds / done


def hand_over_seconds(lock: Any, waiters: int) -> float:
    """Hand a lock on from thread to thread, with so many in line all the time.

    A thread that has released it waits until another has it, and gets in line again: else it might have it back at
    once, and no hand-over would be seen.

    Args:
        lock: With ``acquire`` and ``release``, in whichever thread.
        waiters: How many wait while one holds it.

    Returns:
        The median of the seconds from where a thread calls ``release`` to where ``acquire`` returns in the next. The
        first ``waiters`` do not count: not all are in line yet.
    """
    found: list[float] = []
    changed = Condition()
    owners = 0
    released = end = 0.0
    over = False

    def work() -> None:
        nonlocal over
        try:
            while not over:
                turn()
        finally:  # also where one fails: the others must not wait for it
            with changed:
                over = True
                changed.notify_all()

    def turn() -> None:
        nonlocal owners, released, end, over
        lock.acquire()
        now = time.perf_counter()
        if over:
            lock.release()
            return
        with changed:
            owners += 1
            mine = owners
            changed.notify_all()
        if mine == waiters + 1:
            end = now + ROUND_SECONDS
        elif mine > waiters + 1:
            found.append(now - released)
            over = now > end and len(found) >= FEWEST
        time.sleep(HELD_SECONDS)
        released = time.perf_counter()
        lock.release()
        with changed:
            while not over and owners == mine:
                changed.wait()

    with ThreadPoolExecutor(waiters + 1) as threads:
        for done in [threads.submit(work) for _ in range(waiters + 1)]:
            done.result()
    return sorted(found)[len(found) // 2]
