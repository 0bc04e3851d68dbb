"""Reading operations stepped by hand: what each asks for, in how many round trips, and what it makes of the replies."""

from __future__ import annotations

from typing import Any

import pytest

from redicts.core.effects import Call
from redicts.core.paths import Name
from redicts.core.scripts import load
from redicts.errors import InternalError
from tests.support.stepping import Spot, Step


def script_of(step: Step) -> tuple[str, tuple[str, ...], tuple[Any, ...]]:
    effect = step.script
    assert effect.script == load("redicts.tree", effect.script.name)
    return effect.script.name, effect.keys, tuple(effect.args)


@pytest.mark.parametrize(
    ("text", "value"), [("1", 1), ('"/"', "/"), ("null", None), ("{}", {}), ("[]", []), ("NaN", float("nan"))]
)
def test_val_of_a_leaf_is_exactly_one_hget(text: str, value: Any) -> None:
    step = Step(Spot.val(Spot("a.b.c"), "default"))
    assert step.asked == (Call(("HGET", "ns:n:{a}.b", "c")),)
    step.reply(text)
    assert step.done
    assert step.trips == 1
    assert repr(step.value) == repr(value)


@pytest.mark.parametrize("marker", ["/", "/~", "~", "@list", "@"])
@pytest.mark.parametrize(("reply", "value"), [('{"x":[1]}', {"x": [1]}), (None, "default")])
def test_a_marker_leads_to_exactly_one_script(marker: str, reply: str | None, value: Any) -> None:
    step = Step(Spot.val(Spot("a.b.c"), "default")).reply(marker)
    assert script_of(step) == ("val", ("ns:n:{a}.b",), ("c",))
    step.reply(reply)
    assert (step.done, step.value, step.trips) == (True, value, 2)


def test_val_of_nothing_is_the_default_in_one_trip() -> None:
    step = Step(Spot.val(Spot("a.b"), "default")).reply(None)
    assert (step.value, step.trips) == ("default", 1)
    assert Step(Spot.val(Spot("a.b"))).reply(None).value is None


def test_val_of_a_section_that_is_a_leaf_is_one_hget() -> None:
    step = Step(Spot.val(Spot(["a.b"])))
    assert step.asked == (Call(("HGET", r"ns:n:{a\u002eb}", "")),)
    assert (step.reply("7").value, step.trips) == (7, 1)


def test_val_of_a_section_that_is_a_node_takes_the_script() -> None:
    step = Step(Spot.val(Spot("a"), 0)).reply(None)
    assert script_of(step) == ("val", ("ns:n:{a}",), ("",))
    assert step.reply('{"b":1}').value == {"b": 1}
    assert Step(Spot.val(Spot("a"), 0)).reply(None).reply(None).value == 0


def test_val_of_the_root_is_one_script() -> None:
    step = Step(Spot.val(Spot("")))
    assert script_of(step) == ("val", ("ns:s",), ())
    assert (step.reply("{}").value, step.trips) == ({}, 1)


def test_val_of_what_is_no_json_is_an_internal_error() -> None:
    with pytest.raises(InternalError, match=r"run check\(\)"):
        Step(Spot.val(Spot("a.b"))).reply("tampered")


@pytest.mark.parametrize(
    ("marker", "kind"),
    [("/", "node"), ("~", "leaf"), ("@list", "list"), ("@bloom_filter", "bloom_filter"), (None, None)],
)
def test_kind_and_exists_are_one_script(marker: str | None, kind: str | None) -> None:
    asked = Step(Spot.kind(Spot("a.b")))
    assert script_of(asked) == ("kind", ("ns:n:{a}",), ("b",))
    assert (asked.reply(marker).value, asked.trips) == (kind, 1)
    asked = Step(Spot.exists(Spot("a.b")))
    assert script_of(asked) == ("kind", ("ns:n:{a}",), ("b",))
    assert (asked.reply(marker).value, asked.trips) == (kind is not None, 1)


def test_the_root_is_always_a_node_and_asks_nothing() -> None:
    for operation, value in ((Spot.kind, "node"), (Spot.exists, True), (Spot.time_to_live, -1)):
        step = Step(operation(Spot("")))
        assert (step.done, step.value, step.trips) == (True, value, 0)


def test_children_are_names_of_one_component() -> None:
    step = Step(Spot.children(Spot("a.b")))
    assert script_of(step) == ("children", ("ns:n:{a}.b",), ("node", "names"))
    names = step.reply([r"example\u002eorg", "x", r"\u007b\n"]).value
    assert names == ["example.org", "x", "{\n"]
    assert {type(name) for name in names} == {Name}
    assert script_of(Step(Spot.children(Spot("")))) == ("children", ("ns:s",), ("root", "names"))
    assert Step(Spot.children(Spot("a"))).reply([]).value == []


def test_children_of_a_strange_hash_are_an_internal_error() -> None:
    with pytest.raises(InternalError, match="not a name"):
        Step(Spot.children(Spot("a"))).reply(["fine", "not.fine"])


def test_count_children() -> None:
    step = Step(Spot.count_children(Spot("a.b")))
    assert script_of(step) == ("children", ("ns:n:{a}.b",), ("node", "count"))
    assert step.reply(3).value == 3
    assert script_of(Step(Spot.count_children(Spot("")))) == ("children", ("ns:s",), ("root", "count"))


@pytest.mark.parametrize(("ms", "seconds"), [(-1, -1), (-2, -2), (0, 0.0), (1, 0.001), (60_000, 60.0)])
def test_time_to_live_is_in_seconds(ms: int, seconds: float) -> None:
    step = Step(Spot.time_to_live(Spot("a.b")))
    assert script_of(step) == ("time_to_live", ("ns:n:{a}",), ("b",))
    assert (step.reply(ms).value, step.trips) == (seconds, 1)
