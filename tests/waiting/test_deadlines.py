"""When waiting ends by itself: at the caller's timeout, never sooner, and when the holder's lease ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from redicts import Lock
from redicts.errors import LockTimeout
from tests.support.waiting import wait_until
from tests.waiting.crowd import Crowd

LATE = 3
"""Seconds that anything may come late here, on a busy machine. A deadline that is missed costs a minute."""

pytestmark = pytest.mark.usefixtures("no_looks")


@contextmanager
def meanwhile(work: Any) -> Iterator[list[int]]:
    """Do something again and again in another thread; count how often."""
    stop, done = threading.Event(), [0]

    def repeat() -> None:
        while not stop.is_set():
            work()
            done[0] += 1

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join(20)


def time_out(lock: Lock, timeout: float) -> float:
    """Try to acquire; tell how late the ``LockTimeout`` came."""
    before = time.monotonic()
    with pytest.raises(LockTimeout) as caught, lock:
        pass
    late = time.monotonic() - before - timeout
    assert caught.value.timeout == timeout
    assert late >= 0, "never sooner"
    return late


@pytest.mark.parametrize("timeout", [0, 0.001, 0.3])
def test_a_timeout_is_met(crowd: Crowd, timeout: float) -> None:
    with crowd.lock("a"):
        assert time_out(crowd.lock("a.b", acquire_timeout=timeout, owner="another"), timeout) < LATE
        assert crowd.in_line() == []
        assert crowd.lock("a").locked()
    crowd.nothing_is_left()


def test_wake_ups_that_are_none_do_not_move_a_timeout(crowd: Crowd) -> None:
    line = f"{crowd.backend.namespace}:w:{{a}}"

    def wake() -> None:
        crowd.backend.client.rpush(line, "1")
        time.sleep(0.002)

    with crowd.lock("a"), meanwhile(wake) as woken:
        assert time_out(crowd.lock("a", acquire_timeout=0.5, owner="another"), 0.5) < LATE
    crowd.backend.client.delete(line)
    print(f"{woken[0]} wake-ups for nothing")
    assert woken[0] > 5
    crowd.nothing_is_left()


def test_others_who_come_and_go_do_not_move_a_timeout(crowd: Crowd) -> None:
    """Beside the one lock that blocks, others near it change what the waiter reads again and again."""
    near = crowd.lock("a.b.c", shared=True)

    def come_and_go() -> None:
        with near:
            pass

    with crowd.lock("a.b", shared=True), meanwhile(come_and_go) as came:
        assert time_out(crowd.lock("a.b", acquire_timeout=0.5, owner="another"), 0.5) < LATE
        assert time_out(crowd.lock("a", acquire_timeout=0, owner="another"), 0) < LATE
    assert came[0] > 5
    crowd.nothing_is_left()


@pytest.mark.parametrize("lease", [0.4, 1.4])
def test_a_lease_that_runs_out_lets_the_waiter_in_right_then(valkey_crowd: Crowd, lease: float) -> None:
    before = time.monotonic()
    gone = valkey_crowd.lock("a", expire_timeout=lease, owner="gone")
    assert gone.acquire()
    after = time.monotonic()
    waiter = valkey_crowd.join("a.b")
    entered = waiter.has_it()
    print(f"entered {(entered - after - lease) * 1000:.1f} ms after a lease of {lease} s ran out")
    assert entered >= before + lease
    assert entered < after + lease + LATE
    assert waiter.end() is None
    with pytest.raises(Exception, match="had run out"):
        gone.release()
    valkey_crowd.nothing_is_left()


def test_all_are_let_in_when_a_lease_runs_out(valkey_crowd: Crowd) -> None:
    gone = valkey_crowd.lock("a", expire_timeout=0.5, owner="gone")
    assert gone.acquire()
    after = time.monotonic()
    waiters = [valkey_crowd.join("a", shared=True, keep=True) for _ in range(5)]
    assert max(waiter.has_it() for waiter in waiters) < after + 0.5 + LATE
    for waiter in waiters:
        assert waiter.end() is None
    wait_until(lambda: not valkey_crowd.in_line(), what="nobody waits")
