"""The connection is cut at every byte of taking and giving back a lock: nothing half entered, nothing lost unseen."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from redicts import ConnectionLost, Lock, LockLost, LockTimeout, NotOwner, Proxy
from redicts.lockable import Lease
from tests.concurrency.forking import await_waiters, waiters_in_line
from tests.concurrency.leftovers import assert_no_locks
from tests.concurrency.trees import Spot, new_spot
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server
from tests.support.waiting import wait_until

LEASE = 20.0
"""Seconds: what is left, is left by a fault and not yet ended by the lease."""


class Scene:
    """A place behind the proxy, and a client that goes around it.

    Attributes:
        place: The place.
        client: The client.
    """

    def __init__(self, spot: Spot, place: Proxy, chaos: ChaosProxy, client: redis.Redis) -> None:
        self.spot = spot
        self.place = place
        self.chaos = chaos
        self.client = client

    def acquire(self, seconds: float = LEASE, timeout: float = 5) -> Lease:
        """Take the lock, through the proxy."""
        return self.place.acquire(expire_timeout=seconds, acquire_timeout=timeout)

    def entered(self) -> list[str]:
        """Return the entry that stands in every key where it should, or nothing at all."""
        keys = self.place._space.locks(self.place.path).entered
        found: list[Any] = [self.client.zrange(key, 0, -1) for key in keys]
        standing = [sorted(member.decode() for member in members) for members in found]
        assert all(each == standing[0] for each in standing), f"half entered: {standing}"
        return standing[0]

    def rival(self) -> Lock:
        """Somebody else, around the proxy."""
        return Lock(self.client, self.place.path, owner="rival", acquire_timeout=0, namespace=self.spot.namespace)

    def sizes(self, act: Callable[[], object]) -> tuple[int, int]:
        """Give how many bytes of requests and of replies it takes."""
        self.chaos.reset()
        act()
        assert self.chaos.connections == 0, "it was connected before"
        return len(self.chaos.request_bytes), len(self.chaos.reply_bytes)

    def cut(self, where: str, count: int) -> None:
        """Have the connection cut after so many more bytes."""
        self.place.exists()  # connected again
        self.chaos.reset()
        limit = self.chaos.cut_after_requests if where == "requests" else self.chaos.cut_after_replies
        limit(count, reset=count % 2 == 1)

    def heal(self) -> None:
        """See the cut through: after the last byte of a reply it comes when the client is through.

        It does not come where the reply was shorter than the one that was measured: a time may have a digit less.
        """
        if self.chaos.reply_limit is None and self.chaos.request_limit is None:
            wait_until(lambda: self.chaos.cuts == 1, what="the cut")
        self.chaos.heal()


@pytest.fixture
def scene(valkey_server: Server, chaos: ChaosProxy, open_tree: Callable[..., Proxy]) -> Iterator[Scene]:
    spot = new_spot(valkey_server)
    tree = open_tree(Spot(chaos.url, spot.namespace), max_connections=3, timeout_secs=5)
    with redis.Redis.from_url(spot.url) as client:
        made = Scene(spot, tree.get("a.b.c"), chaos, client)
        made.acquire().release()  # loads the scripts
        yield made
        chaos.heal()
        assert_no_locks(spot)
        tree.clear()
        pool: Any = made.place._where().client.connection_pool
        assert pool.pool.qsize() == 3, "a connection did not come back"


EVERY = [pytest.param(9), pytest.param(1, marks=pytest.mark.exhaustive)]
"""Of so many bytes one is cut at."""


def positions(size: int, every: int) -> list[int]:
    return sorted({*range(0, size + 1, every), size - 1, size})


@pytest.mark.timeout(600)
@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("where", ["requests", "replies"])
def test_acquire_cut_anywhere_is_entered_once(scene: Scene, where: str, every: int) -> None:
    leases: list[Lease] = []
    requests, replies = scene.sizes(lambda: leases.append(scene.acquire()))
    leases[0].release()
    seen: Counter[str] = Counter()
    for count in positions(requests if where == "requests" else replies, every):
        scene.cut(where, count)
        try:
            lease = scene.acquire()
        except ConnectionLost:  # not OutcomeUnknown: that would be no answer
            scene.heal()
            assert scene.entered() == [], count
            seen["refused"] += 1
            continue
        scene.heal()
        assert scene.entered() == [lease._holding.text], count
        lease.ensure_held()
        assert scene.rival().acquire() is False
        seen["entered again" if scene.chaos.command_names.count("EXEC") > 1 else "entered"] += 1
        lease.release()
        assert scene.entered() == []
    print(f"acquire cut at {sum(seen.values())} bytes of its {where}: {dict(seen)}")
    assert seen["entered"] + seen["entered again"] > 0
    if where == "replies":
        assert seen["entered again"], "no reply was lost that told of an entry"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("where", ["requests", "replies"])
def test_release_cut_anywhere_is_done(scene: Scene, where: str, every: int) -> None:
    lease = scene.acquire()
    scene.place.exists()
    requests, replies = scene.sizes(lease.release)
    cuts = positions(requests if where == "requests" else replies, every)
    for count in cuts:
        lease = scene.acquire()
        scene.cut(where, count)
        lease.release()  # neither LockLost nor OutcomeUnknown
        scene.heal()
        assert scene.entered() == [], count
        rival = scene.rival()
        assert rival.acquire() is True, count
        rival.release()
    print(f"release cut at {len(cuts)} bytes of its {where}")


@pytest.mark.parametrize("where", ["requests", "replies"])
def test_a_renewal_that_is_cut_is_made_again(scene: Scene, where: str) -> None:
    lease = scene.acquire()
    lease.renew()  # loads the script
    requests, replies = scene.sizes(lease.renew)
    for count in positions(requests if where == "requests" else replies, 40):
        scene.cut(where, count)
        lease.renew()
        scene.heal()
        assert scene.entered() == [lease._holding.text]
    lease.release()


def test_cut_off_for_good_while_it_enters(scene: Scene) -> None:
    seconds = 0.8
    scene.place.exists()
    scene.chaos.reset()
    scene.chaos.delay(0.3)
    with ThreadPoolExecutor(1) as executor:
        under_way = executor.submit(scene.acquire, seconds)
        wait_until(lambda: "EXEC" in scene.chaos.command_names, what="the entry")
        wait_until(lambda: scene.entered() or under_way.done(), what="the entry")
        scene.chaos.refuse()
        with pytest.raises(ConnectionLost):
            under_way.result(20)
    assert_rival_gets_it(scene, seconds)


def test_cut_off_for_good_while_it_is_held(scene: Scene) -> None:
    seconds = 0.8
    lease = scene.acquire(seconds)
    scene.chaos.refuse()
    with pytest.raises(ConnectionLost):
        lease.release()
    assert len(scene.entered()) == 1
    assert_rival_gets_it(scene, seconds)
    scene.chaos.heal()
    with pytest.raises(LockLost):
        lease.release()
    with pytest.raises(NotOwner):
        lease.release()


def assert_rival_gets_it(scene: Scene, seconds: float) -> None:
    """Assert that it stays locked no longer than the lease."""
    began = time.monotonic()
    with Lock(scene.client, scene.place.path, acquire_timeout=20, owner="rival", namespace=scene.spot.namespace):
        assert time.monotonic() - began < seconds + 2.5
        assert len(scene.entered()) == 1


@pytest.mark.parametrize("times", [1, 3])
def test_a_waiter_that_is_cut_off_waits_on(scene: Scene, times: int) -> None:
    with ThreadPoolExecutor(1) as executor:
        with scene.rival():
            waiter = executor.submit(lambda: scene.acquire(timeout=20).release())
            for _ in range(times):
                await_waiters(scene.client, scene.spot.namespace, 1)
                scene.chaos.cut()
            await_waiters(scene.client, scene.spot.namespace, 1)
            assert not waiter.done()
        waiter.result(20)


def test_a_wake_up_whose_reply_is_cut_is_not_lost(scene: Scene) -> None:
    with ThreadPoolExecutor(1) as executor:
        with scene.rival():
            waiter = executor.submit(lambda: scene.acquire(timeout=20).release())
            await_waiters(scene.client, scene.spot.namespace, 1)
            scene.chaos.cut_before_reply()
        released = time.monotonic()
        waiter.result(20)
        assert time.monotonic() - released < 4
        scene.heal()


def test_cut_off_while_its_time_runs_out(scene: Scene) -> None:
    with ThreadPoolExecutor(1) as executor, scene.rival():
        waiter = executor.submit(scene.acquire, timeout=0.8)
        await_waiters(scene.client, scene.spot.namespace, 1)
        scene.chaos.refuse()
        with pytest.raises((ConnectionLost, LockTimeout)):
            waiter.result(20)
        wait_until(lambda: waiters_in_line(scene.client, scene.spot.namespace) == 0, what="the end of the line")
        assert len(scene.entered()) == 1, "that of the holder"
