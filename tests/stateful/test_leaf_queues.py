"""Random sequences of operations on queues, against the standard library's ``deque``."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.queue_machine import PlainMachine, QueueMachine, ReliableMachine
from tests.support.backends import Backend, server_backend
from tests.support.servers import Server

PROFILE = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, stateful_step_count=25)

MACHINES = pytest.mark.parametrize("kind", [PlainMachine, ReliableMachine])


def run(kind: type[QueueMachine], backend: Backend, profile: settings) -> None:
    run_state_machine_as_test(type("Machine", (kind,), {"backend": backend}), settings=profile)


@MACHINES
def test_a_queue_does_what_the_model_does(valkey_server: Server, kind: type[QueueMachine]) -> None:
    backend = server_backend(valkey_server, 3)
    run(kind, backend, settings(PROFILE, max_examples=15))
    backend.close()


@pytest.mark.parametrize("through", ["asyncio", "queued"])
def test_through_the_other_faces_too(valkey_server: Server, through: str) -> None:
    backend = server_backend(valkey_server, 2, through)
    run(PlainMachine, backend, settings(PROFILE, max_examples=5))
    backend.close()


@MACHINES
@pytest.mark.soak
@pytest.mark.timeout(0)
def test_for_long(real_backend: Backend, kind: type[QueueMachine], soak_seconds: float) -> None:
    deadline = time.monotonic() + soak_seconds
    while time.monotonic() < deadline:
        run(kind, real_backend, settings(PROFILE, max_examples=50, stateful_step_count=50, database=None))
