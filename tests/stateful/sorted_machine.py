"""Machines for sorted sets and priority queues: random operations done to a leaf and to a plain model, then compared.

The models: a dict of scores, put in order where order is asked for; and a heap of (priority, number of the put, value).
"""

from __future__ import annotations

import heapq
import json
import math
from queue import Empty, Full
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.support.backends import Backend
from tests.support.trees import canonical, tree_of

__all__ = ["PriorityQueueMachine", "SortedSetMachine"]

MEMBERS = st.sampled_from(["", "a", "ab", "b c", "é", '"', 0, 1, 1.5, True, None, (1, "x"), ()])
SCORES = st.sampled_from([0, 1, 1.0, -1, 2.5, 0.1, 1 / 3, -1e22, 2**53, math.inf, -math.inf])
STEPS = st.sampled_from([1, -1, 0.5, 0.1, 1e300])
BOUNDS = st.none() | st.integers(-6, 6)
FLAGS = st.booleans()


def text_of(member: Any) -> str:
    return json.dumps(member, separators=(",", ":"))


class LeafMachine(RuleBasedStateMachine):
    """Subclasses, or an instance's maker, say which backend it works on."""

    backend: Backend

    def __init__(self) -> None:
        super().__init__()
        self.backend.clear()
        self.tree = tree_of(self.backend)

    @invariant()
    def the_store_is_whole(self) -> None:
        assert self.tree.check() == []

    def teardown(self) -> None:
        self.tree.clear()
        self.backend.advance(10)
        assert self.backend.keys() == []


class SortedSetMachine(LeafMachine):
    """A sorted set, and a dict of the texts of its members to members and scores."""

    def __init__(self) -> None:
        super().__init__()
        self.leaf: Any = self.tree.get("app.best").as_sorted_set()
        self.model: dict[str, tuple[Any, float]] = {}

    def ordered(self) -> list[tuple[Any, float]]:
        return sorted(self.model.values(), key=lambda pair: (pair[1], text_of(pair[0])))

    def put(self, member: Any, score: float, options: dict[str, bool]) -> bool:
        """Do what ZADD does; whether anything changed."""
        found = self.model.get(text_of(member))
        if found is None:
            if options.get("only_existing"):
                return False
        elif (
            options.get("only_new")
            or found[1] == score
            or (options.get("greater") and score < found[1])
            or (options.get("less") and score > found[1])
        ):
            return False
        self.model[text_of(member)] = (member, float(score))
        return True

    OPTIONS = st.sampled_from(
        [{}, {}, {"only_new": True}, {"only_existing": True}, {"greater": True}, {"less": True},
         {"only_existing": True, "less": True}]
    )  # fmt: skip

    @rule(member=MEMBERS, score=SCORES, options=OPTIONS)
    def add(self, member: Any, score: float, options: dict[str, bool]) -> None:
        assert self.leaf.add(member, score, **options) == self.put(member, score, options)

    @rule(member=MEMBERS, score=SCORES)
    def set(self, member: Any, score: float) -> None:
        self.leaf[member] = score
        _ = self.put(member, score, {})

    @rule(
        pairs=st.lists(st.tuples(MEMBERS, SCORES), max_size=6, unique_by=lambda pair: text_of(pair[0])), options=OPTIONS
    )
    def add_many(self, pairs: list[tuple[Any, float]], options: dict[str, bool]) -> None:
        expected = sum([self.put(member, score, options) for member, score in pairs])
        assert self.leaf.add_many(pairs, **options) == expected

    @rule(member=MEMBERS, by=STEPS)
    def increment(self, member: Any, by: float) -> None:
        score = self.model.get(text_of(member), (member, 0.0))[1] + by
        assert self.leaf.increment(member, by) == score
        self.model[text_of(member)] = (member, score)

    @rule(members=st.lists(MEMBERS, max_size=4), verb=st.sampled_from(["discard", "remove", "remove_many"]))
    def remove(self, members: list[Any], verb: str) -> None:
        there = {text_of(member) for member in members} & self.model.keys()
        if verb == "remove_many":
            assert self.leaf.remove_many(members) == len(there)
        for member in members if verb != "remove_many" else []:
            if verb == "remove" and text_of(member) not in self.model:
                with pytest.raises(KeyError):
                    self.leaf.remove(member)
            else:
                getattr(self.leaf, verb)(member)
            self.model.pop(text_of(member), None)
        for text in there:
            self.model.pop(text, None)

    def forget(self, pairs: list[tuple[Any, float]]) -> int:
        for member, _ in pairs:
            del self.model[text_of(member)]
        return len(pairs)

    @rule(count=st.integers(0, 3), highest=FLAGS)
    def pop_many(self, count: int, highest: bool) -> None:
        expected = (self.ordered()[::-1] if highest else self.ordered())[:count]
        assert canonical((self.leaf.pop_max_many if highest else self.leaf.pop_min_many)(count)) == canonical(expected)
        _ = self.forget(expected)

    @rule(highest=FLAGS, waits=FLAGS)
    def pop(self, highest: bool, waits: bool) -> None:
        side = "max" if highest else "min"
        if not self.model:
            with pytest.raises(KeyError):
                getattr(self.leaf, f"pop_{side}")()
            return
        expected = self.ordered()[-1 if highest else 0]
        assert canonical(getattr(self.leaf, f"blocking_pop_{side}" if waits else f"pop_{side}")()) == canonical(
            expected
        )
        _ = self.forget([expected])

    @rule(start=BOUNDS, stop=BOUNDS)
    def remove_range(self, start: int | None, stop: int | None) -> None:
        assert self.leaf.remove_range(start, stop) == self.forget(self.ordered()[start:stop])

    @rule(low=SCORES, high=SCORES, low_out=FLAGS, high_out=FLAGS)
    def remove_by_score(self, low: float, high: float, low_out: bool, high_out: bool) -> None:
        found = self.between(low, high, low_out, high_out)
        assert self.leaf.remove_by_score(low, high, exclude_low=low_out, exclude_high=high_out) == self.forget(found)

    def between(self, low: float, high: float, low_out: bool, high_out: bool) -> list[tuple[Any, float]]:
        return [
            pair
            for pair in self.ordered()
            if (low < pair[1] or (low == pair[1] and not low_out))
            and (pair[1] < high or (pair[1] == high and not high_out))
        ]

    @rule()
    def clear(self) -> None:
        self.leaf.clear()
        self.model.clear()

    @rule(start=BOUNDS, stop=BOUNDS, reverse=FLAGS)
    def read_ranks(self, start: int | None, stop: int | None, reverse: bool) -> None:
        expected = (self.ordered()[::-1] if reverse else self.ordered())[start:stop]
        assert canonical(self.leaf.range_with_scores(start, stop, reverse=reverse)) == canonical(expected)
        assert canonical(self.leaf.range(start, stop, reverse=reverse)) == canonical([member for member, _ in expected])

    @rule(
        low=SCORES,
        high=SCORES,
        outs=st.tuples(FLAGS, FLAGS),
        reverse=FLAGS,
        offset=st.integers(0, 3),
        count=st.none() | st.integers(0, 3),
    )
    def read_scores(
        self, low: float, high: float, outs: tuple[bool, bool], reverse: bool, offset: int, count: int | None
    ) -> None:
        found = self.between(low, high, *outs)
        bounds = {"exclude_low": outs[0], "exclude_high": outs[1]}
        assert self.leaf.count_between(low, high, **bounds) == len(found)
        expected = (found[::-1] if reverse else found)[offset : None if count is None else offset + count]
        limits = {**bounds, "reverse": reverse, "offset": offset, "count": count}
        assert canonical(self.leaf.range_by_score_with_scores(low, high, **limits)) == canonical(expected)

    @rule(member=MEMBERS)
    def ask(self, member: Any) -> None:
        texts = [text_of(each) for each, _ in self.ordered()]
        text = text_of(member)
        rank = texts.index(text) if text in texts else None
        assert self.leaf.rank(member) == rank
        assert self.leaf.rank(member, reverse=True) == (None if rank is None else len(texts) - 1 - rank)
        assert self.leaf.scores([member, "nobody"]) == [self.model.get(text, (member, None))[1], None]
        assert (member in self.leaf) == (text in self.model)

    @invariant()
    def they_are_alike(self) -> None:
        expected = self.ordered()
        assert canonical(self.leaf.range_with_scores()) == canonical(expected)
        assert len(self.leaf) == len(expected)
        value = self.tree.val()
        assert canonical(value) == canonical({"app": {"best": expected}} if expected else {})


