"""Queues, as type checkers see them. Never run: see ``test_types.py``."""
# pyright: reportUnusedCallResult=false

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from typing_extensions import assert_type

import redicts
from redicts import Deferred, Proxy, aio
from redicts.leaves.queue import AsyncQueue, Queue, QueuedQueue
from redicts.leaves.reliable_queue import AsyncReliableQueue, QueuedReliableQueue, ReliableQueue
from redicts.leaves.task import AsyncTask, Task


def plain(place: Proxy) -> None:
    assert_type(place.as_queue(), Queue[Any])
    jobs = place.as_queue(int, maxsize=5)
    assert_type(jobs, Queue[int])
    assert_type(jobs.put(1, timeout=1.5), None)
    assert_type(jobs.put_many([1, 2]), None)
    assert_type(jobs.get(), int)
    assert_type(jobs.get_nowait(), int)
    assert_type(jobs.get_many(2), list[int])
    assert_type(jobs.peek(), int)
    assert_type(jobs.to_list(), list[int])
    assert_type((jobs.qsize(), jobs.length(), jobs.maxsize), tuple[int, int, int])
    assert_type((jobs.empty(), jobs.full()), tuple[bool, bool])


def reliable(place: Proxy) -> None:
    assert_type(place.as_queue(reliable=True), ReliableQueue[Any])
    jobs = place.as_queue(str, reliable=True, lease=5)
    assert_type(jobs, ReliableQueue[str])
    assert_type(jobs.get(), str)
    assert_type(jobs.task_done(), None)
    assert_type(jobs.join(timeout=None), None)
    assert_type(jobs.leased(), int)
    with jobs.take(timeout=1, lease=0.5) as task:
        assert_type(task, Task[str])
        assert_type((task.value, task.delivered, task.finished), tuple[str, int, bool])
        assert_type(task.extend(5), None)
        assert_type(task.done(), None)
        assert_type(task.give_back(), None)


async def awaited(place: aio.Proxy) -> None:
    plain = place.as_queue(int)
    assert_type(plain, AsyncQueue[int])
    getting = plain.get()
    _ = assert_type(getting, Coroutine[object, None, int])
    assert_type(await getting, int)
    assert_type(await plain.get_many(2), list[int])
    jobs = place.as_queue(int, reliable=True)
    assert_type(jobs, AsyncReliableQueue[int])
    assert_type(await jobs.get(timeout=1), int)
    async with await jobs.take() as task:
        assert_type(task, AsyncTask[int])
        assert_type(task.value, int)
        assert_type(await task.extend(5), None)
        assert_type(await task.done(), None)


def queued(pipe: redicts.Pipeline) -> None:
    place = pipe.proxy("jobs")
    assert_type(place.as_queue(int), QueuedQueue[int])
    assert_type(place.as_queue(int).get(block=False), Deferred[int])
    assert_type(place.as_queue(int).put(1), Deferred[None])
    assert_type(place.as_queue(int, reliable=True), QueuedReliableQueue[int])
    assert_type(place.as_queue(int, reliable=True).get_nowait(), Deferred[int])
