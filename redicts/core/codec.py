"""The wire format: Python values <-> JSON text, and nested dicts <-> the rows of a document.

A *document* is what a place is set to: either one leaf (a JSON text) or a node, which is flattened into *rows*, one for
each node in it. Scripts store rows as they are; nothing is ever evaluated, and no user's value passes through cjson.
On the wire a document is a flat list of texts: the leaf's text or ``/``; the number of rows; and the rows, from the top
down: the tail of the node's key (empty for the top, ``.b.c`` below it), twice its number of fields, and its fields:
name, value, name, value ... Flat, because the scripts hand slices of it to HSET as they are.

May import paths, keys and errors. Invariant: ``decode(encode(v)) == json.loads(json.dumps(v))``, and an error leaves
nothing half-made.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import encode_basestring_ascii
from typing import Any, Final, TypeAlias

from redicts.core.keys import encode_component
from redicts.core.paths import MAX_COMPONENTS, Path, check_component, dotted
from redicts.errors import InternalError, PathError

__all__ = [
    "EXPIRING",
    "MARKERS",
    "MAX_NESTING",
    "NODE",
    "TYPED",
    "Json",
    "as_read",
    "canonical",
    "decode",
    "decode_number",
    "encode",
    "encode_canonical",
    "encode_document",
]

Json: TypeAlias = Any
"""Any JSON value. ``Any``, as typeshed has it for ``json.loads``: a union would make every use of a value a cast."""

NODE: Final = "/"
"""Field value of a child that is a node: its own hash has the children."""

EXPIRING: Final = "~"
"""Field value of a JSON leaf with a time to live: its text is a string of its own."""

TYPED: Final = "@"
"""What the field value of a typed leaf begins with; the leaf's name follows, as ``@list``."""

MARKERS: Final = (NODE, EXPIRING, TYPED)
"""No JSON text begins with one of these."""


_NOT_FINITE: Final = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_float_repr = float.__repr__


def _encode_float(value: float) -> str:
    text = _float_repr(value)
    return text if text[-1] <= "9" else _NOT_FINITE[text]


# Scalars are most of every document: one lookup by exact type beats a general encoder call for each of them.
_SCALARS: Final[dict[type, Callable[[Any], str]]] = {
    str: encode_basestring_ascii,
    int: int.__repr__,
    float: _encode_float,
    bool: {True: "true", False: "false"}.__getitem__,
    type(None): {None: "null"}.__getitem__,
}

_SCALAR_TYPES: Final = frozenset(_SCALARS)

MAX_NESTING: Final = 500
"""How deeply lists and dicts may be nested in one leaf: what is stored can be read from deep in a program, too."""

_encode_any = json.JSONEncoder(separators=(",", ":")).encode


def encode(value: Json) -> str:
    """Encode what is to be one leaf. A dict that is to be a node goes through ``encode_document``.

    Args:
        value: Anything that ``json.dumps`` takes.

    Raises:
        TypeError: ``json.dumps`` refuses it, or a dict in it has a key that is not text.
        ValueError: It holds itself, is nested too deeply, or an integer in it is too long to be read back.
    """
    scalar = _SCALARS.get(type(value))
    if scalar is not None:
        return scalar(value)
    try:
        text = _encode_any(value)
    except RecursionError:
        raise _nested_too_deeply() from None
    if "{" in text or text.count("[") > MAX_NESTING:
        _check_nested(value)
    return text


_SORTED: Final = json.JSONEncoder(separators=(",", ":"), sort_keys=True)


def _sorting_encoder() -> Callable[[Json], str]:
    """Make the encoder for elements: the one that ``json`` makes anew for each value, made once; half the time."""
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # not every Python has it
        return _SORTED.encode
    # No markers: what holds itself ends in a RecursionError.
    chunks_of = make(None, _SORTED.default, encode_basestring_ascii, None, ":", ",", True, False, True)
    return lambda value: "".join(chunks_of(value, 0))


_encode_sorted = _sorting_encoder()


def canonical(value: Json) -> str:
    """Spell what was read, or passed ``as_read``, for comparing: its keys in order.

    Unlike ``encode_canonical`` it takes what is nested more deeply than one leaf: a node with all that is below it.
    """
    return _encode_sorted(value)


def encode_canonical(value: Json) -> str:
    """Encode an element of a typed leaf: as ``encode``, but with its keys in order: equal values have equal texts.

    Raises:
        TypeError: As for ``encode``.
        ValueError: As for ``encode``.
    """
    scalar = _SCALARS.get(type(value))
    if scalar is not None:
        return scalar(value)
    try:
        text = _encode_sorted(value)
    except (RecursionError, TypeError):
        return encode(value)  # which says what is wrong
    if "{" in text or text.count("[") > MAX_NESTING:
        _check_nested(value)
    return text


def decode(text: str) -> Json:
    """Decode a leaf or a document that a script assembled.

    Raises:
        InternalError: It is not JSON, or not UTF-8: something else wrote to the keys of redicts.
    """
    try:
        if not text.isascii():
            _ = text.encode()
        return json.loads(text)
    except ValueError as error:  # also of text that UTF-8 cannot carry
        raise InternalError(f"a stored value is not JSON ({error}); run check() to find it") from error


_SHORT: Final = 18


