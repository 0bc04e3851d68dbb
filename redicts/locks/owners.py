"""Who holds locks in this process: each thread (or task) is an owner of its own, and knows what it holds.

May import core, errors and holding. Invariants: an owner's name is never given twice, on any machine; after ``fork``
the child is nobody that was before, and holds nothing.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Hashable
from itertools import count
from typing import Final

from redicts.core.paths import Path
from redicts.locks.holding import Context, Holding

__all__ = ["Process", "current", "current_holdings", "find", "process"]


class Process:
    """This process, as the owner of its threads' locks.

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
        """Return what an owner that was named holds through this process, whichever thread took it."""
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
    context: Context | None = None


_local: Final = _Local()
_process = Process()


def process() -> Process:
    """Return this process."""
    return _process


def current() -> Context:
    """Return this thread."""
    context = _local.context
    if context is None or context.process is not _process:
        context = _local.context = Context(_process, _process.number())
    return context


def current_holdings() -> tuple[Holding, ...]:
    """Return what was acquired in this thread, the last one last. Fast where there is nothing."""
    context = _local.context
    if context is None or not context.holdings or context.process is not _process:
        return ()
    return context.holdings


def find(place: Hashable, path: Path, owner: str | None) -> Holding | None:
    """Find the last that was acquired at a place and not released: by this thread, or by a named owner."""
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
