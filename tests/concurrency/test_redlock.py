"""Redlock over five servers that are killed, stopped and slow; and what is left of those who are cancelled."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

import pytest
import redis
import redis.asyncio

from redicts import LockError, NotOwner, Proxy, QuorumIsImpossible, QuorumNotAchieved, aio
from tests.concurrency.forking import Forked
from tests.concurrency.redlock_workers import LOG, MASTER_TIMEOUT, Outages, judge, take_part
from tests.support.chaos import ChaosProxy
from tests.support.portal import Portal
from tests.support.processes import Processes
from tests.support.servers import Server
from tests.support.servers import start_server as start
from tests.support.waiting import wait_until

PATH = "app.lock"
DURABLE = {"appendonly": "yes", "appendfsync": "always"}
"""Masters that are killed must know afterwards what they were told."""


@pytest.fixture(scope="module")
def five() -> Iterator[list[Server]]:
    """Servers that live as long as these tests."""
    servers = [start(**DURABLE) for _ in range(5)]
    yield servers
    for server in servers:
        server.close()


@pytest.fixture
def servers(five: list[Server]) -> Iterator[list[Server]]:
    """They, with nothing in them; afterwards all run."""
    yield five
    for server in five:
        if not server.running:
            _ = server.restart()
        server.cont()
        with server.client() as client:
            client.flushall()


class Locks:
    """Makes locks of one face, and calls what they offer."""

    def __init__(self, face: str, servers: list[Server]) -> None:
        self.portal = Portal() if face == "asyncio" else None
        kind: Any = redis.Redis if self.portal is None else redis.asyncio.Redis
        self.clients = [kind(host=server.host, port=server.port) for server in servers]
        self.made: list[Any] = []

    def open(self, **options: Any) -> Any:
        if self.portal is None:
            return Proxy(PATH, rconn=self.clients[0]).as_redlock(self.clients, **options)
        portal = self.portal
        lock = portal.call(lambda: aio.Proxy(PATH, rconn=self.clients[0]).as_redlock(self.clients, **options))
        self.made.append(lock)

        class Called:
            def __getattr__(self, name: str) -> Callable[..., Any]:
                return lambda *args, **kwargs: portal.call(getattr(lock, name), *args, **kwargs)

        return Called()

    def close(self) -> None:
        for client in self.clients:
            if self.portal is None:
                client.close()
            else:
                self.portal.call(client.aclose)
        if self.portal is not None:
            for database in [database for lock in self.made for database in lock._masters._databases()]:
                self.portal.call(database.runner.drop)
            self.portal.close()


@pytest.fixture(params=["sync", "asyncio"])
def locks(request: pytest.FixtureRequest, servers: list[Server]) -> Iterator[Locks]:
    """Makes locks of each face over all five."""
    made = Locks(request.param, servers)
    yield made
    made.close()


def keys(servers: list[Server]) -> list[Any]:
    """All that there is."""
    found = []
    for server in servers:
        with server.client() as client:
            found.append(sorted(client.keys("*")))
    return found


def bare(servers: list[Server]) -> bool:
    """Whether there is nothing, soon."""
    return wait_until(lambda: keys(servers) == [[]] * len(servers), seconds=5, what="the end of all keys")


def cycle(lock: Any) -> float:
    """Acquire and release; for how many seconds."""
    began = time.monotonic()
    assert lock.acquire()
    lock.release()
    return time.monotonic() - began


# -- masters that are not there ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("harmed", [pytest.param(1, marks=pytest.mark.exhaustive), 2])
@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_minority_that_hangs_or_is_gone_adds_no_delay(
    locks: Locks, servers: list[Server], how: str, harmed: int
) -> None:
    lock = locks.open(master_timeout=2)
    before = statistics.median(cycle(lock) for _ in range(10))
    for server in servers[:harmed]:
        getattr(server, how)()
    times = [cycle(lock) for _ in range(10)]
    print(f"{before * 1000:.2f} ms before, {statistics.median(times) * 1000:.2f} ms with {harmed} that {how}")
    assert max(times) < 1, "never their timeout"
    assert statistics.median(times) < before + 0.05
    for server in servers[:harmed]:
        if how == "stop":
            server.cont()
        else:
            _ = server.restart()
    _ = cycle(lock)
    wait_until(lambda: [key for each in keys(servers) for key in each if b":v:" in key] == [], what="no lock anywhere")


def test_three_of_five_down_is_told_at_once(locks: Locks, servers: list[Server]) -> None:
    lock = locks.open(acquire_timeout=None)
    _ = cycle(lock)
    for server in servers[:3]:
        server.kill()
    for _ in range(3):
        began = time.monotonic()
        with pytest.raises(QuorumIsImpossible, match="no majority of the 5 masters") as caught:
            lock.acquire()
        assert time.monotonic() - began < 0.5
        assert sum("no connection" in why for why in caught.value.masters.values()) == 3
    for server in servers[:3]:
        _ = server.restart()
    _ = cycle(lock)


def test_three_of_five_that_hang(locks: Locks, servers: list[Server]) -> None:
    lock = locks.open(acquire_timeout=None, master_timeout=0.1)
    _ = cycle(lock)
    for server in servers[:3]:
        server.stop()
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(QuorumIsImpossible) as caught:
            lock.acquire()
        assert 0.1 <= time.monotonic() - began < 0.6
        assert sum("no answer" in why for why in caught.value.masters.values()) == 3
    for server in servers[:3]:
        server.cont()
    wait_until(lambda: not suppressed(lambda: cycle(lock)))
    assert bare(servers)


def suppressed(act: Callable[[], object]) -> bool:
    try:
        _ = act()
    except QuorumNotAchieved:
        return True
    return False


def test_extended_and_released_where_most_have_gone(locks: Locks, servers: list[Server]) -> None:
    lock = locks.open(auto_release_time=5)
    assert lock.acquire()
    wait_until(lambda: lock.length() == 5)
    servers[0].kill()
    servers[1].kill()
    lock.extend()
    with servers[2].client() as client:
        assert Proxy(PATH, rconn=client).delete(())
    with pytest.raises(QuorumNotAchieved, match=r"it is still held for 4\.\d\d s: try again") as caught:
        lock.extend()
    assert type(caught.value) is QuorumNotAchieved, "two hold it, one does not, two are not to be had"
    assert lock.locked() > 4
    servers[2].kill()
    with pytest.raises(QuorumIsImpossible, match="it is still held for"):
        lock.extend()
    with pytest.raises(QuorumIsImpossible, match=r"the lock is free in 5\.0 s at the latest"):
        lock.release()
    with pytest.raises(NotOwner):
        lock.release()


def test_the_error_of_the_body_where_most_have_gone(servers: list[Server]) -> None:
    clients = [server.client() for server in servers]
    lock = Proxy(PATH, rconn=clients[0]).as_redlock(clients)

    def fail() -> None:
        with lock:
            for server in servers[:3]:
                server.kill()
            raise KeyError("the body's")

    with pytest.raises(KeyError, match="the body's"):
        fail()
    assert lock.locked() == 0.0
    for client in clients:
        client.close()


def test_a_reply_that_was_lost(servers: list[Server]) -> None:
    """Three acquire it, and their replies are lost: it is given up at each of them."""
    with ExitStack() as stack:
        proxies = [stack.enter_context(ChaosProxy((server.host, server.port))) for server in servers]
        clients = [redis.Redis(port=proxy.port) for proxy in proxies]
        lock = Proxy(PATH, rconn=clients[0]).as_redlock(clients, master_timeout=0.2)
        _ = cycle(lock)
        for proxy in proxies[:3]:
            proxy.hang(requests=False)
        with pytest.raises(QuorumIsImpossible):
            lock.acquire()
        assert bare(servers)
        for proxy in proxies:
            proxy.heal()
        for proxy in proxies[:3]:
            proxy.cut_before_reply()
        assert lock.acquire(), "it is asked again, and the token is the same"
        lock.release()
        wait_until(lambda: not held(servers), what="no holder")
        for client in clients:
            client.close()


def gone(servers: list[Server]) -> bool:
    """Whether nothing counts any more, soon: what was remembered has run out. (The next write there takes it away.)"""

    def dead() -> bool:
        found = []
        for server in servers:
            with server.client() as client:
                found += [Proxy("", rconn=client).val(), *client.keys("*:v:*")]
        return found == [{}] * len(servers)

    return wait_until(dead, seconds=5, what="the end of what is remembered")


def held(servers: list[Server]) -> list[Any]:
    """Who holds it anywhere."""
    found = []
    for server in servers:
        with server.client() as client:
            found += [each for each in client.zrange("redicts:v:{app}.lock", 0, -1) if each.startswith(b"+ ")]
    return found


# -- those who are cancelled, interrupted, killed or forked -----------------------------------------------------------


def test_a_cancelled_acquire_leaves_no_key(servers: list[Server]) -> None:
    choose = random.Random(1)

    async def main() -> None:
        clients = [redis.asyncio.Redis(port=server.port) for server in servers]
        lock = aio.Proxy(PATH, rconn=clients[0]).as_redlock(clients)
        outcomes = {"cancelled": 0, "through": 0}
        for _ in range(30):
            acquiring = asyncio.ensure_future(lock.acquire())
            await asyncio.sleep(choose.random() * 0.003)
            _ = acquiring.cancel()
            _ = await asyncio.wait([acquiring])
            if acquiring.cancelled():
                outcomes["cancelled"] += 1
                assert lock.locked() == 0.0
            else:
                outcomes["through"] += 1
                await lock.release()
            assert await asyncio.to_thread(bare, servers)
        print(outcomes)
        assert outcomes["cancelled"] >= 3
        async with lock:  # and while it is another's
            waiting = asyncio.create_task(holder(lock))
            await asyncio.sleep(0.05)
            _ = waiting.cancel()
            _ = await asyncio.wait([waiting])
            assert await lock.length() == 5
        assert await asyncio.to_thread(bare, servers)
        for client in clients:
            await client.aclose()

    async def holder(lock: Any) -> None:
        async with lock:
            pytest.fail("it was another's")

    asyncio.run(main())


def test_cancelled_while_one_master_hangs(servers: list[Server]) -> None:
    """When it goes on, it carries out both: what was asked, and that it was given up."""

    async def main() -> None:
        clients = [redis.asyncio.Redis(port=server.port) for server in servers]
        lock = aio.Proxy(PATH, rconn=clients[0]).as_redlock(clients, master_timeout=2)
        async with lock:
            pass
        for server in servers[:3]:
            server.stop()
        acquiring = asyncio.ensure_future(lock.acquire())
        await asyncio.sleep(0.05)
        began = time.monotonic()
        _ = acquiring.cancel()
        _ = await asyncio.wait([acquiring])
        assert time.monotonic() - began < 0.5, "it is not waited for"
        assert acquiring.cancelled()
        for server in servers[:3]:
            server.cont()
        assert await asyncio.to_thread(bare, servers)
        for client in clients:
            await client.aclose()

    asyncio.run(main())


def test_interrupted(servers: list[Server], processes: Processes) -> None:
    outcomes = processes.start(interrupt_at_random, [server.port for server in servers]).result()
    print(outcomes)
    assert outcomes["interrupted"] >= 10
    assert gone(servers)


def interrupt_at_random(ports: list[int]) -> dict[str, int]:
    """Acquire, and press Ctrl-C at some time; in a process of its own."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    clients = [redis.Redis(port=port) for port in ports]
    lock = Proxy(PATH, rconn=clients[0]).as_redlock(clients, auto_release_time=1)
    choose, outcomes = random.Random(3), {"interrupted": 0, "through": 0}
    with lock:
        pass
    for _ in range(40):
        timer = threading.Timer(choose.random() * 0.004, os.kill, (os.getpid(), signal.SIGINT))
        try:
            try:
                timer.start()
                with lock:
                    timer.join()
                    time.sleep(0.01)
            finally:
                timer.join()
        except KeyboardInterrupt:
            outcomes["interrupted"] += 1
        else:
            outcomes["through"] += 1
        with suppress(LockError):
            lock.release()
    _ = lock.acquire(timeout=5)
    lock.release()
    return outcomes


