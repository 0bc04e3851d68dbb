"""Large hashes and sets come in another order while the server makes room in them: nobody is sent round for that."""

from __future__ import annotations

from typing import Any

import pytest

from redicts import Proxy
from tests.support.backends import Backend
from tests.support.trees import tree_of

SIZES = [600, 5000, 9000, 10_000, 17_000]
"""Of such tables that some are just growing."""


def scripts_run(backend: Backend) -> int:
    """How many scripts the server has run."""
    stats: Any = backend.client.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("eval", "evalsha"))


@pytest.mark.parametrize("size", SIZES)
def test_what_is_compared_has_a_fixed_order(real_backend: Backend, size: int) -> None:
    place: Proxy = tree_of(real_backend).get("a.b")
    numbers = {str(number): number for number in range(size)}

    def steps(act: Any) -> int:
        place.set((), numbers)
        before = scripts_run(real_backend)
        act()
        return scripts_run(real_backend) - before

    assert steps(lambda: place.convert("dict")) <= 2 + 1, "one to load the script"
    assert steps(lambda: place.transform(lambda value: {**value, "x": 1})) <= 3 + 1
    assert steps(lambda: place.compare_and_set(numbers, 1)) <= 2 + 1
    place.set((), list(range(size)))
    assert place.convert("set")
    before = scripts_run(real_backend)
    assert place.convert("json")
    assert scripts_run(real_backend) - before <= 2
