"""Renewal: it keeps a lock for as long as it is held and no longer, and says in time that it could not."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from redicts import Lock, LockLost, Pool, Proxy
from redicts.locks.renewal import interval_of
from tests.concurrency.leftovers import assert_no_locks, await_no_keys
from tests.concurrency.trees import Spot, new_spot
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server
from tests.support.waiting import wait_until

OpenTree = Callable[..., Proxy]
SLACK = 2.5
"""Seconds that a busy machine may add."""


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough here: this is about this side."""
    return new_spot(valkey_server)


def test_it_holds_over_several_leases_while_a_rival_waits(spot: Spot, tree: Proxy) -> None:
    lease_seconds = 0.9
    place = tree.get("a.b")
    lost: list[Any] = []
    with ThreadPoolExecutor(1) as executor:
        with place.acquire(expire_timeout=lease_seconds, renew=True, on_lost=lost.append) as lease:
            rival = executor.submit(lambda: place.acquire(acquire_timeout=30).release())
            wait_until(lambda: place.holders()[0].age > 2.2 * lease_seconds, what="more than two leases")
            assert not rival.done()
            lease.ensure_held()
            assert 0 < lease.valid_for() <= lease_seconds
            place.set("x", 1)
            released = time.monotonic()
        rival.result(20)
        assert time.monotonic() - released < SLACK
    assert lost == []
    assert not lease.lost.is_set()
    await_no_keys(spot, tree)


# ---- stalled


class Loss:
    """A lock that is renewed, and how its loss is told."""

    def __init__(self, place: Proxy, lease_seconds: float) -> None:
        self.place = place
        self.told: list[tuple[float, Any]] = []
        self.lease = place.acquire(
            expire_timeout=lease_seconds,
            renew=True,
            on_lost=lambda lease: self.told.append((time.monotonic(), lease)),
        )
        self.lost = self.lease.lost
        granted_until = self.lease._holding.valid_until
        wait_until(lambda: self.lease._holding.valid_until > granted_until, what="a renewal")

    def expect(self) -> float:
        """Wait until it is told; give how long after it could be known."""
        assert self.lost.wait(20), "nobody was told"
        late = time.monotonic() - self.lease._holding.valid_until
        assert self.lease.valid_for() == 0
        wait_until(lambda: self.told, what="the call of on_lost")
        return late

    def assert_refused(self) -> None:
        """Assert that nothing can be done with it any more."""
        with pytest.raises(LockLost):
            self.place.set("x", 2)
        with pytest.raises(LockLost):
            self.lease.ensure_held()
        with pytest.raises(LockLost):
            self.lease.release()
        assert [lease for _, lease in self.told] == [self.lease], "on_lost was called once"


@pytest.mark.parametrize("lease_seconds", [0.6, pytest.param(1.5, marks=pytest.mark.soak)])
def test_a_server_that_is_stopped_past_the_lease(
    start_server: Callable[..., Server], open_tree: OpenTree, lease_seconds: float
) -> None:
    server = start_server()
    spot = new_spot(server)
    tree = open_tree(spot, socket_timeout=30)
    loss = Loss(tree.get("a"), lease_seconds)
    server.stop()
    try:
        late = loss.expect()
        # What is told errs on the safe side; on the server it runs out a little later.
        wait_until(
            lambda: time.monotonic() > loss.lease._holding.valid_until + 0.3, what="the end by the server's clock"
        )
    finally:
        server.cont()
    print(f"lease {lease_seconds} s: told {late:.3f} s after it could be known")
    assert late < interval_of(loss.lease._holding) + 0.25
    loss.assert_refused()
    tree.get("a").acquire(acquire_timeout=5).release()
    await_no_keys(spot, tree)


@pytest.mark.soak
@pytest.mark.parametrize("requests", [True, False], ids=["requests hang", "replies hang"])
def test_a_connection_that_hangs(valkey_server: Server, chaos: ChaosProxy, open_tree: OpenTree, requests: bool) -> None:
    spot = new_spot(valkey_server)
    tree = open_tree(Spot(chaos.url, spot.namespace), socket_timeout=30)
    loss = Loss(tree.get("a"), 0.9)
    with redis.Redis.from_url(spot.url) as client:
        chaos.hang(requests=requests)
        late = loss.expect()
        print(f"told {late:.3f} s after it could be known")
        assert late < interval_of(loss.lease._holding) + 0.25
        if requests:
            rival = Lock(client, "a", owner="rival", namespace=spot.namespace)
            assert rival.acquire(timeout=5)
            chaos.resume()
            loss.assert_refused()
            rival.release()
        chaos.resume()
        # Where only replies were held, the server has renewed it all the time, and it may be held for a while yet.
    assert [lease for _, lease in loss.told] == [loss.lease], "on_lost was called once"


