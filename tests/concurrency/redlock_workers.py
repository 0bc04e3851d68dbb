"""Those who want one Redlock: processes with threads or tasks, a log of who was in it when, and masters that fail.

The log is a list of a server that nobody harms; RPUSH gives its order. "+" is written after the lock was acquired, and
"-" before it is released. A party that was kept from its work for so long that the lock may have run out says so: what
overlaps it then proves nothing.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import redis
import redis.asyncio

from redicts import Proxy, QuorumNotAchieved, RedictsError, aio
from tests.support.servers import Server

__all__ = ["LEASE", "MASTER_TIMEOUT", "Outages", "Tally", "Verdict", "judge", "take_part"]

PATH = "app.lock"
LOG = "log"
LEASE = 2.0
MASTER_TIMEOUT = 0.1
TIMEOUT = 1.0
"""How long is waited for the lock."""

PARTIES = 3
"""How many threads, or tasks, of a process share a handle."""


class Tally(NamedTuple):
    """How a process fared.

    Attributes:
        acquired: How often it was let in.
        refused: How often it waited in vain.
        failed: How often it was told that there is no majority.
        lost: How often the lock had run out when it was released.
        slowest: By how many seconds an ``acquire`` outlasted its timeout, at most; less what its threads were not run.
    """

    acquired: int
    refused: int
    failed: int
    lost: int
    slowest: float


def waited() -> float:
    """Tell for how many seconds threads of this process were ready and not run, as the kernel counts."""
    found = 0.0
    for path in Path("/proc/self/task").glob("*/schedstat"):
        with suppress(OSError):  # it has ended just now
            found += int(path.read_text().split()[1]) / 1e9
    return found


class Party:
    """What threads and tasks do alike.

    Args:
        me: Its number, of all.
        end: When it is over.
    """

    def __init__(self, me: int, end: float) -> None:
        self.me = me
        self.choose = random.Random(me)
        self.end = end
        self.counts = {"acquired": 0, "refused": 0, "failed": 0, "lost": 0}
        self.slowest = 0.0

    def judge_time(self, began: float, stalled: float, timeout: float) -> None:
        """Note how long an ``acquire`` took."""
        self.slowest = max(self.slowest, time.monotonic() - began - timeout - max(0.0, waited() - stalled))

    def line(self, sign: str, lock: Any) -> str:
        """What is logged."""
        return json.dumps([sign, self.me, lock.locked() > 0])

    def timeout(self) -> float:
        return self.choose.choice([0.0, 0.05, TIMEOUT, TIMEOUT])

    def pause(self) -> float:
        return self.choose.choice([0.0, 0.0, 0.002, 0.005])


def _work(party: Party, lock: Any, log: redis.Redis) -> None:
    while time.monotonic() < party.end:
        began, stalled, timeout = time.monotonic(), waited(), party.timeout()
        try:
            got = lock.acquire(timeout=timeout)
        except QuorumNotAchieved:
            party.counts["failed"] += 1
            party.judge_time(began, stalled, timeout)
            time.sleep(0.01)
            continue
        party.judge_time(began, stalled, timeout)
        if not got:
            party.counts["refused"] += 1
            continue
        party.counts["acquired"] += 1
        log.rpush(LOG, party.line("+", lock))
        time.sleep(party.pause())
        if party.choose.random() < 0.2:
            with suppress(RedictsError):
                lock.extend()
        log.rpush(LOG, party.line("-", lock))
        try:
            lock.release()
        except RedictsError:
            party.counts["lost"] += 1


async def _work_async(party: Party, lock: Any, log: Any) -> None:
    while time.monotonic() < party.end:
        began, stalled, timeout = time.monotonic(), waited(), party.timeout()
        if party.choose.random() < 0.1:
            acquiring = asyncio.ensure_future(lock.acquire(timeout=timeout))
            await asyncio.sleep(party.choose.random() * 0.003)
            if not acquiring.done():  # else the lock is this task's
                _ = acquiring.cancel()
                _ = await asyncio.wait([acquiring])
                if acquiring.cancelled():
                    continue
            acquired = acquiring
        else:
            acquired = asyncio.ensure_future(lock.acquire(timeout=timeout))
        try:
            got = await acquired
        except QuorumNotAchieved:
            party.counts["failed"] += 1
            party.judge_time(began, stalled, timeout)
            await asyncio.sleep(0.01)
            continue
        party.judge_time(began, stalled, timeout)
        if not got:
            party.counts["refused"] += 1
            continue
        party.counts["acquired"] += 1
        await log.rpush(LOG, party.line("+", lock))
        await asyncio.sleep(party.pause())
        if party.choose.random() < 0.2:
            with suppress(RedictsError):
                await lock.extend()
        await log.rpush(LOG, party.line("-", lock))
        try:
            await lock.release()
        except RedictsError:
            party.counts["lost"] += 1


def take_part(masters: Sequence[str], log_url: str, number: int, seconds: float) -> Tally:
    """Want the lock for so long: in threads where the number is even, else in tasks. They share one handle."""
    end = time.monotonic() + seconds
    parties = [Party(number * 100 + each, end) for each in range(PARTIES)]
    options: dict[str, Any] = {"auto_release_time": LEASE, "master_timeout": MASTER_TIMEOUT}
    if number % 2 == 0:
        clients: list[Any] = [redis.Redis.from_url(url) for url in masters]
        lock: Any = Proxy(PATH, rconn=clients[0]).as_redlock(clients, **options)
        log = redis.Redis.from_url(log_url)
        _in_threads([lambda party=party: _work(party, lock, log) for party in parties])  # type: ignore[misc]
    else:

        async def main() -> None:
            own = [redis.asyncio.Redis.from_url(url) for url in masters]
            shared = aio.Proxy(PATH, rconn=own[0]).as_redlock(own, **options)
            writer = redis.asyncio.Redis.from_url(log_url)
            _ = await asyncio.gather(*[_work_async(party, shared, writer) for party in parties])
            for client in (*own, writer):
                await client.aclose()

        asyncio.run(main())
    sums = {name: sum(party.counts[name] for party in parties) for name in parties[0].counts}
    return Tally(**sums, slowest=max(party.slowest for party in parties))


def _in_threads(acts: Iterable[Callable[[], None]]) -> None:
    failed: list[BaseException] = []

    def run(act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001  # raised below
            failed.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


class Verdict(NamedTuple):
    """What the log says.

    Attributes:
        sections: How many were checked.
        changes: How often one was followed by one of another party.
        unsure: How many were left out, since the lock may have run out in them.
        faults: Sections that overlapped.
    """

    sections: int
    changes: int
    unsure: int
    faults: list[str]


def judge(lines: Iterable[Any]) -> Verdict:
    """Go through a log, and find what must not be."""
    log = [json.loads(line) for line in lines]
    unsure: set[int] = set()
    open_at: dict[int, int] = {}
    for at, (sign, me, sure) in enumerate(log):  # which sections were kept too long from their work
        if sign == "+":
            open_at[me] = at
        if not sure:
            unsure.add(open_at[me])
    inside: dict[int, int] = {}
    faults, sections, changes, last = list[str](), 0, 0, -1
    for at, (sign, me, _) in enumerate(log):
        if sign == "-":
            del inside[me]
            continue
        sections += 1
        changes += last not in (-1, me)
        last = me
        if at not in unsure:
            faults += [f"{me} at {at} while {other}" for other, when in inside.items() if when not in unsure]
        inside[me] = at
    return Verdict(sections, changes, len(unsure), faults)


class Outages:
    """Harms one master or two at a time, at random: kills (and starts again), stops, or slows them.

    Args:
        servers: The masters; they keep what they were told when they are killed.
        seed: For the choices.
    """

    def __init__(self, servers: Sequence[Server], seed: int) -> None:
        self._servers = servers
        self._choose = random.Random(seed)
        self.harmed: dict[str, int] = {"killed": 0, "stopped": 0, "slow": 0}

    def go_on(self, seconds: float) -> None:
        """Do so for so long; afterwards all run."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            chosen = self._choose.sample(self._servers, self._choose.choice([1, 2]))
            kinds = [self._choose.choice(list(self.harmed)) for _ in chosen]
            for server, kind in zip(chosen, kinds, strict=True):
                self.harmed[kind] += 1
                (server.kill if kind == "killed" else server.stop)()
            slow = [server for server, kind in zip(chosen, kinds, strict=True) if kind == "slow"]
            for _ in range(self._choose.randrange(2, 30)):
                _pulse(slow)
            for server, kind in zip(chosen, kinds, strict=True):
                _ = (server.restart if kind == "killed" else server.cont)()
            time.sleep(self._choose.random() * 0.1)


def _pulse(slow: Sequence[Server]) -> None:
    """Let those that are slow run for a third of the time."""
    for server in slow:
        server.cont()
    time.sleep(0.004)
    for server in slow:
        server.stop()
    time.sleep(0.008)
