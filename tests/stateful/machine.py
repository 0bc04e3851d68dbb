"""The machine: random operations done to a tree and to the model, compared after every one.

Time: deadlines are compared across two clocks, the model's and the server's, which runs on by itself. So lives and
steps are so long that seconds do not count, and each life ends at a moment of its own: ``LONG`` parts two moments by
far more than a test takes.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from redicts import InvalidElement, NotANumber, Proxy, WrongType
from tests.stateful.model import Model, Path
from tests.support.backends import Backend
from tests.support.trees import canonical, tree_of

__all__ = ["TreeMachine"]

LONG = 1000.0
"""Seconds between two moments that the model tells apart."""

AGE = 1000 * LONG
"""Lives and steps are multiples of it; a life has LONG more for each that was given before."""

NAMES = st.sampled_from(["a", 'b.{"}'])
ANY = st.lists(NAMES, min_size=1, max_size=3).map(tuple)
FOUND = st.runner().flatmap(lambda machine: st.sampled_from(sorted(machine.model.places(()))) if machine.model else ANY)
BELOW = st.tuples(FOUND, ANY).map(lambda parts: (parts[0] + parts[1])[:4])
PATHS = ANY | FOUND | FOUND | BELOW
"""Mostly of places that are there, or would be below one."""

NUMBERS = st.sampled_from([0, 1, -7, 2**53, 10**14, -(2**80), 0.5, -0.1, 1e300])
SCALARS = st.none() | st.booleans() | NUMBERS | st.sampled_from(["", "/", "~", "é", [], [1, [{}]], {}])
NODES = st.recursive(SCALARS, lambda below: st.dictionaries(NAMES, below, min_size=1, max_size=2), max_leaves=4)
DOCUMENTS = SCALARS | NODES
AGES = st.integers(1, 4)


class TreeMachine(RuleBasedStateMachine):
    """Subclasses, or an instance's maker, say which backend it works on."""

    backend: Backend

    def __init__(self) -> None:
        super().__init__()
        self.backend.clear()
        self.tree = tree_of(self.backend)
        self.model = Model()
        self.lives = 0

    def at(self, path: Path) -> Proxy:
        return self.tree.get(path)

    def life(self, ages: int) -> float:
        self.lives += 1
        return ages * AGE + self.lives * LONG

    # -- writing -------------------------------------------------------------------------------------------------

    @rule(path=PATHS, value=DOCUMENTS)
    def set(self, path: Path, value: Any) -> None:
        self.tree.set(path, value)
        self.model.set(path, value)

    @rule(path=PATHS, value=DOCUMENTS, ages=AGES)
    def set_for_a_while(self, path: Path, value: Any, ages: int) -> None:
        life = self.life(ages)
        self.tree.set(path, value, life)
        self.model.set(path, value, life)

    @rule(path=PATHS, writes=st.lists(st.tuples(PATHS | st.just(()), DOCUMENTS), max_size=4))
    def update(self, path: Path, writes: list[tuple[Path, Any]]) -> None:
        self.at(path).update(writes)
        for below, value in writes:
            self.model.set(path + below, value)

    @rule(path=PATHS, value=DOCUMENTS)
    def setdefault(self, path: Path, value: Any) -> None:
        assert canonical(self.tree.setdefault(path, value)) == canonical(self.model.setdefault(path, value))

    @rule(path=PATHS, verb=st.sampled_from(["delete", "clear", "pop"]))
    def remove(self, path: Path, verb: str) -> None:
        value, lived = self.model.val(path), self.model.delete(path)
        if verb == "delete":
            assert self.tree.delete(path) == lived
        elif verb == "clear":
            self.at(path).clear()
        else:
            assert canonical(self.tree.pop(path, None)) == canonical(value)

    @rule()
    def remove_everything(self) -> None:
        assert self.tree.delete(()) == self.model.delete(())

    # -- changing ------------------------------------------------------------------------------------------------

    @rule(path=PATHS, count=NUMBERS)
    def add(self, path: Path, count: float) -> None:
        old = self.model.val(path, 0)
        if isinstance(old, bool) or not isinstance(old, (int, float)):
            with pytest.raises(NotANumber):
                _ = self.at(path).add(count)
        else:
            assert canonical(self.at(path).add(count)) == canonical(old + count)
            self.model.replace(path, old + count)

    @rule(path=PATHS, guess=SCALARS, right=st.booleans(), new=DOCUMENTS)
    def compare_and_set(self, path: Path, guess: Any, right: bool, new: Any) -> None:
        expected = self.model.val(path) if right else guess
        if canonical(expected) == canonical(self.model.val(path)) and self.model.special(path):
            with pytest.raises(WrongType):
                _ = self.at(path).compare_and_set(expected, new)
            return
        assert self.at(path).compare_and_set(expected, new) == self.model.compare_and_set(path, expected, new)

    @rule(path=PATHS, name=NAMES)
    def transform(self, path: Path, name: str) -> None:
        def wrap(value: Any) -> Any:
            return [name] if isinstance(value, (dict, list)) else {name: value}

        if self.model.special(path):
            with pytest.raises(WrongType):
                _ = self.at(path).transform(wrap)
            return
        assert canonical(self.at(path).transform(wrap)) == canonical(self.model.transform(path, wrap))

    # -- typed leaves --------------------------------------------------------------------------------------------

    @rule(path=PATHS, values=st.lists(SCALARS, min_size=1, max_size=3))
    def extend(self, path: Path, values: list[Any]) -> None:
        row = self.model.mounted(path, "list", [])
        if row is None:
            with pytest.raises(WrongType):
                self.at(path).as_list().extend(values)
        else:
            self.at(path).as_list().extend(values)
            row.extend(copy.deepcopy(values))

    @rule(path=PATHS, name=NAMES, count=st.sampled_from([1, -3, 10**15]))
    def count(self, path: Path, name: str, count: int) -> None:
        counts = self.model.mounted(path, "counter", {})
        if counts is None:
            with pytest.raises(WrongType):
                _ = self.at(path).as_counter().increment(name, count)
        else:
            counts[name] = counts.get(name, 0) + count
            assert self.at(path).as_counter().increment(name, count) == counts[name]

    @precondition(lambda self: self.typed("list"))
    @rule(data=st.data(), what=st.sampled_from(["pop", "first", "clear", "slice"]))
    def take(self, data: st.DataObject, what: str) -> None:
        path = data.draw(st.sampled_from(self.typed("list")))
        leaf, row = self.at(path).as_list(), self.model.mounted(path, "list", [])
        if what in {"pop", "first"}:
            at = -1 if what == "pop" else 0
            assert canonical(leaf.pop(at)) == canonical(row.pop(at))
        elif what == "clear":
            leaf.clear()
            row.clear()
        else:
            leaf.delete_slice(1)
            del row[1:]
        if not row:
            _ = self.model.delete(path)

    @precondition(lambda self: self.typed("counter"))
    @rule(data=st.data(), name=NAMES)
    def forget(self, data: st.DataObject, name: str) -> None:
        path = data.draw(st.sampled_from(self.typed("counter")))
        counts = self.model.mounted(path, "counter", {})
        self.at(path).as_counter().delete(name)
        _ = counts.pop(name, None)
        if not counts:
            _ = self.model.delete(path)

    @rule(path=PATHS, kind=st.sampled_from(["list", "deque", "dict", "counter", "leaf"]))
    def convert(self, path: Path, kind: str) -> None:
        name = "json" if kind == "leaf" else kind
        expected = self.model.convert(path, kind)
        if expected is None:
            with pytest.raises((WrongType, InvalidElement)):
                _ = self.at(path).convert(name)
        else:
            assert self.at(path).convert(name) == expected

    def typed(self, kind: str) -> list[Path]:
        """Where typed leaves of a kind are."""
        return sorted(path for path in self.model.leaves(()) if self.model.kind(path) == kind)

    # -- time ----------------------------------------------------------------------------------------------------

    @rule(path=PATHS, ages=AGES)
    def expire(self, path: Path, ages: int) -> None:
        life = self.life(ages)
        assert self.at(path).expire(life) == self.model.expire(path, life)

    @rule(path=PATHS)
    def persist(self, path: Path) -> None:
        assert self.at(path).persist() == self.model.expire(path, None)

    @precondition(lambda self: self.lives > 0)
    @rule(ages=st.integers(1, 2))
    def advance(self, ages: int) -> None:
        self.backend.advance(ages * AGE)
        self.model.advance(ages * AGE)

    # -- reading -------------------------------------------------------------------------------------------------

    @rule(path=PATHS | st.just(()))
    def ask(self, path: Path) -> None:
        place, model = self.at(path), self.model
        assert canonical(place.val("nothing")) == canonical(model.val(path, "nothing"))
        assert place.kind() == model.kind(path)
        assert place.exists() == (model.kind(path) is not None)
        assert sorted(place.children()) == sorted(place) == model.children(path)
        assert place.count_children() == len(place) == len(model.children(path))
        assert sorted(leaf.path for leaf in place.iter_children()) == sorted(model.leaves(path))

    @invariant()
    def the_tree_is_the_models(self) -> None:
        assert canonical(self.tree.val()) == canonical(self.model.val(()))

    @invariant()
    def every_place_lives_as_long_as_the_models(self) -> None:
        for path in self.model.places(()) if self.lives > 0 else ():
            assert abs(self.at(path).time_to_live() - self.model.time_to_live(path)) < LONG / 2, path

    @invariant()
    def the_store_is_whole(self) -> None:
        assert self.tree.check() == []

    @invariant()
    def nothing_else_lies_there(self) -> None:
        """One hash for each node, and for each section that is a leaf; a body for each typed leaf: no more, while
        nothing had a life.
        """
        if self.lives == 0:
            nodes = {leaf[:depth] for leaf in self.model.leaves(()) for depth in range(1, max(len(leaf), 2))}
            space = self.backend.database.space
            expected = [space.node(node) for node in nodes] + ([space.sections] if nodes else [])
            expected += [space.body(path) for path in self.model.leaves(()) if self.model.kind(path) != "leaf"]
            assert self.backend.keys() == sorted(expected)

    def teardown(self) -> None:
        self.tree.clear()
        assert self.backend.keys() == []
