"""What is in typed leaves, read in pages, and looked at: whether it is what such a leaf can hold.

May import core and errors. Invariant: no more than a few pages are held, however much there is; a page of a place that
has become something else meanwhile is empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from redicts.core.codec import TYPED, Json, decode, encode_canonical
from redicts.core.effects import Eval, Op
from redicts.core.keys import KeySpace
from redicts.core.kinds import KINDS, Kind
from redicts.core.paths import Path
from redicts.core.scripts import load
from redicts.errors import InternalError

__all__ = ["Found", "has_dict", "is_count", "look_into"]

PAGE: Final = 1000
"""About how many elements of a leaf one round trip asks for."""

AT_ONCE: Final = 20
"""How many leaves one round trip asks for pages of."""

TOLD: Final = 10
"""How many faults are told of one leaf: where there are more, they are of one cause."""


class Found(NamedTuple):
    """Something that a typed leaf cannot hold.

    Attributes:
        path: The leaf.
        kind: What is wrong with it, as ``"not JSON"``.
        text: What is stored.
    """

    path: Path
    kind: str
    text: str


def look_into(space: KeySpace, leaves: list[tuple[Path, str]]) -> Op[list[Found]]:
    """Look at all that is in typed leaves. Those that are no containers hold nothing that JSON could say.

    Args:
        space: The keys of the tree.
        leaves: Their paths and markers.

    Cost: 1 round trip for 20 leaves, and for each 1,000 elements of the largest of them.
    """
    found: list[Found] = []
    leaves = [each for each in leaves if KINDS[each[1].removeprefix(TYPED)].is_container]
    for start in range(0, len(leaves), AT_ONCE):
        cursors = dict.fromkeys(leaves[start : start + AT_ONCE], "0")
        while cursors:
            replies = yield tuple([_page(space, path, marker, cursors[path, marker]) for path, marker in cursors])
            for (path, marker), (cursor, texts) in zip(list(cursors), replies, strict=True):
                wrong = [Found(path, *each) for each in _wrong(KINDS[marker.removeprefix(TYPED)], texts)]
                found += [each for each in wrong[:TOLD] if each not in found]
                cursors[path, marker] = cursor
                if cursor == "0" or len(wrong) >= TOLD:
                    del cursors[path, marker]
    return found


def _page(space: KeySpace, path: Path, marker: str, cursor: str) -> Eval:
    keys = space.leaf(path)
    return Eval(load("redicts.tree", "contents"), (keys.entry, keys.body), (keys.field, marker, cursor, str(PAGE)))


def _wrong(kind: Kind, texts: list[str]) -> Iterator[tuple[str, str]]:
    """Look at one page: give what is wrong, and the text that is."""
    if kind.snapshot == "elements":
        for text in texts:
            yield from _wrong_element(text)
        return
    for text, other in zip(texts[::2], texts[1::2], strict=True):
        if kind.snapshot == "items":
            yield from _wrong_element(text)
            yield from _wrong_value(other, count=kind.name == "counter")
        elif kind.snapshot == "scores":
            yield from _wrong_element(text)
        else:
            word, _, rest = text.partition(" ")
            yield from _wrong_value(rest) if word and rest else [("not an element", text)]


def _wrong_element(text: str) -> Iterator[tuple[str, str]]:
    """Look at what is compared by its text: it has one spelling only; a dict may be what a type makes hashable."""
    try:
        value = decode(text)
    except InternalError:
        yield "not JSON", text
        return
    if encode_canonical(value) != text:
        yield "not canonical", text


def _wrong_value(text: str, *, count: bool = False) -> Iterator[tuple[str, str]]:
    try:
        value = decode(text)
    except InternalError:
        yield "not JSON", text
        return
    if count and not is_count(value):
        yield "not a count", text


def is_count(value: Json) -> bool:
    """Whether a counter can hold a value."""
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def has_dict(value: Json) -> bool:
    """Whether a dict is in a value: then it is not hashable."""
    return isinstance(value, dict) or (isinstance(value, list) and any(map(has_dict, value)))
