"""Runs functions in real processes, each a fresh interpreter, and collects what they return or raise.

Not ``multiprocessing``: a forked child would share connections and locks with the test, and a spawned one would import
the test runner. Here a child can be killed or stopped at any point and is seen to end as the system says it did.

    results = run_in_processes(count_up, [(url, 100)] * 8)         # all at once, their results in order

    holder = processes.start(hold_lock, url)                       # the ``processes`` fixture; one, to be watched
    holder.expect("held")                                          # waits for a line that it prints
    holder.kill()

Functions are given by reference, so they are top-level functions of a module under ``tests``.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from typing_extensions import Self

from tests.support import reaper

__all__ = ["Child", "ProcessFailed", "Processes", "run_in_processes"]

T = TypeVar("T")
_ROOT = Path(__file__).resolve().parents[2]


class ProcessFailed(AssertionError):
    """A process raised, was killed, or did not end in time; the text holds its traceback and its stderr."""


class Child:
    """One process that runs one function.

    Attributes:
        pid: Its number.
        lines: What it printed so far, as ``expect`` and ``result`` met it.
    """

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        self.name = f"{function.__module__}.{function.__qualname__}"
        theirs_read, theirs_write = os.pipe()
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), *filter(None, sys.path)])}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.worker", str(theirs_write)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[theirs_write],
            env=environment,
        )
        os.close(theirs_write)
        self.pid = self._process.pid
        reaper.watch(self.pid)
        self.lines: list[str] = []
        self._printed: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._stderr: list[bytes] = []
        self._outcome = b""
        self._ready = threading.Event()
        self._readers = [
            threading.Thread(target=self._read_stdout, daemon=True),
            threading.Thread(target=self._read_stderr, daemon=True),
            threading.Thread(target=self._read_outcome, args=(theirs_read,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        job = pickle.dumps((function, arguments, keywords))
        self._tell(b"%d\n%b" % (len(job), job))

    # -- driving it ----------------------------------------------------------------------------------------------

    def go(self, seconds: float = 30) -> None:
        """Let it run, once it is ready: several that are told so in a row start together."""
        if not self._ready.wait(seconds):
            raise ProcessFailed(f"{self.name} was not ready within {seconds} seconds\n{self._stderr_text()}")
        self._tell(b"go\n")

    def expect(self, line: str, seconds: float = 30) -> None:
        """Wait until it prints this line."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                printed = self._printed.get(timeout=max(0.001, deadline - time.monotonic()))
            except queue.Empty:
                raise ProcessFailed(f"{self.name} did not print {line!r}, only {self.lines}") from None
            if printed is None:
                raise ProcessFailed(f"{self.name} ended and printed no {line!r}, only {self.lines}\n{self._report()}")
            self.lines.append(printed)
            if printed == line:
                return

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._process.kill()
        self._process.send_signal(signal.SIGCONT)
        self._finish(10)

    def stop(self) -> None:
        """SIGSTOP: it does nothing more until ``cont``."""
        os.kill(self.pid, signal.SIGSTOP)

    def cont(self) -> None:
        """SIGCONT, after ``stop``."""
        os.kill(self.pid, signal.SIGCONT)

    def result(self, seconds: float = 60) -> Any:
        """Wait for its end and return what its function returned.

        Raises:
            ProcessFailed: It raised, was killed, or did not end within ``seconds`` (then it is killed).
        """
        try:
            self._finish(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ProcessFailed(f"{self.name} did not end within {seconds:.1f} seconds\n{self._report()}") from None
        kind, value = self._loaded()
        if kind != "ok":
            raise ProcessFailed(self._report())
        return value

    # -- inside --------------------------------------------------------------------------------------------------

    def _tell(self, data: bytes) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it is gone; result() says how
            self._process.stdin.write(data)
            self._process.stdin.flush()

    def _finish(self, seconds: float) -> None:
        self._process.wait(seconds)
        reaper.forget(self.pid)
        for reader in self._readers:
            reader.join(10)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def _loaded(self) -> tuple[str, Any]:
        data = self._outcome.removeprefix(b"ready\n")
        if not data:
            return "gone", None
        loaded: tuple[str, Any] = pickle.loads(data)
        return loaded

    def _report(self) -> str:
        code = self._process.poll()
        kind, value = self._loaded()
        text = f"{self.name}: {value[0]}\n{value[1]}" if kind == "error" else f"{self.name} ended with code {code}"
        return f"{text}\n{self._stderr_text()}".rstrip()

    def _stderr_text(self) -> str:
        return b"".join(self._stderr).decode(errors="replace")

    def _read_stdout(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._printed.put(line.decode(errors="replace").rstrip("\n"))
        self._printed.put(None)

    def _read_stderr(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._stderr.append(line)

    def _read_outcome(self, descriptor: int) -> None:
        with os.fdopen(descriptor, "rb") as stream:
            first = stream.readline()
            if first == b"ready\n":
                self._ready.set()
            self._outcome = first + stream.read()


class Processes:
    """Children that are killed at the end of the ``with`` block, whatever happens in it."""

    def __init__(self) -> None:
        self.children: list[Child] = []

    def start(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Child:
        """Start a process that runs ``function`` at once."""
        child = self.prepare(function, *arguments, **keywords)
        child.go()
        return child

    def prepare(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Child:
        """Start a process that runs ``function`` when it is told to ``go``."""
        child = Child(function, arguments, keywords)
        self.children.append(child)
        return child

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for child in self.children:
            child.kill()


def run_in_processes(
    function: Callable[..., T], arguments: Iterable[tuple[Any, ...]], deadline_seconds: float = 60
) -> list[T]:
    """Run ``function`` once for each tuple of arguments, each in its own process, all begun together.

    Args:
        function: A top-level function of a module under ``tests``.
        arguments: One tuple for each process.
        deadline_seconds: For all of them together, from the start.

    Raises:
        ProcessFailed: Names every process that failed or was late; all are ended.
    """
    deadline = time.monotonic() + deadline_seconds
    with Processes() as processes:
        children = [processes.prepare(function, *each) for each in arguments]
        for child in children:
            child.go(max(0.1, deadline - time.monotonic()))
        results: list[T] = []
        failures = []
        for child in children:
            try:
                results.append(child.result(max(0.1, deadline - time.monotonic())))
            except ProcessFailed as failure:
                failures.append(str(failure))
        if failures:
            raise ProcessFailed(f"{len(failures)} of {len(children)} processes failed:\n" + "\n".join(failures))
        return results
