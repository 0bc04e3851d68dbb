"""CPython's tests of ``list``, with typed lists in its place: ``test.list_tests``, ``test.seq_tests``, ``test.test_list``.

The module of ``test.test_list`` is made once more, and what it calls ``list`` is ``Listed``.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from typing import Any

import pytest

from redicts.leaves.list import List
from tests.stdlib.ground import Ground, left_out

list_tests: Any = pytest.importorskip("test.list_tests")
spec = importlib.util.find_spec("test.test_list")
if spec is None or spec.loader is None:
    pytest.skip("this Python came without its tests", allow_module_level=True)


class Listed(List[Any]):
    """A typed list that is made as a list is: at a place of its own."""

    def __init__(self, values: Iterable[Any] = (), /) -> None:
        if hasattr(self, "_place"):  # once more: the new elements come in the place of the old ones
            self[:] = values
        else:
            super().__init__(Ground.place())
            self.extend(values)


theirs: Any = importlib.util.module_from_spec(spec)
theirs.list = Listed
spec.loader.exec_module(theirs)

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

    def test_what_is_here(self) -> None:
        """The tests of both modules are among them."""
        assert isinstance(self, list_tests.CommonTest)
        assert theirs.ListTest.type2test is Listed
