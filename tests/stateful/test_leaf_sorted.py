"""Random sequences of the operations of sorted sets and priority queues, against plain models."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.sorted_machine import PriorityQueueMachine, SortedSetMachine
from tests.support.backends import Backend, fake_backend, server_backend
from tests.support.servers import Server

PROFILE = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, stateful_step_count=25)
MACHINES = pytest.mark.parametrize("machine", [SortedSetMachine, PriorityQueueMachine])


def run(machine: type[Any], backend: Backend, profile: settings) -> None:
    run_state_machine_as_test(type("Machine", (machine,), {"backend": backend}), settings=profile)


@MACHINES
def test_the_leaf_does_what_the_model_does(real_backend: Backend, machine: type[Any]) -> None:
    run(machine, real_backend, settings(PROFILE, max_examples=12))


@MACHINES
def test_on_fakeredis_too(machine: type[Any]) -> None:
    backend = fake_backend()
    run(machine, backend, settings(PROFILE, max_examples=2))
    backend.close()


@MACHINES
@pytest.mark.parametrize("through", ["asyncio", "queued"])
def test_through_the_other_faces_too(valkey_server: Server, through: str, machine: type[Any]) -> None:
    backend = server_backend(valkey_server, 2, through)
    run(machine, backend, settings(PROFILE, max_examples=2))
    backend.close()


@MACHINES
@pytest.mark.soak
@pytest.mark.timeout(0)
def test_for_long(real_backend: Backend, soak_seconds: float, machine: type[Any]) -> None:
    deadline = time.monotonic() + soak_seconds / 2
    while time.monotonic() < deadline:
        run(machine, real_backend, settings(PROFILE, max_examples=100, stateful_step_count=50, database=None))
