"""Sorted sets and priority queues, as type checkers see them. Never run: see ``test_types.py``."""
# pyright: reportUnusedCallResult=false

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any

from typing_extensions import assert_type

import redicts
from redicts import Deferred, aio
from redicts.leaves.priority_queue import AsyncPriorityQueue, PriorityQueue, QueuedPriorityQueue
from redicts.leaves.sorted_set import AsyncSortedSet, QueuedSortedSet, SortedSet


def sorted_sets() -> None:
    days = redicts.root().get("days").as_sorted_set(of=date)
    assert_type(days, SortedSet[date])
    today = date(2026, 1, 1)
    assert_type(days[today], float)
    days[today] = 2
    del days[today]
    assert_type(days.add(today, 1.5, greater=True), bool)
    assert_type(days.add_many({today: 1}), int)
    assert_type(days.add_many([(today, 1.5)]), int)
    assert_type(days.increment(today), float)
    assert_type(days.score(today), float | None)
    assert_type(days.scores([today]), list[float | None])
    assert_type(days.rank(today, reverse=True), int | None)
    assert_type(days.contains("any"), bool)
    assert_type("any" in days, bool)
    assert_type(days.range(0, 10, reverse=True), list[date])
    assert_type(days.range_with_scores(-10), list[tuple[date, float]])
    assert_type(days.range_by_score(0, 1, exclude_low=True), list[date])
    assert_type(days.range_by_score_with_scores(count=1), list[tuple[date, float]])
    assert_type(days.range_by_lex(today), list[date])
    assert_type(days.range_by_prefix("2026"), list[date])
    assert_type(days.count_between(0, 1), int)
    assert_type(days.remove_range(0, -100), int)
    assert_type(days.remove_many([today]), int)
    assert_type(days.pop_min(), tuple[date, float])
    assert_type(days.pop_max_many(3), list[tuple[date, float]])
    assert_type(days.blocking_pop_min(timeout=1), tuple[date, float])
    assert_type(days.to_list(), list[date])
    assert_type(days.to_dict(), dict[date, float])
    assert_type(iter(days), Iterator[date])
    assert_type(reversed(days), Iterator[date])
    assert_type(days.items(), Iterator[tuple[date, float]])
    assert_type(len(days), int)
    assert_type(redicts.root().get("days").as_sorted_set(), SortedSet[Any])


async def sorted_sets_of_asyncio() -> None:
    days = aio.root().get("days").as_sorted_set(of=date)
    assert_type(days, AsyncSortedSet[date])
    assert_type(await days.add(date(2026, 1, 1), 1), bool)
    assert_type(await days.pop_max(), tuple[date, float])
    assert_type(await days.scores([]), list[float | None])
    assert_type(await days.to_dict(), dict[date, float])
    assert_type(days.items(), AsyncIterator[tuple[date, float]])
    async for each in days:
        assert_type(each, date)


def priority_queues() -> None:
    jobs = redicts.root().get("jobs").as_priority_queue(of=date, maxsize=5)
    assert_type(jobs, PriorityQueue[date])
    assert_type(jobs.maxsize, int)
    jobs.put((1, date(2026, 1, 1)))
    jobs.put((0.5, date(2026, 1, 1)), timeout=1)
    jobs.put_many([(1, date(2026, 1, 1))])
    assert_type(jobs.get(), tuple[float, date])
    assert_type(jobs.get_nowait(), tuple[float, date])
    assert_type(jobs.peek(), tuple[float, date])
    assert_type(jobs.to_list(), list[tuple[float, date]])
    assert_type(jobs.qsize(), int)
    assert_type(jobs.full(), bool)
    assert_type(redicts.root().get("jobs").as_priority_queue().get(), tuple[float, Any])


async def priority_queues_of_asyncio() -> None:
    jobs = aio.root().get("jobs").as_priority_queue(of=date)
    assert_type(jobs, AsyncPriorityQueue[date])
    await jobs.put((1, date(2026, 1, 1)))
    assert_type(await jobs.get(timeout=1), tuple[float, date])
    assert_type(await jobs.empty(), bool)


def queued() -> None:
    with redicts.pipeline() as pipe:
        jobs = pipe.proxy("jobs").as_priority_queue(of=date)
        assert_type(jobs, QueuedPriorityQueue[date])
        assert_type(jobs.put((1, date(2026, 1, 1))), Deferred[None])
        got = jobs.get(block=False)
        assert_type(got, Deferred[tuple[float, date]])
        days = pipe.proxy("days").as_sorted_set(of=date)
        assert_type(days, QueuedSortedSet[date])
        assert_type(days.range_with_scores(), Deferred[list[tuple[date, float]]])
        assert_type(days.rank(date(2026, 1, 1)), Deferred[int | None])
    assert_type(got.result, tuple[float, date])
