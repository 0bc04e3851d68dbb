"""What a cache does with its entries: reading, setting, and taking them out.

May import core and its neighbours. What is in the body is said in ``core/prelude/cached.lua``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from time import monotonic
from typing import Any, Final, NamedTuple

from redicts.core.effects import Call, Op
from redicts.core.kinds import KINDS
from redicts.core.missing import MISSING, Missing
from redicts.core.operation import operation
from redicts.core.place import Place
from redicts.core.scripts import load
from redicts.core.units import to_seconds
from redicts.errors import InternalError
from redicts.leaves.elements import Of, T
from redicts.leaves.leaf import PACKAGE, Leaf
from redicts.leaves.parts.keys import Keys
from redicts.leaves.parts.lives import Lives
from redicts.leaves.parts.pairs import pairs_of

__all__ = ["TEXT_AT", "VALUES", "CacheEntries"]

VALUES: Final = "vV"
SURE: Final = "vx"
KNOWN: Final = "vVxX"
"""What is stored begins with one of these: a value, or an error; and whether it is fresh, as long as it is there."""

TEXT_AT: Final = 31
"""Where its text begins."""

CLOCK_SECONDS: Final = 1.0
"""How long a reader reckons with the server's time as it was told: if that is set, so long what is told is wrong."""

_TIME: Final = Call(("TIME",))
_SET: Final = load(PACKAGE, "cache_set")


class _Clock(NamedTuple):
    """What a reader knows of the server's time.

    Attributes:
        until: Until when it asks for nothing but the value, on our monotonic clock.
        ahead_ms: How far the server's time is ahead of that, at most.
    """

    until: float
    ahead_ms: float


_NEW_CLOCK: Final = _Clock(-math.inf, math.inf)
_NO_CLOCK: Final = _Clock(math.inf, math.inf)
"""That of who met what the server removes by itself: it need not ask, and could tell nothing."""


