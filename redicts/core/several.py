"""Several masters: what an operation knows of the databases that it asks side by side.

May import the rest of core. Which databases they are, and how they are asked, is known in ``pool`` and ``runners``.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from redicts.core.effects import WAITING, Op
from redicts.core.keys import KeySpace

__all__ = ["AsyncRunning", "Masters", "Running", "answered", "failed", "failures", "quorum"]

T = TypeVar("T")


class Masters(Protocol):
    """Independent databases, each of which holds what an operation puts at one path of it."""

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called in messages: as the user named them, or their addresses."""
        ...

    @property
    def spaces(self) -> tuple[KeySpace, ...]:
        """The keys of each."""
        ...


class Running(Masters, Protocol):
    """Masters that operations can be run on: those of the synchronous face."""

    def run(self, op: Op[T]) -> T:
        """Run an operation on all of them."""
        ...


class AsyncRunning(Masters, Protocol):
    """Likewise, of the asyncio face."""

    def run(self, op: Op[T]) -> Coroutine[object, None, T]:
        """Run an operation on all of them."""
        ...


def quorum(count: int) -> int:
    """Give the number of masters that are a majority: of an even number too, more than the half."""
    return count // 2 + 1


def answered(outcomes: Sequence[Any]) -> list[Any]:
    """Give the replies among the outcomes of ``Everywhere``."""
    return [each for each in outcomes if each is not WAITING and not isinstance(each, Exception)]


def failures(outcomes: Sequence[Any]) -> int:
    """Count those that failed among the outcomes of ``Everywhere``."""
    return sum([isinstance(each, Exception) for each in outcomes])


def failed(outcomes: Sequence[Any], names: Sequence[str]) -> dict[str, str]:
    """Say of which masters nothing is known, and why."""
    return {
        name: "no answer yet" if each is WAITING else str(each)
        for name, each in zip(names, outcomes, strict=True)
        if each is WAITING or isinstance(each, Exception)
    }
