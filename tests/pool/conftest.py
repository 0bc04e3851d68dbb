"""Fixtures for the pool: the singleton as in a new process, and directories whose servers end with the test."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from redicts.pool import Pool
from redicts.pool.clients import Clients
from redicts.pool.config import read_config
from tests.pool.private import processes_using
from tests.support import reaper
from tests.support.servers import Server
from tests.support.waiting import wait_until


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    """The pool as it is in a new process."""
    monkeypatch.delenv("REDICTS_URL", raising=False)
    pool = Pool()
    _forget(pool)
    yield pool
    monkeypatch.delenv("REDICTS_URL", raising=False)
    _forget(pool)


def _forget(pool: Pool) -> None:
    pool.reload(cfg={})
    pool._clients, pool._databases, pool._async_databases = None, {}, {}


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory for an embedded server, not made yet. What still uses it after the test is killed."""
    # Not tmp_path: most tests want the sockets beside the data, and their path may have about 100 bytes.
    parent = Path(tempfile.mkdtemp(prefix="redicts-"))
    reaper.watch_folder(str(parent))
    yield parent / "data"
    end_all(parent / "data")
    shutil.rmtree(parent, ignore_errors=True)
    reaper.forget_folder(str(parent))


def end_all(directory: Path) -> None:
    """Kill what uses a directory: guards first, for they start servers again."""

    def none_left() -> bool:
        for pid in sorted(processes_using(directory)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not processes_using(directory)

    _ = wait_until(none_left, 10, f"the end of what uses {directory}")


@pytest.fixture
def open_clients() -> Iterator[Any]:
    """``open_clients(cfg, fake=False)``: clients of a configuration, closed after the test; not the singleton's."""
    opened: list[Clients] = []

    def open_them(cfg: dict[str, Any], *, fake: bool = False) -> Clients:
        opened.append(Clients(read_config(cfg), fake=fake))
        return opened[-1]

    yield open_them
    for clients in opened:
        clients.close()


@pytest.fixture
def connected(valkey_server: Server) -> Iterator[Callable[..., int]]:
    """``connected(name="ours")``: how many connections of a name the server has."""
    observer = valkey_server.client()
    yield lambda name="ours": sum(each["name"] == name for each in observer.client_list())
    observer.close()
