"""The locks of a place as operations, for the faces to mount: what can be asked and done without waiting.

May import core, errors and the rest of ``locks/``. Acquiring is in ``acquiring.py``; the faces wrap it, because what
they give out for a lock differs.
"""

from __future__ import annotations

from collections.abc import Hashable

from redicts.core.effects import Call, Eval, Op
from redicts.core.keys import KeySpace, LockKeys
from redicts.core.operation import operation
from redicts.core.paths import Path, dotted
from redicts.core.scripts import load
from redicts.errors import NotOwner
from redicts.locks.entry import Standing, read_standings
from redicts.locks.holders import Holder, holder_of
from redicts.locks.holding import Holding
from redicts.locks.keeping import check_ours, ensure_held, give_back, hand_over, lost, ran_out, renew
from redicts.locks.owners import find, process, who
from redicts.locks.reading import PACKAGE, named, now_us, read_alive, release_keys

__all__ = ["LeaseOperations", "LockOperations"]


class LeaseOperations:
    """What can be done with one acquisition."""

    __slots__ = ("_holding",)

    _holding: Holding

    @operation(idempotent=False)
    def release(self) -> Op[None]:
        """Release this very acquisition, and wake the next that waits for it.

        Raises:
            NotOwner: It was released already, or this is a fork of the process that acquired it.
            LockLost: The lease had run out, or the lock was broken: others may have worked here meanwhile.

        Atomicity: one step.
        Cost: 1 round trip.

        Example:
            >>> lease = Proxy("a").acquire()
            >>> lease.release()
        """
        yield from named(give_back(self._holding), self._holding.keys)

    @operation(idempotent=True)
    def renew(self) -> Op[None]:
        """Give the lock its whole lease again, from now on.

        Raises:
            NotOwner: It was released already, or this is a fork of the process that acquired it.
            LockLost: The lease had run out, or the lock was broken.

        Atomicity: one step.
        Cost: 1 round trip.

        Example:
            >>> with Proxy("a").acquire(expire_timeout=5) as lease:
            ...     lease.renew()
            ...     4 < lease.valid_for() <= 5
            True
        """
        check_ours(self._holding)
        (held,) = yield from named(renew([self._holding]), self._holding.keys)
        if not held:
            self._holding.mark_lost()
            raise lost(self._holding, "it cannot be renewed")

    @operation(idempotent=True)
    def ensure_held(self) -> Op[None]:
        """Ask the server whether the lock is still held: before something that redicts cannot refuse.

        Raises:
            NotOwner: It was released already, or this is a fork of the process that acquired it.
            LockLost: It is not held any more.

        Atomicity: one step.
        Cost: 1 round trip; none where the loss is known.

        Example:
            >>> with Proxy("a").acquire() as lease:
            ...     lease.ensure_held()
        """
        yield from named(ensure_held(self._holding), self._holding.keys)

    @property
    def path(self) -> str:
        """What is locked with everything below, as dotted text."""
        return dotted(self._holding.path)

    @property
    def mode(self) -> str:
        """``"exclusive"`` or ``"shared"``."""
        return "shared" if self._holding.shared else "exclusive"

    @property
    def owner(self) -> str:
        """Who holds it."""
        return self._holding.owner

    @property
    def fence(self) -> int:
        """The fence token, greater than that of every earlier holder. Pass it on to what is outside of Redis."""
        return self._holding.fence

    def hand_over(self) -> None:
        """Leave a lock that was acquired under an owner's name to somebody else. No round trip.

        It stays held until it is released under that name, from wherever, or its lease ends. Here it is forgotten: it
        is no longer renewed, the caller's writes do not depend on it, and the end of a ``with`` block leaves it.

        Raises:
            NotOwner: It was released already, or this is a fork of the process that acquired it.
            ValueError: It was not acquired under a name.

        Example:
            >>> Proxy("job.7").acquire(owner="job 7").hand_over()
            >>> Proxy("job.7").release(owner="job 7")
        """
        hand_over(self._holding)

    def valid_for(self) -> float:
        """Return for how many seconds the lock is held at least; 0 where it may be lost. No round trip."""
        return self._holding.valid_for() if self._holding.context.process is process() else 0.0


