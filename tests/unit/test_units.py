"""Seconds and milliseconds: rounded up, and a time that is not zero never becomes zero."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redicts.core.units import MAX_SECONDS, life_ms, to_ms, to_seconds

lives = st.floats(0, MAX_SECONDS, exclude_min=True) | st.integers(1, int(MAX_SECONDS))


@given(lives)
def test_rounding_goes_up_by_less_than_two_ms(seconds: float) -> None:
    ms = to_ms(seconds)
    assert type(ms) is int
    assert ms >= 1
    assert -1 <= ms - Fraction(seconds) * 1000 < 2  # the product itself may be off by its last bit


@pytest.mark.parametrize(
    ("seconds", "ms"),
    [(0, 0), (1, 1000), (0.5, 500), (0.0001, 1), (5e-324, 1), (1.0001, 1001), (0.001, 1), (60, 60000)],
)
def test_to_ms(seconds: float, ms: int) -> None:
    assert to_ms(seconds) == ms


@given(st.integers(0, 10**13))
def test_there_and_back(ms: int) -> None:
    assert to_seconds(ms) == ms / 1000
    assert abs(to_ms(to_seconds(ms)) - ms) <= 1


@given(lives)
def test_a_life_is_above_zero(seconds: float) -> None:
    assert life_ms(seconds) == math.ceil(seconds * 1000) >= 1


@pytest.mark.parametrize(
    "seconds", [0, 0.0, -0.0, -1, -5e-324, float("nan"), float("inf"), float("-inf"), 1e11, 10**400]
)
def test_times_out_of_range_are_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="expire is above 0 and at most 10000000000 seconds"):
        life_ms(seconds)


@pytest.mark.parametrize("seconds", [None, "60", True, b"1", [1], 1j, Decimal(1), Fraction(1)], ids=repr)
def test_what_is_no_number_is_refused(seconds: Any) -> None:
    with pytest.raises(TypeError, match=r"expire is a number of seconds.*persist\(\)"):
        life_ms(seconds)


def test_errors_name_the_parameter() -> None:
    with pytest.raises(TypeError, match=r"^lease is a number"):
        life_ms("x", "lease")
    with pytest.raises(ValueError, match=r"^lease is above 0"):
        life_ms(0, "lease")
