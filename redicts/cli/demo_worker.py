"""One of the processes of the demo: counts and appends at places that the others change at the same time.

It is told what to do on stdin, in JSON; says ``ready``; begins when a second line comes; says how it went on stdout.
May import the pool and the faces.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from redicts.pool import Pool
from redicts.proxy import root

__all__ = ["main", "work"]


def main() -> None:
    """Do what stdin says."""
    job = json.loads(sys.stdin.readline())
    Pool().reload(cfg=job["cfg"])
    _ = root().get("workers").kind()  # connects, so that all begin together
    print("ready", flush=True)
    _ = sys.stdin.readline()
    print(json.dumps(work(job)), flush=True)
    Pool().close()


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Count, and append to a list, as often as the job says.

    Args:
        job: ``worker`` (its number), ``adds``, ``appends``.

    Returns:
        ``calls`` of ``transform``'s function, more than ``appends`` where others came between; and ``seconds``.
    """
    name = f"worker {job['worker']}"
    shared, own, events = root()["workers.shared"], root().get(["workers", name]), root()["workers.events"]
    calls = 0

    def append(old: Any) -> Any:
        nonlocal calls
        calls += 1
        return [*(old or []), f"{name}, event {event}"]

    started = time.monotonic()
    for event in range(max(job["adds"], job["appends"])):
        if event < job["adds"]:
            _ = shared.add()
            _ = own.add()
        if event < job["appends"]:
            _ = events.transform(append)
    return {"calls": calls, "seconds": time.monotonic() - started}
