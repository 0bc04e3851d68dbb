"""``add``, ``compare_and_set`` and ``transform`` stepped by hand: their loops go on until nobody came between."""

from __future__ import annotations

import json
from enum import IntEnum
from typing import Any

import pytest

from redicts.core.effects import Call, Refused
from redicts.core.scripts import load
from redicts.errors import NotANumber
from tests.support.stepping import Spot, Step, own_args, own_keys

HERE = Spot("a.b")
BIG = 2**80


def asks(step: Step, name: str, *args: str) -> None:
    assert step.script.script == load("redicts.tree", name)
    assert own_keys(step.script) == ("ns:n:{a}",)
    assert own_args(step.script) == ["b", *args]


class Level(IntEnum):
    TWO = 2


@pytest.mark.parametrize(
    ("count", "text"),
    [(1, "1"), (-5, "-5"), (0.1, "0.1"), (BIG, str(BIG)), (Level.TWO, "2"), (float("nan"), "NaN"), (1e300, "1e+300")],
)
def test_add_is_one_script(count: float, text: str) -> None:
    step = Step(Spot.add(HERE, count))
    asks(step, "add", text)
    assert (step.reply([1, "42"]).value, step.trips) == (42, 1)


@pytest.mark.parametrize(("text", "value"), [("42", 42), ("42.0", 42.0), (str(BIG), BIG), ("-Infinity", -float("inf"))])
def test_the_sum_is_a_number_of_its_own_kind(text: str, value: float) -> None:
    total = Step(Spot.add(HERE)).reply([1, text]).value
    assert (type(total), total) == (type(value), value)


def test_integers_beyond_a_double_are_compared_and_set() -> None:
    step = Step(Spot.add(HERE, 1)).reply([0, str(BIG)])
    asks(step, "compare_and_set", "1", str(BIG), str(BIG + 1), "0")
    assert (step.reply([1]).value, step.trips) == (BIG + 1, 2)


def test_add_begins_again_with_what_came_between() -> None:
    step = Step(Spot.add(HERE, 1)).reply([0, str(BIG)])
    step.reply([0, str(BIG + 10)])
    asks(step, "compare_and_set", "1", str(BIG + 10), str(BIG + 11), "0")
    step.reply([0, ""])  # it was deleted: nothing counts as 0
    asks(step, "compare_and_set", "1", "", "1", "0")
    step.reply([0, "0.5"])
    asks(step, "compare_and_set", "1", "0.5", "1.5", "0")
    assert (step.reply([1]).value, step.trips) == (1.5, 5)


@pytest.mark.parametrize("text", ['"text"', "[1]", "null", "true", "{}", '{"a":1}'])
def test_add_to_what_became_no_number_is_refused(text: str) -> None:
    step = Step(Spot.add(HERE, 1)).reply([0, str(BIG)])
    with pytest.raises(NotANumber, match="left alone") as caught:
        step.reply([0, text])
    assert (caught.value.path, caught.value.found) == ("a.b", text)


@pytest.mark.parametrize(("detail", "found"), [('"text"', '"text"'), ("/", "a node"), ("null", "null")])
def test_add_to_no_number_is_refused(detail: str, found: str) -> None:
    with pytest.raises(NotANumber, match=r"'a\.b' holds") as caught:
        Step(Spot.add(HERE)).fail(Refused("NOTANUMBER", detail))
    assert isinstance(caught.value, ValueError)
    assert (caught.value.path, caught.value.found) == ("a.b", found)


def test_an_integer_too_large_for_a_float_is_an_overflow() -> None:
    step = Step(Spot.add(HERE, 0.5))
    with pytest.raises(OverflowError):
        step.reply([0, "9" * 400])


def test_compare_and_set_is_one_script_for_a_leaf() -> None:
    step = Step(Spot.compare_and_set(HERE, 1, {"x": 2}))
    asks(step, "compare_and_set", "1", "1", "/", "1", "", "2", "x", "2")
    assert (step.reply([1]).value, step.trips) == (True, 1)


def test_none_is_expected_of_nothing_and_of_none() -> None:
    step = Step(Spot.compare_and_set(HERE, None, 1))
    asks(step, "compare_and_set", "2", "", "null", "1", "0")
    assert step.reply([0, "7"]).value is False


@pytest.mark.parametrize("there", ["2", "1.0", '"1"', "true", "[1]", "", "null", "/"[:0]])
def test_another_value_is_told_apart(there: str) -> None:
    step = Step(Spot.compare_and_set(HERE, 1, 5)).reply([0, there])
    assert (step.value, step.trips) == (False, 1)


def test_the_same_value_spelled_otherwise_is_compared_again() -> None:
    step = Step(Spot.compare_and_set(HERE, {"x": 1, "y": {"z": "é"}}, 5))
    there = '{"y":{"z":"é"},"x":1}'
    asks(step, "compare_and_set", "1", json.dumps({"x": 1, "y": {"z": "é"}}, separators=(",", ":")), "5", "0")
    step.reply([0, there])
    asks(step, "compare_and_set", "1", there, "5", "0")
    step.reply([0, '{"x":1,"y":{"z":"\\u00e9"}}'])  # changed meanwhile, to the same in another order
    assert step.trips == 3
    step.reply([0, "6"])
    assert (step.value, step.trips) == (False, 3)


@pytest.mark.parametrize(
    ("expected", "text"), [((1, 2), "[1,2]"), (float("nan"), "NaN"), ([], "[]"), ({}, "{}"), (1e22, "1e+22")]
)
def test_what_is_expected_is_spelled_as_it_is_stored(expected: Any, text: str) -> None:
    step = Step(Spot.compare_and_set(HERE, expected, None))
    asks(step, "compare_and_set", "1", text, "null", "0")
    assert step.reply([1]).value is True


def test_transform_reads_and_compares_and_sets() -> None:
    step = Step(Spot.transform(HERE, lambda value: [*value, (4,)]))
    assert step.asked == (Call(("HGET", "ns:n:{a}", "b")),)
    step.reply("[1, 2]")
    asks(step, "compare_and_set", "1", "[1, 2]", "[1,2,[4]]", "0")
    assert (step.reply([1]).value, step.trips) == ([1, 2, [4]], 2)


def test_transform_of_a_node_takes_one_trip_more() -> None:
    step = Step(Spot.transform(HERE, lambda value: {**value, "y": 2})).reply("/")
    step.reply('{"x":1}')
    asks(step, "compare_and_set", "1", '{"x":1}', "/", "1", "", "4", "x", "1", "y", "2")
    assert (step.reply([1]).value, step.trips) == ({"x": 1, "y": 2}, 3)


def test_transform_begins_again_with_the_newer_value() -> None:
    seen: list[Any] = []

    def count_up(value: Any) -> Any:
        seen.append(value)
        return (value or 0) + 1

    step = Step(Spot.transform(HERE, count_up)).reply(None)
    asks(step, "compare_and_set", "1", "", "1", "0")
    step.reply([0, "10"])
    asks(step, "compare_and_set", "1", "10", "11", "0")
    step.reply([0, ""])
    asks(step, "compare_and_set", "1", "", "1", "0")
    assert (step.reply([1]).value, seen, step.trips) == (1, [None, 10, None], 4)


def test_an_error_in_the_function_ends_it_and_changes_nothing() -> None:
    step = Step(Spot.transform(HERE, lambda value: 1 // value))
    with pytest.raises(ZeroDivisionError):
        step.reply("0")
    step = Step(Spot.transform(HERE, lambda value: {value}))
    with pytest.raises(TypeError):
        step.reply("0")
    assert step.trips == 1
