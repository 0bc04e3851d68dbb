"""Random sequences of all operations of dicts and counters, against those of Python."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.mapping_machine import CounterMachine, DictMachine, MappingMachine
from tests.support.backends import Backend

PROFILE = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, stateful_step_count=25)

machines = pytest.mark.parametrize("machine", [DictMachine, CounterMachine])


def run(machine: type[MappingMachine], backend: Backend, profile: settings) -> None:
    run_state_machine_as_test(type("Machine", (machine,), {"backend": backend}), settings=profile)


@machines
def test_it_does_what_pythons_does(machine: type[MappingMachine], backend: Backend) -> None:
    run(machine, backend, settings(PROFILE, max_examples=10 if backend.name.endswith("resp3") else 2))


@pytest.mark.soak
@pytest.mark.timeout(0)
@machines
def test_it_does_for_long(machine: type[MappingMachine], real_backend: Backend, soak_seconds: float) -> None:
    deadline = time.monotonic() + soak_seconds
    while time.monotonic() < deadline:
        run(machine, real_backend, settings(PROFILE, max_examples=100, stateful_step_count=50, database=None))