def test_a_server_that_hangs_does_not_cost_the_locks_of_another(
    valkey_server: Server, start_server: Callable[..., Server], open_tree: OpenTree
) -> None:
    other = start_server()
    spot = new_spot(valkey_server)
    tree = open_tree(spot, names={"other": {"url": other.url}})
    loss = Loss(Proxy("a", db_name="other"), 0.6)
    with tree.get("a").acquire(expire_timeout=0.9, renew=True) as lease:
        other.stop()
        try:
            loss.expect()
            wait_until(lambda: tree.get("a").holders()[0].age > 2.2, what="some leases")
        finally:
            other.cont()
        assert not lease.lost.is_set()
        lease.ensure_held()
    loss.assert_refused()
    tree.clear()


# ---- ended


def test_a_released_lock_is_never_brought_back(spot: Spot, open_tree: OpenTree) -> None:
    hammer(spot, open_tree, seconds=0.8)


@pytest.mark.soak
def test_a_released_lock_is_never_brought_back_for_long(spot: Spot, open_tree: OpenTree, soak_seconds: float) -> None:
    hammer(spot, open_tree, soak_seconds / 2)


def hammer(spot: Spot, open_tree: OpenTree, seconds: float) -> None:
    """Take locks and give them back, while they are renewed all the time, and look whether any comes back."""
    lease_seconds, threads = 0.03, 4
    tree = open_tree(spot)
    end = time.monotonic() + seconds

    def work(me: int) -> Counter[str]:
        choose, seen = random.Random(me), Counter[str]()
        place = tree.get(f"a.t{me}")
        client = Pool().get_connection()
        earlier: tuple[str, str] | None = None
        while time.monotonic() < end:
            lease = place.acquire(expire_timeout=lease_seconds, renew=True)
            holding = lease._holding
            first = holding.valid_until
            lease.lost.wait(choose.uniform(0, lease_seconds))  # so that renewals meet the release at any moment
            seen["renewed"] += holding.valid_until > first
            try:
                lease.release()
            except LockLost:
                seen["lost"] += 1
            for key, text in filter(None, [earlier, (holding.keys.at, holding.text)]):
                seen["brought back"] += client.zscore(key, text) is not None
            earlier = (holding.keys.at, holding.text)
            seen["rounds"] += 1
        return seen

    with ThreadPoolExecutor(threads) as executor:
        found = sum(executor.map(work, range(threads)), Counter[str]())
    print(f"locks of {lease_seconds} s taken and released while they are renewed: {dict(found)}")
    assert found["brought back"] == 0
    assert found["renewed"]
    assert_no_locks(spot)


def test_max_lifetime_ends_it(spot: Spot, tree: Proxy) -> None:
    lease_seconds, lifetime = 0.6, 0.7
    place = tree.get("a")
    told: list[Any] = []
    began = time.monotonic()
    lease = place.acquire(expire_timeout=lease_seconds, renew=True, max_lifetime=lifetime, on_lost=told.append)
    lost = lease.lost
    with ThreadPoolExecutor(1) as executor:
        rival = executor.submit(lambda: place.acquire(acquire_timeout=20).release())
        assert lost.wait(20)
        assert lifetime < time.monotonic() - began < lifetime + lease_seconds + SLACK
        rival.result(20)  # what is told errs on the safe side: the server lets it run out a little later
        with pytest.raises(LockLost):
            place.set("x", 1)
        with pytest.raises(LockLost):
            lease.release()
    wait_until(lambda: told, what="the call of on_lost")
    assert told == [lease]


def test_it_ends_with_the_thread_that_holds_the_lock(spot: Spot, tree: Proxy) -> None:
    lease_seconds = 0.5
    place = tree.get("a")
    leases: list[Any] = []
    holder = threading.Thread(target=lambda: leases.append(place.acquire(expire_timeout=lease_seconds, renew=True)))
    holder.start()
    holder.join(10)
    ended = time.monotonic()
    assert place.is_locked()
    with place.acquire(acquire_timeout=20):
        assert time.monotonic() - ended < lease_seconds * 4 / 3 + SLACK
        assert leases[0].lost.wait(10)
    assert_no_locks(spot)


def test_it_goes_on_for_a_named_owner_whose_thread_has_ended(spot: Spot, tree: Proxy) -> None:
    lease_seconds = 0.5
    place = tree.get("a")
    holder = threading.Thread(
        target=place.acquire, kwargs={"expire_timeout": lease_seconds, "renew": True, "owner": "me"}
    )
    holder.start()
    holder.join(10)
    wait_until(lambda: place.holders()[0].age > 1.4 * lease_seconds, what="more than a lease")
    place.release(owner="me")
    assert not place.is_locked()
    assert_no_locks(spot)
