"""``demo``: what redicts does, in some seconds, on any machine.

May import connection, exits, output, treeview, the pool, the faces, click and rich. Invariants: it works under a
namespace of its own, so it never meets anybody's data; it leaves no process, no directory and no key behind.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, NamedTuple

import click

from redicts.cli.connection import Target, connected, pass_target
from redicts.cli.demo_document import installed_packages
from redicts.cli.exits import Code, Failure
from redicts.cli.output import console
from redicts.cli.treeview import draw
from redicts.pool import Pool
from redicts.proxy import Proxy

__all__ = ["Finding", "compare", "demo_command"]

WORKERS: Final = 4
ADDS: Final = 500
APPENDS: Final = 50

PATIENCE: Final = 30.0
"""Seconds for all workers together."""

LIFE: Final = 1.0
"""Seconds that the demo's session lives."""


class Finding(NamedTuple):
    """What should be in the tree, and what is.

    Attributes:
        what: In words.
        expected: What nobody's writes being lost would give.
        found: What is there.
    """

    what: str
    expected: Any
    found: Any

    @property
    def fine(self) -> bool:
        """Whether they are the same."""
        return bool(self.expected == self.found)


@click.command("demo")
@connected
@pass_target
def demo_command(target: Target) -> None:
    """Show what redicts does, in some seconds.

    It sets real data, lets several processes change it at once, and looks whether anything was lost.

    No Redis is needed: it starts a private server in a temporary directory (pip install "redicts[server]"), unless
    --url or --embedded names another; REDICTS_URL is left alone. It works under a namespace of its own and leaves
    nothing behind. The exit code is 1 when an update was lost.
    """
    with _workplace(target) as (place, tree):
        document = _show_document(tree)
        findings = [*_show_workers(place, tree), Finding("the document, untouched", True, _same(tree, document))]
        _show_findings(findings)
        _show_expiry(tree)
        faults = tree.check()
        _say(f"\ncheck(): {faults or 'no faults'}")
        lost = [finding.what for finding in findings if not finding.fine]
        if lost or faults:
            raise Failure(Code.NOT_THERE, f"something was lost: {', '.join(lost) or 'see check() above'}")
        _say(f"Nothing was lost: {WORKERS} processes, no lock taken.")
        _say(
            "Now yours:\n  redicts set greeting --text hello --embedded ./my-tree\n  redicts tree --embedded ./my-tree"
        )


@contextmanager
def _workplace(target: Target) -> Generator[tuple[Target, Proxy]]:
    """Open a tree under a namespace of the demo's own, and leave nothing of it."""
    namespace = f"{target.namespace or 'redicts'}-demo-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory(prefix="redicts-demo-", ignore_cleanup_errors=True) as directory:
        nowhere = target.url is None and target.embedded is None
        place = replace(target, namespace=namespace, embedded=directory if nowhere else target.embedded)
        try:
            tree = place.open(make=True)
            _ = tree.exists()
            _say(f"The tree is in: {Pool().database(None).address}, namespace {namespace}")
            try:
                yield place, tree
            finally:
                tree.clear()
        finally:
            place.close()


def _show_document(tree: Proxy) -> dict[str, Any]:
    document = installed_packages()
    started = time.monotonic()
    tree.update(document)
    took_ms = (time.monotonic() - started) * 1000
    _say(
        f"\nWhat is installed in this Python, {len(document['packages'])} packages, set in one atomic step "
        f"({took_ms:.0f} ms):\n"
    )
    draw(tree, depth=3, most=3)
    return document


def _same(tree: Proxy, document: dict[str, Any]) -> bool:
    return all(tree.get([name]).val() == value for name, value in document.items())


