"""An exception out of a signal handler (Ctrl-C is one) during an exchange: no later call gets another one's reply.

Only the exchange itself is interrupted. Elsewhere an exception from outside can still leave a lock of the standard
library's queue held for ever (a Condition is entered in Python code), and with it the connection pool of redis-py.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from redicts import Pool, Proxy
from redicts.runners.exchange import exchange
from tests.concurrency.trees import Spot, new_spot
from tests.support.chaos import ChaosProxy
from tests.support.processes import Processes
from tests.support.servers import Server
from tests.support.waiting import wait_until

NAMES = [f"k{number}" for number in range(50)]


class Interrupted(BaseException):
    """What the signal handler raises, as Python raises KeyboardInterrupt."""


def interrupt(number: int, frame: object) -> None:
    raise Interrupted


def interrupt_exchange(number: int, frame: FrameType | None) -> None:
    while frame is not None:
        if frame.f_code is exchange.__code__:
            raise Interrupted
        frame = frame.f_back
    signal.setitimer(signal.ITIMER_REAL, 0.0001)  # not now: try again


def interrupt_often(spot: Spot, interrupts: int) -> tuple[int, int]:
    """Read and write, interrupted at random points.

    Returns:
        How many rounds of reading and writing ended, and how many connections did not come back to the pool.

    Raises:
        AssertionError: A reply was another operation's.
    """
    connections = 2
    tree = spot.open(max_connections=connections, timeout_secs=5)
    tree.set("own", {name: {"is": name} for name in NAMES})
    signal.signal(signal.SIGALRM, interrupt_exchange)
    choose = random.Random(7)
    done = interrupted = 0
    while interrupted < interrupts:
        assert tree.get("own").val() == {name: {"is": name} for name in NAMES}
        try:
            signal.setitimer(signal.ITIMER_REAL, choose.uniform(0.0001, 0.004))
            while True:
                name = choose.choice(NAMES)
                value = tree.get("own").get(name).val()
                assert value == {"is": name}, f"{name} reads {value!r}"
                assert tree.get(["own", name, "is"]).val() == name
                tree.set(["own", name], {"is": name})
                done += 1
        except Interrupted:
            interrupted += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    pool: Any = Pool().get_connection().connection_pool
    return done, connections - pool.pool.qsize()


def test_no_reply_is_left_to_the_next_operation(spot: Spot, processes: Processes, tree: Proxy) -> None:
    interrupts = 300
    done, missing = processes.start(interrupt_often, spot, interrupts).result()
    print(f"{done} rounds of 3 operations, {interrupts} interrupts")
    assert missing == 0
    assert done >= 50
    assert tree.get("own").val() == {name: {"is": name} for name in NAMES}
    spot.assert_clean(tree)


def read_after_an_interrupt(spot: Spot, gate: Path | None) -> tuple[Any, Any]:
    """Read, be interrupted while the reply is on its way, and read something else at once.

    Args:
        spot: Where.
        gate: Connect first, and wait for this file before the read; ``None``: the read is what connects.
    """
    tree = spot.open()
    signal.signal(signal.SIGUSR1, interrupt)
    if gate is not None:
        assert tree.get("place.first").val() == "wrong"
        print("connected", flush=True)
        wait_until(gate.exists)
    try:
        first = tree.get("place.first").val()
    except Interrupted:
        first = "interrupted"
        print("interrupted", flush=True)
    return first, tree.get("place.second").val()


@pytest.mark.parametrize("connected", [True, False], ids=["in an operation", "in the handshake"])
def test_a_reply_on_its_way_is_not_the_next_operations(
    valkey_server: Server,
    chaos: ChaosProxy,
    processes: Processes,
    open_tree: Callable[..., Proxy],
    tmp_path: Path,
    connected: bool,
) -> None:
    spot = new_spot(valkey_server)
    tree = open_tree(spot)
    tree.set("place", {"first": "wrong", "second": "right"})
    gate = tmp_path / "gate"
    child = processes.prepare(read_after_an_interrupt, Spot(chaos.url, spot.namespace), gate if connected else None)
    if connected:
        child.go()
        child.expect("connected")
        chaos.reset()
    chaos.delay(0.5)
    if connected:
        gate.touch()
    else:
        child.go()
    wait_until(lambda: chaos.commands, what="a command whose reply is held")
    os.kill(child.pid, signal.SIGUSR1)
    child.expect("interrupted")
    chaos.delay(0)
    assert child.result() == ("interrupted", "right")
    tree.clear()
