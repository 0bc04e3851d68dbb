"""What tests of locks stand on: places and locks in the backend's namespace, and other owners.

Another owner is a thread of its own (``Party``; where tasks own locks, the task that stands for it), or a name
(``owner=``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from redicts import Proxy
from redicts.locks.owners import process
from tests.support.backends import Backend
from tests.support.trees import dump, nothing_written

__all__ = ["Ground", "Party"]

T = TypeVar("T")

SECONDS = 60
"""How long anything may take that a test waits for."""


class Ground:
    """The namespace of a backend.

    Args:
        backend: Where it is.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.client: Any = backend.client
        self.face = backend.face
        self.proxy = self.face.place
        self.lock = self.face.lock
        self.who = self.face.who

    def lock_keys(self, letters: str = "lbfwu") -> list[str]:
        """The keys of locks, asked for behind the back of redicts."""
        prefixes = tuple(f"{self.backend.namespace}:{letter}:" for letter in letters)
        found = self.backend.keys()
        return [key for key in found if key.startswith(prefixes)]

    def entries(self) -> dict[str, list[Any]]:
        """The lock entries by key, in the same way."""
        return {key: sorted(self.client.zrange(key, 0, -1, withscores=True)) for key in self.lock_keys("lb")}

    def run_out(self) -> None:
        """Let every lease be over: as if the server's clock had gone on, and nobody had noticed."""
        for key, members in self.entries().items():
            _ = self.client.zadd(key, {member: 1 for member, _ in members})
        for key in self.lock_keys("f"):
            _ = self.client.pexpire(key, 1000)

    @contextmanager
    def nothing_written(self) -> Iterator[None]:
        """Assert that what is done inside writes nothing, whatever else it does."""
        self.backend.advance(1.01)  # so that nothing goes by itself meanwhile
        with nothing_written(self.backend):
            yield

    def assert_bare(self) -> None:
        """Assert that this thread holds nothing, the tree is whole, and of locks nothing is left after a second."""
        held = self.face.holds()
        for holding in held:  # the next test begins without them
            process().remove(holding)
        assert held == (), held
        root = self.proxy()
        assert root.check() == []
        root.clear()
        self.backend.advance(1.01)
        self.face.idle()
        left = dump(self.backend)
        assert left == {}, left


class Party:
    """A thread that does what it is told, one thing after another.

    Args:
        ground: What it works on.
    """

    def __init__(self, ground: Ground) -> None:
        self._face = ground.face
        self._thread = ThreadPoolExecutor(1)

    def start(self, work: Callable[[], T]) -> Future[T]:
        """Let it begin."""
        return self._thread.submit(work)

    def do(self, work: Callable[[], T]) -> T:
        """Let it do something, and give the result, or raise the error, here."""
        return self.start(work).result(SECONDS)

    def enters(self, place: Proxy, shared: bool = False) -> bool:
        """Whether it can lock a place now; it releases again at once."""

        def enter() -> bool:
            lease = place.try_acquire(shared)
            if lease is not None:
                lease.release()
            return lease is not None

        return self.do(enter)

    def close(self) -> None:
        """Wait for what it does, and assert that it holds nothing."""
        holdings = self.do(self._face.holds)
        self._thread.shutdown()
        assert holdings == ()
