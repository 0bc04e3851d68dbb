"""``add``: what Python's own addition gives, exactly, for integers of any size and floats to the last bit."""

from __future__ import annotations

import math
import random
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redicts import NotANumber, PathError, Proxy
from tests.contract.variants import mostly_sync, once_each
from tests.support.backends import Backend
from tests.support.trees import canonical, nothing_written, tree_of

EDGES: list[Any] = [
    0, -1, 999_999_999_999_999, 10**15, 2**53 - 1, 2**53 + 1, 2**63 - 1, -(2**80), 10**300, 10**308,
    0.0, -0.0, 0.1, -0.2, 1e15, 1.5e16, 1e22, 123456789012345680.0, 5e-324, 1.7976931348623157e308, math.nan, math.inf,
    -math.inf,
]  # fmt: skip


def id_of(number: Any) -> str:
    return repr(number)[:24]


@mostly_sync
@pytest.mark.parametrize("old", EDGES, ids=id_of)
def test_the_sum_is_pythons(tree: Proxy, old: Any) -> None:
    for count in EDGES:
        for path, life in (("b.c", None), ("b.d", 100)):  # the common case, and the long way
            place = tree.set(path, old, life).get(path)
            assert canonical(place.add(count)) == canonical(old + count), (old, count)
            assert canonical(place.val()) == canonical(old + count), (old, count)


@once_each
@pytest.mark.parametrize("count", EDGES, ids=id_of)
def test_nothing_counts_as_0(tree: Proxy, count: Any) -> None:
    for path in ("a", "b.c.d"):
        assert canonical(tree.get(path).add(count)) == canonical(0 + count)
        assert canonical(tree.get(path).val()) == canonical(0 + count)


NUMBERS = st.integers() | st.integers(-(2**70), 2**70) | st.floats()


@once_each
@settings(max_examples=30)
@given(st.lists(NUMBERS, min_size=2, max_size=6))
def test_any_numbers(backend: Backend, numbers: list[Any]) -> None:
    backend.clear()
    place, total = tree_of(backend, "a.b"), 0
    for number in numbers:
        total += number
        assert canonical(place.add(number)) == canonical(total)
    assert canonical(place.val()) == canonical(total)


@once_each
def test_floats_of_every_magnitude(tree: Proxy) -> None:
    draw = random.Random(20)
    place = tree.get("a.b")
    for _ in range(60):
        old, count = (struct.unpack("<d", draw.randbytes(8))[0] for _ in range(2))
        tree.set("a.b", old)
        assert canonical(place.add(count)) == canonical(old + count), (old, count)


def test_counting_on_beyond_64_bits(tree: Proxy) -> None:
    place, total = tree.get("a.b"), 2**63 - 3
    tree.set("a.b", total)
    for step in (1, 1, 1, 1, 2**62, 2**63, -(2**64), -(2**64), -5):
        total += step
        assert place.add(step) == total
        assert type(place.val()) is int


def test_the_default_is_one(tree: Proxy) -> None:
    assert [tree.get("a").add() for _ in range(12)] == list(range(1, 13))


@once_each
@pytest.mark.parametrize("stands", ["text", "5", "", None, True, False, [], [1], {}, {"x": 1}], ids=repr)
def test_what_is_no_number_is_left_alone(tree: Proxy, backend: Backend, stands: Any) -> None:
    for path, life in (("a", None), ("b.c", None), ("b.d", 100), ("e", 100)):
        tree.set(path, stands, life)
        with nothing_written(backend):
            for count in (1, 1.5, 2**80):
                with pytest.raises(NotANumber) as caught:
                    _ = tree.get(path).add(count)
                assert isinstance(caught.value, ValueError)
                assert caught.value.path == path
                found = "a node" if stands == {"x": 1} else canonical(stands)
                assert caught.value.found == found
                assert found in str(caught.value)


def test_long_text_is_not_told_in_full(tree: Proxy) -> None:
    tree.set("a.b", "x" * 10_000)
    with pytest.raises(NotANumber) as caught:
        _ = tree.get("a.b").add(1)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("count", ["1", None, True, [1], {}, b"1", 1j], ids=repr)
def test_what_is_no_number_is_not_added(tree: Proxy, backend: Backend, count: Any) -> None:
    tree.set("a", 1)
    with nothing_written(backend):
        for path in ("a", "missing.place"):
            with pytest.raises(TypeError):
                _ = tree.get(path).add(count)


def test_an_integer_too_large_for_a_float(tree: Proxy, backend: Backend) -> None:
    tree.set("a", 10**310).set("b", 0.5)
    with nothing_written(backend):
        with pytest.raises(OverflowError):
            _ = tree.get("a").add(0.5)
        with pytest.raises(OverflowError):
            _ = tree.get("b").add(10**310)


def test_an_integer_too_long_to_be_text(tree: Proxy, backend: Backend) -> None:
    """Python reads no integer of more than 4,300 digits; what could not be read back is not stored."""
    tree.set("a", 10**4299)
    with nothing_written(backend), pytest.raises(ValueError, match="digits"):
        _ = tree.get("a").add(10**4300 - 1)
    with nothing_written(backend), pytest.raises(ValueError, match="digits"):
        _ = tree.get("a").add(9 * 10**4299)


def test_the_root_is_no_number(tree: Proxy, backend: Backend) -> None:
    with nothing_written(backend), pytest.raises(PathError):
        _ = tree.add(1)


def test_below_a_leaf(tree: Proxy) -> None:
    tree.set("a", "text").set("b.c", [1])
    assert tree.get("a.x").add(2) == 2
    assert tree.get("b.c.y.z").add(3) == 3
    assert tree.val() == {"a": {"x": 2}, "b": {"c": {"y": {"z": 3}}}}
