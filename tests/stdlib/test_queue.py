"""``test.test_queue`` of the standard library, against queues on a server."""

from __future__ import annotations

import queue
import unittest
from typing import Any

import pytest

from redicts.leaves.queue import Queue as PlainQueue
from redicts.leaves.reliable_queue import ReliableQueue
from tests.stdlib.ground import Ground, left_out

theirs: Any = pytest.importorskip("test.test_queue")

SHUT_DOWN = "shutdown() is about the threads of one process; here consumers come and go, in many"

SHUTDOWN = {
    f"test_shutdown_{name}": SHUT_DOWN
    for name in (
        *("empty", "nonempty", "immediate", "allowed_transitions", "get", "immediate_get", "put", "immediate_put"),
        *("join", "immediate_join", "put_join", "immediate_put_join", "get_task_done_join", "pending_get"),
        *("all_methods_in_one_thread", "immediate_all_methods_in_one_thread"),
        *("all_methods_in_many_threads", "immediate_all_methods_in_many_threads"),
    )
}
"""Came with Python 3.13."""

RELIABLE = "task_done() and join() are those of as_queue(reliable=True), which has the test below"

# Left out as whole classes: LifoQueueTest (there is no such leaf), PriorityQueueTest (as_priority_queue() has tests of
# its own), FailingQueueTest (it overrides _put and _get, which run on the server here).


@left_out({**SHUTDOWN, "test_queue_task_done": RELIABLE, "test_queue_join": RELIABLE})
class TestQueue(theirs.BaseQueueTestMixin, unittest.TestCase):  # type: ignore[misc]
    """``queue.Queue``: one whose items are gone when they are taken."""

    queue = queue

    def type2test(self, maxsize: int = 0) -> PlainQueue[Any]:
        return Ground.place().as_queue(maxsize=maxsize)


class Queue(ReliableQueue[Any]):
    """A reliable queue of the name by which the tests know in what order items come."""

    __slots__ = ()


@left_out(SHUTDOWN)
class TestReliableQueue(theirs.BaseQueueTestMixin, unittest.TestCase):  # type: ignore[misc]
    """``queue.Queue``: one whose items come back unless they are done."""

    queue = queue

    def type2test(self, maxsize: int = 0) -> Queue:
        return Queue(Ground.place(), None, maxsize, 60)


@left_out({"test_references": "items are JSON values, not objects with references to them"})
class TestSimpleQueue(theirs.BaseSimpleQueueTest, unittest.TestCase):  # type: ignore[misc]
    """``queue.SimpleQueue``. What is tested of its C implementation alone, that put() is reentrant, is left out."""

    queue = queue

    def type2test(self) -> PlainQueue[Any]:
        return Ground.place().as_queue()

    @pytest.mark.exhaustive  # 10,000 items through 100 threads
    def test_many_threads(self) -> None:
        super().test_many_threads()

    @pytest.mark.exhaustive
    def test_many_threads_nonblock(self) -> None:
        super().test_many_threads_nonblock()


class TestSimpleReliableQueue(TestSimpleQueue):
    """``queue.SimpleQueue``, by a reliable one."""

    def type2test(self) -> Any:
        return Queue(Ground.place(), None, 0, 60)
