"""``set``, ``delete``, ``expire`` and ``persist``: each one atomic step.

May import connection, exits and reading. Invariant: what is refused is refused before anything is written.
"""

from __future__ import annotations

import sys
from typing import Final

import click

from redicts.cli.connection import Target, connected, pass_target, to_path
from redicts.cli.exits import bad_input
from redicts.cli.reading import nothing_at, parse_json
from redicts.core.codec import Json
from redicts.core.paths import Path
from redicts.core.units import life_ms

__all__ = ["delete_command", "expire_command", "persist_command", "set_command"]


def to_seconds(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    """Check a time to live of the command line: the callback of its parameter. What is none is a usage error."""
    try:
        _ = None if value is None else life_ms(value, param.human_readable_name)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error
    return value


EXAMPLES: Final = """\b
Examples:
  redicts set shop.open true
  redicts set shop '{"name": "Corner", "tags": []}'
  redicts set shop.name --text "Corner shop"
  redicts set session.token '"a1b2"' --expire 60"""


@click.command("set", epilog=EXAMPLES, context_settings={"ignore_unknown_options": True})  # a VALUE may be -5
@click.argument("path", callback=to_path)
@click.argument("value")
@click.option("--text", is_flag=True, help="VALUE is plain text, not JSON.")
@click.option(
    "--expire",
    type=float,
    callback=to_seconds,
    metavar="SECONDS",
    help="How long it lives; without it, as long as its parent.",
)
@connected
@pass_target
def set_command(target: Target, path: Path, value: str, text: bool, expire: float | None) -> None:
    """Set PATH to a JSON value.

    A VALUE of - is read from stdin. What stood there is replaced, with everything below it and its time to live.
    """
    document = _read_value(value, text)
    with bad_input():
        target.open(make=True).store(path, document, expire)


def _read_value(value: str, text: bool) -> Json:
    if value == "-":
        # Bytes: JSON says its own encoding. One last newline is the shell's, as in $(...).
        data = sys.stdin.buffer.read()
        if not text:
            return parse_json(data, "stdin", "For plain text: --text")
        with bad_input():
            return data.decode().removesuffix("\n")
    if text:
        return value
    return parse_json(value, f"VALUE {value!r:.60}", f"For text, quote it ('\"{value:.20}\"') or add --text")


@click.command("delete")
@click.argument("path", callback=to_path)
@click.option("--everything", is_flag=True, help='Needed to delete the root (""), which empties the whole tree.')
@connected
@pass_target
def delete_command(target: Target, path: Path, everything: bool) -> None:
    """Remove PATH with everything below it.

    The nodes that this empties go too.
    """
    if not path and not everything:
        raise click.UsageError("This would empty the whole tree; add --everything if that is meant.")
    if not target.open().delete(path):
        raise nothing_at(path)


@click.command("expire")
@click.argument("path", callback=to_path)
@click.argument("seconds", type=float, callback=to_seconds)
@connected
@pass_target
def expire_command(target: Target, path: Path, seconds: float) -> None:
    """Give PATH a time to live.

    SECONDS from now it goes, with everything below it, what is added later too.
    """
    if not target.place(path).expire(seconds):
        raise nothing_at(path)


@click.command("persist")
@click.argument("path", callback=to_path)
@connected
@pass_target
def persist_command(target: Target, path: Path) -> None:
    """Take the time to live of PATH away.

    Only what it lies in still limits it.
    """
    if not target.place(path).persist():
        raise nothing_at(path)
