"""A connection cut at every byte in asyncio: never a silent duplicate, never a silent loss, and no lock that stays."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest

from redicts.core.effects import Op
from redicts.errors import ConnectionLost, OutcomeUnknown
from redicts.locks.owners import current_holdings
from redicts.pool.config import read_config
from redicts.pool.server import open_async_client
from tests.runners.aio_rig import until
from tests.runners.cancelling import Ground
from tests.runners.rig import call, script
from tests.runners.test_cut_everywhere import positions
from tests.support.chaos import ChaosProxy

T = TypeVar("T")

FEW = 12
"""At how many places in each direction, where not at all of them."""


@asynccontextmanager
async def through(chaos: ChaosProxy) -> AsyncIterator[Ground]:
    """A ground behind the proxy; afterwards nothing is left."""
    at = Ground(open_async_client(read_config({"url": chaos.url, "max_connections": 3})), 3)
    yield at
    chaos.heal()
    await at.disconnect()
    await at.assert_nothing_left()
    if keys := [key async for key in at.client.scan_iter(f"{at.database.space.namespace}:*", count=1000)]:
        _ = await at.client.delete(*keys)
    await at.database.runner.close()
    await at.client.connection_pool.disconnect()


async def cuts(
    chaos: ChaosProxy, act: Callable[[], Awaitable[Any]], after: Callable[[], Awaitable[Any]], most: int | None
) -> AsyncIterator[tuple[str, int, int]]:
    """Set a cut at every byte in turn, or at so many; what is done next meets it. Gives where it is, and the sizes."""
    for _ in range(2):  # the first loads the scripts
        chaos.reset()
        _ = await act()
        sizes = {"request": len(chaos.request_bytes), "reply": len(chaos.reply_bytes)}
        _ = await after()
    for direction, limit in (("request", chaos.cut_after_requests), ("reply", chaos.cut_after_replies)):
        size = sizes[direction]
        for count in positions(size, 1 if most is None else max(1, size // most)):
            chaos.reset()
            limit(count, reset=count % 2 == 1)
            yield direction, count, size
            await until(lambda: chaos.cuts == 1, "the cut")
            chaos.heal()
            _ = await after()


everywhere = pytest.mark.parametrize(
    "most", [FEW, pytest.param(None, marks=[pytest.mark.exhaustive, pytest.mark.timeout(600)])], ids=["few", "all"]
)


async def nothing() -> None:
    pass


@everywhere
def test_add(chaos: ChaosProxy, most: int | None) -> None:
    async def main() -> None:
        async with through(chaos) as at:
            place = at.place("hits.today")
            seen: Counter[str] = Counter()

            async def prepare() -> None:
                _ = await place.set((), 100)

            await prepare()
            async for direction, count, size in cuts(chaos, place.add, prepare, most):
                try:
                    said = f"added {await place.add() == 101}"
                except OutcomeUnknown:
                    said = "unknown"
                await until(lambda: chaos.cuts == 1, "the cut")
                chaos.heal()
                assert at.in_use == 0
                done = direction == "reply" or count == size
                assert await place.val() == 100 + done, (direction, count)
                seen[said] += 1
            assert set(seen) == {"unknown", "added True"}
            assert seen["added True"] == 1, "only where all of the reply had come"

    asyncio.run(main())


@everywhere
@pytest.mark.parametrize("name", ["val", "set", "children", "iter_children"])
def test_what_may_be_repeated_is_healed_unseen(chaos: ChaosProxy, name: str, most: int | None) -> None:
    async def main() -> None:
        async with through(chaos) as at:
            place = at.place("place")
            _ = await place.set("x", {"leaf": 7})

            async def walk() -> list[str]:
                return [leaf.key() async for leaf in place.iter_children()]

            async def put() -> str:
                return (await place.set("x.leaf", 7)).key()

            acts: dict[str, tuple[Callable[[], Awaitable[Any]], Any]] = {
                "val": (place.get("x").val, {"leaf": 7}),
                "set": (put, "place"),
                "children": (place.children, ["x"]),
                "iter_children": (walk, ["place.x.leaf"]),
            }
            act, expected = acts[name]
            async for direction, count, _ in cuts(chaos, act, nothing, most):
                assert await act() == expected, (direction, count)
            assert await place.val() == {"x": {"leaf": 7}}

    asyncio.run(main())


@everywhere
@pytest.mark.parametrize("path", ["a.b", ""])
def test_acquire_and_release(chaos: ChaosProxy, path: str, most: int | None) -> None:
    async def main() -> None:
        async with through(chaos) as at:
            place, seen = at.place(path), Counter[str]()

            async def cycle() -> None:
                async with place:
                    pass

            async for _ in cuts(chaos, cycle, nothing, most):
                try:
                    lease = await place.acquire()
                except (ConnectionLost, OutcomeUnknown) as error:
                    seen[type(error).__name__] += 1
                else:
                    seen["acquired"] += 1
                    await lease.ensure_held()
                    await lease.release()
                assert current_holdings() == ()
                await until(lambda: chaos.cuts == 1, "the cut")
                chaos.heal()
                await at.disconnect()  # it may have been cut after the last byte, and nobody has looked since
                assert await at.keys("l", "b") == []
            assert set(seen) == {"acquired"}, "it asks again, and knows its own entry"

    asyncio.run(main())


@everywhere
def test_release(chaos: ChaosProxy, most: int | None) -> None:
    async def main() -> None:
        async with through(chaos) as at:
            place, leases = at.place("a.b"), []

            async def acquire() -> None:
                leases.append(await place.acquire())

            async def release() -> None:
                await leases.pop().release()

            await acquire()
            async for _ in cuts(chaos, release, acquire, most):
                await release()
                assert current_holdings() == ()
                await until(lambda: chaos.cuts == 1, "the cut")
                chaos.heal()
                await at.disconnect()  # it may have been cut after the last byte, and nobody has looked since
                assert await at.keys("l", "b") == []
            await release()

    asyncio.run(main())


def test_a_batch_cut_between_its_replies_is_read_by_nobody(chaos: ChaosProxy) -> None:
    def echoes() -> Op[tuple[Any, ...]]:
        return (yield (call("ECHO", "0"), call("ECHO", "1"), call("ECHO", "2")))

    def once() -> Op[tuple[Any, ...]]:
        return (yield (script("return redis.call('INCR', KEYS[1])", [f"{namespace}:n"]),))

    namespace = ""

    async def main() -> None:
        nonlocal namespace
        async with through(chaos) as at:
            namespace = at.database.space.namespace
            run = at.database.runner.run
            assert await run(echoes(), True) == ("0", "1", "2")
            for cut in range(3):
                chaos.reset()
                chaos.cut_after_replies(len("$1\r\n0\r\n") * cut)
                assert await run(echoes(), True) == ("0", "1", "2"), "sent again as a whole"
                assert chaos.cuts == 1
            chaos.cut_before_reply()
            with pytest.raises(OutcomeUnknown):
                _ = await run(once(), False)
            assert await run(echoes(), True) == ("0", "1", "2")

    asyncio.run(main())
