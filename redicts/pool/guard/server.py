"""The server process: started, watched until it answers, started again when it dies.

Imports the standard library and this folder only. Invariant: nothing here waits. What is to be done next, and when, is
asked by ``pause`` and done by ``step``.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn

from . import LOG_FILE, NEW_SOCKET, SERVER_SOCKET
from .lock import Refused

__all__ = ["Server", "note"]

SILENCE_SECONDS: Final = 30.0
"""A new server that says nothing for so long, not even that it is loading, has failed."""

FAILED_STARTS: Final = 5
"""So many in a row, and there are no more."""

DEATHS: Final = 30
"""Nor when so many servers died within as many seconds."""


class Server:
    """The server of a directory.

    Args:
        directory: Has the data and the log.
        sockets: Where the sockets are made.
        program: Path of ``valkey-server`` or ``redis-server``.
        settings: As in its configuration file. It listens at ``NEW_SOCKET`` in ``sockets``.
        lock: The open file with the lock of the directory; the server has a copy.

    Attributes:
        pid: Number of the process; 0: there is none.
        ready: Whether it answers, as far as is known.
    """

    def __init__(self, directory: Path, sockets: Path, program: str, settings: str, lock: int) -> None:
        self.pid = 0
        self.ready = False
        self._directory, self._sockets, self._lock = directory, sockets, lock
        self._program, self._settings = program, settings
        self._log = directory / LOG_FILE
        self._served = False  # it has answered
        self._ever_served = False  # it, or one before it, has answered
        self._failed_starts = 0
        self._deaths: deque[float] = deque(maxlen=DEATHS)
        self._next_step = 0.0  # when to start it, or to ask whether it answers; monotonic, like all times here
        self._give_up_at = 0.0
        self._log_mark = 0

    def pause(self) -> float | None:
        """Say in how many seconds there is something to do; ``None``: nothing, unless a signal tells of its death."""
        return None if self.ready else max(0.0, self._next_step - time.monotonic())

    def step(self) -> bool:
        """Do what there is to do now; ``Refused`` when the server does not run.

        Returns:
            Whether it has become ready.
        """
        self._reap()
        if self.ready or time.monotonic() < self._next_step:
            return False
        if self.pid:
            return self._ask()
        self._start()
        return False

    def doubt(self) -> None:
        """Make sure that it is still there. It may be dying, and a user may notice that before we are told."""
        if self.ready and not accepts(self._sockets / SERVER_SOCKET):
            self.ready, self._next_step, self._give_up_at = False, 0.0, time.monotonic() + SILENCE_SECONDS

    def remove_sockets(self) -> None:
        """Remove the server's sockets."""
        for name in (NEW_SOCKET, SERVER_SOCKET):
            with contextlib.suppress(OSError):
                (self._sockets / name).unlink()

    def gone(self) -> bool:
        """Whether the process has ended, or never was."""
        if self.pid and os.waitpid(self.pid, os.WNOHANG)[0]:
            self.pid = 0
        return not self.pid

    def _start(self) -> None:
        self.remove_sockets()
        self._log_mark = self._log.stat().st_size if self._log.exists() else 0
        # By its standard input: arguments with blanks in them are read differently by different versions.
        readable, writable = os.pipe()
        _ = os.write(writable, self._settings.encode())
        os.close(writable)
        die_with_guard, guard = death_signal(), os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            become_server(self._program, readable, self._lock, die_with_guard, guard)
        os.close(readable)
        self._served, self._next_step, self._give_up_at = False, 0.0, time.monotonic() + SILENCE_SECONDS

    def _ask(self) -> bool:
        """Let users in once it answers. The only polling here: a server has no way to tell when it is ready."""
        self._next_step = time.monotonic() + 0.01
        reply = answer(self._sockets / (SERVER_SOCKET if self._served else NEW_SOCKET))
        if reply.startswith(b"+PONG"):
            if not self._served:
                _ = (self._sockets / NEW_SOCKET).rename(self._sockets / SERVER_SOCKET)
            self.ready = self._served = self._ever_served = True
            return True
        if reply:  # -LOADING: as long as it takes
            self._give_up_at = time.monotonic() + SILENCE_SECONDS
        elif time.monotonic() > self._give_up_at:
            os.kill(self.pid, signal.SIGKILL)
        return False

    def _reap(self) -> None:
        """See whether it has died, and decide when to start it again."""
        if not self.pid or not self.gone():
            return
        now = time.monotonic()
        self.ready = False
        self._deaths.append(now)
        self._failed_starts = 0 if self._served else self._failed_starts + 1
        often = len(self._deaths) == DEATHS and now - self._deaths[0] < DEATHS
        if often or not self._ever_served or self._failed_starts >= FAILED_STARTS:
            with self._log.open("rb") as log:
                _ = log.seek(self._log_mark)
                end = b"\n".join(log.read().splitlines()[-10:]).decode(errors="replace")
            raise Refused(f"the server of {self._directory} does not run. {self._log} ends:\n{end}")
        pause = 0.1 * 2**self._failed_starts if self._failed_starts else 0.0
        note(f"the server died; it is started again in {pause:.1f} s")
        self._next_step = now + pause


def become_server(program: str, settings: int, lock: int, die_with_guard: Callable[[], Any], guard: int) -> NoReturn:
    """Replace this process, a new child of the guard, by the server."""
    try:
        _ = signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD):
            _ = signal.signal(number, signal.SIG_DFL)
        _ = os.dup2(settings, 0)
        os.set_inheritable(lock, True)
        die_with_guard()
        if os.getppid() == guard:  # else it died before it could take us with it
            # A locale that this machine lacks would keep the server from starting.
            os.execve(program, [program, "-"], {**os.environ, "LC_ALL": "C"})  # noqa: S606
    except OSError as error:
        note(f"{program} cannot be run: {error}")
    finally:
        os._exit(127)


def death_signal() -> Callable[[], Any]:
    """Return what makes the kernel send SIGTERM to this process when its parent dies; Linux only."""
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        prctl = ctypes.CDLL(None).prctl
        return lambda: prctl(1, int(signal.SIGTERM), 0, 0, 0)
    return lambda: None


def accepts(path: Path) -> bool:
    """Whether somebody listens at a socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.setblocking(False)
        return connection.connect_ex(str(path)) in (0, errno.EAGAIN)  # EAGAIN: others are queueing


def answer(path: Path) -> bytes:
    """Ask a server whether it is ready: ``+PONG``, ``-LOADING``, nothing."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(0.5)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(64)
        except OSError:
            return b""


def note(text: str) -> None:
    """Write to the log of the server."""
    print(f"{os.getpid()}:guard {time.strftime('%d %b %Y %H:%M:%S')} {text}", file=sys.stderr, flush=True)  # noqa: T201
