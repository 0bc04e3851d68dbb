"""The queue of free connections: last in, first out; and whoever waits longest gets the next one.

redis-py's own is the standard library's ``LifoQueue``, where a thread that gives a connection back and at once wants
one again takes it before the thread that waits has woken: with five busy threads over four connections one of them
waits until its time is over, and is told that all were in use. Here a connection that comes back goes to the waiter.

Pure: imports the standard library only. Invariant: nobody waits while the queue has an item.
"""

from __future__ import annotations

from collections import deque
from queue import Empty, Full
from threading import Lock
from typing import Any

__all__ = ["FairQueue"]


class _Waiter:
    """A thread that waits: its lock is held until something is there for it."""

    __slots__ = ("item", "lock")

    def __init__(self) -> None:
        self.item: Any = None
        self.lock = Lock()
        _ = self.lock.acquire()


class FairQueue:
    """What a ``BlockingConnectionPool`` needs of a queue. Safe in threads.

    Args:
        maxsize: How many items it takes.
    """

    def __init__(self, maxsize: int) -> None:
        self.maxsize = maxsize
        self.queue: list[Any] = []
        self._waiters: deque[_Waiter] = deque()
        self._lock = Lock()

    def qsize(self) -> int:
        """Return how many items are free."""
        return len(self.queue)

    def put_nowait(self, item: Any) -> None:
        """Give an item back: to whoever waits longest, or into the queue.

        Raises:
            Full: The queue has as many as it takes.
        """
        with self._lock:
            if self._waiters:
                waiter = self._waiters.popleft()
                waiter.item = item
                waiter.lock.release()
            elif len(self.queue) >= self.maxsize:
                raise Full
            else:
                self.queue.append(item)

    def get_nowait(self) -> Any:
        """Take the item that came last.

        Raises:
            Empty: There is none.
        """
        return self.get(block=False)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take the item that came last; where there is none, wait for one.

        Args:
            block: Whether to wait.
            timeout: Seconds to wait; ``None``: no limit.

        Raises:
            Empty: None came in time.
        """
        with self._lock:
            if self.queue:
                return self.queue.pop()
            if not block:
                raise Empty
            waiter = _Waiter()
            self._waiters.append(waiter)
        try:
            came = waiter.lock.acquire(timeout=-1 if timeout is None else max(0.0, timeout))
        except BaseException:
            if not self._give_up(waiter):
                self.put_nowait(waiter.item)
            raise
        if not came and self._give_up(waiter):
            raise Empty
        return waiter.item  # perhaps at the last moment

    def _give_up(self, waiter: _Waiter) -> bool:
        """Wait no longer; False where something has come meanwhile."""
        with self._lock:
            if waiter not in self._waiters:
                return False
            self._waiters.remove(waiter)
            return True
