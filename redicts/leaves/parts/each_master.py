"""What several masters are asked of one typed leaf, that each of them keeps. May import core and its neighbours."""

from __future__ import annotations

from redicts.core.effects import Argument, Eval
from redicts.core.guarded import UNGUARDED
from redicts.core.paths import Path
from redicts.core.scripts import Script
from redicts.core.several import Masters

__all__ = ["at_each"]


def at_each(masters: Masters, path: Path, marker: str, script: Script, *args: Argument) -> tuple[Eval, ...]:
    """Make a script's effects, one for each master. A write is under no lock: those are kept by one database.

    Args:
        masters: Who is asked.
        path: Where the leaf is, in each of them.
        marker: That of its kind.
        script: One that needs the prelude's ``leaf``; or one that reads, and needs no header.
        *args: Its own arguments.
    """
    made: list[Eval] = []
    for space in masters.spaces:
        keys = space.leaf(path)
        if script.writes:
            made.append(Eval(script, keys.plain, (*UNGUARDED, keys.field, marker, *args)))
        else:
            made.append(Eval(script, (keys.entry, keys.body), (keys.field, marker, *args)))
    return tuple(made)
