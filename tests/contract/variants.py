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
OLDER = ("valkey-resp2", "redis-resp2")


def left_out(test: str, variants: Iterable[str]) -> set[str]:
    """Choose what a test leaves to ``-m exhaustive``, of what it would run over by default.

    Through asyncio, and through pipelines, it uses one backend. RESP2 it speaks to one of the servers.
    """
    groups: dict[str, list[str]] = {}
    for variant in variants:
        face, _, backend = variant.rpartition(":")
        if face or backend in OLDER:
            groups.setdefault(face, []).append(variant)
    kept = {found[crc32(f"{face} {test}".encode()) % len(found)] for face, found in groups.items()}
    return {variant for found in groups.values() for variant in found} - kept


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

mostly_sync = pytest.mark.parametrize("backend", [*VARIANTS, *_others()], indirect=True)
"""For what takes even longer: the other faces where every case is asked for."""

sync_only = pytest.mark.parametrize("backend", VARIANTS, indirect=True)
"""For what only the synchronous face has, and for what no face is asked for."""