def test_a_child_does_not_hold_what_its_parent_holds(servers: list[Server]) -> None:
    clients = [server.client() for server in servers]
    lock = Proxy(PATH, rconn=clients[0]).as_redlock(clients)

    def in_child() -> list[Any]:
        found: list[Any] = [lock.locked(), lock.acquire(timeout=0.05)]
        for act in (lock.release, lock.extend):
            try:
                act()
            except NotOwner:
                found.append("not its own")
        return found

    with lock:
        assert Forked(in_child).result() == [0.0, False, "not its own", "not its own"]
        assert lock.locked() > 9
        lock.extend()
    assert bare(servers)
    for client in clients:
        client.close()


def test_what_one_who_was_killed_held_is_free_after_its_time(servers: list[Server], processes: Processes) -> None:
    child = processes.start(hold, [server.port for server in servers], 0.5)
    child.expect("held")
    child.kill()
    clients = [server.client() for server in servers]
    lock = Proxy(PATH, rconn=clients[0]).as_redlock(clients)
    assert lock.acquire(timeout=5)
    lock.release()
    for client in clients:
        client.close()


def hold(ports: list[int], seconds: float) -> None:
    clients = [redis.Redis(port=port) for port in ports]
    assert Proxy(PATH, rconn=clients[0]).as_redlock(clients, auto_release_time=seconds).acquire()
    print("held", flush=True)
    time.sleep(100)


