"""Joins this process to the guard of a directory's server, and starts the guard where there is none.

May import guard, directory and errors. Invariant: whoever has a link keeps the server running. A guard that is just
ending gives no link: then it is tried again, until there is one or a reason why not.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Final, NamedTuple

from redicts.errors import ConfigError
from redicts.pool import directory as place
from redicts.pool import guard
from redicts.pool.guard.lock import try_lock

__all__ = ["Link", "join"]

HELLO_SECONDS: Final = 10.0
"""A running guard that does not say even "listening" for so long is stopped, or lost."""

START_SECONDS: Final = 30.0
"""A new guard may have to wait for the one before it."""


_GUARD: Final = str(Path(guard.__file__).parent)


class Link(NamedTuple):
    """What makes this process a user of a server.

    Attributes:
        fd: The connection to the guard. The server runs while it, or a copy of it in a forked process, is open.
        server: The server's socket.
    """

    fd: int
    server: Path


def join(directory: Path, find_program: Callable[[], str], seconds: float | None = None) -> Link:
    """Become a user of the server of a directory; it answers when this returns.

    Args:
        directory: Absolute path; made if it is not there.
        find_program: Says what program to start; asked only when there is no guard yet.
        seconds: Wait so long for the server to answer; ``None``: as long as it is busy loading its data.

    Raises:
        ConfigError: The directory or the program cannot be used.
        TimeoutError: The server did not answer in time.
    """
    place.prepare(directory)
    deadline = None if seconds is None else time.monotonic() + seconds
    while True:
        link = _knock(directory)
        if link is None:
            with _one_at_a_time(directory):
                link = _knock(directory) or _start_guard(directory, find_program())
        with link:
            if _is_ready(link, directory, deadline):
                return Link(link.detach(), place.sockets_in_use(directory) / guard.SERVER_SOCKET)


def _knock(directory: Path) -> socket.socket | None:
    """Connect to the guard, if there is one."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        link.settimeout(HELLO_SECONDS)
        link.connect(str(place.sockets_in_use(directory) / guard.GUARD_SOCKET))
        if _hear(link) == "listening":
            return link
    except TimeoutError:
        link.close()
        raise place.refuse(
            directory,
            f"the process that guards its server (see {directory / guard.LOCK_FILE}) does not answer: it may be "
            "stopped; continue or end it",
        ) from None
    except PermissionError:
        link.close()
        raise place.refuse(directory, "its server belongs to another user: choose another directory") from None
    except OSError:
        pass  # nobody there, or just ending
    except BaseException:
        link.close()
        raise
    link.close()
    return None


def _start_guard(directory: Path, program: str) -> socket.socket:
    """Start a guard. It has said that it is listening when this returns."""
    place.check_unused(directory)
    sockets = place.sockets_directory(directory)
    log = place.open_log(directory)
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            words = [str(directory), str(sockets), str(theirs.fileno()), program, place.settings(directory, sockets)]
            # A session of its own: Ctrl-C in a terminal is for the user's process, which may want to write some more.
            # The log for its output: a pipe of the user's would stay open for as long as the server runs.
            starter = subprocess.Popen(
                [_python(), "-I", "-S", _GUARD, *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
            _ = starter.wait()  # it forks the guard and ends
        ours.settimeout(START_SECONDS)
        said = _hear(ours)
    except OSError as error:
        ours.close()
        raise place.refuse(directory, f"no process can be started to guard its server ({error})") from error
    except BaseException:
        ours.close()
        raise
    finally:
        os.close(log)
    if said == "listening":
        return ours
    ours.close()
    raise _failure(directory, said)


def _is_ready(link: socket.socket, directory: Path, deadline: float | None) -> bool:
    """Wait for the server; ``False``: the guard ended instead."""
    try:
        link.settimeout(None if deadline is None else max(0.001, deadline - time.monotonic()))
        said = _hear(link)
    except TimeoutError:
        raise TimeoutError(f"the embedded server of {directory} did not answer in time") from None
    except OSError:
        return False
    if said and said != "ready":
        raise _failure(directory, said)
    return said == "ready"


def _failure(directory: Path, said: str) -> ConfigError:
    what, _, reason = said.partition(" ")
    if what == "failed":
        return place.refuse(directory, reason.encode("ascii").decode("unicode_escape"))
    return place.refuse(directory, f"its guard did not start; see {directory / guard.LOG_FILE}")


def _hear(link: socket.socket) -> str:
    """Read one line, and nothing beyond it; ``""``: the guard has gone."""
    line = b""
    while not line.endswith(b"\n"):
        byte = link.recv(1)
        if not byte:
            return ""
        line += byte
    return line[:-1].decode("ascii")


@contextlib.contextmanager
def _one_at_a_time(directory: Path) -> Generator[None]:
    """Let one process start a guard while the others wait, for then they join it."""
    file = place.open_file(directory, guard.START_FILE)
    try:
        deadline = time.monotonic() + 2 * START_SECONDS
        while not try_lock(file):
            if time.monotonic() > deadline:
                raise place.refuse(directory, "another process has been starting its server for too long: end it")
            time.sleep(0.005)  # rejected: waiting in flock(), which knows no timeout
        yield
    finally:
        # Closing would not do: a process forked just now by another thread has a copy.
        fcntl.flock(file, fcntl.LOCK_UN)
        os.close(file)


def _python() -> str:
    """Find an interpreter for the guard; any will do. In an application server ``sys.executable`` may be that."""
    if "py" in Path(sys.executable or "").name.lower():
        return sys.executable
    beside = Path(sys.exec_prefix, "bin", "python3")
    return str(beside) if beside.exists() else shutil.which("python3") or "python3"
