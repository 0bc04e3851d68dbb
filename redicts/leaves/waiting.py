"""Waiting for elements of a typed leaf, or for room in it, without polling.

Who finds nothing notes, in that very step, that somebody is expected, and waits for a wake-up; whoever comes with what
is waited for gives one, and who has taken what it waited for gives one on where there is more. Once a second a waiter
looks by itself: what a lost wake-up costs at most.

May import core, errors and its neighbours. Invariants: what is waited on carries nothing but that it came; elements are
taken by a script, under guards, and never by the blocking command: nothing is lost with a waiter. What was taken for
one who is cancelled, or interrupted, before it has it, is put back.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from queue import Empty, Full
from time import monotonic
from typing import Any, Final, Generic, TypeVar

from redicts.core.effects import WAITING, Block, Eval, Op
from redicts.core.missing import MISSING, Missing
from redicts.core.scripts import COMMON, load
from redicts.errors import OutcomeUnknown, PipelineMisused, WaitTimeout
from redicts.leaves.leaf import Leaf

__all__ = ["LOOK_SECONDS", "Attempt", "check_timeout", "patience_of", "wait_for", "wait_in_queue"]

R = TypeVar("R")

log: Final = logging.getLogger("redicts.leaves")

LOOK_SECONDS: Final = 1.0
"""How often a waiter looks by itself."""

FOREVER: Final = 3600.0
"""How long a blocking pop lasts where the caller has no timeout; then there is another one."""

Undo = Callable[[Any], Op[None]]
"""Puts back what a try took, given its script's reply."""


class Attempt(Generic[R]):
    """What became of a try.

    Attributes:
        value: What was waited for; ``MISSING``: not yet.
        seconds: After how long to try again at the latest.
        reply: Its script's reply, where there is a way to put back what it took.
    """

    __slots__ = ("reply", "seconds", "value")

    def __init__(self, value: R | Missing, seconds: float = math.inf, reply: Any = None) -> None:
        self.value = value
        self.seconds = seconds
        self.reply = reply


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


def patience_of(block: object, timeout: float | None) -> float | None:
    """Give how long to wait, as ``queue.Queue`` is told it: the timeout counts only where ``block`` is true.

    Raises:
        TypeError: The timeout counts, and is no number.
        ValueError: It counts, and is negative.
    """
    return check_timeout(timeout) if block else 0.0


def wait_in_queue(
    leaf: Leaf[Any],
    attempt: Callable[[bool], Op[Attempt[R]]],
    timeout: float | None,
    *,
    room: bool = False,
    undo: Undo | None = None,
) -> Op[R]:
    """Wait as ``wait_for`` does, and end as queues of the standard library do.

    Raises:
        Empty: There was no item in time.
        Full: There was no room in time.
        PipelineMisused: It would have to wait, in a pipeline.
    """
    try:
        return (yield from wait_for(leaf, attempt, timeout, room=room, undo=undo))
    except WaitTimeout as error:
        raise (Full if room else Empty)(str(error)) from None


def wait_for(
    leaf: Leaf[Any],
    attempt: Callable[[bool], Op[Attempt[R]]],
    timeout: float | None,
    *,
    room: bool = False,
    line: str | None = None,
    undo: Undo | None = None,
) -> Op[R]:
    """Try, and wait in line until trying again makes sense.

    Args:
        leaf: What is tried at.
        attempt: Makes one try; it is told whether there will be another: its script notes then who is expected.
        timeout: Seconds to wait; 0 for one try, ``None`` for no limit.
        room: Whether room is waited for, not elements.
        line: The list of the wake-ups, if it is neither that of takers nor of putters.
        undo: Puts back what was taken for one who is cancelled, or interrupted, before it has it.

    Raises:
        WaitTimeout: It did not come in time.
        PipelineMisused: It would have to wait, in a pipeline.

    Cost: 1 round trip where it need not wait. A waiter sends 1 command a second.
    """
    keys = leaf._place._space.leaf(leaf._place._path)
    queue = _Line(line or (keys.putters if room else keys.takers))
    alone = not leaf._place._batched
    end = None if timeout is None else monotonic() + timeout
    reply: Any = None
    try:
        while True:
            left = FOREVER if end is None else min(FOREVER, end - monotonic())
            tried = yield from attempt(left > 0 and alone)
            queue.woken = False  # the try has made use of it: its script wakes the next where there is more
            if tried.value is not MISSING:
                if queue.waiting:
                    reply = tried.reply
                    yield from queue.leave()
                return tried.value
            if left <= 0:
                break
            if not alone:
                _refuse_in_pipeline(leaf)
            left = FOREVER if end is None else min(FOREVER, max(end - monotonic(), 0.001))
            yield from queue.stand(min(LOOK_SECONDS, left, max(tried.seconds, 0.001)), left)
    except GeneratorExit:
        raise
    except BaseException as error:
        yield from _put_back(leaf, undo, getattr(error, "taken", reply))
        yield from queue.leave()
        raise
    yield from queue.leave()
    what = "no room" if room else "no element"
    said = f"{what} came in time at {leaf.key()!r} ({timeout} s)" if timeout else f"there is {what} at {leaf.key()!r}"
    raise WaitTimeout(said, path=leaf.key(), timeout=timeout)


def _refuse_in_pipeline(leaf: Leaf[Any]) -> None:
    raise PipelineMisused(
        f"what was asked of {leaf.key()!r} would have to wait, which a pipeline cannot; nothing was changed. Ask for "
        "one try (block=False, or timeout=0), or outside of the pipeline"
    )


def _put_back(leaf: Leaf[Any], undo: Undo | None, reply: Any) -> Op[None]:
    """Put back what a try took, if it took something."""
    if undo is None or reply is None:
        return
    try:
        yield from undo(reply)
    except Exception as error:  # noqa: BLE001  # what ends the waiting is the other one
        log.warning("what was taken from %s for one who was cancelled could not be put back: %s", leaf.key(), error)


class _Line:
    """The line of those who wait at a leaf.

    Args:
        key: The list of its wake-ups.

    Attributes:
        woken: Whether a wake-up was received, and not made use of yet.
        waiting: Whether who waits stands in it just now.
    """

    def __init__(self, key: str) -> None:
        self.key = key
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
                self.woken = True  # perhaps, unless there is an answer
                (reply,) = yield (Block((), 0.0),)
                self.woken = reply is not None
        except Exception as error:  # noqa: BLE001  # the connection is closed then
            log.debug("waiting at %s was not ended in good order: %s", self.key, error)
        try:
            if self.woken:
                self.woken = False
                _ = yield (Eval(load(COMMON, "wake"), (self.key,), ()),)
        except Exception as error:  # noqa: BLE001  # it costs the next in line a second; what was taken must not be lost for it
            log.debug("a wake-up for %s was not passed on: %s", self.key, error)
