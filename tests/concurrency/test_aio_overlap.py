"""Processes with tasks beside processes with threads, random places and modes: nobody is in beside one he excludes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from redicts import Proxy
from tests.concurrency.overlap import overlap_log
from tests.concurrency.task_overlap import take_part
from tests.concurrency.trees import Spot, new_spot
from tests.support.servers import Server


def test_tasks_and_threads_of_processes(valkey_server: Server, open_tree: Callable[..., Proxy]) -> None:
    spot = new_spot(valkey_server)
    overlap_log(spot, open_tree(spot), take_part, [(spot, me, 4, 1.0) for me in range(4)], 1.0)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_tasks_and_threads_of_16_processes(spot: Spot, tree: Proxy, soak_seconds: float) -> None:
    overlap_log(spot, tree, take_part, [(spot, me, 16, soak_seconds) for me in range(16)], soak_seconds)
