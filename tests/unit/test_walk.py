"""``Walk`` is pure: fed pages as a server might give them, it finds every leaf once, depth first, within its limits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redicts.core.codec import encode_document
from redicts.core.effects import Call
from redicts.core.keys import KeySpace
from redicts.core.paths import Path
from redicts.tree.walking import NODES_AT_ONCE, PAGE, Leaf, Walk
from tests.support.stepping import Spot, Step
from tests.support.values import documents

SPACE = KeySpace("ns")


class Pages:
    """Answers HSCAN from hashes, a few fields a page; a field of the page before may come again."""

    def __init__(self, hashes: dict[str, dict[str, str]], size: int = 10, repeat: bool = False) -> None:
        self.hashes, self.size, self.repeat = hashes, size, repeat
        self.trips: list[int] = []

    def answer(self, calls: tuple[Call, ...]) -> tuple[list[Any], ...]:
        self.trips.append(len(calls))
        return tuple([self._page(call) for call in calls])

    def _page(self, call: Call) -> list[Any]:
        name, key, cursor, count, size = call.args
        assert (name, count) == ("HSCAN", "COUNT")
        assert 10 <= int(size) <= PAGE
        flat, at = list(self.hashes.get(str(key), {}).items()), int(cursor)
        start = max(0, at - 1) if self.repeat else at
        end = at + self.size
        page = [text for pair in flat[start:end] for text in pair]
        return [str(end) if end < len(flat) else "0", page]


def hashes_of(path: Path, value: Any) -> dict[str, dict[str, str]]:
    """The hashes that a document makes below a path of two components or more."""
    rows = iter(encode_document(value, path)[2:])
    found: dict[str, dict[str, str]] = {}
    for tail in rows:
        flat = [next(rows) for _ in range(int(next(rows)))]
        found[SPACE.node(path) + tail] = dict(zip(flat[::2], flat[1::2], strict=True))
    return found


def leaves_of(path: Path, value: Any) -> list[Path]:
    if isinstance(value, dict) and value:
        return [leaf for name, child in value.items() for leaf in leaves_of((*path, name), child)]
    return [path]


def walk_all(walk: Walk, pages: Pages) -> list[tuple[Path, str, str]]:
    found = []
    while wanted := walk.wanted():
        found += list(walk.feed(pages.answer(wanted)))
    return found


@given(documents.filter(lambda value: isinstance(value, dict) and value), st.integers(1, 5), st.booleans())
@example({"a": 1, "b": {}, "c": {"d": [], "e": {"f": None}}}, 1, True)
def test_every_leaf_is_found_once_whatever_the_pages(value: Any, size: int, repeat: bool) -> None:
    pages = Pages(hashes_of(("s", "p"), value), size, repeat)
    found = walk_all(Walk(SPACE, ("s", "p"), []), pages)
    paths = [path for path, _, _ in found]
    assert sorted(paths) == sorted(leaves_of(("s", "p"), value))
    assert len(set(paths)) == len(paths)
    assert all(body == SPACE.body(path) for path, _, body in found)
    assert max(pages.trips) <= NODES_AT_ONCE


def test_depth_first_the_leaves_of_a_node_together() -> None:
    value = {"a": 1, "b": {"x": 1, "deep": {"y": 1, "z": 1}}, "c": 2, "d": {"v": 1, "w": 2}}
    paths = [path[1:] for path, _, _ in walk_all(Walk(SPACE, ("s",), []), Pages(hashes_of(("s",), value)))]
    assert sorted(paths[:2]) == [("a",), ("c",)]
    nodes = [path[:-1] for path in paths]
    assert len({*nodes}) == sum(one != other for one, other in zip(nodes, [None, *nodes], strict=False))
    assert nodes.index(("b", "deep")) - nodes.index(("b",)) == 1, "what lies below comes next"


def test_many_nodes_are_asked_for_in_one_trip() -> None:
    value = {f"n{number}": {"x": number} for number in range(250)}
    pages = Pages(hashes_of(("s",), value), size=1000)
    assert len(walk_all(Walk(SPACE, ("s",), []), pages)) == 250
    assert pages.trips == [1, 2, 4, 8, 16, 32, 64, NODES_AT_ONCE, 24]


def test_a_large_node_is_asked_for_page_by_page() -> None:
    pages = Pages(hashes_of(("s",), {f"n{number}": number for number in range(95)}), size=10)
    assert len(walk_all(Walk(SPACE, ("s",), []), pages)) == 95
    assert pages.trips == [1] * 10


def test_memory_is_bounded_by_pages_not_by_the_tree() -> None:
    wide = {f"n{number}": {f"m{number}": 1 for number in range(500)} for number in range(300)}
    walk, pages = Walk(SPACE, ("s",), []), Pages(hashes_of(("s",), wide), size=1000)
    largest = 0
    while wanted := walk.wanted():
        largest = max(largest, len(list(walk.feed(pages.answer(wanted)))))
    assert PAGE <= largest <= 4 * PAGE


def test_a_field_that_became_a_node_meanwhile_is_walked_once() -> None:
    walk = Walk(SPACE, ("s",), [])
    assert list(walk.feed((["7", ["a", "1", "b", "/"]],))) == [(("s", "a"), "1", "ns:v:{s}.a")]
    rest, below = walk.wanted()
    assert (rest.args[1:3], below.args[1:3]) == (("ns:n:{s}", "7"), ("ns:n:{s}.b", "0"))
    replies = (["0", ["a", "/", "b", "/", "c", "2"]], ["0", ["x", "1"]])
    assert list(walk.feed(replies)) == [(("s", "b", "x"), "1", "ns:v:{s}.b.x"), (("s", "c"), "2", "ns:v:{s}.c")]
    assert walk.wanted() == ()


def test_the_root_walks_the_sections_it_is_given() -> None:
    hashes = {"ns:n:{a}": {"x": "1"}, r"ns:n:{b\u002ec}": {"": '"leaf"'}, "ns:n:{d}": {}}
    walk = Walk(SPACE, (), ["d", r"b\u002ec", "a"])
    assert [call.args[1] for call in walk.wanted()] == ["ns:n:{a}"]
    found = walk_all(walk, Pages(hashes))
    assert [(path, text) for path, text, _ in found] == [(("a", "x"), "1"), (("b.c",), '"leaf"')]
    assert walk_all(Walk(SPACE, (), []), Pages({})) == []


def test_a_section_that_is_a_leaf_is_not_below_itself() -> None:
    assert walk_all(Walk(SPACE, ("a",), []), Pages({"ns:n:{a}": {"": "1"}})) == []


def test_beginning_a_walk_asks_for_the_sections_of_the_root_only() -> None:
    assert Step(Spot.begin_walk(Spot("a"))).trips == 0
    step = Step(Spot.begin_walk(Spot("")))
    assert step.asked == (Call(("SMEMBERS", "ns:s")),)
    walk = step.reply(["a"]).value
    assert [call.args[1] for call in walk.wanted()] == ["ns:n:{a}"]


def test_a_step_asks_for_the_bodies_of_leaves_that_have_one_in_one_trip() -> None:
    walk = Step(Spot.begin_walk(Spot("s"))).value
    step = Step(Spot.walk_on(Spot("s"), walk))
    step.reply(["0", ["a", "1", "b", "~", "c", "@list", "d", "~", "e", "~", "f", "@set"]])
    bodies = [("GET", "b"), ("EXISTS", "c"), ("GET", "d"), ("GET", "e"), ("EXISTS", "f")]
    assert step.asked == tuple(Call((command, f"ns:v:{{s}}.{name}")) for command, name in bodies)
    step.reply("2", 1, None, '"x"', 0)  # d and f expired between the two
    expected = [(("s", "a"), "1"), (("s", "b"), "2"), (("s", "c"), None), (("s", "e"), '"x"')]
    assert step.value == [Leaf(path, text) for path, text in expected]
    assert Step(Spot.walk_on(Spot("s"), walk)).value is None


def test_a_step_without_expiring_leaves_is_one_trip() -> None:
    walk = Step(Spot.begin_walk(Spot("s"))).value
    step = Step(Spot.walk_on(Spot("s"), walk)).reply(["0", ["a", "1"]])
    assert (step.value, step.trips) == ([Leaf(("s", "a"), "1")], 1)


@pytest.mark.parametrize("path", ["s", "s.p"])
def test_a_place_where_nothing_is_has_no_leaves(path: str) -> None:
    walk = Step(Spot.begin_walk(Spot(path))).value
    assert Step(Spot.walk_on(Spot(path), walk)).reply(["0", []]).value == []
    assert Step(Spot.walk_on(Spot(path), walk)).value is None
