"""What a Redlock knows of its masters, and how it asks them: one try, giving up, and what is raised.

May import core, errors and its neighbours. Invariants: a token is one acquisition's, never used again; what a thread or
task acquired is its own, and not its handle's, so that a handle shared by several never lets two in.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Sequence
from time import monotonic
from typing import Any, Final, NamedTuple

from redicts.core.effects import WAITING, Eval, Everywhere, Op, Refused
from redicts.core.kinds import KINDS
from redicts.core.missing import MISSING, Missing
from redicts.core.place import Place
from redicts.core.scripts import Script, load
from redicts.core.several import failed, failures, quorum
from redicts.core.units import life_ms, to_seconds
from redicts.errors import LockLost, LockTimeout, NotOwner, QuorumIsImpossible, QuorumNotAchieved
from redicts.leaves.leaf import PACKAGE, Leaf
from redicts.leaves.parts.each_master import at_each
from redicts.leaves.parts.taken import Taken
from redicts.leaves.waiting import check_timeout

__all__ = ["CANCELLED_SECONDS", "GRACE_SECONDS", "Held", "Limits", "MasterLock", "against", "settled", "won"]

log: Final = logging.getLogger("redicts.leaves")

DRIFT: Final = (0.01, 0.002)
"""How much less than the servers hold it the lock counts as held: a part of the time, and seconds."""

GRACE_SECONDS: Final = 0.005
"""How long is waited for the last masters to say that they have given the lock up, when a majority has."""

CANCELLED_SECONDS: Final = 0.05
"""Likewise, where it was cancelled."""

_ACQUIRE: Final = load(PACKAGE, "redlock_acquire")
_RELEASE: Final = load(PACKAGE, "redlock_release")


class Held:
    """One acquisition.

    Attributes:
        token: By which the masters know it.
        lane: In which they are asked, so that nothing overtakes it: see ``Everywhere``.
        valid_until: When it may have run out, on the monotonic clock.
        extensions: How often it was extended.
    """

    __slots__ = ("extensions", "lane", "token", "valid_until")

    def __init__(self) -> None:
        self.token = os.urandom(16).hex()
        self.lane: dict[int, Any] = {}
        self.valid_until = 0.0
        self.extensions = 0


class Limits(NamedTuple):
    """How long all may take, and how often.

    Attributes:
        lease_ms: After how many ms the lock is free again.
        acquire_timeout: Seconds to wait for it; ``None``: no limit.
        max_extensions: How often it may be extended.
        patience: Seconds that a master may take.
    """

    lease_ms: int
    acquire_timeout: float | None
    max_extensions: int
    patience: float

    @classmethod
    def checked(
        cls, auto_release_time: object, acquire_timeout: Any, max_extensions: object, master_timeout: object
    ) -> Limits:
        """Check what was given.

        Raises:
            TypeError: An argument is no number.
            ValueError: An argument is out of range.
        """
        if isinstance(max_extensions, bool) or not isinstance(max_extensions, int):
            raise TypeError(f"max_extensions is an integer, not {max_extensions!r}")
        if max_extensions < 0:
            raise ValueError(f"max_extensions is at least 0, not {max_extensions}")
        lease_ms = life_ms(auto_release_time, "auto_release_time")
        patience = to_seconds(life_ms(master_timeout, "master_timeout"))
        return cls(lease_ms, check_timeout(acquire_timeout), max_extensions, patience)


class MasterLock(Leaf[Any]):
    """A place as several masters have it: the half of a Redlock that is not for users.

    Args:
        place: The place, of any face.
        masters: The databases; ``None``: that of the place alone.
        auto_release_time: Seconds after which it is free again.
        acquire_timeout: Seconds to wait for it.
        max_extensions: How often it may be extended.
        master_timeout: Seconds after which a master is given up, for this time.

    Raises:
        PathError: The place is the root.
        ConfigError: There are no masters, or one twice, or one that cannot be used.
        TypeError: An argument is no number.
        ValueError: An argument is out of range.
    """

    __slots__ = ("_held", "_limits", "_masters")

    KIND = KINDS["redlock"]

    def __init__(
        self,
        place: Place,
        masters: Sequence[object] | None,
        auto_release_time: float,
        acquire_timeout: float | None,
        max_extensions: int,
        master_timeout: float,
    ) -> None:
        super().__init__(place)
        self._limits = Limits.checked(auto_release_time, acquire_timeout, max_extensions, master_timeout)
        self._masters: Any = place._masters(masters)
        self._held = Taken()

    # ---- one try

    def _try(self, held: Held, hard: float | None) -> Op[list[Any]]:
        """Try once: gives the outcomes, and notes until when it is valid; 0.0 where there was no majority."""
        begun = monotonic()
        asked = self._asked(_ACQUIRE, held.token, str(self._limits.lease_ms))
        count, seen = len(asked), list[Any]()
        needed = quorum(count)

        def enough(outcomes: list[Any]) -> bool:
            seen[:] = outcomes
            return settled(outcomes)

        try:
            (outcomes,) = yield (Everywhere(asked, self._left(hard), enough, lane=held.lane),)
        except GeneratorExit:
            raise
        except BaseException:
            yield from self._take_back(held, seen, None, CANCELLED_SECONDS)
            raise
        if won(outcomes) >= needed:
            held.valid_until = self._valid_until(begun, outcomes)
            if held.valid_until > monotonic():
                return list(outcomes)
        yield from self._take_back(held, outcomes, hard, GRACE_SECONDS)
        if won(outcomes) < needed:
            for each in outcomes:
                if isinstance(each, Refused):
                    raise self._refusal(each)
            if failures(outcomes) > count - needed:
                raise self._no_majority(outcomes, "nothing is held")
        return list(outcomes)

    def _take_back(self, held: Held, outcomes: Sequence[Any], hard: float | None, grace: float) -> Op[None]:
        """Give up what was acquired, or is being acquired. Those who hold it are waited for."""
        held_by = [at for at, each in enumerate(outcomes) if type(each) is int and each > 0]
        free = {at for at, each in enumerate(outcomes) if type(each) is int and each <= 0}
        if not held.lane.keys() - free:
            return

        def enough(now: list[Any]) -> bool:
            return all(now[at] is not WAITING for at in held_by)

        _ = yield from self._give_up(held, self._left(hard), enough, grace, free)

    def _give_up(
        self,
        held: Held,
        patience: float,
        enough: Callable[[list[Any]], bool],
        grace: float = GRACE_SECONDS,
        free: Collection[int] = (),
    ) -> Op[list[Any]]:
        """Tell all masters that were asked; those that may get the acquisition only after this remember that."""
        asked = self._asked(_RELEASE, held.token, "0")
        instead = self._asked(_RELEASE, held.token, str(self._limits.lease_ms))
        told = tuple([each if at in held.lane and at not in free else None for at, each in enumerate(asked)])

        (outcomes,) = yield (Everywhere(told, patience, enough, grace, held.lane, instead),)
        return list(outcomes)

    def _majority(self, asked: tuple[Eval, ...]) -> Op[list[Any]]:
        """Ask all; a majority must answer."""
        count = len(asked)

        def enough(outcomes: list[Any]) -> bool:
            return failures(outcomes) > count - quorum(count)

        (outcomes,) = yield (Everywhere(asked, self._limits.patience, enough),)
        for each in outcomes:
            if isinstance(each, Refused):
                raise self._refusal(each)
        if failures(outcomes) > count - quorum(count):
            raise self._no_majority(outcomes, "ask again when they are there")
        return list(outcomes)

    # ---- for all of them

    def _asked(self, script: Script, *args: str) -> tuple[Eval, ...]:
        """Make what each master is asked."""
        return at_each(self._masters, self._place._path, self._marker, script, *args)

    def _mine(self) -> Held:
        """Give what who is running acquired."""
        mine = self._held.mine()
        if not mine:
            raise NotOwner(
                f"the lock at {self.key()!r} was not acquired through this handle by who is running: by this thread, "
                "or this task of asyncio, in this process",
                path=self.key(),
                owner="",
            )
        held: Held = mine[0]
        return held

    def _deadline(self, blocking: bool, timeout: float | Missing | None) -> float | None:
        """Give when to try no more, on the monotonic clock; ``None``: never."""
        if not blocking and timeout is not MISSING:
            raise ValueError("timeout says how long to wait: give no timeout with blocking=False")
        seconds = self._limits.acquire_timeout if isinstance(timeout, Missing) else check_timeout(timeout)
        if not blocking:
            seconds = 0.0
        return None if seconds is None else monotonic() + seconds

    def _left(self, hard: float | None) -> float:
        """Give how long a master may take, when all must be over at some time."""
        return self._limits.patience if hard is None else max(0.0, min(self._limits.patience, hard - monotonic()))

    def _valid_until(self, begun: float, outcomes: Sequence[Any]) -> float:
        """Give until when it is surely held by those who granted it, that had been asked at some time."""
        granted_ms = min([each for each in outcomes if type(each) is int and each > 0])
        part, seconds = DRIFT
        return begun + to_seconds(granted_ms) * (1 - part) - seconds

    # ---- what is raised

    def _lost(self) -> LockLost:
        return LockLost(
            f"the lock at {self.key()!r} had run out, and another may have held it since: what was done under it was "
            "not guarded to its end. Take a longer auto_release_time, or extend() it in time",
            path=self.key(),
        )

    def _no_majority(self, outcomes: Sequence[Any], so: str) -> QuorumNotAchieved:
        names = self._masters.names
        why = failed(outcomes, names)
        impossible = failures(outcomes) > len(names) - quorum(len(names))
        kind = QuorumIsImpossible if impossible else QuorumNotAchieved
        return kind(
            f"no majority of the {len(names)} masters of {self.key()!r} could be had; {so}. Not to be had: "
            + "; ".join([f"{name}: {reason}" for name, reason in why.items()]),
            path=self.key(),
            masters=why,
        )

    def _too_slow(self, outcomes: Sequence[Any]) -> QuorumNotAchieved:
        return QuorumNotAchieved(
            f"a majority of the masters of {self.key()!r} agreed, but it took them longer than the auto_release_time "
            f"of {to_seconds(self._limits.lease_ms)} s: open it with a longer one",
            path=self.key(),
            masters=failed(outcomes, self._masters.names),
        )

    def _timeout(self) -> LockTimeout:
        timeout = self._limits.acquire_timeout
        return LockTimeout(
            f"the lock at {self.key()!r} was not free within {timeout} s; who holds it, or held it and died, keeps it "
            f"for {to_seconds(self._limits.lease_ms)} s at most",
            path=self.key(),
            timeout=timeout,
        )

    def _note(self, problem: Exception) -> None:
        """Note that it could not be released in good order: what its block ended with is the error that counts."""
        log.debug("the lock at %r was not released in good order: %s", self.key(), problem)


def won(outcomes: Sequence[Any]) -> int:
    """Count those who agreed."""
    return sum([type(each) is int and each > 0 for each in outcomes])


def against(outcomes: Sequence[Any]) -> int:
    """Count those who did not, or failed."""
    return sum([each is not WAITING and not (type(each) is int and each > 0) for each in outcomes])


def settled(outcomes: Sequence[Any]) -> bool:
    """Tell whether a majority agreed, or none can any more."""
    needed = quorum(len(outcomes))
    return won(outcomes) >= needed or against(outcomes) > len(outcomes) - needed
