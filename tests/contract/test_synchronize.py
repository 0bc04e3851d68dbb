"""``synchronize``: functions and coroutine functions that run for one caller at a time."""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
import redis.asyncio

from redicts import (
    ConfigError,
    LockError,
    LockLost,
    LockTimeout,
    PathError,
    Pool,
    Proxy,
    QuorumIsImpossible,
    aio,
    root,
    synchronize,
)
from tests.support.servers import Server

NAMES = ["m0", "m1", "m2"]


@pytest.fixture
def pool(valkey_server: Server) -> Iterator[None]:
    """A pool with three databases besides the default one; nothing is left in them."""
    names = {name: number + 11 for number, name in enumerate(NAMES)}
    dead = {f"dead{number}": f"redis://127.0.0.1:{number + 1}/0" for number in range(3)}
    Pool().reload(cfg={"url": f"{valkey_server.url[:-1]}10", "names": {**names, **dead}})
    yield
    assert [key for name in (None, *NAMES) for key in Pool().get_connection(name).keys("*")] == []
    Pool().close()


def crowd(call: Callable[[], object], count: int = 6) -> None:
    with ThreadPoolExecutor(count) as threads:
        for future in [threads.submit(call) for _ in range(count)]:
            _ = future.result(30)


@pytest.mark.usefixtures("pool")
@pytest.mark.parametrize("masters", [None, NAMES], ids=["one", "three"])
def test_one_caller_at_a_time(masters: list[str] | None) -> None:
    inside, most, done = 0, 0, 0

    @synchronize("app.work", masters)
    def work(amount: int, *, more: int = 0) -> int:
        nonlocal inside, most, done
        inside += 1
        most = max(most, inside)
        time.sleep(0.002)
        done += 1
        inside -= 1
        return amount + more

    crowd(lambda: work(1))
    assert (work(2, more=3), most, done) == (5, 1, 7)


@pytest.mark.usefixtures("pool")
@pytest.mark.parametrize("masters", [None, NAMES], ids=["one", "three"])
def test_one_task_at_a_time(masters: list[str] | None) -> None:
    inside, most = 0, 0

    @synchronize("app.work", masters)
    async def work(amount: int) -> int:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.002)
        inside -= 1
        return amount

    async def main() -> list[int]:
        return await asyncio.gather(*[work(number) for number in range(6)])

    for _ in range(2):  # in another loop, too
        assert asyncio.run(main()) == [*range(6)]
    assert most == 1


@pytest.mark.usefixtures("pool")
def test_functions_of_one_place_exclude_each_other() -> None:
    begun, go_on = threading.Event(), threading.Event()

    @synchronize("app.work")
    def first() -> None:
        begun.set()
        assert go_on.wait(20)

    @synchronize("app.work", acquire_timeout=0.05)
    def second() -> str:
        return "in"

    @synchronize("app.work", acquire_timeout=0)
    async def third() -> str:
        return "in"

    @synchronize("app.other")
    def elsewhere() -> str:
        return "in"

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(first)
        assert begun.wait(20)
        with pytest.raises(LockTimeout, match=r"'app\.work' was not free within 0\.05 s"):
            second()
        with pytest.raises(LockTimeout):
            asyncio.run(third())
        assert elsewhere() == "in"
        go_on.set()
        running.result(20)
    assert (second(), asyncio.run(third())) == ("in", "in")


@pytest.mark.usefixtures("pool")
def test_it_stays_the_function_that_it_is() -> None:
    def plain(amount: int, more: str = "x") -> str:
        """Say it."""
        return more * amount

    async def awaited() -> None:
        """Wait."""

    one, other = synchronize("app.work")(plain), synchronize("app.work")(awaited)
    assert (one.__name__, one.__doc__, inspect.signature(one)) == ("plain", "Say it.", inspect.signature(plain))
    assert one.__wrapped__ is plain  # type: ignore[attr-defined]
    assert (other.__wrapped__ is awaited, inspect.iscoroutinefunction(other)) == (True, True)  # type: ignore[attr-defined]
    assert not inspect.iscoroutinefunction(one)
    assert one(2) == "xx"


@pytest.mark.usefixtures("pool")
def test_methods() -> None:
    class Shop:
        def __init__(self) -> None:
            self.sold = 0

        @synchronize("app.shop")
        def sell(self, count: int) -> int:
            self.sold += count
            return self.sold

        @classmethod
        @synchronize("app.shop")
        def made(cls) -> Shop:
            return cls()

        @staticmethod
        @synchronize("app.shop")
        def price(count: int) -> int:
            return count * 2

        @synchronize("app.shop")
        async def deliver(self) -> int:
            return self.sold

    shop = Shop.made()
    assert (shop.sell(2), Shop.price(3), asyncio.run(shop.deliver())) == (2, 6, 2)


@pytest.mark.usefixtures("pool")
def test_what_it_raises_comes_through() -> None:
    @synchronize("app.work", auto_release_time=0.05)
    def fail(seconds: float) -> None:
        time.sleep(seconds)
        raise KeyError("mine")

    @synchronize("app.work", auto_release_time=0.05)
    async def fail_async(seconds: float) -> None:
        await asyncio.sleep(seconds)
        raise KeyError("mine")

    for seconds in (0.0, 0.1):
        with pytest.raises(KeyError, match="mine"):
            fail(seconds)
        with pytest.raises(KeyError, match="mine"):
            asyncio.run(fail_async(seconds))
    assert Proxy("app.work").exists() is False


