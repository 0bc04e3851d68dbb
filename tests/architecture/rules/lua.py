"""Rules about scripts: their header says how to call them, they are short, and what they need exists."""

from __future__ import annotations

import re
from collections.abc import Collection

__all__ = ["MAX_LINES", "header_of", "lua_violations"]

MAX_LINES = 80
_FIELDS = ("KEYS", "ARGV", "Reply", "Errors", "Complexity")


def header_of(text: str) -> list[str]:
    """Return the lines of comment that the text begins with."""
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    return lines


def lua_violations(name: str, text: str, prelude: Collection[str] = (), part_of_prelude: bool = False) -> list[str]:
    """Report what is wrong with a script.

    Args:
        name: Its file's name without ``.lua``.
        text: Its source.
        prelude: Names of the parts of the prelude that exist.
        part_of_prelude: A part of the prelude is no call of its own: it needs only the first line of the header.
    """
    found = []
    header = header_of(text)
    begin = f"prelude {name}:" if part_of_prelude else f"{name}:"
    if not header or not re.match(rf"{re.escape(begin)} \S", header[0]):
        found.append(f"{name}.lua does not begin with `-- {begin} what it does`")
    if not part_of_prelude:
        found += [
            f"{name}.lua has no header line `-- {field}: ...`"
            for field in _FIELDS
            if not any(re.match(rf"{field}: \S", line) for line in header)
        ]
    needed = [part.strip() for line in header if line.startswith(("Needs:", "First:")) for part in line[6:].split(",")]
    found += [f"{name}.lua needs {part!r}, which is not in the prelude" for part in needed if part not in prelude]
    lines = len(text.splitlines())
    if lines > MAX_LINES:
        found.append(f"{name}.lua has {lines} lines, at most {MAX_LINES}")
    if re.search(r"\bcjson\b", re.sub(r"--[^\n]*", "", text)):
        found.append(f"{name}.lua uses cjson: it spoils empty lists, floats and large integers")
    if re.search(r"redis\.p?call\(\s*['\"](KEYS|SCAN|FLUSHALL|FLUSHDB)['\"]", text, re.IGNORECASE):
        found.append(f"{name}.lua walks or flushes the whole database")
    return found