def _show_workers(place: Target, tree: Proxy) -> list[Finding]:
    _say(f"\n{WORKERS} processes, all at once: each adds {ADDS} times to one counter and to one of its own,")
    _say(f"and appends {APPENDS} times to one list that all share.")
    with _workers(place) as workers:
        results = [_result(worker) for worker in workers]
    seconds = max(result["seconds"] for result in results)
    again = sum(result["calls"] for result in results) - WORKERS * APPENDS
    _say(f"Done in {seconds:.1f} s; {again} times a process came between another's reading and writing.")
    return compare(tree, WORKERS, ADDS, APPENDS)


def compare(tree: Proxy, workers: int, adds: int, appends: int) -> list[Finding]:
    """Compare what the workers left with what they should have left.

    Args:
        tree: The root.
        workers: How many there were.
        adds: How often each added, to the shared counter and to its own.
        appends: How often each appended to the list.
    """
    left = tree["workers"].val({})
    own = [left.get(f"worker {number}") for number in range(workers)]
    events = left.get("events") or []
    every = {f"worker {number}, event {event}" for number in range(workers) for event in range(appends)}
    return [
        Finding("the counter of all", workers * adds, left.get("shared")),
        *[Finding(f"the counter of worker {number}", adds, count) for number, count in enumerate(own)],
        Finding("the list of all: entries", workers * appends, len(events)),
        Finding("the list of all: each entry once", True, len(events) == len(every) and set(events) == every),
    ]


@contextmanager
def _workers(place: Target) -> Generator[list[subprocess.Popen[str]]]:
    """Start the workers, all connected before the first begins; none outlives this."""
    # sys.path and not -m: what this process imports is what they import, wherever it was started.
    program = "import sys; sys.path[:] = sys.argv[1:]; from redicts.cli.demo_worker import main; main()"
    command = [sys.executable, "-c", program, *sys.path]
    workers: list[subprocess.Popen[str]] = []
    pipe = subprocess.PIPE
    try:
        for number in range(WORKERS):
            workers.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True))
            job = {"cfg": place.settings(), "worker": number, "adds": ADDS, "appends": APPENDS}
            _tell(workers[-1], json.dumps(job))
        for worker in workers:
            if worker.stdout is None or worker.stdout.readline() != "ready\n":
                raise _failed(worker)
        for worker in workers:
            _tell(worker, "go")
        yield workers
    finally:
        for worker in workers:
            worker.kill()
            _ = worker.communicate()


def _tell(worker: subprocess.Popen[str], line: str) -> None:
    if worker.stdin is not None:
        _ = worker.stdin.write(line + "\n")
        worker.stdin.flush()


def _result(worker: subprocess.Popen[str]) -> dict[str, Any]:
    try:
        out, _ = worker.communicate(timeout=PATIENCE)
        result: dict[str, Any] = json.loads(out)
    except (subprocess.TimeoutExpired, ValueError):
        raise _failed(worker) from None
    return result


def _failed(worker: subprocess.Popen[str]) -> Failure:
    worker.kill()
    _, errors = worker.communicate()
    last = (errors.strip().splitlines() or [f"exit code {worker.returncode}"])[-1]
    return Failure(Code.NOT_THERE, f"a process of the demo did not finish: {last}")


def _show_findings(findings: list[Finding]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("what", "expected", "found", ""):
        table.add_column(title, justify="left" if title in {"what", ""} else "right")
    for finding in findings:
        verdict = "ok" if finding.fine else "LOST"
        table.add_row(finding.what, _spelled(finding.expected), _spelled(finding.found), verdict)
    _say("")
    console().print(table)


def _spelled(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _show_expiry(tree: Proxy) -> None:
    session = tree["session"]
    _ = tree.set("session", {"user": "ada", "cart": {"apples": 3}}, expire=LIFE)
    _ = tree.set("session.cart.pears", 2)
    _say(f"\nA session with a time to live, {session.time_to_live():.1f} s; so has what is added below it later:")
    draw(session, depth=3, most=5)
    deadline = time.monotonic() + 5 * LIFE
    while session.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    _say(f"Now it is {'still there' if session.exists() else 'gone, with everything below it'}.")


def _say(text: str) -> None:
    console().print(text)
