"""The rounds of a pipeline, without I/O: what is sent together, what becomes of the replies, and of what fails.

Round 1 is the first step of every operation, round 2 the second step of those that have one, and so on: as many round
trips as the longest has. May import redis, core and its neighbours. Invariants: what one operation fails with disturbs
no other; nothing that may write is sent twice, unless each of its batch may be; every operation comes to its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import redis.exceptions

from redicts.core.deferred import Deferred
from redicts.core.effects import Call, Command, Effect, Eval, Op, may_write
from redicts.errors import ConnectionLost, NotAtomic, PipelineMisused
from redicts.runners.exchange import Failed
from redicts.runners.failures import lost
from redicts.runners.known import Known
from redicts.runners.packing import command_of
from redicts.runners.replies import plain, translate
from redicts.runners.retrying import Tries
from redicts.runners.spelling import LACKING, Span, learn, spell, unknown_tail, unpack

__all__ = ["QUEUEABLE", "Batch", "Entry", "Rounds"]

QUEUEABLE: Final = (Call, Eval)
"""The effects that a pipeline can carry: the others stand alone."""


class Entry:
    """An operation in a pipeline.

    Args:
        op: Its generator, begun.
        effects: What it asks for; empty: it has ended already, with ``value``.
        value: What it returned.
        idempotent: Whether its commands may be sent again after a lost connection.
        raw: Whether its errors are the user's own business, and not put in our words.
        deferred: Its result.
        database: Where it goes: ``runner`` sends it, ``address`` is what it is called.
        block: The block of the pipeline that queued it.
        atom: What it shares one transaction with; ``None``: with nothing.
    """

    __slots__ = ("atom", "block", "database", "deferred", "effects", "idempotent", "op", "raw", "value")

    def __init__(
        self,
        op: Op[Any],
        effects: tuple[Effect, ...],
        value: Any,
        idempotent: bool,
        raw: bool,
        deferred: Deferred[Any],
        database: Any,
        block: Any,
        atom: Any,
    ) -> None:
        self.op = op
        self.effects = effects
        self.value = value
        self.idempotent = idempotent
        self.raw = raw
        self.deferred = deferred
        self.database = database
        self.block = block
        self.atom = atom

    @property
    def repeatable(self) -> bool:
        """Whether what it asks for just now may be sent again though the server may have carried it out."""
        return self.idempotent or (not self.raw and not any(may_write(effect) for effect in self.effects))

    def fail(self, error: BaseException) -> None:
        """End it with an error."""
        try:
            self.op.close()
        except Exception as problem:  # noqa: BLE001  # what it asks for at its end cannot be done
            error.__context__ = problem
        self.deferred._fail(error)

    def lost(self, failed: Failed) -> Exception:
        """Make the error of what it asked for just now, when no reply came."""
        commands: list[Command] = [command_of(effect) for effect in self.effects]
        unknown = failed.sent and not self.repeatable
        error = lost(failed, commands, self.database.address, unknown=unknown)
        error.__cause__ = failed.error
        return error


class Batch:
    """What one round sends to one database: one round trip.

    Whoever drives it spells it for a connection, sends that, and tells what came back.

    Args:
        database: Of all the entries.
        entries: In the order in which they were queued.
    """

    __slots__ = (
        "_at",
        "_begun",
        "_effects",
        "_entries",
        "_fed",
        "_known",
        "_replies",
        "_spans",
        "_tries",
        "_whole",
        "database",
    )

    def __init__(self, database: Any, entries: list[Entry]) -> None:
        self.database = database
        self._entries = entries
        self._effects: list[Effect] = [effect for entry in entries for effect in entry.effects]
        self._spans = _spans(entries)
        self._replies: list[Any] = []  # of the first effects: what is spelled are the others
        self._fed = self._at = 0
        self._begun = False
        self._tries: Tries | None = None
        self._known: Known | None = None
        self._whole: dict[int, str] = {}

    def spell(self, known: Known) -> list[Command]:
        """Spell what is to be sent now.

        Args:
            known: Of the connection it will be sent on.
        """
        self._known, self._begun = known, True
        commands, self._whole = spell(self._effects[len(self._replies) :], self._spans, known)
        return commands

    def took(self, raw: list[Any], failure: Exception | None = None) -> float | None:
        """Take what came of it.

        Args:
            raw: The replies, as many as arrived.
            failure: What kept the others from arriving.

        Returns:
            After how many seconds it is to be spelled and sent again; ``None``: it is through.
        """
        replies = unpack(raw, self._spans)
        if failure is None:
            return self._answered(replies)
        if isinstance(failure, Failed):
            repeatable = all(entry.repeatable for entry in self._waiting())
            self._tries = self._tries or Tries(repeatable)
            pause = self._tries.pause(failure)
            if pause is not None:
                return pause
        self._replies += replies
        self._feed(failure)
        return None

    def give_up(self, raw: list[Any], error: BaseException) -> None:
        """End all of it: who drives it was interrupted.

        Args:
            raw: The replies that had arrived.
            error: The interrupt.
        """
        cut = redis.exceptions.ConnectionError(f"interrupted by {type(error).__name__}")
        failed = Failed(cut, sent=self._begun)
        failed.__cause__ = error
        if not self._replies:
            self._replies = unpack(raw, self._spans)
        self._feed(failed)
        for entry in self._entries:
            if not entry.deferred.done:
                entry.fail(entry.lost(failed))

    def left(self) -> list[Entry]:
        """Give the entries that ask for more."""
        return [entry for entry in self._entries if not entry.deferred._done]

    def _answered(self, replies: list[Any]) -> float | None:
        """Take the replies of all that was spelled; what the server lacked scripts for at its end comes once more."""
        if self._whole or LACKING in map(type, replies):
            if self._known is not None:
                learn(self._known, self._whole, replies)
            start = unknown_tail(self._effects[len(self._replies) :], replies)
            self._replies += replies[:start]
            if start < len(replies):
                self._spans = []
                return 0.0
        else:
            self._replies = replies if not self._replies else self._replies + replies
        self._feed(None)
        return None

    def _waiting(self) -> Iterator[Entry]:
        """Go over the entries that lack replies."""
        have, asked = len(self._replies), 0
        for entry in self._entries:
            asked += len(entry.effects)
            if asked > have:
                yield entry

    def _feed(self, failure: Exception | None) -> None:
        """Give each entry its replies, or its error."""
        replies, have = self._replies, len(self._replies)
        at = self._at
        for entry in self._entries[self._fed :]:
            effects = entry.effects
            self._fed += 1  # before it is fed, so that no interrupt has it fed twice
            self._at = at + len(effects)
            end = at + len(effects)
            if end == at + 1 and end <= have and not isinstance(replies[at], Exception):  # nearly every one
                effect = effects[0]
                reply = plain(replies[at], effect.args[0] if type(effect) is Call else "")
                try:  # as _step, which would cost it a tenth more
                    effects = entry.op.send((reply,))
                except StopIteration as stop:
                    deferred = entry.deferred
                    deferred._value = stop.value
                    deferred._done = True
                except Exception as error:  # noqa: BLE001  # it is this operation's own
                    entry.deferred._fail(error)
                else:
                    _goes_on(entry, effects, None)
            elif end <= have:
                _step(entry, _answer(entry, replies[at:end]))
            else:
                _step(entry, entry.lost(failure) if isinstance(failure, Failed) else failure or _missing(entry))
            at = end


class Rounds:
    """All rounds of an execution: iterate, and drive each round's batches, side by side, until they are through.

    Args:
        entries: In the order in which they were queued.
    """

    __slots__ = ("_batches", "_entries")

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = entries
        self._batches: list[Batch] = []

    def __iter__(self) -> Iterator[list[Batch]]:
        for entry in self._entries:
            if not entry.effects:
                entry.deferred._settle(entry.value)
        self._batches = _grouped([entry for entry in self._entries if entry.effects])
        while self._batches:
            yield self._batches
            self._batches = [Batch(batch.database, left) for batch in self._batches if (left := batch.left())]

    def give_up(self, error: BaseException) -> None:
        """End what has not come to its end: the execution was interrupted. Its batches know what had arrived."""
        for batch in self._batches:
            batch.give_up([], error)
        for entry in self._entries:  # interrupted before there were batches
            if not entry.deferred.done:
                entry.fail(ConnectionLost("interrupted before it was sent; nothing was changed by it"))


def _grouped(entries: Iterable[Entry]) -> list[Batch]:
    """Put the entries of each database together."""
    groups: dict[Any, list[Entry]] = {}
    last: Any = None
    group: list[Entry] = []
    for entry in entries:
        if entry.database is not last:  # a cheap question, and mostly the only one
            last = entry.database
            group = groups.setdefault(last, [])
        group.append(entry)
    return [Batch(database, group) for database, group in groups.items()]


def _spans(entries: list[Entry]) -> list[Span]:
    """Find the transactions: from the first to the last entry that share one; those that overlap are one."""
    spans: dict[Any, Span] = {}
    at = 0
    for entry in entries:
        end = at + len(entry.effects)
        if entry.atom is not None:
            spans[entry.atom] = Span(spans[entry.atom].start if entry.atom in spans else at, end)
        at = end
    merged: list[Span] = []
    for span in sorted(spans.values()):
        if merged and span.start < merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return merged


def _answer(entry: Entry, replies: list[Any]) -> tuple[Any, ...] | Exception:
    """Make plain what an entry is given: its replies, or the first error among them."""
    for reply in replies:
        if type(reply) is LACKING and not entry.raw:
            return _missing(entry)
        if isinstance(reply, Exception):
            return reply if entry.raw else translate(reply)
    names = [effect.args[0] if type(effect) is Call else "" for effect in entry.effects]
    return tuple([plain(reply, name) for reply, name in zip(replies, names, strict=True)])


def _missing(entry: Entry) -> ConnectionLost:
    return ConnectionLost(
        f"the server at {entry.database.address} has lost its scripts meanwhile, and what came later in the pipeline "
        "was done already: nothing was changed by this operation; repeat it",
        address=entry.database.address,
    )


def _step(entry: Entry, answer: tuple[Any, ...] | Exception) -> None:
    """Give an entry what it asked for, and take what it asks for next, or its result."""
    try:
        effects = entry.op.throw(answer) if isinstance(answer, Exception) else entry.op.send(answer)
    except StopIteration as stop:
        entry.deferred._settle(stop.value)
    except Exception as error:  # noqa: BLE001  # it is there when it is asked for
        entry.deferred._fail(error)
    else:
        _goes_on(entry, effects, answer if isinstance(answer, Exception) else None)


def _goes_on(entry: Entry, effects: tuple[Effect, ...], error: Exception | None) -> None:
    """Take what an entry asks for next, where it may.

    Args:
        entry: The entry.
        effects: What it asks for.
        error: What was thrown into it before that.
    """
    entry.effects = effects
    if entry.atom is not None:
        entry.fail(error or _not_atomic(entry))
    elif not isinstance(effects[0], QUEUEABLE):
        entry.fail(PipelineMisused(f"{entry.deferred.about()} would have to wait, which a pipeline cannot"))


def _not_atomic(entry: Entry) -> NotAtomic:
    return NotAtomic(
        f"{entry.deferred.about()} needs another step, with what stands there now, so it was not done: a transaction "
        "has no second one. Queue it outside of the atomic block"
    )
