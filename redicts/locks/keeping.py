"""Keeping a lock and giving it back: what can be done with one acquisition. Generators; no face.

May import core, errors and the rest of ``locks/``.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from redicts.core.effects import Call, Eval, Op
from redicts.core.paths import dotted
from redicts.core.scripts import load
from redicts.core.units import to_seconds
from redicts.errors import LockLost, NotOwner, OutcomeUnknown
from redicts.locks.entry import deadline_of
from redicts.locks.holding import Holding
from redicts.locks.owners import process
from redicts.locks.reading import PACKAGE, now_us, release_keys

__all__ = ["ensure_held", "give_back", "renew"]


def give_back(holding: Holding) -> Op[None]:
    """Release a lock.

    Raises:
        NotOwner: It was released already, or this is another process than the one that acquired it.
        LockLost: Its lease had run out, or it was broken.
    """
    check_ours(holding)
    if holding.stop_renewal is not None:
        _ = holding.stop_renewal(holding)
    effect = Eval(load(PACKAGE, "release"), release_keys(holding.keys), (holding.text,))
    try:
        (held,) = yield (effect,)
    except OutcomeUnknown:
        # The same again is safe. But it finds nothing where it was the first time: held, if that was within the lease.
        within = holding.valid_for() > 0
        (held,) = yield (effect,)
        held = held or within
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
        [
            Eval(script, (holding.keys.fence, *holding.keys.entered), (holding.text, str(holding.lease_ms)))
            for holding in holdings
        ]
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


def check_ours(holding: Holding) -> None:
    """Refuse what was released, or acquired by another process.

    Raises:
        NotOwner: It was.
    """
    path = dotted(holding.path)
    if holding.context.process is not process():
        raise NotOwner(
            f"the lock at {path!r} was acquired before this process was forked, and is its parent's; acquire it anew",
            path=path,
            owner=holding.owner,
        )
    if holding not in holding.context.holdings:
        raise NotOwner(f"the lock at {path!r} was released already", path=path, owner=holding.owner)


def lost(holding: Holding, consequence: str) -> LockLost:
    """Make the error of a lock that was lost."""
    path = dotted(holding.path)
    return LockLost(
        f"the lock at {path!r} had run out (after {to_seconds(holding.lease_ms)} s) or was broken: {consequence}. "
        "Take it for longer (lock_expire_timeout), or renew it (lock_renew=True)",
        path=path,
    )
