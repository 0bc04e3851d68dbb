"""Tasks that wait in lines: first come, first served; who leaves loses nothing; few connections for however many."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest

from redicts.core.effects import WAITING, Op
from redicts.locks.listing import list_locks
from redicts.runners import lines as module
from redicts.runners.aio import AsyncRunner
from tests.runners.aio_rig import until
from tests.runners.cancelling import Ground
from tests.runners.lining import blocked, in_line, left, on, play, pop_is_under_way, push, task_of, waits
from tests.support.servers import Server

# -- in turn ----------------------------------------------------------------------------------------------------------


def test_all_wait_on_one_connection_and_are_served_in_turn(valkey_server: Server) -> None:
    async def act(at: Ground) -> None:
        tasks = [await in_line(at) for _ in range(20)]
        assert await blocked(at) == 1
        await push(at, *range(10))
        assert await asyncio.gather(*tasks[:10]) == [str(number) for number in range(10)]
        assert not any(task.done() for task in tasks[10:])
        await push(at, *range(10, 20))
        assert await asyncio.gather(*tasks[10:]) == [str(number) for number in range(10, 20)]

    play(valkey_server, act)


def test_only_the_first_is_asked_meanwhile(valkey_server: Server) -> None:
    asked = [0, 0, 0]

    def op(at: Ground, number: int) -> Op[str]:
        while True:
            (reply,) = yield (on(at, patience=0.01),)
            if reply is not WAITING:
                return str(reply[1])
            asked[number] += 1

    async def act(at: Ground) -> None:
        tasks = []
        for number in range(3):
            tasks.append(asyncio.ensure_future(at.database.runner.run(op(at, number), False)))
            await until(lambda count=number + 1: at.waiting == count)  # type: ignore[misc]
        for first in range(3):
            await until(lambda first=first: asked[first] > 3)  # type: ignore[misc]
            assert asked[first + 1 :] == [0] * (2 - first)
            await push(at, first)
            assert await tasks[first] == str(first)

    play(valkey_server, act)


def test_each_has_a_time_of_its_own(valkey_server: Server) -> None:
    async def act(at: Ground) -> None:
        long = await in_line(at)
        begun = monotonic()
        short = [await in_line(at, timeout=timeout) for timeout in (0.05, 0.15)]
        assert await asyncio.gather(*short) == [None, None]
        assert 0.15 <= monotonic() - begun < 5
        assert not long.done()
        last = await in_line(at, "other", timeout=0.05)
        assert await last is None
        await push(at, "x")
        assert await long == "x"

    play(valkey_server, act)


# -- leaving ----------------------------------------------------------------------------------------------------------


def test_the_last_that_leaves_ends_the_wait_of_the_server(valkey_server: Server) -> None:
    async def act(at: Ground) -> None:
        for _ in range(5):
            tasks = [await in_line(at) for _ in range(3)]
            for task in tasks:
                _ = task.cancel()
            _ = await asyncio.wait(tasks)
            await until(lambda: at.waiting == 0)
        await push(at, "x")
        assert await left(at) == ["x"], "nobody takes it"
        assert await at.database.runner.run(waits(at), False) == "x"

    play(valkey_server, act)


def test_who_comes_while_the_last_is_leaving_gets_what_comes(valkey_server: Server) -> None:
    async def act(at: Ground) -> None:
        for turns in range(30):
            going = await in_line(at)
            await pop_is_under_way(at)
            _ = going.cancel()
            for _ in range(turns):
                await asyncio.sleep(0)
            coming = task_of(at)
            begun = monotonic()
            _ = await asyncio.wait([going])
            assert monotonic() - begun < 1, "it was let go at once"
            await push(at, turns)
            assert await asyncio.wait_for(coming, 10) == str(turns)

    play(valkey_server, act)


def test_one_whose_time_is_up_goes_where_another_has_just_come(valkey_server: Server) -> None:
    """The server has to be asked to end the wait of the last; who comes meanwhile makes that needless."""

    async def act(at: Ground) -> None:
        going = await in_line(at, timeout=0.1)
        lines = at.database.runner._lines
        assert lines is not None
        (line,) = lines._lines.values()
        (waiter,) = line.waiters
        await until(lambda: waiter.leaving)
        coming = task_of(at)
        assert await asyncio.wait_for(going, 1) is None
        await push(at, "x")
        assert await asyncio.wait_for(coming, 10) == "x"

    play(valkey_server, act)


async def served_or_left(at: Ground, rounds: Callable[[int], bool]) -> tuple[int, int]:
    """Cancel the first of two in the moment when something comes; how often it got it, and how often it did not."""
    counts, later, number = [0, 0], 0.0, 0
    while rounds(number):
        number += 1
        got: list[Any] = []
        first, second = await in_line(at, got=got), await in_line(at)
        pushing = asyncio.ensure_future(push(at, number))
        await asyncio.sleep(max(0.0, later))
        _ = first.cancel()
        _ = await asyncio.wait([first])
        await pushing
        if not first.cancelled():
            got.append(first.result())
        if got:
            await push(at, *got)  # it passes it on
        assert await asyncio.wait_for(second, 10) == str(number), "it was lost"
        counts[bool(got)] += 1
        later += -0.00002 if got else 0.00002
    return counts[True], counts[False]


def test_nothing_is_lost_in_the_moment_of_being_cancelled(valkey_server: Server) -> None:
    async def act(at: Ground) -> None:
        given, missed = await served_or_left(at, lambda number: number < 200)
        assert min(given, missed) > 10, "or the moment was not met"

    play(valkey_server, act)


@pytest.mark.soak
def test_nothing_is_lost_in_many_moments_of_being_cancelled(valkey_server: Server, soak_seconds: float) -> None:
    async def act(at: Ground) -> None:
        end = monotonic() + soak_seconds
        given, missed = await served_or_left(at, lambda _: monotonic() < end)
        print(f"{given} times it was served just then, {missed} times not; none was lost")
        assert min(given, missed) > 10

    play(valkey_server, act)


def test_a_storm_of_coming_and_going(valkey_server: Server) -> None:
    async def act(at: Ground) -> None:
        chance, waiting, taken, pushed = random.Random(7), set[asyncio.Task[str | None]](), list[Any](), 0
        for _ in range(300):
            name = f"q{chance.randrange(4)}"
            await asyncio.sleep(0 if chance.random() < 0.8 else 0.002)
            if chance.random() < 0.5:
                waiting.add(task_of(at, name, got=taken, timeout=chance.choice([0.005, 20])))
            elif chance.random() < 0.5 and waiting:
                _ = chance.choice(sorted(waiting, key=id)).cancel()
            else:
                await push(at, pushed, name=name)
                pushed += 1
        await asyncio.sleep(0.01)
        for task in waiting:
            _ = task.cancel()
        _ = await asyncio.wait(waiting)
        taken += [task.result() for task in waiting if not task.cancelled() and task.result() is not None]
        for number in range(4):
            taken += await left(at, f"q{number}")
        assert sorted(map(int, taken)) == list(range(pushed)), "each is somewhere, once"

    play(valkey_server, act)


# -- many lines -------------------------------------------------------------------------------------------------------


def test_beyond_so_many_lines_connections_are_shared(valkey_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 4)

    async def act(at: Ground) -> None:
        names = [f"q{number}" for number in range(30)]
        tasks = {name: await in_line(at, name) for name in names}
        await pop_is_under_way(at)
        assert await blocked(at) == 4
        random.Random(3).shuffle(names)
        for name in names[:15]:
            await push(at, name, name=name)
            assert await asyncio.wait_for(tasks[name], 10) == name
        for name in names[15:25]:
            _ = tasks[name].cancel()
        for name in names[25:]:
            await push(at, name, name=name)
            assert await asyncio.wait_for(tasks[name], 10) == name

    play(valkey_server, act)


def test_there_are_fifty_at_most(valkey_server: Server) -> None:
    async def act(at: Ground) -> None:
        tasks = [task_of(at, f"q{number}", timeout=0.5) for number in range(130)]
        await until(lambda: at.waiting == 130)
        assert len(at.database.runner._lines._posts) == module.MOST == 50  # type: ignore[union-attr]
        await push(at, "x", name="q129")
        assert await asyncio.gather(*tasks) == [None] * 129 + ["x"]

    play(valkey_server, act)


def test_a_connection_that_waits_is_called_by_what_it_waits_for(valkey_server: Server) -> None:
    async def act(at: Ground) -> None:
        tasks = [await in_line(at, "{é x}"), await in_line(at, "{é x}")]
        await pop_is_under_way(at)
        names = [each["name"] for each in await at.client.client_list() if "b" in each["flags"]]
        assert f"{at.database.space.namespace}:{{%C3%A9%20x}}" in names
        await push(at, 1, 2, name="{é x}")
        _ = await asyncio.gather(*tasks)

    play(valkey_server, act)


def test_who_lists_the_locks_sees_a_waiter_for_each_process_that_waits(valkey_server: Server) -> None:
    """However many of its tasks do: they wait together."""

    async def act(at: Ground) -> None:
        space, runner = at.database.space, at.database.runner

        async def enter(path: str) -> None:
            async with at.place(path):
                pass

        async def listed() -> dict[str, int]:
            listing = await runner.run(list_locks(space, ()), True)
            assert listing.waiting is not None
            return {holder.path: listing.waiters(holder) or 0 for holder in listing.holders}

        rivals = [await at.place(path).acquire(owner="rival") for path in ("a", "b.c", "d")]
        tasks = [asyncio.ensure_future(enter(path)) for path in ("a", "a.x", "a.y", "b", "b.c.d")]
        await until(lambda: at.waiting == 5)
        await pop_is_under_way(at)
        assert await listed() == {"a": 1, "b.c": 1, "d": 0}
        for rival in rivals:
            await rival.release()
        _ = await asyncio.gather(*tasks)

    play(valkey_server, act)


def test_a_runner_that_never_waited_has_no_lines(valkey_server: Server) -> None:
    async def act(at: Ground) -> None:
        runner: AsyncRunner = at.database.runner
        _ = await at.place("a").set("b", 1)
        assert (runner._lines, runner._own) == (None, {})

    play(valkey_server, act)
