"""The header of writing scripts: guards, the mode, the set of sections; and what becomes of a script's refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from redicts.core.effects import Call, Eval, Op, Refused
from redicts.core.place import Guard
from redicts.errors import InternalError, LockLost
from tests.support.stepping import Spot, Step

LOST: list[str] = []
GUARDS = tuple(
    [
        Guard(key, member, lambda key=key: LOST.append(key))  # type: ignore[misc]
        for key, member in (("ns:l:{a}", "x:me:1:a"), ("ns:l:{a}.b", "s:me:2:a.b"))
    ]
)

WRITES: dict[str, Callable[[Spot], Op[Any]]] = {
    "set": lambda p: Spot.store(p, "b.c", 1),
    "update": lambda p: Spot.update(p, {"b.c": 1, "b.d": 2}),
    "setdefault": lambda p: Spot.setdefault(p, "b.c", 1),
    "delete": lambda p: Spot.delete(p, "b.c"),
    "clear": Spot.clear,
    "pop": lambda p: Spot.pop(p, "b.c"),
    "expire": lambda p: Spot.expire(p, 1),
    "persist": Spot.persist,
    "add": Spot.add,
    "compare_and_set": lambda p: Spot.compare_and_set(p, 1, 2),
    "convert": lambda p: Spot.convert(p, "list"),
}


def header(effect: Eval) -> tuple[list[Any], list[str]]:
    """The guards' members and their keys; checks the rest of the header."""
    count = int(effect.args[0])
    return list(effect.args[2 : 2 + count]), list(effect.keys[:count])


@pytest.mark.parametrize("name", WRITES)
def test_every_write_carries_its_guards_before_its_own(name: str) -> None:
    free, guarded = Step(WRITES[name](Spot("a"))).script, Step(WRITES[name](Spot("a", *GUARDS))).script
    members, keys = header(guarded)
    assert sorted(zip(keys, members, strict=True)) == sorted((guard.key, guard.member) for guard in GUARDS)
    assert (guarded.args[0], guarded.args[1]) == ("2", "1")
    assert guarded.keys[2:] == free.keys
    assert list(guarded.args[4:]) == list(free.args[2:])
    assert list(free.args[:2]) == ["0", "1"]
    assert free.keys[0] == "ns:s"


def test_guards_of_several_places_stand_once() -> None:
    effect = Step(Spot.update(Spot("a", *GUARDS), {"x": 1, "y": 2, "z": 3})).script
    assert len(header(effect)[0]) == 2


def test_transform_is_guarded_where_it_writes() -> None:
    effect = Step(Spot.transform(Spot("a.b", *GUARDS), lambda value: value)).reply("1").script
    assert sorted(header(effect)[1]) == ["ns:l:{a}", "ns:l:{a}.b"]


@pytest.mark.parametrize("name", WRITES)
def test_a_guard_that_is_gone_is_a_lost_lock(name: str) -> None:
    step = Step(WRITES[name](Spot("a", *GUARDS)))
    LOST.clear()
    with pytest.raises(LockLost, match="nothing was written") as caught:
        step.fail(Refused("LOCKLOST", "2 ns:l:{a}.b"))
    assert caught.value.path.split(".")[0] == "a"
    assert caught.value.__cause__ is None
    assert LOST == ["ns:l:{a}.b"]


@pytest.mark.parametrize(
    "name", [name for name in WRITES if name not in ("delete", "clear", "pop", "expire", "persist", "convert")]
)
def test_a_new_section_on_a_cluster_is_registered_first(name: str) -> None:
    step = Step(WRITES[name](Spot(["a.b"], *GUARDS, spread=True)))
    first = step.script
    assert first.args[1] == "0"
    assert "ns:s" not in first.keys, "the set of sections lies in another slot"
    step.fail(Refused("NEWSECTION", r"a\u002eb"))
    assert step.asked == (Call(("SADD", "ns:s", r"a\u002eb")),)
    step.reply(1)
    again = step.script
    assert again.args[1] == "2"
    assert (again.keys, list(again.args[2:])) == (first.keys, list(first.args[2:]))
    assert step.trips == 3


def test_several_new_sections_are_all_registered() -> None:
    step = Step(Spot.update(Spot("", spread=True), {"b.x": 1, "a.x": 2, "b.y": 3}))
    step.fail(Refused("NEWSECTION", "b"))
    assert step.asked == (Call(("SADD", "ns:s", "a")),)
    step.reply(1)
    assert step.asked == (Call(("SADD", "ns:s", "b")),)
    assert step.reply(0).script.args[1] == "2"


def test_a_known_section_on_a_cluster_takes_one_trip() -> None:
    step = Step(Spot.store(Spot("a", spread=True), "b", 1)).reply(1)
    assert (step.done, step.trips) == (True, 1)


def test_a_section_that_stays_new_is_no_endless_loop() -> None:
    step = Step(Spot.store(Spot("a", spread=True), "b", 1)).fail(Refused("NEWSECTION", "a")).reply(1)
    with pytest.raises(Refused):
        step.fail(Refused("NEWSECTION", "a"))


def test_other_errors_pass_as_they_are() -> None:
    for error in (InternalError("tampered"), RuntimeError("x"), Refused("WRONGKIND", "@list")):
        with pytest.raises(type(error)) as caught:
            Step(Spot.store(Spot("a"), "b", 1)).fail(error)
        assert caught.value is error


@pytest.mark.parametrize("name", WRITES)
def test_an_operation_given_up_ends_quietly(name: str) -> None:
    step = Step(WRITES[name](Spot("a")))
    step.op.close()
    with pytest.raises(StopIteration):
        next(step.op)
