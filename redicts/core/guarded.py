"""Running a writing script: the header that every one of them takes, and the errors that it may answer.

May import errors and the rest of core. The one place that knows the header's form; its other half is
``core/prelude/header.lua``.
"""

from __future__ import annotations

from typing import Any, Final

from redicts.core.codec import NODE, TYPED
from redicts.core.effects import Argument, Call, Eval, Op, Refused
from redicts.core.paths import Path, dotted
from redicts.core.place import Guard, Place
from redicts.core.scripts import Script
from redicts.errors import LockLost, NotANumber, RedictsError

__all__ = ["UNGUARDED", "guards_of", "run_guarded"]

SINGLE, SPREAD, REGISTERED = "1", "0", "2"
"""Modes of the header: one server; a cluster; a cluster, and the new section's name has been registered."""

UNGUARDED: Final = ("0", SINGLE)
"""The header of a write under no lock, on one server; its keys begin with the set of the sections' names."""

MAX_ARGUMENTS: Final = 1_000_000
"""What one command may carry; a server refuses more than 1,048,576 and closes the connection."""


def guards_of(place: Place, paths: tuple[Path, ...]) -> tuple[Guard, ...]:
    """Give the guards of a write to several places.

    An operation that writes in a later step than its first asks for them first: who calls it may not be who steps it.
    """
    guards = place._guards(paths[0])
    if len(paths) == 1:
        return guards
    for path in paths[1:]:
        guards += tuple([guard for guard in place._guards(path) if guard not in guards])
    return guards


def run_guarded(
    place: Place,
    script: Script,
    paths: tuple[Path, ...],
    keys: tuple[str, ...],
    args: list[Argument],
    guards: tuple[Guard, ...] | None = None,
) -> Op[Any]:
    """Run a writing script with its guards.

    Args:
        place: The object whose operation it is.
        script: One that needs the part ``header``.
        paths: The places it writes to; their guards are checked first.
        keys: The script's own keys.
        args: The script's own arguments.
        guards: What ``guards_of`` gave for the paths at the operation's beginning; ``None``: this is its beginning.

    Returns:
        The script's reply.

    Raises:
        LockLost: A lock covering one of the paths has run out. Nothing was written.
        NotANumber: As for ``add``.
        Refused: The script refused with another of our codes; who runs it knows what to say.
        ValueError: There is more to write than one command can carry.

    Cost: one round trip; on a cluster three for the first write to a new section.
    """
    if len(args) + len(keys) > MAX_ARGUMENTS:
        raise ValueError(
            f"too large for one atomic step: {len(args)} arguments, at most {MAX_ARGUMENTS} can be sent; "
            "set it in parts"
        )
    space = place._space
    if guards is None:
        guards = guards_of(place, paths)
    mode = SPREAD if space.spread else SINGLE
    own = keys if space.spread else (space.sections, *keys)
    members: list[Argument] = []
    if guards:  # mostly there are none
        own = (*[guard.key for guard in guards], *own)
        members = [guard.member for guard in guards]
    while True:
        try:
            (reply,) = yield (Eval(script, own, [str(len(members)), mode, *members, *args]),)
        except Refused as refused:
            if refused.code != "NEWSECTION" or mode == REGISTERED:
                if refused.code == "LOCKLOST":
                    _ = guards[int(refused.detail.split()[0]) - 1].lost()
                raise _translated(refused, paths[0]) from None
            mode = REGISTERED
        else:
            return reply
        for section in sorted({path[0] for path in paths}):
            yield (Call(("SADD", space.sections, space.section_name(section))),)


def _translated(refused: Refused, path: Path) -> RedictsError:
    place = dotted(path)
    if refused.code == "LOCKLOST":
        return LockLost(
            f"the lock covering {place!r} has run out or was broken, so nothing was written; "
            "read again under a new lock, with a longer lock_expire_timeout or renewal",
            path=place,
        )
    if refused.code == "NOTANUMBER":
        found = "a node" if refused.detail.startswith(NODE) else refused.detail
        if found.startswith(TYPED):
            found = f"a {found.removeprefix(TYPED)}"
        return NotANumber(
            f"{place!r} holds {found}, which is no number to add to; it was left alone", path=place, found=found
        )
    raise refused
