"""CPython's tests of ``set``, ``test.test_set``, with typed sets in its place: the classes for sets that can change.

The module is made once more, and what it calls ``set`` is ``Setted``. What it makes while it is loaded is plain, and so
are displays (``{1, 2}``), ``frozenset``, and what operators give: so leaves and plain sets meet on both sides.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Any

import pytest

from redicts.leaves.set import Set
from tests.stdlib.ground import Ground, left_out
from tests.stdlib.rewritten import Drops, rewritten


class Setted(Set[Any]):
    """A typed set that is made as a set is: at a place of its own; a plain one while no test runs."""

    __slots__ = ("__weakref__",)

    def __new__(cls, values: Iterable[Any] = (), /) -> Any:
        return super().__new__(cls) if Ground._database is not None else builtins.set(values)

    def __init__(self, values: Iterable[Any] = (), /) -> None:
        if not hasattr(self, "_place"):
            super().__init__(Ground.place())
        _ = self.store_union(values)  # once more: the new elements come in the place of the old ones


FROZEN = "stores a frozenset, which is no JSON value"
HINT = "asks an iterator how much is to come: others may put more in"
DROPPED: Drops = {
    "test_contains": {"frozenset(": FROZEN, "self.thetype(self.letters), s": FROZEN},
    "test_remove": {"frozenset(": FROZEN, "self.thetype(self.word)": FROZEN},
    "test_discard": {"frozenset(": FROZEN, "self.thetype(self.word)": FROZEN},
    "test_iteration": {"setiter": HINT},
}
theirs: Any = rewritten("test.test_set", ("TestJointOps", "TestSet", "TestBasicOps"), {"set": Setted}, DROPPED)

ODD = "stores, or looks for, objects with an equality of their own: JSON has none"
PICKLED = "pickles handles or iterators: what is pickled should be to_set()"
SHOWN = "repr shows the place, and asks nobody for the elements; and a set cannot hold itself"
FREED = "stores objects of its own, and asks when they are freed"
ITERATES = "an iterator cannot be told of changes: it goes on with what is there"
DISPLAY = "sets are made by displays there: it is about the builtin, whatever thetype is"

OF_SET = {
    "test_setOfFrozensets": FROZEN,
    "test_badcmp": ODD,
    "test_do_not_rehash_dict_keys": ODD,
    "test_deepcopy": ODD,
    "test_pickling": PICKLED,
    "test_iterator_pickling": PICKLED,
    "test_cyclical_repr": SHOWN,
    "test_gc": FREED,
    "test_container_iterator": FREED,
    "test_subclass_with_custom_hash": "stores a set in a set: " + FROZEN,
    "test_set_literal": DISPLAY,
    "test_set_literal_insertion_order": DISPLAY,
    "test_set_literal_evaluation_order": DISPLAY,
    "test_rich_compare": DISPLAY,
    "test_c_api": "of debug builds",
}
OF_BASIC = {"test_repr": SHOWN, "test_pickling": PICKLED}


@left_out(OF_SET)
class TestSet(theirs.TestSet):  # type: ignore[misc]
    """What a set can do."""

    basetype = set


@left_out({**OF_SET, "test_keywords_in_subclass": "subclasses with a __new__ that takes the elements"})
class TestSetSubclass(theirs.TestSetSubclass):  # type: ignore[misc]
    """The same of a subclass."""

    basetype = set


@left_out(OF_BASIC)
class TestBasicOpsEmpty(theirs.TestBasicOpsEmpty):  # type: ignore[misc]
    """An empty set."""


@left_out(OF_BASIC)
class TestBasicOpsSingleton(theirs.TestBasicOpsSingleton):  # type: ignore[misc]
    """A number."""


@left_out(OF_BASIC)
class TestBasicOpsTuple(theirs.TestBasicOpsTuple):  # type: ignore[misc]
    """A tuple."""


@left_out(OF_BASIC)
class TestBasicOpsString(theirs.TestBasicOpsString):  # type: ignore[misc]
    """Three texts. (``TestBasicOpsTriple`` and those of bytes store what is no JSON value.)"""


@left_out({"test_changingSizeWhileIterating": ITERATES})
class TestExceptionPropagation(theirs.TestExceptionPropagation):  # type: ignore[misc]
    """Iterables that fail."""


class TestBinaryOps(theirs.TestBinaryOps):  # type: ignore[misc]
    """Operators."""


class TestUpdateOps(theirs.TestUpdateOps):  # type: ignore[misc]
    """Operators in place, and their methods."""


class TestMutate(theirs.TestMutate):  # type: ignore[misc]
    """One element."""


class BothAreLeaves:
    """The sets of a class that are made when the module is loaded, made leaves for each test."""

    left: Any
    right: Any

    def setUp(self) -> None:
        self.left, self.right = Setted(self.left), Setted(self.right)


class TestSubsetEqualEmpty(BothAreLeaves, theirs.TestSubsetEqualEmpty):  # type: ignore[misc]
    """Comparisons of two empty sets."""


class TestSubsetEqualNonEmpty(BothAreLeaves, theirs.TestSubsetEqualNonEmpty):  # type: ignore[misc]
    """Comparisons of equal ones."""


class TestSubsetEmptyNonEmpty(BothAreLeaves, theirs.TestSubsetEmptyNonEmpty):  # type: ignore[misc]
    """Comparisons with an empty one."""


class TestSubsetPartial(BothAreLeaves, theirs.TestSubsetPartial):  # type: ignore[misc]
    """Comparisons of a part."""


class TestSubsetNonOverlap(BothAreLeaves, theirs.TestSubsetNonOverlap):  # type: ignore[misc]
    """Comparisons of disjoint ones."""


class TestOnlySetsNumeric(theirs.TestOnlySetsNumeric):  # type: ignore[misc]
    """Operators refuse a number."""


class TestOnlySetsDict(theirs.TestOnlySetsDict):  # type: ignore[misc]
    """Operators refuse a dict."""


class TestOnlySetsOperator(theirs.TestOnlySetsOperator):  # type: ignore[misc]
    """Operators refuse a function."""


class TestOnlySetsTuple(theirs.TestOnlySetsTuple):  # type: ignore[misc]
    """Operators refuse a tuple."""


class TestOnlySetsString(theirs.TestOnlySetsString):  # type: ignore[misc]
    """Operators refuse a text."""


class TestOnlySetsGenerator(theirs.TestOnlySetsGenerator):  # type: ignore[misc]
    """Operators refuse a generator."""


class TestIdentities(theirs.TestIdentities):  # type: ignore[misc]
    """Laws of sets."""


class TestVariousIteratorArgs(theirs.TestVariousIteratorArgs):  # type: ignore[misc]
    """What is iterated over in every way."""


@left_out({"test_8420_set_merge": ODD, "test_merge_and_mutate": ODD})
class TestWeirdBugs(theirs.TestWeirdBugs):  # type: ignore[misc]
    """An iteration while all is replaced."""


@pytest.mark.parametrize("copying", ["Empty", "Singleton", "Triple", "Tuple", "Nested"])
def test_copying(copying: str) -> None:
    """``TestCopying``, whose tests ask for the same objects: here for equal ones."""
    case = getattr(theirs, f"TestCopying{copying}")()
    case.setUp()
    assert type(case.set.copy()) is set
    assert sorted(case.set.copy(), key=repr) == sorted(case.set, key=repr) == sorted(case.set.to_set(), key=repr)
