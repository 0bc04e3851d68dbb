"""Sets of typed elements: refused on the way in, left where they are on the way out."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict

from redicts import InvalidElement, Proxy
from redicts.leaves.set import Set, SetOperations
from tests.contract.variants import sync_only
from tests.support.backends import Backend
from tests.support.trees import nothing_written


class Point(BaseModel):
    """Hashable, for it is frozen."""

    model_config = ConfigDict(frozen=True)

    x: int
    y: int = 0


class Loose(BaseModel):
    """Not hashable."""

    x: int


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


MOMENT = datetime(2024, 2, 29, 12, 30, tzinfo=timezone.utc)
NUMBER = UUID("12345678-1234-5678-1234-567812345678")

TYPES = [
    (Point, [Point(x=1), Point(x=1, y=2)], {"x": "1"}),
    (datetime, [MOMENT, MOMENT.replace(year=2028)], "yesterday"),
    (UUID, [NUMBER, UUID(int=7)], "x"),
    (Decimal, [Decimal("1.10"), Decimal("0.1")], "x"),
    (Colour, [Colour.RED, Colour.BLUE], "green"),
    (bytes, [b"\x00\xff", b""], 1),
    (int, [1, 2**80], "x"),
    (tuple[int, str], [(1, "a"), (2, "b")], (1, 2, 3)),
]
IDS = [str(each[0]) for each in TYPES]


@pytest.mark.parametrize(("of", "values", "wrong"), TYPES, ids=IDS)
def test_values_of_types(tree: Proxy, backend: Backend, of: Any, values: list[Any], wrong: Any) -> None:
    typed, other = tree.get("app.typed").as_set(of=of), tree.get("app.other").as_set(of=of)
    one, two = values
    typed.update(values, [one])
    other.add(two)
    assert typed.to_set() == {*values} == set(typed)
    assert typed.contains_many([one, two]) == [True, True]
    assert typed.intersection(other) == {two} == typed.intersection([two])
    assert typed.difference([two]) == {one} == typed.difference(other)
    assert typed.symmetric_difference({two}) == {one} == typed.union(other, {one}) - {two}
    assert typed.overlap(values) == (2, 2, 2)
    with nothing_written(backend):
        for add in (typed.add, lambda value: typed.update([one, value]), lambda value: typed.add_many([value])):
            with pytest.raises((InvalidElement, TypeError)):
                add(wrong)
    typed.remove(two)
    assert typed.pop() == one
    with pytest.raises(KeyError):
        typed.pop()
    with pytest.raises(KeyError):
        typed.remove(one)


def test_what_is_stored_and_does_not_validate_stays(tree: Proxy, backend: Backend) -> None:
    tree.get("app.typed").as_set().add("x")
    typed: Set[int] = tree.get("app.typed").as_set(of=int)
    with nothing_written(backend):
        for read in (typed.to_set, typed.pop, typed.page, typed.union, lambda: list(typed)):
            with pytest.raises(InvalidElement, match=r"app\.typed"):
                read()
        assert typed.length() == 1
        assert typed.contains("x") is False  # no number is spelled so
        typed.discard("x")
    typed.clear()


def test_models_that_are_not_frozen_are_not_hashable(tree: Proxy, backend: Backend) -> None:
    typed = tree.get("app.typed").as_set(of=Loose)
    with nothing_written(backend), pytest.raises(TypeError, match="unhashable"):
        typed.add(Loose(x=1))
    sets = tree.get("app.typed").as_set(of=frozenset[int])
    with nothing_written(backend):
        with pytest.raises(TypeError, match="frozenset"):
            sets.add(frozenset([1]))
        assert sets.contains(frozenset([1])) is False


@sync_only
def test_a_pop_tries_again_where_another_took_it(tree: Proxy) -> None:
    """What was looked at is gone when it is taken: the next is looked at."""
    typed: Set[int] = tree.get("app.typed").as_set(of=int)
    steps: Any = SetOperations.pop(typed)  # type: ignore[arg-type]
    (look,) = next(steps)
    (take,) = steps.send(("1",))
    (again,) = steps.send((0,))
    (_,) = steps.send(("2",))
    with pytest.raises(StopIteration) as done:
        _ = steps.send((1,))
    assert done.value.value == 2
    assert look == again
    assert [*look.args][2:] == ["SRANDMEMBER"]
    assert [*take.args][-2:] == ["SREM", "1"]
