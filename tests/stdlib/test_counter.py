"""CPython's tests of ``collections.Counter``, with typed counters in its place: ``test.test_collections.TestCounter``.

They go through a thousand random counters, and all pairs of 64; by default, here, through some of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import Any

import pytest

from redicts.leaves.counter import Counter
from tests.stdlib.ground import Ground, left_out
from tests.stdlib.rewritten import rewritten


class Counted(Counter[Any]):
    """A typed counter that is made as a counter is: at a place of its own."""

    def __init__(self, other: Any = None, /, **more: Any) -> None:
        if not hasattr(self, "_place"):  # else once more: it counts on
            super().__init__(Ground.place())
        self.update(other, **more)

    def copy(self) -> Any:
        """At a place of its own, too: a copy of a typed counter is a plain one, which is not what they are to test."""
        return Counted(self)


def some(*of: Any, **options: Any) -> Iterator[Any]:
    """``itertools.product``; of pairs, one of 41."""
    return islice(product(*of, **options), 0, None, 41 if options else 1)


def fewer(*bounds: int) -> range:
    """``range``, but to 30 at most."""
    return range(*(min(each, 30) for each in bounds))


SHOWN = "repr shows the place, and asks nobody for what is there"
ORDER = "a hash keeps no order"
INTEGERS = "counts are integers, None is none"
KIND = "a typed leaf is a MutableMapping, and no dict"
COPIED = "what is copied and pickled should be to_counter(), and not the handle"

PARTS = {
    "test_basics": {
        "dict)": KIND,
        "list(c": ORDER,
        "most_common": ORDER,
        "join(c.elements": ORDER,
        "repr(": SHOWN,
    },
    "test_init": {"None": INTEGERS},
    "test_update": {"None": INTEGERS},
    "test_copying": {"copy.": COPIED, "pickle": COPIED, "repr(": SHOWN},
}
"""What is dropped from tests of which the rest is run."""

LEFT = {
    "test_copy_subclass": COPIED,
    "test_helper_function": "it is about a function of the standard library's, and subclasses of the builtin",
    "test_order_preservation": ORDER,
    "test_repr_nonsortable": SHOWN,
}


def made(names: dict[str, Any]) -> Any:
    """Make their class."""
    return rewritten("test.test_collections", ("TestCounter",), {"Counter": Counted, **names}, PARTS).TestCounter


@left_out(LEFT)
class TestCounter(made({"range": fewer, "product": some})):  # type: ignore[misc]
    """All that is asked of a counter."""


@pytest.mark.exhaustive
@left_out(LEFT)
class TestCounterInFull(made({})):  # type: ignore[misc]
    """The same, with all counters and all pairs."""
