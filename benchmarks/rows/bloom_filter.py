"""Bloom filters, against BITFIELD on a string of the same size: made ready beforehand, or hashed by who calls it."""

from __future__ import annotations

import itertools
from typing import Any

from xxhash import xxh3_128_intdigest

from benchmarks.measure import Pair
from benchmarks.registry import row
from benchmarks.stage import Stage

MANY = 10_000
CAPACITY, ERROR_RATE = 1_000_000, 0.01
BITS, HASHES = 9_694_641, 7
"""What that capacity and rate come to."""


def positions(element: str) -> list[int]:
    """Make the positions of an element, as one does by hand: two words of a hash, combined."""
    word = xxh3_128_intdigest(element.encode())
    one, other = word >> 64, word & (2**64 - 1)
    return [(one + i * other + i * i) % BITS for i in range(HASHES)]


def reading(elements: list[str]) -> list[str]:
    return [
        "BITFIELD_RO",
        "k",
        *[part for each in elements for at in positions(each) for part in ("GET", "u1", f"{at}")],
    ]


def setting(elements: list[str]) -> list[str]:
    return [
        "BITFIELD",
        "k",
        *[part for each in elements for at in positions(each) for part in ("SET", "u1", f"{at}", "1")],
    ]


def names(count: int, what: str = "element") -> list[str]:
    return [f"{what} {number}" for number in range(count)]


def filled(stage: Stage) -> tuple[Any, Any]:
    """Put some in, on both sides: those that will be asked for, and more. Half of the capacity takes 15 seconds."""
    raw, seen = stage.raw, stage.place("app.seen").as_bloom_filter(capacity=CAPACITY, error_rate=ERROR_RATE)
    raw.setbit("k", BITS, 0)
    for first in range(0, 3 * MANY, MANY):
        some = [f"element {number}" for number in range(first, first + MANY)]
        raw.execute_command(*setting(some))
        seen.update(some)
    return raw, seen


@row("bloom.contains_many() of 10,000", "one BITFIELD_RO, made ready", 2.0)
def contains_many(stage: Stage) -> Pair:
    raw, seen = filled(stage)
    mixed = [*names(MANY // 2), *names(MANY // 2, "other")]
    command = reading(mixed)
    return Pair(raw=lambda: raw.execute_command(*command), ours=lambda: seen.contains_many(mixed))


@row("bloom.contains_many() of 10,000, all in", "one BITFIELD_RO, packed", 2.0)
def contains_many_packed(stage: Stage) -> Pair:
    """The same, as bytes that only have to be sent: what remains is the server's work, and its reply."""
    raw, seen = filled(stage)
    there = names(MANY)
    link = raw.connection_pool.get_connection()
    packed = link.pack_commands([reading(there)])

    def ask() -> object:
        link.send_packed_command(packed)
        return link.read_response()

    return Pair(raw=ask, ours=lambda: seen.contains_many(there))


@row("bloom.update() of 10,000 new ones", "one BITFIELD, made ready", 1.5)
def update(stage: Stage) -> Pair:
    raw, seen = stage.raw, stage.place("app.seen").as_bloom_filter(capacity=CAPACITY, error_rate=ERROR_RATE)
    many = names(MANY)
    command = setting(many)

    def prepare() -> None:
        raw.delete("k")
        raw.setbit("k", BITS, 0)
        seen.clear()
        seen.add("first")

    return Pair(raw=lambda: raw.execute_command(*command), ours=lambda: seen.update(many), prepare=prepare)


@row("bloom.add(v)", "one BITFIELD of 7 bits, hashed by hand", 1.50)
def add(stage: Stage) -> Pair:
    raw, seen = filled(stage)
    ours, theirs = itertools.count(), itertools.count()
    return Pair(
        raw=lambda: not all(raw.execute_command(*setting([f"new {next(theirs)}"]))),
        ours=lambda: seen.add(f"new {next(ours)}"),
    )


@row("v in bloom", "one BITFIELD_RO of 7 bits, hashed by hand", 1.30)
def contains(stage: Stage) -> Pair:
    raw, seen = filled(stage)
    return Pair(raw=lambda: all(raw.execute_command(*reading(["element 7"]))), ours=lambda: "element 7" in seen)
