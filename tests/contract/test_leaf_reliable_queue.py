"""``as_queue(reliable=True)`` in every face: what its operations do, and what they leave alone."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

import pytest

from redicts import InvalidElement, LockLost, PipelineMisused, Proxy, TaskLost, WaitTimeout, WrongType
from redicts.leaves.reliable_queue import ReliableQueue
from tests.support.backends import Backend
from tests.support.trees import behind, nothing_written
from tests.support.waiting import wait_until


def acts(*given: Callable[[], object]) -> tuple[Callable[[], object], ...]:
    """What is to be tried, one after another."""
    return given


@pytest.fixture
def jobs(tree: Proxy) -> ReliableQueue[Any]:
    """A queue at a place where nothing is."""
    return tree.get("app.jobs").as_queue(reliable=True)


def short(tree: Proxy, lease: float = 0.05) -> ReliableQueue[Any]:
    """Another handle of it, whose leases are over at once."""
    return tree.get("app.jobs").as_queue(reliable=True, lease=lease)


def run_out(jobs: ReliableQueue[Any]) -> None:
    """Wait until nothing is leased."""
    wait_until(lambda: jobs.leased() == 0, what="the end of the leases")


def test_nothing_is_there_before_the_first_item(jobs: ReliableQueue[Any], tree: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        assert (jobs.qsize(), jobs.leased(), jobs.length(), jobs.empty(), jobs.full()) == (0, 0, 0, True, False)
        assert jobs.to_list() == []
        for act in (jobs.get_nowait, jobs.peek, lambda: jobs.get(block=False), lambda: jobs.get(timeout=0)):
            with pytest.raises(queue.Empty, match=r"'app\.jobs'"):
                act()
        with pytest.raises(ValueError, match="too many times"):
            jobs.task_done()
        jobs.put_many([])
        jobs.clear()
        jobs.join(timeout=0)
    assert tree.val() == {}


def test_an_item_is_there_until_it_is_done(jobs: ReliableQueue[Any], tree: Proxy, backend: Backend) -> None:
    jobs.put({"b": 1, "a": "x y"})
    jobs.put_many(["two", None])
    assert tree.val() == {"app": {"jobs": [{"a": "x y", "b": 1}, "two", None]}}
    assert tree.get("app.jobs").kind() == "reliable_queue"
    assert jobs.peek() == {"a": "x y", "b": 1}
    assert jobs.get() == {"a": "x y", "b": 1}
    assert (jobs.qsize(), jobs.leased(), jobs.length()) == (2, 1, 3)
    assert tree.val() == {"app": {"jobs": ["two", None, {"a": "x y", "b": 1}]}}
    assert jobs.to_list() == ["two", None, {"a": "x y", "b": 1}]
    assert (jobs.get_nowait(), jobs.peek()) == ("two", None)
    jobs.task_done()
    assert jobs.to_list() == [None, "two"]  # what was got first is done first
    assert jobs.get() is None
    with pytest.raises(WaitTimeout):
        jobs.join(timeout=0)
    jobs.task_done()
    jobs.task_done()
    jobs.join(timeout=0)
    with pytest.raises(ValueError, match="too many times"):
        jobs.task_done()
    assert (tree.val(), backend.keys()) == ({}, [])


def test_it_comes_back_in_its_old_place(jobs: ReliableQueue[Any], tree: Proxy) -> None:
    jobs.put_many([1, 2, 3])
    brief = short(tree)
    assert (brief.get(), brief.get(), jobs.get()) == (1, 2, 3)
    wait_until(lambda: jobs.leased() == 1, what="the end of two leases")
    assert (jobs.qsize(), jobs.empty(), jobs.peek()) == (2, False, 1)
    jobs.put(4)
    assert [jobs.get(), jobs.get(), jobs.get()] == [1, 2, 4]
    for _ in range(2):  # another has them now
        with pytest.raises(TaskLost, match="another"):
            brief.task_done()
    with pytest.raises(ValueError, match="too many times"):
        brief.task_done()
    assert jobs.length() == 4
    for _ in range(4):
        jobs.task_done()
    assert jobs.length() == 0


def test_done_though_its_lease_ran_out_where_nobody_took_it(jobs: ReliableQueue[Any], tree: Proxy) -> None:
    jobs.put(1)
    brief = short(tree)
    assert brief.get() == 1
    run_out(jobs)
    brief.task_done()
    assert tree.val() == {}


def test_lost_to_one_who_did_it(jobs: ReliableQueue[Any], tree: Proxy) -> None:
    """The same text comes again; who had the first one has nothing to do with it."""
    brief = short(tree)
    jobs.put("x")
    assert brief.get() == "x"
    run_out(jobs)
    assert jobs.get() == "x"
    jobs.task_done()
    jobs.put("x")
    assert jobs.get() == "x"
    with pytest.raises(TaskLost):
        brief.task_done()
    assert jobs.leased() == 1
    jobs.task_done()


def test_lost_with_the_place(jobs: ReliableQueue[Any], tree: Proxy) -> None:
    jobs.put_many([1, 2, 3, 4])
    assert [jobs.get() for _ in range(3)] == [1, 2, 3]
    assert tree.get("app").delete("jobs")
    with pytest.raises(TaskLost) as caught:
        jobs.task_done()
    assert caught.value.path == "app.jobs"
    tree.set("app.jobs", [1])
    with pytest.raises(WrongType):
        jobs.task_done()
    tree.get("app").delete("jobs")
    jobs.put(5)
    for _ in range(2):
        with pytest.raises(TaskLost):
            jobs.task_done()
    jobs.clear()
    assert tree.val() == {}


def test_what_others_got_is_not_counted(jobs: ReliableQueue[Any], tree: Proxy) -> None:
    jobs.put_many([1, 2])
    got: list[Any] = []
    thread = threading.Thread(target=lambda: got.append(jobs.get()))
    thread.start()
    thread.join(10)
    assert got == [1]
    assert jobs.get() == 2
    jobs.task_done()
    with pytest.raises(ValueError, match="too many times"):
        jobs.task_done()
    with pytest.raises(ValueError, match="too many times"):
        tree.get("app.jobs").as_queue(reliable=True).task_done()
    assert jobs.to_list() == [1]


def test_a_limit_is_of_what_is_pending(tree: Proxy, backend: Backend) -> None:
    jobs = tree.get("app.jobs").as_queue(maxsize=2, reliable=True)
    jobs.put_many([1, 2])
    assert jobs.full()
    with nothing_written(backend):
        for act in acts(lambda: jobs.put_nowait(3), lambda: jobs.put(3, timeout=0), lambda: jobs.put_many([3], False)):
            with pytest.raises(queue.Full):
                act()
        with pytest.raises(ValueError, match="never have room"):
            jobs.put_many([3, 4, 5])
        with pytest.raises(ValueError, match="negative"):
            jobs.put(3, timeout=-1)
        with pytest.raises(ValueError, match="negative"):
            jobs.get(timeout=-1)
    brief = short(tree, lease=1)
    assert brief.get() == 1
    assert not jobs.full()
    jobs.put(3)
    assert jobs.full()
    brief.task_done()
    assert jobs.to_list() == [2, 3]


def test_bad_leases(tree: Proxy) -> None:
    for lease in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="lease is above 0"):
            tree.get("a").as_queue(reliable=True, lease=lease)
    with pytest.raises(TypeError):
        tree.get("a").as_queue(reliable=True, lease="1")  # type: ignore[call-overload]


@pytest.mark.parametrize("value", [1, [], None, {"x": 1}])
def test_another_kind_is_left_alone(jobs: ReliableQueue[Any], tree: Proxy, backend: Backend, value: Any) -> None:
    tree.set("app.jobs", value)
    with nothing_written(backend):
        for act in (
            *(jobs.get, jobs.get_nowait, jobs.peek, jobs.qsize, jobs.leased, jobs.empty, jobs.to_list, jobs.clear),
            *(lambda: jobs.join(timeout=0), lambda: jobs.put(1), lambda: jobs.put_many([1])),
        ):
            with pytest.raises(WrongType) as caught:
                act()
            assert caught.value.expected == "reliable_queue"
    tree.set("app.jobs", None)
    tree.get("app").clear()
    tree.get("app.jobs").as_queue().put(1)
    with pytest.raises(WrongType, match="holds a queue, not a reliable_queue"):
        jobs.get()


def test_what_does_not_validate_stays_where_it_is(tree: Proxy, backend: Backend) -> None:
    tree.get("jobs").as_queue(reliable=True).put_many([1, "two", 3])
    numbers = tree.get("jobs").as_queue(int, reliable=True)
    assert (numbers.peek(), numbers.get()) == (1, 1)
    numbers.task_done()
    with nothing_written(backend):
        for act in (numbers.get, numbers.get_nowait, numbers.peek, numbers.to_list):
            with pytest.raises(InvalidElement, match="\"two\" at 'jobs'") as caught:
                act()
            assert (caught.value.path, caught.value.element) == ("jobs", '"two"')
        with pytest.raises(InvalidElement):
            numbers.put("four")  # type: ignore[arg-type]
    assert numbers.qsize() == 2
    assert tree.get("jobs").as_queue(reliable=True).get() == "two"
    assert numbers.get() == 3
    numbers.task_done()
    with pytest.raises(ValueError, match="too many times"):
        numbers.task_done()


def test_many_items_at_once(jobs: ReliableQueue[Any]) -> None:
    jobs.put_many(range(10_000))
    jobs.put_many(range(3))
    assert jobs.to_list() == [*range(10_000), 0, 1, 2]
    assert (jobs.qsize(), jobs.get(), jobs.get()) == (10_003, 0, 1)


def test_time_to_live(jobs: ReliableQueue[Any], tree: Proxy, backend: Backend) -> None:
    jobs.put(1)
    assert tree.get("app.jobs").expire(100)
    assert jobs.get() == 1  # the last one pending; what it lies in is never empty between
    assert 90 < tree.get("app.jobs").time_to_live() <= 100
    backend.advance(101)
    assert (jobs.qsize(), jobs.leased(), tree.val()) == (0, 0, {})
    with pytest.raises(TaskLost):
        jobs.task_done()
    jobs.join(timeout=0)


def test_under_a_lost_lock(jobs: ReliableQueue[Any], tree: Proxy) -> None:
    lease = tree.get("app").acquire(expire_timeout=30)
    jobs.put_many([1, 2])
    assert jobs.get() == 1
    behind_the_back = tree.get("app").break_locks()
    assert behind_the_back
    for act in acts(lambda: jobs.put(3), jobs.get, jobs.task_done, jobs.clear):
        with pytest.raises(LockLost):
            act()
    assert (jobs.qsize(), jobs.leased()) == (1, 1)
    with pytest.raises(LockLost):
        lease.release()
    jobs.task_done()  # what was refused is not forgotten
    assert jobs.to_list() == [2]


def test_a_pipeline_does_not_wait(jobs: ReliableQueue[Any], tree: Proxy, backend: Backend) -> None:
    if backend.through != "queued":
        pytest.skip("about pipelines")
    with nothing_written(backend), pytest.raises(PipelineMisused, match="would have to wait"):
        jobs.get()
    jobs.put(1)
    with nothing_written(backend), pytest.raises(PipelineMisused, match="would have to wait"):
        jobs.join()
    assert jobs.get() == 1
    with nothing_written(backend), pytest.raises(PipelineMisused, match="would have to wait"):
        jobs.get(timeout=5)
    jobs.task_done()
    jobs.join()


def test_waiting_for_the_end_of_a_lease(jobs: ReliableQueue[Any], tree: Proxy, backend: Backend) -> None:
    if backend.through == "queued":
        pytest.skip("a pipeline cannot wait")
    jobs.put(1)
    assert short(tree, 0.2).get() == 1
    with pytest.raises(queue.Empty):
        jobs.get(timeout=0.01)
    with pytest.raises(WaitTimeout):
        jobs.join(timeout=0.01)
    assert jobs.get(timeout=10) == 1
    jobs.task_done()


def test_tampered_clock_keeps_the_order(jobs: ReliableQueue[Any], backend: Backend) -> None:
    """What comes is behind what is pending, whatever the server's clock says."""
    jobs.put(1)
    body = backend.database.space.body(("app", "jobs"))
    client: Any = backend.client
    client.delete(body)
    client.zadd(body, {"0fffffffffffff00000.0 1": 0})
    jobs.put_many([2, 3])
    assert [jobs.get() for _ in range(3)] == [1, 2, 3]
    behind(backend).clear()
