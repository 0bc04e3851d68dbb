"""Effects: what an operation may ask a runner for. Commands are data; only ``runners/`` sends them.

An operation yields a tuple of effects, which is one round trip, and receives the tuple of their replies. ``Watch``,
``Commit``, ``Block`` and ``Sleep`` stand alone in their tuple. Pure: imports nothing of redicts but the scripts' type.

Replies are plain Python: ``int``, ``str`` (decoded UTF-8), ``None`` and lists of them, alike under RESP2 and RESP3.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from enum import Enum
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from redicts.core.scripts import Script

__all__ = [
    "WAITING",
    "Block",
    "Call",
    "Commit",
    "Conflict",
    "Effect",
    "Eval",
    "Everywhere",
    "Op",
    "Refused",
    "Sleep",
    "Waiting",
    "Watch",
    "may_write",
]

Argument: TypeAlias = str | bytes
"""What a command may carry; text goes as UTF-8. Numbers are spelled by who sends them: there is one spelling for each,
and hiredis crashes when a signal's exception meets it while it spells one."""

Command: TypeAlias = tuple[Argument, ...]


class Call(NamedTuple):
    """One Redis command."""

    args: Command


class Eval(NamedTuple):
    """One script. The runner sends its SHA, and loads it where the server does not know it."""

    script: Script
    keys: tuple[str, ...]
    args: Sequence[Argument]


class Watch(NamedTuple):
    """WATCH the keys and read, in one round trip, on a connection that is kept until the operation ends.

    Reply: the list of the replies to ``reads``.
    """

    keys: tuple[str, ...]
    reads: tuple[Command, ...]


class Commit(NamedTuple):
    """MULTI, the writes, EXEC on the connection of the ``Watch``: one round trip.

    Reply: the list of the replies to ``writes``. ``Conflict`` is raised where a watched key has changed: nothing was
    written then; and where the only write is a script that the server had to be given first. With no writes it gives
    up the watch.
    """

    writes: tuple[Call | Eval, ...]


class Waiting(Enum):
    """The reply of a ``Block`` that is not answered yet."""

    WAITING = "waiting"


WAITING: Final = Waiting.WAITING


class Block(NamedTuple):
    """A blocking command, on a connection of a pool of its own, so that waiters never use up the others'.

    Reply: the command's, or ``None`` when ``timeout`` seconds passed. The runner appends the timeout to ``args``.

    With ``patience`` the operation gets ``WAITING`` after so many seconds, and may do something else meanwhile: the
    command stays under way, its place in the server's queue with it. A ``Block`` of the same ``args`` goes on waiting
    for it (with the first one's ``timeout``); one of others, and the end of the operation, give it up.
    ``label`` is what the connection is called while it waits, for who lists the server's clients.
    ``shared``: what is popped carries nothing but that it came, so those who wait for the same may wait with one
    command, in turn; and of them only the first gets ``WAITING``, for it is the next to go on.
    """

    args: Command
    timeout: float
    patience: float | None = None
    label: str = ""
    shared: bool = False


class Sleep(NamedTuple):
    """A pause. Reply: ``None``."""

    seconds: float


class Everywhere(NamedTuple):
    """A command or a script for each of several masters, side by side: the time of the slowest that is waited for.

    Only operations on several masters ask for it. It stands alone in its step. Whatever is asked may be asked twice: on
    another connection, where the one that was free turns out to be lost.

    Reply: a list, in the masters' order: the reply of each, or the exception that it failed with, or ``WAITING`` for
    one that had not answered yet when it was ``enough``. (What that one was asked is still carried out, or not.)

    Attributes:
        asked: For each master what it is asked; ``None``: nothing, and ``WAITING`` stands for its reply.
        patience: Seconds that each may take, making a connection and all; then it has failed with ``ConnectionLost``.
        enough: Told what has come so far; whether that will do. Asked at the beginning, and after each reply.
        grace: Seconds that the others may still take when it is enough.
        lane: Where what is asked must not overtake what was asked before: one and the same dict for both, empty at
            first, which the runner keeps its account in.
        instead: For each master what it is asked, where ``lane`` was used before, and what was asked then may still be
            on its way by another connection; empty: the same as in ``asked``.
    """

    asked: tuple[Call | Eval | None, ...]
    patience: float
    enough: Callable[[list[Any]], bool]
    grace: float = 0.0
    lane: dict[int, Any] | None = None
    instead: tuple[Call | Eval | None, ...] = ()


Effect: TypeAlias = Call | Eval | Watch | Commit | Block | Sleep | Everywhere

# The commands that operations read with. Whatever is not among them is taken for a write.
_READS: Final = frozenset(
    {
        "CLIENT",
        "EXISTS",
        "GET",
        "HGET",
        "HGETALL",
        "HSCAN",
        "SCAN",
        "SMEMBERS",
        "TIME",
        "TYPE",
        "ZRANGE",
        "ZSCORE",
        "ZUNION",
    }
)


def may_write(effect: Effect) -> bool:
    """Tell whether an effect may change anything, so that it must not be sent twice unseen."""
    if isinstance(effect, Eval):
        return effect.script.writes
    return not isinstance(effect, Call) or effect.args[0] not in _READS


T = TypeVar("T")
Op: TypeAlias = Generator[tuple[Effect, ...], tuple[Any, ...], T]
"""An operation under way: yields effects, receives replies, returns ``T``."""


class Conflict(Exception):
    """A watched key has changed; nothing was written. Runners throw it into the operation, which begins again."""


class Refused(Exception):
    """A script of ours refused, with one of our codes. Runners throw it into the operation, which knows the path.

    Args:
        code: The first word of the script's error reply, as ``LOCKLOST``.
        detail: The rest of it.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code} {detail}")
        self.code = code
        self.detail = detail
