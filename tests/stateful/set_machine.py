"""The machine of sets: random operations done to typed sets and to builtin ones, of two sections.

What an operation gives, or the error it raises, and what is in all of them afterwards, are compared after every one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from redicts import Proxy
from redicts.leaves.set import Set
from tests.support.backends import Backend
from tests.support.trees import tree_of

__all__ = ["SetMachine"]

LIFE = 100_000.0
"""Far more seconds than a test takes."""

PLACES = {"x": "a.x", "y": "a.b.y", "far": "z"}
NAMES = st.sampled_from([*PLACES])
ELEMENTS = st.sampled_from([0, 1, 2, 2**70, -1.5, "", "1", "é\U0001f600", None, (), (0, ("x", None))])
ODD: st.SearchStrategy[Any] = st.sampled_from([[], [1], {1}, frozenset([1]), b"x", {}])
PLAIN = st.frozensets(ELEMENTS, max_size=5)
MANY = st.integers(500, 600).map(lambda size: frozenset(range(size)))
SIDES = st.tuples(NAMES, st.none()) | st.tuples(st.none(), PLAIN | MANY)
KINDS = st.sampled_from([set, frozenset, list, iter, lambda values: dict.fromkeys(values).keys()])

RESULTS = st.sampled_from(["union", "intersection", "difference"])
OPERATORS = st.sampled_from(["or_", "and_", "sub", "xor", "eq", "ne", "lt", "le", "gt", "ge"])

Side = tuple[str | None, frozenset[Any] | None]


class SetMachine(RuleBasedStateMachine):
    """Made for a backend by a subclass."""

    backend: Backend

    def __init__(self) -> None:
        super().__init__()
        self.backend.clear()
        self.tree: Proxy = tree_of(self.backend)
        self.leaves: dict[str, Set[Any]] = {name: self.tree.get(path).as_set() for name, path in PLACES.items()}
        self.models: dict[str, set[Any]] = {name: set() for name in PLACES}
        self.mortal: set[str] = set()
        self.expired = False  # what has, leaves its marker until somebody writes there

    def both(self, name: str, act: Callable[..., Any], *sides: Side, kind: Callable[[Any], Any] = set) -> None:
        """Do it to both, with the same sides: they give the same, or raise the same kind of error."""
        outcomes: list[Any] = []
        for found in (self.leaves, self.models):
            given = [found[side] if side is not None else kind(values) for side, values in sides]
            try:
                outcomes.append(act(found[name], *given))
            except (KeyError, TypeError) as error:
                outcomes.append((type(error), error.args if isinstance(error, KeyError) else ()))
        assert outcomes[0] == outcomes[1]
        self.mortal = {each for each in self.mortal if self.models[each]}

    # -- elements ------------------------------------------------------------------------------------------------

    @rule(name=NAMES, value=ELEMENTS)
    def add(self, name: str, value: Any) -> None:
        self.both(name, lambda each: each.add(value))

    @rule(name=NAMES, value=ELEMENTS | ODD, verb=st.sampled_from(["discard", "remove", "__contains__"]))
    def take_out_or_look(self, name: str, value: Any, verb: str) -> None:
        self.both(name, lambda each: getattr(each, verb)(value))

    @rule(name=NAMES, values=PLAIN)
    def add_many(self, name: str, values: frozenset[Any]) -> None:
        assert self.leaves[name].add_many(values) == len(values - self.models[name])
        self.models[name] |= values

    @rule(name=NAMES, values=st.lists(ELEMENTS, max_size=6))
    def contains_many(self, name: str, values: list[Any]) -> None:
        assert self.leaves[name].contains_many(values) == [value in self.models[name] for value in values]

    @rule(name=NAMES)
    def pop(self, name: str) -> None:
        if self.models[name]:
            self.models[name].remove(self.leaves[name].pop())
            self.mortal = {each for each in self.mortal if self.models[each]}
        else:
            with pytest.raises(KeyError):
                _ = self.leaves[name].pop()

    @rule(name=NAMES)
    def clear(self, name: str) -> None:
        self.both(name, lambda each: each.clear())

    # -- others --------------------------------------------------------------------------------------------------

    @rule(name=NAMES, verb=RESULTS, one=SIDES, two=SIDES, kind=KINDS)
    def make(self, name: str, verb: str, one: Side, two: Side, kind: Any) -> None:
        self.both(name, lambda each, *others: getattr(each, verb)(*others), one, two, kind=kind)

    @rule(name=NAMES, verb=RESULTS, one=SIDES, two=SIDES, kind=KINDS)
    def change(self, name: str, verb: str, one: Side, two: Side, kind: Any) -> None:
        verb = "update" if verb == "union" else f"{verb}_update"
        self.both(name, lambda each, *others: getattr(each, verb)(*others), one, two, kind=kind)

    @rule(name=NAMES, side=SIDES, kind=KINDS)
    def change_by_one(self, name: str, side: Side, kind: Any) -> None:
        self.both(name, lambda each, other: each.symmetric_difference_update(other), side, kind=kind)

    @rule(name=NAMES, verb=RESULTS | st.just("symmetric_difference"), one=SIDES, two=SIDES)
    def store(self, name: str, verb: str, one: Side, two: Side) -> None:
        sides: list[list[Any]] = [
            [found[side] if side is not None else values for side, values in (one, two)] for found in self.found()
        ]
        made = getattr(set(sides[1][0]), verb)(sides[1][1])
        assert getattr(self.leaves[name], f"store_{verb}")(*sides[0]) == len(made)
        self.models[name] = made
        self.mortal = {each for each in self.mortal if self.models[each]}

    def found(self) -> list[dict[str, Any]]:
        return [dict(self.leaves), dict(self.models)]

    @rule(name=NAMES, sign=OPERATORS, side=SIDES, turned=st.booleans())
    def apply(self, name: str, sign: str, side: Side, turned: bool) -> None:
        act = getattr(operator, sign)
        self.both(name, lambda each, other: act(other, each) if turned else act(each, other), side)

    @rule(name=NAMES, sign=st.sampled_from(["ior", "iand", "isub", "ixor"]), side=SIDES)
    def apply_in_place(self, name: str, sign: str, side: Side) -> None:
        self.both(name, lambda each, other: getattr(operator, sign)(each, other) is each, side)

    @rule(name=NAMES, verb=st.sampled_from(["issubset", "issuperset", "isdisjoint"]), side=SIDES, kind=KINDS)
    def compare(self, name: str, verb: str, side: Side, kind: Any) -> None:
        self.both(name, lambda each, other: getattr(each, verb)(other), side, kind=kind)

    # -- time ----------------------------------------------------------------------------------------------------

    @rule(name=NAMES)
    def expire(self, name: str) -> None:
        if self.tree.get(PLACES[name]).expire(LIFE):
            self.mortal.add(name)

    @rule()
    def time_passes(self) -> None:
        self.backend.advance(2 * LIFE)
        self.expired |= bool(self.mortal)
        for name in self.mortal:
            self.models[name].clear()
        self.mortal.clear()

    # -- what is there -------------------------------------------------------------------------------------------

    @invariant()
    def the_leaves_are_the_models(self) -> None:
        for name, leaf in self.leaves.items():
            assert leaf.to_set() == self.models[name]
            assert (len(leaf), bool(leaf)) == (len(self.models[name]), bool(self.models[name]))
            assert sorted(leaf, key=repr) == sorted(self.models[name], key=repr)
            lives = self.tree.get(PLACES[name]).time_to_live()
            assert (lives > 0) is (name in self.mortal)

    @invariant()
    def nothing_else_is_there(self) -> None:
        assert self.tree.check() == []
        if not self.expired:
            space, there = self.backend.database.space, [PLACES[name] for name, model in self.models.items() if model]
            paths = [tuple(place.split(".")) for place in there]
            nodes = {path[:depth] for path in paths for depth in range(1, max(len(path), 2))}
            keys = {*map(space.node, nodes), *map(space.body, paths)} | ({space.sections} if paths else set())
            assert self.backend.keys() == sorted(keys)

    def teardown(self) -> None:
        self.tree.clear()
        assert self.backend.keys() == []
