"""From threads into a loop: each thread that comes through here has a task there that stands for it.

Locks belong to tasks in asyncio. So all that one thread has done through a portal, one and the same task does; it ends
with the thread.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

from tests.support.loops import LoopThread

__all__ = ["Portal"]

SECONDS = 100
"""How long anything may take: less than a test may."""

Jobs = asyncio.Queue[tuple[Callable[[], Any], "Future[Any]"] | None]


class Portal:
    """A loop in a thread of its own, and the tasks that stand for the threads that call.

    Attributes:
        loop: The loop.
    """

    def __init__(self) -> None:
        self._thread = LoopThread()
        self.loop = self._thread.loop
        self._here = threading.local()
        self._tasks: weakref.WeakSet[asyncio.Task[None]] = weakref.WeakSet()

    def call(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Call a function in the task that stands for this thread; await what it gives, if that is a coroutine."""
        if asyncio._get_running_loop() is not None:
            raise RuntimeError("the loop cannot wait for itself: what runs in it has to use another face")
        deputy: _Deputy | None = getattr(self._here, "deputy", None)
        if deputy is None:
            deputy = self._here.deputy = _Deputy(self.loop, self._tasks)
        return deputy.do(partial(function, *args, **options))

    def close(self) -> None:
        """End the tasks, and the loop; an error where another task is left."""
        self._thread.run(self._end())
        self._thread.close()

    async def _end(self) -> None:
        standing = list(self._tasks)
        for task in standing:
            _ = task.cancel()
        _ = await asyncio.gather(*standing, return_exceptions=True)
        await asyncio.sleep(0)  # for what they were the last to wait for
        await self.loop.shutdown_default_executor()


class _Deputy:
    """The task that stands for a thread. It ends with this object, and so with the thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tasks: weakref.WeakSet[asyncio.Task[None]]) -> None:
        self._loop = loop
        self._jobs: Jobs = asyncio.Queue()
        _ = loop.call_soon_threadsafe(_begin, loop, self._jobs, tasks)
        end = weakref.finalize(self, _put, loop, self._jobs, None)
        end.atexit = False

    def do(self, function: Callable[[], Any]) -> Any:
        answer: Future[Any] = Future()
        _put(self._loop, self._jobs, (function, answer))
        return answer.result(SECONDS)


def _begin(loop: asyncio.AbstractEventLoop, jobs: Jobs, tasks: weakref.WeakSet[asyncio.Task[None]]) -> None:
    tasks.add(loop.create_task(_work(jobs), name="deputy"))


def _put(loop: asyncio.AbstractEventLoop, jobs: Jobs, job: Any) -> None:
    with suppress(RuntimeError):  # the loop is closed already
        _ = loop.call_soon_threadsafe(jobs.put_nowait, job)


async def _work(jobs: Jobs) -> None:
    while (job := await jobs.get()) is not None:
        await _do(*job)
        del job  # while it waits, it holds nothing of what it did


async def _do(function: Callable[[], Any], answer: Future[Any]) -> None:
    try:
        result = function()
        answer.set_result(await result if inspect.iscoroutine(result) else result)
    except asyncio.CancelledError:
        answer.set_exception(RuntimeError("the portal was closed meanwhile"))
        raise
    except BaseException as error:  # noqa: BLE001  # raised in the thread that called
        answer.set_exception(error)
