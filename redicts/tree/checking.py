"""Checking, and mending, everything that redicts keeps.

``check`` walks the keys of the namespace with SCAN (nothing else in redicts does) and has each looked at where it lies,
in one script for each page, so that a write that comes between is never taken for a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from redicts.core.codec import EXPIRING, NODE, TYPED, decode
from redicts.core.effects import Call, Eval, Op
from redicts.core.keys import LOCKS_AT, LOCKS_BELOW, decode_component
from redicts.core.operation import operation
from redicts.core.paths import Path, dotted
from redicts.core.place import Place
from redicts.core.scripts import load
from redicts.errors import InternalError
from redicts.tree.contents import look_into

__all__ = ["Checking", "Problem"]

_MARKER = re.compile(rf"{NODE}{EXPIRING}?|{EXPIRING}|{TYPED}.+", re.DOTALL)

PAGE: Final = 500
"""How many keys one SCAN asks for, and one script looks at."""


class Problem(NamedTuple):
    """A broken invariant.

    Attributes:
        kind: What is wrong, as ``"orphan node"``.
        key: The Redis key it was found at.
        path: The place, as dotted text; ``None`` where the key leads to none.
        detail: What was found there.
        repaired: Whether it has been mended.
    """

    kind: str
    key: str
    path: str | None
    detail: str
    repaired: bool


class Checking(Place):
    """What can be asked about the health of a place."""

    __slots__ = ()

    @operation(idempotent=True, one_step=False)
    def check(self, repair: bool = False) -> Op[list[Problem]]:
        """Look for broken invariants in everything that redicts keeps here and below.

        There are none unless something else wrote to the keys of redicts, or the server evicted some of them (set
        ``maxmemory-policy noeviction`` or one of the ``volatile-`` policies). What has merely expired is no fault.
        Locks are looked at, too: what is held, and whatever comes and goes meanwhile, is none.

        Args:
            repair: Mend what is found: what no path leads to is removed, what is left is made whole. Locks that have
                run out are tidied away.

        Returns:
            The faults found; none is the good answer.

        Atomicity: one step for each page of keys; other clients go on meanwhile.
        Cost: up to 4 round trips for each 500 keys of the whole database, and 1 for each 1,000 elements of a typed
            leaf. O(keys, leaves, elements and locks).

        Example:
            >>> root().check()
            []
        """
        problems: list[Problem] = []
        while True:
            found = yield from self._check_all(repair)
            problems.extend(problem for problem in found if problem not in problems)
            if not any(problem.repaired for problem in found):
                return problems  # else go on: what lay below something that was removed is only now without a parent

    def _check_all(self, repair: bool) -> Op[list[Problem]]:
        problems: list[Problem] = []
        cursor = "0"
        while True:
            (page,) = yield (Call(("SCAN", cursor, "MATCH", self._space.pattern(), "COUNT", str(PAGE))),)
            cursor, keys = page
            own = sorted({key for key in keys if self._covers(key)})
            if own:
                problems.extend((yield from self._check_page(own, repair)))
            if cursor == "0":
                return problems

    def _covers(self, key: str) -> bool:
        """Whether a key is one to look at: it lies here or below, or is spelled wrong."""
        if key == self._space.sections:
            return not self._path
        if not self._space.resembles(key):
            return False
        parsed = self._space.parse_key(key)
        if parsed is None:
            return not self._path and not key.endswith(":")
        return parsed[1][: len(self._path)] == self._path

    def _check_page(self, keys: list[str], repair: bool) -> Op[list[Problem]]:
        unknown = [key for key in keys if self._space.parse_key(key) is None and key != self._space.sections]
        problems = [Problem("unknown key", key, None, "redicts spells none like it", False) for key in unknown]
        spelled = [key for key in keys if key not in unknown]
        args = ("1" if repair else "0", "0" if self._space.spread else "1")
        (found,) = yield (Eval(load("redicts.tree", "check"), (self._space.sections, *spelled), args),)
        typed: list[tuple[Path, str]] = []
        for kind, key, detail, mended in zip(*[found[start::4] for start in range(4)], strict=True):
            path = self._dotted(key)
            if kind == "typed":
                typed.append((self._parsed(key), detail))
            elif kind != "text":
                problems.append(Problem(kind, key, path, detail, mended == "1"))
            elif not _is_json(detail):
                problems.append(Problem("not JSON", key, path, detail[:80], False))
        for wrong in (yield from look_into(self._space, typed)):
            key = self._space.body(wrong.path)
            problems.append(Problem(wrong.kind, key, dotted(wrong.path), wrong.text[:80], False))
        foreign = {problem.key for problem in problems if problem.kind == "wrong type"}
        problems.extend((yield from self._check_contents([key for key in spelled if key not in foreign], repair)))
        return problems

    def _check_contents(self, keys: list[str], repair: bool) -> Op[list[Problem]]:
        """Look at what scripts cannot judge: whether texts are JSON, and members of the zsets of locks are entries."""
        hashes = [key for key in keys if key.startswith(self._space.node(()))]
        lock_keys = tuple(self._space.key(letter, ()) for letter in (LOCKS_AT, LOCKS_BELOW))
        zsets = [key for key in keys if key.startswith(lock_keys)]
        if not hashes and not zsets:
            return []
        ranges = [Call(("ZRANGE", key, "0", "-1", "WITHSCORES")) for key in zsets]
        found = yield (*[Call(("HGETALL", key)) for key in hashes], *ranges)
        pairs_of = dict(zip((*hashes, *zsets), found, strict=True))
        problems = [problem for key in hashes for problem in self._check_texts(key, pairs_of[key])]
        garbage = [(key, member) for key in zsets for member in self._check_members(key, pairs_of[key])]
        for key, member in garbage:
            problems.append(Problem("not a lock entry", key, self._dotted(key), member[:80], repair))
        if garbage and repair:  # nobody of ours writes such a member, so what is removed is what was found
            _ = yield tuple([Call(("ZREM", key, member.encode("utf-8", "surrogateescape"))) for key, member in garbage])
        return problems

    def _check_members(self, key: str, pairs: list[str]) -> Iterator[str]:
        """Look for members of a zset of locks that are no entries of locks there."""
        letter, path = self._space.parse_key(key) or ("", ())
        for member, score in zip(pairs[::2], pairs[1::2], strict=True):
            if not self._is_entry(letter, path, member, score):
                yield member

    def _parsed(self, key: str) -> Path:
        return (self._space.parse_key(key) or ("", ()))[1]

    def _dotted(self, key: str) -> str | None:
        parsed = self._space.parse_key(key)
        return dotted(parsed[1]) if parsed else None

    def _check_texts(self, key: str, pairs: list[str]) -> Iterator[Problem]:
        """Look for stored texts that are not JSON, and for fields that are no names."""
        parsed = self._space.parse_key(key)
        path: Path = parsed[1] if parsed else ()
        for field, text in zip(pairs[::2], pairs[1::2], strict=True):
            try:
                child = (*path, decode_component(field)) if field else path
            except InternalError:
                yield Problem("unknown field", key, dotted(path), field, False)
                continue
            if not _MARKER.fullmatch(text) and not _is_json(text):
                yield Problem("not JSON", key, dotted(child), text[:80], False)


def _is_json(text: str) -> bool:
    try:
        _ = decode(text)
    except InternalError:
        return False
    return True