# -- one at a time ----------------------------------------------------------------------------------------------------


def test_a_handle_shared_by_threads_lets_one_in(servers: list[Server]) -> None:
    clients = [server.client() for server in servers]
    lock = Proxy(PATH, rconn=clients[0]).as_redlock(clients)
    inside, most, done = 0, 0, 0

    def work(_: int) -> None:
        nonlocal inside, most, done
        for _ in range(8):
            with lock:
                inside += 1
                most = max(most, inside)
                time.sleep(0.0005)
                done += 1
                inside -= 1

    with ThreadPoolExecutor(6) as threads:
        _ = list(threads.map(work, range(6)))
    assert (most, done) == (1, 48)
    assert bare(servers)
    for client in clients:
        client.close()


def test_a_handle_shared_by_tasks_lets_one_in(servers: list[Server]) -> None:
    """That of redis-py, and purse's, let two in."""
    inside, most, done = 0, 0, 0

    async def work(lock: Any) -> None:
        nonlocal inside, most, done
        for _ in range(5):
            async with lock:
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0.0005)
                done += 1
                inside -= 1

    async def main() -> None:
        clients = [redis.asyncio.Redis(port=server.port) for server in servers]
        lock = aio.Proxy(PATH, rconn=clients[0]).as_redlock(clients, acquire_timeout=30)
        _ = await asyncio.gather(*[work(lock) for _ in range(8)])
        for client in clients:
            await client.aclose()

    asyncio.run(main())
    assert (most, done) == (1, 40)
    assert bare(servers)


