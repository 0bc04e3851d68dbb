"""Taking a lock: try, and wait in line until trying again makes sense. Design: the page on locks in the documentation.

May import core, errors and the rest of ``locks/``. Invariants: nothing is entered but in a transaction that fails where
what was decided by has changed; whatever goes wrong, an entry that may be there is taken back, and a wake-up that
was received goes to the next in line.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import Final, NamedTuple

from redicts.core.effects import WAITING, Block, Call, Commit, Conflict, Eval, Op, Watch
from redicts.core.keys import KeySpace
from redicts.core.paths import Path, dotted
from redicts.core.scripts import COMMON, load
from redicts.core.units import to_seconds
from redicts.errors import InternalError, LockTimeout, OutcomeUnknown
from redicts.locks.entry import Entry, Standing, deadline_of
from redicts.locks.holders import described
from redicts.locks.owners import Process
from redicts.locks.reading import PACKAGE, around, blame, enter_keys, read_around, release_keys
from redicts.locks.rules import Blocked, Free, Request, decide, passes_on, stays_but_passes_on

log: Final = logging.getLogger("redicts.locks")

__all__ = ["CHECK_SECONDS", "Grant", "acquire"]

CHECK_SECONDS: Final = 1.0
"""How often a waiter looks whether what it waits for is still there: what a lost wake-up costs at most."""

GRACE_SECONDS: Final = 0.025
"""How long it is left to another."""

GRACES: Final = 4
"""How often in a row."""

CONFLICT_SECONDS: Final = 1.0
"""How long beyond its time an attempt begins again because others, whom it may share with, changed what it watches."""

FOREVER: Final = 3600.0
"""How long a blocking pop lasts where the caller has no timeout; then there is another one."""


class Grant(NamedTuple):
    """A lock that was acquired.

    Attributes:
        text: The entry, as it stands in Redis.
        fence: The fence token.
        valid_until: When it may have run out, on the monotonic clock.
    """

    text: str
    fence: int
    valid_until: float


def acquire(space: KeySpace, request: Request, lease_ms: int, timeout: float | None, by: Process) -> Op[Grant]:
    """Take a lock, waiting for it where it is not free.

    Args:
        space: The keys of the database.
        request: Who wants what.
        lease_ms: After how long the lock runs out.
        timeout: Seconds to wait; 0 for one try, ``None`` for no limit.
        by: This process.

    Raises:
        LockTimeout: It was not free in time.
        InternalError: Somebody else wrote to the keys of locks.

    Cost: 2 round trips where it is free.
    """
    attempt = _Attempt(space, request, lease_ms, timeout, by)
    try:
        return (yield from attempt.run())
    except GeneratorExit:
        raise
    except BaseException as error:
        yield from attempt.give_up()
        if isinstance(error, InternalError):
            yield from blame(attempt.keys)
        raise


class _Attempt:
    """One call of ``acquire``.

    Attributes:
        text: The entry, once the server has told the time.
        sent: Whether the entry may stand in Redis.
        line: The list where it waits, or waited last; ``line_path`` is its path.
        woken: Whether it has got a wake-up there, and not yet made use of it.
        ahead: Whether it has found out by itself that what it waited for is gone. Others who wait there may not know,
            and are woken when it goes.
        waiting: Whether it stands in line there just now.
        gone: How often it may still find the path free, not woken, and leave it to another. What it waited for was gone
            when it looked; that is most likely because one before it in line is being let in just now.
        passed_by: The blockers for which it has passed a wake-up on, and waited on.
    """

    def __init__(self, space: KeySpace, request: Request, lease_ms: int, timeout: float | None, by: Process) -> None:
        self.space = space
        self.request = request
        self.keys = space.locks(request.path)
        self.lease_ms = lease_ms
        self.timeout = timeout
        self.end = None if timeout is None else monotonic() + timeout
        self.by = by
        self.text = ""
        self.sent = False
        self.line = ""
        self.line_path: Path = ()
        self.woken = False
        self.ahead = False
        self.waiting = False
        self.passed_by: set[str] = set()
        self.gone = 0

    def run(self) -> Op[Grant]:
        keys = self.keys
        watch = Watch(keys.around, around(keys))
        while True:
            asked = monotonic()
            (replies,) = yield (watch,)
            found, now_us = read_around(replies, keys)
            now_ms = now_us // 1000
            decision = decide(self.request, found, now_ms)
            if isinstance(decision, Blocked):
                read = monotonic()
                yield (Commit(()),)
                self.check_time(described(decision.blockers, now_ms))
                yield from self.wait(decision.by, decision.upgrade, now_ms, read)
                continue
            if self.waiting and self.gone and not decision.dead:
                self.gone -= 1
                yield (Commit(()),)
                yield from self.stand(GRACE_SECONDS, self.left())
                continue
            fence = yield from self.enter(decision, now_us)
            if fence is None:
                continue
            valid_until = asked + to_seconds(self.lease_ms)
            if monotonic() < valid_until:
                yield from self.leave_line(self.request)
                return Grant(self.text, fence, valid_until)
            yield from self.withdraw()
            self.check_time("nobody; but asking took longer than the lease: raise lock_expire_timeout")

    def enter(self, free: Free, now_us: int) -> Op[int | None]:
        """Enter the lock; ``None`` where the decision must be made again."""
        now_ms, lease = now_us // 1000, str(self.lease_ms)
        if not self.text:
            request, by = self.request, self.by
            entry = Entry(request.shared, by.number(), now_ms, request.owner, by.host, by.pid, request.path)
            self.text = entry.text(self.keys.tail)
        args = (self.text, str(now_ms + self.lease_ms), lease, str(now_us), *[dead.text for dead in free.dead])
        self.sent, before = True, self.sent
        try:
            ((fence,),) = yield (Commit((Eval(load(PACKAGE, "hold"), enter_keys(self.keys), args),)),)
        except Conflict:
            self.sent = before
            self.check_time("nobody; but others came and went all the time", more=CONFLICT_SECONDS)
            return None
        except InternalError:  # the script meets a key that somebody else wrote to before it enters anything
            self.sent = before
            raise
        except OutcomeUnknown:  # if it did happen, the same entry is entered once more, and has a new deadline
            return None
        return int(fence)

    def check_time(self, holders: str, more: float = 0.0) -> None:
        """End the attempt where its time is up, and ``more`` seconds have passed.

        Raises:
            LockTimeout: It is.
        """
        if self.end is None or monotonic() < self.end + more:
            return
        path = dotted(self.request.path)
        waited = "at once" if not self.timeout else f"within {self.timeout} s"
        raise LockTimeout(
            f"the lock at {path!r} was not free {waited}; held by {holders}. Wait longer (lock_acquire_timeout), "
            "or see `redicts locks`",
            path=path,
            timeout=self.timeout,
        )

    def wait(self, blocker: Standing, upgrade: bool, now_ms: int, read: float) -> Op[None]:
        """Wait in line until the blocker releases, or runs out, or is found to be gone, or time is up."""
        keys = self.space.locks(blocker.entry.path)
        line = keys.upgrades if upgrade else keys.wake_ups
        if line != self.line:
            yield from self.leave_line(None)
            self.line, self.line_path = line, blocker.entry.path
        elif (self.woken or self.ahead) and stays_but_passes_on(blocker, self.passed_by):
            self.passed_by.add(blocker.text)
            yield from self.pass_on()
        self.gone, self.ahead = 0, False
        runs_out = read + to_seconds(blocker.deadline_ms - now_ms + 1)
        while (left := self.left()) > 0 and (alive := runs_out - monotonic()) > 0:
            yield from self.stand(min(CHECK_SECONDS, left, alive), left)
            if not self.waiting:
                return
            if runs_out - monotonic() > 0:
                (score,) = yield (Call(("ZSCORE", keys.at, blocker.text)),)
                if score is None:
                    self.gone, self.ahead = GRACES, True
                    return
                runs_out = read + to_seconds(deadline_of(score, keys.at) - now_ms + 1)
        self.ahead = self.left() > 0

    def stand(self, patience: float, left: float) -> Op[None]:
        """Stand in line for a while: until it is woken, or ``left`` seconds have passed, or its patience."""
        self.waiting = True
        try:
            (reply,) = yield (Block(("BLPOP", self.line), left, patience, self.line, shared=True),)
        except OutcomeUnknown:  # the connection was lost; the server may have woken it just then
            self.waiting, self.woken = False, True
        else:
            self.waiting = reply is WAITING
            self.woken = not self.waiting and reply is not None

    def left(self) -> float:
        """Seconds that are left to wait."""
        return FOREVER if self.end is None else min(FOREVER, self.end - monotonic())

    def leave_line(self, granted: Request | None) -> Op[None]:
        """Go out of the line, and pass a wake-up on where others may be able to go on."""
        try:
            if self.waiting:
                self.waiting = False
                (reply,) = yield (Block((), 0.0),)
                self.woken = reply is not None
        except Exception as error:  # noqa: BLE001  # the connection is closed then
            log.debug("waiting at %s was not ended in good order: %s", self.line, error)
            self.woken = True  # perhaps
        if (self.woken or self.ahead) and passes_on(self.line_path, granted):
            yield from self.pass_on()
        self.woken = self.ahead = False

    def pass_on(self) -> Op[None]:
        """Give a wake-up to the next in line."""
        self.woken = self.ahead = False
        try:
            _ = yield (Eval(load(COMMON, "wake"), (self.line,), ()),)
        except Exception as error:  # noqa: BLE001  # it costs the next in line a second; the lock must not be lost for it
            log.debug("a wake-up for %s was not passed on: %s", self.line, error)

    def withdraw(self) -> Op[None]:
        """Take the entry back."""
        _ = yield (Eval(load(PACKAGE, "release"), release_keys(self.keys), (self.text,)),)
        self.sent = False

    def give_up(self) -> Op[None]:
        """Leave nothing behind, as far as that can be done."""
        if self.sent:
            try:
                yield from self.withdraw()
            except Exception as error:  # noqa: BLE001  # the lease ends it
                log.debug("an entry at %s may be left until its lease ends: %s", self.keys.at, error)
        yield from self.leave_line(None)
