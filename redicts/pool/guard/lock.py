"""The lock of a directory: who holds it may start its server.

Imports the standard library and this folder only. Invariant: the lock is free when every process that has it, the guard
and its server, has ended, and no sooner.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from . import LOCK_FILE

__all__ = ["Refused", "claim", "leave_word", "try_lock"]

LOCK_SECONDS: Final = 5.0
"""Wait so long for the lock of a directory that somebody seems to be using ..."""

HANDOVER_SECONDS: Final = 20.0
"""... and so long when its holder is known to be ending."""

_ENDING: Final = "ending"


class Refused(Exception):
    """The directory or the program cannot be used; the text is for the user."""


def try_lock(file: int) -> bool:
    """Take the exclusive lock of an open file, if it is free now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def claim(directory: Path) -> int:
    """Take the lock of a directory; ``Refused`` if somebody else has it and does not let go.

    Returns:
        The open file that holds it.
    """
    file = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    begin = time.monotonic()
    while not try_lock(file):
        holder = os.pread(file, 4096, 0).decode(errors="replace").split("\n")
        if time.monotonic() - begin > (HANDOVER_SECONDS if _ENDING in holder else LOCK_SECONDS):
            raise Refused(
                f"{directory} is in use by process {holder[0] or 'unknown'}, which cannot be joined (another machine, "
                "container or program?): end that process, or choose another directory"
            )
        time.sleep(0.02)  # only while one guard follows another
    return file


def leave_word(file: int, sockets: Path, *, ending: bool = False) -> None:
    """Write down in the lock's file who holds it and where the sockets are."""
    os.ftruncate(file, 0)
    _ = os.pwrite(file, os.fsencode(f"{os.getpid()}\n{sockets}\n{_ENDING if ending else ''}"), 0)
