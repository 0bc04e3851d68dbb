"""Elements: Python values and their texts, of any kind and of a type."""

from __future__ import annotations

import dataclasses
import math
import pickle
import sys
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, Literal, NamedTuple
from uuid import UUID

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, TypeAdapter

from redicts.errors import InternalError, InvalidElement
from redicts.leaves.elements import JSON, elements_of, frozen
from tests.support.trees import canonical

PLACE = "app.todo"


def where() -> str:
    return PLACE


class User(BaseModel):
    model_config = ConfigDict(frozen=True)
    name: str
    born: date | None = None
    tags: dict[str, int] = {}


@dataclasses.dataclass(frozen=True)
class Point:
    x: float
    y: float


class Colour(Enum):
    RED = "red"
    BLUE = 3


class Level(IntEnum):
    LOW = 1


class Pair(NamedTuple):
    left: int
    right: str


EXAMPLES: list[tuple[Any, Any]] = [
    (int, 2**80),
    (int, -1),
    (float, 0.1),
    (float, math.inf),
    (bool, True),
    (str, "é\ud7ff\U0001f600\x00"),
    (bytes, bytes(range(256))),
    (datetime, datetime(2026, 2, 28, 23, 59, 59, 999999, tzinfo=timezone(timedelta(hours=-5)))),
    (date, date(1, 1, 1)),
    (timedelta, timedelta(days=-3, microseconds=1)),
    (UUID, UUID(int=7)),
    (Decimal, Decimal("1.10")),
    (Colour, Colour.RED),
    (Colour, Colour.BLUE),
    (Level, Level.LOW),
    (User, User(name="Ada", born=date(1815, 12, 10), tags={"b": 1, "a": 2})),
    (Point, Point(1.5, -0.0)),
    (Pair, Pair(1, "x")),
    (list[int], [1, 2]),
    (tuple[int, str], (1, "x")),
    (dict[str, User], {"ada": User(name="Ada")}),
    (int | None, None),
    (Literal["a", "b"], "b"),
    (TypeAdapter(set[int]), {1, 2}),
]


@pytest.mark.parametrize(("of", "value"), EXAMPLES, ids=lambda value: repr(value)[:40])
def test_what_is_of_a_type_comes_back_as_it_was(of: Any, value: Any) -> None:
    elements: Any = elements_of(of)
    text = elements.encode(value, where)
    assert text.isascii()
    found = elements.decode(text, where)
    assert found == value
    assert type(found) is type(value)
    assert elements.encode(found, where) == text
    assert elements.decode_all([text, text], where) == [value, value]
    assert elements.spell(value, where) == text


@pytest.mark.parametrize(
    ("of", "value"),
    [(int, "x"), (int, None), (User, {"name": 5}), (UUID, "7"), (Colour, "green"), (Pair, (1,)), (date, "tomorrow")],
)
def test_what_is_of_another_type_is_refused(of: Any, value: Any) -> None:
    elements: Any = elements_of(of)
    with pytest.raises(InvalidElement, match="nothing was written") as caught:
        elements.encode(value, where)
    assert isinstance(caught.value, ValueError)
    assert (caught.value.path, caught.value.element) == (PLACE, repr(value))
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, pydantic.ValidationError)
    assert elements.spell(value, where) is None
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.element) == (str(caught.value), caught.value.element)


@pytest.mark.parametrize("text", ['"x"', "null", '{"name":5}', "{", "", "[1"])
def test_a_stored_one_of_another_type_is_told(text: str) -> None:
    elements: Any = elements_of(int)
    for texts in ([text], ["1", text]):
        with pytest.raises(InvalidElement, match="left where it is") as caught:
            elements.decode_all(texts, where)
        assert (caught.value.path, caught.value.element) == (PLACE, text)


def test_elements_of_any_kind_are_json() -> None:
    for value in (None, True, 1, 1.0, -0.0, "é", [], [1, [2.5]], {"b": {"d": 1, "c": 2}, "a": None}, 2**70):
        assert canonical(JSON.decode(JSON.encode(value, where), where)) == canonical(value)
    one, other = {"b": 1, "a": [{"d": 1, "c": 2}]}, {"a": [{"c": 2, "d": 1}], "b": 1}
    assert JSON.encode(one, where) == JSON.encode(other, where)
    assert len({JSON.encode(value, where) for value in (1, 1.0, True, "1")}) == 4
    for refused in (object(), {1}, {1: 2}, [{(): 1}], b"x"):
        with pytest.raises(TypeError):
            JSON.encode(refused, where)
    with pytest.raises(InternalError):
        JSON.decode("{", where)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_arrays_are_frozen_to_tuples(value: Any) -> None:
    def thawed(item: Any) -> Any:
        return [thawed(each) for each in item] if isinstance(item, tuple) else item

    found = frozen(value)
    assert canonical(thawed(found)) == canonical(value)
    assert isinstance(hash(found), int)


def test_a_type_is_made_out_once() -> None:
    assert elements_of(User) is elements_of(User)
    assert elements_of(None) is JSON


def test_without_pydantic_a_type_cannot_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic", None)
    with pytest.raises(ImportError, match=r"redicts\[pydantic\]"):
        elements_of(frozenset[int])
