"""CPython's tests of ``collections.deque``, ``test.test_deque``, with typed deques in its place.

The module is made once more, while ``collections.deque`` is ``Dequed``: so are the subclasses that it makes.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable
from typing import Any
from unittest.mock import patch

import pytest

from redicts.leaves.deque import Deque
from tests.stdlib.again import made_again
from tests.stdlib.ground import Ground, left_out


class Dequed(Deque[Any]):
    """A typed deque that is made as a deque is: at a place of its own."""

    __slots__ = ("__weakref__",)

    def __init__(self, iterable: Iterable[Any] = (), maxlen: int | None = None) -> None:
        if hasattr(self, "_place"):  # once more: the new elements come in the place of the old ones
            self.clear()
        else:
            super().__init__(Ground.place(), None, maxlen)
        self.extend(iterable)


def made_of_dequed() -> Any:
    module: Any = made_again("test.test_deque", {}, patch.object(collections, "deque", Dequed))
    assert module.deque is Dequed
    assert issubclass(module.Deque, Dequed)
    return module


theirs: Any = made_of_dequed()
theirs.BIG = 1100  # of 100,000 steps: each is a round trip here
in_full: Any = made_of_dequed()
in_full.BIG = 20_000

ODD = "stores, or looks for, objects with an equality of their own: JSON has none"
SAME = "asks whether a copy has the same objects: elements are read anew each time"
PICKLED = "pickles handles or iterators: what is pickled should be to_list()"
SHOWN = "repr shows the place, and asks nobody for the elements; and a deque cannot hold itself"
FREED = "stores objects of its own, and asks when they are freed"
ITERATES = "an iterator cannot be told of changes: it goes on with what is there"

OF_BASIC = {
    "test_maxlen": SHOWN,
    "test_repr": SHOWN,
    "test_count": ODD,
    "test_contains": ODD,
    "test_contains_count_stop_crashes": ODD,
    "test_contains_count_index_stop_crashes": ODD,
    "test_index": ODD,
    "test_remove": ODD,
    "test_copy": SAME,
    "test_deepcopy": SAME,
    "test_pickle": PICKLED,
    "test_pickle_recursive": PICKLED,
    "test_iterator_pickle": PICKLED,
    "test_container_iterator": FREED,
    "test_reversed_new": "makes a reversed iterator by its type: here it is a generator",
    "test_sizeof": "sizes in memory",
}
SLOW = {
    "test_getitem": "asks 40,000 times for an element; in TestBasicInFull",
    "test_gc_doesnt_blowup": "collects garbage 100 times, which takes long in so large a process; in TestBasicInFull",
    "test_long_steadystate_queue_popright": "as the one for popleft, which runs here; in TestBasicInFull",
}


@left_out({**OF_BASIC, **SLOW})
class TestBasic(theirs.TestBasic):  # type: ignore[misc]
    """What a deque can do."""


@pytest.mark.exhaustive
@left_out(OF_BASIC)
class TestBasicInFull(in_full.TestBasic):  # type: ignore[misc]
    """The same, and more, with many more steps."""


@left_out({"test_iter_with_altered_data": ITERATES, "test_runtime_error_on_empty_deque": ITERATES})
class TestVariousIteratorArgs(theirs.TestVariousIteratorArgs):  # type: ignore[misc]
    """What deques are made of."""


@left_out(
    {
        "test_copy_pickle": PICKLED,
        "test_pickle_recursive": PICKLED,
        "test_bug_31608": "a subclass whose __new__ gives something else",
    }
)
class TestSubclass(theirs.TestSubclass):  # type: ignore[misc]
    """Subclasses."""


class TestSubclassWithKwargs(theirs.TestSubclassWithKwargs):  # type: ignore[misc]
    """A subclass that is made of other arguments."""


@left_out(
    {
        "test_contains_fake": ODD,
        "test_contains_order": ODD,
        "test_count": ODD,
        "test_index": ODD,
        "test_pickle": PICKLED,
    }
)
class TestSequence(theirs.TestSequence):  # type: ignore[misc]
    """``seq_tests.CommonTest``, as ``test_deque`` applies it."""
