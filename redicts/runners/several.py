"""Runs operations on several masters, which are asked side by side.

May import redis, core and the other runners. Invariants: a master that hangs, or is not there, never delays longer than
the patience that the operation has, and never what the others answer; and those of the synchronous runner.

There is no thread for each master: all are sent what they are asked, then whichever answers is read. Only where a
connection has to be made is there one (``several_links``).
"""

from __future__ import annotations

import select
import time
from collections.abc import Sequence
from typing import Any, Final, TypeVar

import redis.exceptions

from redicts.core.effects import WAITING, Call, Effect, Eval, Everywhere, Op, Sleep
from redicts.errors import ConnectionLost
from redicts.runners.exchange import Failed
from redicts.runners.failures import lost
from redicts.runners.packing import command_of
from redicts.runners.replies import plain, translate
from redicts.runners.several_links import DONE, PENDING, RESENT, Link, Links, Owed, full
from redicts.runners.sync import SyncRunner

__all__ = ["chosen", "failure", "outcome_of", "overloaded", "run_several", "too_late"]

T = TypeVar("T")


def run_several(op: Op[T], runners: Sequence[SyncRunner]) -> T:
    """Drive an operation on several masters to its end.

    Args:
        op: A fresh generator, which asks for ``Everywhere`` and ``Sleep``.
        runners: Those of the masters.

    Returns:
        What the operation returns.
    """
    try:
        effects = next(op)
        while True:
            try:
                reply = _perform(effects, runners)
            except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001  # it may have to clean up
                effects = op.throw(error)
            else:
                effects = op.send((reply,))
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # typed by Op[T]
    finally:
        op.close()


def _perform(effects: tuple[Effect, ...], runners: Sequence[SyncRunner]) -> Any:
    (effect,) = effects
    if isinstance(effect, Sleep):
        return time.sleep(effect.seconds)
    if isinstance(effect, Everywhere):
        asking = _Asking(effect, [runner.links() for runner in runners])
        try:
            asking.begin()
            asking.wait()
        finally:
            asking.end()
        return asking.outcomes
    raise ValueError(f"{type(effect).__name__} is not for several masters")


