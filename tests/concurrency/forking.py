"""Forked children of a process that was started for it: what they return, and how they are stopped and killed.

A fork costs a hundredth of a new interpreter. Never in the test's own process, which has threads.
"""

from __future__ import annotations

import os
import pickle
import signal
import time
import traceback
from collections.abc import Callable
from typing import Any

__all__ = ["HANG_SECONDS", "Forked", "await_waiters", "waiters_in_line"]

HANG_SECONDS = 60
"""After so long a child is ended by its alarm."""


class Forked:
    """A forked child that does some work and ends.

    Attributes:
        pid: Its number.
    """

    def __init__(self, work: Callable[[], Any], hang_seconds: int = HANG_SECONDS) -> None:
        self._read, write = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(write)
            self._status: int | None = None
            return
        try:
            os.close(self._read)
            signal.alarm(hang_seconds)
            try:
                outcome = ("ok", work())
            except BaseException:  # noqa: BLE001  # whatever it is, the parent is told
                outcome = ("error", traceback.format_exc())
            with os.fdopen(write, "wb") as stream:
                pickle.dump(outcome, stream)
        finally:
            os._exit(0)

    def ended(self) -> bool:
        """Whether it has come to its end, however."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = status if pid else None
        return self._status is not None

    def await_end(self) -> int | None:
        """Wait for its end; the number of the signal that killed it, if one did."""
        if self._status is None:
            _, self._status = os.waitpid(self.pid, 0)
        return os.WTERMSIG(self._status) if os.WIFSIGNALED(self._status) else None

    def await_stop(self) -> bool:
        """Wait until it is stopped; False where it ended instead."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            self._status = status
        return self._status is None

    def result(self) -> Any:
        """Wait for its end, and give what the work returned.

        Raises:
            AssertionError: It raised, or was killed.
        """
        with os.fdopen(self._read, "rb") as stream:
            data = stream.read()
        killed = self.await_end()
        kind, value = pickle.loads(data) if data else ("killed", f"by signal {killed}")
        assert kind == "ok", value
        return value


def waiters_in_line(client: Any, namespace: str) -> int:
    """Count those who wait for locks of a namespace just now, as the server sees it."""
    listed = client.execute_command("CLIENT", "LIST")  # not taken apart, which takes long for many
    found = listed.decode() if isinstance(listed, bytes) else str(listed)
    return sum(f" name={namespace}:" in line and " flags=b " in line for line in found.splitlines())


def await_waiters(client: Any, namespace: str, count: int, unless: Callable[[], bool] = bool) -> None:
    """Wait until so many wait in line, or something else has happened."""
    deadline = time.monotonic() + 20
    while waiters_in_line(client, namespace) < count and not unless():
        assert time.monotonic() < deadline, f"{count} waiters did not come into line"
        time.sleep(0.02)
