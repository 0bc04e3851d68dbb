"""What processes do with queues."""

from __future__ import annotations

import random
import time
from typing import Any

from redicts import Proxy, TaskLost
from redicts.leaves.queue import Queue
from redicts.leaves.reliable_queue import ReliableQueue
from tests.concurrency.trees import Spot

__all__ = ["LEASE", "consume", "produce", "take_for_ever", "take_slowly", "wait_for_ever", "work_for_ever"]

LEASE = 0.4
"""Seconds; the lease of those that are killed."""


def produce(spot: Spot, me: int, count: int) -> None:
    """Put items, alone and several at once, where there is little room."""
    spot.open()
    jobs, choose, number = Proxy("jobs").as_queue(maxsize=7), random.Random(me), 0
    while number < count:
        step = min(choose.choice([1, 1, 3]), count - number)
        items = [[me, number + each] for each in range(step)]
        if step == 1:
            jobs.put(items[0])
        else:
            jobs.put_many(items)
        number += step


def consume(spot: Spot) -> list[Any]:
    """Take items in every way until there is a ``None``, which is left for the next; tell what it got."""
    spot.open()
    jobs, got = Proxy("jobs").as_queue(), list[Any]()
    while True:
        found = [jobs.get(), *(jobs.get_many(2) if len(got) % 3 else [])]
        got += [each for each in found if each is not None]
        if None in found:
            jobs.put(None)
            return got


def work_for_ever(spot: Spot) -> None:
    """Do items of a reliable queue: note each before it is done, and again once that was taken note of."""
    tree = spot.open()
    jobs: ReliableQueue[int] = tree.get("jobs").as_queue(int, reliable=True, lease=LEASE)
    begun, ended = tree.get("begun").as_queue(), tree.get("ended").as_queue()
    choose = random.Random()
    print("ready", flush=True)
    while True:
        item = jobs.get()
        begun.put(item)
        time.sleep(choose.random() * 0.004)  # its work
        try:
            jobs.task_done()
        except TaskLost:
            continue
        ended.put(item)


def take_for_ever(spot: Spot) -> None:
    """Take an item, and do nothing."""
    spot.open()
    Proxy("jobs").as_queue(reliable=True, lease=LEASE).take()
    print("taken", flush=True)
    time.sleep(600)


def take_slowly(spot: Spot) -> list[str]:
    """Take two items; once there is word to go on, say that they are done."""
    tree = spot.open()
    jobs: ReliableQueue[Any] = tree.get("jobs").as_queue(reliable=True, lease=LEASE)
    told: Queue[Any] = tree.get("told").as_queue()
    task, _ = jobs.take(), jobs.get()
    print("taken", flush=True)
    told.get()
    return [_outcome(act) for act in (task.done, task.give_back, lambda: task.extend(9), jobs.task_done)]


def _outcome(act: Any) -> str:
    try:
        act()
    except TaskLost:
        return "lost"
    return "done"


def wait_for_ever(spot: Spot) -> None:
    """Wait at queues in threads, for items, for room, and for the end."""
    import threading

    tree = spot.open()
    full, reliable = tree.get("full").as_queue(maxsize=1), tree.get("reliable").as_queue(reliable=True)
    full.put(1)
    reliable.put(1)
    reliable.get()
    for act in (tree.get("empty").as_queue().get, lambda: full.put(2), reliable.get, reliable.join):
        threading.Thread(target=act, daemon=True).start()
    time.sleep(600)
