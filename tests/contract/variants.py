"""Which tests run over which faces and backends; the parameters of the ``backend`` fixture of this folder.

The synchronous face runs over all backends. The others, which differ from it above the wire only, run over one protocol
by default, and over the rest where every case is asked for (``-m exhaustive``).
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.backends import FACES, VARIANTS

__all__ = ["EVERYWHERE", "mostly_sync", "once_each", "sync_only"]

USUAL = ("fake", "valkey-resp3", "redis-resp3")


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
