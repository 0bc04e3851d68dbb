"""What is paid once: memory for each leaf, and the import."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import redis

from benchmarks.measure import Figures, Pair
from benchmarks.registry import row
from benchmarks.stage import Stage
from redicts import Proxy
from tests.support.servers import start_server

NODES = 10_000
LEAVES = 5


@row("memory for a leaf, 5 leaves a node", "a string key for each leaf", 60, held="ours", unit="B")
def memory(stage: Stage) -> Figures:
    """Bytes that the server's used_memory grows by, divided by the leaves.

    That counts everything: hashes, keys, names, values, the marker of each node in its parent, and the server's own
    dictionaries. The leaves are integers under names of six letters, so it is the cost of the layout that shows.
    """
    names = [f"field{i}" for i in range(LEAVES)]
    document = {f"user{i:05}": dict.fromkeys(names, i) for i in range(NODES)}
    pairs = {f"user{i:05}.{name}": i for i in range(NODES) for name in names}
    raw = _growth(stage, lambda client: client.mset(pairs))
    ours = _growth(stage, lambda client: Proxy("app", rconn=client).set("users", document))
    return Figures(raw / len(pairs), ours / len(pairs))


def _growth(stage: Stage, fill: Callable[[redis.Redis], object]) -> float:
    """Fill a fresh server and give the bytes that it grew by, connections and scripts apart."""
    with start_server(stage.server.kind) as server, server.client(unix=True) as watcher:
        for _ in range(2):  # the first time brings what stays: scripts, and the server's own tables
            watcher.flushdb()
            before = _used(watcher)
            with server.client(unix=True) as client:
                fill(client)
        return _used(watcher) - before


def _used(watcher: redis.Redis) -> int:
    """Bytes in use once the buffers of closed connections are given back."""
    seen, now = -1, int(watcher.info("memory")["used_memory"])
    while now != seen:
        time.sleep(0.15)
        seen, now = now, int(watcher.info("memory")["used_memory"])
    return now


@row("import redicts", "import redis", 1.25)
def importing(stage: Stage) -> Pair:
    compiled = str(stage.server.folder / "pyc")  # of its own, since the environment may forbid to write any
    return Pair(
        raw=lambda: _import_seconds("redis", compiled),
        ours=lambda: _import_seconds("redicts", compiled),
        own_clock=True,
    )


def _import_seconds(module: str, compiled: str) -> float:
    """Import a module in a fresh interpreter, whose own start does not count."""
    program = f"import time; begun = time.perf_counter(); import {module}; print(time.perf_counter() - begun)"
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60, env=environment
    )
    return float(done.stdout)
