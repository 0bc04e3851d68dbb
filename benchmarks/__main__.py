"""``python -m benchmarks``: measure the rows and print the table.

The exit code is 0 also where a row misses its budget: a machine that is busy is no failure. ``--strict`` makes it 1
where a row is beyond its budget times a tolerance.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import benchmarks.rows  # noqa: F401  # registers them
from benchmarks.measure import Effort, measure
from benchmarks.registry import ROWS, Row, select
from benchmarks.report import Result, print_table, write_json
from benchmarks.stage import Stage, open_stage
from tests.support.servers import KINDS

__all__ = ["main"]

FULL: Final = Effort(seconds=2.0, rounds=21)
SHORT: Final = Effort(seconds=0.15, rounds=5)
TOLERANCE: Final = 1.25
"""What --strict lets pass: the budget so many times."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    if options.list:
        print("\n".join(row.name for row in ROWS))
        return 0
    try:
        rows = select(options.rows)
        with open_stage(options.server, one_core=options.one_core) as stage:
            results = [_measured(row, stage, SHORT if options.short else FULL) for row in rows]
            about = stage.about()
    except (ValueError, FileNotFoundError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    print_table(results, about, sys.stdout)
    if options.json is not None:
        write_json(results, about, options.json)
    beyond = [row.name for row, spent in results if row.verdict(spent, TOLERANCE) == "miss"]
    if options.strict and beyond:
        print(f"beyond {TOLERANCE} times the budget: {', '.join(beyond)}", file=sys.stderr)
        return 1
    return 0


def _measured(row: Row, stage: Stage, effort: Effort) -> Result:
    if sys.stderr.isatty():
        print(f"\r\033[K{row.name} ...", end="", file=sys.stderr, flush=True)
    try:
        return row, measure(row.setting(stage), effort)
    finally:
        stage.clear()
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="redicts against raw redis-py.")
    parser.add_argument("--short", action="store_true", help="fewer rounds: under 30 seconds, less exact")
    parser.add_argument("--rows", metavar="PATTERN", help="only rows with this in their name (or a pattern with *)")
    parser.add_argument("--list", action="store_true", help="print the names of the rows and end")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there too")
    parser.add_argument("--server", choices=KINDS, help="the kind of server (default: the first that is there)")
    parser.add_argument("--one-core", action="store_true", help="client and server on one core (see stage.py)")
    parser.add_argument("--strict", action="store_true", help=f"exit 1 beyond {TOLERANCE} times a budget")
    return parser


if __name__ == "__main__":
    sys.exit(main())
