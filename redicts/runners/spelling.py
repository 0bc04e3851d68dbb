"""From the effects of one round of a pipeline to the commands of one batch, and from its raw replies back.

May import redis, core and packing. Pure: what is known of the server's scripts is told. Invariants: commands go in the
order of the effects; a script that the server may lack is sent whole, so that it runs in its turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import redis.exceptions

from redicts.core.effects import Call, Command, Effect, Eval
from redicts.runners.known import Known
from redicts.runners.packing import command_of

__all__ = ["LACKING", "Span", "learn", "spell", "unknown_tail", "unpack"]

_BEGIN: Final[Command] = ("MULTI",)
_END: Final[Command] = ("EXEC",)

LACKING: Final = redis.exceptions.NoScriptError
"""The error reply of a server that does not have a script; nothing was run."""


class Span(NamedTuple):
    """Effects that go in one transaction: from ``start`` up to, not including, ``end``."""

    start: int
    end: int


def spell(effects: Sequence[Effect], spans: Sequence[Span], known: Known) -> tuple[list[Command], dict[int, str]]:
    """Spell a batch.

    Args:
        effects: Calls and scripts.
        spans: Those of them that go in transactions, in order; they do not overlap.
        known: The scripts that go by their SHA-1.

    Returns:
        The commands; and the scripts that are sent whole: index of the effect to SHA-1.
    """
    commands: list[Command] = []
    whole: dict[int, str] = {}
    done = 0
    for start, end in spans:
        _spell(effects, done, start, known.shas, commands, whole)
        commands.append(_BEGIN)
        # A script that is lacking would leave a hole in the transaction, whatever was known: so nothing is.
        _spell(effects, start, end, set(), commands, whole)
        commands.append(_END)
        done = end
    _spell(effects, done, len(effects), known.shas, commands, whole)
    return commands, whole


def _spell(
    effects: Sequence[Effect], start: int, end: int, known: set[str], commands: list[Command], whole: dict[int, str]
) -> None:
    fresh: set[str] = set()
    append = commands.append
    for index in range(start, end):
        effect = effects[index]
        if type(effect) is Eval:
            (script, keys, args), name = effect, "EVALSHA"
            text = sha = script.sha
            if sha not in known and sha not in fresh:
                fresh.add(sha)
                whole[index] = sha
                name, text = "EVAL", script.text
            append((name, text, str(len(keys)), *keys, *args))  # as command_of, which would cost twice as much
        else:
            append(command_of(effect))


def learn(known: Known, whole: dict[int, str], replies: Sequence[Any]) -> None:
    """Note which of the scripts that were sent whole the server has from now on; or that it has lost some.

    Args:
        known: What is known of the connection that they were sent on.
        whole: As ``spell`` gave it.
        replies: One for each effect.
    """
    for reply in replies:
        if type(reply) is LACKING:
            known.forget()
            return
    for index, sha in whole.items():
        if not isinstance(replies[index], Exception):
            known.shas.add(sha)


def unpack(raw: list[Any], spans: Sequence[Span]) -> list[Any]:
    """Take the replies of the effects out of the raw replies of a batch, which may have been cut.

    Args:
        raw: The first replies of the commands of ``spell``, as many as arrived.
        spans: As for ``spell``.

    Returns:
        The replies of the first effects. Of a transaction there are all, or none.
    """
    if not spans:
        return raw
    replies: list[Any] = []
    at = 0
    for start, end in spans:
        before = start - len(replies)
        replies += raw[at : at + before]
        at += before
        last = at + 1 + end - start
        if last >= len(raw):
            return replies
        replies += _of_transaction(raw[at + 1 : last], raw[last])
        at = last + 1
    return replies + raw[at:]


def _of_transaction(queued: list[Any], outcome: Any) -> list[Any]:
    if isinstance(outcome, list):
        return outcome
    if not isinstance(outcome, Exception):
        outcome = redis.exceptions.ResponseError("the server gave the transaction up")
    # Whichever was refused when it was queued has an error of its own; for its sake the server did none of them.
    return [reply if isinstance(reply, Exception) else outcome for reply in queued]


def unknown_tail(effects: Sequence[Effect], replies: Sequence[Any]) -> int:
    """Find the last effects that were not run because the server lacks their scripts: after them nothing was run.

    Returns:
        The index of the first of them; as many as there are effects, where the last was run.
    """
    start = len(effects)
    while start and type(replies[start - 1]) is LACKING and type(effects[start - 1]) is not Call:
        start -= 1
    return start
