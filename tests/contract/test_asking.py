"""What a place is, what its children are called, and how many there are."""

from __future__ import annotations

import pytest

from redicts import Name, Proxy
from tests.contract.variants import once_each


@pytest.fixture
def filled(tree: Proxy) -> Proxy:
    return tree.set("section", {"node": {"x.y": 1, "z": {}}, "leaf": None, "list": [1]}).set("top", 0)


@pytest.mark.parametrize(
    ("path", "kind", "children"),
    [
        ((), "node", ["section", "top"]),
        (("section",), "node", ["leaf", "list", "node"]),
        (("section", "node"), "node", ["x.y", "z"]),
        (("section", "node", "x.y"), "leaf", []),
        (("section", "node", "z"), "leaf", []),
        (("section", "leaf"), "leaf", []),
        (("section", "list"), "leaf", []),
        (("section", "list", "0"), None, []),
        (("section", "missing"), None, []),
        (("top",), "leaf", []),
        (("top", "below"), None, []),
        (("missing",), None, []),
        (("missing", "x", "y"), None, []),
    ],
)
def test_what_stands_at_a_place(filled: Proxy, path: tuple[str, ...], kind: str | None, children: list[str]) -> None:
    place = filled.get(path)
    assert place.kind() == kind
    assert place.exists() is (kind is not None)
    assert sorted(place.children()) == sorted(place) == children
    assert place.count_children() == len(place) == len(children)
    assert bool(place) is True
    if path:
        assert (path in filled) is (kind is not None)
        assert (path[-1:] in place.parent) is (kind is not None)


def test_an_empty_root_is_there(tree: Proxy) -> None:
    assert tree.kind() == "node"
    assert tree.exists() is True
    assert tree.val() == {}
    assert tree.val("default") == {}
    assert tree.children() == []
    assert len(tree) == 0


def test_names_lead_to_the_children(filled: Proxy) -> None:
    node = filled.get("section.node")
    for name in node.children():
        assert type(name) is Name
        assert name in node
        assert node.get(name).exists()
        assert node[name].path == ("section", "node", name)
    plain = [str.__str__(name) for name in node]
    assert sorted(plain) == ["x.y", "z"]
    assert node.get("x.y").exists() is False  # plain text is split at its dots


def test_children_are_those_of_now(tree: Proxy) -> None:
    tree.update({"a.x": 1, "a.y": 2})
    assert sorted(tree.get("a")) == ["x", "y"]
    tree.delete("a.x")
    assert list(tree.get("a")) == ["y"]
    tree.set("a", "leaf")
    assert list(tree.get("a")) == []
    assert list(tree) == ["a"]
    tree.delete("a")
    assert list(tree) == []


@once_each
def test_many_children(tree: Proxy) -> None:
    names = {f"child-{number}" for number in range(3000)}
    tree.set("a", dict.fromkeys(names, 0))
    assert set(tree.get("a").children()) == names
    assert len(tree.get("a")) == 3000
    assert tree.get("a").kind() == "node"
