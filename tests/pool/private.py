"""Looking at, and using, embedded servers from the outside: what tests run in processes of their own."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from redicts.pool import Pool
from tests.support.waiting import wait_until

__all__ = ["add_one", "guards_of", "hold", "is_gone", "processes_using", "servers_of", "wait_until_gone"]


def processes_using(directory: Path) -> dict[int, str]:
    """Find the guard and the server of a directory: the numbers of their processes, and what they were called with."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            here = (process / "cwd").readlink() == directory
        except OSError:
            continue
        is_guard = len(words) > 4 and words[3].endswith(b"/guard") and words[4] == os.fsencode(directory)
        if is_guard or here:
            found[int(process.name)] = "guard" if is_guard else "server"
    return found


def guards_of(directory: Path) -> list[int]:
    """Find the guards of a directory."""
    return [pid for pid, kind in processes_using(directory).items() if kind == "guard"]


def servers_of(directory: Path) -> list[int]:
    """Find the servers of a directory."""
    return [pid for pid, kind in processes_using(directory).items() if kind == "server"]


def is_gone(directory: Path) -> bool:
    """Whether no process and no socket of the directory is left."""
    return not processes_using(directory) and not list(directory.glob("*.sock"))


def wait_until_gone(directory: Path, seconds: float = 5) -> None:
    """Wait for the server of a directory to have ended."""
    _ = wait_until(lambda: is_gone(directory), seconds, f"the end of {processes_using(directory)}")


def add_one(directory: str, key: str = "n", times: int = 1) -> tuple[int, int]:
    """Count, and return the count and the server's process."""
    client = Pool({"embedded": directory}).get_connection()
    for _ in range(times):
        count = client.incr(key)
    return int(count), int(client.info("server")["process_id"])


def hold(directory: str) -> None:
    """Use the server, say so, and go on until killed."""
    print(*add_one(directory), flush=True)
    print("held", flush=True)
    sys.stdout.flush()
    _ = threading.Event().wait()
