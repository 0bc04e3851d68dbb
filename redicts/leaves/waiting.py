"""Waiting for elements of a typed leaf, or for room in it, without polling.

Who finds nothing notes, in that very step, that somebody is expected, and waits for a wake-up; whoever comes with what
is waited for gives one, and who has taken what it waited for gives one on where there is more. Once a second a waiter
looks by itself: what a lost wake-up costs at most.

May import core, errors and its neighbours. Invariant: what is waited on carries nothing but that it came; elements are
taken by a script, under guards, and never by the blocking command: nothing is lost with a waiter.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from time import monotonic
from typing import Any, Final, Generic, NamedTuple, TypeVar

from redicts.core.effects import WAITING, Block, Eval, Op
from redicts.core.missing import MISSING, Missing
from redicts.core.scripts import load
from redicts.errors import OutcomeUnknown, WaitTimeout
from redicts.leaves.leaf import PACKAGE, Leaf

__all__ = ["LOOK_SECONDS", "Attempt", "check_timeout", "wait_for"]

R = TypeVar("R")

log: Final = logging.getLogger("redicts.leaves")

LOOK_SECONDS: Final = 1.0
"""How often a waiter looks by itself."""

FOREVER: Final = 3600.0
"""How long a blocking pop lasts where the caller has no timeout; then there is another one."""


class Attempt(NamedTuple, Generic[R]):
    """What became of a try.

    Attributes:
        value: What was waited for; ``MISSING``: not yet.
        seconds: After how long to try again at the latest.
    """

    value: R | Missing
    seconds: float = math.inf


def check_timeout(timeout: float | None) -> float | None:
    """Check how long to wait; give it back.

    Args:
        timeout: Seconds; 0 for one try, ``None`` for no limit.

    Raises:
        TypeError: It is no number.
        ValueError: It is negative.
    """
    if timeout is None:
        return None
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"timeout is a number of seconds or None, not {timeout!r}")
    if not timeout >= 0:
        raise ValueError(f"'timeout' must be a non-negative number, not {timeout!r}; None waits without limit")
    return timeout


def wait_for(
    leaf: Leaf[Any], attempt: Callable[[bool], Op[Attempt[R]]], timeout: float | None, *, room: bool = False
) -> Op[R]:
    """Try, and wait in line until trying again makes sense.

    Args:
        leaf: What is tried at.
        attempt: Makes one try; it is told whether there will be another: its script notes then who is expected.
        timeout: Seconds to wait; 0 for one try, ``None`` for no limit.
        room: Whether room is waited for, not elements.

    Raises:
        WaitTimeout: It did not come in time.

    Cost: 1 round trip where it need not wait. A waiter sends 1 command a second.
    """
    line = _Line(leaf, room)
    end = None if timeout is None else monotonic() + timeout
    try:
        while True:
            left = FOREVER if end is None else end - monotonic()
            value, seconds = yield from attempt(left > 0)
            line.woken = False  # the try has made use of it: its script wakes the next where there is more
            if value is not MISSING:
                yield from line.leave()
                return value
            if left <= 0:
                break
            left = FOREVER if end is None else max(end - monotonic(), 0.001)
            yield from line.stand(min(LOOK_SECONDS, left, max(seconds, 0.001)), left)
    except GeneratorExit:
        raise
    except BaseException:
        yield from line.leave()
        raise
    yield from line.leave()
    raise WaitTimeout(
        f"{'no room' if room else 'no element'} came in time at {leaf.key()!r} (timeout {timeout} s)",
        path=leaf.key(),
        timeout=timeout,
    )


class _Line:
    """The line of those who wait at a leaf.

    Attributes:
        woken: Whether a wake-up was received, and not made use of yet.
        waiting: Whether who waits stands in it just now.
    """

    def __init__(self, leaf: Leaf[Any], room: bool) -> None:
        keys = leaf._place._space.leaf(leaf._place._path)
        self.key = keys.putters if room else keys.takers
        self.woken = False
        self.waiting = False

    def stand(self, patience: float, left: float) -> Op[None]:
        """Stand in line: until it is woken, or ``left`` seconds have passed, or its patience."""
        self.waiting = True
        try:
            (reply,) = yield (Block(("BLPOP", self.key), left, patience, self.key, shared=True),)
        except OutcomeUnknown:  # the connection was lost; the server may have woken it just then
            self.waiting, self.woken = False, True
        else:
            self.waiting = reply is WAITING
            self.woken = not self.waiting and reply is not None

    def leave(self) -> Op[None]:
        """Go out of the line; a wake-up that was not made use of is given on."""
        try:
            if self.waiting:
                self.waiting = False
                (reply,) = yield (Block((), 0.0),)
                self.woken = reply is not None
            if self.woken:
                self.woken = False
                _ = yield (Eval(load(PACKAGE, "wake"), (self.key,), ()),)
        except Exception as error:  # noqa: BLE001  # it costs the next in line a second; what was taken must not be lost for it
            log.debug("a wake-up for %s was not passed on: %s", self.key, error)
