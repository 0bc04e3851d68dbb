"""``locks`` and ``unlock``: what is locked, by whom, and how a lock that is stuck is removed.

May import connection, exits, output, locks/listing, the pool and rich. Invariant: nothing is removed without
``--force``, and never a lock at another path than the one that was named.
"""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import click

from redicts.cli.connection import Target, connected, pass_target, to_path
from redicts.cli.exits import Code, Failure
from redicts.cli.output import console, emit, is_terminal, say, visible
from redicts.core.paths import Path, dotted
from redicts.locks.holders import Holder
from redicts.locks.listing import Listing, list_locks
from redicts.pool import Pool

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["locks_command", "unlock_command"]

SECONDS: Final = 1.0
"""After how long ``--watch`` looks again."""

SHORTEST, LONGEST = 0.1, 86400.0
"""After how long it may be asked to."""


def to_pause(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Check the time of ``--watch``: the callback of that option."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no number of seconds; a PATH goes before --watch", ctx, param) from None
    if not SHORTEST <= seconds <= LONGEST:
        raise click.BadParameter(f"{SHORTEST} to {LONGEST:.0f} seconds, not {value}", ctx, param)
    return seconds


@click.command("locks")
@click.argument("path", callback=to_path, default="")
@click.option(
    "--watch",
    is_flag=False,
    flag_value=str(SECONDS),
    callback=to_pause,
    metavar="[SECONDS]",
    help=f"Show them again every SECONDS ({SECONDS:.0f}), until Ctrl-C.",
)
@click.option("--json", "as_json", is_flag=True, help="Print each as a JSON object on a line of its own.")
@click.option(
    "--max", "most", type=click.IntRange(min=1), default=200, show_default=True, help="Locks shown in the table."
)
@connected
@pass_target
def locks_command(target: Target, path: Path, watch: float | None, as_json: bool, most: int) -> None:
    """Show the locks at PATH, above and below it.

    Path, mode, owner, host and process, how long ago it was taken, how long it lasts, and how many wait for the locks
    at that path (? where the server does not tell). Only locks are read: it is quick on a tree of any size.
    """
    _ = target.open()
    database = Pool().database(None)
    fake = database.identity[0] == "fake"

    def read() -> Listing:
        return database.runner.run(list_locks(database.space, path, count_waiters=not fake), True)

    if watch is not None:
        with suppress(KeyboardInterrupt):
            _watch(read, path, watch, as_json, most)
        return
    found = read()
    if as_json:
        _print_json(found)
    elif found.holders:
        console().print(_table(found, most))
    else:
        say(f"redicts: {_nothing(path)}")


def _watch(read: Callable[[], Listing], path: Path, seconds: float, as_json: bool, most: int) -> None:
    """Show what ``read`` gives, again and again, until interrupted."""
    if as_json or not is_terminal(sys.stdout):
        while True:
            found = read()
            if as_json:
                _print_json(found)
            else:
                console().print(_table(found, most) if found.holders else _nothing(path), end="\n\n")
            _ = sys.stdout.flush()
            time.sleep(seconds)
    from rich.live import Live

    with Live(console=console(), auto_refresh=False) as live:
        while True:
            found = read()
            live.update(_table(found, most) if found.holders else _nothing(path), refresh=True)
            time.sleep(seconds)


def _print_json(found: Listing) -> None:
    for holder in found.holders:
        emit({**holder._asdict(), "time": found.time, "waiters": found.waiters(holder)}, pretty=False)


def _nothing(path: Path) -> str:
    return f"nothing is locked at {dotted(path)!r}, above or below it" if path else "nothing is locked"


def _table(found: Listing, most: int) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, style in (("path", "bold"), ("mode", ""), ("owner", "dim"), ("host", "")):
        table.add_column(name, style=style, overflow="fold")
    for name, style in (("pid", ""), ("age", ""), ("left", "yellow"), ("waiters", "cyan")):
        table.add_column(name, style=style, justify="right", no_wrap=True)
    for holder in found.holders[:most]:
        waiters = found.waiters(holder)
        cells = [visible(holder.path) or "(root)", holder.mode, visible(holder.owner), visible(holder.host)]
        cells += [str(holder.pid), f"{holder.age:.1f} s", f"{holder.remaining:.1f} s"]
        table.add_row(*map(Text, cells), Text("?" if waiters is None else str(waiters)))
    if len(found.holders) > most:
        table.add_row(Text(f"... {len(found.holders) - most:,} more", style="dim"))
    return table


@click.command("unlock")
@click.argument("path", callback=to_path)
@click.option("--force", is_flag=True, help="Needed to remove them; without it they are only told.")
@connected
@pass_target
def unlock_command(target: Target, path: Path, force: bool) -> None:
    """Remove all locks at PATH, whoever holds them.

    For one that is stuck: its holder hangs, and its lease is long. Locks above and below PATH stay.

    The holders are not asked. Each learns of it when it next writes under the lock, or releases it: that fails with
    LockLost. What it does outside of redicts until then is not stopped.
    """
    place = target.place(path)
    name = dotted(path)
    held = place.break_locks() if force else [holder for holder in place.holders() if holder.path == name]
    if not held:
        raise Failure(Code.NOT_THERE, f"no lock is held at {name!r}{_elsewhere(place.holders())}")
    for holder in held:
        say(f"redicts: {'removed: ' if force else ''}{_told(holder)}")
    if not force:
        raise Failure(
            Code.USAGE,
            f"nothing was removed. A holder that is alive would learn of it by LockLost, with its next write under the "
            f"lock. If that is meant: {_command(name)}",
        )


def _told(holder: Holder) -> str:
    return (
        f"{holder.mode} lock at {holder.path!r} of process {holder.pid} on {visible(holder.host)} "
        f"(owner {visible(holder.owner)}), for {holder.age:.1f} s, {holder.remaining:.1f} s left"
    )


def _elsewhere(others: list[Holder]) -> str:
    """Hint at the locks above and below a path, which keep others from locking it too."""
    if not others:
        return ""
    first, more = others[0], len(others) - 1
    return (
        f", but one above or below it is in the way: {_told(first)}{f' (and {more} more)' if more else ''}. "
        f"To remove that one: {_command(first.path)}"
    )


def _command(path: str) -> str:
    # What a terminal would take for a command of its own is not written to one, and nobody could type it.
    return f"redicts unlock {shlex.quote(path) if path.isprintable() else 'PATH'} --force"
