"""Tasks that lock at random in one loop, what each saw, and what of this process is left when they are through."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import redis

from redicts import LockTimeout, Pool, Proxy, aio
from redicts.core.paths import Path
from tests.concurrency.overlap import Section, Verdict, judge
from tests.concurrency.trees import Spot
from tests.pool.asynchronous import until

__all__ = [
    "Book",
    "Worker",
    "all_is_back",
    "assert_nothing_stays",
    "break_locks",
    "connections",
    "in_line",
    "pass_time",
    "run",
    "stand_in_line",
    "until_so",
]


def run(work: Callable[[], Coroutine[Any, Any, None]], seconds: float = 100) -> None:
    """Run a test in a loop of its own; it fails after so long."""
    asyncio.run(asyncio.wait_for(work(), seconds))


def in_line() -> int:
    """Count the tasks of this loop that wait for locks."""
    lines = Pool().async_database().runner._lines
    return 0 if lines is None else sum(len(line.waiters) for line in lines._lines.values())


async def stand_in_line(count: int, seconds: float = 60) -> None:
    """Wait until so many tasks of this loop wait for locks."""
    await until(lambda: in_line() == count, seconds)


async def all_is_back() -> None:
    """Wait until this loop has nothing under way: no connection in use, nobody in a line, no task of the package."""
    pool = Pool().async_database().client.connection_pool
    await until(lambda: not pool._in_use_connections)
    await until(lambda: not in_line())
    await until(lambda: not [task for task in asyncio.all_tasks() if task.get_name().startswith("redicts")])
    waiters: Any = getattr(pool, "_waiters", None)
    assert not waiters, "nobody waits for a connection"


async def until_so(ask: Callable[[], Coroutine[Any, Any, bool]], seconds: float = 10) -> None:
    """As ``until``, for what has to be asked for."""
    deadline = time.monotonic() + seconds
    while not await ask():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


async def pass_time(seconds: float) -> None:
    """Let the loop go on for so long: what happens meanwhile, or does not, is what is tested."""
    await asyncio.sleep(seconds)


def connections(client: redis.Redis) -> int:
    """Count the connections that a server has."""
    info: Any = client.info("clients")
    return int(info["connected_clients"])


def break_locks(spot: Spot) -> None:
    """Remove every lock behind the back of all."""
    with redis.Redis.from_url(spot.url) as client:
        for key in spot.all_keys():
            if key.startswith((f"{spot.namespace}:l:", f"{spot.namespace}:b:")):
                client.delete(key)


def assert_nothing_stays(spot: Spot, tree: Proxy) -> None:
    """Remove the tree; assert that there is no lock, and that what else is there goes within a second by itself."""
    tree.clear()
    with redis.Redis.from_url(spot.url) as client:
        for key in spot.all_keys():
            assert key.removeprefix(f"{spot.namespace}:")[0] in "wuf", f"{key} is left"
            left: Any = client.pttl(key)
            assert left == -2 or 0 <= left <= 1000, f"{key} stays for {left} ms"


@dataclass
class Book:
    """Who was where when, in the order of this loop; and how often each place was counted up.

    A section is entered after its lock was acquired and left before it is released, so what overlaps here overlapped.
    """

    entries: list[Any] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    counted: Counter[Path] = field(default_factory=Counter)
    unsure: Counter[Path] = field(default_factory=Counter)
    numbers: int = 0

    def enter(self, owner: int, path: Path, lease: aio.Lease) -> Section:
        """Note that an owner has come in."""
        self.numbers += 1
        section = Section(str(self.numbers), owner, path, lease.mode == "shared", lease.fence)
        self.entries.append([time.monotonic(), "+", *section])
        return section

    def leave(self, section: Section) -> None:
        """Note that it is about to go."""
        self.entries.append([time.monotonic(), "-", *section])

    def verdict(self) -> Verdict:
        """Find what must not be."""
        return judge(self.entries)

    async def assert_counts(self) -> None:
        """Assert that every place was counted up as often as somebody did it; what was cut off may be done or not."""
        for path in {*self.counted, *self.unsure}:
            least, found = self.counted[path], await aio.Proxy(path).get("n").val(0)
            assert least <= found <= least + self.unsure[path], path


class Worker:
    """A task that locks places at random, and counts in them.

    Args:
        me: Its number.
        book: Where it notes what it does.
        locks: How many places there are, side by side.
        lease: Seconds for which it takes locks.
    """

    def __init__(self, me: int, book: Book, locks: int, lease: float = 30) -> None:
        self.me = me
        self.book = book
        self.locks = locks
        self.lease = lease
        self.choose = random.Random(me)

    async def work(self, sections: int) -> None:
        """Do so many sections of work, one after another."""
        for _ in range(sections):
            path, shared = self._somewhere(), self.choose.random() < 0.3
            try:
                lease = await aio.Proxy(path).acquire(
                    shared, acquire_timeout=self._patience(), expire_timeout=self.lease
                )
                async with lease:
                    await self._inside(path, lease)
            except LockTimeout:
                self.book.seen["timeout"] += 1

    def _patience(self) -> float | None:
        return self.choose.uniform(0, 0.05) if self.choose.random() < 0.1 else None

    def _somewhere(self) -> Path:
        """One of the places, or above it, or below."""
        number = self.choose.randrange(self.locks)
        place = (f"s{number % 5}", f"k{number}")
        chance = self.choose.random()
        if chance < 0.02:
            return place[:1]
        return place if chance < 0.6 else (*place, self.choose.choice("xy"))

    async def _inside(self, path: Path, lease: aio.Lease) -> None:
        section = self.book.enter(self.me, path, lease)
        try:
            if lease.mode == "exclusive":
                await self._count((*path, "z") if self.choose.random() < 0.2 else path)
            elif self.choose.random() < 0.5:
                await asyncio.sleep(self.choose.uniform(0, 0.002))
            if self.choose.random() < 0.15:
                await self._nested((*path, self.choose.choice("xy")) if self.choose.random() < 0.7 else path[:-1])
        finally:
            self.book.leave(section)

    async def _nested(self, path: Path) -> None:
        """Once more, below or above, where that is possible at once."""
        lease = await aio.Proxy(path).try_acquire(self.choose.random() < 0.5, expire_timeout=self.lease)
        if lease is not None:
            async with lease:
                self.book.seen["nested"] += 1
                await self._inside(path, lease)

    async def _count(self, path: Path) -> None:
        """Add 1 by reading and writing, which is right under a lock only."""
        place = aio.Proxy(path).get("n")
        value = await place.val(0)
        if self.choose.random() < 0.3:
            await asyncio.sleep(0)
        self.book.unsure[path] += 1
        await place.set((), value + 1)
        self.book.unsure[path] -= 1
        self.book.counted[path] += 1
