"""A value reads as it was written, whatever it is and wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from redicts import Proxy
from redicts.core.paths import Path
from tests.contract.variants import once_each
from tests.support.trees import canonical

VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 10**15, 2**53 + 1, 2**63, -(2**80), 10**400,
    0.5, -0.0, 1.0, 0.1 + 0.2, 1e16, 1e22, 5e-324, 1.7976931348623157e308, float("nan"), float("inf"), -float("inf"),
    "", "x", "1", "null", "/", "~", "@list", '{"a":1}', "\x00\n\r\t\x7f", '"\\', "\u2028é\U0001f600", "\ud800",
    "x" * 70_000,
    [], [[]], [None, [1, {"a": []}]], (1, 2), {}, [{}], {"a": {}}, {"a": {"b": {"c": None}}, "d": []},
    {"a.b": 1, "\\": {"{}": 2}, '"': 3, "\x00": 4, "é": 5, " ": 6},
]  # fmt: skip
PLACES: list[Path] = [("a",), ("a", "b"), ("a", "b", "c", "d", "e")]


def id_of(value: Any) -> str:
    return repr(value)[:20]


def constant(value: Any) -> Callable[[Any], Any]:
    return lambda _: value


def nested(path: Path, value: Any) -> Any:
    for name in reversed(path):
        value = {name: value}
    return value


@once_each
@pytest.mark.parametrize("value", VALUES, ids=id_of)
def test_a_value_reads_as_it_was_written(tree: Proxy, value: Any) -> None:
    expected = canonical(value)
    for path in PLACES:
        tree.clear()
        assert tree.set(path, value) is tree
        place = tree.get(path)
        assert canonical(place.val("missing")) == expected
        assert canonical(tree.val()) == canonical(nested(path, value))
        assert place.exists()
        assert place.kind() == ("node" if isinstance(value, dict) and value else "leaf")


@once_each
def test_every_way_of_writing_writes_the_same(tree: Proxy) -> None:
    for value in VALUES:
        expected = canonical(value)
        tree["set"] = value
        tree.update({"up.date": value})
        assert canonical(tree.setdefault("setdefault", value)) == expected
        assert tree.get("compare").compare_and_set(None, value)
        assert canonical(tree.get("transform.me").transform(constant(value))) == expected
        for key in ("set", "up.date", "setdefault", "compare", "transform.me"):
            assert canonical(tree.get(key).val("missing")) == expected
            assert canonical(tree.pop(key)) == expected
        assert tree.val() == {}


@once_each
def test_a_value_with_a_life_reads_alike(tree: Proxy) -> None:
    for value in VALUES:
        for path in PLACES:
            tree.clear()
            tree.set(path, value, expire=100)
            assert canonical(tree.get(path).val("missing")) == canonical(value)
            assert canonical(tree.get(path[:1]).val()) == canonical(nested(path[1:], value))


def test_nothing_is_not_none(tree: Proxy) -> None:
    assert tree.val() == {}
    assert tree.get("a").val() is None
    assert tree.get("a").val(5) == 5
    tree.set("a", None)
    assert tree.get("a").val(5) is None
    assert tree.get("a.b").val(5) == 5
    assert tree.get("b.c.d").val(default=[]) == []


def test_what_is_given_is_not_kept(tree: Proxy) -> None:
    """The stored value is a copy, and so is each that is read."""
    value = {"a": [1]}
    tree.set("x", value)
    value["a"].append(2)
    first = tree.get("x").val()
    first["a"].append(3)
    assert tree.get("x").val() == {"a": [1]}


def test_names_from_json_keys_are_components(tree: Proxy) -> None:
    tree.set("hosts", {"example.org": {"port": 1}})
    assert tree.get(r"hosts.example\.org.port").val() == 1
    assert tree.get(["hosts", "example.org"]).val() == {"port": 1}
    assert tree.get("hosts.example.org").val() is None
