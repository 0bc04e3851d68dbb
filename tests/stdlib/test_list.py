"""CPython's tests of ``list``, with typed lists in its place: ``test.test_list``, with what it has from elsewhere.

(That is ``test.list_tests`` and ``test.seq_tests``.) The module is made once more, and what it calls ``list`` is
``Listed``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from redicts.leaves.list import List
from tests.stdlib.again import made_again
from tests.stdlib.ground import Ground, left_out


class Listed(List[Any]):
    """A typed list that is made as a list is: at a place of its own."""

    def __init__(self, values: Iterable[Any] = (), /) -> None:
        if hasattr(self, "_place"):  # once more: the new elements come in the place of the old ones
            self[:] = values
        else:
            super().__init__(Ground.place())
            self.extend(values)


theirs: Any = made_again("test.test_list", {"list": Listed})

ODD = "stores, or looks for, objects with an equality of their own: JSON has none"
PICKLED = "pickles handles or iterators: what is pickled should be to_list()"
SHOWN = "repr shows the place, and asks nobody for the elements"
BUILTIN = "lists are made by brackets there: it is about the builtin, whatever type2test is"


@left_out(
    {
        "test_contains_fake": ODD,
        "test_contains_order": ODD,
        "test_count": ODD,
        "test_index": ODD,
        "test_remove": ODD,
        "test_copy": "asks whether a copy has the same objects: elements are read anew each time",
        "test_pickle": PICKLED,
        "test_iterator_pickle": PICKLED,
        "test_reversed_pickle": PICKLED,
        "test_repr": SHOWN,
        "test_repr_deep": "nests lists as objects, and " + SHOWN,
        "test_keywords_in_subclass": "subclasses with a __new__ that takes the elements",
        "test_repr_large": BUILTIN,
        "test_overflow": BUILTIN,
        "test_list_resize_overflow": BUILTIN,
        "test_step_overflow": BUILTIN,
        "test_empty_slice": BUILTIN,
        "test_identity": BUILTIN,
        "test_no_comdat_folding": BUILTIN,
        "test_equal_operator_modifying_operand": BUILTIN,
        "test_lt_operator_modifying_operand": BUILTIN,
        "test_list_index_modifing_operand": BUILTIN,
        "test_tier2_invalidates_iterator": BUILTIN,
        "test_count_index_remove_crashes": BUILTIN,
        "test_preallocation": "sizes in memory",
    }
)
class TestList(theirs.ListTest):  # type: ignore[misc]
    """All of ``list_tests.CommonTest`` and ``seq_tests.CommonTest``, and what ``test_list`` adds."""

    type2test = Listed


assert theirs.ListTest.type2test is Listed


# -- what is asked there of lists made by brackets -------------------------------------------------------------------


def test_steps_as_large_as_can_be() -> None:
    row = Listed(range(5))
    row[1 :: sys.maxsize] = [0]
    assert row[3 :: sys.maxsize] == [3]
    assert row == [0, 0, 2, 3, 4]


def test_nothing_put_into_itself() -> None:
    row = Listed()
    row[:] = row
    assert row == []


def test_emptied_while_its_new_elements_are_made() -> None:
    row = Listed(range(5))

    def emptying() -> Iterator[int]:
        yield from row
        row.clear()

    with pytest.raises(ValueError, match="size 5 to extended slice of size 0"):
        row[::-1] = emptying()


def test_more_than_there_is_room_for() -> None:
    row: List[Any] = Listed(range(4))
    with pytest.raises((MemoryError, OverflowError)):
        _ = row * (sys.maxsize // 2)
    with pytest.raises(ValueError, match="too large for one atomic step"):  # on the server, which has no say in it
        row *= sys.maxsize // 2
    assert row == [0, 1, 2, 3]


def test_an_iterator_that_has_ended_stays_so() -> None:
    row = Listed([1, 2, 3])
    steps = iter(row)
    assert list(steps) == [1, 2, 3]
    row.append(4)
    assert list(steps) == []
