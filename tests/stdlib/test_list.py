"""CPython's tests of ``list``, with typed lists in its place: ``test.test_list``, with what it has from elsewhere.

(That is ``test.list_tests`` and ``test.seq_tests``.) The module is made once more, and what it calls ``list`` is
``Listed``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

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