def rounds(servers: list[Server], log_server: Server, urls: list[str], parties: int, seconds: float) -> None:
    """Have processes want the lock while masters are harmed, and judge what they logged."""
    with log_server.client() as log, Processes() as processes:
        log.delete(LOG)
        children = [processes.prepare(take_part, urls, log_server.url, each, seconds) for each in range(parties)]
        for child in children:
            child.go()
        outages = Outages(servers, parties)
        outages.go_on(seconds - 0.5)
        tallies = [child.result(seconds + 60) for child in children]
        lines: Any = log.lrange(LOG, 0, -1)
        verdict = judge(lines)
        log.delete(LOG)
    print(
        f"{verdict.sections} sections, {verdict.changes} changes, {verdict.unsure} unsure, {len(verdict.faults)} faults"
    )
    print(f"harmed: {outages.harmed}")
    for tally in tallies:
        print(tally)
    assert verdict.faults == []
    assert verdict.sections == sum(tally.acquired for tally in tallies)
    assert verdict.changes >= verdict.sections / 4
    assert verdict.unsure <= verdict.sections / 10
    assert max(tally.slowest for tally in tallies) <= MASTER_TIMEOUT
    wait_until(lambda: not held(servers), what="the end of all that was held")


def test_no_two_at_a_time_whatever_happens_to_masters(servers: list[Server], valkey_server: Server) -> None:
    urls = [server.url for server in servers]
    rounds(servers, valkey_server, urls, parties=2, seconds=2)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_no_two_at_a_time_for_long(servers: list[Server], valkey_server: Server, soak_seconds: float) -> None:
    urls = [server.url for server in servers]
    rounds(servers, valkey_server, urls, parties=4, seconds=soak_seconds / 2)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_no_two_at_a_time_over_slow_ways(servers: list[Server], valkey_server: Server, soak_seconds: float) -> None:
    """Each master is a few milliseconds away; the ways are cut, too."""
    with ExitStack() as stack:
        proxies = [stack.enter_context(ChaosProxy((server.host, server.port))) for server in servers]
        for number, proxy in enumerate(proxies):
            proxy.delay(0.001 * (number + 1))
        end, choose = threading.Event(), random.Random(4)

        def cut_at_random() -> None:
            while not end.wait(choose.random() * 0.3):
                proxy = choose.choice(proxies)
                cuts: list[Callable[[], None]] = [
                    proxy.cut,
                    proxy.cut_before_reply,
                    partial(proxy.cut_after_requests, 20),
                ]
                choose.choice(cuts)()

        cutting = threading.Thread(target=cut_at_random)
        cutting.start()
        try:
            urls = [proxy.url for proxy in proxies]
            rounds(servers, valkey_server, urls, parties=3, seconds=soak_seconds / 2)
        finally:
            end.set()
            cutting.join()
