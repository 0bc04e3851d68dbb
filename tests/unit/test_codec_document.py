"""Documents: dicts as rows of nodes. Rows assembled as the scripts do it give the document back."""

from __future__ import annotations

import json
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from enum import IntEnum
from typing import Any

import pytest
from hypothesis import example, given

from redicts.core.codec import NODE, encode_document
from redicts.core.keys import decode_component, encode_component
from redicts.errors import PathError
from tests.support.values import AWKWARD_NAMES, as_json, components, documents, same


class Level(IntEnum):
    LOW = 1


def rows_of(document: list[str]) -> dict[str, dict[str, str]]:
    """Read a document as ``set`` does: tail of the key -> fields."""
    rows: dict[str, dict[str, str]] = {}
    rest: Iterator[str] = iter(document[2:])
    for tail in rest:
        count = int(next(rest))
        assert count % 2 == 0
        flat = [next(rest) for _ in range(count)]
        fields = dict(zip(flat[::2], flat[1::2], strict=True))
        assert len(fields) == count // 2, "a field stands twice"
        assert tail not in rows, "a node stands twice"
        rows[tail] = fields
    assert len(rows) == int(document[1])
    return rows


def assembled(document: list[str]) -> Any:
    """Put the JSON text together from names and stored texts, as ``val`` does, and parse it."""
    if document[0] != NODE:
        assert document[1:] == ["0"]
        return json.loads(document[0])
    rows = rows_of(document)

    def text(tail: str) -> str:
        parts = [
            f'"{name}":' + (text(f"{tail}.{name}") if value == NODE else value)
            for name, value in rows.pop(tail).items()
        ]
        return "{" + ",".join(parts) + "}"

    whole = text("")
    assert not rows, "rows that nothing leads to"
    return json.loads(whole)


@given(documents)
@example({"a": {}, "b": {"c": {}}, "d": []})
@example({name: {name: [name]} for name in AWKWARD_NAMES})
def test_every_document_comes_back(value: Any) -> None:
    assert same(assembled(encode_document(value, ("p",))), as_json(value))


@given(components, components)
def test_names_stand_as_they_stand_in_keys(one: str, other: str) -> None:
    rows = rows_of(encode_document({one: {other: 1}}, ()))
    assert rows == {"": {encode_component(one): NODE}, f".{encode_component(one)}": {encode_component(other): "1"}}
    assert [decode_component(field) for field in rows[""]] == [one]


def test_rows_go_from_the_top_down() -> None:
    value = {"a": 1, "b": {"c": None, "d": {"e": []}}, "f": {"g": {}}}
    assert encode_document(value, ()) == [
        *("/", "4"),
        *("", "6", "a", "1", "b", "/", "f", "/"),
        *(".b", "4", "c", "null", "d", "/"),
        *(".b.d", "2", "e", "[]"),
        *(".f", "2", "g", "{}"),
    ]


@pytest.mark.parametrize("value", [{}, [], None, 0, "", False, [{"a": {}}], "/", Level.LOW], ids=repr)
def test_anything_but_a_dict_with_keys_is_a_leaf(value: Any) -> None:
    assert encode_document(value, ("p",)) == [json.dumps(value, separators=(",", ":")), "0"]


def test_kinds_of_dicts() -> None:
    for value in (OrderedDict(b=1, a=OrderedDict(c=2)), defaultdict(dict, {"b": 1, "a": defaultdict(int, {"c": 2})})):
        assert assembled(encode_document(value, ())) == {"b": 1, "a": {"c": 2}}


class Odd(dict[str, Any]):
    """Says that it has other items than it has: json asks for ``items()``."""

    def items(self) -> Any:
        return [("x", 1), ("y", {"z": 2}), ("w", 3)]


def test_a_dict_with_items_of_its_own_makes_whole_rows() -> None:
    value = Odd(a=1)
    assert assembled(encode_document({"in": value}, ())) == {"in": {"x": 1, "y": {"z": 2}, "w": 3}}
    assert assembled(encode_document(value, ())) == {"x": 1, "y": {"z": 2}, "w": 3}


