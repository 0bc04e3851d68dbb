"""Tasks that wait for permits: in order though they share a connection, and whoever is cancelled leaves nothing."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from typing import Any

import pytest
import redis

from redicts import Proxy, WaitTimeout, aio
from redicts.leaves import waiting
from redicts.leaves.parts import tickets
from tests.concurrency.tasks import all_is_back, pass_time, run, stand_in_line, until_so
from tests.concurrency.trees import Spot
from tests.pool.asynchronous import until
from tests.runners.cancelling import LATE, Cancelling, ground
from tests.support.servers import Server

MOST = 100
"""More suspensions than any acquire has."""


def nothing_stays(spot: Spot, tree: Proxy) -> None:
    """Assert that nothing is there, but what goes within seconds by itself."""
    assert tree.check() == []
    assert tree.val() == {}
    assert not any(tickets._loops.values())
    with redis.Redis.from_url(spot.url) as client:
        for key in spot.all_keys():
            assert key.removeprefix(f"{spot.namespace}:")[0] in "ep", f"{key} is left"
            left: Any = client.pttl(key)
            assert left == -2 or 0 <= left <= 5000, f"{key} stays for {left} ms"


async def in_turn(slots: Any, log: list[Any], name: object) -> None:
    """Acquire, note that one has, and let others go on before it is released."""
    async with await slots.acquire():
        log.append(name)
        await asyncio.sleep(0)


def test_100_tasks_and_a_thread_are_served_in_order(spot: Spot, tree: Proxy) -> None:
    """Each of them; though all tasks share one connection, and the thread, in their midst, has another."""

    async def work() -> None:
        log: list[Any] = []
        held = await aio.Proxy("slots").as_semaphore(1).acquire()
        tasks: list[asyncio.Task[None]] = []

        async def stand(first: int, last: int) -> None:
            for number in range(first, last):
                tasks.append(asyncio.create_task(in_turn(aio.Proxy("slots").as_semaphore(1), log, number)))
                await stand_in_line(len(tasks))

        def thread() -> None:
            with tree.get("slots").as_semaphore(1):
                log.append("thread")

        await stand(0, 50)
        other = threading.Thread(target=thread, daemon=True)
        other.start()
        await until_so(lambda: waiting_are(51))
        await stand(50, 100)
        await held.release()
        await asyncio.gather(*tasks)
        await until(lambda: not other.is_alive())
        assert log == [*range(50), "thread", *range(50, 100)]
        await all_is_back()

    run(work)
    nothing_stays(spot, tree)


async def waiting_are(count: int) -> bool:
    return await aio.Proxy("slots").as_semaphore(1).waiting() == count


def test_tickets_of_all_are_renewed_by_the_first(spot: Spot, tree: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first of those who share a line looks; it renews for the others, so none of them loses its turn."""
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(tickets, "RENEW_SECONDS", 0.02)

    async def work() -> None:
        log: list[Any] = []
        held = await aio.Proxy("slots").as_semaphore(1).acquire()
        tasks = []
        for number in range(5):
            tasks.append(asyncio.create_task(in_turn(aio.Proxy("slots").as_semaphore(1), log, number)))
            await stand_in_line(number + 1)
        with redis.Redis.from_url(spot.url) as client:
            body: Any = f"{spot.namespace}:v:{{slots}}"
            before = await deadlines(client, body)
            await until_so(lambda: all_later(client, body, before))
            client.zremrangebyscore(body, "-inf", "(0")  # as where the loop was held up, or somebody cleared the place
            await until_so(lambda: waiting_are(5))
        await held.release()
        await asyncio.gather(*tasks)
        assert log == list(range(5))
        await all_is_back()

    async def deadlines(client: Any, body: str) -> list[int]:
        return [int(member.split()[1]) for member in client.zrangebyscore(body, "-inf", "(0")]

    async def all_later(client: Any, body: str, before: list[int]) -> bool:
        now = await deadlines(client, body)
        return len(now) == len(before) and all(one > other for one, other in zip(now, before, strict=True))

    run(work)
    nothing_stays(spot, tree)


