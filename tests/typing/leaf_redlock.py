"""Redlock and ``synchronize``, as type checkers see them. Never run: see ``test_types.py``."""
# pyright: reportUnusedCallResult=false

from __future__ import annotations

from collections.abc import Coroutine

from typing_extensions import assert_type

from redicts import Proxy, aio, synchronize
from redicts.leaves.redlock import AsyncRedlock, Redlock


def plain(place: Proxy) -> None:
    lock = place.as_redlock(["a", "b", "c"], auto_release_time=5, acquire_timeout=None, max_extensions=1)
    assert_type(lock, Redlock)
    assert_type(place.as_redlock(), Redlock)
    assert_type(lock.acquire(), bool)
    assert_type(lock.acquire(blocking=False), bool)
    assert_type(lock.acquire(timeout=1.5), bool)
    assert_type(lock.acquire(timeout=None), bool)
    assert_type(lock.locked(), float)
    assert_type(lock.extend(), None)
    assert_type(lock.release(), None)
    assert_type(lock.length(), int)
    assert_type(lock.clear(), None)
    with lock as held:
        assert_type(held, Redlock)


async def awaited(place: aio.Proxy) -> None:
    lock = place.as_redlock([None, "b"], master_timeout=0.1)
    assert_type(lock, AsyncRedlock)
    acquiring = lock.acquire()
    _ = assert_type(acquiring, Coroutine[object, None, bool])
    assert_type(await lock.acquire(timeout=1), bool)
    assert_type(lock.locked(), float)
    assert_type(await lock.extend(), None)
    assert_type(await lock.release(), None)
    assert_type(await lock.length(), int)
    async with lock as held:
        assert_type(held, AsyncRedlock)


@synchronize("app.report", ["a", "b", "c"], auto_release_time=60)
def report(number: int, *, title: str = "") -> list[str]:
    return [title] * number


@synchronize(aio.Proxy("app.report"))
async def report_later(number: int) -> str:
    return str(number)


class Shop:
    @synchronize(Proxy("app.shop"), acquire_timeout=None)
    def sell(self, count: int) -> int:
        return count


async def decorated(shop: Shop) -> None:
    assert_type(report(1, title="x"), list[str])
    assert_type(await report_later(1), str)
    assert_type(shop.sell(1), int)
    report("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await report_later()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    shop.sell(1, 2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
