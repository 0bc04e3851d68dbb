"""The pure half of ``export``: leaves, depth first, to one JSON object."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redicts.cli.stream import ObjectWriter
from redicts.core.paths import Path

NAMES = st.text(max_size=5)
LEAVES: st.SearchStrategy[Any] = (
    st.none() | st.integers() | st.text(max_size=5) | st.just({}) | st.just([]) | st.lists(st.integers(), max_size=2)
)
DOCUMENTS = st.recursive(
    LEAVES, lambda below: st.dictionaries(NAMES, below, min_size=1, max_size=4), max_leaves=20
).map(lambda value: value if isinstance(value, dict) else {"x": value})


def written(document: dict[str, Any], base: Path, pretty: bool) -> str:
    pieces: list[str] = []
    writer = ObjectWriter(pieces.append, base, pretty)

    def walk(value: Any, path: Path) -> None:
        if isinstance(value, dict) and value:
            # As a walk does: the leaves of a node first, then its nodes.
            for name, child in sorted(value.items(), key=lambda item: isinstance(item[1], dict) and bool(item[1])):
                walk(child, (*path, name))
        else:
            writer.leaf(path, json.dumps(value))

    if document:
        walk(document, base)
    writer.end()
    return "".join(pieces)


@given(DOCUMENTS, st.booleans(), st.sampled_from([(), ("a",), ("a.b", "c")]))
def test_round_trip(document: dict[str, Any], pretty: bool, base: Path) -> None:
    assert json.loads(written(document, base, pretty)) == document


def test_an_empty_tree() -> None:
    assert written({}, (), pretty=False) == written({}, (), pretty=True) == "{}\n"


def test_compact() -> None:
    assert written({"a": {"b": {"c": 1}}, "d": {"e": 2}, "f": 3}, (), pretty=False) == (
        '{"f":3,"a":{"b":{"c":1}},"d":{"e":2}}\n'
    )


def test_pretty_has_a_line_for_each_leaf() -> None:
    assert written({"a": {"b": [1, 2]}, "c": {}}, (), pretty=True) == (
        '{\n  "c": {},\n  "a": {\n    "b": [1, 2]\n  }\n}\n'
    )


def test_leaves_of_a_node_after_its_nodes() -> None:
    pieces: list[str] = []
    writer = ObjectWriter(pieces.append, (), pretty=False)
    for path in (("a", "x"), ("a", "n", "y"), ("a", "z"), ("b",)):
        writer.leaf(path, "1")
    writer.end()
    assert "".join(pieces) == '{"a":{"x":1,"n":{"y":1},"z":1},"b":1}\n'


@pytest.mark.parametrize("name", ['"', "\\", "\n", "é", "😀", "a.b", "{}"])
def test_names(name: str) -> None:
    text = written({name: {name: 1}}, (), pretty=False)
    assert text.isascii()
    assert json.loads(text) == {name: {name: 1}}
