"""``as_list()`` in every face: what its operations do, and what they leave alone."""

from __future__ import annotations

from typing import Any

import pytest

from redicts import Proxy, WaitTimeout, WrongType
from redicts.leaves.list import List
from tests.support.backends import Backend
from tests.support.trees import nothing_written


@pytest.fixture
def todo(tree: Proxy) -> List[Any]:
    """A list at a place where nothing is."""
    return tree.get("app.todo").as_list()


def test_nothing_is_there_before_the_first_element(todo: List[Any], tree: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        assert todo.to_list() == []
        assert todo.length() == 0
        assert todo.contains(1) is False
        with pytest.raises(IndexError):
            todo.get(0)
        with pytest.raises(IndexError):
            todo.set(0, 1)
        with pytest.raises(IndexError):
            todo.pop()
        with pytest.raises(ValueError, match="not in the list"):
            todo.remove(1)
        todo.clear()
        todo.reverse()
        todo.delete_slice()
    assert tree.exists()
    assert not tree.get("app").exists()


def test_elements(todo: List[Any], tree: Proxy) -> None:
    todo.append(1)
    todo.extend(["two", None, {"b": [{}], "a": 4.0}])
    todo.insert(1, [])
    assert todo.to_list() == [1, [], "two", None, {"a": 4.0, "b": [{}]}]
    assert todo.get(-2) is None
    assert (todo.index("two"), todo.count([]), todo.contains({"a": 4.0, "b": [{}]})) == (2, 1, True)
    assert todo.slice(1, -1, 2) == [[], None]
    assert tree.val() == {"app": {"todo": todo.to_list()}}
    assert tree.get("app.todo").kind() == "list"


def test_the_last_element_takes_the_place_away(todo: List[Any], tree: Proxy, backend: Backend) -> None:
    todo.append(1)
    assert todo.pop() == 1
    assert tree.val() == {}
    assert backend.keys() == []


@pytest.mark.parametrize("value", [1, [], None, {"x": 1}])
def test_another_kind_is_left_alone(todo: List[Any], tree: Proxy, backend: Backend, value: Any) -> None:
    tree.set("app.todo", value)
    with nothing_written(backend):
        for act in (todo.to_list, todo.length, todo.pop, todo.clear, todo.reverse, lambda: todo.append(1)):
            with pytest.raises(WrongType) as caught:
                act()
            assert caught.value.expected == "list"
    assert tree.get("app.todo").val() == value


def test_nothing_comes_in_time(todo: List[Any]) -> None:
    if todo.__class__ is not List and type(todo).__name__.startswith("Piped"):
        pytest.skip("a pipeline cannot wait")
    with pytest.raises(WaitTimeout):
        todo.blocking_pop(timeout=0)
    with pytest.raises(WaitTimeout):
        todo.blocking_pop(timeout=0.05)
