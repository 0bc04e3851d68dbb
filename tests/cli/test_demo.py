"""``demo``, end to end."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from redicts.cli import demo
from redicts.cli.demo import compare
from redicts.cli.demo_document import installed_packages
from redicts.cli.demo_worker import work
from redicts.pool import Pool
from redicts.proxy import Proxy
from tests.cli.conftest import Cli, Shell
from tests.support.backends import Backend
from tests.support.processes import run_in_processes
from tests.support.waiting import wait_until


def processes_of(folder: Path) -> list[str]:
    """Find the processes that were started with, or work in, a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(folder) in words or str((process / "cwd").readlink()).startswith(str(folder)):
                found.append(words)
        except OSError:
            continue
    return found


@pytest.fixture
def alone(folder: Path) -> Shell:
    """The command with a folder for temporary files of its own, and no server."""
    folder.mkdir()
    return Shell([], {"TMPDIR": str(folder), "REDICTS_URL": "redis://127.0.0.1:1"})


def test_the_demo(alone: Shell, folder: Path) -> None:
    started = time.monotonic()
    answer = alone("demo")
    took = time.monotonic() - started
    assert (answer.code, answer.err) == (0, "")
    lines = [line.split() for line in answer.out.splitlines()]
    assert ["the", "counter", "of", "all", "2000", "2000", "ok"] in lines
    assert ["the", "list", "of", "all:", "entries", "200", "200", "ok"] in lines
    assert "LOST" not in answer.out
    assert "Nothing was lost" in answer.out
    assert "gone, with everything below it" in answer.out
    assert "check(): no faults" in answer.out
    assert "\x1b" not in answer.out
    assert took < 20  # 3 seconds on a machine that has nothing else to do
    assert list(folder.iterdir()) == []
    assert processes_of(folder) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_ended_demo_leaves_nothing(alone: Shell, folder: Path, number: signal.Signals, code: int) -> None:
    process = alone.start("demo", start_new_session=True)
    wait_until(lambda: "demo_worker" in "".join(processes_of_session(process.pid)), what="the workers")
    os.killpg(process.pid, number)  # as a terminal does
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in err
    assert list(folder.iterdir()) == []
    assert processes_of(folder) == []
    assert processes_of_session(process.pid) == []


def processes_of_session(session: int) -> list[str]:
    """Find the processes of a session that are not just ending."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, owner = (process / "stat").read_text().rpartition(") ")[2].split()[:4]
            if int(owner) == session and state != "Z":
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the demo do all that it does, but less of it."""
    monkeypatch.setattr(demo, "ADDS", 50)
    monkeypatch.setattr(demo, "APPENDS", 10)
    monkeypatch.setattr(demo, "LIFE", 0.3)


@pytest.mark.usefixtures("brief")
def test_on_a_server_it_touches_nobodys_data(cli: Cli, store: Backend, tree: Proxy) -> None:
    tree.set("workers", "mine")
    keys = {*store.client.scan_iter(count=1000)}
    answer = cli("demo")
    assert (answer.code, answer.err) == (0, "")
    assert tree.val() == {"workers": "mine"}
    assert not {key for key in {*store.client.scan_iter(count=1000)} - keys if key.startswith(store.namespace.encode())}


@pytest.mark.usefixtures("brief")
def test_what_is_lost_is_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    real = demo.compare

    def sabotaged(tree: Proxy, workers: int, adds: int, appends: int) -> list[demo.Finding]:
        tree["workers.shared"].add(-1)
        tree["workers.events"].transform(lambda events: events[1:])
        return real(tree, workers, adds, appends)

    monkeypatch.setattr(demo, "compare", sabotaged)
    answer = cli("demo")
    assert answer.code == 1
    assert answer.out.count("LOST") == 3
    assert "something was lost: the counter of all, the list of all: entries" in answer.err
    assert "Nothing was lost" not in answer.out


def test_a_worker_that_fails_is_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "ADDS", "many")
    answer = cli("demo")
    assert answer.code == 1
    assert "a process of the demo did not finish: TypeError" in answer.err


def test_compare(tree: Proxy) -> None:
    assert not any(finding.fine for finding in compare(tree, 2, 5, 3))
    events = [f"worker {number}, event {event}" for number in range(2) for event in range(3)]
    tree.set("workers", {"shared": 10, "worker 0": 5, "worker 1": 5, "events": events})
    assert all(finding.fine for finding in compare(tree, 2, 5, 3))
    tree.set("workers.events", [*events[1:], events[1]])  # as many, but one twice
    assert [finding.what for finding in compare(tree, 2, 5, 3) if not finding.fine] == [
        "the list of all: each entry once"
    ]


def run_worker(cfg: dict[str, Any], number: int) -> dict[str, Any]:
    Pool().reload(cfg=cfg)
    result = work({"worker": number, "adds": 200, "appends": 30})
    Pool().close()
    return result


def test_the_workers(store: Backend, options: list[str], tree: Proxy) -> None:
    cfg = {"url": options[1], "namespace": store.namespace}
    results = run_in_processes(run_worker, [(cfg, number) for number in range(3)])
    assert all(result["calls"] >= 30 for result in results)
    assert all(finding.fine for finding in compare(tree, 3, 200, 30))


def test_the_document_is_real_json() -> None:
    document = installed_packages()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    click = document["packages"]["click"]
    assert click["version"]
    assert isinstance(click["requires"]["packages"], list)
    assert document["python"]["version"].startswith(f"{sys.version_info[0]}.{sys.version_info[1]}.")
