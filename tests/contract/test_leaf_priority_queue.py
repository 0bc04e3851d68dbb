"""``as_priority_queue()`` in every face: the order of items, what is full and empty, what stays where it is."""

from __future__ import annotations

import math
import random
from datetime import date
from queue import Empty, Full
from typing import Any

import pytest

import redicts
from redicts import InvalidElement, LockLost, NotAtomic, PipelineMisused, Proxy, WrongType
from redicts.leaves.priority_queue import PriorityQueue
from tests.contract.variants import once_each, sync_only
from tests.support.backends import Backend
from tests.support.trees import canonical, nothing_written


@pytest.fixture
def jobs(tree: Proxy) -> PriorityQueue[Any]:
    """A priority queue at a place where nothing is."""
    return tree.get("app.jobs").as_priority_queue()


def test_nothing_is_there_before_the_first_item(jobs: PriorityQueue[Any], tree: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        assert (jobs.qsize(), jobs.length(), len(jobs), jobs.empty(), jobs.full()) == (0, 0, 0, True, False)
        assert jobs.to_list() == []
        for act in (jobs.get_nowait, jobs.peek, lambda: jobs.get(False), lambda: jobs.get(block=False, timeout=-1)):
            with pytest.raises(Empty):
                act()
        jobs.put_many([])
        jobs.clear()
    assert not tree.get("app").exists()


def test_the_lowest_comes_first(jobs: PriorityQueue[Any], tree: Proxy, backend: Backend) -> None:
    jobs.put((3, "c"))
    jobs.put_nowait((1.5, {"a": [{}]}))
    jobs.put_many([(2, None), (-math.inf, []), (math.inf, "last")])
    jobs.put((0.1, (1, 2)), block=False)
    expected = [(-math.inf, []), (0.1, [1, 2]), (1.5, {"a": [{}]}), (2, None), (3, "c"), (math.inf, "last")]
    assert jobs.to_list() == expected
    assert tree.val() == {"app": {"jobs": [list(item) for item in expected]}}
    assert (jobs.qsize(), jobs.empty(), tree.get("app.jobs").kind()) == (6, False, "priority_queue")
    assert jobs.peek() == (-math.inf, [])
    assert [jobs.get(), jobs.get_nowait(), jobs.get(timeout=5), jobs.get(False)] == expected[:4]
    assert [jobs.get(True, 0), jobs.get()] == expected[4:]
    with pytest.raises(Empty, match=r"'app\.jobs'"):
        jobs.get_nowait()
    assert tree.val() == {}
    assert not any(":n:" in key or ":v:" in key for key in [*backend.keys()])


def test_equal_priorities_come_out_as_they_were_put(jobs: PriorityQueue[Any]) -> None:
    """Values are never compared: those that cannot be stand beside each other."""
    values = [{"b": 1}, None, {"a": 2}, "z", "a", 3, {"b": 1}, [1], "z"]
    jobs.put_many([(1, value) for value in values[:4]])
    for value in values[4:]:
        jobs.put((1, value))
    assert [jobs.get() for _ in values] == [(1, value) for value in values]


def test_equal_priorities_with_some_taken_between(jobs: PriorityQueue[Any]) -> None:
    for number in range(40):
        jobs.put((number % 2, number))
        if number % 4 == 3:
            assert jobs.get() == (0, number // 2 - number // 2 % 2)
    left = [jobs.get() for _ in range(30)]
    assert left == [(0, n) for n in range(20, 40, 2)] + [(1, n) for n in range(1, 40, 2)]


def test_a_priority_comes_back_as_it_was_put(jobs: PriorityQueue[Any]) -> None:
    priorities = [
        1,
        1.0,
        0,
        -0.0,
        0.1,
        1 / 3,
        5e-324,
        1e308,
        -1e22,
        2**53,
        -(2**53),
        2**60,
        math.inf,
        -math.inf,
        0.30000000000000004,
    ]
    jobs.put_many([(priority, number) for number, priority in enumerate(priorities)])
    found = [jobs.get() for _ in priorities]
    assert canonical(found) == canonical(sorted([(p, n) for n, p in enumerate(priorities)], key=lambda item: item[0]))
    assert all(type(priority) is type(priorities[number]) for priority, number in found)


@pytest.mark.parametrize(
    ("item", "error"),
    [
        ((math.nan, 1), ValueError), ((2**53 + 1, 1), ValueError), ((10**400, 1), ValueError), ((True, 1), TypeError),
        (("1", 1), TypeError), ((None, 1), TypeError), (5, TypeError), ("ab", TypeError), ((1, 2, 3), TypeError),
        ((1,), TypeError), ((1, {1}), TypeError), ((1, object()), TypeError),
    ],
)  # fmt: skip
def test_what_is_no_item(jobs: PriorityQueue[Any], backend: Backend, item: Any, error: type[Exception]) -> None:
    with nothing_written(backend):
        for act in (jobs.put, jobs.put_nowait, lambda each: jobs.put_many([(1, 1), each])):
            with pytest.raises(error):
                act(item)


def test_a_limit(tree: Proxy, backend: Backend) -> None:
    jobs = tree.get("app.jobs").as_priority_queue(maxsize=3)
    assert jobs.maxsize == 3
    jobs.put((1, "a"))
    with nothing_written(backend), pytest.raises(Full, match=r"'app\.jobs'"):
        jobs.put_many([(1, "x"), (2, "y"), (3, "z")], block=False)
    with nothing_written(backend), pytest.raises(ValueError, match="never have room"):
        jobs.put_many([(1, "x")] * 4)
    assert not jobs.full()
    jobs.put_many([(2, "b"), (0, "c")])
    assert jobs.full()
    with nothing_written(backend):
        for act in (jobs.put_nowait, lambda item: jobs.put(item, False), lambda item: jobs.put(item, timeout=0)):
            with pytest.raises(Full):
                act((1, "d"))
    assert jobs.get() == (0, "c")
    jobs.put((5, "e"))
    other = tree.get("app.jobs").as_priority_queue()
    assert (other.maxsize, other.full()) == (0, False)
    other.put((6, "f"), timeout=-1)  # without a limit it does not count
    assert jobs.full()
    assert [jobs.get() for _ in range(4)] == [(1, "a"), (2, "b"), (5, "e"), (6, "f")]
    assert tree.get("app.jobs").as_priority_queue(maxsize=-1).full() is False
    with pytest.raises(TypeError):
        tree.get("app.jobs").as_priority_queue(maxsize=1.5)  # type: ignore[arg-type]


def test_timeouts(tree: Proxy, backend: Backend) -> None:
    jobs = tree.get("app.jobs").as_priority_queue(maxsize=1)
    with pytest.raises(ValueError, match="non-negative"):
        jobs.get(timeout=-1)
    with pytest.raises(ValueError, match="non-negative"):
        jobs.put((1, 1), timeout=-1)
    with pytest.raises(Empty):
        jobs.get(timeout=0)
    jobs.put((1, 1))
    if backend.through == "queued":
        with pytest.raises(PipelineMisused, match="would have to wait"):
            jobs.put((1, 2), timeout=0.05)
        assert jobs.get() == (1, 1)
        with pytest.raises(PipelineMisused, match="would have to wait"):
            jobs.get(timeout=0.05)
        return
    with pytest.raises(Full):
        jobs.put((1, 2), timeout=0.05)
    assert jobs.get() == (1, 1)
    with pytest.raises(Empty):
        jobs.get(timeout=0.05)


@pytest.mark.parametrize("value", [1, [], None, {"x": 1}])
def test_another_kind_is_left_alone(jobs: PriorityQueue[Any], tree: Proxy, backend: Backend, value: Any) -> None:
    tree.set("app.jobs", value)
    with nothing_written(backend):
        for act in (jobs.to_list, jobs.qsize, jobs.empty, jobs.full, jobs.peek, jobs.get, jobs.get_nowait, jobs.clear,
                    lambda: jobs.put((1, 1)), lambda: jobs.put_many([(1, 1)] * 2)):  # fmt: skip
            with pytest.raises(WrongType) as caught:
                act()
            assert caught.value.expected == "priority_queue"
    assert tree.get("app.jobs").val() == value


def test_it_expires_as_a_whole(jobs: PriorityQueue[Any], tree: Proxy, backend: Backend) -> None:
    jobs.put_many([(1, "a"), (2, "b")])
    assert tree.get("app.jobs").expire(100)
    jobs.put((0, "c"))
    assert jobs.get() == (0, "c")
    assert 0 < tree.get("app.jobs").time_to_live() <= 100
    backend.advance(101)
    with pytest.raises(Empty):
        jobs.get_nowait()
    jobs.put((9, "d"))
    assert jobs.to_list() == [(9, "d")]
    assert tree.get("app.jobs").time_to_live() == -1


def test_values_of_a_type(tree: Proxy, backend: Backend) -> None:
    days = tree.get("app.jobs").as_priority_queue(of=date)
    days.put_many([(2, date(2026, 3, 1)), (1, date(2025, 12, 31))])
    with nothing_written(backend), pytest.raises(InvalidElement):
        days.put((0, "nonsense"))  # type: ignore[arg-type]
    assert days.peek() == (1, date(2025, 12, 31))
    assert days.to_list() == [(1, date(2025, 12, 31)), (2, date(2026, 3, 1))]
    assert [days.get(), days.get_nowait()] == [(1, date(2025, 12, 31)), (2, date(2026, 3, 1))]
    with pytest.raises(Empty):
        days.get_nowait()


def test_what_does_not_validate_is_not_lost(tree: Proxy, backend: Backend) -> None:
    anything = tree.get("app.jobs").as_priority_queue()
    anything.put_many([(1, "2026-01-01"), (0, "nonsense"), (0, "2026-01-02")])
    days = tree.get("app.jobs").as_priority_queue(of=date)
    with nothing_written(backend):
        for act in (days.get, days.get_nowait, lambda: days.get(timeout=1), days.peek, days.to_list):
            with pytest.raises(InvalidElement, match="nonsense"):
                act()
    assert anything.get() == (0, "nonsense")
    assert [days.get(), days.get()] == [(0, date(2026, 1, 2)), (1, date(2026, 1, 1))]


def test_a_write_needs_the_lock_that_was_taken(jobs: PriorityQueue[Any], tree: Proxy, backend: Backend) -> None:
    lease = tree.get("app").acquire()
    jobs.put_many([(1, 1), (2, 2), (3, 3)])
    jobs.put((0, 0))
    assert [jobs.get(), jobs.get()] == [(0, 0), (1, 1)]
    held = backend.keys()
    backend.client.delete(*[key for key in held if ":l:" in key or ":b:" in key])
    for act in (
        jobs.get,
        jobs.get_nowait,
        lambda: jobs.put((1, 1)),
        lambda: jobs.put_many([(1, 1)] * 2),
        lease.release,
    ):
        with pytest.raises(LockLost):
            act()
    assert jobs.to_list() == [(2, 2), (3, 3)]


@once_each
def test_many_at_once(jobs: PriorityQueue[Any]) -> None:
    items = [(number % 7 / 2, number) for number in range(9001)]
    random.Random(2).shuffle(items)
    jobs.put_many(items)
    assert jobs.qsize() == 9001
    assert jobs.to_list() == sorted(items, key=lambda item: item[0])


# -- in pipelines --------------------------------------------------------------------------------------------------


@sync_only
def test_in_a_pipeline_nothing_waits_and_nothing_is_half_done(
    jobs: PriorityQueue[Any], tree: Proxy, backend: Backend
) -> None:
    jobs.put((1, "a"))
    with redicts.pipeline(raise_on_error=False) as pipe:
        queued = tree.get("app.jobs").using(pipe).as_priority_queue(maxsize=1)
        full = queued.put((0, "b"))
        refused = queued.put_nowait((0, "b"))
        got, none, nothing = queued.get(), queued.get(), queued.get(block=False)
        put = queued.put((2, "c"))
    assert got.result == (1, "a")
    assert put.result is None
    for deferred in (full, none):
        assert isinstance(deferred.error, PipelineMisused)
    assert isinstance(refused.error, Full)
    assert isinstance(nothing.error, Empty)
    assert jobs.to_list() == [(2, "c")]
    assert not any(":e:" in key for key in [*backend.keys()]), "nobody is expected"


@sync_only
def test_in_an_atomic_pipeline(jobs: PriorityQueue[Any], tree: Proxy) -> None:
    with redicts.pipeline(atomic=True, raise_on_error=False) as pipe:
        queued = tree.get("app.jobs").using(pipe).as_priority_queue()
        queued.put((2, "b"))
        queued.put_many([(1, "a"), (3, "c")])
        got, typed = queued.get(), tree.get("app.jobs").using(pipe).as_priority_queue(of=str).get()
    assert got.result == (1, "a")
    assert isinstance(typed.error, NotAtomic)
    assert jobs.to_list() == [(2, "b"), (3, "c")]