class Word(str):
    """Text that equals nothing: two of them, and plain text, may be keys of one dict."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


@pytest.mark.parametrize("last", [1, {"c": 2}, {}], ids=repr)
@pytest.mark.parametrize("first", [1, {"b": 2}, {}], ids=repr)
def test_keys_that_become_one_name_leave_the_last_as_in_json(first: Any, last: Any) -> None:
    value = {Word("a"): first, "b": 0, "a": last}
    assert len(value) == 3
    assert assembled(encode_document({"top": value}, ())) == {"top": as_json(value)}


@given(documents)
def test_encoding_changes_nothing_in_the_value(value: Any) -> None:
    before = json.dumps(value)
    first = encode_document(value, ())
    assert json.dumps(value) == before
    assert encode_document(value, ()) == first


def chain(depth: int, leaf: Any = 1) -> Any:
    value = leaf
    for _ in range(depth):
        value = {"x": value}
    return value


def test_as_deep_as_a_path_may_be() -> None:
    assert assembled(encode_document(chain(127), ("p",))) == chain(127)
    assert assembled(encode_document(chain(128), ())) == chain(128)
    assert encode_document(chain(0, leaf={}), ("x",) * 128) == ["{}", "0"]


@pytest.mark.parametrize(
    ("depth", "path"), [(128, ("p",)), (1, ("x",) * 128), (129, ()), (5000, ()), (65, ("x",) * 64)]
)
def test_a_node_too_deep_is_refused(depth: int, path: tuple[str, ...]) -> None:
    with pytest.raises(PathError, match="at most 128 components") as caught:
        encode_document(chain(depth), path)
    assert isinstance(caught.value, ValueError)
    assert caught.value.path == ".".join(path)


def test_depth_is_counted_in_nodes_only() -> None:
    value: Any = chain(127, leaf=[chain(200)])
    assert assembled(encode_document(value, ("p",))) == value


def test_circular_dicts_are_refused_at_any_depth() -> None:
    below: dict[str, Any] = {"x": {"y": {}}}
    below["x"]["y"]["z"] = below["x"]
    itself: dict[str, Any] = {}
    itself["me"] = itself
    through_list: dict[str, Any] = {"a": 1}
    through_list["list"] = [through_list]
    for value in (below, itself, through_list, {"deep": {"er": below}}):
        with pytest.raises(ValueError, match="Circular reference"):
            encode_document(value, ())


def test_the_same_dict_twice_is_no_circle() -> None:
    shared: dict[str, Any] = {"a": {"b": 1}}
    value: dict[str, Any] = {"one": shared, "two": {"three": shared}, "four": [shared, shared]}
    assert assembled(encode_document(value, ())) == value


@pytest.mark.parametrize("key", [1, 2.5, None, True, Level.LOW, ("a",), b"x"], ids=repr)
@pytest.mark.parametrize(
    "inside",
    [lambda d: d, lambda d: {"a": d}, lambda d: {"a": {"b": {"c": d}}}, lambda d: {"a": [d]}, lambda d: [{"a": (d,)}]],
    ids=["top", "node", "deep", "list", "leaf"],
)
def test_keys_that_are_not_text_are_refused_at_any_depth(key: Any, inside: Any) -> None:
    with pytest.raises(TypeError, match="str"):
        encode_document(inside({"fine": 1, key: 2}), ("p",))


@pytest.mark.parametrize(("key", "says"), [("", "empty"), ("\ud800", "UTF-8"), ("x" * 1025, "1025 characters")])
def test_keys_that_are_no_components_are_refused(key: str, says: str) -> None:
    bad: list[Any] = [{key: 1}, {"a": {"b": {key: {}}}}]
    for value in bad:
        with pytest.raises(PathError, match=says):
            encode_document(value, ("p",))
    assert assembled(encode_document([{key: 1}], ())) == [{key: 1}]


def test_an_error_leaves_nothing_behind() -> None:
    for _ in range(2):  # the names of the first try are remembered, which must not let the second pass
        for bad in (
            {"ok": 1, "bad": {"fine": 1, "": 2}},
            {"ok": 1, "bad": {"fine": {1}}},
            {"ok": {"a": {"b": {3: 1}}}},
        ):
            with pytest.raises((TypeError, ValueError)):
                encode_document(bad, ())
    assert assembled(encode_document({"ok": 1, "bad": {"fine": 1}}, ())) == {"ok": 1, "bad": {"fine": 1}}


def test_more_names_than_are_remembered() -> None:
    value = {f"name.{number}": number for number in range(70_000)}
    assert assembled(encode_document(value, ())) == value