class LockOperations:
    """What every face of a lockable place can do."""

    __slots__ = ()

    _path: Path

    @property
    def _space(self) -> KeySpace:
        raise NotImplementedError

    @property
    def _place(self) -> Hashable:
        """Which database it is in; equal for equal databases."""
        raise NotImplementedError

    @property
    def _owner(self) -> str | None:
        """The owner that is named for this object; ``None``: whoever calls."""
        return None

    @operation(idempotent=False, one_step=False)
    def release(self, owner: str | None = None) -> Op[None]:
        """Release the lock here that was acquired last, and wake the next that waits for it.

        Args:
            owner: Whose lock; ``None``: this object's owner, or who calls. One that was acquired elsewhere under an
                owner's name, in another process even, can be released by that name.

        Raises:
            NotOwner: The owner holds no lock at this very place.
            LockLost: The lease had run out, or the lock was broken: others may have worked here meanwhile.

        Atomicity: one step.
        Cost: 1 round trip; 2 for a named owner's lock that this process did not acquire.

        Example:
            >>> _ = Proxy("a").acquire()
            >>> Proxy("a").release()
            >>> Proxy("a").is_locked()
            False
        """
        owner = self._owner if owner is None else owner
        holding = find(self._place, self._path, owner)
        if holding is not None:
            yield from named(give_back(holding), holding.keys)
            return
        if owner is not None:
            found, now_ms = yield from self._standing()
            own = [standing for standing in found if standing.entry.owner == owner and standing.deadline_ms > now_ms]
            if own:
                last = max(own, key=lambda standing: standing.entry.since_ms)
                (held,) = yield from self._take_away([last])
                if not held:
                    raise ran_out(self._path)
                return
        path = dotted(self._path)
        name = who() if owner is None else repr(owner)
        hint = " (after fork a child holds nothing)" if process().forked and owner is None else ""
        raise NotOwner(
            f"{name} holds no lock at {path!r}{hint}; nothing was released. holders() says who does",
            path=path,
            owner=owner or name,
        )

    @operation(idempotent=True)
    def is_locked(self) -> Op[bool]:
        """Tell whether anybody holds a lock here, above or below: whether a newcomer would have to wait.

        Returns:
            True for locks of one's own, too.

        Raises:
            InternalError: Somebody else wrote to the keys of locks.

        Atomicity: one step.
        Cost: 1 round trip, O(locks there).

        Example:
            >>> with Proxy("a.b"):
            ...     Proxy("a").is_locked(), Proxy("a.b.c").is_locked(), Proxy("x").is_locked()
            (True, True, False)
        """
        return bool((yield from self._holders()))

    @operation(idempotent=True)
    def holders(self) -> Op[list[Holder]]:
        """List the locks here, above and below: what a newcomer would have to wait for.

        Returns:
            Those at the root first, then by path and age.

        Raises:
            InternalError: Somebody else wrote to the keys of locks.

        Atomicity: one step.
        Cost: 1 round trip, O(locks there).

        Example:
            >>> with Proxy("a.b"):
            ...     [(holder.path, holder.mode) for holder in root().holders()]
            [('a.b', 'exclusive')]
        """
        return (yield from self._holders())

    @operation(idempotent=False, one_step=False)
    def break_locks(self) -> Op[list[Holder]]:
        """Remove all locks at this very place, whoever holds them: for one that is stuck.

        Their owners are not asked. Each learns of it by ``LockLost``, with the next write under the lock or when it
        releases; what it does outside of redicts until then is not stopped.

        Returns:
            What was removed.

        Raises:
            InternalError: Somebody else wrote to the keys of locks.

        Atomicity: none; each lock is removed in one step.
        Cost: 2 round trips; 1 where there are none. O(locks there).

        Example:
            >>> _ = Proxy("a").acquire()
            >>> [holder.path for holder in Proxy("a").break_locks()]
            ['a']
            >>> Proxy("a").release()
            Traceback (most recent call last):
            redicts.errors.LockLost: the lock at 'a' had run out (after 30.0 s) or was broken: ...
        """
        found, now_ms = yield from self._standing()
        if found:
            _ = yield from self._take_away(found)
        return [holder_of(standing, now_ms) for standing in found if standing.deadline_ms > now_ms]

    def _holders(self) -> Op[list[Holder]]:
        keys = self._space.locks(self._path)
        alive, now_ms = yield from named(read_alive(keys), keys)
        return [holder_of(standing, now_ms) for standing in alive]

    def _standing(self) -> Op[tuple[list[Standing], int]]:
        """Read what stands at this very place, dead or alive, and the server's time in ms."""
        keys = self._space.locks(self._path)
        return (yield from named(_read_at(keys), keys))

    def _take_away(self, found: list[Standing]) -> Op[list[bool]]:
        """Release what stands at this very place, whoever holds it; tell which was still held."""
        keys = self._space.locks(self._path)
        return (yield from named(_release_all(keys, found), keys))


def _read_at(keys: LockKeys) -> Op[tuple[list[Standing], int]]:
    reply, time = yield (Call(("ZRANGE", keys.at, "0", "-1", "WITHSCORES")), Call(("TIME",)))
    return read_standings(reply, keys.at), now_us(time) // 1000


def _release_all(keys: LockKeys, found: list[Standing]) -> Op[list[bool]]:
    script = load(PACKAGE, "release")
    replies = yield tuple([Eval(script, release_keys(keys), (standing.text,)) for standing in found])
    return [bool(held) for held in replies]
