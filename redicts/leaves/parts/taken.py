"""What each thread, or task of asyncio, took and has not finished. Imports nothing of redicts.

Invariant: nobody is given what another took: not a new thread with an old one's number, nor a child after ``fork``.
"""

from __future__ import annotations

import os
import threading
from asyncio import Task, current_task
from asyncio.events import _get_running_loop
from collections import deque
from typing import Any
from weakref import WeakKeyDictionary

__all__ = ["Taken"]


class _Local(threading.local):
    """What a thread took."""

    def __init__(self) -> None:
        self.members: deque[Any] = deque()


class Taken:
    """What was taken through one handle, by whom."""

    __slots__ = ("_local", "_pid", "_tasks")

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._local = _Local()
        self._tasks: WeakKeyDictionary[Task[Any], deque[Any]] = WeakKeyDictionary()
        self._pid = os.getpid()

    def mine(self) -> deque[Any]:
        """Give what the running task, else the running thread, took: the oldest first. It may be changed."""
        if self._pid != os.getpid():
            self._begin()
        task = current_task() if _get_running_loop() is not None else None
        if task is None:
            return self._local.members
        found = self._tasks.get(task)
        if found is None:
            found = self._tasks[task] = deque()
        return found
