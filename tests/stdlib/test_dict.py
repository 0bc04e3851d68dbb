"""CPython's tests of mappings and of ``dict``, with typed dicts in its place.

That is ``test.mapping_tests``, and ``test.test_dict.DictTest``, whose dicts are mostly displays: see ``rewritten``.
What goes through a hundred thousand elements, one at a time, goes through fewer here: see ``Shorter``.
"""

from __future__ import annotations

import random
from typing import Any

from redicts.leaves.dict import Dict
from tests.stdlib.ground import Ground, left_out
from tests.stdlib.rewritten import rewritten


class Dicted(Dict[Any, Any]):
    """A typed dict that is made as a dict is: at a place of its own."""

    def __init__(self, other: Any = (), /, **more: Any) -> None:
        super().__init__(Ground.place())
        self.update(other, **more)


class Shorter:
    """``random``, with sizes of dicts up to 500."""

    sample, shuffle = random.sample, random.shuffle

    @staticmethod
    def randrange(*bounds: int) -> int:
        return min(random.randrange(*bounds), 500)


def shorter(*bounds: int) -> range:
    """``range``, but dicts to be popped empty have up to 128 keys, not 2,048."""
    return range(*(bounds if bounds != (12,) else (8,)))


ODD = "keys or values with a hash or an equality of their own: JSON has none"
SHOWN = "repr shows the place, and asks nobody for what is there"
ORDER = "a hash keeps no order"
IDENTITY = "asks for the object that was stored: values are read anew each time"
OTHERS = "an iteration goes on while somebody writes, as others may at any time"
PICKLED = "pickles iterators: what is pickled should be to_dict()"
MADE = "a handle is opened at a place: no class method can make one"
BUILTIN = "it is about how the builtin is made: its memory, its tables, the dicts of objects"

ODD_PARTS = dict.fromkeys(("BadEq(", "BadCmp(", "BadHash(", "(Exc,", "(Exc)", "d[x]", "x.fail"), ODD)
PARTS = {
    "test_setdefault": {**ODD_PARTS, ".append(": IDENTITY, "d['key']": IDENTITY},
    "test_getitem": ODD_PARTS,
    "test_pop": ODD_PARTS,
    "test_eq": ODD_PARTS,
    "test_popitem": {"ta != tb": ORDER},
    "test_keys": {"repr(": SHOWN},
    "test_values": {"repr(": SHOWN},
    "test_items": {"repr(": SHOWN},
    "test_copy": {"d.__class__": "a copy is a plain dict: it has no place"},
}
"""What is dropped from tests of which the rest is run."""

PROTOCOLS = ("BasicTestMappingProtocol", "TestMappingProtocol", "TestHashMappingProtocol")
mappings: Any = rewritten("test.mapping_tests", PROTOCOLS, {"range": shorter}, PARTS)
NAMES = {"dict": Dicted, "Dicted": Dicted, "range": shorter, "random": Shorter}
theirs: Any = rewritten("test.test_dict", ("DictTest",), NAMES, PARTS, "Dicted")


class Reference:
    """Values that JSON gives back as they were: theirs have a tuple among them."""

    type2test = Dicted

    def _reference(self) -> dict[str, Any]:
        return {"1": "2", "key1": "value1", "key2": 3.5}


class TestBasicProtocol(Reference, mappings.BasicTestMappingProtocol):  # type: ignore[misc]
    """What every mapping does."""


@left_out({"test_fromkeys": MADE, "test_repr": SHOWN, "test_repr_deep": SHOWN})
class TestHashProtocol(Reference, mappings.TestHashMappingProtocol):  # type: ignore[misc]
    """What a dict does: all of ``TestMappingProtocol`` is in it."""


@left_out(
    {
        "test_bad_key": ODD,
        "test_copy_maintains_tracking": BUILTIN,
        "test_container_iterator": BUILTIN,
        "test_dict_contain_use_after_free": ODD,
        "test_dict_copy_order": ORDER,
        "test_dict_items_result_gc": BUILTIN,
        "test_dict_items_result_gc_reversed": BUILTIN,
        "test_dictitems_contains_use_after_free": ODD,
        "test_empty_presized_dict_in_freelist": BUILTIN,
        "test_equal_operator_modifying_operand": ODD,
        "test_errors_in_view_containment_check": ODD,
        "test_free_after_iterating": BUILTIN,
        "test_fromkeys": MADE,
        "test_fromkeys_operator_modifying_dict_operand": MADE,
        "test_fromkeys_operator_modifying_set_operand": MADE,
        "test_init_use_after_free": ODD,
        "test_instance_dict_getattr_str_subclass": BUILTIN,
        "test_iterator_pickling": PICKLED,
        "test_itemiterator_pickling": PICKLED,
        "test_merge_and_mutate": ODD,
        "test_missing": "subclasses with a __missing__",
        "test_mutating_iteration": OTHERS,
        "test_mutating_iteration_delete": OTHERS,
        "test_mutating_iteration_delete_over_items": OTHERS,
        "test_mutating_iteration_delete_over_values": OTHERS,
        "test_mutating_lookup": ODD,
        "test_object_set_item_single_instance_non_str_key": BUILTIN,
        "test_oob_indexing_dictiter_iternextitem": ODD,
        "test_reentrant_insertion": ODD,
        "test_repr": SHOWN,
        "test_repr_deep": SHOWN,
        "test_resize2": ODD,
        "test_reverse_iterator_for_empty_dict": ORDER,
        "test_reverse_iterator_for_shared_shared_dicts": BUILTIN,
        "test_reversed": ORDER,
        "test_reverseitemiterator_pickling": PICKLED,
        "test_reverseiterator_pickling": PICKLED,
        "test_reversevaluesiterator_pickling": PICKLED,
        "test_setdefault_atomic": ODD,
        "test_setitem_atomic_at_resize": ODD,
        "test_splittable_del": BUILTIN,
        "test_splittable_pop": BUILTIN,
        "test_splittable_pop_pending": BUILTIN,
        "test_splittable_popitem": BUILTIN,
        "test_splittable_setattr_after_pop": BUILTIN,
        "test_splittable_setdefault": BUILTIN,
        "test_splittable_to_generic_combinedtable": BUILTIN,
        "test_splittable_update": BUILTIN,
        "test_store_evilattr": BUILTIN,
        "test_str_nonstr": ODD,
        "test_string_keys_can_track_values": BUILTIN,
        "test_track_dynamic": BUILTIN,
        "test_track_literals": BUILTIN,
        "test_track_subtypes": BUILTIN,
        "test_valuesiterator_pickling": PICKLED,
    }
)
class TestDict(theirs.DictTest):  # type: ignore[misc]
    """What else is asked of a dict."""