def test_one_handle_shared_by_tasks(spot: Spot, tree: Proxy) -> None:
    """Never more than there are, whoever is cancelled; and each block releases what it has itself."""

    async def work() -> None:
        slots, choose = aio.Proxy("slots").as_semaphore(3), random.Random(3)
        inside, most, outcomes = 0, 0, Counter[str]()

        async def use() -> None:
            nonlocal inside, most
            for _ in range(6):
                async with slots:
                    inside += 1
                    most = max(most, inside)
                    try:
                        assert inside <= 3
                        await asyncio.sleep(choose.random() * 0.002)
                    finally:
                        inside -= 1

        async def outcome(task: asyncio.Task[None]) -> str:
            try:
                await task
            except asyncio.CancelledError:
                return "cancelled"
            return "through"

        tasks = [asyncio.create_task(use()) for _ in range(40)]
        for task in tasks[::2]:
            await asyncio.sleep(choose.random() * 0.004)
            task.cancel()
        for task in tasks:
            outcomes[await outcome(task)] += 1
        assert (inside, most) == (0, 3)
        assert await slots.available() == 3
        print(f"{outcomes}")
        assert outcomes["through"] >= 20
        await all_is_back()

    run(work)
    nothing_stays(spot, tree)


def test_cancelled_in_line(spot: Spot, tree: Proxy) -> None:
    """Who waits behind is next, at once."""

    async def work() -> None:
        log: list[Any] = []
        slots = aio.Proxy("slots").as_semaphore(1)
        held = await slots.acquire()
        tasks = []
        for number in range(3):
            tasks.append(asyncio.create_task(in_turn(slots, log, number)))
            await stand_in_line(number + 1)
        tasks[0].cancel()
        await until_so(lambda: waiting_are(2))
        with pytest.raises(WaitTimeout, match="in time"):
            await slots.acquire(timeout=0.02)
        assert await waiting_are(2)
        await held.release()
        await asyncio.gather(*tasks[1:])
        assert log == [1, 2]
        await all_is_back()

    run(work)
    nothing_stays(spot, tree)


async def awaited(cancelling: Cancelling) -> Any:
    """Give what came of it; ``None`` where it was cancelled."""
    try:
        return await cancelling
    except asyncio.CancelledError:
        return None


@pytest.mark.parametrize("waits", [False, True], ids=["at once", "waits"])
@pytest.mark.parametrize("kind", ["ours", pytest.param("a user's", marks=pytest.mark.exhaustive), "fake"])
def test_cancelled_at_every_suspension(valkey_server: Server, kind: str, waits: bool) -> None:
    """It has a permit, or there is none and no ticket."""

    async def everywhere(on: Any, slots: Any, times: int, when: int) -> int:
        for at in range(MOST):
            held = await slots.acquire() if waits else None
            cancelling = Cancelling(slots.acquire(), tuple(range(at, at + times)), when)
            task = asyncio.ensure_future(awaited(cancelling))
            if held is not None:
                await until(lambda task=task: on.waiting == 1 or task.done())  # type: ignore[misc]
                await held.release()
            permit = await task
            if permit is None:
                assert cancelling.cancelled
                assert (await slots.available(), await slots.waiting()) == (1, 0), f"left at suspension {at}"
            else:
                assert not cancelling.cancelled, "a cancellation was swallowed"
                assert await slots.available() == 0
                await permit.release()
                if cancelling.suspensions <= at:
                    return at
        raise AssertionError("it never came to its end")

    async def work() -> None:
        async with ground(kind, valkey_server) as on:
            slots = on.place("slots").as_semaphore(1)
            assert await slots.available() == 1
            counts = [await everywhere(on, slots, times, when) for times in (1, 2) for when in (0, 1, LATE)]
            print(f"cancelled at {counts} suspensions")
            assert min(counts) > 0
            assert await on.keys("v", "n", "s") == []
            await pass_time(0.01)
            await on.assert_nothing_left()

    asyncio.run(work())
