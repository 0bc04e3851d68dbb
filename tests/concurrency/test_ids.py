"""IDs across threads, handles, processes and forks: each once, and in order."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import Any

import pytest

from redicts import aio
from tests.concurrency.id_workers import Taken, Where, fork_and_take, judge, take, take_in_threads
from tests.concurrency.trees import Spot, new_spot
from tests.support.processes import Processes
from tests.support.servers import Server


@pytest.fixture
def spot(valkey_server: Server) -> Spot:
    """One kind of server is enough by default."""
    return new_spot(valkey_server)


@pytest.fixture
def where(spot: Spot, tree: Any) -> Where:
    assert tree.val() == {}
    return Where((spot.url,), spot.namespace)


def test_the_judge_finds_what_is_wrong() -> None:
    one, later = Taken(1, 2, range(1, 4)), Taken(3, 4, range(4, 5))
    assert judge([[one, later], []]) == 4
    for party in ([later, one],):
        with pytest.raises(AssertionError, match="grow"):
            _ = judge([party])
    with pytest.raises(AssertionError, match="given twice"):
        _ = judge([[one], [Taken(3, 4, range(3, 5))]])
    with pytest.raises(AssertionError, match="had been given"):
        _ = judge([[Taken(1, 2, range(4, 5))], [Taken(3, 4, range(1, 2))]])
    assert judge([[Taken(1, 2, range(4, 5))], [Taken(3, 4, range(1, 2))]], blocks=True) == 2


@pytest.mark.parametrize("handles", [1, 4])
def test_threads(where: Where, handles: int) -> None:
    assert judge(take_in_threads(where, 8, 40, handles)) == 8 * (32 + 8 * 3)


@pytest.mark.parametrize("block", [1, 20])
def test_processes(where: Where, processes: Processes, block: int) -> None:
    children = [processes.prepare(take, where, 200, block=block) for _ in range(2)]
    for child in children:
        child.go()
    parties = [child.result()[0] for child in children]
    assert judge(parties, blocks=block > 1) == 2 * (160 + 40 * 3)
    last = where.open().last()
    assert last == 560 if block == 1 else 560 <= last <= 560 + 2 * (block + 40 * 2)


@pytest.mark.parametrize("block", [1, 50])
def test_a_block_is_not_shared_with_a_child(where: Where, processes: Processes, block: int) -> None:
    parties = processes.start(fork_and_take, where, block, 4, 60).result()
    _ = judge(parties, blocks=True)


def test_threads_share_a_block(where: Where) -> None:
    """Of one handle each is greater than those that it gave before, whichever thread asks."""
    blocks = where._replace(options=(("block", 7),))
    assert judge(take_in_threads(blocks, 8, 200, handles=1)) == 8 * (160 + 40 * 3)
    _ = judge(take_in_threads(blocks, 8, 100, handles=2), blocks=True)


def test_tasks_share_a_block(where: Where) -> None:
    """Cancelled, one leaves a gap at most."""
    choose, given = random.Random(4), list[int]()

    async def work(ids: Any, me: int) -> None:
        for _ in range(30):
            given.append(await ids.next())
            if choose.random() < 0.2:
                await asyncio.sleep(0)
            if me == 0 and choose.random() < 0.3:
                task = asyncio.current_task()
                assert task is not None
                _ = task.cancel()

    async def main() -> None:
        _ = where.open()
        ids = aio.root().get("app.ids").as_ids(block=5)
        for _ in range(10):
            tasks = [asyncio.create_task(work(ids, me)) for me in range(6)]
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task
        await aio.Pool().close()

    asyncio.run(main())
    assert len(given) > 10 * 5 * 30
    assert given == sorted(set(given))
