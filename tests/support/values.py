"""Hypothesis strategies for components, paths and JSON values, with the awkward ones drawn often; and how to compare.

Pure: knows the rules of design section 2, and asks nothing of the code under test.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

__all__ = ["AWKWARD_NAMES", "as_json", "components", "documents", "json_values", "paths", "same"]

AWKWARD_NAMES = (
    ".", "..", "\\", "\\.", "a.b", "a\\", "{", "}", "{a}", "}{", '"', "'", "/", "~", "@list", ":", "*", "?", "[x]", " ",
    "\x00", "\n", "\r\n", "\t", "\x1f", "\x7f", "\u0085", "\u2028", "\ufeff", "é", "e\u0301", "日本語", "😀",
    "\U0010ffff", "\\u002e", "\\u002E", "u002e", "null", "NaN", "0", "-1", "__proto__", "%s", "redis.call('FLUSHALL')",
)  # fmt: skip
"""Names that mean something to some layer below."""

_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
_tight = st.text('.\\{}"u02e', min_size=1, max_size=6)  # what escapes are made of: collisions would be here

components = st.one_of(_text, st.sampled_from(AWKWARD_NAMES), _tight)
"""Valid components."""

paths = st.lists(components, max_size=6).map(tuple)
"""Valid paths, the root among them."""

_any_text = st.text(st.characters(), max_size=8)  # lone surrogates too

_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 2**53, 2**53 + 1, 2**63, -(2**63) - 1, 2**80, 10**300]),
    st.floats(),
    st.sampled_from([0.1, -0.0, 5e-324, 1.7976931348623157e308, 1e16, float("nan"), float("inf"), float("-inf")]),
    _any_text,
    st.sampled_from(AWKWARD_NAMES),
)

json_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_any_text, inner, max_size=4),
    max_leaves=12,
)
"""Any JSON value. The keys of its dicts are any text, which is no components: it fits into a leaf."""

documents = st.recursive(
    _scalars | st.lists(json_values, max_size=3),
    lambda inner: st.dictionaries(components, inner, max_size=4),
    max_leaves=12,
)
"""What a place can be set to: dicts in dicts are nodes, so their keys are components."""


def as_json(value: Any) -> Any:
    """The value as JSON gives it back."""
    return json.loads(json.dumps(value))


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: 1, 1.0 and True differ, NaN equals itself, the order of keys is nothing."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
