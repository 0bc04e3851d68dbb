"""Sizes and hashes of Bloom filters: no server at all."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redicts.leaves.parts.bloom_hash import ELEMENT, hash_all
from redicts.leaves.parts.bloom_shape import HEADER, LARGEST, read_header, shape_of

RATES = st.floats(1e-12, 0.999)


def rate(elements: float, bits: float, hashes: int) -> float:
    """What share of others is taken for elements, by the formula."""
    return float((-math.expm1(-hashes * elements / bits)) ** hashes)


@pytest.mark.parametrize(
    ("capacity", "error_rate", "bits", "hashes"),
    [(1000, 0.01, 9871, 7), (10**6, 0.01, 9_694_641, 7), (10**6, 0.1, 4_859_296, 3), (10**6, 0.0001, 19_376_189, 13)],
)
def test_the_standard_sizes(capacity: int, error_rate: float, bits: int, hashes: int) -> None:
    shape = shape_of(capacity, error_rate, False)
    assert (shape.bits, shape.hashes) == (bits, hashes)
    standard = -capacity * math.log(error_rate) / math.log(2) ** 2
    assert 1.01 <= bits / standard < (1.015 if capacity > 1000 else 1.03)
    assert abs(hashes - bits / capacity * math.log(2)) < 1


@given(st.integers(1, 10**7), RATES)
def test_the_rate_is_below_what_was_asked(capacity: int, error_rate: float) -> None:
    shape = shape_of(capacity, error_rate, False)
    assert rate(capacity, shape.bits, shape.hashes) < error_rate
    if shape.bits > max(20_000, 10 * (capacity / error_rate) ** (1 / 3) + 1):
        for hashes in range(max(1, shape.hashes - 2), shape.hashes + 3):
            assert rate(capacity, shape.bits / (1.0101 + 0.6 / math.sqrt(capacity)), hashes) > error_rate, (
                "no other number does with fewer bits"
            )


@given(st.integers(1, 10**7), st.floats(1e-9, 0.999))
def test_all_layers_together_are_below_what_was_asked(capacity: int, error_rate: float) -> None:
    """Half of the bits of each layer are set, and layer i has i functions more."""
    shape = shape_of(capacity, error_rate, True)
    assert sum(0.5 ** (shape.hashes + layer) for layer in range(40)) <= error_rate
    assert sum(0.5 ** (shape.hashes - 1 + layer) for layer in range(40)) > error_rate / 2, "and it is not wasteful"
    room = math.floor(shape.bits / 2 / shape.hashes)
    assert room >= 1, "a layer takes an element"


@given(st.integers(1, 10**12), RATES, st.booleans())
def test_what_fits_and_what_does_not(capacity: int, error_rate: float, scalable: bool) -> None:
    try:
        shape = shape_of(capacity, error_rate, scalable)
    except ValueError:
        assert capacity * -math.log2(error_rate) > LARGEST / 4
    else:
        assert 8 * HEADER + shape.bits <= LARGEST
        text = f"{shape.same}bits={shape.bits} hashes={shape.hashes} layers=32 set={LARGEST} length=4294967296.1234567 "
        assert len(f"{text}pass=0.99999999999999989") < HEADER
        assert read_header(text) == {**shape.parameters(), "bits": shape.bits, "hashes": shape.hashes}


@pytest.mark.parametrize("text", ["", "redicts", "redicts bloom", "redicts bloom x y", "other bloom 1 xxh3 capacity=1"])
def test_what_is_no_header(text: str) -> None:
    assert read_header(text) is None
    assert read_header(f"{text} capacity=x error_rate=0.1 scalable=0 bits=1 hashes=1") is None


def test_the_hash_is_what_it_was() -> None:
    """XXH3 of 128 bits with the seed 0, most significant byte first, by the reference: filters outlive versions."""
    assert hash_all([]) == b""
    assert hash_all([""]).hex() == "99aa06d3014798d86001c324468d497f"
    assert hash_all(["é"]) == hash_all(["\u00e9"])
    assert hash_all(['"tea"', "1"]) == hash_all(['"tea"']) + hash_all(["1"])
    assert len(hash_all(["x"] * 5)) == 5 * ELEMENT
    assert hash_all(['"tea"']).hex() == "4c811471211228db9bc01f88ecee569a"