@pytest.mark.usefixtures("pool")
def test_one_that_takes_too_long_is_told() -> None:
    done: list[int] = []

    @synchronize("app.work", NAMES, auto_release_time=0.05)
    def slow() -> None:
        time.sleep(0.1)
        done.append(1)

    @synchronize("app.work", NAMES, auto_release_time=0.05)
    async def slow_async() -> None:
        await asyncio.sleep(0.1)
        done.append(2)

    with pytest.raises(LockLost, match="had run out"):
        slow()
    with pytest.raises(LockLost, match="had run out"):
        asyncio.run(slow_async())
    assert done == [1, 2]


@pytest.mark.usefixtures("pool")
def test_it_is_not_reentrant() -> None:
    @synchronize("app.work")
    def down(steps: int) -> int:
        return down(steps - 1) if steps else 0

    @synchronize("app.work")
    async def down_async(steps: int) -> int:
        return await down_async(steps - 1) if steps else 0

    for _ in range(2):
        with pytest.raises(LockError, match="not re-entrant"):
            down(1)
        with pytest.raises(LockError, match="not re-entrant"):
            asyncio.run(down_async(1))
        assert down(0) == asyncio.run(down_async(0)) == 0


@pytest.mark.usefixtures("pool")
def test_cancelled() -> None:
    @synchronize("app.work", NAMES)
    async def wait() -> None:
        await asyncio.sleep(100)

    async def main() -> None:
        one, other = asyncio.create_task(wait()), asyncio.create_task(wait())
        await asyncio.sleep(0.1)
        _ = other.cancel()  # which waits for the lock
        await asyncio.sleep(0.02)
        _ = one.cancel()
        _ = await asyncio.wait([one, other])
        assert one.cancelled()
        assert other.cancelled()

    asyncio.run(main())


@pytest.mark.usefixtures("pool")
def test_where_most_masters_are_gone() -> None:
    @synchronize("app.work", ["dead0", "dead1", "m0"])
    def work() -> None:
        pytest.fail("there is no majority")

    with pytest.raises(QuorumIsImpossible, match=r"no majority of the 3 masters of 'app\.work'"):
        work()
    root(db_name="m0").clear()


def test_places_and_clients(valkey_server: Server) -> None:
    client, other = valkey_server.client(db=9), redis.asyncio.Redis(port=valkey_server.port, db=9)
    seen: list[Any] = []

    def look() -> None:
        seen.append(Proxy("app.work", rconn=client).val())

    async def look_async() -> None:
        await asyncio.sleep(0)
        look()

    synchronize(Proxy("app.work", rconn=client))(look)()
    synchronize("app.work", rconn=client)(look)()
    synchronize(["app", "work"], [client])(look)()
    synchronize(Proxy("app.work"), [client])(look)()

    async def main() -> None:
        await synchronize(aio.Proxy("app.work", rconn=other))(look_async)()
        await synchronize("app.work", rconn=other)(look_async)()
        await synchronize(Proxy("app.work"), [other])(look_async)()
        await synchronize(Proxy("app.work", rconn=client), [other])(look_async)()
        await other.aclose()

    asyncio.run(main())
    assert seen == [1] * 8
    with pytest.raises(TypeError, match=r"needs a place of redicts\.aio"):
        synchronize(Proxy("app.work", rconn=client))(look_async)
    with pytest.raises(TypeError, match=r"not of redicts\.aio"):
        synchronize(aio.Proxy("app.work"))(look)
    with pytest.raises(ValueError, match="neither db_name nor rconn"):
        synchronize(Proxy("app.work"), rconn=client)
    client.close()


def generator() -> Iterator[int]:
    yield 1


BAD: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "bare": (lambda: synchronize(generator), TypeError, 'given a place: @synchronize("app.report")'),  # type: ignore[arg-type]
    "the root": (lambda: synchronize(""), PathError, "the root"),
    "no path": (lambda: synchronize("a..b"), PathError, "empty"),
    "no masters": (lambda: synchronize("a", []), ConfigError, "name one database at least"),
    "text": (lambda: synchronize("a", "m0"), ConfigError, "must be a list"),
    "no time": (lambda: synchronize("a", auto_release_time=0), ValueError, "auto_release_time"),
    "negative": (lambda: synchronize("a", acquire_timeout=-1), ValueError, "non-negative"),
    "a bool": (lambda: synchronize("a", master_timeout=True), TypeError, "master_timeout"),
    "both": (lambda: synchronize("a", db_name="x", rconn=redis.Redis()), ValueError, "not both"),
    "it yields": (lambda: synchronize("a")(generator), TypeError, "yields"),
    "no function": (lambda: synchronize("a")(5), TypeError, "takes a function, not 5"),  # type: ignore[type-var]
    "a static method": (lambda: synchronize("a")(staticmethod(len)), TypeError, "stand above it"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input(what: str) -> None:
    """Told when the function is defined, not when it is called."""
    act, kind, text = BAD[what]
    with pytest.raises(kind) as caught:
        act()
    assert text in str(caught.value)


def test_the_pool_may_be_configured_later(valkey_server: Server) -> None:
    @synchronize("app.work", ["later", None])
    def work() -> str:
        return "done"

    Pool().reload(cfg={"url": f"{valkey_server.url[:-1]}10"})
    with pytest.raises(ConfigError, match="later"):
        work()
    Pool().reload(cfg={"url": f"{valkey_server.url[:-1]}10", "names": {"later": 11}})
    assert work() == "done"
    Pool().close()


@pytest.mark.usefixtures("pool")
def test_partials_and_objects_that_can_be_called() -> None:
    class Adder:
        def __call__(self, number: int) -> int:
            return number + 1

    assert synchronize("app.work")(functools.partial(pow, 2))(5) == 32
    assert synchronize("app.work")(Adder())(1) == 2