def decode_number(text: str) -> int | float:
    """Decode what is known to be a number: short whole ones, as most are, without the general decoder."""
    if len(text) <= _SHORT and text.isascii() and text.removeprefix("-").isdigit():
        return int(text)
    number: int | float = decode(text)
    return number


def encode_document(value: Json, path: Path) -> list[str]:
    """Encode what a place is set to: a non-empty dict becomes a node, anything else a leaf.

    Args:
        value: Anything that ``json.dumps`` takes, with ``str`` keys.
        path: The place, for its depth and for errors.

    Returns:
        The document as it goes on the wire.

    Raises:
        TypeError: A key is not text, or ``json.dumps`` refuses a value.
        ValueError: The value holds itself.
        PathError: A key cannot be a component, or the node would be too deep.

    Example:
        >>> encode_document({"a": 1, "b": {"c": None}}, ())
        ['/', '2', '', '4', 'a', '1', 'b', '/', '.b', '2', 'c', 'null']
        >>> encode_document([1, 2], ())
        ['[1,2]', '0']
    """
    if not isinstance(value, dict) or not value:
        return [encode(value), "0"]
    document = [NODE, ""]
    document[1] = str(_flatten(value, path, document))
    return document


def as_read(value: Json) -> Json:
    """Give a value as it will be read back, once it has passed ``encode_document``."""
    return json.loads(json.dumps(value))


_Above: TypeAlias = "tuple[dict[str, Json], _Above] | None"
"""The nodes that a node lies in, the nearest first."""


def _flatten(top: dict[str, Json], path: Path, rows: list[str]) -> int:
    """Append the rows of a node and of all nodes below it, each followed by what is below it. How many there are.

    A loop, not a recursion, and ``append`` by hand: it is most of what setting a large document costs the client.
    """
    append, scalar_of, field_of = rows.append, _SCALARS.get, _names.get
    pending: list[tuple[str, dict[str, Json], _Above, int]] = [("", top, None, len(path))]
    nodes = 0
    while pending:
        tail, node, above, depth = pending.pop()
        if depth >= MAX_COMPONENTS:  # a circle ends here too
            _refuse_depth(node, above, path)
        nodes += 1
        items = node if type(node) is dict and _PLAIN_NAMES.issuperset(map(type, node)) else _made_plain(node, path)
        append(tail)
        append(str(2 * len(items)))
        first = len(pending)
        for name, value in items.items():
            field = field_of(name) or _encode_name(name, path)
            append(field)
            scalar = scalar_of(type(value))
            if scalar is not None:
                append(scalar(value))
            elif isinstance(value, dict) and value:
                append(NODE)
                pending.append((f"{tail}.{field}", value, (node, above), depth + 1))
            else:
                append(encode(value))
        if len(pending) > first + 1:
            pending[first:] = pending[first:][::-1]  # the last one is taken first
    return nodes


_names: dict[str, str] = {}
_NAMES_KEPT: Final = 65536


_PLAIN_NAMES: Final = frozenset({str})


def _made_plain(node: dict[str, Json], path: Path) -> dict[str, Json]:
    """Copy a dict of a kind of its own, or with keys of theirs, as ``json`` sees it.

    Its ``items()`` may give more or less than it holds, and several of its keys may be the same text: the last counts.
    """
    items: dict[str, Json] = {}
    for name, value in node.items():
        if not isinstance(name, str):
            raise TypeError(f"the keys of a dict must be str, not {name!r}, below {dotted(path) or 'the root'!r}")
        items[str.__str__(name)] = value
    return items


def _encode_name(name: str, path: Path) -> str:
    """Check and encode a dict's key; the names of a service's documents repeat, so they are remembered."""
    if not name:
        raise PathError(
            f"a dict has an empty key, below {dotted(path) or 'the root'!r}: a name has at least one character",
            path=dotted(path),
        )
    field = encode_component(check_component(name, dotted(path)))
    if len(_names) >= _NAMES_KEPT:
        _names.clear()
    _names[name] = field
    return field


def _refuse_depth(node: dict[str, Json], above: _Above, path: Path) -> None:
    while above is not None:
        other, above = above
        if other is node:
            raise ValueError("Circular reference detected: a dict holds itself")
    raise PathError(
        f"the value is nested too deeply: a path has at most {MAX_COMPONENTS} components", path=dotted(path)
    )


def _check_nested(value: Json) -> None:
    """Refuse keys that ``json.dumps`` would turn into text silently, as 1 and "1" into one; and what is too deep."""
    level = [value]
    for _ in range(MAX_NESTING):
        below: list[Json] = []
        for item in level:
            children = item
            if isinstance(item, dict):
                children = item.values()
                if not _PLAIN_NAMES.issuperset(map(type, item)):
                    _check_keys(item)
            if not _SCALAR_TYPES.issuperset(map(type, children)):
                below.extend([child for child in children if isinstance(child, (dict, list, tuple))])
        if not below:
            return
        level = below
    raise _nested_too_deeply()


def _check_keys(value: dict[Any, Json]) -> None:
    for key in value:
        if not isinstance(key, str):
            raise TypeError(f"the keys of a dict must be str, not {key!r}")


def _nested_too_deeply() -> ValueError:
    return ValueError(f"the value is nested too deeply: lists and dicts in one leaf go {MAX_NESTING} deep at most")
