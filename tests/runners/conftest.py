"""Fixtures for the runner: over every backend, and behind the proxy that counts and cuts."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from redicts.proxy import Proxy
from tests.runners.aio_rig import AsyncRig
from tests.runners.rig import Rig, call, in_use, proxy_over, quiet_client
from tests.support.backends import Backend
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server
from tests.support.waiting import wait_until

RIGS: dict[str, type[Rig]] = {"sync": Rig, "asyncio": AsyncRig}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module that says ``FACES = ("sync", "asyncio")`` has its rigs in both."""
    faces = getattr(metafunc.module, "FACES", None)
    if faces is not None and "face" in metafunc.fixturenames:
        metafunc.parametrize("face", faces, indirect=True)


@pytest.fixture
def face(request: pytest.FixtureRequest) -> str:
    """Which kind of runner the rigs have."""
    return str(getattr(request, "param", "sync"))


@pytest.fixture
def rig(backend: Backend, face: str) -> Iterator[Rig]:
    """A runner over fakeredis, Valkey and Redis, RESP2 and RESP3; afterwards every connection is back in its pool."""
    made = RIGS[face](backend.client)
    yield made
    assert in_use(backend.client) == 0
    made.close()


@pytest.fixture
def valkey_rig(valkey_server: Server, face: str) -> Iterator[Rig]:
    """A runner over Valkey, RESP3."""
    client = valkey_server.client()
    made = RIGS[face](client)
    yield made
    assert in_use(client) == 0
    made.close()
    client.close()


@pytest.fixture
def chaos_rig(chaos: ChaosProxy, face: str) -> Iterator[Rig]:
    """A runner whose client goes through ``chaos``, connected and with the counts at 0."""
    client = quiet_client(host=chaos.host, port=chaos.port, protocol=3, socket_timeout=5)
    made = RIGS[face](client)
    assert made.run(call("PING")) == "PONG"
    chaos.reset()
    yield made
    chaos.heal()
    assert in_use(client) == 0
    made.close()
    client.close()


@pytest.fixture
def proxy(chaos: ChaosProxy) -> Iterator[Callable[..., Proxy]]:
    """``proxy(path, **cfg)``: a place as the ``Pool`` makes it, its connection going through ``chaos``."""
    made: list[Proxy] = []

    def make(path: str = "place", **cfg: Any) -> Proxy:
        made.append(proxy_over(chaos.url, path, **cfg))
        return made[-1]

    yield make
    chaos.heal()
    for each in made:
        client: redis.Redis = each._where().client
        assert in_use(client) == 0
        if keys := list(client.scan_iter(match=f"{each._space.namespace}:*", count=1000)):
            client.delete(*keys)
        each._where().runner.close()
        client.connection_pool.disconnect()


@pytest.fixture
def alarm() -> Iterator[Callable[[Callable[[], bool]], None]]:
    """``alarm(condition)``: Ctrl-C as soon as the condition holds, from another thread, as a terminal sends it."""
    threads: list[threading.Thread] = []

    def when(condition: Callable[[], bool]) -> None:
        main = threading.main_thread().ident
        assert main is not None

        def fire() -> None:
            wait_until(condition, what="the moment to interrupt")
            signal.pthread_kill(main, signal.SIGINT)

        threads.append(threading.Thread(target=fire, daemon=True))
        threads[-1].start()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield when
    for thread in threads:
        thread.join(10)
    signal.signal(signal.SIGINT, before)
