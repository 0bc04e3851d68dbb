"""The command in this process, on a namespace of the test's own; and in processes of its own, as users run it.

==============  =====================================================================
fixture         gives
==============  =====================================================================
``cli``         ``cli("get", "a")``: runs the command by click's runner, on Valkey
``tree``        the root of the tree that ``cli`` works on
``shell``       ``shell("get", "a")``: the same tree, by ``python -m redicts``
``folder``      a short path for an embedded server; nothing of it is left running
==============  =====================================================================
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from redicts.pool import Pool
from redicts.proxy import Proxy
from tests.pool.private import processes_using
from tests.support import reaper
from tests.support.backends import Backend, server_backend
from tests.support.servers import Server

pytest.importorskip("click")
pytest.importorskip("rich")

from click.testing import CliRunner

from redicts.cli.commands import commands

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Answer:
    """How a command ended, and what it said where."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed."""
        return json.loads(self.out)


@dataclass
class Cli:
    """Runs the command in this process."""

    options: list[str]

    def __call__(self, *words: str, stdin: str | bytes | None = None) -> Answer:
        result = CliRunner().invoke(commands, [*self.options, *words], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)


@dataclass
class Shell:
    """Runs the command in a process of its own."""

    options: list[str]
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, stdin: str = "", seconds: float = 30) -> Answer:
        process = self.start(*words)
        try:
            out, err = process.communicate(stdin, seconds)
        finally:
            process.kill()
        return Answer(process.returncode, out, err)

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """Start it; the caller ends it."""
        streams: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        return subprocess.Popen(
            [sys.executable, "-m", "redicts", *self.options, *words],
            **(streams | {"text": True, "env": self.variables()} | options),
        )

    def variables(self) -> dict[str, str]:
        """The environment: this checkout, and nothing of ours that the command looks at."""
        ours = {"REDICTS_URL", "NO_COLOR", "FORCE_COLOR", "COLUMNS"}
        kept = {name: value for name, value in os.environ.items() if name not in ours}
        return kept | {"PYTHONPATH": str(ROOT)} | self.environment


@pytest.fixture(autouse=True)
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The pool as in a new process, before and after; the commands configure it."""
    monkeypatch.delenv("REDICTS_URL", raising=False)
    yield
    pool = Pool()
    pool.reload(cfg={})
    pool._clients, pool._databases, pool._given = None, {}, False


@pytest.fixture
def store(valkey_server: Server) -> Iterator[Backend]:
    """The store of the test's own that the commands work on."""
    backend = server_backend(valkey_server, 3)
    yield backend
    backend.close()


@pytest.fixture
def options(store: Backend) -> list[str]:
    """The options that lead to ``store``."""
    assert store.server is not None
    return ["--url", store.server.url, "--namespace", store.namespace]


@pytest.fixture
def cli(options: list[str]) -> Cli:
    """The command, in this process."""
    return Cli(options)


@pytest.fixture
def shell(options: list[str]) -> Shell:
    """The command, in a process of its own."""
    return Shell(options)


@pytest.fixture
def tree(store: Backend) -> Proxy:
    """The root of the tree that the commands work on, reached without them."""
    proxy = Proxy(())
    proxy._database = store.database
    return proxy


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory for an embedded server, not made yet. A server that is left in it fails the test."""
    parent = Path(tempfile.mkdtemp(prefix="redicts-"))
    reaper.watch_folder(str(parent))
    yield parent / "data"
    left = processes_using(parent / "data")
    shutil.rmtree(parent, ignore_errors=True)
    reaper.forget_folder(str(parent))
    assert not left