class PriorityQueueMachine(LeafMachine):
    """A priority queue, and a heap in which no two items are compared by their values."""

    LIMIT = 5

    def __init__(self) -> None:
        super().__init__()
        self.leaf: Any = self.tree.get("jobs").as_priority_queue(maxsize=self.LIMIT)
        self.unlimited: Any = self.tree.get("jobs").as_priority_queue()
        self.model: list[tuple[float, int, tuple[float, Any]]] = []
        self.number = 0

    VALUES: Any = st.sampled_from([None, "a", "a", 1, [], {"x": 1}, {"y": [{}]}, "]", ","])
    ITEMS = st.tuples(st.sampled_from([0, 1, 1.0, -0.0, 2.5, 0.1, -3, 2**53, math.inf, -math.inf]), VALUES)

    def push(self, item: tuple[float, Any]) -> None:
        self.number += 1
        heapq.heappush(self.model, (item[0], self.number, item))

    @rule(item=ITEMS, limited=FLAGS, verb=st.sampled_from(["put", "put_nowait"]))
    def put(self, item: tuple[float, Any], limited: bool, verb: str) -> None:
        queue = self.leaf if limited else self.unlimited
        if limited and len(self.model) >= self.LIMIT:
            with pytest.raises(Full):
                queue.put_nowait(item)
            return
        getattr(queue, verb)(item)
        self.push(item)

    @rule(items=st.lists(ITEMS, max_size=4), limited=FLAGS)
    def put_many(self, items: list[tuple[float, Any]], limited: bool) -> None:
        if limited and items and len(self.model) + len(items) > self.LIMIT:
            with pytest.raises(Full):
                self.leaf.put_many(items, block=False)
            return
        (self.leaf if limited else self.unlimited).put_many(items)
        for item in items:
            self.push(item)

    @rule(verb=st.sampled_from(["get", "get", "get_nowait", "peek"]))
    def get(self, verb: str) -> None:
        if not self.model:
            with pytest.raises(Empty):
                getattr(self.leaf, "get_nowait" if verb == "get" else verb)()
        elif verb == "peek":
            assert canonical(self.leaf.peek()) == canonical(self.model[0][2])
        else:
            assert canonical(getattr(self.leaf, verb)()) == canonical(heapq.heappop(self.model)[2])

    @rule()
    def clear(self) -> None:
        self.leaf.clear()
        self.model.clear()

    @invariant()
    def they_are_alike(self) -> None:
        expected = [item for _, _, item in sorted(self.model, key=lambda each: each[:2])]
        assert canonical(self.leaf.to_list()) == canonical(expected)
        assert (self.leaf.qsize(), self.leaf.empty()) == (len(expected), not expected)
        assert self.leaf.full() == (len(expected) >= self.LIMIT)
        assert canonical(self.tree.val()) == canonical({"jobs": expected} if expected else {})
