"""Lock entries as they stand in Redis: text <-> what it means. Its other half is ``core/prelude/entries.lua``.

May import core and errors. Invariant: ``Entry.read`` undoes ``Entry.text``, and refuses whatever redicts did not write.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import NamedTuple

from redicts.core.keys import encode_component, parse_tail
from redicts.core.paths import Path
from redicts.errors import InternalError

__all__ = ["Entry", "Standing", "deadline_of", "read_standings"]

_NUMBER = r"(0|[1-9]\d{0,17})"
_FORM = re.compile(rf"([xs]) ([!-~]+) {_NUMBER} ([^ ]+) ([^ ]+) {_NUMBER} (.*)", re.DOTALL | re.ASCII)


class Entry(NamedTuple):
    """One acquisition of a lock.

    Attributes:
        shared: Whether others may hold it too, as long as they share.
        nonce: New for each acquisition: an owner that lost the lock and took it again is told from the earlier one.
        since_ms: When it was taken, in ms of the server's time.
        owner: Who holds it. The same owner is let in again, at the path, above and below it.
        host: The machine of the process that took it.
        pid: The number of that process there.
        path: What is locked, with everything below.
    """

    shared: bool
    nonce: str
    since_ms: int
    owner: str
    host: str
    pid: int
    path: Path

    def text(self, tail: str) -> str:
        """Spell it; ``tail`` is the path as it stands in keys."""
        mode = "s" if self.shared else "x"
        return f"{mode} {self.nonce} {self.since_ms} {_word(self.owner)} {_word(self.host)} {self.pid} {tail}"

    @classmethod
    def read(cls, text: str, key: str) -> Entry:
        """Read what stands in the key.

        Raises:
            InternalError: It is not an entry.
        """
        match = _FORM.fullmatch(text)
        path = parse_tail(match.group(7)) if match else None
        if match is None or path is None:
            raise _tampered(key, text)
        mode, nonce, since, owner, host, pid, _ = match.groups()
        owner, host = _unword(owner), _unword(host)
        if not owner or not host:
            raise _tampered(key, text)
        return cls(mode == "s", nonce, int(since), owner, host, int(pid), path)


class Standing(NamedTuple):
    """An entry that was found, alive or dead.

    Attributes:
        entry: What it says.
        deadline_ms: Until when it is valid, in ms of the server's time.
        text: As it stands in Redis.
    """

    entry: Entry
    deadline_ms: int
    text: str


def read_standings(reply: list[str], key: str) -> list[Standing]:
    """Read the members and scores of a zset of entries.

    Args:
        reply: Members and scores in turn.
        key: Where they stand, for errors.

    Raises:
        InternalError: One of them is not an entry, or its score no time.
    """
    pairs = zip(reply[::2], reply[1::2], strict=True)
    return [Standing(Entry.read(text, key), deadline_of(score, key), text) for text, score in pairs]


def deadline_of(score: str, key: str) -> int:
    """Read a score as a deadline, in ms of the server's time.

    Raises:
        InternalError: It is none.
    """
    try:
        return int(float(score))
    except (ValueError, OverflowError):
        raise _tampered(key, f"a deadline of {score}") from None


def _tampered(key: str, found: str) -> InternalError:
    return InternalError(
        f"{key!r} holds {found[:100]!r}, which is no lock entry: someone else wrote there; check(repair=True) mends it",
        key=key,
    )


@lru_cache(maxsize=1024)
def _word(text: str) -> str:
    """Spell text without a space."""
    return encode_component(text).replace(" ", "\\u0020")


def _unword(word: str) -> str:
    try:
        _ = word.encode()  # bytes that are not UTF-8 stand as lone surrogates
        text = json.loads(f'"{word}"')
    except ValueError:
        return ""
    return text if isinstance(text, str) and _word(text) == word else ""
