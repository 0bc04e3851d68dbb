"""An event loop in a thread of its own, for tests that are written without ``await``."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["LoopThread"]

T = TypeVar("T")


class LoopThread:
    """Runs what it is given in its loop.

    Attributes:
        loop: The loop.
    """

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="loop", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T], seconds: float | None = 60) -> T:
        """Run a coroutine as a task, and return what it returns."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(seconds)

    def do(self, call: Callable[[], T]) -> T:
        """Call a function in the loop; at once where this is called in it."""
        if threading.current_thread() is self._thread:
            return call()

        async def run() -> T:
            return call()

        return self.run(run())

    def close(self) -> None:
        """End the loop; an error where a task is left."""
        _ = self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(20)
        left = [task for task in asyncio.all_tasks(self.loop) if not task.done()]
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()
        assert not left, left
