"""Leaves nothing behind: one small process that ends our servers and removes their folders when we are gone.

The reaper reads a pipe that only this process holds open. However this process ends, SIGKILL included, the pipe closes,
and the reaper kills what is still registered. Rejected: PR_SET_PDEATHSIG needs ``preexec_fn`` (a warning in a process
with threads since Python 3.12), goes by the thread that started the child, and removes no folder.

This file is also the reaper's own program, so it imports the standard library only.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading

__all__ = ["forget", "forget_folder", "watch", "watch_folder"]

_lock = threading.Lock()
_pipe: int | None = None


def watch(pid: int) -> None:
    """Have the process killed when this process ends."""
    _tell(f"+p {pid}")


def forget(pid: int) -> None:
    """Undo ``watch``: the process has ended and its number may be another's soon."""
    _tell(f"-p {pid}")


def watch_folder(folder: str) -> None:
    """Have the folder removed when this process ends."""
    _tell(f"+d {folder}")


def forget_folder(folder: str) -> None:
    """Undo ``watch_folder``."""
    _tell(f"-d {folder}")


def _tell(line: str) -> None:
    global _pipe  # noqa: PLW0603  # one reaper for each process
    with _lock:
        if _pipe is None:
            _pipe = _start()
        with contextlib.suppress(BrokenPipeError):
            os.write(_pipe, f"{line}\n".encode())


def _start() -> int:
    theirs, ours = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__],
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl-C, or a kill of our process group, is not for the reaper
    )
    os.close(theirs)
    owner = os.getpid()

    def end() -> None:
        if os.getpid() == owner:
            os.close(ours)
            process.wait(10)

    atexit.register(end)
    os.register_at_fork(after_in_child=_leave_parents_pipe)
    return ours


def _leave_parents_pipe() -> None:
    # A forked child that held the pipe open would keep the reaper waiting. A child that needs one starts its own.
    global _pipe, _lock  # noqa: PLW0603
    _lock = threading.Lock()
    if _pipe is not None:
        os.close(_pipe)
        _pipe = None


def main() -> None:
    """Keep the register until the pipe closes, then kill and remove what is left in it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    register: dict[str, set[str]] = {"p": set(), "d": set()}
    for line in sys.stdin:
        order, _, subject = line.rstrip("\n").partition(" ")
        if order[0] == "+":
            register[order[1]].add(subject)
        else:
            register[order[1]].discard(subject)
    for pid in register["p"]:
        with contextlib.suppress(OSError):
            os.kill(int(pid), signal.SIGKILL)
    for folder in register["d"]:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
