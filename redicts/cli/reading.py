"""``get`` and ``ttl``: what is at a place, and for how long.

May import connection, exits and output. Invariant: stdout has one JSON value, or nothing where nothing is there.
"""

from __future__ import annotations

import json
import sys

import click

from redicts.cli.connection import Target, connected, pass_target, to_path
from redicts.cli.exits import Code, Failure
from redicts.cli.output import emit, put
from redicts.core.codec import Json
from redicts.core.missing import MISSING
from redicts.core.paths import Path, dotted

__all__ = ["get_command", "nothing_at", "parse_json", "ttl_command"]


def nothing_at(path: Path) -> Failure:
    """Make the failure of a command whose place is not there."""
    return Failure(Code.NOT_THERE, f"nothing is at {dotted(path)!r}")


def parse_json(text: str | bytes, what: str, hint: str = "") -> Json:
    """Parse JSON that a user gave.

    Args:
        text: The JSON.
        what: What it is called in the error.
        hint: What to do instead, as a sentence.

    Returns:
        The value. A ``Failure`` where it is not JSON, or nested deeper than Python reads.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise Failure(Code.USAGE, f"{what} is not JSON ({error}).{hint and ' ' + hint}") from error
    except RecursionError as error:
        raise Failure(Code.USAGE, f"{what} is nested too deeply") from error


@click.command("get")
@click.argument("path", callback=to_path, default="")
@click.option("--default", metavar="JSON", help="What to print, with exit code 0, where nothing is.")
@click.option("--pretty/--compact", default=None, help="Spread over lines or not. Default: spread on a terminal.")
@click.option("--text", is_flag=True, help="Print a text as it is, without quotes; other values as JSON.")
@connected
@pass_target
def get_command(target: Target, path: Path, default: str | None, pretty: bool | None, text: bool) -> None:
    """Print the value at PATH as JSON.

    With everything below it, read in one atomic step. For a tree that is too large for that: redicts export.
    """
    instead = MISSING if default is None else parse_json(default, "the --default")
    value = target.place(path).val(instead)
    if value is MISSING:
        raise nothing_at(path)
    if text and isinstance(value, str):
        _print_text(value)
    else:
        emit(value, pretty)


def _print_text(value: str) -> None:
    try:
        put(sys.stdout, value + "\n")
    except UnicodeEncodeError as error:
        raise Failure(Code.USAGE, f"stdout cannot carry this text ({error.reason}); leave out --text") from error


@click.command("ttl")
@click.argument("path", callback=to_path)
@connected
@pass_target
def ttl_command(target: Target, path: Path) -> None:
    """Print how many seconds PATH has to live.

    -1 where it does not expire; and the exit code is 1 where nothing is.
    """
    seconds = target.place(path).time_to_live()
    if seconds == -2:
        raise nothing_at(path)
    emit(seconds)
