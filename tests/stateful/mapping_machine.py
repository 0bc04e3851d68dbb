"""The machines: random operations done to a typed dict and to a ``dict``, to a typed counter and to a ``Counter``."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.support.backends import Backend
from tests.support.trees import canonical, tree_of

__all__ = ["CounterMachine", "DictMachine"]

NAMES = ["a", "*", "1", "", 'b.{"}', 2, 3.5, None, (1, "x")]
"""Of these Python takes no two for one key."""
KEYS = st.sampled_from(NAMES)
VALUES = st.none() | st.integers(-5, 5) | st.sampled_from(["", "é", [], [1, [{}]], {"a": 0.5}, True, -0.0])
COUNTS = st.integers(-3, 3) | st.sampled_from([10**14, 10**15, -(2**53), 2**60, -(2**60)])
SEVERAL = st.lists(KEYS, max_size=4)
MORE = st.dictionaries(st.sampled_from(["a", "c", "self"]), st.integers(-5, 5), max_size=2)
NOTHING = object()


def raised(act: Any) -> Any:
    """What something gives, or the error that it raises."""
    try:
        return act()
    except KeyError as error:
        return ["KeyError", error.args]


class MappingMachine(RuleBasedStateMachine):
    """What both have in common. Subclasses, or an instance's maker, say which backend it works on."""

    backend: Backend
    model: dict[Any, Any]
    leaf: Any

    def __init__(self) -> None:
        super().__init__()
        self.backend.clear()
        self.tree = tree_of(self.backend)
        self.place = self.tree.get("app.map")

    def same(self, act: Any) -> None:
        """Do one thing to both, and compare what comes out."""
        assert canonical(raised(lambda: act(self.leaf))) == canonical(raised(lambda: act(self.model)))

    @rule(key=KEYS, values=SEVERAL)
    def read(self, key: Any, values: list[Any]) -> None:
        self.same(lambda each: [key in each, each.get(key), each.get(key, "no")])
        self.same(lambda each: each[key])
        assert self.leaf.get_many(values, 7) == [self.model.get(each, 7) for each in values]

    @rule(key=KEYS, default=st.just(NOTHING) | VALUES)
    def pop(self, key: Any, default: Any) -> None:
        self.same(lambda each: each.pop(key) if default is NOTHING else each.pop(key, default))

    @rule()
    def popitem(self) -> None:
        if self.model:
            key, value = self.leaf.popitem()
            assert canonical(self.model.pop(key)) == canonical(value)
        else:
            self.same(lambda each: each.popitem())

    @rule(key=KEYS)
    def delete(self, key: Any) -> None:
        self.same(lambda each: each.__delitem__(key))

    @rule(keys=SEVERAL)
    def delete_many(self, keys: list[Any]) -> None:
        assert self.leaf.delete_many(keys) == len([self.model.pop(key) for key in {*keys} & {*self.model}])

    @rule()
    def clear(self) -> None:
        self.same(lambda each: each.clear())

    @rule(other=st.dictionaries(KEYS, st.integers(-5, 5), max_size=4))
    def compare(self, other: dict[Any, int]) -> None:
        for mine, theirs in ((self.leaf.keys(), self.model.keys()), (self.leaf, self.model)):
            assert (mine == other, mine == theirs) == (theirs == other, True)
        assert self.leaf.keys() & other.keys() == self.model.keys() & other.keys()
        assert self.leaf.keys() ^ other == self.model.keys() ^ other.keys()
        assert (self.leaf.items() >= other.items()) == (self.model.items() >= other.items())
        assert self.leaf.keys().isdisjoint(other) == self.model.keys().isdisjoint(other)

    @invariant()
    def it_is_the_model(self) -> None:
        pairs = sorted(map(canonical, self.model.items()))
        assert sorted(map(canonical, self.leaf.items())) == sorted(map(canonical, self.leaf.to_items())) == pairs
        assert (len(self.leaf), len({*self.leaf})) == (len(self.model), len(self.model))
        assert self.place.exists() is bool(self.model)
        assert self.tree.check() == []
        assert bool(self.backend.keys()) is bool(self.model)

    def teardown(self) -> None:
        self.tree.clear()
        assert self.backend.keys() == []


