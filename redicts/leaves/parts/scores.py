"""Scores and priorities: numbers that a double holds exactly, and ranges of them and of ranks, as commands spell them.

Imports nothing of redicts. Invariant: no number is changed on its way, silently: what a double cannot hold is refused.
"""

from __future__ import annotations

import operator
from typing import Final, SupportsIndex

__all__ = ["check_count", "spell_interval", "spell_ranks", "spell_score"]

_LARGEST: Final = 2**53 - 1


def spell_score(score: float, what: str = "score") -> str:
    """Check a score, and spell it for the server; -0.0 is 0.0 there.

    Args:
        score: An ``int`` or a ``float``; infinities are numbers, too.
        what: What errors call it.

    Raises:
        TypeError: It is no number.
        ValueError: It is NaN, or an integer that a float cannot hold exactly.

    Example:
        >>> spell_score(3), spell_score(0.1), spell_score(float("-inf"))
        ('3.0', '0.1', '-inf')
    """
    if type(score) is float and score == score:  # mostly
        return repr(score + 0.0)
    if isinstance(score, bool) or not isinstance(score, (int, float)):
        raise TypeError(f"a {what} is an int or a float, not {score!r}")
    try:
        number = float(score)
    except OverflowError:
        number = float("nan")
    if number != score:
        raise ValueError(
            f"{score!r} is no {what}: NaN has no place in an order"
            if isinstance(score, float)
            else f"{score!r} is no {what}: a float cannot hold it exactly, as it can all integers up to 2**53"
        )
    return repr(number + 0.0)


def spell_interval(low: float, high: float, exclude_low: bool, exclude_high: bool) -> tuple[str, str]:
    """Spell the bounds of a range of scores.

    Raises:
        TypeError: One is no number.
        ValueError: As for ``spell_score``.
    """
    return (
        ("(" if exclude_low else "") + spell_score(low, "bound"),
        ("(" if exclude_high else "") + spell_score(high, "bound"),
    )


def spell_ranks(start: SupportsIndex | None, stop: SupportsIndex | None) -> tuple[str, str]:
    """Spell a slice ``[start:stop]`` as the server has it: the first and the last rank, both inclusive.

    Raises:
        TypeError: One is no index.

    Example:
        >>> spell_ranks(0, 10), spell_ranks(-3, None), spell_ranks(None, 0)
        (('0', '9'), ('-3', '-1'), ('1', '0'))
    """
    first = 0 if start is None else _clipped(start)
    if stop is None:
        return str(first), "-1"
    last = _clipped(stop)
    return (str(first), str(last - 1)) if last != 0 else ("1", "0")  # -1 would be the last of all


def check_count(count: SupportsIndex) -> int:
    """Check how many are asked for.

    Raises:
        TypeError: It is no integer.
        ValueError: It is negative.
    """
    number = operator.index(count)
    if number < 0:
        raise ValueError(f"a count is not negative: {number}")
    return min(number, _LARGEST)


def _clipped(index: SupportsIndex) -> int:
    return max(-_LARGEST, min(_LARGEST, operator.index(index)))
