"""Random sequences of operations on typed lists and deques, against ``list`` and ``collections.deque``.

A longer run is the better test: ``pytest -m soak tests/stateful``.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.sequence_machine import DequeMachine, ListMachine, SequenceMachine
from tests.support.backends import Backend, fake_backend, server_backend
from tests.support.servers import Server

PROFILE = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, stateful_step_count=30)

machines = pytest.mark.parametrize("machine", [ListMachine, DequeMachine])


def run(machine: type[SequenceMachine], backend: Backend, profile: settings) -> None:
    made = type("Machine", (machine,), {"backend": backend})
    run_state_machine_as_test(made, settings=profile)


@machines
@pytest.mark.parametrize("kind", ["fake", "valkey"])
def test_the_leaf_does_what_the_model_does(valkey_server: Server, machine: type[SequenceMachine], kind: str) -> None:
    backend = fake_backend() if kind == "fake" else server_backend(valkey_server, 3)
    run(machine, backend, settings(PROFILE, max_examples=6 if kind == "fake" else 25))
    backend.close()


@pytest.mark.soak
@pytest.mark.timeout(0)
@machines
def test_the_leaf_does_what_the_model_does_for_long(
    valkey_server: Server, machine: type[SequenceMachine], soak_seconds: float
) -> None:
    backend = server_backend(valkey_server, 3)
    deadline = time.monotonic() + soak_seconds
    while time.monotonic() < deadline:
        run(machine, backend, settings(PROFILE, max_examples=100, stateful_step_count=50, database=None))
    backend.close()