class DictMachine(MappingMachine):
    """A typed dict against a ``dict``."""

    def __init__(self) -> None:
        super().__init__()
        self.leaf, self.model = self.place.as_dict(), {}

    @rule(key=KEYS, value=VALUES)
    def set(self, key: Any, value: Any) -> None:
        self.same(lambda each: each.__setitem__(key, value))

    @rule(key=KEYS, value=VALUES)
    def setdefault(self, key: Any, value: Any) -> None:
        self.same(lambda each: each.setdefault(key, value))

    @rule(other=st.dictionaries(KEYS, VALUES, max_size=4), more=MORE, form=st.sampled_from(["mapping", "pairs", "|="]))
    def update(self, other: dict[Any, Any], more: dict[str, int], form: str) -> None:
        if form == "|=":
            self.same(lambda each: [each.__ior__(other) is each, None][1])
        else:
            self.same(lambda each: each.update(other if form == "mapping" else iter(other.items()), **more))

    @rule(other=st.dictionaries(KEYS, VALUES, max_size=3))
    def merge(self, other: dict[Any, Any]) -> None:
        assert self.leaf | other == self.model | other
        assert other | self.leaf == other | self.model


class CounterMachine(MappingMachine):
    """A typed counter against a ``collections.Counter``."""

    model: Counter[Any]

    def __init__(self) -> None:
        super().__init__()
        self.leaf, self.model = self.place.as_counter(), Counter()

    @rule(key=KEYS, count=COUNTS)
    def set(self, key: Any, count: int) -> None:
        self.same(lambda each: each.__setitem__(key, count))

    @rule(key=KEYS, count=COUNTS)
    def add_in_place(self, key: Any, count: int) -> None:
        if abs(self.model[key]) + abs(count) < 2**62:
            self.leaf[key] += count
            self.model[key] += count

    @rule(key=KEYS, count=st.integers(-3, 3))
    def increment(self, key: Any, count: int) -> None:
        self.model[key] += count
        assert self.leaf.increment(key, count) == self.model[key]

    @rule(elements=SEVERAL, more=MORE, verb=st.sampled_from(["update", "subtract"]))
    def count(self, elements: list[Any], more: dict[str, int], verb: str) -> None:
        self.same(lambda each: getattr(each, verb)(iter(elements), **more))

    @rule(other=st.dictionaries(KEYS, st.integers(-5, 5), max_size=4), how=st.sampled_from("+-|&"), place=st.booleans())
    def combine(self, other: dict[Any, int], how: str, place: bool) -> None:
        verb = {"+": "add", "-": "sub", "|": "or", "&": "and"}[how]
        mine, theirs = (getattr(each, f"__{verb}__")(Counter(other)) for each in (self.leaf, self.model))
        assert (dict(mine), type(mine)) == (dict(theirs), Counter)
        if place:
            mine, theirs = (getattr(each, f"__i{verb}__")(Counter(other)) for each in (self.leaf, self.model))
            assert mine is self.leaf
            self.model = theirs

    @rule(n=st.none() | st.integers(-1, 5))
    def ask(self, n: int | None) -> None:
        assert self.leaf.total() == self.model.total()
        found, expected = self.leaf.most_common(n), self.model.most_common(n)
        assert [count for _, count in found] == [count for _, count in expected]
        assert all(self.model[key] == count for key, count in found)
        assert +self.leaf == +self.model
        assert -self.leaf == -self.model
        other = Counter({"a": 1, "*": -1})
        assert (self.leaf <= other, self.leaf < other) == (self.model <= other, self.model < other)
        assert (self.leaf >= other, self.leaf > other) == (self.model >= other, self.model > other)
