"""Random operations done to a queue, plain or reliable, and to a ``deque``, compared after each. No lease runs out."""

from __future__ import annotations

import queue
from collections import deque
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from redicts import Proxy
from tests.support.backends import Backend
from tests.support.trees import canonical, tree_of

__all__ = ["QueueMachine", "ReliableMachine"]

ITEMS = st.sampled_from([None, True, 1, 1.0, -0.0, "", "x y", "é.{", [], [1, [None]], {"b": {}, "a": 2**70}])
SEVERAL = st.lists(ITEMS, max_size=4)
LIMITS = st.sampled_from([0, 0, 1, 3, 5])


class QueueMachine(RuleBasedStateMachine):
    """Subclasses say which backend it works on."""

    backend: Backend

    def __init__(self) -> None:
        super().__init__()
        self.backend.clear()
        self.tree = tree_of(self.backend)
        self.jobs: Any = self.open(0)
        self.pending: deque[Any] = deque()

    def open(self, maxsize: int) -> Any:
        return self.place.as_queue(maxsize=maxsize)

    @property
    def place(self) -> Proxy:
        return self.tree.get("app.jobs")

    def has_room(self, count: int) -> bool:
        most: int = self.jobs.maxsize
        return most <= 0 or len(self.pending) + count <= most

    @rule(item=ITEMS)
    def put(self, item: Any) -> None:
        if self.has_room(1):
            self.jobs.put(item)
            self.pending.append(item)
        else:
            with pytest.raises(queue.Full):
                self.jobs.put_nowait(item)

    @rule(items=SEVERAL)
    def put_many(self, items: list[Any]) -> None:
        if 0 < self.jobs.maxsize < len(items):
            with pytest.raises(ValueError, match="never have room"):
                self.jobs.put_many(items)
        elif not items or self.has_room(len(items)):
            self.jobs.put_many(items)
            self.pending.extend(items)
        else:
            with pytest.raises(queue.Full):
                self.jobs.put_many(items, block=False)

    @rule()
    def get(self) -> None:
        if self.pending:
            assert canonical(self.jobs.peek()) == canonical(self.pending[0])
            assert canonical(self.jobs.get()) == canonical(self.pending.popleft())
        else:
            for act in (self.jobs.get_nowait, self.jobs.peek):
                with pytest.raises(queue.Empty):
                    act()

    @rule()
    def clear(self) -> None:
        self.jobs.clear()
        self.pending.clear()

    @rule(maxsize=LIMITS)
    def open_again(self, maxsize: int) -> None:
        self.jobs = self.open(maxsize)

    @invariant()
    def the_queue_is_the_models(self) -> None:
        assert self.jobs.qsize() == len(self.pending)
        assert self.jobs.empty() == (not self.pending)
        assert self.jobs.full() == (0 < self.jobs.maxsize <= len(self.pending))
        assert canonical(self.jobs.to_list()) == canonical(self.everything())
        assert canonical(self.tree.val()) == canonical(
            {"app": {"jobs": self.everything()}} if self.everything() else {}
        )
        assert self.tree.check() == []

    def everything(self) -> list[Any]:
        return list(self.pending)

    def teardown(self) -> None:
        self.tree.clear()
        assert self.backend.keys() == []


class PlainMachine(QueueMachine):
    """With what only plain queues can do."""

    @rule(count=st.integers(0, 4))
    def get_many(self, count: int) -> None:
        expected = [self.pending.popleft() for _ in range(min(count, len(self.pending)))]
        assert canonical(self.jobs.get_many(count)) == canonical(expected)


class ReliableMachine(QueueMachine):
    """With leases. What is pending has the order of coming, what was given back too."""

    def __init__(self) -> None:
        self.handles: dict[int, Any] = {}
        super().__init__()
        self.numbers: deque[int] = deque()
        self.next = 0
        self.got: list[tuple[int, Any]] = []
        self.tasks: list[tuple[int, Any, Any]] = []
        self.order: list[tuple[int, Any]] = []

    def open(self, maxsize: int) -> Any:
        if maxsize not in self.handles:  # each knows what was got through it
            self.handles[maxsize] = self.place.as_queue(maxsize=maxsize, reliable=True, lease=1000 + maxsize)
        return self.handles[maxsize]

    @rule()
    def get(self) -> None:
        self.number()
        number = self.numbers.popleft() if self.numbers else -1
        value = self.pending[0] if self.pending else None
        super().get()
        if number >= 0:
            self.got.append((number, value))
            self.order.append((number, value))

    @precondition(lambda self: self.pending)
    @rule()
    def take(self) -> None:
        self.number()
        task = self.jobs.take(lease=2000)
        entry = (self.numbers.popleft(), self.pending.popleft())
        assert canonical(task.value) == canonical(entry[1])
        self.tasks.append((*entry, task))

    @precondition(lambda self: self.tasks)
    @rule(back=st.booleans())
    def finish(self, back: bool) -> None:
        number, value, task = self.tasks.pop(0)
        self.number()
        if not back:
            task.done()
            return
        task.give_back()
        at = sum(each < number for each in self.numbers)
        self.numbers.insert(at, number)
        self.pending.insert(at, value)

    @rule()
    def clear(self) -> None:
        super().clear()
        self.handles.clear()
        self.jobs = self.open(0)
        for each in (self.numbers, self.got, self.tasks, self.order):
            each.clear()

    def number(self) -> None:
        """Number what came since."""
        while len(self.numbers) < len(self.pending):
            self.numbers.append(self.next)
            self.next += 1

    @rule()
    def task_done(self) -> None:
        for handle in self.handles.values():
            mine = len(handle._taken.mine())
            if not mine:
                with pytest.raises(ValueError, match="too many times"):
                    handle.task_done()
        if len(self.handles) == 1 and self.got:
            (handle,) = self.handles.values()
            handle.task_done()
            self.order.remove(self.got.pop(0))

    def everything(self) -> list[Any]:
        leased = sorted(canonical(value) for _, value in self.order)
        leased += sorted(canonical(value) for _, value, _ in self.tasks)
        return leased

    @invariant()
    def the_queue_is_the_models(self) -> None:
        self.number()
        assert (self.jobs.qsize(), self.jobs.leased()) == (len(self.pending), len(self.order) + len(self.tasks))
        found = self.jobs.to_list()
        assert canonical(found[: len(self.pending)]) == canonical(list(self.pending))
        assert sorted(map(canonical, found[len(self.pending) :])) == sorted(self.everything())
        assert self.jobs.length() == len(found)
        assert canonical(self.tree.val()) == canonical({"app": {"jobs": found}} if found else {})
        assert self.tree.check() == []
