"""Which tests run over which faces and backends; the parameters of the ``backend`` fixture of this folder.

Every test runs over every face, and over every backend, where every case is asked for (``-m exhaustive``), and then
over each backend through each face. What a default run leaves out is chosen by the test's name and by the number of the
case among those of the test, so that over all tests each pair of the usual ones gets its share: see ``left_out``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zlib import crc32

import pytest

from tests.support.backends import FACES, VARIANTS

__all__ = ["EVERYWHERE", "SERVERS", "left_out", "mostly_sync", "on", "once_each", "sync_only"]

USUAL = ("fake", "valkey-resp3", "redis-resp3")

SERVERS = ("valkey-resp3", "redis-resp2", "valkey-resp2", "redis-resp3")
"""Both servers in both protocols, in the order in which the cases of a test take them."""

MANY = 4
"""A test of so many cases shares the faces out among them."""


def left_out(test: str, number: int, cases: int, variants: Iterable[str]) -> set[str]:
    """Choose what a case leaves to ``-m exhaustive``, of what it would run over by default.

    Through the synchronous face it uses one server, in one protocol: the four take turns. Three other ways take turns
    too: fakeredis, and each other face, over one backend. A case goes two of them; that of a test of many, or of one
    that runs over few backends through other faces since it takes long, goes one.

    Args:
        test: The name of the test.
        number: Of the case among those of the test: its other parameters tell it from them.
        cases: How many the test has.
        variants: What the case would run over.
    """
    found = sorted(variants)
    turn = crc32(test.encode()) + number
    servers = [variant for variant in SERVERS if variant in found]
    kept = {servers[turn % len(servers)]} if servers else set()
    ways = [(face, [variant for variant in found if variant.startswith(f"{face}:")]) for face in FACES]
    ways = [way for way in [("fake", [variant for variant in found if variant == "fake"]), *ways] if way[1]]
    others = [through[(crc32(f"{way} {test}".encode()) + number // len(ways)) % len(through)] for way, through in ways]
    takes_long = any(way in FACES and len(through) == 1 for way, through in ways)
    first, count = turn % max(1, len(others)), 1 if cases >= MANY or takes_long else 2
    others = [*others[first:], *others[:first]][:count]
    return {*found} - kept - {*others}


def _others(*usual: str) -> list[Any]:
    return [
        pytest.param(f"{face}:{variant}", marks=() if variant in usual else pytest.mark.exhaustive)
        for face in FACES
        if face != "sync"
        for variant in VARIANTS
    ]


def on(*variants: str) -> pytest.MarkDecorator:
    """Have a test run over these, and no others at all."""
    return pytest.mark.parametrize("backend", variants, indirect=True)


EVERYWHERE: list[Any] = [*VARIANTS, *_others(*USUAL)]
"""What a test runs over where it says nothing."""

once_each = pytest.mark.parametrize("backend", [*VARIANTS, *_others("valkey-resp3")], indirect=True)
"""For what takes long, or asks much of a backend and little of a face."""

_SLOW = [pytest.param("fake", marks=pytest.mark.exhaustive), *[variant for variant in VARIANTS if variant != "fake"]]
mostly_sync = pytest.mark.parametrize("backend", [*_SLOW, *_others()], indirect=True)
"""For what takes even longer: the other faces, and fakeredis, where every case is asked for."""

sync_only = on(*VARIANTS)
"""For what only the synchronous face has, and for what no face is asked for."""
