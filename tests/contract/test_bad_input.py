"""Bad input: a clear error, and nothing was written."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from redicts import PathError, Proxy
from tests.contract.variants import on, once_each
from tests.support.backends import Backend
from tests.support.trees import nothing_written

BAD_PATHS: list[Any] = [
    "", ".", "a.", ".a", "a..b", "a\\", "a\\b", "\\", ["a", ""], ["a", 5], [None], 5, None, 1.5, b"a", bytearray(b"a"),
    ["a", b"b"], "\ud800", ["a\udfff"], "x" * 1025, "a." + "x" * 1025, ["a"] * 129, ".".join(["a"] * 129), object(),
]  # fmt: skip

WITH_A_KEY: dict[str, Callable[[Proxy, Any], Any]] = {
    "get": lambda tree, key: tree.get(key),
    "set": lambda tree, key: tree.set(key, 1),
    "update": lambda tree, key: tree.update([("fine", 1), (key, 1)]),
    "setdefault": lambda tree, key: tree.setdefault(key, 1),
    "pop": lambda tree, key: tree.pop(key, None),
    "delete": lambda tree, key: tree.delete(key),
    "[]": lambda tree, key: tree[key],
    "del []": lambda tree, key: tree.__delitem__(key),
    "in": lambda tree, key: key in tree,
}

CIRCLE: dict[str, Any] = {"x": 1}
CIRCLE["y"] = {"z": CIRCLE}
LOOP: list[Any] = [1]
LOOP.append([LOOP])
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]


class Odd:
    """Nothing that JSON knows."""


BAD_VALUES: list[tuple[Any, type[Exception]]] = [
    ({1: 2}, TypeError),
    ({None: 2}, TypeError),
    ({True: 2}, TypeError),
    ({1.5: 2}, TypeError),
    ({("a",): 2}, TypeError),
    ({b"a": 2}, TypeError),
    ({"fine": 1, "x": {"y": {"z": {1: 2}}}}, TypeError),
    ([{1: 2}], TypeError),
    ({"x": [1, [{"y": {2: 3}}]]}, TypeError),
    ({"": 1}, PathError),
    ({"x": {"y": {"": 1}}}, PathError),
    ({"x" * 1025: 1}, PathError),
    ({"\ud800": 1}, PathError),
    (Odd(), TypeError),
    ([Odd()], TypeError),
    ({"x": {"y": Odd()}}, TypeError),
    ({1, 2}, TypeError),
    (b"bytes", TypeError),
    (1j, TypeError),
    (CIRCLE, ValueError),
    ({"x": CIRCLE}, ValueError),
    (LOOP, ValueError),
    ({"x": LOOP}, ValueError),
    (DEEP, ValueError),
    (10**5000, ValueError),
]

WITH_A_VALUE: dict[str, Callable[[Proxy, Any], Any]] = {
    "set": lambda tree, value: tree.set("a.b", value),
    "set with a life": lambda tree, value: tree.set("new", value, expire=10),
    "update": lambda tree, value: tree.update([("fine", 1), ("a.b", value)]),
    "setdefault where something is": lambda tree, value: tree.setdefault("a.b", value),
    "setdefault where nothing is": lambda tree, value: tree.setdefault("new", value),
    "compare_and_set": lambda tree, value: tree.get("a.b").compare_and_set(1, value),
    "compare_and_set elsewhere": lambda tree, value: tree.get("a.b").compare_and_set(2, value),
    "transform": lambda tree, value: tree.get("a.b").transform(lambda _: value),
    "[]": lambda tree, value: tree.__setitem__("a", value),
}

BAD_LIVES: list[tuple[Any, type[Exception]]] = [
    (0, ValueError), (-1, ValueError), (-0.5, ValueError), (float("nan"), ValueError), (float("inf"), ValueError),
    (10**11, ValueError), (1e300, ValueError), ("10", TypeError), (True, TypeError), ([], TypeError), (1j, TypeError),
]  # fmt: skip


@pytest.fixture
def filled(tree: Proxy, backend: Backend) -> Proxy:
    return tree.set("a.b", 1).set("c", 2, expire=1000).set("d", {"x": {"y": 3}})


@once_each
@pytest.mark.parametrize("name", WITH_A_KEY)
def test_paths_that_cannot_be(filled: Proxy, backend: Backend, name: str) -> None:
    for base in (filled, filled.get("a.b")):
        for path in BAD_PATHS:
            with nothing_written(backend), pytest.raises(PathError) as caught:
                WITH_A_KEY[name](base, path)
            assert isinstance(caught.value, ValueError)
            assert len(str(caught.value)) < 5000


def test_paths_that_are_too_deep_together(filled: Proxy, backend: Backend) -> None:
    deep = filled.get(["a"] * 127)
    deep.set("b", 1)
    assert deep.get("b").val() == 1
    filled.set(["b"] * 126, {"x": {"y": 1}})
    with nothing_written(backend):
        for key, value in (("b.c", 1), ("b", {"c": 1}), ((), {"b": {"c": 1}})):
            with pytest.raises(PathError):
                deep.set(key, value)
    nested: Any = 1
    for _ in range(127):
        nested = {"x": nested}
    filled.set("a", nested)
    with nothing_written(backend), pytest.raises(PathError):
        filled.set("a", {"x": nested})


@once_each
@pytest.mark.parametrize("name", WITH_A_VALUE)
def test_values_that_cannot_be(filled: Proxy, backend: Backend, name: str) -> None:
    for value, error in BAD_VALUES:
        with nothing_written(backend), pytest.raises(error):
            WITH_A_VALUE[name](filled, value)


def test_lives_that_cannot_be(filled: Proxy, backend: Backend) -> None:
    for life, error in BAD_LIVES:
        with nothing_written(backend):
            with pytest.raises(error):
                filled.set("a.b", 2, expire=life)
            for path in ("a", "a.b", "missing"):
                with pytest.raises(error):
                    _ = filled.get(path).expire(life)
    with nothing_written(backend), pytest.raises(TypeError):
        _ = filled.get("a").expire(None)  # type: ignore[arg-type]


def test_what_the_root_cannot(filled: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        for do in (
            lambda: filled.set((), 1),
            lambda: filled.set((), {"a": 1}),
            lambda: filled.update([("x", 1), ((), {"a": 1})]),
            lambda: filled.setdefault((), {}),
            lambda: filled.pop(()),
            lambda: filled.pop((), None),
            lambda: filled.add(1),
            lambda: filled.compare_and_set({}, {}),
            lambda: filled.transform(lambda value: value),
            lambda: filled.expire(10),
            filled.persist,
        ):
            with pytest.raises(PathError, match="root"):
                do()


@on("fake")  # nothing is sent, so one backend tells all
def test_more_than_one_step_can_carry(filled: Proxy, backend: Backend) -> None:
    """Refused here: a server would close the connection."""
    with nothing_written(backend), pytest.raises(ValueError, match="too large"):
        filled.set("a", {f"{n}": n for n in range(500_001)})


def test_values_are_never_evaluated(filled: Proxy, backend: Backend) -> None:
    """Texts that mean something to Python, pickle, Lua or Redis come back as the texts they are."""
    texts = [
        "__import__('os').abort()",
        "cos\nsystem\n(S'true'\ntR.",
        "redis.call('FLUSHALL')",
        "*1\r\n$8\r\nFLUSHALL\r\n",
    ]
    for text in texts:
        filled.set(["e", text], {"v": text, "w": [text]}).set("c", text)
        assert filled.get(["e", text]).val() == {"v": text, "w": [text]}
        assert filled.get("c").val() == text
    assert filled.get("a.b").val() == 1


@once_each
def test_a_deep_list_never_spoils_what_lies_above(filled: Proxy) -> None:
    """Whatever could be stored can be read, alone and as part of the whole tree."""
    place = filled.get([f"n{n}" for n in range(120)])
    for depth in (100, 400, 800, 900, 950, 980, sys.getrecursionlimit()):
        value: Any = []
        for _ in range(depth):
            value = [value]
        try:
            place.set("x", value)
        except ValueError:
            continue
        assert place.get("x").val() is not None
        assert filled.val() is not None
