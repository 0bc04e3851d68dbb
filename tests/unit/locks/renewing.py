"""What renews locks, by a thread or by a task, and a server that is made up. Real time, with short leases."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

from redicts.core.effects import Eval, Op
from redicts.errors import ConnectionLost, InternalError
from redicts.locks.holding import Holding
from redicts.locks.renewal import AsyncRenewal, Renewal
from tests.support.loops import LoopThread
from tests.support.waiting import wait_until
from tests.unit.locks.acts import held

__all__ = ["INTERVAL", "LEASE_MS", "ByTask", "ByThread", "Renewing", "Store", "becomes_lost", "end_thread", "lock"]

T = TypeVar("T")

LEASE_MS = 300
INTERVAL = 0.1


def lock(name: str = "a", lease_ms: int = LEASE_MS, owner: str | None = None) -> Holding:
    """A lock that this thread has acquired."""
    return held(name, lease_ms=lease_ms, nonce=f"{name}:1", owner=owner)


def becomes_lost(holding: Holding) -> bool:
    """Wait until a lock is known to be lost."""
    event = threading.Event()
    holding.when_lost(event.set)
    return event.wait(20)


class Store:
    """Answers renewals.

    Attributes:
        asked: When, and for which entries, it was asked.
        gone: Entries that it does not have.
        tampered: Entries whose keys somebody else wrote to.
        patiences: How long it was given each time.
        error: What it fails with, if at all.
        hangs: Whether it gives no answer while there is patience.
        meanwhile: Called while it is asked.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[float, list[str]]] = []
        self.patiences: list[float] = []
        self.gone: set[str] = set()
        self.tampered: set[str] = set()
        self.error: Exception | None = None
        self.hangs = False
        self.meanwhile: Callable[[], object] = lambda: None

    def run(self, op: Op[Any], patience: float) -> Any:
        texts = self._begin(op, patience)
        if self.hangs:
            assert not threading.Event().wait(patience)
        return self._answer(op, texts)

    async def run_async(self, op: Op[Any], patience: float) -> Any:
        texts = self._begin(op, patience)
        await asyncio.sleep(patience if self.hangs else 0)
        return self._answer(op, texts)

    def _begin(self, op: Op[Any], patience: float) -> list[str]:
        texts = [str(effect.args[0]) for effect in next(op) if isinstance(effect, Eval)]
        self.asked.append((monotonic(), texts))
        self.patiences.append(patience)
        self.meanwhile()
        return texts

    def _answer(self, op: Op[Any], texts: list[str]) -> Any:
        error = ConnectionLost("it hangs", address="here") if self.hangs else self.error
        if error is not None:
            op.throw(error)
        if self.tampered & set(texts):
            op.throw(InternalError("WRONGTYPE"))
        try:
            op.send(tuple([0 if text in self.gone else 1 for text in texts]))
        except StopIteration as stop:
            return stop.value
        raise AssertionError("it asked for more")

    def times(self, holding: Holding) -> list[float]:
        """When it was asked for a lock."""
        return [moment for moment, texts in list(self.asked) if holding.text in texts]

    def wait_for(self, holding: Holding, more: int = 3) -> None:
        """Wait until it was asked for a lock so many times more."""
        so_far = len(self.times(holding))
        wait_until(lambda: len(self.times(holding)) >= so_far + more, what="renewal")


class Renewing:
    """What renews the locks of a database, whichever way.

    Attributes:
        renewal: Does it.
    """

    renewal: Renewal | AsyncRenewal

    def do(self, call: Callable[[], T]) -> T:
        """Call something where that is safe."""
        raise NotImplementedError

    def close(self) -> None:
        """Renew nothing more, and wait until that is so."""
        raise NotImplementedError

    def wait_until_it_sleeps(self) -> None:
        """Wait until it waits for what is due."""
        raise NotImplementedError

    def keep(self, holding: Holding, max_lifetime: float | None = None) -> None:
        """Renew a lock from now on."""
        self.do(lambda: self.renewal.keep(holding, max_lifetime))

    def forget(self, holding: Holding) -> bool:
        """Renew a lock no more."""
        return self.do(lambda: self.renewal.forget(holding))

    @property
    def kept(self) -> set[Holding]:
        """What is renewed."""
        return set(self.renewal._schedule._items)

    def _forget_all(self) -> None:
        for holding in self.kept:
            self.forget(holding)


class ByThread(Renewing):
    """A thread does it."""

    renewal: Renewal

    def __init__(self, store: Store) -> None:
        self.renewal = Renewal(store.run)

    def do(self, call: Callable[[], T]) -> T:
        return call()

    def wait_until_it_sleeps(self) -> None:
        wait_until(lambda: vars(self.renewal._changed)["_waiters"])

    def close(self) -> None:
        self._forget_all()
        end_thread(self.renewal)


class ByTask(Renewing):
    """A task does it, in a loop that a thread runs."""

    renewal: AsyncRenewal

    def __init__(self, store: Store) -> None:
        self._loop = LoopThread()
        self.renewal = AsyncRenewal(store.run_async)

    def do(self, call: Callable[[], T]) -> T:
        return self._loop.do(call)

    def wait_until_it_sleeps(self) -> None:
        wait_until(lambda: vars(self.renewal._changed)["_waiters"])

    def close(self) -> None:
        self._forget_all()
        wait_until(lambda: self.renewal.is_idle, what="the end of the task")
        self._loop.close()


def end_thread(renewal: Renewal) -> None:
    """Wait until the thread of a renewal that has nothing left to do has ended."""
    with renewal._changed:
        renewal._changed.notify()
    wait_until(lambda: renewal._thread is None, what="an idle thread's end")
