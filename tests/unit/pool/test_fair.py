"""The queue of free connections: last in, first out, and whoever waits longest gets the next one."""

from __future__ import annotations

import threading
import time
from queue import Empty, Full

import pytest

from redicts.pool.fair import FairQueue
from tests.support.waiting import wait_until


def waiting(queue: FairQueue) -> int:
    """How many threads wait."""
    return len(queue._waiters)


def test_last_in_first_out() -> None:
    queue = FairQueue(3)
    for item in "abc":
        queue.put_nowait(item)
    with pytest.raises(Full):
        queue.put_nowait("d")
    assert [queue.get(), queue.get_nowait(), queue.get(timeout=0)] == ["c", "b", "a"]
    assert queue.qsize() == 0


@pytest.mark.parametrize("timeout", [0, -1, 0.05])
def test_nothing_comes(timeout: float) -> None:
    queue = FairQueue(1)
    began = time.monotonic()
    with pytest.raises(Empty):
        queue.get(timeout=timeout)
    assert time.monotonic() - began >= timeout
    with pytest.raises(Empty):
        queue.get_nowait()
    assert waiting(queue) == 0
    queue.put_nowait("a")  # who gave up gets nothing
    assert queue.get_nowait() == "a"


def test_none_is_an_item() -> None:
    """redis-py's pool holds a None for each connection that is yet to be made."""
    queue = FairQueue(1)
    queue.put_nowait(None)
    assert queue.get(timeout=1) is None


def test_what_comes_back_goes_to_who_waits_longest() -> None:
    queue, got = FairQueue(2), list[tuple[int, str]]()

    def take(number: int) -> None:
        got.append((number, queue.get(timeout=30)))

    threads = [threading.Thread(target=take, args=(number,)) for number in range(2)]
    threads[0].start()
    wait_until(lambda: waiting(queue) == 1, what="the first waits")
    threads[1].start()
    wait_until(lambda: waiting(queue) == 2, what="the second waits")
    queue.put_nowait("first")
    with pytest.raises(Empty):  # not for who comes now, though the waiter may not have woken
        queue.get_nowait()
    threads[0].join(30)
    queue.put_nowait("second")
    threads[1].join(30)
    assert got == [(0, "first"), (1, "second")]


def test_nothing_is_lost_between_many_threads() -> None:
    queue, items, rounds = FairQueue(3), ["a", "b", "c"], 3000
    for item in items:
        queue.put_nowait(item)
    held: set[str] = set()
    twice: list[str] = []
    timeouts = [0.0]

    def work() -> None:
        for _ in range(rounds):
            try:
                item = queue.get(timeout=0.0005)
            except Empty:
                timeouts[0] += 1
                continue
            if item in held:
                twice.append(item)
            held.add(item)
            held.discard(item)
            queue.put_nowait(item)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert twice == []
    assert sorted(queue.queue) == items
    assert waiting(queue) == 0
