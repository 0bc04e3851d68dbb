"""What waiting costs: time to hand over, commands while idle, connections, keys."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import redis

from redicts.pool.config import read_config
from redicts.pool.server import open_client
from tests.support.backends import Backend, server_backend
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server
from tests.support.waiting import wait_until
from tests.waiting.crowd import Crowd


@pytest.mark.parametrize("waiters", [1, 8, 64])
def test_how_long_a_hand_over_takes(crowd: Crowd, waiters: int) -> None:
    """From before the release until the next one has it. (The benchmark measures it properly.)"""
    released, latencies = [0.0], list[float]()
    lock, enough = crowd.lock("a.b.c"), threading.Event()

    def work() -> None:
        while not enough.is_set():
            with lock:
                latencies.append(time.perf_counter() - released[0])
                enough.wait(0.002)  # meanwhile the one before stands in line again
                if len(latencies) > 80:
                    enough.set()
                released[0] = time.perf_counter()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(waiters + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    median = statistics.median(latencies[5:80])
    print(f"{waiters} waiters: a hand-over takes {median * 1000:.2f} ms in the median")
    assert median < 0.05
    crowd.nothing_is_left()


@contextmanager
def through(server: Server) -> Iterator[tuple[redis.Redis, ChaosProxy]]:
    """A client through a proxy that counts."""
    with ChaosProxy((server.host, server.port)) as chaos, open_client(read_config({"url": chaos.url})) as client:
        yield client, chaos


@pytest.mark.parametrize(
    ("seconds", "commands"),
    [(2.2, 3), pytest.param(10.0, 10, marks=[pytest.mark.soak, pytest.mark.timeout(200)])],
)
def test_what_an_idle_waiter_sends(valkey_crowd: Crowd, valkey_server: Server, seconds: float, commands: int) -> None:
    with ExitStack() as stack:
        (waiting, sent), (holding, held) = [stack.enter_context(through(valkey_server)) for _ in range(2)]
        lock = valkey_crowd.lock("a.b", client=holding)
        with lock:
            waiter = valkey_crowd.join("a.b.c", client=waiting)
            wait_until(lambda: "BLPOP" in sent.command_names)
            sent.reset()
            held.reset()
            ends = time.monotonic() + seconds
            wait_until(lambda: time.monotonic() > ends, seconds + 5)
            names = sent.command_names
            print(f"an idle waiter sent {len(names)} commands in {seconds} s: {sorted(set(names))}")
            assert len(names) <= commands
            assert len(names) >= seconds - 2, "it does look whether what it waits for is still there"
            assert held.command_names == [], "the holder sends nothing"
            assert sent.connections == 0, "and no connection is made"
        assert waiter.end() is None
        valkey_crowd.nothing_is_left()


def test_nothing_is_asked_when_nobody_waits(valkey_crowd: Crowd, valkey_server: Server) -> None:
    with through(valkey_server) as (client, chaos):
        with valkey_crowd.lock("a", client=client):
            waiter = valkey_crowd.join("a.b", client=client)
        assert waiter.end() is None
        chaos.reset()
        valkey_crowd.nothing_is_left()
        ends = time.monotonic() + 1.2
        wait_until(lambda: time.monotonic() > ends)
        assert chaos.commands == []


def test_waiters_do_not_use_up_the_pool(crowd: Crowd, server: Server) -> None:
    """Twenty wait over a client of one connection, and the holder releases over the same."""
    pool: Any = redis.BlockingConnectionPool(  # type: ignore[no-untyped-call]
        host=server.host, port=server.port, max_connections=1, timeout=20
    )
    client = redis.Redis(connection_pool=pool)
    lock = crowd.lock("a", client=client)
    with lock:
        waiters = [crowd.join("a", client=client) for _ in range(20)]
        assert crowd.in_line() == ["w:{a}"] * 20
    for waiter in waiters:
        assert waiter.end() is None
    assert pool.pool.qsize() == 1
    assert len({id(waiter) for waiter in crowd.order}) == 20
    crowd.nothing_is_left()
    lock._database.runner.close()
    pool.disconnect()


def test_who_waits_where_is_seen_on_the_server(crowd: Crowd) -> None:
    with crowd.lock("a.b"), crowd.lock("x y.é"):
        waiters = [crowd.join(path) for path in ("a.b", "a.b.c", "a", "x y.é", "")]
        expected = ["w:{a}.b"] * 4 + ["w:{x y}.é"]
        assert crowd.in_line() == expected
    for waiter in waiters:
        assert waiter.end() is None
    assert crowd.in_line() == []
    crowd.nothing_is_left()


def test_keys_before_and_after_are_the_same(valkey_server: Server) -> None:
    backend: Backend = server_backend(valkey_server, 2)
    backend.client.set(f"{backend.namespace}:another", "x")
    with Crowd(backend) as crowd:
        before = backend.keys()
        with crowd.lock("a"):
            for number in range(12):
                path = ["a", "a.b", "", "a.b.c"][number % 4]
                crowd.join(path, shared=number % 3 == 0, acquire_timeout=0.3 if number % 5 == 0 else 30)
        for waiter in crowd.members:
            waiter.end()
        assert len(crowd.order) >= 9
        wait_until(lambda: backend.keys() == before, 5, "the keys of before")
    backend.close()
