"""Who waits for one path is served in the order of coming."""

from __future__ import annotations

import random
import time

import pytest

from tests.support.waiting import wait_until
from tests.waiting.crowd import Crowd


def test_first_come_first_served_over_seconds_and_renewals(valkey_crowd: Crowd) -> None:
    """Each waiter looks once a second and is told of renewals, and keeps its place all the while."""
    lock = valkey_crowd.lock("a.b", expire_timeout=1.2, renew=True)
    with lock:
        waiters = [valkey_crowd.join("a.b") for _ in range(10)]
        since = time.monotonic()
        assert valkey_crowd.in_line() == ["w:{a}.b"] * 10
        wait_until(lambda: time.monotonic() > since + 2.1, what="several looks and renewals")
        assert lock.valid_for() > 0
        assert valkey_crowd.order == []
    for waiter in waiters:
        assert waiter.end() is None
    assert valkey_crowd.order == waiters
    valkey_crowd.nothing_is_left()


def test_one_that_gives_up_leaves_the_order_of_the_others(crowd: Crowd) -> None:
    with crowd.lock("a"):
        waiters = [crowd.join("a", acquire_timeout=30 if number % 2 else 0.5) for number in range(6)]
        for waiter in waiters[::2]:
            assert type(waiter.end()).__name__ == "LockTimeout"
        assert len(crowd.in_line()) == 3
    for waiter in waiters[1::2]:
        assert waiter.end() is None
    assert crowd.order == waiters[1::2]


@pytest.mark.soak
@pytest.mark.timeout(400)
def test_the_order_where_hand_overs_and_looks_coincide(valkey_crowd: Crowd, soak_seconds: float) -> None:
    """All look for themselves about a second after they came; that is when the lock goes from hand to hand."""
    choose = random.Random(3)
    ends, rounds, late = time.monotonic() + soak_seconds, 0, 0
    while time.monotonic() < ends:
        valkey_crowd.order.clear()
        with valkey_crowd.lock("a"):
            first_look = time.monotonic() + 1
            waiters = [valkey_crowd.join("a") for _ in range(10)]
            release_at = first_look + choose.uniform(0, 0.05)
            wait_until(lambda: time.monotonic() > release_at)  # noqa: B023  # called at once
        for waiter in waiters:
            assert waiter.end() is None
        rounds += 1
        late += valkey_crowd.order != waiters
    print(f"{rounds} rounds of 10 waiters, {late} out of order")
    assert late <= rounds / 50
