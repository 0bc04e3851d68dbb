"""What is easily left behind: connections and renewals of loops that ended; and tasks that are begun eagerly."""

from __future__ import annotations

import asyncio
import gc
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import fakeredis
import pytest
import redis.asyncio

from redicts import aio
from redicts.aio import lockable
from redicts.pool import AsyncDatabase
from redicts.runners.lines import Lines
from tests.runners.aio_rig import taken, until
from tests.support.servers import Server


async def hand_over(client: redis.asyncio.Redis, namespace: str, times: int = 1) -> None:
    """Have a task wait for a lock that another one holds, and get it."""
    for _ in range(times):
        first, second = (aio.Lock(client, "a", namespace=namespace) for _ in range(2))
        _ = await first.acquire()
        waiting = asyncio.ensure_future(in_block(second))
        await until(lambda: is_popping(AsyncDatabase.of_client(client, namespace)), "the waiting")
        await first.release()
        await asyncio.wait_for(waiting, 20)


def is_popping(database: AsyncDatabase) -> bool:
    lines = database.runner._lines
    return lines is not None and bool(lines._posts and lines._posts[0]._asked)


async def in_block(lock: aio.Lock) -> None:
    async with lock:
        pass


@pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks begin eagerly from Python 3.12 on")
def test_tasks_that_are_begun_eagerly(valkey_server: Server) -> None:
    """The second time the connection that waits is at hand: nothing is awaited before it looks who waits."""

    async def main() -> None:
        factory: Any = vars(asyncio)["eager_task_factory"]
        asyncio.get_running_loop().set_task_factory(factory)
        async with redis.asyncio.Redis(host=valkey_server.host, port=valkey_server.port) as client:
            await hand_over(client, uuid.uuid4().hex, times=3)
            assert taken(client) == 0

    asyncio.run(main())


def test_a_users_client_serves_one_loop_after_another(valkey_server: Server) -> None:
    """What the runner opened beside the client's connections is closed with the loop; the client is closed by its user.

    (A connection that stays open warns when it is collected, and warnings are errors here.)
    """
    client, namespace = redis.asyncio.Redis(host=valkey_server.host, port=valkey_server.port), uuid.uuid4().hex
    database = AsyncDatabase.of_client(client, namespace)
    free: list[int] = []

    async def main() -> None:
        await hand_over(client, namespace, times=2)
        free.append(len(database.runner._own["blocking"]._free))
        await client.aclose()

    for _ in range(3):
        asyncio.run(main())
        assert database.runner._own == {}
        _ = gc.collect()
    assert free == [1, 1, 1], "while the loop runs it is kept for the next who waits"


def test_renewal_keeps_no_loop_that_is_closed() -> None:
    async def main() -> None:
        client = fakeredis.FakeAsyncRedis()
        async with await aio.Proxy("a", rconn=client).acquire(renew=True):
            assert asyncio.get_running_loop() in lockable._renewals

    for _ in range(4):
        asyncio.run(main())
        assert len([loop for loop in lockable._renewals if loop.is_closed()]) == 1, "it goes when another comes"


def test_who_joins_a_line_looks_at_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else ten thousand that come would take seconds, in which the loop does nothing else."""

    async def never(*_: object) -> list[Any]:
        await asyncio.Event().wait()
        return []

    async def main() -> None:
        spares: Any = None
        lines = Lines(never, spares, never)
        line = lines.join(("BLPOP", "x")).line
        others = [lines.join(("BLPOP", "x")) for _ in range(5)]
        monkeypatch.setattr(type(line), "let_go", lambda _: pytest.fail("looked at all of them"))
        others.append(lines.join(("BLPOP", "x")))
        assert list(line.waiters)[1:] == others
        post: Any = line.post
        post._task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await post._task

    asyncio.run(main())


def test_a_task_stays_the_owner_where_another_thread_runs_its_loop(valkey_server: Server) -> None:
    namespace, loop = uuid.uuid4().hex, asyncio.new_event_loop()

    async def begin() -> tuple[asyncio.Task[list[int]], asyncio.Event]:
        gate, inside = asyncio.Event(), asyncio.Event()

        async def hold() -> list[int]:
            client = redis.asyncio.Redis(host=valkey_server.host, port=valkey_server.port)
            async with client, aio.Lock(client, "a", namespace=namespace) as lock:
                inside.set()
                _ = await gate.wait()
                return [lock.fence] if lock.owned() else []

        task = asyncio.ensure_future(hold())
        _ = await inside.wait()
        return task, gate

    async def finish() -> list[int]:
        gate.set()
        return await task

    task, gate = loop.run_until_complete(begin())
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(loop.run_until_complete, finish()).result(20)
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
