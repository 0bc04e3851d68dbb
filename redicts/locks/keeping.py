"""Keeping a lock and giving it back: what can be done with one acquisition. Generators; no face.

May import core, errors and the rest of ``locks/``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from time import monotonic
from typing import Final

from redicts.core.effects import Call, Eval, Op
from redicts.core.paths import Path, dotted
from redicts.core.scripts import load
from redicts.core.units import to_seconds
from redicts.errors import LockLost, NotOwner, OutcomeUnknown
from redicts.locks.entry import deadline_of
from redicts.locks.holding import Holding
from redicts.locks.owners import process
from redicts.locks.reading import PACKAGE, enter_keys, now_us, release_keys

__all__ = ["check_ours", "ensure_held", "give_back", "hand_over", "lost", "ran_out", "renew"]

log: Final = logging.getLogger("redicts.locks")


def give_back(holding: Holding) -> Op[None]:
    """Release a lock.

    Raises:
        NotOwner: It was released already, or this is another process than the one that acquired it.
        LockLost: Its lease had run out, or it was broken.
    """
    check_ours(holding)
    holding.end_renewal()
    effect = Eval(load(PACKAGE, "release"), release_keys(holding.keys), (holding.text,))
    try:
        (held,) = yield (effect,)
    except OutcomeUnknown:
        # The same again is safe. But it finds nothing where it was the first time: held, if that was within the lease.
        within = holding.valid_for() > 0
        (held,) = yield (effect,)
        held = held or within
    except GeneratorExit:  # it was never sent: queued and taken back, or never awaited
        holding.resume_renewal()
        raise
    except Exception:
        raise
    except BaseException:  # an interrupt: whoever is interrupted here does not come back to release
        try:
            _ = yield (effect,)
        except Exception as error:  # noqa: BLE001  # the lease ends it
            log.debug("the lock at %s may be held until its lease ends: %s", holding.keys.at, error)
        process().remove(holding)
        raise
    process().remove(holding)
    if not held:
        holding.mark_lost()
        raise lost(holding, "another may have worked there meanwhile")


def renew(holdings: Sequence[Holding]) -> Op[list[bool]]:
    """Give locks a new lease, from now on, where they are still held. Twice is as good as once.

    Returns:
        For each whether it was.

    Cost: 1 round trip for all of them.
    """
    asked = monotonic()
    script = load(PACKAGE, "renew")
    replies = yield tuple(
        [Eval(script, enter_keys(holding.keys), (holding.text, str(holding.lease_ms))) for holding in holdings]
    )
    for holding, held in zip(holdings, replies, strict=True):
        if held:
            holding.valid_until = max(holding.valid_until, asked + to_seconds(holding.lease_ms))
    return [bool(held) for held in replies]


def ensure_held(holding: Holding) -> Op[None]:
    """Ask the server whether a lock is still held.

    Raises:
        NotOwner: It was released already, or this is another process than the one that acquired it.
        LockLost: It is not.
    """
    check_ours(holding)
    if holding.is_lost:
        raise lost(holding, "stop what depends on it")
    score, time = yield (Call(("ZSCORE", holding.keys.at, holding.text)), Call(("TIME",)))
    if score is None or deadline_of(score, holding.keys.at) <= now_us(time) // 1000:
        holding.mark_lost()
        raise lost(holding, "stop what depends on it")


def hand_over(holding: Holding) -> None:
    """Forget a lock that was acquired under a name, without releasing it.

    Raises:
        NotOwner: It was released already, or this is another process than the one that acquired it.
        ValueError: It is held by the thread or task itself, which no other can be.
    """
    check_ours(holding)
    if holding.owner == holding.context.owner:
        raise ValueError(f"the lock at {dotted(holding.path)!r} has no named owner: acquire it with owner='a name'")
    holding.end_renewal()
    process().remove(holding)
    holding.handed_over = True


def check_ours(holding: Holding) -> None:
    """Refuse what was released, or acquired by another process.

    Raises:
        NotOwner: It was.
    """
    if holding.context.process is process() and holding in holding.context.holdings:
        return
    path = dotted(holding.path)
    if holding.context.process is not process():
        problem = "was acquired before this process was forked, and is its parent's; acquire it anew"
    else:
        problem = "was released already"
    raise NotOwner(f"the lock at {path!r} {problem}", path=path, owner=holding.owner)


def lost(holding: Holding, consequence: str) -> LockLost:
    """Make the error of a lock that was lost."""
    return ran_out(holding.path, f" (after {to_seconds(holding.lease_ms)} s)", consequence)


def ran_out(path: Path, after: str = "", consequence: str = "another may have worked there meanwhile") -> LockLost:
    """Make the error of a lock that was lost, of which only the path is known."""
    return LockLost(
        f"the lock at {dotted(path)!r} had run out{after} or was broken: {consequence}. "
        "Take it for longer (lock_expire_timeout), or renew it (lock_renew=True)",
        path=dotted(path),
    )
