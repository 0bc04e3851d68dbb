"""The server goes, pauses, or closes the connections that wait, while tasks hold and wait for locks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis

from redicts import ConnectionLost, LockLost, OutcomeUnknown, Proxy, aio
from redicts.runners import aio as aio_runner
from tests.concurrency.forking import waiters_in_line
from tests.concurrency.tasks import all_is_back, assert_nothing_stays, run, stand_in_line
from tests.concurrency.trees import Spot, new_spot
from tests.pool.asynchronous import until
from tests.support.servers import Server

OpenTree = Callable[..., Proxy]
StartServer = Callable[..., Server]
WAITERS = 60


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough here: this is about this side."""
    return new_spot(valkey_server)


def do(client: Any, *command: str) -> None:
    """Have a server carry out a command."""
    client.execute_command(*command)


class Patient:
    """Tasks that wait for locks, as a user's would who knows that a server may be away for a moment."""

    def __init__(self, locks: int, count: int = WAITERS) -> None:
        self.told: list[ConnectionLost] = []
        self.entered: list[int] = []
        self.tasks = [asyncio.create_task(self._wait(me, f"a.k{me % locks}")) for me in range(count)]

    async def _wait(self, me: int, path: str) -> None:
        while True:
            try:
                async with await aio.Proxy(path).acquire(acquire_timeout=None):
                    await aio.Proxy(path).get("n").add()
                    self.entered.append(me)
                    return
            except ConnectionLost as error:
                self.told.append(error)
                await asyncio.sleep(0.01)

    async def all_through(self) -> None:
        """Wait until each of them had the lock once."""
        await asyncio.gather(*self.tasks)
        assert sorted(self.entered) == list(range(len(self.tasks)))
        await all_is_back()


@pytest.mark.parametrize("locks", [1, 60])
@pytest.mark.parametrize("keeps", [True, False], ids=["with its data", "without"])
def test_the_server_restarts_while_tasks_wait(
    start_server: StartServer, open_tree: OpenTree, keeps: bool, locks: int
) -> None:
    server = start_server(**({"appendonly": "yes", "appendfsync": "always"} if keeps else {}))
    spot = new_spot(server)
    tree = open_tree(spot)

    async def work() -> None:
        held = [await aio.Proxy(f"a.k{number}").acquire(expire_timeout=60) for number in range(locks)]
        patient = Patient(locks)
        await stand_in_line(WAITERS)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.restart)
        if keeps:
            await stand_in_line(WAITERS)
            assert patient.entered == []
            await asyncio.gather(*[lease.release() for lease in held])
        came = time.monotonic()
        await patient.all_through()
        print(f"{len(patient.told)} were told; all through {time.monotonic() - came:.2f} s later")
        assert time.monotonic() - came < 15
        if not keeps:
            with pytest.raises(LockLost):
                await held[0].release()

    run(work)
    assert sum(tree.get(f"a.k{number}.n").val(0) for number in range(locks)) == WAITERS
    assert_nothing_stays(spot, tree)


def test_the_waiting_connections_are_killed(spot: Spot, tree: Proxy) -> None:
    """All who waited there look at once, and wait again; none is told."""
    locks = 20

    async def work(client: redis.Redis) -> None:
        held = [await aio.Proxy(f"a.k{number}").acquire() for number in range(locks)]
        patient = Patient(locks)
        await stand_in_line(WAITERS)
        for _ in range(3):
            await until(lambda: waiters_in_line(client, spot.namespace) == locks)
            killed = _kill_waiting(client, spot)
            assert len(killed) == locks
            await until(lambda killed=killed: not killed & _waiting(client, spot))  # type: ignore[misc]
            await stand_in_line(WAITERS)
        assert patient.entered == []
        await until(lambda: waiters_in_line(client, spot.namespace) == locks)
        released = time.monotonic()
        await asyncio.gather(*[lease.release() for lease in held])
        await patient.all_through()
        assert time.monotonic() - released < 10
        assert patient.told == []

    with redis.Redis.from_url(spot.url) as client:
        run(lambda: work(client))
    assert_nothing_stays(spot, tree)


def _waiting(client: Any, spot: Spot) -> set[str]:
    listed = client.client_list()
    return {each["id"] for each in listed if "b" in each["flags"] and each["name"].startswith(f"{spot.namespace}:")}


def _kill_waiting(client: Any, spot: Spot) -> set[str]:
    ids = _waiting(client, spot)
    for each in ids:
        do(client, "CLIENT", "KILL", "ID", each)
    return ids


