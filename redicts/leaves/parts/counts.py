"""Counts: whole numbers of 64 bits, and what ``counter[key]`` gives, so that ``counter[key] += 1`` loses nothing.

May import elements. ``counter[key] += n`` is three steps to Python: it reads ``counter[key]``, adds to that in place,
and sets ``counter[key]`` to the sum. What is read remembers where; what is added to in place, how much that was; and
``counter[key] = sum`` then adds so much on the server, where others may have counted meanwhile.
"""

from __future__ import annotations

import operator
import threading
from typing import Any, Final

from redicts.leaves.elements import Elements, Where

__all__ = ["COUNTS", "Count", "Counts", "too_large", "wrote"]

_LIMIT: Final = 2**63


class Counts(Elements[int]):
    """The counts of a counter."""

    __slots__ = ()

    def encode(self, value: int, where: Where) -> str:
        """Spell a count.

        Args:
            value: It.
            where: Gives the path of the counter, for the error.

        Raises:
            TypeError: It is no integer.
            OverflowError: It has more than 64 bits.
        """
        try:
            number = operator.index(value)
        except TypeError:
            raise TypeError(f"a count at {where()!r} must be an integer, not {value!r}") from None
        if not -_LIMIT <= number < _LIMIT:
            raise too_large(where())
        return int.__repr__(int(number))


COUNTS: Final = Counts()


def too_large(place: str) -> OverflowError:
    """Say that a count has more than 64 bits."""
    return OverflowError(f"a count at {place!r} would be beyond 64 bits; nothing was written")


class _Noted(threading.local):
    """What this thread wrote last to any counter: an object for each time."""

    def __init__(self) -> None:
        self.mark = object()


_noted = _Noted()


def wrote() -> None:
    """Note that this thread writes to a counter: counts that it has read are not what is there any more."""
    _noted.mark = object()


class Count(int):
    """A count as it was read: an ``int``, which remembers for ``+=`` and ``-=`` where that was.

    Args:
        value: The number.
        counter: Where it was read.
        key: Of what.
        delta: How much was added in place since.
    """

    _counter: Any
    _key: Any
    _delta: int
    _mark: object

    def __new__(cls, value: int, counter: object, key: object) -> Count:  # noqa: PYI034  # typing.Self came with Python 3.11
        """Make one that was read just now, by this thread."""
        return cls._made(value, counter, key, 0, _noted.mark)

    @classmethod
    def _made(cls, value: int, counter: object, key: object, delta: int, mark: object) -> Count:
        made = super().__new__(cls, value)
        vars(made).update(_counter=counter, _key=key, _delta=delta, _mark=mark)
        return made

    def added_to(self, counter: object, key: object) -> int | None:
        """Tell how much was added in place.

        Args:
            counter: What is about to be set.
            key: Of what.

        Returns:
            ``None`` where it was not read there, or the thread has written to a counter since.
        """
        same = self._counter is counter and self._key is key and self._mark is _noted.mark
        return self._delta if same else None

    def __iadd__(self, other: Any) -> Any:  # type: ignore[misc]  # of an int, as __add__
        if not isinstance(other, int):
            return int(self) + other
        return self._made(int(self) + int(other), self._counter, self._key, self._delta + int(other), self._mark)

    def __isub__(self, other: Any) -> Any:  # type: ignore[misc]  # likewise
        return self.__iadd__(-int(other)) if isinstance(other, int) else int(self) - other

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __reduce__(self) -> tuple[type[int], tuple[int]]:
        return int, (int(self),)
