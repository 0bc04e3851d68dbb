"""What a cache does where something is missing: one gets the claim to compute it, the others wait.

May import core and its neighbours. What is the user's own is called by the faces; here is what comes before and after.
"""

from __future__ import annotations

import hashlib
import logging
import os
from typing import Any, Final

from redicts.core.effects import Op
from redicts.core.missing import MISSING, Missing
from redicts.core.operation import operation
from redicts.core.place import Guard
from redicts.core.units import life_ms, to_seconds
from redicts.errors import InvalidElement
from redicts.leaves.elements import T
from redicts.leaves.parts.cache_entries import TEXT_AT, VALUES, CacheEntries
from redicts.leaves.parts.remembered import Chosen, check_chosen, read_error, spell_error
from redicts.leaves.waiting import Attempt, wait_for

__all__ = ["ERROR", "VALUE", "CacheComputing", "Wanted"]

log: Final = logging.getLogger("redicts.leaves")

VALUE: Final = "v"
ERROR: Final = "x"


class Wanted:
    """What one call of ``get_or_compute`` wants.

    Attributes:
        name: The key's text.
        nonce: Who asks for the claim.
        ttl_ms: For how long what is computed will be fresh.
        negative: The errors that are remembered.
        negative_ms: For how long.
        usual: What will do, of what may be there: values, or errors that are remembered, too.
        accepted: Likewise, the next time it is asked.
    """

    __slots__ = ("accepted", "name", "negative", "negative_ms", "nonce", "ttl_ms", "usual")

    def __init__(
        self, name: str, ttl_ms: int | None, negative: tuple[type[Exception], ...], negative_ms: int | None
    ) -> None:
        self.name = name
        self.nonce = ""
        self.ttl_ms = ttl_ms
        self.negative = negative
        self.negative_ms = negative_ms
        self.usual = self.accepted = VALUE + ERROR if negative else VALUE


class CacheComputing(CacheEntries[T]):
    """What a cache can do where something is missing."""

    __slots__ = ()

    @operation(idempotent=True, one_step=False)
    def _peek(self, name: str, errors: bool) -> Op[str | None]:
        """Read what there is for a key, if it is fresh; an error after an "x", if it will do."""
        value = yield from self._look(name)
        if value is None:
            return None
        if value[0] in VALUES:
            return value[TEXT_AT:]
        return ERROR + value[TEXT_AT:] if errors else None

    @operation(idempotent=True, one_step=False)
    def _obtain(self, wanted: Wanted) -> Op[str | None]:
        """Read what there is, wait for who computes it, or get the claim to compute it: ``None``."""
        guards, accepted = self._guards(), wanted.accepted
        wanted.nonce = os.urandom(8).hex()
        line = hashlib.sha1(wanted.name.encode(), usedforsecurity=False).hexdigest()[:16]
        again = "0"

        def attempt(waits: bool) -> Op[Attempt[str | None]]:
            nonlocal accepted, again
            reply = yield from self._claim(wanted, accepted, line if waits else "", again, guards)
            accepted, again = wanted.usual, "1"
            if isinstance(reply, str):
                return Attempt(reply)
            claimed, left = reply[0], reply[-1]
            return Attempt(None) if claimed else Attempt(MISSING, to_seconds(left + 1))

        try:
            reply = yield from self._claim(wanted, accepted, "", "0", guards)
            if isinstance(reply, str):
                return reply
            if reply[0]:
                return None
            space, path = self._place._space, self._place._path
            return (yield from wait_for(self, attempt, None, line=space.leaf((*path, line)).takers))
        except GeneratorExit:
            raise
        except BaseException as error:
            if not isinstance(error, Exception):  # who is interrupted may have got the claim
                yield from self._abandon(wanted)
            raise

    def _claim(self, wanted: Wanted, accepted: str, line: str, again: str, guards: tuple[Guard, ...]) -> Op[Any]:
        args = (wanted.name, wanted.nonce, self._lives.lease, accepted, line, again)
        return (yield from self._run_writing("cache_claim", *args, guards=guards))

    @operation(idempotent=True)
    def _store(self, wanted: Wanted, letter: str, text: str) -> Op[None]:
        """Store what was computed, if that is still to be done."""
        lives = self._lives.spelled(wanted.ttl_ms)
        if letter == ERROR:
            lives = (str(wanted.negative_ms),) * 2 if wanted.negative_ms is not None else ("", "")
        _ = yield from self._run_writing("cache_store", wanted.name, wanted.nonce, letter, *lives, text)

    @operation(idempotent=True)
    def _give_up(self, wanted: Wanted) -> Op[None]:
        """Give a claim up, so that another computes."""
        yield from self._abandon(wanted)

    def _abandon(self, wanted: Wanted) -> Op[None]:
        args = (wanted.name, wanted.nonce, "", "", "", "")
        try:
            _ = yield from self._run_writing("cache_store", *args, guards=())
        except Exception as error:  # noqa: BLE001  # what went wrong before is told; the lease ends the claim
            log.debug("a claim at %s could not be given up: %s", self.key(), error)

    def _want(self, name: str, ttl: float | Missing | None, negative: Chosen, negative_ttl: float | None) -> Wanted:
        ttl_ms = self._lives.of(ttl)
        negative_ms = ttl_ms if negative_ttl is None else life_ms(negative_ttl, "negative_ttl")
        return Wanted(name, ttl_ms, check_chosen(negative) if negative else (), negative_ms)

    def _accept(self, wanted: Wanted, text: str) -> T | Missing:
        """Read what there was; ``MISSING`` where it is not what is wanted here, and so is to be computed anew.

        An error that is remembered is raised.
        """
        forced, wanted.accepted = wanted.accepted == "", ""
        if text.startswith(ERROR):
            error = read_error(text[1:], wanted.negative)
            if error is None:
                return MISSING
            raise error
        try:
            return self._decode(text)
        except InvalidElement:
            if forced:  # another has just computed it
                raise
            return MISSING

    def _error_text(self, wanted: Wanted, error: BaseException) -> str | None:
        """Spell an error that is to be remembered; ``None`` for all others."""
        if not wanted.negative or not isinstance(error, wanted.negative):
            return None
        return spell_error(error, wanted.negative)