def test_all_connections_are_killed_again_and_again(spot: Spot, tree: Proxy) -> None:
    """While tasks lock and write: who is told ConnectionLost tries again, and what came through was counted once."""
    rounds, counted, unknown = 0, 0, 0

    async def one(me: int, enough: asyncio.Event) -> None:
        nonlocal counted, unknown
        place = aio.Proxy(f"b.k{me % 10}")
        while not enough.is_set():
            try:
                async with await place.acquire(acquire_timeout=None, expire_timeout=2):
                    value = await place.get("n").val(0)
                    unknown += 1
                    await place.set("n", value + 1)
                    unknown -= 1
                    counted += 1
            except (ConnectionLost, LockLost, OutcomeUnknown):
                await asyncio.sleep(0)

    async def work(client: redis.Redis) -> None:
        nonlocal rounds
        enough = asyncio.Event()
        tasks = [asyncio.create_task(one(me, enough)) for me in range(50)]
        while rounds < 10 or (counted < 30 and rounds < 300):
            await asyncio.sleep(0.05)
            do(client, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            rounds += 1
        enough.set()
        await asyncio.gather(*tasks)
        await all_is_back()

    with redis.Redis.from_url(spot.url) as client:
        run(lambda: work(client))
    found = sum(tree.get(f"b.k{number}.n").val(0) for number in range(10))
    print(f"all connections killed {rounds} times: {counted} counted, {unknown} unsure, {found} found")
    assert counted >= 30
    assert counted <= found <= counted + unknown
    with tree.get("b").acquire(acquire_timeout=10):
        pass
    assert_nothing_stays(spot, tree)


def test_a_server_that_pauses_for_less_than_the_lease(spot: Spot, tree: Proxy) -> None:
    async def work(client: redis.Redis) -> None:
        told: list[Any] = []
        lease = await aio.Proxy("a.k0").acquire(renew=True, expire_timeout=2.4, on_lost=told.append)
        patient = Patient(1)
        await stand_in_line(WAITERS)
        do(client, "CLIENT", "PAUSE", "1000", "ALL")
        await aio.Proxy("a.k0").set("x", 1)
        await lease.ensure_held()
        assert told == []
        await lease.release()
        await patient.all_through()
        assert patient.told == []

    with redis.Redis.from_url(spot.url) as client:
        run(lambda: work(client))
    assert_nothing_stays(spot, tree)


def test_waiters_that_are_cancelled_while_the_server_pauses(
    spot: Spot, tree: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They end, though they cannot leave in good order; nothing of them is left when the server is back."""
    monkeypatch.setattr(aio_runner, "CLEAN_UP_SECONDS", 0.1)

    async def work(client: redis.Redis) -> None:
        lease = await aio.Proxy("a.k0").acquire()
        other = await aio.Proxy("a.k1").acquire()
        patient = Patient(2)
        await stand_in_line(WAITERS)
        do(client, "CLIENT", "PAUSE", "800", "ALL")
        began = time.monotonic()
        for task in patient.tasks:
            task.cancel()
        ended: list[Any] = await asyncio.gather(*patient.tasks, return_exceptions=True)
        print(f"{WAITERS} cancelled waiters ended after {time.monotonic() - began:.2f} s")
        assert {type(each) for each in ended} == {asyncio.CancelledError}
        assert time.monotonic() - began < 0.7
        later = Patient(2)
        await lease.release()
        await other.release()
        await later.all_through()
        assert waiters_in_line(client, spot.namespace) == 0

    with redis.Redis.from_url(spot.url) as client:
        run(lambda: work(client))
    assert tree.get("a.k0.n").val() == WAITERS / 2
    assert_nothing_stays(spot, tree)


def test_a_server_that_pauses_for_longer_than_the_lease(spot: Spot, tree: Proxy) -> None:
    """The holder is told in time; those who wait go in afterwards."""

    async def work(client: redis.Redis) -> None:
        told: list[Any] = []
        lease = await aio.Proxy("a.k0").acquire(renew=True, expire_timeout=1, on_lost=told.append)
        patient = Patient(1, 10)
        await stand_in_line(10)
        do(client, "CLIENT", "PAUSE", "1600", "ALL")
        began = time.monotonic()
        await asyncio.wait_for(lease.lost.wait(), 20)
        late = time.monotonic() - began
        print(f"told {late:.2f} s after the pause began (lease 1 s)")
        assert late < 1.5, "before the server is back"
        assert lease.valid_for() == 0
        with pytest.raises(LockLost):
            await aio.Proxy("a.k0").set("x", 1)
        with pytest.raises(LockLost):
            await lease.release()
        await patient.all_through()
        assert told == [lease]

    with redis.Redis.from_url(spot.url) as client:
        run(lambda: work(client))
    assert tree.get("a.k0").val() == {"n": 10}
    assert_nothing_stays(spot, tree)
