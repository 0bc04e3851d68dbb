"""``as_list()`` in every face: what its operations do, and what they leave alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from redicts import Proxy, WaitTimeout, WrongType
from redicts.leaves.list import List
from tests.contract.variants import sync_only
from tests.support.backends import Backend
from tests.support.trees import canonical, nothing_written


@pytest.fixture
def todo(tree: Proxy) -> List[Any]:
    """A list at a place where nothing is."""
    return tree.get("app.todo").as_list()


def waits(leaf: object) -> bool:
    """Whether what it is used through can wait: a pipeline cannot."""
    return not type(leaf).__name__.startswith("Piped")


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
        todo.sort()
        todo.repeat(3)
        todo.extend([])
        todo.set_slice(0, 0, [])
        todo.set_slice(None, None, [], -1)
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
    for act in (lambda: todo.set(5, 0), lambda: todo.set(-6, 0), lambda: todo.delete(5), lambda: todo.pop(-6),
                lambda: todo.set(2**32, 0), lambda: todo.set(-(2**32), 0), lambda: todo.set(2**80, 0)):  # fmt: skip
        with pytest.raises(IndexError):
            act()
    assert tree.val() == {"app": {"todo": todo.to_list()}}
    assert tree.get("app.todo").kind() == "list"


def test_the_last_element_takes_the_place_away(todo: List[Any], tree: Proxy, backend: Backend) -> None:
    for take in (todo.pop, lambda: todo.remove(1), todo.delete_slice, lambda: todo.repeat(0), todo.clear):
        todo.append(1)
        assert tree.val() == {"app": {"todo": [1]}}
        assert take() in (1, None)
        assert tree.val() == {}
        assert backend.keys() == []


@pytest.mark.parametrize("value", [1, [], {"x": 1}])
def test_another_kind_is_left_alone(todo: List[Any], tree: Proxy, backend: Backend, value: Any) -> None:
    tree.set("app.todo", value)
    acts = (
        todo.to_list, todo.length, todo.pop, todo.clear, todo.reverse, todo.sort, lambda: todo.append(1),
        lambda: todo.insert(0, 1), lambda: todo.set_slice(0, 0, [1]), lambda: todo.repeat(2), lambda: todo.count(1),
    )  # fmt: skip
    with nothing_written(backend):
        for act in acts:
            with pytest.raises(WrongType) as caught:
                act()
            assert caught.value.expected == "list"
    assert tree.get("app.todo").val() == value


def test_nothing_comes_in_time(todo: List[Any]) -> None:
    if not waits(todo):
        pytest.skip("a pipeline cannot wait")
    with pytest.raises(WaitTimeout):
        todo.blocking_pop(timeout=0)
    with pytest.raises(WaitTimeout):
        todo.blocking_pop(timeout=0.05)
    todo.extend([1, 2])
    assert todo.blocking_pop(0, timeout=0) == 1
    assert todo.blocking_pop() == 2


@sync_only
def test_every_slice_is_pythons(todo: List[Any], backend: Backend) -> None:
    """Reading, replacing and taking out: with each start, stop and step there is."""
    bounds = (None, -9, -3, -1, 0, 1, 2, 9, 2**80)[:: 1 if backend.real else 2]
    for start, stop, step in itertools.product(bounds, bounds, (None, 1, 2, -1, -2)):
        model: list[Any] = [0, 1, 2, 0]
        todo.set_slice(None, None, model)
        assert todo.slice(start, stop, step) == model[start:stop:step]
        if step in (None, 1) and start != -9 and stop != 9:
            new = [7] * (3 if start in (0, 1) else 1)
            todo.set_slice(start, stop, new, step)
            model[start:stop:step] = new
        elif step == -1:
            todo.set_slice(start, stop, ["x"] * len(model[start:stop:step]), step)
            model[start:stop:step] = ["x"] * len(model[start:stop:step])
        else:
            todo.delete_slice(start, stop, step)
            del model[start:stop:step]
        assert todo.to_list() == model, (start, stop, step)


def test_a_slice_with_a_step_takes_as_many_as_it_has(todo: List[Any], backend: Backend) -> None:
    todo.extend(range(5))
    with nothing_written(backend):
        with pytest.raises(ValueError, match="size 1 to extended slice of size 3"):
            todo.set_slice(None, None, [1], 2)
        with pytest.raises(ValueError, match="zero"):
            todo.slice(0, 1, 0)


@sync_only  # in the others the stand-in is not the leaf
def test_itself(todo: List[Any], tree: Proxy) -> None:
    """A list that is put into itself, or added to itself, is what it was when that began."""
    todo.extend(todo)
    todo.set_slice(0, 0, todo)
    assert not tree.get("app").exists()
    todo.extend([1, 2, 3])
    with pytest.raises(ValueError, match="another size to extended slice of size 2"):
        todo.set_slice(None, None, todo, 2)
    acts: list[tuple[Callable[[], None], list[int]]] = [
        (lambda: todo.set_slice(None, None, todo), [1, 2, 3]),
        (lambda: todo.set_slice(1, -1, todo), [1, 1, 2, 3, 3]),
        (lambda: todo.set_slice(None, None, todo, -1), [3, 3, 2, 1, 1]),
        (lambda: todo.set_slice(5, None, todo), [3, 3, 2, 1, 1] * 2),
        (lambda: todo.set_slice(2, None, []), [3, 3]),
        (lambda: todo.extend(todo), [3] * 4),
    ]
    for act, expected in acts:
        act()
        assert todo.to_list() == expected


@sync_only
def test_what_is_read_from_another_list_is_of_one_moment(tree: Proxy) -> None:
    one, same, other = tree.get("a").as_list(), tree.get("a").as_list(), tree.get("b").as_list()
    one.extend([1, 2])
    one.extend(same)
    one += other
    other += one
    other[1:3] = one
    assert other.to_list() == [1, 1, 2, 1, 2, 2]
    assert one + other == [1, 2, 1, 2, 1, 1, 2, 1, 2, 2]
    assert [0] + one == [0, 1, 2, 1, 2]  # noqa: RUF005  # what is tested
    assert one == same
    assert other < one <= same < [2] < other[-1:] + [0]  # noqa: RUF005


@pytest.mark.parametrize("at", [0, 150, 250, 600, -1, -150])
def test_few_elements_far_from_both_ends(todo: List[Any], at: int) -> None:
    """They are put there without moving the others."""
    model: list[Any] = [number % 7 for number in range(600)]
    todo.extend(model)
    for size, new in ((0, ["a"]), (1, ["b"]), (3, ["c"]), (1, ["d", "e", "f"]), (2, []), (150, ["g"])):
        stop = None if at < 0 and at + size >= 0 else at + size
        todo.set_slice(at, stop, new)
        model[at:stop] = new
        assert todo.to_list() == model
        todo.insert(at, "i")
        model.insert(at, "i")
        assert todo.to_list() == model


LIFE = 1000


def test_whatever_does_not_empty_it_leaves_its_life(todo: List[Any], tree: Proxy) -> None:
    todo.extend([3, 1, 2])
    place = tree.get("app.todo")
    assert place.expire(LIFE)
    acts: list[Callable[[], Any]] = [
        lambda: todo.append(4), lambda: todo.extend([5, 6]), lambda: todo.insert(0, 7), lambda: todo.insert(3, 7),
        lambda: todo.set_slice(None, None, [1, 2]), lambda: todo.set_slice(0, 1, [8, 9]), todo.reverse, todo.sort,
        lambda: todo.sort(key=str), lambda: todo.repeat(9), lambda: todo.delete_slice(None, None, 2), todo.pop,
        lambda: todo.pop(1), lambda: todo.set(0, "x"), lambda: todo.remove("x"), lambda: todo.delete(0),
        lambda: todo.set_slice(None, None, todo.slice()[::-1], -1),
    ]  # fmt: skip
    for number, act in enumerate(acts):
        act()
        assert todo.length() > 0, number
        assert LIFE - 60 < place.time_to_live() <= LIFE, number
    todo.set_slice(None, None, [])
    todo.append(1)
    assert place.time_to_live() == -1


def test_more_than_a_command_takes_at_once(todo: List[Any], tree: Proxy) -> None:
    many = list(range(9001))
    todo.extend(many)
    todo.insert(0, "first")
    todo.set_slice(1, 1, many)
    todo.set_slice(-1, None, many)
    todo.reverse()
    model = ["first", *many, *many[:-1], *many][::-1]
    assert todo.to_list() == model
    todo.delete_slice(10, -10)
    assert todo.to_list() == model[:10] + model[-10:]


def test_too_many_are_refused(todo: List[Any], backend: Backend) -> None:
    todo.extend([0] * 1001)
    with nothing_written(backend), pytest.raises(ValueError, match="too large for one atomic step"):
        todo.repeat(1001)


def test_what_json_cannot_hold_is_not_there(todo: List[Any], backend: Backend) -> None:
    todo.extend([1, 1.0, True, "1"])
    thing: Any
    for thing in (object(), {1}, {1: 2}, b"1", 1j):
        assert todo.contains(thing) is False
        assert todo.count(thing) == 0
        with pytest.raises(ValueError, match="not in the list"):
            todo.index(thing)
        with pytest.raises(ValueError, match="not in the list"):
            todo.remove(thing)
        with nothing_written(backend), pytest.raises(TypeError):
            todo.extend([0, thing])
    assert [todo.index(value) for value in (1, 1.0, True, "1")] == [0, 1, 2, 3]
    assert canonical(todo.to_list()) == canonical([1, 1.0, True, "1"])


@sync_only
def test_where_an_element_is_looked_for(todo: List[Any]) -> None:
    model = [*"abcab"]
    todo.extend(model)
    for start, stop in itertools.product(range(-7, 8), repeat=2):
        for value in "bx":
            try:
                expected = model.index(value, start, stop)
            except ValueError:
                with pytest.raises(ValueError, match="not in the list"):
                    todo.index(value, start, stop)
            else:
                assert todo.index(value, start, stop) == expected
    assert (todo.index("c", -(2**90)), todo.index("a", 1, 2**90)) == (2, 3)


@sync_only
def test_errors_are_pythons(todo: List[Any]) -> None:
    todo.extend([1, 2])
    bad: Any
    for bad in ("x", 1.0, None):
        for act in (lambda bad=bad: todo[bad], lambda bad=bad: todo.__setitem__(bad, 1)):
            with pytest.raises(TypeError, match="list indices must be integers or slices, not"):
                act()
    for at in (2, -3, 2**70):
        with pytest.raises(IndexError, match="list index out of range"):
            _ = todo[at]
    with pytest.raises(TypeError):
        hash(todo)
    with pytest.raises(TypeError):
        _ = todo + (1,)  # type: ignore[operator]  # noqa: RUF005
    with pytest.raises(TypeError):
        todo *= "x"  # type: ignore[arg-type]
    assert todo != (1, 2)
    assert todo.to_list() == [1, 2]
