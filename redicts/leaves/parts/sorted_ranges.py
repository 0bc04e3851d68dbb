"""Ranges of a sorted set: by rank, by score, and by the order of the members' texts; read, counted and removed.

May import core and its neighbours. Invariant: a rank is made out on the server, in the step that uses it.
"""

from __future__ import annotations

import math
from typing import SupportsIndex, cast

from redicts.core.codec import encode
from redicts.core.effects import Argument, Op
from redicts.core.operation import operation
from redicts.leaves.elements import T, frozen
from redicts.leaves.leaf import TAKES, Leaf
from redicts.leaves.parts.scores import check_count, spell_interval, spell_ranks

__all__ = ["SortedRanges"]


class SortedRanges(Leaf[T]):
    """Operations on members that stand in the order of their scores, and of their texts where scores are equal."""

    __slots__ = ()

    @operation(idempotent=True)
    def range(
        self, start: SupportsIndex | None = None, stop: SupportsIndex | None = None, *, reverse: bool = False
    ) -> Op[list[T]]:
        """Read members by rank: ``[start:stop]`` of them all in order.

        Args:
            start: The rank to begin at, from 0; negative from the end. ``None``: at the beginning.
            stop: Where to end, exclusive; ``None``: at the end.
            reverse: Whether the highest comes first: ``range(0, 10, reverse=True)`` are the ten highest.

        Raises:
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length) + what is read).

        Example:
            >>> best = root().get("best").as_sorted_set()
            >>> _ = best.add_many({"ada": 7, "bob": 2.5, "cy": 4})
            >>> best.range(0, 2), best.range(-1), best.range(0, 1, reverse=True)
            (['bob', 'cy'], ['ada'], ['ada'])
        """
        return self._members((yield from self._read(_ranked(reverse), *spell_ranks(start, stop))))

    @operation(idempotent=True)
    def range_with_scores(
        self, start: SupportsIndex | None = None, stop: SupportsIndex | None = None, *, reverse: bool = False
    ) -> Op[list[tuple[T, float]]]:
        """Read members by rank, each with its score: otherwise as ``range``.

        Args:
            start: The rank to begin at, from 0; negative from the end. ``None``: at the beginning.
            stop: Where to end, exclusive; ``None``: at the end.
            reverse: Whether the highest comes first.

        Raises:
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length) + what is read).
        """
        return self._pairs((yield from self._read(_ranked(reverse), *spell_ranks(start, stop), "WITHSCORES")))

    @operation(idempotent=True)
    def range_by_score(
        self,
        low: float = -math.inf,
        high: float = math.inf,
        *,
        exclude_low: bool = False,
        exclude_high: bool = False,
        reverse: bool = False,
        offset: SupportsIndex = 0,
        count: SupportsIndex | None = None,
    ) -> Op[list[T]]:
        """Read the members with scores from ``low`` to ``high``, both included.

        Args:
            low: The lowest score.
            high: The highest score.
            exclude_low: Whether ``low`` itself does not count.
            exclude_high: Whether ``high`` itself does not count.
            reverse: Whether the highest comes first.
            offset: How many of them to pass over, from the first on.
            count: How many to read at most; ``None``: all.

        Raises:
            TypeError: A bound is no number.
            ValueError: A bound is NaN, or ``offset`` or ``count`` negative.
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length) + offset + what is read).

        Example:
            >>> best = root().get("best").as_sorted_set()
            >>> _ = best.add_many({"ada": 7, "bob": 2.5, "cy": 4})
            >>> best.range_by_score(2.5, 7, exclude_high=True), best.range_by_score(high=5, reverse=True, count=1)
            (['bob', 'cy'], ['cy'])
        """
        bounds = spell_interval(low, high, exclude_low, exclude_high)
        return self._members((yield from self._read(*_scored(bounds, reverse), *_limit(offset, count))))

    @operation(idempotent=True)
    def range_by_score_with_scores(
        self,
        low: float = -math.inf,
        high: float = math.inf,
        *,
        exclude_low: bool = False,
        exclude_high: bool = False,
        reverse: bool = False,
        offset: SupportsIndex = 0,
        count: SupportsIndex | None = None,
    ) -> Op[list[tuple[T, float]]]:
        """Read the members with scores from ``low`` to ``high``, each with its score: otherwise as ``range_by_score``.

        Args:
            low: The lowest score.
            high: The highest score.
            exclude_low: Whether ``low`` itself does not count.
            exclude_high: Whether ``high`` itself does not count.
            reverse: Whether the highest comes first.
            offset: How many of them to pass over, from the first on.
            count: How many to read at most; ``None``: all.

        Raises:
            TypeError: A bound is no number.
            ValueError: A bound is NaN, or ``offset`` or ``count`` negative.
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length) + offset + what is read).
        """
        bounds = spell_interval(low, high, exclude_low, exclude_high)
        limit = _limit(offset, count)
        return self._pairs((yield from self._read(*_scored(bounds, reverse), "WITHSCORES", *limit)))

    @operation(idempotent=True)
    def range_by_lex(
        self,
        low: T | None = None,
        high: T | None = None,
        *,
        exclude_low: bool = False,
        exclude_high: bool = False,
        reverse: bool = False,
        offset: SupportsIndex = 0,
        count: SupportsIndex | None = None,
    ) -> Op[list[T]]:
        """Read the members whose texts lie between those of two others; all scores must be equal.

        The texts are what is stored: JSON, in ASCII. For members that are ``str``, of letters, digits and most signs,
        that is the order of ``sorted()``, and so it is for dates in ISO form. But a character that JSON escapes (a
        quote, a backslash, control characters, and all that is not ASCII) comes where a backslash comes; and where one
        text goes on after another with a space or ``!``, it comes before that. Of numbers it is no useful order.
        Where scores differ, what is given is not defined.

        Args:
            low: The first; it need not be a member. ``None``: from the beginning.
            high: The last, likewise. ``None``: to the end.
            exclude_low: Whether ``low`` itself does not count.
            exclude_high: Whether ``high`` itself does not count.
            reverse: Whether the last comes first.
            offset: How many of them to pass over, from the first on.
            count: How many to read at most; ``None``: all.

        Raises:
            TypeError: A bound is no JSON value.
            ValueError: ``offset`` or ``count`` is negative.
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length) + offset + what is read).

        Example:
            >>> names = root().get("names").as_sorted_set()
            >>> _ = names.add_many([("ada", 0), ("bob", 0), ("cy", 0)])
            >>> names.range_by_lex("b"), names.range_by_lex(high="bob", exclude_high=True)
            (['bob', 'cy'], ['ada'])
        """
        first, last = self._lex(low, high, exclude_low, exclude_high)
        bounds = ("ZREVRANGEBYLEX", last, first) if reverse else ("ZRANGEBYLEX", first, last)
        return self._members((yield from self._read(*bounds, *_limit(offset, count))))

    @operation(idempotent=True)
    def range_by_prefix(self, prefix: str, *, count: SupportsIndex | None = None) -> Op[list[T]]:
        """Read the members that are texts which begin so; all scores must be equal.

        Args:
            prefix: What they begin with: any text.
            count: How many to read at most; ``None``: all.

        Raises:
            TypeError: It is no text.
            ValueError: ``count`` is negative.
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length) + what is read).

        Example:
            >>> names = root().get("names").as_sorted_set()
            >>> _ = names.add_many([("ada", 0), ("adele", 0), ("bob", 0)])
            >>> names.range_by_prefix("ad")
            ['ada', 'adele']
        """
        if not isinstance(prefix, str):
            raise TypeError(f"a prefix is text, not {prefix!r}")
        begun = encode(prefix)[:-1]  # every character has a text of its own: what goes on so begins so
        return self._members((yield from self._read("ZRANGEBYLEX", f"[{begun}", f"({begun}\x7f", *_limit(0, count))))

    @operation(idempotent=True)
    def count_between(
        self,
        low: float = -math.inf,
        high: float = math.inf,
        *,
        exclude_low: bool = False,
        exclude_high: bool = False,
    ) -> Op[int]:
        """Count the members with scores from ``low`` to ``high``, both included.

        Args:
            low: The lowest score.
            high: The highest score.
            exclude_low: Whether ``low`` itself does not count.
            exclude_high: Whether ``high`` itself does not count.

        Raises:
            TypeError: A bound is no number.
            ValueError: A bound is NaN.
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length)).
        """
        return int((yield from self._read("ZCOUNT", *spell_interval(low, high, exclude_low, exclude_high))))

    @operation(idempotent=False)
    def remove_range(self, start: SupportsIndex | None = None, stop: SupportsIndex | None = None) -> Op[int]:
        """Take members out by rank: ``[start:stop]`` of them all in order.

        ``remove_range(0, -100)`` leaves the hundred highest.

        Args:
            start: The rank to begin at, from 0; negative from the end. ``None``: at the beginning.
            stop: Where to end, exclusive; ``None``: at the end.

        Returns:
            How many there were.

        Raises:
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was done once, or not at all.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length) + what is removed).
        """
        return int((yield from self._write(TAKES, "ZREMRANGEBYRANK", *spell_ranks(start, stop))))

    @operation(idempotent=False)
    def remove_by_score(
        self,
        low: float = -math.inf,
        high: float = math.inf,
        *,
        exclude_low: bool = False,
        exclude_high: bool = False,
    ) -> Op[int]:
        """Take the members with scores from ``low`` to ``high`` out, both included.

        Args:
            low: The lowest score.
            high: The highest score.
            exclude_low: Whether ``low`` itself does not count.
            exclude_high: Whether ``high`` itself does not count.

        Returns:
            How many there were.

        Raises:
            TypeError: A bound is no number.
            ValueError: A bound is NaN.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was done once, or not at all.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length) + what is removed).
        """
        bounds = spell_interval(low, high, exclude_low, exclude_high)
        return int((yield from self._write(TAKES, "ZREMRANGEBYSCORE", *bounds)))

    @operation(idempotent=False)
    def remove_by_lex(
        self, low: T | None = None, high: T | None = None, *, exclude_low: bool = False, exclude_high: bool = False
    ) -> Op[int]:
        """Take the members out whose texts lie between those of two others: see ``range_by_lex``.

        Args:
            low: The first; it need not be a member. ``None``: from the beginning.
            high: The last, likewise. ``None``: to the end.
            exclude_low: Whether ``low`` itself does not count.
            exclude_high: Whether ``high`` itself does not count.

        Returns:
            How many there were.

        Raises:
            TypeError: A bound is no JSON value.
            WrongType: The place holds something else.
            InvalidElement: A bound is not of the type of the members.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was done once, or not at all.

        Atomicity: one step.
        Cost: 1 round trip, O(log(length) + what is removed).
        """
        bounds = self._lex(low, high, exclude_low, exclude_high)
        return int((yield from self._write(TAKES, "ZREMRANGEBYLEX", *bounds)))

    # ---- from texts, and to them

    def _members(self, texts: list[str]) -> list[T]:
        """Read members. Arrays are tuples again, as they were when they were put in."""
        members = self._decode_all(texts)
        if self._elements.checked or not any(text.startswith("[") for text in texts):
            return members
        return [cast("T", frozen(member)) for member in members]

    def _pairs(self, flat: list[str]) -> list[tuple[T, float]]:
        """Read members and scores, which come in turns."""
        return list(zip(self._members(flat[::2]), map(float, flat[1::2]), strict=True))

    def _lex(self, low: T | None, high: T | None, exclude_low: bool, exclude_high: bool) -> tuple[str, str]:
        first = "-" if low is None else ("(" if exclude_low else "[") + self._encode(low)
        last = "+" if high is None else ("(" if exclude_high else "[") + self._encode(high)
        return first, last


def _ranked(reverse: bool) -> str:
    return "ZREVRANGE" if reverse else "ZRANGE"


def _scored(bounds: tuple[str, str], reverse: bool) -> tuple[str, str, str]:
    low, high = bounds
    return ("ZREVRANGEBYSCORE", high, low) if reverse else ("ZRANGEBYSCORE", low, high)


def _limit(offset: SupportsIndex, count: SupportsIndex | None) -> tuple[Argument, ...]:
    passed = check_count(offset)
    if count is None:
        return ("LIMIT", str(passed), "-1") if passed else ()
    return ("LIMIT", str(passed), str(check_count(count)))
