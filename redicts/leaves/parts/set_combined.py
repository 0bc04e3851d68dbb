"""What operations of a set with others are made of: sorting out what is given, and reading it in one round trip.

Sets of the same section are combined by the server, in one step; sets of other sections of the same database are read
beside that; what else is given is compared here.

May import core and its neighbours. Invariant: elements are compared by their texts, here as there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple, TypeAlias

from redicts.core.effects import Effect, Eval, Op, Refused
from redicts.core.guarded import run_guarded
from redicts.core.operation import Sync
from redicts.core.place import Guard
from redicts.core.scripts import load
from redicts.leaves.elements import T
from redicts.leaves.leaf import PACKAGE
from redicts.leaves.parts.beside import fields_of, keys_of, refusal_of, together
from redicts.leaves.parts.set_members import SetMembers

__all__ = ["DIFFERENCE", "INTERSECTION", "SYMMETRIC", "UNION", "Key", "Others", "SetCombined", "fold", "texts_of"]

UNION: Final = "union"
INTERSECTION: Final = "intersection"
DIFFERENCE: Final = "difference"
SYMMETRIC: Final = "symmetric_difference"

Key: TypeAlias = "str | tuple[object]"
"""What stands for an element here: its text; or, what cannot be one in Redis, alone in a tuple."""


class Others(NamedTuple):
    """What a set is combined with.

    Attributes:
        near: Sets of the same section: the server takes part.
        far: Sets of other sections of the same database: they are read.
        given: What else was given, each as its keys.
    """

    near: list[SetMembers[Any]]
    far: list[SetMembers[Any]]
    given: list[set[Key]]


class SetCombined(SetMembers[T]):
    """What the operations of a set with others need."""

    __slots__ = ()

    def _sort_out(self, others: Iterable[Iterable[Any]], *, adds: bool = False) -> Others:
        """Look at what is given; iterables are used up.

        Args:
            others: What is given.
            adds: Whether elements that are given go in: then all of them must be such.
        """
        found = Others([], [], [])
        for other in others:
            if isinstance(other, SetMembers) and together(self._place, other._place):
                near = other._place._path[0] == self._place._path[0]
                (found.near if near else found.far).append(other)
                continue
            values: Any = other
            if isinstance(other, SetMembers):
                if not isinstance(other, Sync):
                    raise TypeError(f"{other!r} is in another database: read it first, by its to_set()")
                values = values.to_set()
            found.given.append({*self._encode_all(values)} if adds else set(self._each(self._key, values)))
        return found

    def _key(self, value: object) -> Key:
        text = self._spell(value)
        return (value,) if text is None else text

    def _values(self, keys: Iterable[Key]) -> set[Any]:
        """Give the elements that keys stand for."""
        found: set[Any] = set(self._decode_all([key for key in keys if isinstance(key, str)]))
        found.update([key[0] for key in keys if not isinstance(key, str)])
        return found

    def _ask(self, effects: list[Eval], leaves: list[SetMembers[Any]]) -> Op[list[Any]]:
        """Ask for several things in one round trip; the set whose place holds something else says so."""
        wanted: tuple[Effect, ...] = tuple(effects)
        try:
            return [*(yield wanted)]
        except Refused as refused:
            raise refusal_of(refused, leaves) from None

    def _read_all(self, verb: str, near: list[SetMembers[Any]], far: list[SetMembers[Any]]) -> Op[list[set[Key]]]:
        """Read what some sets of one section make together, if there are any, and each of others; in one round trip."""
        effects = [_combining(verb, near, 0)] if near else []
        effects += [_combining(UNION, [leaf], len(near) + at) for at, leaf in enumerate(far)]
        replies = (yield from self._ask(effects, [*near, *far])) if effects else []
        return [{*texts} for texts in replies]

    def _overlap(self, others: list[SetMembers[Any]], texts: list[str]) -> Op[list[int]]:
        """Count on the server what is in this set, in another or among texts, and in both."""
        leaves = [self, *others]
        args = [self.KIND.marker, *fields_of(leaves), *texts]
        (numbers,) = yield from self._ask([Eval(load(PACKAGE, "set_overlap"), keys_of(leaves), args)], leaves)
        return [int(number) for number in numbers]

    def _changed(
        self,
        verb: str,
        near: list[SetMembers[Any]],
        texts: list[str] | None,
        guards: tuple[Guard, ...],
        *,
        part: bool,
    ) -> Op[int]:
        """Run the script that changes this set.

        Args:
            verb: What is made of it and of the others.
            near: The others of its section.
            texts: The elements that are given; ``None``: no iterable is.
            guards: What proves that it may be written.
            part: Whether the set itself takes part, and does not only get the result.
        """
        leaves, path = [self, *near], self._place._path
        flags = ["1" if part else "0", "0" if texts is None else "1", str(len(near))]
        field, *fields = fields_of(leaves)
        args = [field, self.KIND.marker, verb, *flags, *fields, *(texts or ())]
        script = load(PACKAGE, "set_change")
        try:
            return int((yield from run_guarded(self._place, script, (path,), keys_of(leaves), [*args], guards)))
        except Refused as refused:
            raise refusal_of(refused, leaves) from None


def fold(verb: str, parts: list[set[Key]]) -> set[Key]:
    """Combine the keys of several sets and iterables."""
    first, *others = parts
    if verb == UNION:
        return first.union(*others)
    if verb == INTERSECTION:
        return first.intersection(*others)
    return first.difference(*others) if verb == DIFFERENCE else first.symmetric_difference(*others)


def texts_of(keys: Iterable[Key]) -> list[str]:
    """Leave out what stands for what cannot be an element."""
    return [key for key in keys if isinstance(key, str)]


def _combining(verb: str, leaves: list[SetMembers[Any]], number: int) -> Eval:
    """Make the effect that reads what sets make together; the first is the one of that number, for errors."""
    args = [leaves[0].KIND.marker, verb, str(number), *fields_of(leaves)]
    return Eval(load(PACKAGE, "set_combine"), keys_of(leaves), args)
