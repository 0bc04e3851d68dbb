"""What sets make with others, in every face: sets of the same section, of another, elsewhere; and iterables."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from redicts import Proxy
from redicts.leaves.set import Overlap, Set
from tests.contract.variants import once_each, sync_only
from tests.support.backends import Backend
from tests.support.trees import dump, nothing_written

LEFT, RIGHT, THIRD = {1, 2, 3, "x"}, {2, 3, 4, (5, "y")}, {3, 4, None}

WHERE = ["near", "far", "elsewhere", "set", "frozenset", "iterator", "keys"]
"""A set of the same section, of another, of another namespace; what is no leaf."""


@pytest.fixture
def left(tree: Proxy) -> Set[Any]:
    made = tree.get("app.left").as_set()
    made.update(LEFT)
    return made


@pytest.fixture
def made(tree: Proxy, backend: Backend) -> Iterator[Callable[[str, Iterable[Any]], Any]]:
    """Makes another side of some kind; called twice for a kind, it makes two."""
    numbers, elsewhere = itertools.count(), list[Set[Any]]()

    def make(where: str, values: Iterable[Any]) -> Any:
        if where in {"near", "far"}:
            leaf = tree.get([{"near": "app", "far": "other"}[where], f"right{next(numbers)}"]).as_set()
            leaf.update(values)
            return leaf
        if where == "elsewhere":
            leaf = backend.face.place(f"side{next(numbers)}", namespace=f"{backend.namespace}:x").as_set()
            if type(leaf).__name__.startswith("Awaited"):
                pytest.skip("through asyncio it must be read first")
            leaf.update(values)
            elsewhere.append(leaf)
            return leaf
        plain: dict[str, Any] = {"set": set, "frozenset": frozenset, "iterator": iter}
        return dict.fromkeys(values).keys() if where == "keys" else plain[where](values)

    yield make
    for leaf in elsewhere:
        leaf.clear()


RESULTS = ["union", "intersection", "difference", "symmetric_difference"]


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("verb", RESULTS)
@once_each
def test_results(left: Set[Any], made: Any, verb: str, where: str, backend: Backend) -> None:
    expected = getattr(LEFT, verb)
    right = made(where, RIGHT)
    with nothing_written(backend):
        found = getattr(left, verb)(right)
        assert type(found) is set
        assert found == expected(RIGHT)
        assert getattr(left, verb)(made("set", [])) == expected(())
        assert getattr(left, verb)(left) == expected(LEFT)
        if verb != "symmetric_difference":
            assert getattr(left, verb)() == LEFT
    third = made(where, THIRD)
    if verb != "symmetric_difference" and where != "iterator":
        with nothing_written(backend):
            assert getattr(left, verb)(right, third) == expected(RIGHT, THIRD)
            assert getattr(left, verb)(right, THIRD, left) == expected(RIGHT, THIRD, LEFT)


@pytest.mark.parametrize("where", WHERE)
@once_each
def test_comparisons(left: Set[Any], made: Any, where: str) -> None:
    for values in (RIGHT, LEFT, LEFT | {9}, LEFT - {1}, {9}, set[Any](), LEFT - {1} | {(1,)}):
        theirs = [made(where, values) for _ in range(4)]
        assert left.overlap(theirs[0]) == Overlap(len(LEFT), len(values), len(LEFT & values))
        assert left.issubset(theirs[1]) is (values >= LEFT)
        assert left.issuperset(theirs[2]) is (values <= LEFT)
        assert left.isdisjoint(theirs[3]) is (not LEFT & values)


UPDATES = ["update", "intersection_update", "difference_update", "symmetric_difference_update"]


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("verb", UPDATES)
@once_each
def test_in_place(left: Set[Any], tree: Proxy, made: Any, verb: str, where: str) -> None:
    for values in (RIGHT, LEFT, set[Any](), {9}):
        left.store_union(LEFT)
        expected = set(LEFT)
        getattr(expected, verb)(values)
        right = made(where, values)
        assert getattr(left, verb)(right) is None
        assert left.to_set() == expected
        assert tree.get("app.left").exists() is (expected != set())
        left.clear()
        again = made(where, values)
        assert getattr(left, verb)(again) is None  # where nothing is
        assert left.to_set() == (values if verb in {"update", "symmetric_difference_update"} else set())
        for leaf in (right, again) if where in {"near", "far", "elsewhere"} else ():
            assert leaf.to_set() == values, "a side stays as it is"


@pytest.mark.parametrize("verb", UPDATES[:3])
def test_in_place_with_several(left: Set[Any], made: Any, verb: str) -> None:
    for kinds in (("near", "near"), ("near", "set"), ("far", "iterator"), ("near", "far"), ("set", "set")):
        left.store_union(LEFT)
        expected = set(LEFT)
        getattr(expected, verb)(RIGHT, THIRD)
        getattr(left, verb)(made(kinds[0], RIGHT), made(kinds[1], THIRD))
        assert left.to_set() == expected
        getattr(left, verb)()
        assert left.to_set() == expected


def test_in_place_with_itself(left: Set[Any], tree: Proxy) -> None:
    again = tree.get("app.left").as_set()
    left.update(left, again)
    left.intersection_update(left, again)
    assert left.to_set() == LEFT
    left.symmetric_difference_update(again)
    assert tree.val() == {}
    left.update(LEFT)
    left.difference_update(left)
    assert tree.val() == {}


@pytest.mark.parametrize("verb", RESULTS)
@pytest.mark.parametrize("kinds", [("near", "near"), ("near", "far"), ("far", "near"), ("set", "near"), ("set", "set")])
def test_a_result_is_stored_where_the_user_says(
    tree: Proxy, made: Any, verb: str, kinds: tuple[str, str], backend: Backend
) -> None:
    sides = made(kinds[0], LEFT), made(kinds[1], RIGHT)
    before = dump(backend)
    result = tree.get("app.below.result").as_set()
    expected = getattr(LEFT, verb)(RIGHT)
    store = getattr(result, f"store_{verb}")
    assert store(*sides) == len(expected)
    assert result.to_set() == expected
    result.add("old")
    assert store(*sides) == len(expected)
    assert result.to_set() == expected, "what was there is gone"
    if verb != "symmetric_difference":
        third = made(kinds[1], THIRD)
        assert store(*sides, third) == len(getattr(LEFT, verb)(RIGHT, THIRD))
        if not isinstance(third, set):
            third.clear()
    result.clear()
    assert dump(backend) == before, "nothing else was written"


def test_a_result_may_be_stored_in_one_of_the_sides(left: Set[Any], made: Any) -> None:
    right = made("near", RIGHT)
    assert left.store_difference(right, left) == 2
    assert left.to_set() == RIGHT - LEFT
    left.store_union(LEFT)
    assert left.store_symmetric_difference(left, right) == len(LEFT ^ RIGHT)
    assert left.store_intersection(left, right) == len((LEFT ^ RIGHT) & RIGHT)
    assert left.store_intersection(left, {"nothing"}) == 0
    assert right.to_set() == RIGHT


def test_a_side_in_the_way_of_the_result_is_read_first(tree: Proxy) -> None:
    """The result lies below one of the sides, which is a leaf, and so makes way."""
    side = tree.get("app.x").as_set()
    side.update(LEFT)
    tree.get("app.x.below").as_set().update(side)
    assert tree.get("app.x.below").as_set().to_set() == LEFT
    assert tree.get("app.x").kind() == "node"


def test_what_is_no_json_is_in_results_but_never_goes_in(left: Set[Any], backend: Backend) -> None:
    alien: frozenset[int] = frozenset([1])
    with nothing_written(backend):
        assert left.union({alien}) == {*LEFT, alien}
        assert left.symmetric_difference([1, alien]) == {*LEFT, alien} - {1}
        assert left.intersection({1, alien}) == {1}
        assert left.difference({1, alien}) == LEFT - {1}
        assert left.overlap({1, alien}) == (4, 2, 1)
        for change in (left.update, left.symmetric_difference_update, left.store_union):
            with pytest.raises(TypeError):
                change([1, alien])
        left.difference_update([alien])
    left.intersection_update([1, alien])
    assert left.to_set() == {1}


def test_elements_are_compared_as_json(left: Set[Any]) -> None:
    assert left.intersection([1.0, True, 2]) == {2}
    assert left.overlap({1.0, 2.0, 3.0, "x"}) == (4, 4, 1)
    left.difference_update([1.0, True])
    assert left.to_set() == LEFT


def test_a_set_elsewhere_is_no_iterable_for_asyncio(left: Set[Any], backend: Backend) -> None:
    other = backend.face.place("side", namespace=f"{backend.namespace}:x").as_set()
    if type(other).__name__.startswith("Awaited"):
        with pytest.raises(TypeError, match="to_set"):
            left.union(other)
    else:
        assert left.union(other) == LEFT


@pytest.mark.parametrize("verb", [*RESULTS, *UPDATES, "overlap", "issubset", "issuperset", "isdisjoint", "store_union"])
def test_what_is_no_iterable_of_hashables_is_refused(left: Set[Any], backend: Backend, verb: str) -> None:
    with nothing_written(backend):
        others: list[Any] = [5, None, [[]], [{1}]]
        for other in others:
            with pytest.raises(TypeError):
                getattr(left, verb)(other)


@sync_only
def test_operators(left: Set[Any], made: Any, tree: Proxy) -> None:
    for where in ("near", "far", "elsewhere", "set", "frozenset", "keys"):
        for values in (RIGHT, LEFT, LEFT | {9}, LEFT - {1}, set[Any]()):
            right = made(where, values)
            for name in ("or_", "and_", "sub", "xor"):
                apply = getattr(operator, name)
                assert apply(left, right) == apply(LEFT, values), (name, where)
                assert apply(right, left) == apply(values, LEFT), (name, where)
                assert type(apply(left, right)) is set
                assert type(apply(right, left)) is (frozenset if where == "frozenset" else set)
            for name in ("eq", "ne", "lt", "le", "gt", "ge"):
                compare = getattr(operator, name)
                assert compare(left, right) is compare(LEFT, values), (name, where)
                assert compare(right, left) is compare(values, LEFT), (name, where)
            for name in ("ior", "iand", "isub", "ixor"):
                changed = tree.get("app.changed").as_set()
                changed.update(LEFT)
                assert getattr(operator, name)(changed, right) is changed
                assert changed == getattr(operator, name)(set(LEFT), set(values)), (name, where)
                changed.clear()


@sync_only
def test_operators_take_sets_only(left: Set[Any], backend: Backend) -> None:
    with nothing_written(backend):
        for other in ([1], (1,), "x", 5, {1: 2}, iter([1])):
            for name in ("or_", "and_", "sub", "xor", "lt", "le", "gt", "ge", "ior", "iand", "isub", "ixor"):
                with pytest.raises(TypeError):
                    getattr(operator, name)(left, other)
                if (name, other) != ("ior", {1: 2}):  # what a dict takes is its own affair
                    with pytest.raises(TypeError):
                        getattr(operator, name)(other, left)
            assert (left == other) is False
            assert (left != other) is True


@sync_only
def test_comparisons_leave_the_word_to_others(left: Set[Any]) -> None:
    class Odd:
        def __gt__(self, other: object) -> str:
            return "gt"

        def __rand__(self, other: object) -> str:
            return "rand"

    assert (left < Odd(), left & Odd()) == ("gt", "rand")


def test_nobody_is_woken_that_cannot_wait(tree: Proxy, backend: Backend) -> None:
    """A place is called as those are who wait: a set that others empty has told them, at a key of its own."""
    one, other = tree.get("app.one").as_set(), tree.get("app.other").as_set()
    tree.set("app.join", 1)
    one.add(1)
    other.add(2)
    before = backend.keys()
    one.intersection_update(other)
    assert backend.keys() == [key for key in before if not key.endswith(".one")]
