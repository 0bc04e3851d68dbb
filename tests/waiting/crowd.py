"""A crowd of threads that wait for locks, in an order that is known, and what the server sees of them."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Any
from urllib.parse import unquote

import redis
from typing_extensions import Self

from redicts import Lock
from redicts.core.paths import PathLike
from tests.support.backends import Backend
from tests.support.waiting import wait_until

__all__ = ["Crowd", "Waiter"]


class Waiter:
    """A thread that acquires a lock, and releases it when it is told to, or at once.

    Attributes:
        acquired_at: When it had it, on the monotonic clock.
        error: What it failed with instead.
        ended_at: When it failed, or had released it.
    """

    def __init__(self, crowd: Crowd, lock: Lock, keep: bool) -> None:
        self.crowd = crowd
        self.lock = lock
        self.acquired_at = self.ended_at = 0.0
        self.error: BaseException | None = None
        self._may_go = threading.Event()
        if not keep:
            self._may_go.set()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            with self.lock:
                self.acquired_at = time.monotonic()
                self.crowd.order.append(self)
                self._may_go.wait(60)
        except BaseException as error:  # noqa: BLE001  # told to the test
            self.error = error
        self.ended_at = time.monotonic()

    def has_it(self, seconds: float = 20) -> float:
        """Wait until it has the lock, and tell when that was."""
        wait_until(lambda: self.acquired_at or self.error, seconds, f"{self.lock!r}")
        assert self.error is None, f"{self.error!r}"
        return self.acquired_at

    def release(self) -> None:
        """Let it release the lock, and wait until it has."""
        self._may_go.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def end(self) -> BaseException | None:
        """Wait for its end, and give what it failed with."""
        self.release()
        return self.error


class Crowd:
    """Those who wait in one test.

    Args:
        backend: Where; its client is looked through, and by default waited through.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.order: list[Waiter] = []
        self.members: list[Waiter] = []

    def lock(self, path: PathLike, client: redis.Redis | None = None, **options: Any) -> Lock:
        """A lock in the namespace of the test."""
        options.setdefault("acquire_timeout", 30)
        return Lock(client or self.backend.client, path, namespace=self.backend.namespace, **options)

    def join(self, path: PathLike, *, keep: bool = False, in_line: bool = True, **options: Any) -> Waiter:
        """Let another one come.

        Args:
            path: What it wants.
            keep: Whether it keeps the lock until it is told to release it.
            in_line: Whether it has to wait; it does so when this returns.
            options: Of its lock.
        """
        before = len(self.in_line())
        waiter = Waiter(self, self.lock(path, **options), keep)
        self.members.append(waiter)
        if in_line:
            wait_until(lambda: len(self.in_line()) > before or waiter.ended_at, what="another one that waits")
            assert waiter.error is None, f"{waiter.error!r}"
        return waiter

    def in_line(self) -> list[str]:
        """For each connection that waits, where: what ``CLIENT LIST`` says, without the namespace."""
        prefix = f"{self.backend.namespace}:"
        client: Any = self.backend.client
        names = [unquote(str(each["name"])) for each in client.client_list() if "b" in each["flags"]]
        return sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))

    def nothing_is_left(self) -> None:
        """Assert that nobody waits, and that what keys are there are gone within a second."""
        wait_until(lambda: not self.in_line(), 5, "nobody waits")
        client: Any = self.backend.client
        left = self.backend.keys()
        for key in left:
            assert key.removeprefix(f"{self.backend.namespace}:")[0] in "wuf", f"{key} is left"
            assert client.pttl(key) <= 1000
            assert client.pttl(key) != -1, f"{key} never goes"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for waiter in self.members:
            waiter.release()
        self.backend.database.runner.close()
