"""A lock by itself, as far as it does no I/O: what ``Lock`` has in both of its faces.

May import core, errors and locks. The faces add what acquires and releases.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import redicts.core.paths as paths
from redicts.core.missing import MISSING, Missing
from redicts.core.paths import Path
from redicts.errors import NotOwner
from redicts.faces.leasing import told
from redicts.locks.holding import Holding
from redicts.locks.operations import LockOperations
from redicts.locks.options import LockOptions, check_seconds
from redicts.locks.owners import find, who

__all__ = ["Alone"]

LeaseT = TypeVar("LeaseT")


class Alone(LockOperations, Generic[LeaseT]):
    """What a lock was made with, and what of it is held by whoever asks."""

    __slots__ = ()

    _path: Path
    _options: LockOptions
    _shared: bool
    _name: str | None
    _last: LeaseT | None

    @property
    def _owner(self) -> str | None:
        return self._name

    def key(self) -> str:
        """Spell the path as dotted text. No round trip."""
        return paths.dotted(self._path)

    def owned(self) -> bool:
        """Tell whether who calls (or the lock's owner) has acquired it here, and not released it. No round trip."""
        return self._held() is not None

    @property
    def lease(self) -> LeaseT:
        """What who calls (or the lock's owner) acquired last; else what was acquired last through this object.

        Raises:
            NotOwner: Nothing was acquired yet.
        """
        holding = self._held()
        lease: LeaseT | None = self._last if holding is None else holding.handle
        if lease is None:
            raise NotOwner(
                f"the lock at {self.key()!r} was not acquired yet", path=self.key(), owner=self._name or who()
            )
        return lease

    def _held(self) -> Holding | None:
        return find(self._place, self._path, self._name)

    def _leaving(self) -> Holding | None:
        """Find what the end of a block is about to release."""
        holding = self._held()
        if holding is None and self._name is not None and self._last is not None:
            last: Any = self._last
            holding = last._holding  # handed over, perhaps
        return holding

    def _asked(self, blocking: bool, timeout: float | Missing | None) -> LockOptions:
        """Give the options of a call of ``acquire``.

        Raises:
            ValueError: A negative timeout, or one for a call that does not wait.
            TypeError: The timeout is no number.
        """
        if timeout is MISSING:
            return self._options if blocking else self._options._replace(acquire_timeout=0)
        if not blocking:
            raise ValueError("a call that does not wait takes no timeout: leave blocking=False or timeout out")
        return self._options._replace(acquire_timeout=check_seconds("timeout", timeout))

    def _told(self, address: str) -> str:
        holding = self._held()
        mode = "shared" if self._shared else "exclusive"
        state = f"not held by {who()}" if self._name is None else f"not acquired by {self._name!r} here"
        if holding is not None:
            state = f"held, fence {holding.fence}, {told(holding.valid_for())}"
        return f"Lock({self.key()!r} on {address}, {mode}, {state})"
