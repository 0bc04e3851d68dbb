"""Random sequences of all operations, against a plain model, over fakeredis and over real servers.

A longer run is the better test: ``pytest -m soak tests/stateful``. The rare sequences that this finds once in a long
while are written down in ``tests/contract/test_ttl_*.py``.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.machine import TreeMachine
from tests.support.backends import Backend, server_backend
from tests.support.servers import Server

EXAMPLES = {"valkey-resp3": 50, "redis-resp3": 20}
"""How many sequences; the others run a few, which is enough to tell whether they answer alike."""

PROFILE = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, stateful_step_count=30)


def run(backend: Backend, profile: settings) -> None:
    machine = type("Machine", (TreeMachine,), {"backend": backend})
    run_state_machine_as_test(machine, settings=profile)


def test_the_tree_does_what_the_model_does(backend: Backend) -> None:
    run(backend, settings(PROFILE, max_examples=EXAMPLES.get(backend.name, 10)))


@pytest.mark.parametrize("through", ["asyncio", "queued"])
def test_through_the_other_faces_too(valkey_server: Server, through: str) -> None:
    backend = server_backend(valkey_server, 3, through)
    run(backend, settings(PROFILE, max_examples=10))
    backend.close()


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_the_tree_does_what_the_model_does_for_long(real_backend: Backend, soak_seconds: float) -> None:
    deadline = time.monotonic() + soak_seconds
    while time.monotonic() < deadline:
        run(real_backend, settings(PROFILE, max_examples=100, stateful_step_count=50, database=None))
