"""What locks on a tree should do: section 7 of the design, over plain Python objects and a clock that is set by hand.

It knows nothing of Redis, of keys, of entries, and nothing of ``redicts.locks``. A lock on a path is a claim on the
leaves below it, in a tree of ``DEPTH`` levels with the same names on each; two claims meet where they share a leaf.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TypeAlias

__all__ = ["DEPTH", "Claim", "LockModel", "Path", "agree", "all_paths", "meet"]

Path: TypeAlias = tuple[str, ...]

DEPTH = 4
"""How deep paths go."""

NAMES = ("a", "ab", "a.b")
"""The components of paths: the text of one is how that of another begins, and one has a dot."""


def all_paths(names: tuple[str, ...], depth: int = DEPTH) -> list[Path]:
    """Every path up to a depth, the root first."""
    return [path for length in range(depth + 1) for path in product(names, repeat=length)]


@cache
def leaves_below(path: Path) -> frozenset[Path]:
    """The leaves that a lock on a path claims."""
    return frozenset((*path, *rest) for rest in product(NAMES, repeat=DEPTH - len(path)))


@cache
def meet(one: Path, other: Path) -> bool:
    """Whether locks on two paths claim a leaf in common."""
    return bool(leaves_below(one) & leaves_below(other))


@dataclass(eq=False)
class Claim:
    """One lock that was acquired."""

    path: Path
    shared: bool
    owner: str
    deadline: float = 0.0
    fence: int = 0
    broken: bool = False


def agree(one: Claim, other: Claim) -> bool:
    """Whether two locks can be held at the same time."""
    return one.owner == other.owner or (one.shared and other.shared) or not meet(one.path, other.path)


class LockModel:
    """Locks that were acquired and not released, and a clock (seconds).

    Attributes:
        now: The time.
        taken: What was acquired and not released, the last one last: held, run out or broken.
        fences: The last fence token of each section.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.taken: list[Claim] = []
        self.fences: dict[Path, int] = {}

    def holds(self, claim: Claim) -> bool:
        """Whether a lock that was acquired is still held."""
        return claim in self.taken and not claim.broken and claim.deadline > self.now

    def held(self) -> Iterator[Claim]:
        return (claim for claim in self.taken if self.holds(claim))

    def grants(self, wanted: Claim) -> bool:
        return all(agree(wanted, claim) for claim in self.held())

    def holders(self, path: Path) -> list[tuple[Path, bool, str]]:
        """What a newcomer at a path would have to wait for."""
        return sorted((claim.path, claim.shared, claim.owner) for claim in self.held() if meet(claim.path, path))

    def acquire(self, claim: Claim, lease: float, fence: int) -> None:
        claim.deadline, claim.fence = self.now + lease, fence
        self.taken.append(claim)
        self.fences[claim.path[:1]] = fence

    def renew(self, claim: Claim, lease: float) -> None:
        """Give a lock its lease again; it never gets less than it has."""
        claim.deadline = max(claim.deadline, self.now + lease)

    def release(self, claim: Claim) -> bool:
        """Give a lock back; whether it was held."""
        held = self.holds(claim)
        self.taken.remove(claim)
        return held

    def last(self, path: Path, owner: str) -> Claim | None:
        """The last that an owner acquired at a path and did not release."""
        return next((claim for claim in reversed(self.taken) if (claim.path, claim.owner) == (path, owner)), None)

    def break_at(self, path: Path) -> list[tuple[Path, bool, str]]:
        """Break all locks at a path; what was held."""
        broken = [claim for claim in self.held() if claim.path == path]
        for claim in broken:
            claim.broken = True
        return sorted((claim.path, claim.shared, claim.owner) for claim in broken)
