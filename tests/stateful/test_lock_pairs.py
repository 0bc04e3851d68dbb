"""All pairs of paths up to depth 4, in all modes, with the same and with another owner, against the model.

First what ``rules.py`` decides, without a server; then what happens when one lock is held and the other is tried.
"""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redicts.locks.entry import Entry, Standing
from redicts.locks.rules import Blocked, Free, Request, covers, decide
from tests.stateful.lock_model import NAMES, Claim, Path, agree, all_paths, leaves_below, meet
from tests.support.backends import Backend
from tests.support.trees import tree_of

MODES = (False, True)
OWNERS = ("ann", "bob")
PATHS = all_paths(NAMES)
NOW = 1_000_000


def standing(claim: Claim, alive: bool = True, number: int = 0) -> Standing:
    """A lock as it is read."""
    entry = Entry(claim.shared, f"n:{number}", NOW - 10, claim.owner, "host", 1, claim.path)
    return Standing(entry, NOW + 1 if alive else NOW, entry.text(f"tail{number}"))


def request(claim: Claim) -> Request:
    return Request(claim.path, claim.shared, claim.owner)


def test_the_rules_decide_all_pairs_as_the_model_does() -> None:
    asked = 0
    for one, other in product(PATHS, PATHS):
        assert covers(one, other) == (leaves_below(one) >= leaves_below(other)), (one, other)
        for held_shared, shared, owner in product(MODES, MODES, OWNERS):
            held, wanted = Claim(one, held_shared, "ann"), Claim(other, shared, owner)
            alive, dead = standing(held), standing(held, alive=False)
            found = decide(request(wanted), [alive], NOW)
            where = (held, wanted)
            if agree(held, wanted):
                assert found == Free([]), where
                assert decide(request(wanted), [dead], NOW) == Free([]), where
            else:
                assert found == Blocked(alive, False, [alive]), where
                assert decide(request(wanted), [dead], NOW) == Free([dead]), where
            asked += 2
    print(f"rules: {len(PATHS)} paths, {len(PATHS) ** 2} pairs, {asked} decisions as the model's")
    assert asked == 121**2 * 16


claims = st.builds(Claim, st.sampled_from(PATHS), st.booleans(), st.sampled_from(["ann", "bob", "eve"]))


@given(claims, st.lists(st.tuples(claims, st.booleans()), max_size=6))
def test_of_several_all_that_are_in_the_way_are_found(wanted: Claim, others: list[tuple[Claim, bool]]) -> None:
    found = [standing(claim, alive, number) for number, (claim, alive) in enumerate(others)]
    in_the_way = [each for each, (claim, _) in zip(found, others, strict=True) if not agree(wanted, claim)]
    blockers = [each for each in in_the_way if each.deadline_ms > NOW]
    decision = decide(request(wanted), found, NOW)
    if not blockers:
        assert decision == Free(in_the_way)
        return
    assert isinstance(decision, Blocked)
    assert decision.blockers == blockers
    assert decision.by in blockers
    assert len(decision.by.entry.path) == min(len(each.entry.path) for each in blockers)
    own = [claim.path for claim, alive in others if alive and claim.owner == wanted.owner]
    assert decision.upgrade == (decision.by.entry.path in own)


def try_pairs(backend: Backend, pairs: list[tuple[Path, list[Path]]]) -> int:
    """Hold a lock and try another, for each pair; how many were tried."""
    tree, tried = tree_of(backend), 0
    for one, others in pairs:
        for held_shared in MODES:
            with tree.get(one).acquire(held_shared, owner="ann"):
                for other, shared, owner in product(others, MODES, OWNERS):
                    expected = agree(Claim(one, held_shared, "ann"), Claim(other, shared, owner))
                    lease = tree.get(other).try_acquire(shared, owner=owner)
                    assert (lease is not None) == expected, (one, held_shared, other, shared, owner)
                    if lease is not None:
                        lease.release()
                    tried += 1
                assert [holder.path for holder in tree.holders()] == [tree.get(one).key()], "a failed try changed it"
    assert not tree.is_locked()
    return tried


def shapes() -> list[tuple[Path, list[Path]]]:
    """A pair for each shape: how deep the two are, and how much they have in common."""
    first, second = ("a", "ab", "a.b", "a"), ("ab", "a", "ab", "a.b")
    return [
        (first[:depth], [first[:common] + second[common:other] for other in range(5) for common in range(other + 1)])
        for depth in range(5)
    ]


def test_every_shape_of_pair_is_as_the_model_says(backend: Backend) -> None:
    pairs = shapes()
    seen = {(len(one), len(other), meet(one, other)) for one, others in pairs for other in others}
    assert len(seen) == 25 + 16, "all depths, and where neither is the root, apart and not apart"
    tried = try_pairs(backend, pairs)
    print(f"{backend.name}: {tried} pairs with their modes and owners tried, as the model says")
    assert tried == 5 * 15 * 8


def test_every_pair_is_as_the_model_says(real_backend: Backend) -> None:
    paths = all_paths(NAMES[:2])
    tried = try_pairs(real_backend, [(one, paths) for one in paths])
    print(f"{real_backend.name}: {len(paths) ** 2} pairs, {tried} with modes and owners tried, as the model says")
    assert tried == 31**2 * 8


@pytest.mark.exhaustive
@pytest.mark.timeout(0)
def test_every_pair_of_three_names_is_as_the_model_says(real_backend: Backend) -> None:
    tried = try_pairs(real_backend, [(one, PATHS) for one in PATHS])
    print(f"{real_backend.name}: {len(PATHS) ** 2} pairs, {tried} with modes and owners tried, as the model says")
    assert tried == 121**2 * 8