class _Asking:
    """What is asked of several masters just now.

    Args:
        effect: What.
        masters: Their links.

    Attributes:
        outcomes: What has come of it so far.
    """

    def __init__(self, effect: Everywhere, masters: Sequence[Links]) -> None:
        self.outcomes: list[Any] = [WAITING] * len(masters)
        self._effect = effect
        self._masters = masters
        self._end = time.monotonic() + effect.patience
        self._poll = _Poll()
        self._links: dict[int, Link] = {}
        self._numbers: dict[int, int] = {}
        self._asked: dict[int, Call | Eval] = {}
        self._again: set[int] = set()
        self._whole: set[int] = set()
        self._followed: set[int] = set()
        self._waiting = 0

    def begin(self) -> None:
        """Send what is asked."""
        effect, lane = self._effect, self._effect.lane
        for at, what in enumerate(effect.asked):
            before = None if lane is None else lane.get(at)
            if what is not None and not self._is_handed_on(at, what, before):
                self._take(at, before)
        for number, _ in self._poll.poll(0) if self._numbers else ():  # late replies; or the end of a connection
            self._look(self._place_of(number))
        for at, link in list(self._links.items()):
            before = DONE if lane is None else lane.get(at, DONE)
            self._asked[at] = chosen(effect, at, in_order=before is DONE or before is link)
            if before is not DONE:
                self._followed.add(at)
            if lane is not None:
                lane[at] = link
            self._ask(at)

    def wait(self) -> None:
        """Read what comes, until it is enough, or the time is over."""
        enough = self._is_enough()
        while self._waiting and not (enough and self._left() <= 0):
            left = self._left()
            events = self._poll.poll(max(0.0, left) * 1000)
            for number, _ in events:
                if self._progress(self._place_of(number)) and not enough and self._is_enough():
                    enough = True
                    if self._left() <= 0:
                        return
            if not events and left <= 0:
                break
        if not enough:
            for at, link in self._links.items():
                if link.waits:
                    self.outcomes[at] = too_late(self._effect.patience, self._masters[at].address)

    def end(self) -> None:
        """Give the links back. Those that are not through owe their replies; one that was interrupted is dropped."""
        lane = self._effect.lane
        while self._links:
            at, link = self._links.popitem()
            if not link.is_steady:
                link.drop()
                continue
            if link.waits:
                link.owe(Owed(lane, at))
            self._masters[at].give_back(link)

    def _is_enough(self) -> bool:
        if not self._effect.enough(self.outcomes):
            return False
        self._end = min(self._end, time.monotonic() + self._effect.grace)
        return True

    def _left(self) -> float:
        return self._end - time.monotonic()

    def _take(self, at: int, prefer: object = None) -> None:
        self._links[at] = self._masters[at].take(self._left(), prefer if isinstance(prefer, Link) else None)
        self._watch(at)

    def _is_handed_on(self, at: int, what: Call | Eval, before: Any) -> bool:
        """Leave it to the thread that uses the link just now over which the lane went, to ask this in its order."""
        if not isinstance(before, Link) or not self._effect.instead or before.at_once:
            return False
        return self._masters[at].hand_on(before, what, Owed(self._effect.lane, at))

    def _watch(self, at: int) -> None:
        """Have it told when there is something new of one: it may be another connection than before."""
        link = self._links.get(at)
        number = -1 if link is None or link.at_once else link.fileno()
        before = self._numbers.get(at, -1)
        if number != before:
            if before != -1:
                self._poll.unregister(before)
            if number != -1:
                self._poll.register(number, _READABLE)
            self._numbers[at] = number

    def _place_of(self, number: int) -> int:
        for at, other in self._numbers.items():
            if other == number:
                return at
        return -1

    def _look(self, at: int) -> None:
        """Read what a link owed; take another where it is lost."""
        try:
            _ = self._links[at].read()
        except Exception:  # noqa: BLE001  # whatever it is: nothing was asked of it yet
            self._replace(at)
        else:
            self._watch(at)

    def _replace(self, at: int) -> None:
        """Take another link: one that is seen to be good, or a new one."""
        good = False
        while not good:
            self._links.pop(at).drop()
            self._take(at)
            link = self._links[at]
            try:
                good = not link.used or link.at_once or link.read() is PENDING
            except Exception:  # noqa: BLE001  # it is lost as well
                good = False
        self._watch(at)

    def _ask(self, at: int, whole: bool = False) -> None:
        """Send what one is asked."""
        link = self._links[at]
        if full(link.owes, bound=bool(self._effect.instead)):
            self.outcomes[at] = overloaded(link.owes, self._masters[at].address)
            return
        self._waiting += 1
        try:
            link.ask(self._asked[at], whole)
        except Exception as error:  # noqa: BLE001  # an outcome, like any other
            self._failed(at, error)
        else:
            self._watch(at)
            if link.at_once:
                _ = self._progress(at)

    def _progress(self, at: int) -> bool:
        """Read what has come of one. Tells whether there is an outcome."""
        link = self._links.get(at)
        if link is None or not link.waits:
            if at in self._numbers:
                self._poll.unregister(self._numbers.pop(at))  # it was through, and has more to say
            return False
        try:
            reply = link.read()
        except Exception as error:  # noqa: BLE001  # an outcome, like any other
            self._failed(at, error)
            return self.outcomes[at] is not WAITING
        if reply is PENDING:
            self._watch(at)
            return False
        self._waiting -= 1
        what = self._asked[at]
        if isinstance(reply, redis.exceptions.NoScriptError) and isinstance(what, Eval) and at not in self._whole:
            self._whole.add(at)
            self._ask(at, whole=True)  # it was not run
            return self.outcomes[at] is not WAITING
        Owed(self._effect.lane, at).settle(link)
        self.outcomes[at] = outcome_of(reply, what)
        return True

    def _failed(self, at: int, error: Exception) -> None:
        """Ask once more where it was a connection that was used before; else that is the outcome."""
        self._waiting -= 1
        effect, link = self._effect, self._links[at]
        again = isinstance(error, Failed) and not error.final and link.used and self._left() > 0
        if not again or at in self._again:
            if isinstance(error, Failed) and not error.sent and effect.lane is not None and effect.lane.get(at) is link:
                del effect.lane[at]  # it was asked nothing
            self._links.pop(at).drop()
            self._watch(at)
            self.outcomes[at] = failure(error, self._asked[at], self._masters[at].address)
            return
        self._again.add(at)
        self._replace(at)
        self._asked[at] = chosen(effect, at, in_order=at not in self._followed)
        if effect.lane is not None:
            effect.lane[at] = RESENT
        self._ask(at)


class _Selected:
    """What ``select.poll`` does, where the system has none."""

    def __init__(self) -> None:
        self._numbers: set[int] = set()
        self.unregister = self._numbers.discard

    def register(self, number: int, mask: int) -> None:  # noqa: ARG002  # as of the other
        """Wait for one more."""
        self._numbers.add(number)

    def poll(self, ms: float) -> list[tuple[int, int]]:
        """Wait until something can be read."""
        return [(number, 0) for number in select.select(self._numbers, [], [], ms / 1000)[0]]


_Poll: Any = getattr(select, "poll", _Selected)
_READABLE: Final[int] = getattr(select, "POLLIN", 1)


def chosen(effect: Everywhere, at: int, in_order: bool) -> Call | Eval:
    """Choose what one is asked.

    Args:
        effect: What is asked of all.
        at: The number of the master.
        in_order: Whether what was asked in the same lane before comes first for sure.
    """
    what: Any = effect.asked[at] if in_order or not effect.instead else effect.instead[at]
    effective: Call | Eval = what  # one that is asked nothing is not chosen for
    return effective


def outcome_of(reply: Any, what: Call | Eval) -> Any:
    """Make a raw reply plain; an error is given, not raised."""
    return translate(reply) if isinstance(reply, Exception) else plain(reply, command_of(what)[0])


def failure(error: Exception, what: Call | Eval, address: str) -> Exception:
    """Make the outcome of one that failed."""
    return lost(error, [command_of(what)], address, unknown=False) if isinstance(error, Failed) else error


def too_late(patience: float, address: str) -> ConnectionLost:
    """Make the outcome of one that did not answer in time."""
    return ConnectionLost(f"no answer from the server at {address} within {patience:.2f} s", address=address)


def overloaded(owes: int, address: str) -> ConnectionLost:
    """Make the outcome of one that owes too many replies."""
    return ConnectionLost(f"no answer from the server at {address}, which owes {owes} replies", address=address)
