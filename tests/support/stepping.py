"""Operations stepped by hand: what they ask for is looked at, what they are told is made up. No runner, no server."""

from __future__ import annotations

from typing import Any, TypeVar

from redicts.core.effects import Effect, Eval, Op
from redicts.core.keys import KeySpace
from redicts.core.paths import Path, PathLike, parse
from redicts.core.place import Guard
from redicts.tree.operations import TreeOperations

__all__ = ["Spot", "Step", "own_args", "own_keys"]

T = TypeVar("T")


class Spot(TreeOperations):
    """A place of no face: operations are taken from its class, as ``Spot.val(spot)``."""

    __slots__ = ("_guarded", "_keys")

    def __init__(self, path: PathLike, *guards: Guard, spread: bool = False) -> None:
        self._path = parse(path)
        self._guarded = guards
        self._keys = KeySpace("ns", spread=spread)

    @property
    def _space(self) -> KeySpace:
        return self._keys

    def _guards(self, path: Path) -> tuple[Guard, ...]:
        return self._guarded


class Step:
    """An operation under way.

    Attributes:
        asked: The effects that it waits for; empty once it has returned.
        value: What it returned.
        trips: How many times it asked.
    """

    def __init__(self, op: Op[Any]) -> None:
        self.op = op
        self.asked: tuple[Effect, ...] = ()
        self.value: Any = None
        self.trips = 0
        self._go(lambda: next(op))

    def reply(self, *replies: Any) -> Step:
        """Answer what it asked for, and go on."""
        assert len(replies) == len(self.asked), f"{len(self.asked)} effects, {len(replies)} replies"
        self._go(lambda: self.op.send(replies))
        return self

    def fail(self, error: Exception) -> Step:
        """Throw an error into it, as a runner does."""
        self._go(lambda: self.op.throw(error))
        return self

    @property
    def done(self) -> bool:
        """Whether it has returned."""
        return not self.asked

    @property
    def script(self) -> Eval:
        """The one script that it asks for."""
        (effect,) = self.asked
        assert isinstance(effect, Eval), f"no script: {effect}"
        return effect

    def _go(self, advance: Any) -> None:
        try:
            self.asked = advance()
        except StopIteration as stop:
            self.asked, self.value = (), stop.value
        else:
            self.trips += 1


def own_keys(effect: Eval) -> tuple[str, ...]:
    """The keys of a guarded script that are its own, on one server and under no lock."""
    assert effect.keys[0] == "ns:s"
    return effect.keys[1:]


def own_args(effect: Eval) -> list[Any]:
    """The arguments of a guarded script that are its own, on one server and under no lock."""
    assert list(effect.args[:2]) == ["0", "1"]
    return list(effect.args[2:])
