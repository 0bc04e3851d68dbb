"""``as_queue()`` in every face: what its operations do, and what they leave alone."""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Any

import pytest

from redicts import InvalidElement, LockLost, PipelineMisused, Proxy, WrongType
from redicts.leaves.queue import Queue
from tests.support.backends import Backend
from tests.support.trees import behind, nothing_written


def acts(*given: Callable[[], object]) -> tuple[Callable[[], object], ...]:
    """What is to be tried, one after another."""
    return given


@pytest.fixture
def jobs(tree: Proxy) -> Queue[Any]:
    """A queue at a place where nothing is."""
    return tree.get("app.jobs").as_queue()


@pytest.fixture
def waits(backend: Backend) -> None:
    """For what has to wait."""
    if backend.through == "queued":
        pytest.skip("a pipeline cannot wait")


def test_nothing_is_there_before_the_first_item(jobs: Queue[Any], tree: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        assert (jobs.qsize(), jobs.length(), jobs.empty(), jobs.full()) == (0, 0, True, False)
        assert (jobs.to_list(), jobs.get_many(3), jobs.get_many(0)) == ([], [], [])
        for act in (jobs.get_nowait, jobs.peek, lambda: jobs.get(block=False), lambda: jobs.get(timeout=0)):
            with pytest.raises(queue.Empty, match=r"'app\.jobs'"):
                act()
        jobs.put_many([])
        jobs.clear()
    assert tree.val() == {}


def test_first_in_first_out(jobs: Queue[Any], tree: Proxy, backend: Backend) -> None:
    jobs.put({"b": 1, "a": [None]})
    jobs.put_nowait("two")
    jobs.put_many([3.0, 4, [5]])
    assert tree.val() == {"app": {"jobs": [{"a": [None], "b": 1}, "two", 3.0, 4, [5]]}}
    assert tree.get("app.jobs").kind() == "queue"
    assert (jobs.peek(), jobs.qsize()) == ({"a": [None], "b": 1}, 5)
    assert (jobs.get(), jobs.get_nowait(), jobs.get_many(2)) == ({"a": [None], "b": 1}, "two", [3.0, 4])
    assert jobs.get_many(100) == [[5]]
    assert jobs.empty()
    assert (tree.val(), backend.keys()) == ({}, [])


def test_a_limit(tree: Proxy, backend: Backend) -> None:
    jobs = tree.get("jobs").as_queue(maxsize=3)
    jobs.put_many([1, 2])
    assert not jobs.full()
    with nothing_written(backend), pytest.raises(queue.Full, match="no room"):
        jobs.put_many([3, 4], block=False)
    with pytest.raises(ValueError, match="never have room"):
        jobs.put_many([3, 4, 5, 6])
    jobs.put(3)
    assert jobs.full()
    with nothing_written(backend):
        for act in acts(
            lambda: jobs.put_nowait(4),
            lambda: jobs.put(4, block=False),
            lambda: jobs.put(4, timeout=0),
            lambda: jobs.put(4, False, -1),
        ):
            with pytest.raises(queue.Full):
                act()
    assert jobs.to_list() == [1, 2, 3]
    tree.get("jobs").as_queue().put(4)  # the limit is this handle's
    assert jobs.full()
    assert jobs.get_many(2) == [1, 2]
    jobs.put(5)
    assert jobs.to_list() == [3, 4, 5]


def test_no_limit(tree: Proxy) -> None:
    for maxsize in (0, -1):
        jobs = tree.get("jobs").as_queue(maxsize=maxsize)
        jobs.put_many(range(10))
        jobs.put(10, timeout=-1)  # where there is no limit it does not count, as in the standard library
        assert not jobs.full()
    with pytest.raises(TypeError):
        tree.get("jobs").as_queue(maxsize=1.5)  # type: ignore[call-overload]


def test_bad_arguments(tree: Proxy, backend: Backend) -> None:
    jobs = tree.get("jobs").as_queue(maxsize=1)
    with nothing_written(backend):
        for act in acts(lambda: jobs.get(timeout=-1), lambda: jobs.put(1, timeout=-0.1), lambda: jobs.get_many(-1)):
            with pytest.raises(ValueError, match="negative"):
                act()
        with pytest.raises(TypeError):
            jobs.get(timeout="1")  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            jobs.put({1, 2})
        with pytest.raises(queue.Empty):
            jobs.get(False, -1)


@pytest.mark.usefixtures("waits")
def test_nothing_comes_in_time(tree: Proxy) -> None:
    jobs = tree.get("jobs").as_queue(maxsize=1)
    with pytest.raises(queue.Empty, match=r"0\.05 s"):
        jobs.get(timeout=0.05)
    jobs.put(1)
    with pytest.raises(queue.Full, match=r"0\.05 s"):
        jobs.put(2, timeout=0.05)
    assert jobs.to_list() == [1]


def test_a_pipeline_does_not_wait(tree: Proxy, backend: Backend) -> None:
    if backend.through != "queued":
        pytest.skip("about pipelines")
    jobs = tree.get("jobs").as_queue(maxsize=1)
    with nothing_written(backend), pytest.raises(PipelineMisused, match="would have to wait"):
        jobs.get()
    jobs.put(1)
    with nothing_written(backend):
        for act in acts(lambda: jobs.put(2), lambda: jobs.put(2, timeout=5)):
            with pytest.raises(PipelineMisused, match="would have to wait"):
                act()
    assert jobs.get() == 1


@pytest.mark.parametrize("value", [1, [], None, {"x": 1}])
def test_another_kind_is_left_alone(tree: Proxy, backend: Backend, value: Any) -> None:
    tree.set("app.jobs", value)
    for jobs in (tree.get("app.jobs").as_queue(), tree.get("app.jobs").as_queue(maxsize=5)):
        with nothing_written(backend):
            for act in (
                *(jobs.get, jobs.get_nowait, jobs.peek, jobs.qsize, jobs.empty, jobs.to_list, jobs.clear),
                *(lambda: jobs.get_many(2), lambda: jobs.put(1), lambda: jobs.put_many([1])),  # noqa: B023
            ):
                with pytest.raises(WrongType) as caught:
                    act()
                assert caught.value.expected == "queue"
    with pytest.raises(WrongType):
        tree.get("app.jobs").as_queue(maxsize=1).full()
    with pytest.raises(WrongType):
        tree.get("app.jobs").as_list().append(1)
    assert tree.get("app.jobs").val() == value


def test_a_list_is_no_queue(tree: Proxy) -> None:
    tree.get("a").as_list().append(1)
    with pytest.raises(WrongType, match="holds a list, not a queue"):
        tree.get("a").as_queue().get(block=False)
    tree.get("q").as_queue().put(1)
    with pytest.raises(WrongType, match="holds a queue, not a list"):
        tree.get("q").as_list().append(2)


def test_what_does_not_validate_stays_where_it_is(tree: Proxy, backend: Backend) -> None:
    tree.get("jobs").as_queue().put_many([1, "two", 3])
    numbers = tree.get("jobs").as_queue(int)
    assert (numbers.peek(), numbers.get()) == (1, 1)
    with nothing_written(backend):
        for act in (numbers.get, numbers.get_nowait, numbers.peek, numbers.to_list, lambda: numbers.get_many(2)):
            with pytest.raises(InvalidElement, match="\"two\" at 'jobs'") as caught:
                act()
            assert (caught.value.path, caught.value.element) == ("jobs", '"two"')
        with pytest.raises(InvalidElement):
            numbers.put("four")  # type: ignore[arg-type]
        with pytest.raises(InvalidElement):
            numbers.put_many([4, "five"])  # type: ignore[list-item]
    assert tree.get("jobs").as_queue().get() == "two"
    assert numbers.get_many(5) == [3]
    assert numbers.get_many(5) == []


def test_many_items_at_once(tree: Proxy) -> None:
    jobs = tree.get("jobs").as_queue(int, maxsize=20_000)
    jobs.put_many(range(10_000))
    assert jobs.qsize() == 10_000
    assert jobs.get_many(9_000) == list(range(9_000))
    assert tree.get("jobs").as_queue().get_many(10_000) == list(range(9_000, 10_000))


def test_time_to_live(tree: Proxy, backend: Backend) -> None:
    jobs = tree.get("app.jobs").as_queue()
    jobs.put_many([1, 2])
    assert tree.get("app.jobs").expire(100)
    jobs.put(3)
    assert jobs.get() == 1
    assert 90 < tree.get("app.jobs").time_to_live() <= 100
    backend.advance(101)
    assert (jobs.qsize(), jobs.get_many(5), tree.val()) == (0, [], {})
    jobs.put(4)
    assert (jobs.to_list(), tree.get("app.jobs").time_to_live()) == ([4], -1)


def test_a_section_can_be_a_queue(tree: Proxy) -> None:
    jobs = tree.get("jobs").as_queue(maxsize=2)
    jobs.put(1)
    assert (tree.val(), jobs.get(), tree.val()) == ({"jobs": [1]}, 1, {})


def test_under_a_lost_lock_nothing_is_put_and_nothing_taken(tree: Proxy, backend: Backend) -> None:
    place = tree.get("app")
    kinds = [place.get("plain").as_queue(), place.get("room").as_queue(maxsize=5)]
    lease = place.acquire(expire_timeout=30)
    for jobs in kinds:
        jobs.put(1)
        jobs.put_many([2, 3])
        assert jobs.get() == 1
    behind(backend, "app").break_locks()
    for jobs in kinds:
        for act in acts(lambda: jobs.put(4), jobs.get, jobs.get_nowait, jobs.clear, lambda: jobs.get_many(1)):  # noqa: B023
            with pytest.raises(LockLost):
                act()
        assert jobs.to_list() == [2, 3]
    with pytest.raises(LockLost):
        lease.release()
