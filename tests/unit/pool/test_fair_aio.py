"""The pool of connections for asyncio: fair, bounded, and whole after any cancellation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import redis.asyncio
import redis.exceptions

from redicts.pool.fair_aio import FairPool


class Scripted(redis.asyncio.Connection):
    """A connection to nowhere. Connecting it suspends a few times, and fails when it is told to."""

    suspensions = 3
    failures = 0
    has_data = False
    made = 0

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        type(self).made += 1
        self.connects = 0
        self.open = self.greeted = False

    @property
    def is_connected(self) -> bool:
        return self.open

    async def connect(self) -> None:
        if self.open:
            return
        self.open = True  # and not yet fit for use
        for _ in range(self.suspensions):
            await asyncio.sleep(0)
        if type(self).failures:
            type(self).failures -= 1
            raise redis.exceptions.ConnectionError("nowhere")
        self.connects += 1
        self.greeted = True

    async def disconnect(self, *_: Any, **__: Any) -> None:
        self.open = self.greeted = self.has_data = False

    async def can_read(self, *_: Any) -> bool:
        return self.has_data


@pytest.fixture
def make() -> Callable[..., Any]:
    """``make(most, timeout)``: a pool of scripted connections of a class of its own."""

    def make_pool(most: int = 2, timeout: float | None = 30) -> Any:
        kind = type("Mine", (Scripted,), {})
        return FairPool(max_connections=most, timeout=timeout, connection_class=kind)

    return make_pool


def free(pool: Any) -> int:
    return len(pool._available_connections)


def used(pool: Any) -> int:
    return len(pool._in_use_connections)


def assert_whole(pool: Any) -> None:
    """Every connection that was made is free, once, and nobody waits."""
    assert (used(pool), len(pool._waiters)) == (0, 0)
    assert free(pool) == len(set(pool._available_connections)) == pool.connection_class.made <= pool.max_connections


async def turns(count: int = 1) -> None:
    """Let everybody else go on."""
    for _ in range(count):
        await asyncio.sleep(0)


async def waiting(pool: Any, count: int) -> list[asyncio.Task[Any]]:
    """Start tasks that wait, one after the other."""
    tasks = []
    for _ in range(count):
        tasks.append(asyncio.create_task(pool.get_connection()))
        await turns()
        assert len(pool._waiters) == len(tasks)
    return tasks


async def ended(task: asyncio.Task[Any]) -> bool:
    """Wait for a task; True where it was cancelled."""
    _ = await asyncio.wait([task])
    return task.cancelled()


def test_the_last_that_came_back_is_taken_first_and_as_it_is(make: Callable[..., Any]) -> None:
    async def run() -> None:
        pool = make(3)
        one, two = await pool.get_connection(), await pool.get_connection()
        assert (free(pool), used(pool)) == (0, 2)
        pool.give_back(one)
        await pool.release(two)
        assert await pool.get_connection() is two
        assert (two.connects, pool.connection_class.made) == (1, 2)
        pool.give_back(two)
        assert_whole(pool)

    asyncio.run(run())


def test_a_connected_one_is_given_without_a_pause(make: Callable[..., Any]) -> None:
    async def run() -> None:
        pool = make()
        pool.give_back(await pool.get_connection())
        with pytest.raises(StopIteration) as stopped:
            pool.get_connection().send(None)
        pool.give_back(stopped.value.value)
        assert_whole(pool)

    asyncio.run(run())


@pytest.mark.parametrize("how", ["disconnected", "data"])
def test_one_that_cannot_be_used_as_it_is_is_connected_anew(make: Callable[..., Any], how: str) -> None:
    async def run() -> None:
        pool = make()
        connection = await pool.get_connection()
        if how == "data":
            connection.has_data = True
        else:
            await connection.disconnect()
        pool.give_back(connection)
        assert await pool.get_connection() is connection
        assert (connection.open, connection.has_data, connection.connects) == (True, False, 2)

    asyncio.run(run())


def test_one_that_has_something_to_read_even_then_is_not_given(make: Callable[..., Any]) -> None:
    async def run() -> None:
        pool = make()
        pool.connection_class.can_read = lambda _: asyncio.sleep(0, result=True)
        with pytest.raises(redis.exceptions.ConnectionError, match="not ready"):
            _ = await pool.get_connection()
        assert_whole(pool)

    asyncio.run(run())


def test_who_waits_longest_is_served_first_and_nobody_overtakes(make: Callable[..., Any]) -> None:
    async def run() -> None:
        pool = make(1)
        connection = await pool.get_connection()
        first, second = await waiting(pool, 2)
        pool.give_back(connection)
        late = asyncio.create_task(pool.get_connection())  # though nobody has woken yet
        assert await first is connection
        assert not second.done()
        pool.give_back(connection)
        assert await second is connection
        assert not late.done()
        pool.give_back(connection)
        assert await late is connection
        pool.give_back(connection)
        assert_whole(pool)

    asyncio.run(run())


def test_many_tasks_share_a_few(make: Callable[..., Any]) -> None:
    async def run() -> None:
        pool = make(3)
        most = 0

        async def work() -> None:
            nonlocal most
            for _ in range(20):
                connection = await pool.get_connection()
                most = max(most, used(pool))
                await turns()
                pool.give_back(connection)

        _ = await asyncio.gather(*[work() for _ in range(50)])
        assert most == 3
        assert_whole(pool)

    asyncio.run(run())


@pytest.mark.parametrize("timeout", [0, 0.05])
def test_nothing_comes_in_time(make: Callable[..., Any], timeout: float) -> None:
    async def run() -> None:
        pool = make(1, timeout)
        connection = await pool.get_connection()
        began = time.monotonic()
        with pytest.raises(redis.exceptions.ConnectionError, match=r"^No connection available\.$"):
            _ = await pool.get_connection()
        assert timeout - 0.01 <= time.monotonic() - began < 5
        assert (pool.max_connections, pool.timeout, len(pool._waiters)) == (1, timeout, 0)
        pool.give_back(connection)  # who gave up gets nothing
        assert_whole(pool)

    asyncio.run(run())


def test_no_limit(make: Callable[..., Any]) -> None:
    async def run() -> None:
        pool = make(1, None)
        connection = await pool.get_connection()
        (task,) = await waiting(pool, 1)
        pool.give_back(connection)
        assert await task is connection

    asyncio.run(run())


def test_a_failure_to_connect_is_passed_on_and_costs_no_connection(make: Callable[..., Any]) -> None:
    async def run() -> None:
        pool = make(1)
        pool.connection_class.failures = 1
        first = asyncio.create_task(pool.get_connection())
        await turns()
        (second,) = await waiting(pool, 1)
        with pytest.raises(redis.exceptions.ConnectionError, match="nowhere"):
            _ = await first
        pool.give_back(await second)
        assert_whole(pool)

    asyncio.run(run())


def test_giving_back_twice_is_an_error(make: Callable[..., Any]) -> None:
    async def run() -> None:
        pool = make()
        connection = await pool.get_connection()
        pool.give_back(connection)
        with pytest.raises(KeyError):
            pool.give_back(connection)
        assert_whole(pool)

    asyncio.run(run())


# -- cancellation ------------------------------------------------------------------------------------------------


async def get_cancelled(start: Callable[[], Coroutine[Any, Any, Any]], turn: int, twice: bool) -> Any:
    """Cancel a task after so many turns of the loop, perhaps twice; the connection where it was faster."""
    task = asyncio.create_task(start())
    await turns(turn)
    _ = task.cancel()
    if twice:
        await turns()
        _ = task.cancel()
    return None if await ended(task) else task.result()


@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize("state", ["new", "disconnected", "data", "waiting"])
def test_cancelled_anywhere_it_leaves_the_pool_whole(make: Callable[..., Any], state: str, twice: bool) -> None:
    async def once(turn: int) -> bool:
        pool = make(1)
        holder = None
        if state != "new":
            holder = await pool.get_connection()
            holder.has_data = state == "data"
            if state != "data":
                await holder.disconnect()
            if state != "waiting":
                pool.give_back(holder)
            else:
                asyncio.get_running_loop().call_soon(pool.give_back, holder)
        got = await get_cancelled(pool.get_connection, turn, twice)
        if got is not None:
            assert got.open
            pool.give_back(got)
        await turns(2)
        assert_whole(pool)
        again = await asyncio.wait_for(pool.get_connection(), 10)
        assert (again.open, again.greeted, again.has_data) == (True, True, False)
        return got is not None

    async def run() -> None:
        turn = 0
        while not await once(turn):
            turn += 1
        assert turn > Scripted.suspensions  # it was cancelled at each of them

    asyncio.run(run())


@pytest.mark.parametrize("twice", [False, True])
def test_what_was_given_to_a_cancelled_task_goes_to_the_next(make: Callable[..., Any], twice: bool) -> None:
    async def run() -> None:
        pool = make(1)
        connection = await pool.get_connection()
        first, second, third = await waiting(pool, 3)
        pool.give_back(connection)
        _ = first.cancel()  # it was given, and had not woken
        if twice:
            _ = first.cancel()
        assert await ended(first)
        assert await second is connection
        _ = third.cancel()  # it waits
        pool.give_back(connection)
        assert await ended(third)
        assert_whole(pool)

    asyncio.run(run())


def test_who_is_cancelled_waits_no_more(make: Callable[..., Any]) -> None:
    async def run() -> None:
        pool = make(1)
        connection = await pool.get_connection()
        first, second = await waiting(pool, 2)
        _ = first.cancel()
        assert await ended(first)
        assert len(pool._waiters) == 1
        pool.give_back(connection)
        pool.give_back(await second)
        assert_whole(pool)

    asyncio.run(run())


def test_a_storm_of_cancellations(make: Callable[..., Any]) -> None:
    async def run() -> None:
        pool = make(4)

        async def work(number: int) -> None:
            for _ in range(5):
                connection = await pool.get_connection()
                try:
                    await turns(number % 3)
                    if number % 5 == 0:
                        await connection.disconnect()
                finally:
                    pool.give_back(connection)

        tasks = [asyncio.create_task(work(number)) for number in range(300)]
        while any(not task.done() for task in tasks):
            for number, task in enumerate(tasks):
                if number % 7 == 0:
                    _ = task.cancel()
                    await turns()
        assert_whole(pool)

    asyncio.run(run())


# -- retiring ----------------------------------------------------------------------------------------------------


def test_retired_it_closes_what_is_free_and_what_comes_back(make: Callable[..., Any]) -> None:
    async def run() -> None:
        pool = make(2)
        idle, busy = await pool.get_connection(), await pool.get_connection()
        pool.give_back(idle)
        _ = pool.retire()
        assert (idle.open, busy.open) == (False, True)
        pool.give_back(busy)
        assert not busy.open
        again = await pool.get_connection()  # who still has it may use it
        assert again.open
        pool.give_back(again)
        assert not again.open
        assert_whole(pool)

    asyncio.run(run())
