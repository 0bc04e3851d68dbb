"""Random sequences of operations on typed sets, against ``set``.

A longer run is the better test: ``pytest -m soak tests/stateful``.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.set_machine import SetMachine
from tests.support.backends import Backend, fake_backend, server_backend
from tests.support.servers import Server

PROFILE = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, stateful_step_count=30)


def run(backend: Backend, profile: settings) -> None:
    machine = type("Machine", (SetMachine,), {"backend": backend})
    run_state_machine_as_test(machine, settings=profile)


@pytest.mark.parametrize("kind", ["fake", "valkey"])
def test_sets_do_what_builtin_ones_do(valkey_server: Server, kind: str) -> None:
    backend = fake_backend() if kind == "fake" else server_backend(valkey_server, 3)
    run(backend, settings(PROFILE, max_examples=4 if kind == "fake" else 25))
    backend.close()


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_sets_do_what_builtin_ones_do_for_long(real_backend: Backend, soak_seconds: float) -> None:
    deadline = time.monotonic() + soak_seconds
    while time.monotonic() < deadline:
        run(real_backend, settings(PROFILE, max_examples=100, stateful_step_count=50, database=None))
