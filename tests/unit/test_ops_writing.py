"""Writing operations stepped by hand: one script each, with the document as the scripts read it; or an error before."""

from __future__ import annotations

from typing import Any

import pytest

from redicts.core import guarded
from redicts.core.missing import MISSING
from redicts.core.scripts import load
from redicts.errors import PathError
from tests.support.stepping import Spot, Step, own_args, own_keys


def check(step: Step, name: str, keys: tuple[str, ...], args: list[Any]) -> None:
    effect = step.script
    assert effect.script == load("redicts.tree", name)
    assert own_keys(effect) == keys
    assert own_args(effect) == args


def test_store_of_a_leaf_is_one_script() -> None:
    step = Step(Spot.store(Spot("a"), "b.c", [1]))
    check(step, "set", ("ns:n:{a}.b",), ["c", "", "[1]", "0"])
    assert (step.reply(1).value, step.trips) == (None, 1)


def test_store_of_a_node_carries_its_rows() -> None:
    step = Step(Spot.store(Spot("a"), ["b.x"], {"c": 1, "d": {"e": {}}}, 1.5))
    rows = ["/", "2", "", "4", "c", "1", "d", "/", ".d", "2", "e", "{}"]
    check(step, "set", ("ns:n:{a}",), [r"b\u002ex", "1500", *rows])


def test_store_of_a_section() -> None:
    check(Step(Spot.store(Spot(""), "a", None)), "set", ("ns:n:{a}",), ["", "", "null", "0"])
    check(Step(Spot.store(Spot("a"), (), {})), "set", ("ns:n:{a}",), ["", "", "{}", "0"])


def test_update_is_one_script_for_all_places_in_order() -> None:
    pairs = [("x.y", 1), (["p.q"], {"z": 2}), ("x", "later")]
    step = Step(Spot.update(Spot("a"), pairs))
    rows = ["y", "", "1", "0", r"p\u002eq", "", "/", "1", "", "2", "z", "2", "x", "", '"later"', "0"]
    check(step, "set", ("ns:n:{a}.x", "ns:n:{a}", "ns:n:{a}"), rows)
    assert (step.reply(1).value, step.trips) == (None, 1)
    check(Step(Spot.update(Spot("a"), {"x": 1})), "set", ("ns:n:{a}",), ["x", "", "1", "0"])


@pytest.mark.parametrize("nothing", [{}, [], iter(())])
def test_update_with_nothing_asks_nothing(nothing: Any) -> None:
    assert Step(Spot.update(Spot("a"), nothing)).trips == 0


@pytest.mark.parametrize(("reply", "value"), [(None, {"x": [1, None]}), ('"old"', "old"), ("null", None)])
def test_setdefault_gives_what_is_there_now(reply: str | None, value: Any) -> None:
    step = Step(Spot.setdefault(Spot("a"), "b", {"x": (1, None)}))
    check(step, "setdefault", ("ns:n:{a}",), ["b", "/", "1", "", "2", "x", "[1,null]"])
    assert (step.reply(reply).value, step.trips) == (value, 1)


def test_delete_and_clear_are_one_script() -> None:
    step = Step(Spot.delete(Spot("a"), "b.c"))
    check(step, "delete", ("ns:n:{a}.b",), ["c"])
    assert step.reply(1).value is True
    assert Step(Spot.delete(Spot("a"), "b")).reply(0).value is False
    step = Step(Spot.clear(Spot("a.b")))
    check(step, "delete", ("ns:n:{a}",), ["b"])
    assert (step.reply(1).value, step.trips) == (None, 1)


def test_the_root_is_cleared_by_a_script_of_its_own() -> None:
    check(Step(Spot.clear(Spot(""))), "clear", (), [])
    check(Step(Spot.delete(Spot(""), ())), "clear", (), [])


def test_pop_is_one_script() -> None:
    step = Step(Spot.pop(Spot("a"), "b"))
    check(step, "pop", ("ns:n:{a}",), ["b"])
    assert (step.reply('{"x":1}').value, step.trips) == ({"x": 1}, 1)
    assert Step(Spot.pop(Spot("a"), "b", None)).reply("null").value is None


