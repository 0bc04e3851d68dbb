"""Cancelled at every suspension of every operation, once and twice: nothing is left behind, nothing is half done."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

import redicts.aio as aio
from redicts.locks.operations import LeaseOperations, LockOperations
from redicts.tree.operations import TreeOperations
from tests.runners.cancelled_acts import CONTENT, LOCKING, TREE, Act
from tests.runners.cancelling import LATE, POOLS, Cancelling, Ground, ground
from tests.support.servers import Server

ACTS = {**TREE, **LOCKING}

MOST = 400
"""More suspensions than any of them has."""


STATES = ("connected", "not connected", "all in use")
"""How the connections are when the act begins."""


class Trial:
    """One act, on one ground, cancelled at many places."""

    def __init__(self, on: Ground, act: Act, state: str) -> None:
        self.on = on
        self.act = act
        self.state = state

    async def prepare(self) -> None:
        """Load the scripts, and see what comes of it where nothing is cancelled."""
        for _ in range(2):
            self.before, self.done = await self._reset(), None
            count, cancelled = await self.run((), 0)
            assert cancelled == 0
            self.suspensions = count
            self.done = await self.on.place().val()

    async def _reset(self) -> Any:
        await self.on.place().clear()
        _ = await self.on.place().set("a", CONTENT)
        return {"a": CONTENT}

    async def run(self, at: tuple[int, ...], when: int) -> tuple[int, int]:
        """Do it once in a task of its own; returns how many suspensions it had, and how often it was cancelled."""
        task = asyncio.get_running_loop().create_task(self._run(at, when))
        return await asyncio.wait_for(task, 60)

    async def _run(self, at: tuple[int, ...], when: int) -> tuple[int, int]:
        act, on = self.act, self.on
        given = None if act.before is None else await act.before(on)
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        others = None if act.meanwhile is None else asyncio.ensure_future(act.meanwhile(on, given, over))
        cancelling = Cancelling(act.act(on, given), at, when)
        if self.state == "not connected":
            await on.disconnect()
        giving_back = None
        if self.state == "all in use":
            giving_back = asyncio.ensure_future((await on.hold_all())())
        try:
            result = await cancelling
        except asyncio.CancelledError:
            assert cancelling.cancelled
            result = None
        else:
            assert not cancelling.cancelled, "a cancellation was swallowed"
        over.set_result(None)
        if giving_back is not None:
            await giving_back
        if isinstance(result, (aio.Lease, bool)):
            await _release(on, result)
        if others is not None:
            await others
        if act.after is not None:
            await act.after(on, given)
        return cancelling.suspensions, cancelling.cancelled

    async def check(self, at: tuple[int, ...], when: int) -> tuple[int, int]:
        """Cancel there, and look what is left."""
        _ = await self._reset()
        found = await self.run(at, when)
        await self.on.assert_nothing_left()
        value = await self.on.place().val()
        assert value in (self.before, self.done), f"half done: {value}"
        assert await self.on.keys("l", "b") == []
        assert await self.on.place().check() == []
        return found

    async def every(self, when: int, twice: bool) -> int:
        """Cancel at each suspension in turn, and then at each after that; returns how many that were."""
        count = 0
        for first in range(MOST):
            suspensions, cancelled = await self.check((first,), when)
            if suspensions <= first:
                return count
            count += cancelled
            for second in range(first + 1, suspensions if twice else 0):
                _ = await self.check((first, second), when)
                count += 1
        raise AssertionError("it never ends")


async def _release(on: Ground, result: Any) -> None:
    """Release what was acquired where it was not cancelled."""
    if isinstance(result, aio.Lease):
        await result.release()
    elif await on.place("a.b").is_locked() and on.lock("a.b").owned():
        await on.lock("a.b").release()


def trial(kind: str, server: Server, name: str, twice: bool, states: tuple[str, ...] = STATES) -> list[int]:
    """Cancel an act everywhere; returns at how many places, for each state of the connections, at once and late."""

    async def main() -> list[int]:
        counts = []
        async with ground(kind, server) as on:
            for state in states:
                made = Trial(on, ACTS[name], state)
                await made.prepare()
                counts += [await made.every(when, twice) for when in (0, LATE)]
        return counts

    return asyncio.run(main())


SAMPLE = ["add", "transform", "acquire", "acquire, being woken", "acquire, second in line", "with", "Lease.release"]


@pytest.mark.parametrize("name", SAMPLE)
def test_cancelled_once(valkey_server: Server, name: str) -> None:
    counts = trial("ours", valkey_server, name, twice=False)
    assert min(counts) >= 1


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", POOLS)
@pytest.mark.parametrize("name", ACTS)
def test_cancelled_everywhere_once_and_twice(valkey_server: Server, kind: str, name: str) -> None:
    states = STATES if kind in {"ours", "a user's, of two"} else STATES[:2]  # the others have no upper bound
    print(f"{name}: cancelled at so many places: {trial(kind, valkey_server, name, True, states)}")


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", POOLS)
@pytest.mark.parametrize("name", SAMPLE)
@pytest.mark.parametrize("state", STATES[:2])
def test_cancelled_a_little_later(valkey_server: Server, kind: str, name: str, state: str) -> None:
    """While a connection is made there are many turns of the loop in one suspension of the task."""

    async def main() -> int:
        async with ground(kind, valkey_server) as on:
            made = Trial(on, ACTS[name], state)
            await made.prepare()
            return sum([await made.every(turns, False) for turns in range(1, 40)])

    print(f"{name}: cancelled at {asyncio.run(main())} places")


def operations() -> Iterator[str]:
    for kind, prefix in ((TreeOperations, ""), (LockOperations, ""), (LeaseOperations, "Lease.")):
        for name, attribute in vars(kind).items() if kind is not TreeOperations else _all_of(kind):
            if type(attribute).__name__ == "Operation":
                yield prefix + name


def _all_of(kind: type) -> list[tuple[str, Any]]:
    return [pair for each in kind.__mro__ for pair in vars(each).items()]


def test_no_operation_is_forgotten() -> None:
    named = {name.split(",")[0].split(" ")[0] for name in ACTS}
    assert set(operations()) - named == set()
