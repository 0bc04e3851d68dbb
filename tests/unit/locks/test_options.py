"""What can be said of how a lock is taken, and what of that is refused."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from redicts.core.units import MAX_SECONDS
from redicts.locks.options import LockOptions, check_lease, check_owner, check_seconds


def test_what_holds_where_nothing_is_said() -> None:
    assert LockOptions() == (10.0, 30.0, None)


@pytest.mark.parametrize("seconds", [0, 0.0, 1e-9, 5, 2.5, MAX_SECONDS, None])
def test_times_to_wait(seconds: float | None) -> None:
    assert check_seconds("timeout", seconds) == seconds


@pytest.mark.parametrize("seconds", [-1, -0.001, float("nan"), float("-inf")])
def test_times_that_nobody_can_wait(seconds: float) -> None:
    with pytest.raises(ValueError, match=r"^lock_acquire_timeout is at least 0 \(one try\), or None for no limit"):
        check_seconds("lock_acquire_timeout", seconds)


@pytest.mark.parametrize("seconds", [float("inf"), 1e300, MAX_SECONDS * 2])
def test_a_time_beyond_all_clocks_is_one_that_a_clock_can_take(seconds: float) -> None:
    assert check_seconds("timeout", seconds) == MAX_SECONDS


@pytest.mark.parametrize("seconds", [True, False, "5", b"5", [], Fraction(1, 2), 1j])
def test_what_is_no_time(seconds: Any) -> None:
    with pytest.raises(TypeError, match="timeout is a number of seconds, or None for no limit, not"):
        check_seconds("timeout", seconds)
    with pytest.raises(TypeError, match="lease is a number of seconds, not"):
        check_lease("lease", seconds)


@pytest.mark.parametrize("seconds", [1e-9, 0.001, 5, MAX_SECONDS])
def test_leases(seconds: float) -> None:
    assert check_lease("lease", seconds) == seconds


@pytest.mark.parametrize("seconds", [0, 0.0, -0.0, -1, float("nan"), float("inf"), MAX_SECONDS * 1.1])
def test_leases_that_cannot_be(seconds: float) -> None:
    with pytest.raises(ValueError, match="lock_expire_timeout is above 0 and at most"):
        check_lease("lock_expire_timeout", seconds)


def test_a_lease_has_no_default_here() -> None:
    with pytest.raises(TypeError):
        check_lease("lease", None)


@pytest.mark.parametrize("owner", [None, "x", " ", "job 7", "日本", "\x00", "\n", "o" * 1024])
def test_names_of_owners(owner: str | None) -> None:
    assert check_owner(owner) == owner


@pytest.mark.parametrize("owner", ["", "o" * 1025, "\ud800", "a\udc80"])
def test_names_that_cannot_be(owner: str) -> None:
    with pytest.raises(ValueError, match="owner is 1 to 1024 characters that UTF-8 can carry"):
        check_owner(owner)


@pytest.mark.parametrize("owner", [5, b"x", ["x"], True])
def test_what_is_no_name(owner: Any) -> None:
    with pytest.raises(TypeError, match="owner is text, or None for who calls"):
        check_owner(owner)
