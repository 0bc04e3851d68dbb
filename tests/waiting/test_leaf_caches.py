"""Waiting for what another computes: who is woken, how fast, what it costs, and what a cancelled one leaves."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from redicts.leaves.cache import Cache
from redicts.pool.database import Database
from tests.pool.asynchronous import until
from tests.runners.cancelling import LATE, Cancelling, Ground, ground
from tests.support.backends import Backend, server_backend
from tests.support.servers import Server
from tests.support.trees import tree_of
from tests.waiting.test_leaf_queues import Waiter

OTHERS = ("a user's", "fake")

MOST = 100
"""More suspensions than any of these has."""


@pytest.fixture(params=["valkey", pytest.param("redis", marks=pytest.mark.exhaustive)])
def store(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """A namespace; what somebody waited with is gone within a second."""
    backend = server_backend(request.getfixturevalue(f"{request.param}_server"), 3)
    yield backend
    assert tree_of(backend).check() == []
    tree_of(backend).clear()
    left_over = backend.keys()
    for key in left_over:
        assert key.startswith(f"{backend.namespace}:g:")
        left: Any = backend.client.pttl(key)
        assert left == -2 or 0 <= left <= 1000
    backend.advance(1)
    assert backend.keys() == []
    backend.database.runner.close()
    backend.close()


def pages_of(store: Backend, **options: Any) -> Cache[Any]:
    return tree_of(store, "pages").as_cache(**{"ttl": 60, **options})


class Computing:
    """A thread that computes until it is told to go on."""

    def __init__(self, pages: Cache[Any], key: Any = "key") -> None:
        begun, self._go = threading.Event(), threading.Event()
        self.error: Any = None
        self.ended_at = 0.0

        def compute() -> str:
            begun.set()
            assert self._go.wait(30)
            if self.error is not None:
                raise self.error
            self.ended_at = time.perf_counter()
            return "computed"

        self._thread = threading.Thread(target=self._run, args=(pages, key, compute), daemon=True)
        self._thread.start()
        assert begun.wait(30)

    def _run(self, pages: Cache[Any], key: Any, compute: Any) -> None:
        try:
            pages.get_or_compute(key, compute)
        except Exception as error:  # noqa: BLE001  # it is what was told
            assert error is self.error  # noqa: PT017

    def end(self, error: Exception | None = None) -> None:
        self.error = error
        self._go.set()
        self._thread.join(30)
        assert not self._thread.is_alive()


def never() -> Any:
    raise AssertionError("it is computed already")


@pytest.mark.usefixtures("no_looks")
def test_who_waits_is_woken(store: Backend) -> None:
    pages, took = pages_of(store), []
    for number in range(20):
        computing = Computing(pages, number)
        waiter = Waiter(store, lambda number=number: pages.get_or_compute(number, never))  # type: ignore[misc]
        computing.end()
        assert waiter.end() == "computed"
        took.append(waiter.ended_at - computing.ended_at)
    median = statistics.median(took)
    print(f"woken in {median * 1000:.2f} ms in the median")
    assert median < 0.05


@pytest.mark.usefixtures("no_looks")
def test_all_are_woken_one_after_another(store: Backend) -> None:
    pages = pages_of(store)
    computing = Computing(pages)
    waiters = [Waiter(store, lambda: pages.get_or_compute("key", never)) for _ in range(12)]
    computing.end()
    assert [waiter.end() for waiter in waiters] == ["computed"] * 12


@pytest.mark.usefixtures("no_looks")
@pytest.mark.parametrize("how", ["set", "delete", "an error"])
def test_what_ends_the_computing_wakes_them(store: Backend, how: str) -> None:
    pages, calls = pages_of(store), []

    def compute() -> str:
        calls.append(1)
        return "anew"

    computing = Computing(pages)
    waiters = [Waiter(store, lambda: pages.get_or_compute("key", compute)) for _ in range(6)]
    if how == "set":
        pages.set("key", "set")
    elif how == "delete":
        pages.delete("key")
    else:
        computing.end(ValueError("by design"))
    expected, times = ("set", 0) if how == "set" else ("anew", 1)
    assert [waiter.end() for waiter in waiters] == [expected] * 6
    assert len(calls) == times
    computing.end()
    assert pages.get("key") == expected


@pytest.mark.usefixtures("no_looks")
def test_after_the_lease_one_of_them_computes(store: Backend) -> None:
    pages, calls = pages_of(store, lease=0.3), []

    def compute() -> str:
        calls.append(1)
        return "anew"

    patient = pages_of(store, lease=60)
    began = time.perf_counter()
    computing = Computing(pages)
    waiters = [Waiter(store, lambda: patient.get_or_compute("key", compute)) for _ in range(6)]
    assert [waiter.end() for waiter in waiters] == ["anew"] * 6
    assert 0.25 < time.perf_counter() - began < 5
    assert len(calls) == 1
    computing.end()
    assert pages.get("key") == "anew", "who was late has not overwritten it"


def test_a_wake_up_that_is_lost_costs_a_second(store: Backend) -> None:
    pages = pages_of(store)
    computing = Computing(pages)
    waiter = Waiter(store, lambda: pages.get_or_compute("key", never))
    began = time.perf_counter()
    tree_of(store).delete("pages")
    pages.set("key", "new")  # the cache was taken away behind its back: nobody knows who waits
    assert waiter.end() == "new"
    assert time.perf_counter() - began < 3
    computing.end()


def test_a_waiter_costs_a_command_a_second(store: Backend) -> None:
    pages = pages_of(store, lease=60)
    computing = Computing(pages)
    waiters = [Waiter(store, lambda: pages.get_or_compute("key", never)) for _ in range(4)]
    before: Any = store.client.info("commandstats")
    time.sleep(1.6)  # it is what happens in this time
    after: Any = store.client.info("commandstats")
    calls = {name: after[name]["calls"] - before.get(name, {"calls": 0})["calls"] for name in after}
    busy = sum(count for name, count in calls.items() if name in ("cmdstat_evalsha", "cmdstat_blpop", "cmdstat_hget"))
    asked = calls.get("cmdstat_evalsha", 0)
    assert 0 < asked <= 4 * 3, calls
    assert busy < 200, calls
    computing.end()
    assert [waiter.end() for waiter in waiters] == ["computed"] * 4


# ---- asyncio


async def awaited(cancelling: Cancelling) -> Any:
    """Give what came of it; ``None`` where it was cancelled."""
    try:
        return await cancelling
    except asyncio.CancelledError:
        return None


async def cancel_everywhere(on: Ground, pages: Any, waits: bool, times: int, when: int) -> int:
    """Cancel one who computes, or one who waits, at each of its suspensions in turn; tell at how many."""

    async def compute() -> str:
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        return "computed"

    for at in range(MOST):
        await pages.clear()
        go, first = asyncio.Event(), None
        if waits:
            begun = asyncio.Event()

            async def hold(begun: asyncio.Event = begun, go: asyncio.Event = go) -> str:
                begun.set()
                await go.wait()
                raise ValueError("by design")

            first = asyncio.ensure_future(pages.get_or_compute("key", hold))
            await begun.wait()
        cancelling = Cancelling(pages.get_or_compute("key", compute), tuple(range(at, at + times)), when)
        task = asyncio.ensure_future(awaited(cancelling))
        if first is not None:
            await until(lambda task=task: on.waiting == 1 or task.done())  # type: ignore[misc]
            go.set()
            with pytest.raises(ValueError, match="by design"):
                await first
        found = await task
        if found is not None:
            assert not cancelling.cancelled, "a cancellation was swallowed"
            assert found == "computed"
            if cancelling.suspensions <= at:
                return at
        else:
            assert cancelling.cancelled
        # Nobody has the claim: who comes now computes, or gets it, at once.
        began = time.perf_counter()
        assert await asyncio.wait_for(pages.get_or_compute("key", compute), 5) == "computed"
        assert time.perf_counter() - began < 3, f"the claim was lost at suspension {at}"
    raise AssertionError("it never came to its end")


@pytest.mark.parametrize("waits", [False, True], ids=["computes", "waits"])
@pytest.mark.parametrize(
    "kind", ["ours", *[pytest.param(kind, marks=pytest.mark.exhaustive) for kind in ("a user's", "fake")]]
)
def test_cancelled_at_every_suspension(valkey_server: Server, kind: str, waits: bool) -> None:
    async def work() -> None:
        async with ground(kind, valkey_server) as on:
            pages = on.place("pages").as_cache(ttl=60, lease=60)
            await pages.length()
            counts = [
                await cancel_everywhere(on, pages, waits, times, when) for times in (1, 2) for when in (0, 1, LATE)
            ]
            print(f"cancelled at {counts} suspensions")
            assert min(counts) > 0
            await pages.clear()
            await on.assert_nothing_left()

    asyncio.run(work())


def test_who_is_cancelled_lets_the_waiting_go_on(valkey_server: Server) -> None:
    async def work() -> None:
        async with ground("ours", valkey_server) as on:
            pages = on.place("pages").as_cache(ttl=60, lease=60)
            begun, calls = asyncio.Event(), list[int]()

            async def for_ever() -> str:
                begun.set()
                await asyncio.sleep(600)
                return "never"

            async def compute() -> str:
                calls.append(1)
                return "computed"

            first = asyncio.ensure_future(pages.get_or_compute("key", for_ever))
            await begun.wait()
            others = [asyncio.ensure_future(pages.get_or_compute("key", compute)) for _ in range(50)]
            await until(lambda: on.waiting == 50)
            began = time.perf_counter()
            assert first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            assert await asyncio.gather(*others) == ["computed"] * 50
            assert (len(calls), time.perf_counter() - began < 3) == (1, True)
            await on.assert_nothing_left()

    asyncio.run(work())


def test_a_timeout_around_it(valkey_server: Server) -> None:
    async def work() -> None:
        async with ground("ours", valkey_server) as on:
            pages = on.place("pages").as_cache(ttl=60, lease=60)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(pages.get_or_compute("key", lambda: asyncio.sleep(600)), 0.05)
            assert await pages.get_or_compute("key", lambda: "at once") == "at once"
            await on.assert_nothing_left()

    asyncio.run(work())


def test_a_thread_that_is_interrupted_gives_the_claim_up(store: Backend) -> None:
    pages = pages_of(store, lease=60)

    def interrupted() -> Any:
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            pages.get_or_compute("key", interrupted)
    assert pages.get_or_compute("key", lambda: 1) == 1


@pytest.mark.exhaustive  # it is tried again for some seconds
def test_where_the_server_is_gone_the_functions_error_is_told(start_server: Any) -> None:
    """Giving the claim up fails, and does not hide why it is given up."""
    server = start_server()
    client = server.client()
    backend = Backend("valkey-resp3", client, server)
    pages = tree_of(backend, "pages").as_cache(ttl=60)

    def compute() -> Any:
        server.kill()
        raise ValueError("its own")

    with pytest.raises(ValueError, match="its own"):
        pages.get_or_compute("key", compute)
    assert isinstance(backend.database, Database)
    client.close()
