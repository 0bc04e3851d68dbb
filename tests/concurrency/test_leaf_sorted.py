"""Priority queues and sorted sets that many use at once: nothing is lost, nothing comes twice, and nobody polls."""

from __future__ import annotations

import asyncio
import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from queue import Empty, Full
from typing import Any

import pytest
import redis

from redicts import PipelineMisused, Proxy, aio
from redicts.pool.config import read_config
from redicts.pool.server import open_client
from tests.concurrency.forking import waiters_in_line
from tests.concurrency.tasks import all_is_back, in_line, run, stand_in_line, until_so
from tests.concurrency.trees import Spot, meet, new_spot
from tests.support.chaos import ChaosProxy
from tests.support.processes import Processes, run_in_processes
from tests.support.servers import Server
from tests.support.waiting import wait_until

PRIORITIES = (0, 0.5, 1, 2)
STOP = [-1, -1]


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough here."""
    return new_spot(valkey_server)


def assert_clean(spot: Spot, tree: Proxy) -> None:
    """Assert that nothing is left once all is removed, but that somebody waited, for a few seconds."""
    assert tree.check() == []
    tree.clear()
    with redis.Redis.from_url(spot.url) as client:
        for key in spot.all_keys():
            assert key.split(":")[1] in {"e", "g", "p"}, key
            assert client.pttl(key) <= 5000
            assert client.pttl(key) != -1


# -- processes -----------------------------------------------------------------------------------------------------


def produce(spot: Spot, me: int, count: int, parties: int) -> None:
    """Put items into a queue that is mostly full: each waits for room. What is put is [who, the number of the put]."""
    tree, dice = spot.open(), random.Random(me)
    jobs = tree.get("work.jobs").as_priority_queue(maxsize=20)
    meet(tree, "work", parties)
    for number in range(count):
        jobs.put((dice.choice(PRIORITIES), [me, number]), timeout=30)


def consume(spot: Spot, parties: int) -> list[tuple[float, list[int]]]:
    """Take items until it is told to stop: which comes last, as it has the highest priority."""
    tree = spot.open()
    jobs = tree.get("work.jobs").as_priority_queue()
    meet(tree, "work", parties)
    found = []
    while (item := jobs.get(timeout=30))[1] != STOP:
        found.append(item)
    return found


def test_producers_and_consumers_in_processes(spot: Spot, tree: Proxy, processes: Processes) -> None:
    producers = [processes.start(produce, spot, me, 300, 4) for me in range(2)]
    consumers = [processes.start(consume, spot, 4) for _ in range(2)]
    for producer in producers:
        producer.result()
    jobs = tree.get("work.jobs").as_priority_queue()
    jobs.put_many([(9, STOP)] * 2)
    found = [consumer.result() for consumer in consumers]
    values = Counter(tuple(value) for each in found for _, value in each)
    assert values == Counter((me, number) for me in range(2) for number in range(300)), "each of them once"
    for each in found:
        for who in range(2):
            for priority in PRIORITIES:
                numbers = [number for found_at, (me, number) in each if (found_at, me) == (priority, who)]
                assert numbers == sorted(numbers), "of one priority, what was put first"
    assert jobs.empty()
    assert_clean(spot, tree)


def drain(spot: Spot, parties: int) -> list[tuple[float, int]]:
    """Take what is there."""
    tree, found = spot.open(), []
    jobs = tree.get("work.jobs").as_priority_queue()
    meet(tree, "drain", parties)
    while True:
        try:
            found.append(jobs.get_nowait())
        except Empty:
            return found


def test_a_full_queue_is_drained_in_order(spot: Spot, tree: Proxy) -> None:
    items = [(random.Random(3).choice(PRIORITIES), number) for number in range(600)]
    tree.get("work.jobs").as_priority_queue().put_many(items)
    found = run_in_processes(drain, [(spot, 2)] * 2)
    assert sorted(item for each in found for item in each) == sorted(items)
    for each in found:
        assert each == sorted(each), "lowest first, and of one priority what was put first"
    spot.assert_clean(tree)


def answer(spot: Spot, count: int) -> list[float]:
    """Wait for each item; when it came."""
    jobs = spot.open().get("work.jobs").as_priority_queue()
    came = []
    for _ in range(count):
        _ = jobs.get(timeout=20)
        came.append(time.monotonic())
    return came


def test_a_put_wakes_a_get_of_another_process(spot: Spot, tree: Proxy, processes: Processes) -> None:
    """Without polling: it takes a moment, not a second. (The clock is the same in all processes.)"""
    jobs, sent = tree.get("work.jobs").as_priority_queue(), []
    waiter = processes.start(answer, spot, 20)
    with redis.Redis.from_url(spot.url) as client:
        for number in range(20):
            wait_until(lambda: waiters_in_line(client, spot.namespace) == 1, what="somebody who waits")
            sent.append(time.monotonic())
            jobs.put((number, None))
            wait_until(jobs.empty)
    delays = [came - began for came, began in zip(waiter.result(), sent, strict=True)]
    print(f"a put woke a get of another process in {statistics.median(delays) * 1000:.2f} ms in the median")
    assert statistics.median(delays) < 0.05
    assert max(delays) < 1, "nobody was woken by looking once a second"


# -- threads -------------------------------------------------------------------------------------------------------


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Do it in several threads at once; what they return, or the error of one."""
    found: list[Any] = [None] * count
    gate = threading.Barrier(count)

    def one(me: int) -> None:
        gate.wait(20)
        try:
            found[me] = work(me)
        except BaseException as error:  # noqa: BLE001  # raised below
            found[me] = error

    threads = [threading.Thread(target=one, args=(me,), daemon=True) for me in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    for each in found:
        if isinstance(each, BaseException):
            raise each
    return found


@pytest.mark.parametrize("of", [None, int])
def test_no_empty_from_a_queue_that_is_not_empty(tree: Proxy, spot: Spot, of: Any) -> None:
    """As many as there are are taken, by several, and none of them is told that there is none."""
    jobs = tree.get("jobs").as_priority_queue(of=of)
    jobs.put_many([(number % 3, number) for number in range(200)])
    found = in_threads(8, lambda _: [jobs.get_nowait()[1] for _ in range(25)])
    assert sorted(number for each in found for number in each) == list(range(200))
    with pytest.raises(Empty):
        jobs.get_nowait()
    spot.assert_clean(tree)


def test_a_limit_holds_however_many_put(tree: Proxy, spot: Spot) -> None:
    jobs, seen = tree.get("jobs").as_priority_queue(maxsize=5), []

    def work(me: int) -> int:
        put = 0
        for number in range(40):
            try:
                jobs.put_nowait((number, me))
                put += 1
            except Full:
                seen.append(jobs.qsize())
                try:
                    _ = jobs.get_nowait()
                    put -= 1
                except Empty:
                    pass
        return put

    left = in_threads(6, work)
    assert max(seen) <= 5
    assert sum(left) == jobs.qsize() <= 5
    spot.assert_clean(tree)


def test_a_get_wakes_a_put_that_waits_for_room(tree: Proxy, spot: Spot) -> None:
    jobs = tree.get("jobs").as_priority_queue(maxsize=1)
    jobs.put((1, "first"))
    delays = []

    def work(me: int) -> None:
        if me < 3:
            jobs.put((2, me), timeout=20)
        else:
            for _ in range(4):
                began = time.monotonic()
                _ = jobs.get(timeout=20)
                delays.append(time.monotonic() - began)

    in_threads(4, work)
    assert max(delays) < 0.9, "each was woken by what made room for it"
    assert jobs.empty()


def test_increments_and_pops_lose_nothing(tree: Proxy, spot: Spot) -> None:
    best = tree.get("best").as_sorted_set()
    in_threads(8, lambda me: [best.increment(number % 5, 1) for number in range(25)])
    assert best.to_dict() == dict.fromkeys(range(5), 40.0)
    best.add_many((number, number) for number in range(200))
    found = in_threads(8, lambda me: [(best.pop_min if me % 2 else best.pop_max)()[0] for _ in range(25)])
    assert sorted(number for each in found for number in each) == list(range(200))
    spot.assert_clean(tree)


def test_whatever_adds_a_member_wakes_who_waits_for_one(tree: Proxy, spot: Spot) -> None:
    best, gate, delays = tree.get("best").as_sorted_set(), threading.Barrier(2), list[float]()
    adds = (
        lambda: best.add("a", 1),
        lambda: best.set("b", 1),
        lambda: best.increment("c"),
        lambda: best.add_many({"d": 1, "e": 2}),
    )

    def work(me: int) -> None:
        with redis.Redis.from_url(spot.url) as client:
            for add in adds:
                gate.wait(20)
                if me == 0:
                    began = time.monotonic()
                    assert best.blocking_pop_min(timeout=20)[1] == 1.0
                    delays.append(time.monotonic() - began)
                else:
                    wait_until(lambda: waiters_in_line(client, spot.namespace) == 1, what="somebody who waits")
                    add()

    in_threads(2, work)
    assert max(delays) < 0.9
    assert best.to_list() == ["e"]


# -- cost ----------------------------------------------------------------------------------------------------------


def test_what_an_idle_waiter_sends(tree: Proxy, spot: Spot, valkey_server: Server, chaos: ChaosProxy) -> None:
    jobs = tree.get("jobs").as_priority_queue()
    with open_client(read_config({"url": chaos.url})) as client:
        other = Proxy("jobs", rconn=client)
        other._database = tree._where().of_client(client, spot.namespace)
        waiting, found = other.as_priority_queue(), list[Any]()
        thread = threading.Thread(target=lambda: found.append(waiting.get(timeout=20)), daemon=True)
        thread.start()
        wait_until(lambda: "BLPOP" in chaos.command_names)
        chaos.reset()
        ends = time.monotonic() + 1.3
        wait_until(lambda: time.monotonic() > ends)
        names = chaos.command_names
        assert 1 <= len(names) <= 2, f"it looks once a second: {names}"
        jobs.put((1, "x"))
        thread.join(20)
        assert found == [(1, "x")]


def test_iteration_in_a_bounded_number_of_round_trips(tree: Proxy, spot: Spot, chaos: ChaosProxy) -> None:
    tree.get("best").as_sorted_set().add_many((number, number) for number in range(10_000))
    with open_client(read_config({"url": chaos.url})) as client:
        other = Proxy("best", rconn=client)
        other._database = tree._where().of_client(client, spot.namespace)
        best = other.as_sorted_set()
        assert len(best) == 10_000
        for act in (lambda: list(best), lambda: list(best.items()), lambda: list(reversed(best))):
            chaos.reset()
            assert len(act()) == 10_000
            assert chaos.round_trips <= 12  # the last page is empty, and list() asks for the length first
        chaos.reset()
        assert len(best.to_dict()) == 10_000
        assert chaos.round_trips == 1


# -- asyncio -------------------------------------------------------------------------------------------------------


def test_cancelled_gets_lose_nothing(tree: Proxy, spot: Spot) -> None:
    """Whatever moment they are cancelled at: what was taken for them is put back, at its place."""

    async def work() -> None:
        jobs, dice = aio.root().get("jobs").as_priority_queue(), random.Random(5)
        taken: list[int] = []

        async def take() -> None:
            taken.append((await jobs.get(timeout=30))[1])

        async def end(task: asyncio.Task[None]) -> None:
            await asyncio.sleep(dice.random() * 0.004)
            task.cancel()

        for turn in range(30):
            while turn % 2 and not await jobs.empty():
                await take()
            tasks = [asyncio.ensure_future(take()) for _ in range(6)]
            if turn % 2:
                await stand_in_line(6)
            ends = [asyncio.ensure_future(end(task)) for task in tasks[:5]]
            await jobs.put_many([(number % 2, turn * 4 + number) for number in range(4)])
            await asyncio.gather(*ends)
            await asyncio.wait(tasks[:5])
            if not tasks[5].done():
                await jobs.put((0, -1))
            await asyncio.wait(tasks)
        left = await jobs.to_list()
        assert Counter(number for number in [*taken, *(value for _, value in left)] if number >= 0) == Counter(
            range(120)
        )
        assert left == sorted(left, key=lambda item: item[0])
        await all_is_back()
        print(f"{len(taken)} taken, {len(left)} left, of gets that were cancelled")
        assert taken

    run(work)


def test_cancelled_pops_of_a_sorted_set_lose_nothing(tree: Proxy, spot: Spot) -> None:
    async def work() -> None:
        best, dice = aio.root().get("best").as_sorted_set(), random.Random(6)
        taken: list[int] = []

        async def take() -> None:
            taken.append((await best.blocking_pop_max(timeout=30))[0])

        for turn in range(40):
            task = asyncio.ensure_future(take())
            await best.add(turn, turn)
            await asyncio.sleep(dice.random() * 0.001)
            task.cancel()
            await asyncio.wait([task])
        assert Counter([*taken, *await best.to_list()]) == Counter(range(40))
        await all_is_back()

    run(work)


def test_who_is_cancelled_when_just_woken_wakes_the_next(tree: Proxy, spot: Spot) -> None:
    async def work() -> None:
        jobs = aio.root().get("jobs").as_priority_queue()
        for _ in range(10):
            one, other = asyncio.ensure_future(jobs.get(timeout=30)), asyncio.ensure_future(jobs.get(timeout=30))
            await stand_in_line(2)
            began = time.monotonic()
            put = asyncio.ensure_future(jobs.put((1, "x")))
            await until_so(put_is_there(put))
            one.cancel()
            if one.done() and not one.cancelled():
                await jobs.put((1, "x"))
            done, _ = await asyncio.wait([other], timeout=20)
            assert done
            assert time.monotonic() - began < 0.9
            await asyncio.wait([one])
            if not one.cancelled():
                assert one.result() == (1, "x")
        assert in_line() == 0

    def put_is_there(put: asyncio.Task[None]) -> Callable[[], Any]:
        async def ask() -> bool:
            return put.done()

        return ask

    run(work)


def test_waiting_in_a_pipeline_of_asyncio_is_refused(tree: Proxy) -> None:
    async def work() -> None:
        async with aio.pipeline(raise_on_error=False) as pipe:
            jobs = aio.root().get("jobs").using(pipe).as_priority_queue()
            none = jobs.get()
            _ = jobs.put((1, "x"))
            one = jobs.get()
        assert isinstance(none.error, PipelineMisused)
        assert one.result == (1, "x")

    run(work)