def test_pop_of_nothing_is_a_key_error_or_the_default() -> None:
    with pytest.raises(KeyError, match=r"a\.x\\\\\.y"):
        Step(Spot.pop(Spot("a"), ["x.y"])).reply(None)
    assert Step(Spot.pop(Spot("a"), "b", None)).reply(None).value is None
    assert Step(Spot.pop(Spot("a"), "b", 7)).reply(None).value == 7
    with pytest.raises(KeyError):
        Step(Spot.pop(Spot("a"), "b", MISSING)).reply(None)


def test_expire_and_persist_are_one_script_in_ms() -> None:
    step = Step(Spot.expire(Spot("a.b"), 0.0001))
    check(step, "expire", ("ns:n:{a}",), ["b", "1"])
    assert step.reply(1).value is True
    check(Step(Spot.expire(Spot("a"), 600)), "expire", ("ns:n:{a}",), ["", "600000"])
    step = Step(Spot.persist(Spot("a.b")))
    check(step, "expire", ("ns:n:{a}",), ["b", ""])
    assert (step.reply(0).value, step.trips) == (False, 1)


SELF: list[Any] = []
SELF.append(SELF)
ANY: Any = Spot
BAD_WRITES: list[tuple[Any, type[Exception]]] = [
    (lambda p: ANY.store(p, "", 1), PathError),
    (lambda p: ANY.store(p, "x..y", 1), PathError),
    (lambda p: ANY.store(p, 7, 1), PathError),
    (lambda p: ANY.store(p, "x", {"": 1}), PathError),
    (lambda p: ANY.store(p, "x", {1: 1}), TypeError),
    (lambda p: ANY.store(p, "x", [{1: 1}]), TypeError),
    (lambda p: ANY.store(p, "x", object()), TypeError),
    (lambda p: ANY.store(p, "x", SELF), ValueError),
    (lambda p: ANY.store(p, ["x"] * 128, 1), PathError),
    (lambda p: ANY.store(p, "x", 1, 0), ValueError),
    (lambda p: ANY.store(p, "x", 1, -1), ValueError),
    (lambda p: ANY.store(p, "x", 1, "60"), TypeError),
    (lambda p: ANY.store(p, "x", 1, True), TypeError),
    (lambda p: ANY.update(p, {"x": 1, "y..": 2}), PathError),
    (lambda p: ANY.update(p, {"x": 1, "y": {2}}), TypeError),
    (lambda p: ANY.setdefault(p, "x", {1}), TypeError),
    (lambda p: ANY.setdefault(p, "", 1), PathError),
    (lambda p: ANY.expire(p, 0), ValueError),
    (lambda p: ANY.expire(p, None), TypeError),
    (lambda p: ANY.pop(p, ""), PathError),
    (lambda p: ANY.delete(p, ""), PathError),
    (lambda p: ANY.add(p, "1"), TypeError),
    (lambda p: ANY.add(p, True), TypeError),
    (lambda p: ANY.add(p, None), TypeError),
    (lambda p: ANY.compare_and_set(p, 1, {1}), TypeError),
    (lambda p: ANY.compare_and_set(p, {1}, 1), TypeError),
]


@pytest.mark.parametrize(("begin", "kind"), BAD_WRITES)
def test_what_cannot_be_written_asks_nothing_of_the_server(begin: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        next(begin(Spot("a")))  # whatever it would have asked for, the error comes first


@pytest.mark.parametrize(
    "begin",
    [
        lambda p: Spot.store(p, (), 1),
        lambda p: Spot.update(p, [("a", 1), ((), 2)]),
        lambda p: Spot.setdefault(p, (), 1),
        lambda p: Spot.pop(p, ()),
        lambda p: Spot.expire(p, 1),
        Spot.persist,
        Spot.add,
        lambda p: Spot.compare_and_set(p, None, 1),
        lambda p: Spot.transform(p, lambda value: value),
    ],
)
def test_what_the_root_cannot_do_is_refused_first(begin: Any) -> None:
    with pytest.raises(PathError, match=r"the root cannot be .* name a place below it"):
        next(begin(Spot("")))


def test_more_than_one_command_can_carry_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "MAX_ARGUMENTS", 12)
    assert Step(Spot.store(Spot("a"), "b", {"x": 1, "y": 2})).trips == 1
    with pytest.raises(ValueError, match="set it in parts"):
        next(Spot.store(Spot("a"), "b", {"x": 1, "y": 2, "z": 3}))
