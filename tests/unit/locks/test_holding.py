"""One acquisition: how long it is valid, and how its loss is told; by a lease of either face, too."""

from __future__ import annotations

import asyncio
import logging
import threading
from functools import partial
from typing import Any

import pytest

import redicts.aio as aio
from redicts import lockable
from redicts.aio import lockable as aio_lockable
from redicts.locks.holding import Holding
from tests.pool.asynchronous import until
from tests.support.waiting import wait_until
from tests.unit.locks.acts import Clock, held

NOWHERE: Any = None
"""A lease's database: for what asks nothing of it."""


def test_validity_runs_down_on_the_monotonic_clock(clock: Clock) -> None:
    holding = held(lease_ms=2000)
    assert holding.valid_for() == pytest.approx(2)
    clock.now += 1.5
    assert holding.valid_for() == pytest.approx(0.5)
    clock.now += 1
    assert holding.valid_for() == 0


def test_what_is_lost_is_not_valid(clock: Clock) -> None:
    holding = held()
    holding.mark_lost()
    assert (holding.is_lost, holding.valid_for()) == (True, 0)


# -- who wants to know ------------------------------------------------------------------------------------------------


def test_who_wants_to_know_is_told_once_in_turn() -> None:
    holding, told = held(), list[str]()
    holding.when_lost(lambda: told.append("first"))
    holding.when_lost(lambda: told.append("second"))
    assert told == []
    holding.mark_lost()
    holding.mark_lost()
    assert told == ["first", "second"]


def test_who_asks_after_the_loss_is_told_at_once() -> None:
    holding, told = held(), list[str]()
    holding.mark_lost()
    holding.when_lost(lambda: told.append("late"))
    assert told == ["late"]
    holding.mark_lost()
    assert told == ["late"]


def test_one_that_cannot_be_told_does_not_starve_the_next(caplog: pytest.LogCaptureFixture) -> None:
    holding, told = held(), list[str]()
    holding.when_lost(lambda: 1 / 0)
    holding.when_lost(lambda: told.append("second"))
    with caplog.at_level(logging.ERROR, logger="redicts.locks"):
        holding.mark_lost()
    assert told == ["second"]
    assert "who holds the lock at '{a}.b' could not be told that it was lost" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_of_many_threads_that_notice_it_together_one_tells() -> None:
    for _ in range(30):
        holding, told, gate = held(), list[int](), threading.Barrier(9)
        holding.when_lost(partial(told.append, 0))

        def notice(holding: Holding = holding, gate: threading.Barrier = gate) -> None:
            gate.wait()
            holding.mark_lost()

        threads = [threading.Thread(target=notice) for _ in range(8)]
        for thread in threads:
            thread.start()
        gate.wait()
        holding.when_lost(partial(told.append, 1))  # in the very moment: told by one of them, or at once
        for thread in threads:
            thread.join()
        assert sorted(told) == [0, 1]


# -- a lease ----------------------------------------------------------------------------------------------------------


def test_the_event_is_made_when_it_is_asked_for() -> None:
    holding = held()
    lease = lockable.Lease(holding, NOWHERE)
    assert lease._lost is None
    event = lease.lost
    assert lease.lost is event
    assert not event.is_set()
    holding.mark_lost()
    assert event.is_set()


def test_an_event_that_is_asked_for_after_the_loss_is_set() -> None:
    holding = held()
    holding.mark_lost()
    assert lockable.Lease(holding, NOWHERE).lost.is_set()


def told_of(holding: Holding, on_lost: Any) -> lockable.Lease:
    """A lease whose loss is told to a function, as ``acquire`` arranges it."""
    lease = lockable.Lease(holding, NOWHERE)
    holding.when_lost(partial(lockable._tell, on_lost, lease))
    return lease


def telling() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "redicts-lost"]


def test_a_loss_is_told_once_in_a_thread_of_its_own() -> None:
    holding, told = held(), list[tuple[Any, str]]()
    lease = told_of(holding, lambda lease: told.append((lease, threading.current_thread().name)))
    holding.mark_lost()
    holding.mark_lost()
    assert wait_until(lambda: told) == [(lease, "redicts-lost")]
    wait_until(lambda: not telling())
    assert len(told) == 1


def test_who_notices_does_not_wait_for_who_is_told() -> None:
    holding, gate = held(), threading.Event()
    lease = told_of(holding, lambda _: gate.wait(20))
    holding.mark_lost()
    assert lease.lost.is_set()
    assert telling()
    gate.set()


def test_a_callback_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    holding = held()
    _ = told_of(holding, lambda _: 1 / 0)
    with caplog.at_level(logging.ERROR, logger="redicts.locks"):
        holding.mark_lost()
        wait_until(lambda: caplog.records)
    assert "on_lost of the lock at 'a.b' failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


# -- a lease of asyncio -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["in the loop", "in a thread"])
def test_the_event_of_a_task_is_set_from_wherever_it_is_noticed(where: str) -> None:
    async def main() -> None:
        holding = held()
        lease = aio.Lease(holding, NOWHERE)
        event = lease.lost
        assert lease.lost is event
        assert not event.is_set()
        if where == "in a thread":
            threading.Thread(target=holding.mark_lost).start()
        else:
            holding.mark_lost()
        assert await asyncio.wait_for(event.wait(), 10)

    asyncio.run(main())


def test_the_event_of_a_task_that_asks_after_the_loss() -> None:
    async def main() -> None:
        holding = held()
        holding.mark_lost()
        assert await asyncio.wait_for(aio.Lease(holding, NOWHERE).lost.wait(), 10)

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["function", "coroutine"])
@pytest.mark.parametrize("where", ["in the loop", "in a thread"])
def test_a_loss_is_told_once_in_the_loop(kind: str, where: str) -> None:
    async def main() -> None:
        holding, told = held(), asyncio.Queue[tuple[aio.Lease, object]]()
        lease = aio.Lease(holding, NOWHERE)
        here = asyncio.get_running_loop()

        def function(lost: aio.Lease) -> None:
            told.put_nowait((lost, asyncio.get_running_loop()))

        async def coroutine(lost: aio.Lease) -> None:
            await asyncio.sleep(0)
            function(lost)

        on_lost = function if kind == "function" else coroutine
        holding.when_lost(partial(aio_lockable._in_loop, here, partial(aio_lockable._tell, on_lost, lease)))
        for _ in range(2):
            if where == "in a thread":
                threading.Thread(target=holding.mark_lost).start()
            else:
                holding.mark_lost()
        assert await asyncio.wait_for(told.get(), 10) == (lease, here)
        await until(lambda: not aio_lockable._telling)
        assert told.empty()

    asyncio.run(main())


def test_a_callback_of_asyncio_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(_: aio.Lease) -> None:
        raise LookupError

    async def main() -> None:
        aio_lockable._tell(fail, aio.Lease(held(), NOWHERE))
        await until(lambda: not aio_lockable._telling)

    with caplog.at_level(logging.ERROR, logger="redicts.locks"):
        asyncio.run(main())
    assert "on_lost of the lock at 'a.b' failed" in caplog.text
    assert "LookupError" in caplog.text


def test_a_loop_that_is_closed_is_told_nothing(caplog: pytest.LogCaptureFixture) -> None:
    holding = held()

    async def main() -> asyncio.Event:
        return aio.Lease(holding, NOWHERE).lost

    event = asyncio.run(main())
    holding.mark_lost()
    assert not event.is_set()
    assert caplog.records == []
