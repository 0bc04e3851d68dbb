"""``take()`` of a reliable queue, through the synchronous face. (For tasks of asyncio: ``tests/waiting``.)"""

from __future__ import annotations

import queue
import threading
from typing import Any

import pytest

from redicts import InvalidElement, Proxy, TaskLost
from redicts.leaves.reliable_queue import ReliableQueue
from tests.support.backends import Backend
from tests.support.trees import nothing_written
from tests.support.waiting import wait_until


@pytest.fixture
def jobs(tree: Proxy, backend: Backend) -> ReliableQueue[Any]:
    """A queue with three items."""
    if backend.through != "sync":
        pytest.skip("take() is no operation: it gives an object of its face")
    jobs = tree.get("app.jobs").as_queue(reliable=True)
    jobs.put_many(["a", "b", "c"])
    return jobs


def test_a_block_that_ends_well(jobs: ReliableQueue[Any]) -> None:
    with jobs.take() as task:
        assert (task.value, task.delivered, task.finished) == ("a", 1, False)
        assert (jobs.qsize(), jobs.leased()) == (2, 1)
        assert repr(task) == "Task('a')"
    assert task.finished
    assert repr(task) == "Task('a', finished)"
    assert jobs.to_list() == ["b", "c"]
    for act in (task.done, task.give_back, lambda: task.extend(1)):
        with pytest.raises(ValueError, match="finished"):
            act()


class Broken(Exception):
    """What a consumer fails with."""


def fail(jobs: ReliableQueue[Any], lease: float | None = None) -> None:
    with jobs.take(lease=lease) as task:
        if lease is not None:
            wait_until(lambda: jobs.leased() == 0)
            assert jobs.get() == task.value
        raise Broken


def test_a_block_that_fails(jobs: ReliableQueue[Any]) -> None:
    with pytest.raises(Broken):
        fail(jobs)
    assert jobs.to_list() == ["a", "b", "c"]
    with jobs.take() as task:
        assert (task.value, task.delivered) == ("a", 2)


def test_a_block_that_fails_when_another_has_it(jobs: ReliableQueue[Any]) -> None:
    with pytest.raises(Broken):
        fail(jobs, 0.02)
    assert jobs.leased() == 1
    jobs.task_done()
    assert jobs.to_list() == ["b", "c"]


def test_a_block_that_ends_well_when_another_has_it(jobs: ReliableQueue[Any]) -> None:
    task = jobs.take(lease=0.02)
    wait_until(lambda: jobs.leased() == 0)
    assert jobs.get() == "a"
    with pytest.raises(TaskLost), task:
        pass
    for act in (task.done, task.give_back, lambda: task.extend(1)):
        with pytest.raises(TaskLost):
            act()
    assert jobs.leased() == 1


def test_finished_within_its_block(jobs: ReliableQueue[Any]) -> None:
    with jobs.take() as task:
        task.done()
    with jobs.take() as task:
        assert task.value == "b"
        task.give_back()
    assert jobs.to_list() == ["b", "c"]


def test_a_lease_is_made_longer_and_shorter(jobs: ReliableQueue[Any]) -> None:
    task = jobs.take(lease=0.1)
    task.extend(100)
    second = jobs.take(lease=100)
    second.extend(0.05)
    third = jobs.take(timeout=0)
    assert third.value == "c"
    again = jobs.take(timeout=10)
    assert (again.value, again.delivered) == ("b", 2)
    assert jobs.leased() == 3
    for wrong in (0, -1):
        with pytest.raises(ValueError, match="seconds is above 0"):
            task.extend(wrong)
    with pytest.raises(TypeError):
        task.extend("done")  # type: ignore[arg-type]
    assert jobs.length() == 3


def test_any_thread_may_finish_it(jobs: ReliableQueue[Any]) -> None:
    task = jobs.take()
    with pytest.raises(ValueError, match="too many times"):
        jobs.task_done()  # it counts what was got
    thread = threading.Thread(target=task.done)
    thread.start()
    thread.join()
    assert task.finished
    assert jobs.to_list() == ["b", "c"]


def test_none_to_take(jobs: ReliableQueue[Any], tree: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        with pytest.raises(InvalidElement):
            tree.get("app.jobs").as_queue(int, reliable=True).take()
        with pytest.raises(ValueError, match="lease is above 0"):
            jobs.take(lease=0)
    jobs.clear()
    for options in ({"block": False}, {"timeout": 0}, {"timeout": 0.01}):
        with pytest.raises(queue.Empty):
            jobs.take(**options)
    with pytest.raises(ValueError, match="negative"):
        jobs.take(timeout=-1)
