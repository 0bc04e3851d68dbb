"""What a command says: JSON on stdout; words, hints and progress on stderr.

May import core and click; rich only inside functions. Invariant: stdout never holds anything but what was asked for,
and no control character of a stored text reaches a terminal.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any, Final, TextIO

import click

from redicts.core.codec import Json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

__all__ = ["Meter", "console", "emit", "is_terminal", "put", "say", "spell", "visible"]

PATIENCE: Final = 0.5
"""Seconds after which work is long enough for a progress bar."""

SLICE: Final = 16 * 1024
"""Characters written at a time."""

UNCUT_WIDTH: Final = 200
"""Columns to write to where stdout is no terminal, which has no width."""


def emit(value: Json, pretty: bool | None = None) -> None:
    """Write a JSON value and a newline to stdout.

    Args:
        value: Its keys are sorted, so that equal values look alike.
        pretty: Whether it is spread over lines; ``None``: on a terminal.
    """
    terminal = is_terminal(sys.stdout)
    text = spell(value, terminal if pretty is None else pretty)
    if terminal:
        readable = spell(value, terminal if pretty is None else pretty, ascii_only=False)
        text = readable if _printable(readable, sys.stdout) else text
    put(sys.stdout, text + "\n")


def spell(value: Json, pretty: bool, ascii_only: bool = True) -> str:
    """Spell a JSON value, its keys sorted."""
    if pretty:
        return json.dumps(value, ensure_ascii=ascii_only, indent=2, sort_keys=True)
    return json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":"), sort_keys=True)


def put(out: TextIO, text: str) -> None:
    """Write a long text.

    In slices: with PYTHONUNBUFFERED, Python forgets what a pipe did not take of a write, and that nobody reads it.
    """
    for start in range(0, len(text), SLICE):
        _ = out.write(text[start : start + SLICE])


def _printable(text: str, stream: TextIO) -> bool:
    try:
        _ = text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return text.replace("\n", "").isprintable()


def visible(text: str) -> str:
    """Spell text that was stored so that it cannot steer a terminal: as JSON, where it is not all printable."""
    return text if text.isprintable() else json.dumps(text)


def say(message: str) -> None:
    """Write a line to stderr."""
    click.echo(message, err=True)


def is_terminal(stream: TextIO) -> bool:
    """Whether a person reads this stream."""
    try:
        return stream.isatty()
    except ValueError:  # it is closed
        return False


def console() -> Console:
    """Make what draws on stdout: in colours on a terminal only, and not where NO_COLOR is set."""
    from rich.console import Console

    plain = bool(os.environ.get("NO_COLOR"))
    width = None if is_terminal(sys.stdout) else UNCUT_WIDTH
    return Console(
        file=sys.stdout, color_system=None if plain else "auto", width=width, highlight=False, markup=False, emoji=False
    )


class Meter:
    """A progress bar on stderr: only where that is a terminal, and only once the work takes longer than a moment.

    Args:
        what: What is done, as ``"importing"``.
        total: How many leaves there are; ``None`` where that is not known.
        wanted: Whether there may be one at all.

    Example:
        >>> from contextlib import closing
        >>> with closing(Meter("importing", 3)) as meter:
        ...     meter.advance(3)
    """

    def __init__(self, what: str, total: int | None = None, wanted: bool = True) -> None:
        self._what = what
        self._total = total
        self._wanted = wanted and is_terminal(sys.stderr)
        self._started = time.monotonic()
        self._bar: Progress | None = None
        self._task: Any = None
        self.done = 0

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def advance(self, count: int) -> None:
        """Count leaves that are done."""
        self.done += count
        if not self._wanted:
            return
        if self._bar is None and time.monotonic() - self._started > PATIENCE:
            self._begin()
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done)

    def _begin(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        plain = bool(os.environ.get("NO_COLOR"))
        count = "{task.completed:,} leaves" if self._total is None else "{task.completed:,} of {task.total:,} leaves"
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn(count),
            TimeElapsedColumn() if self._total is None else TimeRemainingColumn(),
            console=Console(stderr=True, color_system=None if plain else "auto"),
            transient=True,
        )
        self._task = self._bar.add_task(self._what, total=self._total)
        self._bar.start()
