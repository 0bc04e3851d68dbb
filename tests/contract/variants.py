"""Which tests run over which faces and backends; the parameters of the ``backend`` fixture of this folder.

Every test runs over every face, and over every backend, by default; and where every case is asked for (``-m
exhaustive``), over each backend through each face. What a default run leaves out is chosen by the test's name, so that
over all tests each pair of the usual ones gets its share: see ``left_out``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zlib import crc32

import pytest

from tests.support.backends import FACES, VARIANTS

__all__ = ["EVERYWHERE", "left_out", "mostly_sync", "once_each", "sync_only"]

USUAL = ("fake", "valkey-resp3", "redis-resp3")


def left_out(test: str, variants: Iterable[str]) -> set[str]:
    """Choose what a test leaves to ``-m exhaustive``, of what it would run over by default.

    It speaks RESP2 to one of the servers, and RESP3 to the other. Through asyncio, and through pipelines, it uses one
    backend.
    """
    found = sorted(variants)
    choice = crc32(test.encode())
    left = {f"valkey-resp{2 + choice % 2}", f"redis-resp{3 - choice % 2}"}
    for face in FACES:
        through = [variant for variant in found if variant.startswith(f"{face}:")]
        if through:
            left |= {*through} - {through[crc32(f"{face} {test}".encode()) % len(through)]}
    return left & {*found}


def _others(*usual: str) -> list[Any]:
    return [
        pytest.param(f"{face}:{variant}", marks=() if variant in usual else pytest.mark.exhaustive)
        for face in FACES
        if face != "sync"
        for variant in VARIANTS
    ]


EVERYWHERE: list[Any] = [*VARIANTS, *_others(*USUAL)]
"""What a test runs over where it says nothing."""

once_each = pytest.mark.parametrize("backend", [*VARIANTS, *_others("valkey-resp3")], indirect=True)
"""For what takes long, or asks much of a backend and little of a face."""

_SLOW = [pytest.param("fake", marks=pytest.mark.exhaustive), *[variant for variant in VARIANTS if variant != "fake"]]
mostly_sync = pytest.mark.parametrize("backend", [*_SLOW, *_others()], indirect=True)
"""For what takes even longer: the other faces, and fakeredis, where every case is asked for."""

sync_only = pytest.mark.parametrize("backend", VARIANTS, indirect=True)
"""For what only the synchronous face has, and for what no face is asked for."""
