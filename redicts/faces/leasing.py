"""From the wish for a lock to what is held: what the faces that wait for locks have in common. No I/O.

May import core, errors and locks. The faces drive ``Wish.op`` and give out what they call a lease.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable
from typing import Any, Final, NamedTuple

from redicts.core.effects import Op
from redicts.core.keys import KeySpace
from redicts.core.paths import Path
from redicts.core.units import to_ms
from redicts.errors import RedictsError
from redicts.locks.acquiring import Grant, acquire
from redicts.locks.holding import Context, Holding
from redicts.locks.options import LockOptions, check_lease, check_owner
from redicts.locks.owners import current, process
from redicts.locks.rules import Request

__all__ = ["Wish", "ends_badly", "told", "wish"]

log: Final = logging.getLogger("redicts.locks")


class Wish(NamedTuple):
    """One call of ``acquire``.

    Attributes:
        request: Who wants what.
        context: The thread or task that called.
        lease_ms: After how long the lock runs out.
        timeout: Seconds to wait; 0 for one try, ``None`` for no limit.
        renew: Whether it is renewed while it is held; ``None``: as the database is configured.
        max_lifetime: Seconds after which it is no longer renewed; ``None``: no limit.
    """

    request: Request
    context: Context
    lease_ms: int
    timeout: float | None
    renew: bool | None
    max_lifetime: float | None

    def op(self, space: KeySpace) -> Op[Grant]:
        """Make the operation that fulfils it."""
        return acquire(space, self.request, self.lease_ms, self.timeout, process())

    def holding(self, place: Hashable, space: KeySpace, grant: Grant) -> Holding:
        """Note what was acquired."""
        made = Holding(
            place=place,
            path=self.request.path,
            shared=self.request.shared,
            owner=self.request.owner,
            keys=space.locks(self.request.path),
            text=grant.text,
            fence=grant.fence,
            lease_ms=self.lease_ms,
            valid_until=grant.valid_until,
            context=self.context,
        )
        process().add(made)
        return made


def wish(path: Path, options: LockOptions, *, shared: bool, owner: str | None, max_lifetime: float | None) -> Wish:
    """Put together, and check, what a call of ``acquire`` asks for. Who calls is the owner, where none is named.

    Raises:
        TypeError: A time is not a number, or the owner no text.
        ValueError: A time or the owner's name cannot be one.
    """
    context, name = current(), check_owner(owner)
    lifetime = None if max_lifetime is None else check_lease("max_lifetime", max_lifetime)
    request = Request(path, shared, context.owner if name is None else name)
    lease_ms = to_ms(options.expire_timeout)
    return Wish(request, context, lease_ms, options.acquire_timeout, options.renew, lifetime)


def told(left: float) -> str:
    """Tell in a ``repr`` for how long a lock is held, given what ``valid_for`` says."""
    return f"{left:.1f} s left" if left else "lost, or perhaps so"


def ends_badly(error: BaseException | None, problem: RedictsError) -> bool:
    """Take note that a block could not release its lock; tell whether that is to be raised.

    It is not where the block ends with an error of its own, which must not be hidden.
    """
    if error is None:
        return True
    log.warning("at the end of a block that failed itself: %s", problem)
    add_note: Any = getattr(error, "add_note", None)  # Python 3.11
    if add_note is not None:
        add_note(f"redicts, at the end of the block: {problem}")
    return False
