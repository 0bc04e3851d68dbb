"""The machine: several owners lock, write, release and lose locks at random places, compared with the model.

Time: the model's clock is set by hand. ``advance`` moves on what the server keeps: the deadlines of entries (scores)
and the expiry of keys. Leases and steps are so long that the seconds of a test do not count, and each lease ends at a
moment of its own: ``LONG`` parts two moments by far more than a test takes. Each owner works in a thread of its own,
since a thread's writes are guarded by the locks that were acquired in it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from redicts import LockLost, NotOwner, Proxy
from redicts.core.keys import parse_tail
from redicts.lockable import Lease
from redicts.locks.entry import Entry
from tests.stateful.lock_model import Claim, LockModel, Path, agree
from tests.support.backends import Backend
from tests.support.trees import tree_of

__all__ = ["LockMachine"]

T = TypeVar("T")

LONG = 1000.0
"""Seconds between two moments that the model tells apart."""

AGE = 1000 * LONG
"""Leases and steps are multiples of it; a lease has LONG more for each that was given before."""

PLACES: tuple[Path, ...] = (
    (), ("a",), ("ab",), ("a", "a"), ("a", "ab"), ("ab", "a.b"), ("a", "a", "a"), ("a", "ab", "a.b"),
    ("a", "ab", "a.b", "a"),
)  # fmt: skip

PATHS = st.sampled_from(PLACES)
ACTORS = st.integers(0, 2)
AGES = st.integers(1, 4)
TAKEN = st.runner().flatmap(lambda machine: st.sampled_from(list(machine.leases)))


class LockMachine(RuleBasedStateMachine):
    """Subclasses, or an instance's maker, say which backend it works on.

    Attributes:
        actors: A thread for each owner.
        names: What each calls itself; ``None``: by its thread.
        owners: What each is called.
        leases: What was given out for each lock of the model.
        lapsed: Sections where a lease ran out: their counter goes with the last lease that was given at all.
        latest: When that ends.
    """

    backend: Backend
    acquired = 0
    refused = 0

    def __init__(self) -> None:
        super().__init__()
        self.backend.clear()
        self.tree = tree_of(self.backend)
        self.model = LockModel()
        self.leases: dict[Claim, tuple[int, Lease]] = {}
        self.lapsed: set[Path] = set()
        self.latest = 0.0
        self.given = 0
        self.actors = [ThreadPoolExecutor(max_workers=1) for _ in range(3)]
        self.names = ("ann", "bob. {}", None)
        self.owners = ["ann", "bob. {}", self.do(2, self.name_of_thread)]
        self.backend.clear()

    def name_of_thread(self) -> str:
        with self.tree.get("x").acquire() as lease:
            return lease.owner

    def do(self, actor: int, work: Callable[[], T]) -> T:
        return self.actors[actor].submit(work).result()

    # -- acquiring and releasing ---------------------------------------------------------------------------------

    @rule(actor=ACTORS, path=PATHS, ages=AGES)
    def acquire_exclusively(self, actor: int, path: Path, ages: int) -> None:
        self.acquire(actor, path, False, ages)

    @rule(actor=ACTORS, path=PATHS, ages=AGES)
    def acquire_shared(self, actor: int, path: Path, ages: int) -> None:
        self.acquire(actor, path, True, ages)

    @rule(actors=st.permutations(range(3)), path=PATHS, ages=AGES)
    def acquire_in_turn(self, actors: list[int], path: Path, ages: int) -> None:
        for actor in actors:
            self.acquire(actor, path, actor > 0, ages)

    @rule(actors=st.permutations(range(3)), path=PATHS)
    def outlive(self, actors: list[int], path: Path) -> None:
        """One that shared runs out while the set lives on; the other upgrades: the dead entry must go."""
        self.acquire(actors[0], path, True, 1)
        self.acquire(actors[1], path, True, 4)
        self.pass_time(2)
        self.acquire(actors[1], path, False, 4)

    def acquire(self, actor: int, path: Path, shared: bool, ages: int) -> None:
        self.given += 1
        seconds = ages * AGE + self.given * LONG
        claim, place = Claim(path, shared, self.owners[actor]), self.tree.get(path)
        lease = self.do(actor, lambda: place.try_acquire(shared, owner=self.names[actor], expire_timeout=seconds))
        assert (lease is not None) == self.model.grants(claim), claim
        if lease is None:
            type(self).refused += 1
            return
        type(self).acquired += 1
        assert lease.fence > self.model.fences.get(path[:1], 0), "fence tokens grow"
        assert (lease.owner, lease.mode == "shared", lease.path) == (claim.owner, shared, place.key())
        self.model.acquire(claim, seconds, lease.fence)
        self.leases[claim] = actor, lease
        self.latest = max(self.latest, claim.deadline)

    @precondition(lambda self: self.leases)
    @rule(claim=TAKEN)
    def release(self, claim: Claim) -> None:
        actor, lease = self.leases.pop(claim)
        self.released(self.model.release(claim), actor, lease.release)
        with pytest.raises(NotOwner):
            lease.release()

    @rule(actor=ACTORS, path=PATHS)
    def release_the_last(self, actor: int, path: Path) -> None:
        place, last = self.tree.get(path), self.model.last(path, self.owners[actor])
        if last is None:
            with pytest.raises(NotOwner):
                self.do(actor, lambda: place.release(self.names[actor]))
        else:
            del self.leases[last]
            self.released(self.model.release(last), actor, lambda: place.release(self.names[actor]))

    def released(self, held: bool, actor: int, release: Callable[[], None]) -> None:
        if held:
            self.do(actor, release)
        else:
            with pytest.raises(LockLost):
                self.do(actor, release)

    @rule(path=PATHS)
    def break_locks(self, path: Path) -> None:
        broken = self.tree.get(path).break_locks()
        assert told(broken) == self.model.break_at(path)

    # -- keeping -------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.leases)
    @rule(claim=TAKEN, verb=st.sampled_from(["renew", "ensure_held"]))
    def keep(self, claim: Claim, verb: str) -> None:
        actor, lease = self.leases[claim]
        self.released(self.model.holds(claim), actor, getattr(lease, verb))
        if self.model.holds(claim) and verb == "renew":
            self.model.renew(claim, lease._holding.lease_ms / 1000)
            self.latest = max(self.latest, claim.deadline)
        assert lease.lost.is_set() == (not self.model.holds(claim))

    @rule(actor=ACTORS, path=PATHS.filter(bool), value=st.integers())
    def write(self, actor: int, path: Path, value: int) -> None:
        """A write is refused when a lock over its place, acquired in the same thread, is not held any more."""
        place = self.tree.get(path).get(("value",))
        before = place.val()
        own = [claim for claim, (who, _) in self.leases.items() if who == actor]
        refused = any(not self.model.holds(claim) for claim in own if claim.path == path[: len(claim.path)])
        try:
            self.do(actor, lambda: place.set((), value))
        except LockLost:
            assert refused, "a write under a held lock"
            assert place.val() == before
        else:
            assert not refused, "a write under a lost lock"
            assert place.val() == value

    @precondition(lambda self: self.leases)
    @rule(ages=st.integers(1, 3))
    def advance(self, ages: int) -> None:
        self.pass_time(ages)

    def pass_time(self, ages: int) -> None:
        self.model.now += ages * AGE
        self.lapsed |= {claim.path[:1] for claim in self.leases if not self.model.holds(claim)}
        client: Any = self.backend.client
        for key, entries in self.standing().items():
            for text, deadline_ms in entries.items():
                client.zadd(key, {text: deadline_ms - ages * AGE * 1000}, xx=True)
        self.backend.advance(ages * AGE)

    # -- looking -------------------------------------------------------------------------------------------------

    def keys(self) -> list[str]:
        return self.backend.keys()

    def standing(self) -> dict[str, dict[str, float]]:
        """All entries in all sets of the namespace, with their deadlines."""
        client: Any = self.backend.client
        prefixes = (f"{self.backend.namespace}:l:", f"{self.backend.namespace}:b:")
        return {
            key: {text.decode(): score for text, score in client.zrange(key, 0, -1, withscores=True)}
            for key in self.keys()
            if key.startswith(prefixes)
        }

    @invariant()
    def everybody_sees_the_models_locks(self) -> None:
        for path in PLACES:
            expected, place = self.model.holders(path), self.tree.get(path)
            assert told(place.holders()) == expected, path
        assert place.is_locked() == bool(expected)

    @invariant()
    def entries_stand_where_they_belong_and_agree(self) -> None:
        """What is held stands in all its keys; what ran out stands in some, but never beside a rival's."""
        texts = {lease._holding.text: claim for claim, (_, lease) in self.leases.items()}
        standing = self.standing()
        found = {text for entries in standing.values() for text in entries}
        space = self.backend.database.space
        for key, entries in standing.items():
            for text in entries:
                path = Entry.read(text, key).path
                assert key in space.locks(path).entered, (key, text)
                left = self.backend.client.pttl(key) / 1000
                assert left > entries[text] / 1000 - self.server_time() - LONG / 2, "the key goes before its entry"
        for text, claim in texts.items():
            if self.model.holds(claim):
                assert all(text in standing[key] for key in space.locks(claim.path).entered), claim
            elif claim.broken:
                assert text not in found, claim
        # An entry that is gone from its own path's set is not held, and cannot be renewed, whatever the clock says.
        there = [claim for text, claim in texts.items() if text in standing.get(space.locks(claim.path).at, ())]
        rivals = [(one, other) for one in there for other in there if not agree(one, other)]
        assert not rivals, "a clock that steps back would bring them back beside each other"

    def server_time(self) -> float:
        seconds, micros = self.backend.client.time()
        return float(seconds) + float(micros) / 1e6

    @invariant()
    def no_other_key_is_there(self) -> None:
        """Besides the tree and the entries: wake-ups for a second, and a counter while its section is locked."""
        client: Any = self.backend.client
        for key in self.keys():
            letter, _, tail = key[len(self.backend.namespace) + 1 :].partition(":")
            if letter in ("w", "u"):
                assert client.pttl(key) <= 1000, key
            elif letter == "f":
                section, left = parse_tail(tail), client.pttl(key) / 1000
                assert section is not None
                held = [claim.deadline for claim in self.model.held() if claim.path[:1] == section]
                assert left >= max(held, default=0) - self.model.now - LONG / 2, f"{key} goes before its locks"
                if section not in self.lapsed and not held:
                    assert left <= 1, f"{key} outlives its locks"
                assert left <= self.latest - self.model.now, f"{key} outlives all locks"
            else:
                assert letter in ("s", "n", "l", "b"), key

    def teardown(self) -> None:
        try:
            for claim in list(self.leases):
                self.release(claim)
            self.tree.clear()
            self.no_other_key_is_there()
            assert not [key for key in self.keys() if key.split(":")[1] not in ("f", "w", "u")]
        finally:
            for actor in self.actors:
                actor.shutdown()


def told(holders: list[Any]) -> list[tuple[Path, bool, str]]:
    return sorted((Proxy(holder.path).path, holder.mode == "shared", holder.owner) for holder in holders)
