"""What carries things through, or has them end: whatever is cancelled meanwhile, and however often."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from redicts.runners import aio_exchange
from redicts.runners.aio_exchange import apart, settle, within
from tests.runners.aio_rig import until


class Work:
    """Something that takes as long as it is let.

    Attributes:
        begun: Whether it has begun.
        ended: How it ended.
    """

    def __init__(self, result: Any = "done") -> None:
        self.result = result
        self.begun = False
        self.ended: list[str] = []
        self.gate = asyncio.Event()

    async def run(self) -> Any:
        self.begun = True
        try:
            _ = await self.gate.wait()
            if isinstance(self.result, Exception):
                raise self.result  # noqa: TRY301  # as what is carried through may
        except BaseException as error:
            self.ended.append(type(error).__name__)
            raise
        self.ended.append("through")
        return self.result


def play(act: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test; afterwards no task is left, and the loop was told of nothing."""

    async def main() -> None:
        problems: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))
        await act()
        await until(lambda: len(asyncio.all_tasks()) == 1, "the end of all tasks")
        await until(lambda: not aio_exchange._finishing)
        assert problems == []

    asyncio.run(main())


async def under_way(coroutine: Coroutine[Any, Any, Any], work: Work) -> asyncio.Task[Any]:
    """A task that has begun with it."""
    task = asyncio.get_running_loop().create_task(coroutine)
    await until(lambda: work.begun)
    return task


@pytest.mark.parametrize(
    "carry", [settle, apart, lambda coroutine: within(coroutine, 20)], ids=["settle", "apart", "within"]
)
def test_what_is_not_cancelled_gives_its_result_or_raises_its_error(carry: Any) -> None:
    async def act() -> None:
        for result in ("done", None, LookupError("no")):
            work = Work(result)
            work.gate.set()
            if isinstance(result, Exception):
                with pytest.raises(LookupError):
                    _ = await carry(work.run())
            else:
                assert await carry(work.run()) == result

    play(act)


# -- settle -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2, 50])
@pytest.mark.parametrize("result", ["done", LookupError("no")], ids=["returns", "raises"])
def test_it_is_carried_through_however_often_it_is_cancelled(times: int, result: object) -> None:
    async def act() -> None:
        work = Work(result)
        task = await under_way(settle(work.run()), work)
        for number in range(times):
            _ = task.cancel(f"number {number}")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert not task.done()
            assert work.ended == []
        work.gate.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert work.ended == ["through" if result == "done" else "LookupError"]

    play(act)


def test_cancelled_in_the_very_moment_when_it_is_through() -> None:
    async def act() -> None:
        for turns in range(6):
            work = Work()
            task = await under_way(settle(work.run()), work)
            work.gate.set()
            for _ in range(turns):
                await asyncio.sleep(0)
            cancelled = task.cancel()
            if cancelled:
                with pytest.raises(asyncio.CancelledError):
                    await task
            else:
                assert await task == "done"
            assert work.ended == ["through"]

    play(act)


def test_after_its_time_it_is_given_up() -> None:
    async def act() -> None:
        work = Work()
        task = await under_way(settle(work.run(), 0.05), work)
        _ = task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 10)
        assert work.ended == ["CancelledError"]
        work = Work()
        with pytest.raises(asyncio.CancelledError):
            _ = await settle(work.run(), 0.01)  # nobody cancelled it, but it has no result

    play(act)


def test_within_its_time_the_clock_changes_nothing() -> None:
    async def act() -> None:
        work = Work()
        task = await under_way(settle(work.run(), 30), work)
        work.gate.set()
        assert await task == "done"
        assert [timer for timer in asyncio.get_running_loop()._scheduled if not timer.cancelled()] == []  # type: ignore[attr-defined]

    play(act)


# -- apart, within ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turns", range(8))
def test_no_cancellation_is_swallowed_and_what_came_through_is_undone(turns: int) -> None:
    """As ``asyncio.wait_for`` swallows them before Python 3.12, where it is through in the same moment."""

    async def act() -> None:
        work, undone = Work(), list[object]()

        async def undo(result: object) -> None:
            await asyncio.sleep(0)
            undone.append(result)

        async def swallows() -> Any:
            inner = asyncio.ensure_future(work.run())
            try:
                return await asyncio.shield(inner)
            except asyncio.CancelledError:
                return await inner

        task = await under_way(apart(swallows(), undo), work)
        asyncio.get_running_loop().call_soon(work.gate.set)
        for _ in range(turns):
            await asyncio.sleep(0)
        if task.cancel():
            with pytest.raises(asyncio.CancelledError):
                await task
            assert undone in ([], ["done"])
            assert undone == ["done"] or turns > 0 or work.ended
        else:
            assert (await task, undone) == ("done", [])
        assert work.ended == ["through"]

    play(act)


def test_what_was_begun_apart_is_waited_for_and_cancelled_once() -> None:
    async def act() -> None:
        cleaning, work = Work(), Work()

        async def careful() -> None:
            try:
                await work.run()
            finally:
                await cleaning.run()

        task = await under_way(apart(careful()), work)
        _ = task.cancel()
        await until(lambda: cleaning.begun)
        for _ in range(5):
            _ = task.cancel()
            await asyncio.sleep(0)
        assert not task.done()
        cleaning.gate.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert cleaning.ended == ["through"]

    play(act)


def test_what_takes_too_long_is_cancelled() -> None:
    async def act() -> None:
        work = Work()
        with pytest.raises(asyncio.TimeoutError):
            _ = await within(work.run(), 0.01)
        await until(lambda: work.ended == ["CancelledError"])
        work = Work()
        task = await under_way(within(work.run(), 20), work)
        work.gate.set()
        await asyncio.sleep(0)  # it is through, and the task does not know yet
        _ = task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert work.ended == ["through"]
        work = Work(LookupError("nobody asks for it"))
        task = await under_way(within(work.run(), 20), work)
        _ = task.cancel()
        work.gate.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    play(act)


def test_time_does_not_count_while_the_loop_stands_still() -> None:
    """Whoever is late because the process was stopped has not had its time yet."""

    async def act() -> None:
        work = Work()

        async def stand_still() -> None:
            _ = await under_way(asyncio.sleep(0), work)
            for _ in range(3):
                time.sleep(0.15)  # noqa: ASYNC251  # nothing goes on meanwhile
                await asyncio.sleep(0)
            work.gate.set()

        _, result = await asyncio.gather(stand_still(), settle(work.run(), 0.1))
        assert result == "done"
        with pytest.raises(asyncio.CancelledError):
            _ = await settle(Work().run(), 0.05)

    play(act)
