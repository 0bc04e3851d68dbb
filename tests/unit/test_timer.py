"""``ContextTimer``: what it tells, and what it refuses."""

from __future__ import annotations

import pytest

import redicts.timer as timer_module
from redicts import ContextTimer


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A clock that is set by hand, in ns; it begins at 0."""
    now = [0]
    monkeypatch.setattr(timer_module, "perf_counter_ns", lambda: now[0])
    return now


def test_milliseconds_of_a_block(clock: list[int]) -> None:
    with ContextTimer() as timer:
        assert timer.elapsed() == 0
        clock[0] = 1_499_000
        assert timer.elapsed() == 1
        clock[0] = 100_600_000
        assert (timer.elapsed(), repr(timer)) == (101, "ContextTimer(101 ms, running)")
    clock[0] = 10**12
    assert (timer.elapsed(), type(timer.elapsed()), repr(timer)) == (101, int, "ContextTimer(101 ms)")


def test_started_and_stopped_by_hand(clock: list[int]) -> None:
    timer = ContextTimer()
    assert repr(timer) == "ContextTimer(not started)"
    clock[0] = 5_000_000
    timer.start()
    clock[0] = 8_000_000
    timer.stop()
    clock[0] = 9_000_000
    assert timer.elapsed() == 3


def test_what_it_refuses() -> None:
    timer = ContextTimer()
    for act in (timer.stop, timer.elapsed):
        with pytest.raises(RuntimeError, match="not started"):
            act()
    timer.start()
    with pytest.raises(RuntimeError, match="started already"):
        timer.start()
    timer.stop()
    with pytest.raises(RuntimeError, match="stopped already"):
        timer.stop()
    with pytest.raises(RuntimeError, match="make another one"):
        timer.start()
    with pytest.raises(RuntimeError, match="make another one"), timer:
        pass


def test_a_timer_that_starts_when_the_clock_is_at_zero_is_started(clock: list[int]) -> None:
    assert clock == [0]
    timer = ContextTimer()
    timer.start()
    timer.stop()
    assert timer.elapsed() == 0


def test_what_the_block_raised_is_not_hidden() -> None:
    """Pottery's raises RuntimeError there instead: it was stopped in the block already."""

    def stop_and_fail() -> None:
        with ContextTimer() as timer:
            timer.stop()
            raise KeyError("of the block")

    with pytest.raises(KeyError, match="of the block"):
        stop_and_fail()


def test_it_goes_on_real_time() -> None:
    import time

    with ContextTimer() as timer:
        began = time.monotonic()
        while time.monotonic() - began < 0.02:
            pass
    assert timer.elapsed() >= 19
