"""What is sent for a ``Commit``, and what its replies mean. Pure; imports redis' errors, core, packing and replies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis.exceptions

from redicts.core.effects import Command, Commit, Conflict, Eval
from redicts.core.scripts import Script
from redicts.runners.packing import command_of
from redicts.runners.replies import checked, translate

__all__ = ["Transaction"]


class Transaction:
    """A ``Commit`` that has writes.

    Attributes:
        writes: The commands between MULTI and EXEC.
        commands: All that is sent.
    """

    __slots__ = ("_loads", "_scripts", "commands", "writes")

    def __init__(self, commit: Commit) -> None:
        # A script that the server does not know would fail alone, after its neighbours took effect: so load them first.
        # One that has no neighbours is loaded when it was missing.
        self._scripts = [write.script for write in commit.writes if isinstance(write, Eval)]
        loads: list[Command] = [("SCRIPT", "LOAD", script.text) for script in self._scripts if len(commit.writes) > 1]
        self._loads = bool(loads)
        self.writes = [command_of(write) for write in commit.writes]
        self.commands: list[Command] = [*loads, ("MULTI",), *self.writes, ("EXEC",)]

    def missing(self, raw: Sequence[Any]) -> Script | None:
        """Find the script that the server did not know: nothing was written then.

        Raises:
            Conflict: A watched key has changed.
        """
        if raw[-1] is None:
            raise Conflict
        alone = self._scripts and not self._loads and isinstance(raw[-1], list)
        unknown = alone and isinstance(raw[-1][0], redis.exceptions.NoScriptError)
        return self._scripts[0] if unknown else None

    def read(self, raw: Sequence[Any]) -> list[Any]:
        """Give the plain replies to the writes; raises the first that is an error."""
        for reply in raw:
            if isinstance(reply, Exception):
                raise translate(reply)
        return [checked(reply, command[0]) for reply, command in zip(raw[-1], self.writes, strict=True)]
