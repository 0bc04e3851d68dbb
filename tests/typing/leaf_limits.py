"""Semaphores and rate limiters, as type checkers see them. Never run: see ``test_types.py``."""
# pyright: reportUnusedCallResult=false

from __future__ import annotations

from collections.abc import Coroutine

from typing_extensions import assert_type

import redicts
from redicts import Deferred, Proxy, aio
from redicts.leaves.permit import AsyncPermit, Permit
from redicts.leaves.rate_limiter import AsyncRateLimiter, Decision, QueuedRateLimiter, RateLimiter
from redicts.leaves.semaphore import AsyncSemaphore, QueuedSemaphore, Semaphore


def plain(place: Proxy) -> None:
    slots = assert_type(place.as_semaphore(3, lease=1.5), Semaphore)
    assert_type(slots.acquire(timeout=5, count=2, lease=None), Permit)
    assert_type(slots.try_acquire(), Permit | None)
    assert_type((slots.available(), slots.length(), slots.waiting(), slots.value), tuple[int, int, int, int])
    with slots.acquire() as permit, slots as other:
        assert_type((permit, other), tuple[Permit, Permit])
        assert_type(permit.renew(5), None)
        assert_type((permit.valid_for(), permit.count), tuple[float, int])
        assert_type((permit.lost, permit.released), tuple[bool, bool])
        assert_type(permit.release(), None)
    limiter = assert_type(place.as_rate_limiter(0.5, per=60, burst=3), RateLimiter)
    decision = assert_type(limiter.hit(2), Decision)
    assert_type(
        (decision.allowed, decision.remaining, decision.retry_after, decision.reset_after),
        tuple[bool, int, float, float],
    )
    assert_type((limiter.check(), limiter.wait(timeout=5), limiter.peek()), tuple[Decision, Decision, Decision])
    assert_type((limiter.reset(), limiter.length(), limiter.burst), tuple[None, int, int])


async def awaited(place: aio.Proxy) -> None:
    slots = assert_type(place.as_semaphore(3), AsyncSemaphore)
    assert_type(await slots.acquire(timeout=5), AsyncPermit)
    async with await slots.acquire() as permit, slots as other:
        assert_type((permit, other), tuple[AsyncPermit, AsyncPermit])
        assert_type(await permit.renew(), None)
        assert_type(permit.valid_for(), float)
        assert_type(await permit.release(), None)
    assert_type(await slots.try_acquire(), AsyncPermit | None)
    assert_type(await slots.available(), int)
    limiter = assert_type(place.as_rate_limiter(3), AsyncRateLimiter)
    hitting = limiter.hit()
    _ = assert_type(hitting, Coroutine[object, None, Decision])
    assert_type(await limiter.wait(), Decision)


def queued(pipe: redicts.Pipeline) -> None:
    place = pipe.proxy("limits")
    assert_type(place.as_semaphore(3), QueuedSemaphore)
    assert_type(place.as_semaphore(3).available(), Deferred[int])
    assert_type(place.as_rate_limiter(3), QueuedRateLimiter)
    assert_type(place.as_rate_limiter(3).hit(), Deferred[Decision])
    assert_type(place.as_rate_limiter(3).reset(), Deferred[None])