class CacheEntries(Leaf[T]):
    """What a cache can do with its entries.

    Args:
        place: The place, of any face.
        of: The type of the values; ``None`` for any JSON value.
        ttl: For how many seconds an entry is fresh; ``None`` for no end.
        jitter: By what part of it that is shortened at random, at most.
        stale: For how many seconds it is served after that, while one computes it anew.
        lease: After how many seconds another takes over from one that computes.

    Raises:
        PathError: The place is the root.
        ImportError: ``of`` was given, and pydantic is not installed.
        TypeError: A time is no number.
        ValueError: A time is out of range.
    """

    __slots__ = ("_clock", "_keys", "_lives")

    KIND = KINDS["cache"]

    def __init__(
        self, place: Place, of: Of[T], ttl: float | None, jitter: float = 0.0, stale: float = 0.0, lease: float = 10.0
    ) -> None:
        super().__init__(place, of)
        self._keys: Keys[Any] = Keys()
        self._lives = Lives.checked(ttl, jitter, stale, lease)
        self._clock = _NEW_CLOCK

    @operation(idempotent=True)
    def get(self, key: Any, default: T | None = None) -> Op[T | None]:
        """Read the value of a key, if it is fresh.

        Args:
            key: A ``str``, ``int``, ``float``, ``bool``, ``None``, or a tuple of these.
            default: What to give where there is none. (``None`` may be a value; ``contains`` tells.)

        Raises:
            TypeError: The key cannot be one.
            WrongType: The place holds something else.
            InvalidElement: The value is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip where it is there, else 2: it is made sure that the place holds nothing else. (3 where it is
            kept, and not fresh any more.) O(1).
        """
        name = self._keys.spell(key, self.key)
        value = None if self._place._batched else (yield from self._look(name))
        if value is None:
            (text,) = yield from self._run_reading("cache_get", name)
            return default if text is None else self._decode(text)
        return self._decode(value[TEXT_AT:]) if value[0] in VALUES else default

    @operation(idempotent=True)
    def get_many(self, keys: Iterable[Any], default: T | None = None) -> Op[list[T | None]]:
        """Read the values of several keys, those that are fresh.

        Args:
            keys: In any number.
            default: What to give for one that is not there.

        Returns:
            The values in the order of the keys.

        Raises:
            TypeError: A key cannot be one.
            WrongType: The place holds something else.
            InvalidElement: A value is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(keys); none where there are none.
        """
        texts = yield from self._texts([self._keys.spell(key, self.key) for key in keys])
        values = iter(self._decode_all([text for text in texts if text is not None]))
        return [default if text is None else next(values) for text in texts]

    @operation(idempotent=True)
    def set(self, key: Any, value: T, ttl: float | Missing | None = MISSING) -> Op[None]:
        """Set the value of a key. Who computes it just now will not overwrite it, and who waits for that gets it.

        Args:
            key: As for ``get``.
            value: A JSON value; with ``of=`` one of that type.
            ttl: For how many seconds it is fresh; ``None`` for no end. Left out: as the cache was opened.

        Raises:
            TypeError: The key, the value or ``ttl`` cannot be one.
            ValueError: ``ttl`` is not above 0.
            WrongType: The place holds something else.
            InvalidElement: The value is not of the type asked for.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        lives = self._lives.spelled(self._lives.of(ttl))
        _ = yield from self._run_writing("cache_set", self._keys.spell(key, self.key), *lives, self._encode(value))

    @operation(idempotent=True)
    def set_many(
        self, items: Mapping[Any, T] | Iterable[tuple[Any, T]], ttl: float | Missing | None = MISSING
    ) -> Op[None]:
        """Set the values of several keys, as ``set`` does.

        Args:
            items: A mapping, or an iterable of pairs.
            ttl: As for ``set``; each has a jitter of its own.

        Raises:
            TypeError: It is neither of these, or a key, a value or ``ttl`` cannot be one.
            ValueError: ``ttl`` is not above 0; or there are more than 249,000 keys.
            WrongType: The place holds something else.
            InvalidElement: A value is not of the type asked for.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step: all of them or none.
        Cost: 1 round trip, O(keys); none where there are none.
        """
        lives, ttl_ms, args = self._lives, self._lives.of(ttl), list[str]()
        for key, value in pairs_of(items):
            args += (self._keys.spell(key, self.key), *lives.spelled(ttl_ms), self._encode(value))
        if args:
            _ = yield from self._run_writing("cache_set", *args)

    @operation(idempotent=False)
    def delete(self, key: Any) -> Op[bool]:
        """Take a key out. Who computes it just now will not store it; who waits for that computes it anew.

        Args:
            key: As for ``get``.

        Returns:
            Whether a value was there, and fresh.

        Raises:
            TypeError: The key cannot be one.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was taken out, or not.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        return (yield from self._delete([key])) > 0

    @operation(idempotent=False)
    def delete_many(self, keys: Iterable[Any]) -> Op[int]:
        """Take several keys out, as ``delete`` does.

        Args:
            keys: In any number.

        Returns:
            How many values were there, and fresh.

        Raises:
            TypeError: A key cannot be one.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: they were taken out, or not.

        Atomicity: one step.
        Cost: 1 round trip, O(keys); none where there are none.
        """
        return (yield from self._delete([*keys]))

    @operation(idempotent=True)
    def contains(self, key: Any) -> Op[bool]:
        """Tell whether a key has a value that is fresh: ``key in cache``.

        Args:
            key: As for ``get``.

        Raises:
            TypeError: The key cannot be one.
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        return int((yield from self._run_reading("cache_look", self._keys.spell(key, self.key)))) != -2

    @operation(idempotent=True)
    def length(self) -> Op[int]:  # pyright: ignore[reportIncompatibleVariableOverride]  # it counts what is fresh
        """Count the values that are fresh (not the errors that are remembered, nor what is served stale).

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(entries).
        """
        return int((yield from self._run_reading("cache_look")))

    @operation(idempotent=True)
    def time_to_live(self, key: Any) -> Op[float]:
        """Tell how long the value of a key will be fresh.

        Args:
            key: As for ``get``.

        Returns:
            Seconds; -1: without end; -2: there is none.

        Raises:
            TypeError: The key cannot be one.
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        life = int((yield from self._run_reading("cache_look", self._keys.spell(key, self.key))))
        return to_seconds(life) if life > 0 else float(life)

    # ---- for subclasses

    def _look(self, name: str) -> Op[str | None]:
        """Read what is stored for a key, if it is fresh; ``None``: it is not, or the place holds something else.

        A script would take a third longer. Mostly the server removes what is not fresh any more. Where the reader must
        tell, it reckons with the server's time, which it asks for once a second, and again where that leaves a doubt.
        """
        command, clock = Call(("HGET", self._place._space.leaf(self._place._path).body, name)), self._clock
        value: str | None
        try:
            if clock.until > monotonic():
                (value,) = yield (command,)
                if value is None or value[0] in SURE:
                    return value
                if value[0] in KNOWN and int(value[1:15]) > clock.ahead_ms + monotonic() * 1000:
                    return value
            began = monotonic()
            value, time = yield command, _TIME
        except InternalError:  # of another kind: what asks next says so
            return None
        if value is None or value[0] not in KNOWN:
            return None
        if value[0] in SURE:
            self._clock = _NO_CLOCK
            return value
        now_ms = int(time[0]) * 1000 + int(time[1]) // 1000
        self._clock = _Clock(began + CLOCK_SECONDS, now_ms - began * 1000)
        return value if int(value[1:15]) > now_ms else None

    def _texts(self, names: list[str]) -> Op[list[str | None]]:
        """Read the texts of several keys' values."""
        return (yield from self._run_reading("cache_get", *names)) if names else []

    def _delete(self, keys: list[Any]) -> Op[int]:
        names = [self._keys.spell(key, self.key) for key in keys]
        return int((yield from self._run_writing("cache_delete", *names))) if names else 0
