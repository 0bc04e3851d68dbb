"""The group of all commands, and how each of them ends.

May import every module of the folder. Invariant: whatever a command raises passes through ``Commands.invoke``, and the
pool is closed before the process ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Generator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

from redicts.cli.connection import Target, connected
from redicts.cli.demo import demo_command
from redicts.cli.exits import TABLE, Code, explain
from redicts.cli.health import check_command, ping_command
from redicts.cli.locking import locks_command, unlock_command
from redicts.cli.output import say
from redicts.cli.reading import get_command, ttl_command
from redicts.cli.transfer import export_command, import_command
from redicts.cli.treeview import tree_command
from redicts.cli.writing import delete_command, expire_command, persist_command, set_command

__all__ = ["commands", "run"]

HELP = """A JSON tree that many processes share, kept in Redis or Valkey.

PATH is dotted text, as shop.cart.total; a literal dot in a name is written \\. and the root is "" or left out.
JSON comes on stdout, everything else on stderr. The options below may stand before or after the command's name.

First time? Try: redicts demo
"""


class Commands(click.Group):
    """The group. It turns what a command raises into a line on stderr and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for, close what it opened, and end as ``exits.py`` says."""
        try:
            result = self._run(ctx)
            _ = sys.stdout.flush()
            return result
        except (click.ClickException, click.exceptions.Exit):
            raise
        except KeyboardInterrupt:
            say("redicts: interrupted")
            ctx.exit(Code.INTERRUPTED)
        except BrokenPipeError:
            _drop_stdout()
            ctx.exit(Code.BROKEN_PIPE)
        except Exception as error:
            failure = explain(error)
            if failure is None:
                raise
            _finish_stdout()
            say(f"redicts: {failure}")
            ctx.exit(failure.code)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names in the order of use, not of the alphabet."""
        del ctx
        return list(self.commands)

    def _run(self, ctx: click.Context) -> Any:
        target = ctx.ensure_object(Target)
        try:
            return super().invoke(ctx)
        finally:
            target.close()


def _finish_stdout() -> None:
    try:
        _ = sys.stdout.flush()
    except OSError:
        _drop_stdout()


def _drop_stdout() -> None:
    # Nobody takes it. What is still in the buffer must not be tried again when the interpreter ends.
    with contextlib.suppress(OSError, ValueError):
        descriptor = os.open(os.devnull, os.O_WRONLY)
        _ = os.dup2(descriptor, sys.stdout.fileno())
        os.close(descriptor)


def _version() -> str:
    try:
        return version("redicts")
    except PackageNotFoundError:
        return "(not installed)"


@click.group(
    cls=Commands,
    help=HELP,
    epilog=TABLE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@connected
@click.version_option(_version(), prog_name="redicts")
def commands() -> None:
    """Hold the commands; its help is ``HELP``."""


for _command in (
    demo_command,
    get_command,
    set_command,
    delete_command,
    tree_command,
    import_command,
    export_command,
    expire_command,
    persist_command,
    ttl_command,
    locks_command,
    unlock_command,
    check_command,
    ping_command,
):
    commands.add_command(_command)


def run(arguments: Sequence[str] | None) -> int:
    """Run the command line.

    Args:
        arguments: Without the program's name; ``None`` for the process's own.

    Returns:
        The exit code, where it does not end by ``SystemExit``.
    """
    _open_closed_streams()
    with _ended_in_order():
        _ = commands.main(args=None if arguments is None else list(arguments), prog_name="redicts")
    return Code.OK


def _open_closed_streams() -> None:
    """Let what a shell has closed (``>&-``) be empty instead: Python has no stream at all for it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  # for the whole process


@contextlib.contextmanager
def _ended_in_order() -> Generator[None]:
    """Let SIGTERM unwind the process as SIGINT does: temporary files and embedded servers go."""
    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if not ours:
        yield
        return
    _ = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        _ = signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _terminate(number: int, frame: object) -> None:
    del number, frame
    sys.exit(Code.TERMINATED)
