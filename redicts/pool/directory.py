"""The directory of an embedded server: made, checked, and short enough a path found for its sockets.

May import guard (the names of its files, its lock) and errors. Invariant: no process is started, ended or waited for.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import signal
import stat
import tempfile
from pathlib import Path
from typing import Final

from redicts.errors import ConfigError
from redicts.pool.guard import LOCK_FILE, LOG_FILE, NEW_SOCKET
from redicts.pool.guard.lock import try_lock

__all__ = [
    "check_unused",
    "open_file",
    "open_log",
    "prepare",
    "refuse",
    "settings",
    "sockets_directory",
    "sockets_in_use",
]

SOCKET_PATH_BYTES: Final = 100
"""The kernel takes 103 bytes (macOS) or 107 (Linux)."""

_SERVERS: Final = ("redis-server", "valkey-server", "keydb-server")
_LOG_BYTES: Final = 4 * 1024 * 1024

_SETTINGS: Final = """\
port 0
unixsocket {socket}
unixsocketperm 700
dir {directory}
logfile {log}
databases 256
appendonly yes
appendfsync everysec
save ""
daemonize no
"""


def refuse(directory: Path, problem: str) -> ConfigError:
    """Make the error for a directory that cannot be used."""
    return ConfigError(f"embedded {directory}: {problem}", key="embedded")


def prepare(directory: Path) -> None:
    """Make the directory, private to this user, if it is not there.

    Raises:
        ConfigError: It cannot be made.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(directory, error) from error


def open_file(directory: Path, name: str) -> int:
    """Open a file of the directory for writing; the caller closes it.

    Raises:
        ConfigError: The directory cannot be written.
    """
    try:
        return os.open(directory / name, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise _unusable(directory, error) from error


def open_log(directory: Path) -> int:
    """Open the log of the server and its guard; a long one is put aside first."""
    log = directory / LOG_FILE
    with contextlib.suppress(OSError):
        if log.stat().st_size > _LOG_BYTES:
            _ = log.replace(log.with_suffix(".old.log"))
    return open_file(directory, LOG_FILE)


def _unusable(directory: Path, error: OSError) -> ConfigError:
    reason = os.strerror(error.errno) if error.errno else str(error)
    return refuse(directory, f"it cannot be created or written ({reason}): choose a directory of this user's")


def sockets_directory(directory: Path) -> Path:
    """Find where a new guard makes the sockets: in the directory, or in a private one if the path is too long.

    Raises:
        ConfigError: There is no place whose path is short enough, or somebody else has made that place.
    """
    if _fits(directory):
        return directory
    name = f"redicts-{os.geteuid()}-{hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]}"
    for parent in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108  # its owner and mode are checked
        place = parent / name
        if _fits(place):
            try:
                place.mkdir(mode=0o700, exist_ok=True)
            except OSError as error:
                raise _unusable(place, error) from error
            if _is_private(place):
                return place
            raise refuse(directory, f"{place}, where its sockets would be, is not private to this user: remove it")
    raise refuse(directory, "its path, and that of the temporary directory, are too long for a socket")


def sockets_in_use(directory: Path) -> Path:
    """Find where the present guard, if there is one, has its sockets: it leaves word in its lock file.

    Another process may know another temporary directory than this one.
    """
    try:
        _, place, *_ = (directory / LOCK_FILE).read_bytes().split(b"\n")
    except (OSError, ValueError):
        return directory
    found = Path(os.fsdecode(place))
    return found if found == directory or _is_private(found) else directory


def _fits(directory: Path) -> bool:
    return len(os.fsencode(directory / NEW_SOCKET)) <= SOCKET_PATH_BYTES


def _is_private(place: Path) -> bool:
    try:
        status = place.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077


def settings(directory: Path, sockets: Path) -> str:
    """Write the settings of the server, as in its configuration file.

    Any path is spelled so that every version of the server reads it alike, blanks, quotes and all.
    """

    def quoted(path: Path) -> str:
        return '"' + "".join(f"\\x{byte:02x}" for byte in os.fsencode(path)) + '"'

    return _SETTINGS.format(
        socket=quoted(sockets / NEW_SOCKET), directory=quoted(directory), log=quoted(directory / LOG_FILE)
    )


def check_unused(directory: Path) -> None:
    """Refuse a directory in which a server runs that redicts did not start. Linux only; elsewhere nothing is found.

    Raises:
        ConfigError: There is one.
    """
    lock = open_file(directory, LOCK_FILE)
    try:
        # Taken: by a guard that is ending, or its server. That the directory is redicts' own is all there is to know.
        foreign = _foreign_server(directory) if try_lock(lock) else ""
    finally:
        # Closing would not do: a process forked just now by another thread has a copy.
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)
    if foreign:
        raise refuse(
            directory,
            f"it is in use by {foreign}, which redicts did not start: end it, or use it by its url or "
            "unix_socket_path instead of embedded, or choose another directory",
        )


def _foreign_server(directory: Path) -> str:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            name = (process / "comm").read_text().strip()
            if name.startswith(_SERVERS) and (process / "cwd").samefile(directory):
                return f"{name} (process {process.name})"
        except OSError:  # another user's, or gone: many are
            continue
    logs = [*directory.glob("appendonly.aof"), *directory.glob("appendonlydir/*.aof")]
    return next((f"a process that has {log} open" for log in logs if _is_written(log)), "")


def _is_written(path: Path) -> bool:
    """Whether a process has the file open for writing, also one in another container.

    Source: fcntl(2), "Leases": the kernel grants a read lease only on a file that nobody has open for writing.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        # Who opens it while we have the lease makes the kernel signal us. By default that would be SIGIO: deadly.
        _ = fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
        _ = fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        _ = fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False  # a file system without leases, or not our file
    finally:
        os.close(file)
    return False
