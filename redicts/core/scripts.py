"""Scripts: loads the ``.lua`` files of the package, each with the parts of the prelude that it asks for.

A script names what it needs in its header, ``-- Needs: write, read``; the files of the prelude of those names (in
``core/prelude/``) are put in front, in the order of their own needs, or where the script has a line ``-- Prelude``:
making the prelude's functions takes a few microseconds, which a common case above that line does not pay. What such a
case needs itself stands in parts that the header names too, ``-- First: proof``: they come before everything.
The part ``kinds`` gets its table from ``core/kinds.py``. Pure apart from reading the package's own files.

Invariant: a script's text is fixed once it is loaded, so its SHA-1 names it for the life of the process.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple

from redicts.core.kinds import lua_table

__all__ = ["COMMON", "Script", "load"]

COMMON: Final = "redicts.core.common"
"""The package of the scripts that operations of several packages run."""

HERE = "-- Prelude\n"
KINDS_HERE = "  -- Kinds"
_WRITERS = frozenset({"header", "enter", "wake"})
_NEEDS = re.compile(r"^-- Needs: (.+)$", re.MULTILINE)
_FIRST = re.compile(r"^-- First: (.+)$", re.MULTILINE)
_PRELUDE = "redicts.core.prelude"


class Script(NamedTuple):
    """One script, ready to be sent.

    Attributes:
        name: Its file's name without the ending, as ``set``.
        text: Lua source with its prelude.
        sha: The SHA-1 by which the server knows it, in lower-case hex.
        writes: Whether it may write: those that do need one of its parts ``header``, ``enter`` and ``wake``.
        takes: Whether what it takes out is nowhere but in its reply: its header says so, ``-- Takes: what``.
    """

    name: str
    text: str
    sha: str
    writes: bool
    takes: bool = False


@cache
def load(package: str, name: str) -> Script:
    """Load a script of the package.

    Args:
        package: The dotted name of the package that owns it, as ``redicts.tree``.
        name: Its file's name without ``.lua``.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    source = _source(package, name)
    parts: dict[str, str] = {}
    for part in _named(_NEEDS, source):
        _collect(part, parts)
    before, _, after = source.rpartition(HERE)
    first = [_source(_PRELUDE, part) for part in _named(_FIRST, source)]
    text = _without_comments("\n".join([*first, before, *parts.values(), after]))
    sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return Script(name, text, sha, not _WRITERS.isdisjoint(parts), "\n-- Takes: " in source)


def _collect(part: str, parts: dict[str, str]) -> None:
    if part in parts:
        return
    source = _source(_PRELUDE, part)
    for needed in _named(_NEEDS, source):
        _collect(needed, parts)
    parts[part] = source


def _without_comments(text: str) -> str:
    """Leave out what only people read: it is half of what the server is sent when it lacks a script."""
    return "\n".join([line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("--")])


def _named(line: re.Pattern[str], source: str) -> list[str]:
    """Give the parts that a line of the header names."""
    match = line.search(source)
    return [name.strip() for name in match.group(1).split(",")] if match else []


def _source(package: str, name: str) -> str:
    # importlib.resources would do the same, but takes a millisecond to be ready: of every `import redicts`.
    folder = Path(import_module(package).__path__[0])
    text = (folder / f"{name}.lua").read_text(encoding="utf-8")
    return text.replace(KINDS_HERE, lua_table()) if KINDS_HERE in text else text
