"""CPython's ``test.test_queue``, as far as it is of ``PriorityQueue``, against ``as_priority_queue()``.

Its items are numbers, and once a text. Here an item is a pair, so each is put as (number, number), and what comes out
is the second. That is the one thing that is bridged; all else is what CPython tests.
"""

from __future__ import annotations

import queue
import unittest
from typing import Any

import pytest

import redicts.leaves.priority_queue
from tests.stdlib.ground import Ground, left_out

test_queue = pytest.importorskip("test.test_queue")

UNFINISHED = "no queue knows what other processes do with what they took: there is no task_done, and no join"
SHUTDOWN = "a queue that processes share is not shut down by one of them (Python 3.13)"


class PriorityQueue(redicts.leaves.priority_queue.PriorityQueue[Any]):
    """Puts values as their own priorities. (CPython's test looks at the name of the class.)"""

    __slots__ = ()

    def __init__(self, maxsize: int = 0) -> None:
        super().__init__(Ground.place(), None, maxsize)

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        super().put((item if isinstance(item, int) else 0, item), block, timeout)

    def put_nowait(self, item: Any) -> None:
        super().put_nowait((item, item))

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        return super().get(block, timeout)[1]

    def get_nowait(self) -> Any:
        return super().get_nowait()[1]


@left_out(
    {
        "test_queue_task_done": UNFINISHED,
        "test_queue_join": UNFINISHED,
        **{
            name: SHUTDOWN
            for name in dir(test_queue.BaseQueueTestMixin)
            if name.startswith("test_") and "shutdown" in name
        },
    }
)
class TestPriorityQueue(test_queue.BaseQueueTestMixin, unittest.TestCase):  # type: ignore[misc, name-defined]
    queue = queue

    def setUp(self) -> None:
        self.type2test = PriorityQueue
        super().setUp()
