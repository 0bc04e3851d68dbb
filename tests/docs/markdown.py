"""What the pages are made of: fenced blocks, headings and links, read from Markdown without rendering it.

A fenced block may have a *mark*: an HTML comment on the line above it, which readers do not see and the tests obey.

=====================  =============================================================================================
block                  what the tests do with it
=====================  =============================================================================================
``python`` with >>>    runs as a doctest; the blocks of a page share their names and their server, in order; with
                       ``<!-- new process -->`` the names and the configuration before it are forgotten; where a
                       page awaits outside of functions, all its examples run in one task of one event loop
``python`` without     must compile; with ``<!-- file: name.py -->`` it is also written to the page's folder
``json``               must be JSON; with ``<!-- file: name.json -->`` it is also written to the page's folder
``console``            each ``$ command`` is run in the page's folder, its output (stderr too) compared; ``...`` is
                       anything, and the text must end ``[exit: N]`` where the command fails
``sh``                 is not run; its commands, and the options of ``redicts``, must exist
=====================  =============================================================================================
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from tests.architecture.rules.source import ROOT

__all__ = ["Block", "Link", "anchors", "blocks", "links", "pages", "prose"]

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,})(?P<info>[^`]*)$")
_MARK = re.compile(r"^<!-- *(?P<mark>.*?) *-->$")
_LINK = re.compile(r"(?<!`)\[(?P<text>[^\]\[]*)\]\((?P<target>[^()\s]+)\)")
_TARGET = re.compile(r"^\((?P<name>[\w-]+)\)=$")


class Block(NamedTuple):
    """A fenced block.

    Attributes:
        language: The first word after the fence, as ``python`` or ``{eval-rst}``.
        text: What stands inside, without the fence's indentation.
        line: Number of its first line.
        mark: The comment on the line above the fence, without its signs.
    """

    language: str
    text: str
    line: int
    mark: str


class Link(NamedTuple):
    """A link to another page, or to somewhere outside."""

    target: str
    line: int


def pages() -> list[Path]:
    """Return README, changelog and every page of the documentation."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return sorted(path for path in found if "_build" not in path.parts)


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    return [part for part in _parts(text) if isinstance(part, Block)]


def prose(text: str) -> list[tuple[int, str]]:
    """Return the lines outside fenced blocks, with their numbers."""
    return [part for part in _parts(text) if not isinstance(part, Block)]


def links(text: str) -> list[Link]:
    """Return the links of a page."""
    return [
        Link(match["target"], number)
        for number, line in prose(text)
        for match in _LINK.finditer(re.sub(r"`[^`]*`", lambda code: "x" * len(code[0]), line))
    ]


def anchors(text: str) -> set[str]:
    """Return what a link into a page may name: its headings, as MyST and GitHub spell them, and explicit targets."""
    found: set[str] = set()
    for _, line in prose(text):
        if heading := re.match(r"#{1,6} +(?P<title>.+)", line):
            title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading["title"]).strip()
            found.add(re.sub(r"[^\w\- ]", "", title.lower().replace("`", "")).replace(" ", "-"))
        elif target := _TARGET.match(line):
            found.add(target["name"])
    return found


def _parts(text: str) -> list[Block | tuple[int, str]]:
    parts: list[Block | tuple[int, str]] = []
    inside: list[str] = []
    opening: re.Match[str] | None = None
    start, above = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        fence = _FENCE.match(line)
        if opening is None:
            if fence:
                opening, start, inside = fence, number + 1, []
            else:
                parts.append((number, line))
                above = line
        elif fence and len(fence["fence"]) >= len(opening["fence"]) and not fence["info"].strip():
            mark = _MARK.match(above.strip())
            language = (opening["info"].split() or [""])[0]
            parts.append(Block(language, "".join(f"{each}\n" for each in inside), start, mark["mark"] if mark else ""))
            opening, above = None, ""
        else:
            inside.append(line.removeprefix(opening["indent"]))
    if opening is not None:
        raise ValueError(f"the block that begins at line {start} does not end")
    return parts
