"""``tree``: the top of a tree, drawn for people.

May import connection, exits, output, tree/outline and rich. Invariant: stored text is never taken for markup, and never
reaches the terminal with a control character in it.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Final

import click

from redicts.cli.connection import Target, connected, pass_target, to_path
from redicts.cli.output import console, visible
from redicts.cli.reading import nothing_at
from redicts.core.codec import EXPIRING, NODE, TYPED, encode
from redicts.core.kinds import KINDS
from redicts.core.missing import MISSING
from redicts.core.paths import Path, dotted
from redicts.pool import Pool
from redicts.proxy import Proxy

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree
from redicts.tree.outline import TEXT_BYTES, Sight, look, look_at_leaf

__all__ = ["draw", "tree_command"]

_PARTS: Final = {"elements": "element", "items": "item", "members": "item", "scores": "member", "text": "byte"}
"""What a typed leaf has some of, by the form of its snapshot."""

TEXT_LENGTH: Final = 60
"""Characters shown of a value or a name."""


@click.command("tree")
@click.argument("path", callback=to_path, default="")
@click.option("--depth", type=click.IntRange(1, 128), default=4, show_default=True, help="Levels shown below PATH.")
@click.option("--max", "most", type=click.IntRange(1, 1000), default=20, show_default=True, help="Children of a node.")
@connected
@pass_target
def tree_command(target: Target, path: Path, depth: int, most: int) -> None:
    """Draw the tree at PATH.

    Names, values (shortened), typed leaves and how much is in them, seconds to live.

    Only what is shown is read, so it is quick on a tree of any size. (For programs: redicts get, redicts export.)
    """
    draw(target.place(path), depth, most)


def draw(place: Proxy, depth: int, most: int) -> None:
    """Draw a place on stdout. A ``Failure`` where nothing is there.

    Args:
        place: The place; it must be in a database of the ``Pool``.
        depth: How many levels below it.
        most: How many children of a node.
    """
    kind = place.kind()
    if kind is None:
        raise nothing_at(place.path)
    database = Pool().database(None)
    if kind == "node":
        top = database.runner.run(look(database.space, place.path, depth, most), True)
    elif kind == "leaf":
        value = place.val(MISSING)
        top = Sight(place.path, "", "" if value is MISSING else encode(value), _ttl_ms(place.time_to_live()))
    else:
        top = database.runner.run(look_at_leaf(database.space, place.path, kind), True)
    out = console()
    out.print(_branch(top, dotted(place.path) or "(root)"), no_wrap=True, overflow="ellipsis")


def _ttl_ms(seconds: float) -> int:
    return round(seconds * 1000) if seconds >= 0 else -1


def _branch(sight: Sight, name: str) -> Tree:
    from rich.tree import Tree

    tree = Tree(_label(sight, name), guide_style="dim")
    _hang(tree, sight)
    return tree


def _hang(tree: Tree, sight: Sight) -> None:
    from rich.text import Text

    for child in sight.children:
        _hang(tree.add(_label(child, child.name)), child)
    more = sight.count - len(sight.children)
    if sight.opened and more > 0:
        _ = tree.add(Text(f"... {more:,} more", style="dim"))


def _label(sight: Sight, name: str) -> Text:
    from rich.text import Text

    label = Text(_shown(name), style="bold" if sight.marker == NODE else "")
    if sight.marker == NODE:
        if not sight.opened:
            _ = label.append(f"  {{{sight.count:,}}}", style="dim")
    elif sight.marker in {"", EXPIRING}:
        _ = label.append(": ").append(_readable(sight.text), style="green" if sight.text.startswith('"') else "cyan")
    else:
        kind = sight.marker.removeprefix(TYPED)
        _ = label.append(f"  <{visible(kind)}>", style="magenta").append(_amount(kind, sight.count), style="dim")
    if sight.ttl_ms >= 0:
        _ = label.append(f"  ({sight.ttl_ms / 1000:.1f} s to live)", style="yellow")
    return label


def _amount(kind: str, count: int) -> str:
    what = _PARTS.get(KINDS[kind].snapshot, "") if kind in KINDS else "element"
    if not what:
        return ""  # what its key has some of says nothing
    return f" {count:,} {what}" if count == 1 else f" {count:,} {what}s"


def _shown(name: str) -> str:
    return _cut(visible(name))


def _readable(text: str) -> str:
    """Shorten a JSON text, and show letters of all scripts as they are."""
    if len(text) <= TEXT_BYTES:  # else it has been cut, and is no JSON any more
        with contextlib.suppress(ValueError):  # for check to find
            readable = json.dumps(json.loads(text), ensure_ascii=False)
            text = readable if readable.isprintable() else text
    return _cut(visible(text))


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_LENGTH else text[: TEXT_LENGTH - 3] + "..."
