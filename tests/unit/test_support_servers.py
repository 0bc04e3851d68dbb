"""Servers of tests start, die, come back on the same data, and never outlive the process that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.servers import KINDS, Server, binary, start_server
from tests.support.waiting import wait_until

StartServer = Callable[..., Server]
_ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("kind", KINDS)
def test_it_answers_on_its_port_and_its_socket(start_server: StartServer, kind: str) -> None:
    server = start_server(kind)
    with server.client() as tcp, server.client(unix=True, protocol=2) as unix:
        tcp.set("a", 1)
        assert unix.get("a") == b"1"
    with redis.Redis.from_url(server.url) as tcp, redis.Redis.from_url(server.unix_url) as unix:
        assert tcp.get("a") == unix.get("a") == b"1"


@pytest.mark.parametrize("kind", KINDS)
def test_data_is_there_after_a_kill_and_a_restart(start_server: StartServer, kind: str) -> None:
    server = start_server(kind, appendonly="yes", appendfsync="always")
    port = server.port
    with server.client() as client:
        client.set("a", 1)
    server.kill()
    assert not server.running
    server.restart()
    assert server.port == port
    with server.client() as client:
        assert client.get("a") == b"1"


def test_restart_ends_a_running_server_itself(start_server: StartServer) -> None:
    server = start_server(save="3600 1")
    first = server.pid
    with server.client() as client:
        client.set("a", 1)
    server.restart()
    assert server.pid != first
    with server.client() as client:
        assert client.get("a") == b"1", "SIGTERM lets it write what it has to"


def test_a_stopped_server_answers_after_cont(start_server: StartServer) -> None:
    server = start_server()
    no_retry = redis.Redis(port=server.port, socket_timeout=0.1, retry=Retry(NoBackoff(), 0))
    with no_retry as client, server.client(socket_timeout=10) as patient:
        patient.ping()
        server.stop()
        with pytest.raises(redis.exceptions.TimeoutError):
            client.ping()
        server.cont()
        assert patient.ping()


def test_a_stopped_server_can_be_closed(start_server: StartServer) -> None:
    server = start_server()
    server.stop()
    server.close()
    assert not server.folder.exists()


def test_a_start_that_fails_tells_the_servers_own_words() -> None:
    with pytest.raises(RuntimeError, match="bogus"):
        start_server("valkey", bogus="1")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="valkey, redis"):
        binary("memcached")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_server_outlives_the_process_that_started_it(number: signal.Signals) -> None:
    program = (
        "from tests.support.servers import start_server\n"
        "server = start_server('valkey')\n"
        "print(server.pid, server.folder, flush=True)\n"
        "import time; time.sleep(60)\n"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with starter:
        assert starter.stdout is not None
        pid, folder = starter.stdout.readline().split()
        os.kill(int(pid), 0)
        starter.send_signal(number)
    wait_until(lambda: not _alive(int(pid)), what="the end of the server")
    wait_until(lambda: not Path(folder).exists(), what="the removal of its folder")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Where nobody collects orphans (a container without init), a killed one stays as a zombie.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
