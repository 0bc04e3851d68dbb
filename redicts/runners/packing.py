"""From effects to bytes: the command that an effect is, and packing commands for the wire.

May import hiredis, which redis-py uses too where it is installed. Called directly, it packs a large command three times
as fast as through redis-py, which looks at each argument first for types that redicts never sends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from redicts.core.effects import Call, Command, Effect, Eval

__all__ = ["command_of", "pack_commands"]

try:
    from hiredis import pack_command
except ImportError:  # redis-py works without it, and so do we

    def pack_commands(connection: Any, commands: Sequence[Command]) -> list[bytes]:
        """Pack commands into what is sent in one go."""
        return list(connection.pack_commands(commands))

else:

    def pack_commands(connection: Any, commands: Sequence[Command]) -> list[bytes]:  # noqa: ARG001  # as above
        """Pack commands into what is sent in one go."""
        if len(commands) == 1:
            return [_pack(commands[0])]
        return [b"".join([_pack(command) for command in commands])]

    _pack: Callable[[Command], bytes] = pack_command  # type: ignore[assignment]  # hiredis says tuples of one


def command_of(effect: Effect, whole: bool = False) -> Command:
    """Give the command that an effect is; ``whole`` for a script's text in place of its SHA.

    Raises:
        ValueError: It is not one command.
    """
    if isinstance(effect, Call):
        return effect.args
    if isinstance(effect, Eval):
        script = effect.script
        name, text = ("EVAL", script.text) if whole else ("EVALSHA", script.sha)
        return (name, text, str(len(effect.keys)), *effect.keys, *effect.args)
    raise ValueError(f"{type(effect).__name__} stands alone in its step")
