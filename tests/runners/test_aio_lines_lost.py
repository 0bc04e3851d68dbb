"""Where waiting goes wrong: what is cut, restarted, closed or not allowed is told to all, and who can goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic

import pytest
import redis.asyncio
import redis.exceptions

from redicts.errors import ConnectionLost, OutcomeUnknown
from tests.runners.aio_rig import quiet_async_client, until
from tests.runners.cancelling import Ground, ground
from tests.runners.lining import in_line, left, play, pop_is_under_way, push, task_of, waits
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server


def test_a_connection_that_is_cut_is_told_to_all_who_wait_there(chaos: ChaosProxy, valkey_server: Server) -> None:
    async def main() -> None:
        async with quiet_async_client(host=chaos.host, port=chaos.port) as client:
            at = Ground(client, 2)
            tasks = [await in_line(at) for _ in range(3)]
            await until(lambda: "BLPOP" in chaos.command_names)
            chaos.cut()
            for task in tasks:
                with pytest.raises(OutcomeUnknown) as caught:
                    await task
                assert caught.value.commands == ["BLPOP"]
            again = await in_line(at)
            await push(at, "x")
            assert await again == "x"
            chaos.refuse()
            with pytest.raises((ConnectionLost, OutcomeUnknown)):  # one that lay there may not be known to be cut
                await at.database.runner.run(waits(at), False)
            with pytest.raises(ConnectionLost, match="nothing was changed"):
                await at.database.runner.run(waits(at), False)
            chaos.accept()
            await at.disconnect()
            await at.assert_nothing_left()
            await at.database.runner.close()

    asyncio.run(main())


def test_those_who_wait_for_a_lock_go_on_where_the_connection_is_cut(chaos: ChaosProxy, valkey_server: Server) -> None:
    async def main() -> None:
        async with quiet_async_client(host=chaos.host, port=chaos.port) as client:
            at = Ground(client, 2)
            rival = await at.place("a").acquire(owner="rival")
            entered: list[int] = []

            async def enter(number: int) -> None:
                async with at.place("a"):
                    entered.append(number)

            tasks = []
            for number in range(5):
                tasks.append(asyncio.ensure_future(enter(number)))
                await until(lambda count=number + 1: at.waiting == count)  # type: ignore[misc]
            for _ in range(3):
                await until(lambda: "BLPOP" in chaos.command_names)
                chaos.reset()
                chaos.cut()
                await until(lambda: at.waiting == 5, "all of them in line again")
            await rival.release()
            _ = await asyncio.wait_for(asyncio.gather(*tasks), 20)
            assert sorted(entered) == list(range(5))
            await at.assert_nothing_left()
            await at.client.delete(*[key async for key in client.scan_iter(f"{at.database.space.namespace}:*")])
            await at.database.runner.close()

    asyncio.run(main())


def test_those_who_wait_for_a_lock_go_on_where_the_server_begins_anew(start_server: Callable[..., Server]) -> None:
    server = start_server()

    async def main() -> None:
        async with ground("ours", server) as at:
            _ = await at.place("a").acquire(owner="rival")

            async def enter() -> None:
                async with at.place("a"):
                    pass

            tasks = [asyncio.ensure_future(enter()) for _ in range(5)]
            await until(lambda: at.waiting == 5)
            await pop_is_under_way(at)
            _ = server.restart()  # which forgets all locks
            _ = await asyncio.wait_for(asyncio.gather(*tasks), 20)
            assert at.problems == []

    asyncio.run(main())


RULES = [["-client"], ["-client|unblock"], ["-@dangerous"], ["-client|id"], ["-client|setname"]]


@pytest.fixture
def restricted(valkey_server: Server) -> Iterator[Callable[..., redis.asyncio.Redis]]:
    """``restricted(*rules)``: a client of a user that may do all but that."""
    with valkey_server.client() as admin:

        def make(*rules: str) -> redis.asyncio.Redis:
            admin.execute_command("ACL", "SETUSER", "lines", "reset", "on", ">secret", "~*", "&*", "+@all", *rules)
            host, port = valkey_server.host, valkey_server.port
            return redis.asyncio.Redis(host=host, port=port, username="lines", password="secret")

        yield make
        admin.execute_command("ACL", "DELUSER", "lines")


@pytest.mark.parametrize("rules", RULES, ids=lambda rules: rules[0])
def test_where_commands_about_clients_are_not_allowed_it_works_too(
    restricted: Callable[..., redis.asyncio.Redis], valkey_server: Server, rules: list[str]
) -> None:
    async def main() -> None:
        async with restricted(*rules) as client:
            at = Ground(client, 2)
            for _ in range(2):
                first, second = await in_line(at), await in_line(at)
                _ = first.cancel()
                await push(at, "x")
                assert await asyncio.wait_for(second, 10) == "x"
                last = await in_line(at, timeout=0.05)
                begun = monotonic()
                with suppress(OutcomeUnknown):  # where the connection has to be closed instead
                    assert await last is None
                assert monotonic() - begun < 1
            await at.assert_nothing_left()
            await push(at, "y")
            assert await left(at) == ["y"], "nobody waits any more"
            await at.client.delete(f"{at.database.space.namespace}:q")
            await at.database.runner.close()

    asyncio.run(main())


def test_where_waiting_is_not_allowed_it_is_said(restricted: Callable[..., redis.asyncio.Redis]) -> None:
    async def main() -> None:
        async with restricted("-blpop") as client:
            at = Ground(client, 2)
            for _ in range(2):
                with pytest.raises(redis.exceptions.NoPermissionError):
                    await at.database.runner.run(waits(at), False)
            await at.assert_nothing_left()
            await at.database.runner.close()

    asyncio.run(main())


@pytest.mark.parametrize("turns", [0, 1, 5, 20])
def test_dropping_the_runner_ends_all_waiting(valkey_server: Server, turns: int) -> None:
    """However far the connection that is to wait has come."""

    async def main() -> None:
        async with ground("ours", valkey_server) as at:
            tasks = [task_of(at) for _ in range(3)]
            for _ in range(turns + 1):
                await asyncio.sleep(0)
            at.database.runner.drop()
            for task in tasks:
                with pytest.raises(OutcomeUnknown):
                    _ = await asyncio.wait_for(task, 5)
            again = await in_line(at)
            await push(at, "x")
            assert await again == "x"
            await at.assert_nothing_left()

    asyncio.run(main())


def test_closing_the_runner_leaves_who_waits(valkey_server: Server) -> None:
    async def act(at: Ground) -> None:
        task = await in_line(at)
        await pop_is_under_way(at)
        await at.database.runner.close()
        await push(at, "x")
        assert await asyncio.wait_for(task, 10) == "x"
        assert [spares._free for spares in at.database.runner._own.values()] == [[]]

    play(valkey_server, act)
