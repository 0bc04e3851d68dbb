"""Who holds locks in this process: each task of asyncio, else each thread, is an owner, and knows what it holds.

May import core, errors and holding. Invariants: an owner's name is never given twice, on any machine; after ``fork``
the child is nobody that was before, and holds nothing.
"""

from __future__ import annotations

import os
import socket
import threading
from asyncio import Task, current_task
from asyncio.events import _get_running_loop
from collections.abc import Hashable
from itertools import count
from typing import Any, Final
from weakref import WeakKeyDictionary

from redicts.core.paths import Path
from redicts.locks.holding import Context, Holding

__all__ = ["Process", "current", "current_holdings", "find", "process", "who"]


class Process:
    """This process, as the owner of the locks of its threads and tasks.

    Attributes:
        host: The machine's name.
        pid: The process's number there.
        uuid: 16 hex digits, random.
        forked: Whether it came to be by ``fork`` from one that used redicts.
    """

    def __init__(self, forked: bool = False) -> None:
        self.host = socket.gethostname() or "unknown"
        self.pid = os.getpid()
        self.uuid = os.urandom(8).hex()  # as the module secrets does, which takes ms to import
        self.forked = forked
        self.lock = threading.Lock()
        self._numbers = count(1)
        self._named: dict[str, tuple[Holding, ...]] = {}

    def number(self) -> str:
        """Return what was never returned before, in any process."""
        return f"{self.uuid}:{next(self._numbers)}"

    def named(self, owner: str) -> tuple[Holding, ...]:
        """Return what an owner that was named holds through this process, whichever thread or task took it."""
        return self._named.get(owner, ())

    def add(self, holding: Holding) -> None:
        """Note what was acquired."""
        with self.lock:
            context = holding.context
            context.holdings = (*context.holdings, holding)
            if holding.owner != context.owner:
                self._named[holding.owner] = (*self.named(holding.owner), holding)

    def remove(self, holding: Holding) -> None:
        """Forget what was released."""
        with self.lock:
            context = holding.context
            context.holdings = tuple([other for other in context.holdings if other is not holding])
            if holding.owner in self._named:
                rest = tuple([other for other in self._named[holding.owner] if other is not holding])
                if rest:
                    self._named[holding.owner] = rest
                else:
                    del self._named[holding.owner]


class _Local(threading.local):
    """What a thread knows of owners: itself."""

    context: Context | None = None


_local: Final = _Local()
_tasks: Final[WeakKeyDictionary[Task[Any], Context]] = WeakKeyDictionary()
"""Those of all threads: a loop may be run by one thread now and by another later. Never iterated over."""

_process = Process()


def process() -> Process:
    """Return this process."""
    return _process


def current() -> Context:
    """Return who is running: the task, where there is one, else the thread."""
    task = _task()
    context = _local.context if task is None else _tasks.get(task)
    if context is not None and context.process is _process:
        return context
    context = Context(_process, _process.number(), task)
    if task is None:
        _local.context = context
    else:
        _tasks[task] = context
    return context


def current_holdings() -> tuple[Holding, ...]:
    """Return what was acquired by who is running, the last one last. Fast where there is nothing."""
    task = _task()
    context = _local.context if task is None else _tasks.get(task)
    if context is None or not context.holdings or context.process is not _process:
        return ()
    return context.holdings


def who() -> str:
    """Tell who is running, for messages."""
    return "this thread" if _task() is None else "this task"


def _task() -> Task[Any] | None:
    # Asked for first: without a loop, which is the common case, current_task() raises.
    return None if (loop := _get_running_loop()) is None else current_task(loop)


def find(place: Hashable, path: Path, owner: str | None) -> Holding | None:
    """Find the last that was acquired at a place and not released: by who is running, or by a named owner."""
    holdings = current_holdings() if owner is None else _process.named(owner)
    for holding in reversed(holdings):
        if holding.path == path and holding.place == place and (owner is not None or holding.owner == current().owner):
            return holding
    return None


def _after_fork() -> None:
    global _process  # noqa: PLW0603  # one for each process is what it is
    _process = Process(forked=True)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
