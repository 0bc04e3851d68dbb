"""One acquisition: how long it is valid, and how its loss is told."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from tests.support.waiting import wait_until
from tests.unit.locks.acts import Clock, held


def test_validity_runs_down_on_the_monotonic_clock(clock: Clock) -> None:
    holding = held(lease_ms=2000)
    assert holding.valid_for() == pytest.approx(2)
    clock.now += 1.5
    assert holding.valid_for() == pytest.approx(0.5)
    clock.now += 1
    assert holding.valid_for() == 0


def test_what_is_lost_is_not_valid(clock: Clock) -> None:
    holding = held()
    holding.mark_lost()
    assert (holding.is_lost, holding.valid_for()) == (True, 0)


def test_the_event_is_made_when_it_is_asked_for() -> None:
    holding = held()
    assert holding._event is None
    event = holding.lost
    assert holding.lost is event
    assert not event.is_set()
    holding.mark_lost()
    assert event.is_set()


def test_an_event_that_is_asked_for_after_the_loss_is_set() -> None:
    holding = held()
    holding.mark_lost()
    assert holding._event is None
    assert holding.lost.is_set()


def test_a_loss_is_told_once_in_a_thread_of_its_own() -> None:
    holding, told = held(), list[tuple[Any, str]]()
    holding.handle = "the lease"
    holding.on_lost = lambda lease: told.append((lease, threading.current_thread().name))
    holding.mark_lost()
    holding.mark_lost()
    assert wait_until(lambda: told) == [("the lease", "redicts-lost")]
    wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name == "redicts-lost"])
    assert len(told) == 1


def test_of_many_threads_that_notice_it_together_one_tells() -> None:
    for _ in range(30):
        holding, told, gate = held(), list[Any](), threading.Barrier(8)
        holding.on_lost = told.append

        def notice(holding: Any = holding, gate: threading.Barrier = gate) -> None:
            gate.wait()
            holding.mark_lost()

        threads = [threading.Thread(target=notice) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name == "redicts-lost"])
        assert len(told) == 1


def test_who_notices_does_not_wait_for_who_is_told() -> None:
    holding, gate = held(), threading.Event()
    holding.on_lost = lambda _: gate.wait(20)
    holding.mark_lost()
    assert holding.lost.is_set()
    gate.set()


def test_a_callback_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    holding = held()
    holding.on_lost = lambda _: 1 / 0
    with caplog.at_level(logging.ERROR, logger="redicts.locks"):
        holding.mark_lost()
        wait_until(lambda: caplog.records)
    assert "on_lost of the lock at '{a}.b' failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text
