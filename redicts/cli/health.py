"""``ping`` and ``check``: is the server there, and is the tree whole.

May import connection, output, the pool and core.
"""

from __future__ import annotations

import statistics
import time
from typing import Final

import click

from redicts.cli.connection import Target, connected, pass_target, to_path
from redicts.cli.exits import Code
from redicts.cli.output import emit, say
from redicts.core.effects import Call, Op
from redicts.core.paths import Path
from redicts.pool import Pool

__all__ = ["check_command", "ping_command"]

PINGS: Final = 5
"""How many round trips the latency is the median of."""


@click.command("ping")
@connected
@pass_target
def ping_command(target: Target) -> None:
    """Print where the tree is, and how fast.

    A JSON object: address, backend, namespace, server and its version, latency (the median of 5 round trips).
    """
    _ = target.open()
    database = Pool().database(None)
    server, version = database.runner.run(_server(), True)
    times: list[float] = []
    for _ in range(PINGS):
        started = time.perf_counter()
        database.runner.run(_ping(), True)
        times.append(time.perf_counter() - started)
    emit(
        {
            "address": database.address,
            "backend": "server" if target.embedded is None else "embedded",
            "latency_ms": round(statistics.median(times) * 1000, 3),
            "namespace": database.space.namespace,
            "server": server,
            "version": version,
        }
    )


def _ping() -> Op[None]:
    _ = yield (Call(("PING",)),)


def _server() -> Op[tuple[str, str | None]]:
    """Ask what serves the tree: its name, and its version."""
    (text,) = yield (Call(("INFO", "server")),)
    facts = dict(line.split(":", 1) for line in str(text).splitlines() if ":" in line)
    name = facts.get("server_name", "valkey" if "valkey_version" in facts else "redis")
    return name, facts.get(f"{name}_version", facts.get("redis_version"))


@click.command("check")
@click.argument("path", callback=to_path, default="")
@click.option("--repair", is_flag=True, help="Mend what is found.")
@connected
@pass_target
def check_command(target: Target, path: Path, repair: bool) -> None:
    """Look for faults in what is kept; mend them.

    Prints a JSON list of the faults found in everything that redicts keeps at PATH: [] is the good answer.
    There are none unless something else wrote to the keys of redicts. The exit code is 1 where faults are left.
    """
    faults = target.place(path).check(repair)
    emit([fault._asdict() for fault in faults])
    left = sum(not fault.repaired for fault in faults)
    if faults:
        say(f"redicts: faults: {len(faults)} found, {len(faults) - left} mended")
    if left:
        click.get_current_context().exit(Code.NOT_THERE)
