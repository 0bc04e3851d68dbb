"""The machine of lists and deques: random operations done to a typed leaf and to the standard type.

What an operation gives, or the error it raises, and what is there afterwards, are compared after every one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from redicts import Proxy
from tests.support.backends import Backend
from tests.support.trees import canonical, tree_of

__all__ = ["DequeMachine", "ListMachine", "SequenceMachine"]

LIFE = 100_000.0
"""Far more seconds than a test takes."""

ELEMENTS = st.sampled_from([0, 1, 2, -1, 0.5, "", "a", "é\U0001f600", None, [], [0], {"a": 0}])
NUMBERS = st.sampled_from([0, 0, 1, 2, -7, 0.5, 10])
VALUES = st.lists(ELEMENTS, max_size=4) | st.lists(NUMBERS, max_size=4)
LONG = st.integers(100, 160).map(lambda size: [number % 5 for number in range(size)])
INDEXES = st.integers(-6, 6) | st.sampled_from([-120, 60, 120, 2**70])
BOUNDS = st.none() | INDEXES


class SequenceMachine(RuleBasedStateMachine):
    """What lists and deques have in common. Subclasses, made for a backend, say what is made at the place."""

    backend: Backend
    leaf: Any
    model: Any

    def __init__(self) -> None:
        super().__init__()
        self.backend.clear()
        self.tree: Proxy = tree_of(self.backend)
        self.mortal = False

    def both(self, act: Callable[[Any], Any]) -> None:
        """Do it to both: they give the same, or raise the same kind of error."""
        outcomes: list[Any] = []
        for each in (self.leaf, self.model):
            try:
                outcomes.append(canonical(act(each)))
            except (IndexError, TypeError, ValueError) as error:
                outcomes.append(type(error))
        assert outcomes[0] == outcomes[1]
        self.mortal = self.mortal and len(self.model) > 0

    # -- reading -------------------------------------------------------------------------------------------------

    @rule(index=INDEXES)
    def get(self, index: int) -> None:
        self.both(lambda each: each[min(index, 2**40)])

    @rule(value=ELEMENTS, start=INDEXES, stop=INDEXES)
    def look_for(self, value: Any, start: int, stop: int) -> None:
        if (value in self.model) == (canonical(value) in map(canonical, self.model)):  # in JSON 0 is not 0.0, nor False
            self.both(lambda each: [value in each, each.count(value)])
            self.both(lambda each: each.index(value, start, stop))

    @rule()
    def go_over(self) -> None:
        self.both(lambda each: [list(each), list(reversed(each))])

    # -- writing -------------------------------------------------------------------------------------------------

    @rule(index=INDEXES, value=ELEMENTS)
    def set(self, index: int, value: Any) -> None:
        self.both(lambda each: each.__setitem__(min(index, 2**40), value))

    @rule(index=INDEXES)
    def delete(self, index: int) -> None:
        self.both(lambda each: each.__delitem__(min(index, 2**40)))

    @rule(value=ELEMENTS)
    def append(self, value: Any) -> None:
        self.both(lambda each: each.append(value))

    @rule(values=VALUES | LONG)
    def extend(self, values: list[Any]) -> None:
        self.both(lambda each: each.extend(values) if len(self.model) < 400 else None)

    @rule()
    def extend_by_itself(self) -> None:
        if len(self.model) < 10:
            self.both(lambda each: each.extend(each))

    @rule(index=INDEXES, value=ELEMENTS)
    def insert(self, index: int, value: Any) -> None:
        self.both(lambda each: each.insert(min(index, 2**40), value))

    @rule(value=ELEMENTS)
    def remove(self, value: Any) -> None:
        self.both(lambda each: each.remove(value))

    @rule()
    def pop(self) -> None:
        self.both(lambda each: each.pop())

    @rule()
    def reverse(self) -> None:
        self.both(lambda each: each.reverse())

    @rule()
    def clear(self) -> None:
        self.both(lambda each: each.clear())

    @rule(times=st.integers(-1, 3))
    def repeat(self, times: int) -> None:
        if len(self.model) < 10:
            self.both(lambda each: each.__imul__(times) is each)

    @rule()
    def expire(self) -> None:
        self.mortal = self.tree.get("a.row").expire(LIFE)
        assert self.mortal == (len(self.model) > 0)

    # -- what holds after each -----------------------------------------------------------------------------------

    @invariant()
    def the_elements_are_the_models(self) -> None:
        expected = list(self.model)
        assert canonical(self.tree.val()) == canonical({"a": {"row": expected}} if expected else {})
        assert (len(self.leaf), bool(self.leaf)) == (len(expected), bool(expected))

    @invariant()
    def its_life_is_what_it_was(self) -> None:
        left = self.tree.get("a.row").time_to_live()
        assert (LIFE - 1000 < left <= LIFE) if self.mortal else left == (-1 if self.model else -2)

    @invariant()
    def the_store_is_whole(self) -> None:
        assert self.tree.check() == []

    def teardown(self) -> None:
        self.tree.clear()
        self.backend.advance(10)
        assert self.backend.keys() == []


class ListMachine(SequenceMachine):
    """``as_list()`` against ``list``."""

    @initialize()
    def begin(self) -> None:
        self.leaf, self.model = self.tree.get("a.row").as_list(), []

    @rule(start=BOUNDS, stop=BOUNDS, step=st.sampled_from([None, 1, 2, -1, -3]))
    def slice(self, start: int | None, stop: int | None, step: int | None) -> None:
        self.both(lambda each: each[start:stop:step])

    @rule(start=BOUNDS, stop=BOUNDS, step=st.sampled_from([None, None, None, 1, 2, -1]), values=VALUES)
    def set_slice(self, start: int | None, stop: int | None, step: int | None, values: list[Any]) -> None:
        self.both(lambda each: each.__setitem__(slice(start, stop, step), values))

    @rule(start=BOUNDS, stop=BOUNDS)
    def set_slice_to_itself(self, start: int | None, stop: int | None) -> None:
        if len(self.model) < 10:
            self.both(lambda each: each.__setitem__(slice(start, stop), each))

    @rule(start=BOUNDS, stop=BOUNDS, step=st.sampled_from([None, None, 1, 2, -1]))
    def delete_slice(self, start: int | None, stop: int | None, step: int | None) -> None:
        self.both(lambda each: each.__delitem__(slice(start, stop, step)))

    @rule(index=INDEXES)
    def pop_at(self, index: int) -> None:
        self.both(lambda each: each.pop(min(index, 2**40)))

    @rule(reverse=st.booleans(), key=st.sampled_from([None, str]))
    def sort(self, reverse: bool, key: Any) -> None:
        def sorted_or_as_before(each: Any) -> None:
            before = list(each)
            try:
                each.sort(key=key, reverse=reverse)
            except TypeError:
                if isinstance(each, list):  # which leaves them half sorted
                    each[:] = before
                raise

        self.both(sorted_or_as_before)


class DequeMachine(SequenceMachine):
    """``as_deque()`` against ``collections.deque``, with a limit or without."""

    @initialize(maxlen=st.none() | st.sampled_from([0, 1, 3, 4, 130]))
    def begin(self, maxlen: int | None) -> None:
        self.leaf, self.model = self.tree.get("a.row").as_deque(maxlen=maxlen), deque[Any](maxlen=maxlen)

    @rule(value=ELEMENTS)
    def appendleft(self, value: Any) -> None:
        self.both(lambda each: each.appendleft(value))

    @rule(values=VALUES | LONG)
    def extendleft(self, values: list[Any]) -> None:
        self.both(lambda each: each.extendleft(values) if len(self.model) < 400 else None)

    @rule()
    def extendleft_by_itself(self) -> None:
        if len(self.model) < 10:
            self.both(lambda each: each.extendleft(each))

    @rule()
    def popleft(self) -> None:
        self.both(lambda each: each.popleft())

    @rule(count=st.integers(-9, 9) | st.sampled_from([-150, 61, 150]))
    def rotate(self, count: int) -> None:
        self.both(lambda each: each.rotate(count))

    @rule(values=VALUES)
    def operators(self, values: list[Any]) -> None:
        other = deque(values)
        self.both(lambda each: [list(each + other), list(other + each), list(each * 2), each == other, each != other])

    @invariant()
    def a_copy_is_the_models(self) -> None:
        assert canonical([*self.leaf.copy()]) == canonical([*self.model])
        assert self.leaf.copy().maxlen == self.model.maxlen
