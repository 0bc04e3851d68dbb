"""Random histories of locks, against the model, over fakeredis and over real servers.

A longer run is the better test: ``pytest -m soak tests/stateful``.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.lock_machine import LockMachine
from tests.support.backends import Backend

EXAMPLES = {"fake": 5, "valkey-resp3": 15, "redis-resp3": 5}
"""How many histories; the others run a few, which is enough to tell whether they answer alike."""

PROFILE = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, stateful_step_count=30)


def run(backend: Backend, profile: settings) -> type[LockMachine]:
    machine = type("Machine", (LockMachine,), {"backend": backend})
    run_state_machine_as_test(machine, settings=profile)
    return machine


def test_locks_do_what_the_model_does(backend: Backend) -> None:
    examples = EXAMPLES.get(backend.name, 3)
    machine = run(backend, settings(PROFILE, max_examples=examples))
    print(f"{backend.name}: {examples} histories, {machine.acquired} locks acquired, {machine.refused} refused")
    if backend.name in EXAMPLES:
        assert machine.acquired > examples, "the histories are about something"
        assert machine.refused > 0


@pytest.mark.exhaustive
@pytest.mark.timeout(0)
def test_locks_do_what_the_model_does_for_long(real_backend: Backend, soak_seconds: float) -> None:
    deadline, acquired, histories = time.monotonic() + soak_seconds, 0, 0
    while time.monotonic() < deadline:
        machine = run(real_backend, settings(PROFILE, max_examples=100, stateful_step_count=50, database=None))
        acquired, histories = acquired + machine.acquired, histories + 100
    print(f"{real_backend.name}: {histories} histories, {acquired} locks acquired")
