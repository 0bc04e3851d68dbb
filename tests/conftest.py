"""Fixtures for all tests; what they are made of is in ``tests/support``.

========================  ==========  =======================================================================
fixture                   scope       gives
========================  ==========  =======================================================================
``valkey_server``         session     a ``Server`` that serves all tests of this worker
``redis_server``          session     the same with ``redis-server``; skips where the machine has none
``server``                session     each of the two in turn
``backend``               function    a ``Backend`` over fakeredis and both servers, RESP2 and RESP3
``real_backend``          function    the same without fakeredis, RESP3: for raw scripts and for many processes
``start_server``          function    a function that starts a server of the test's own, to be killed at will
``chaos``                 function    a ``ChaosProxy`` before ``valkey_server``
``processes``             function    ``Processes``: children that are killed after the test
``soak_seconds``          session     how long a test marked ``soak`` may take
========================  ==========  =======================================================================
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator
from zlib import crc32

import pytest
from hypothesis import HealthCheck, settings

from redicts.locks.owners import current_holdings, process
from tests.support import servers
from tests.support.backends import VARIANTS, Backend, fake_backend, server_backend
from tests.support.chaos import ChaosProxy
from tests.support.processes import Processes
from tests.support.servers import KINDS, Server

# No deadline: a slow example on a loaded machine is no failure. A function-scoped ``backend`` under @given is shared by
# the examples on purpose; they begin with ``backend.clear()``.
settings.register_profile(
    "redicts",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile("redicts-soak", settings.get_profile("redicts"), max_examples=1000)
settings.load_profile(os.environ.get("REDICTS_HYPOTHESIS_PROFILE", "redicts"))


def pytest_configure() -> None:
    """Take Ctrl-C as a terminal gives it: a shell's background jobs ignore SIGINT, and their children inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        _ = signal.signal(signal.SIGINT, signal.default_int_handler)


WITH_ONE_SERVER = {"concurrency", "stateful", "waiting"}
"""Folders of tests that take long: with the second kind of server where every case is asked for."""

WITH_ONE_PROTOCOL = {"lua", "pipeline", "runners"}
"""Folders of tests that speak RESP2 to one server and RESP3 to the other, chosen by a test's name."""

NAMES_A_KIND = ("server", "kind")
"""Parameters that say which kind of server it is."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to ``-m exhaustive`` the second kind of server where tests take long, and RESP2 or RESP3 on each server."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec is not None and item.path.parent.name in WITH_ONE_PROTOCOL:
            choice = crc32(getattr(item, "originalname", item.name).encode()) % 2
            if callspec.params.get("backend") in (f"valkey-resp{2 + choice}", f"redis-resp{3 - choice}"):
                item.add_marker(pytest.mark.exhaustive)
        if callspec is None or item.path.parent.name not in WITH_ONE_SERVER:
            continue
        if KINDS[-1] in [callspec.params.get(name) for name in NAMES_A_KIND]:
            item.add_marker(pytest.mark.exhaustive)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keep the tests themselves from the garbage collector: many of them call it, and it would go through them all."""
    _ = gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Server]:
    """A Valkey that serves all tests of this worker."""
    yield from _shared_server("valkey")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    """A Redis that serves all tests of this worker; skips where there is no ``redis-server``."""
    yield from _shared_server("redis")


def _shared_server(kind: str) -> Iterator[Server]:
    if servers.binary(kind) is None:
        pytest.skip(f"no {kind} server on this machine")
    with servers.start_server(kind) as server:
        yield server


@pytest.fixture(scope="session", params=KINDS)
def server(request: pytest.FixtureRequest) -> Server:
    """Each kind of server in turn."""
    found: Server = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture(params=VARIANTS)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """A store for this test, over fakeredis and both servers, RESP2 and RESP3."""
    kind, _, protocol = str(request.param).partition("-resp")
    if kind == "fake":
        store = fake_backend()
    else:
        store = server_backend(request.getfixturevalue(f"{kind}_server"), int(protocol))
    yield store
    store.close()


@pytest.fixture
def real_backend(server: Server) -> Iterator[Backend]:
    """A store for this test on each real server."""
    store = server_backend(server, 3)
    yield store
    store.close()


@pytest.fixture
def start_server() -> Iterator[Callable[..., Server]]:
    """``start_server(kind="valkey", **directives)``: a server of the test's own, ended after it."""
    started: list[Server] = []

    def start(kind: str = "valkey", **options: object) -> Server:
        if servers.binary(kind) is None:
            pytest.skip(f"no {kind} server on this machine")
        started.append(servers.start_server(kind, **options))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture
def chaos(valkey_server: Server) -> Iterator[ChaosProxy]:
    """A proxy before the Valkey of this worker that counts, cuts, delays and hangs."""
    with ChaosProxy((valkey_server.host, valkey_server.port)) as proxy:
        yield proxy


@pytest.fixture
def processes() -> Iterator[Processes]:
    """Starts processes that run a function of a test module; all are killed after the test."""
    with Processes() as started:
        yield started


@pytest.fixture(scope="session")
def soak_seconds() -> float:
    """How long a test marked ``soak`` may take: REDICTS_SOAK_SECONDS, else 60."""
    return float(os.environ.get("REDICTS_SOAK_SECONDS", "60"))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Forget what a test left acquired in its thread: its server may be gone, and the next test has nothing of it."""
    for holding in current_holdings():
        holding.end_renewal()
        process().remove(holding)
