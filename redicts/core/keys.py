"""Redis keys: the only place that spells one.

A component stands in a key, and in a field, as the body of a JSON string with ``.``, ``{`` and ``}`` escaped too:
unambiguous when joined with dots, safe in a cluster's hash tag, and valid JSON when a script writes it between quotes.
The first component, the section, stands in braces: everything of a section, locks included, lies in one slot.

May import paths and errors. Invariant: ``parse_key`` undoes every key spelled here. (The root's as a
node is none, but what those of all nodes begin with.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Final, NamedTuple

from redicts.core.paths import MAX_COMPONENTS, Path, check_component
from redicts.errors import ConfigError, InternalError

__all__ = [
    "LOCKS_AT",
    "LOCKS_BELOW",
    "SECTION_FIELD",
    "UPGRADES",
    "WAKE_UPS",
    "Entry",
    "KeySpace",
    "LeafKeys",
    "LockKeys",
    "decode_component",
    "encode_component",
    "parse_tail",
]

SECTION_FIELD: Final = ""
"""The field of a section that is itself a leaf, in the section's own hash. (No component is empty.)"""

NODE: Final = "n"
BODY: Final = "v"
LOCKS_AT: Final = "l"
LOCKS_BELOW: Final = "b"
WAKE_UPS: Final = "w"
UPGRADES: Final = "u"
FENCE: Final = "f"
EXPECTED: Final = "e"
TAKERS: Final = "g"
PUTTERS: Final = "p"
JOINERS: Final = "j"

_OF_LOCKS = frozenset({LOCKS_AT, LOCKS_BELOW, WAKE_UPS, UPGRADES, FENCE})
_LETTERS = frozenset({NODE, BODY, EXPECTED, TAKERS, PUTTERS, JOINERS}) | _OF_LOCKS
_LIKE_OURS = re.compile(rf"[{''.join(sorted(_LETTERS))}]:(\{{|$)")
_EXTRA = str.maketrans({".": "\\u002e", "{": "\\u007b", "}": "\\u007d"})
_PLAIN = re.compile(r"[^\x00-\x1f\"\\.{}]+", re.DOTALL)


class Entry(NamedTuple):
    """Where the entry of a place stands: a field of a hash."""

    key: str
    field: str


class LeafKeys(NamedTuple):
    """The keys that a typed leaf has to do with.

    Attributes:
        entry: The hash that its marker stands in.
        field: Where in that.
        body: What it holds.
        expected: Who waits: a hash with a field for those who wait for elements, one for those who wait for room, and
            one for those who wait until all is done.
        takers: The wake-ups of those who wait for elements.
        putters: The wake-ups of those who wait for room.
        joiners: The wake-ups of those who wait until all is done.
        plain: What a script gets that writes to one: the set of the sections' names, the entry, and the body.
        waited: Likewise, of one that is waited for: and who waits.
    """

    entry: str
    field: str
    body: str
    expected: str
    takers: str
    putters: str
    joiners: str
    plain: tuple[str, ...]
    waited: tuple[str, ...]


class LockKeys(NamedTuple):
    """The keys that the lock of a path has to do with.

    Attributes:
        at: The locks held at the path.
        around: The locks held at the path, at each proper ancestor, and below the path: what may stand in the way.
        entered: The keys that an entry of the path stands in: ``at``, and the locks below each proper ancestor.
        wake_ups: Where those wait that are blocked by a lock at the path.
        upgrades: Where those wait that are, and hold a lock at the path themselves.
        fence: The counter of the section's fence tokens.
        section: The locks held at the section, and those below it.
        tail: The path as it stands in keys, and in entries.
    """

    at: str
    around: tuple[str, ...]
    entered: tuple[str, ...]
    wake_ups: str
    upgrades: str
    fence: str
    section: tuple[str, str]
    tail: str


@lru_cache(maxsize=8192)
def encode_component(component: str) -> str:
    r"""Spell a component as it stands in keys and fields.

    Example:
        >>> encode_component("users"), encode_component("example.org")
        ('users', 'example\\u002eorg')
    """
    if _PLAIN.fullmatch(component):
        return component
    return encode_basestring(component)[1:-1].translate(_EXTRA)


def decode_component(encoded: str) -> str:
    """Undo ``encode_component``.

    Raises:
        InternalError: The text is not one that ``encode_component`` makes.
    """
    if encoded.isascii() and _PLAIN.fullmatch(encoded):
        return encoded
    try:
        _ = encoded.encode()  # bytes that are not UTF-8 stand as lone surrogates
        component = json.loads(f'"{encoded}"')
    except ValueError:
        component = None
    if not isinstance(component, str) or encode_component(component) != encoded:
        raise InternalError(f"not a name that redicts wrote: {encoded!r}; run check()", key=encoded)
    return component


class KeySpace:
    """The keys of one namespace.

    Args:
        namespace: What every key begins with. Any text without braces, control characters and whitespace.
        spread: Whether the sections lie on several servers (Redis Cluster), so that no script can keep the set of
            their names, which lies on one of them.

    Raises:
        ConfigError: The namespace cannot be used.

    Example:
        >>> KeySpace("redicts").node(("a", "b"))
        'redicts:n:{a}.b'
    """

    __slots__ = ("_nodes", "entry", "leaf", "locks", "namespace", "sections", "spread")

    entry: Callable[[Path], Entry]
    """Find where the entry of a place stands. The root has none: never ask for it."""

    leaf: Callable[[Path], LeafKeys]
    """Find the keys that a typed leaf has to do with."""

    locks: Callable[[Path], LockKeys]
    """Find the keys that the lock of a path has to do with."""

    def __init__(self, namespace: str = "redicts", *, spread: bool = False) -> None:
        if not isinstance(namespace, str) or not re.fullmatch(r"[^\s{}\x00-\x1f\ud800-\udfff]{1,200}", namespace):
            raise ConfigError(
                f"namespace must be text of 1 to 200 characters without braces and white space, not {namespace!r}",
                key="namespace",
            )
        self.namespace = namespace
        self.spread = spread
        self.sections = f"{namespace}:s"
        self._nodes = f"{namespace}:{NODE}:"
        self.entry = lru_cache(maxsize=8192)(self._entry)  # places are asked for again and again
        self.leaf = lru_cache(maxsize=1024)(self._leaf)
        self.locks = lru_cache(maxsize=1024)(self._locks)

    def __repr__(self) -> str:
        return f"KeySpace({self.namespace!r})"

    def key(self, letter: str, path: Path) -> str:
        """Spell the key of a kind (one of the letters above) for a path; the root's is the bare prefix."""
        return f"{self.namespace}:{letter}:{_tail(path)}"

    def section_name(self, section: str) -> str:
        """Spell a section as a member of the set of the sections' names."""
        return encode_component(section)

    def node(self, path: Path) -> str:
        """Spell the key of a node's hash."""
        return self._nodes + _tail(path)

    def body(self, path: Path) -> str:
        """Spell the key of a leaf that needs a key of its own."""
        return self.key(BODY, path)

    def _entry(self, path: Path) -> Entry:
        if len(path) == 1:
            return Entry(self._nodes + _tail(path), SECTION_FIELD)
        return Entry(self._nodes + _tail(path[:-1]), encode_component(path[-1]))

    def _leaf(self, path: Path) -> LeafKeys:
        key, field = self.entry(path)
        body, expected = self.key(BODY, path), self.key(EXPECTED, path)
        takers, putters, joiners = [self.key(letter, path) for letter in (TAKERS, PUTTERS, JOINERS)]
        plain = (self.sections, key, body)
        return LeafKeys(key, field, body, expected, takers, putters, joiners, plain, (*plain, expected))

    def _locks(self, path: Path) -> LockKeys:
        ancestors = [path[:depth] for depth in range(len(path) - 1, -1, -1)]
        at = self.key(LOCKS_AT, path)
        return LockKeys(
            at=at,
            around=(at, *[self.key(LOCKS_AT, ancestor) for ancestor in ancestors], self.key(LOCKS_BELOW, path)),
            entered=(at, *[self.key(LOCKS_BELOW, ancestor) for ancestor in ancestors]),
            wake_ups=self.key(WAKE_UPS, path),
            upgrades=self.key(UPGRADES, path),
            fence=self.key(FENCE, path[:1]),
            section=(self.key(LOCKS_AT, path[:1]), self.key(LOCKS_BELOW, path[:1])),
            tail=_tail(path),
        )

    def pattern(self) -> str:
        """Spell the glob that every key of the namespace matches, and perhaps some of others."""
        return re.sub(r"([*?\[\]\\^])", r"\\\1", self.namespace) + ":*"

    def resembles(self, key: str) -> bool:
        """Tell whether a key is spelled as one of this namespace, or nearly so.

        No namespace holds a brace: a key that goes on otherwise is of another one, which begins as this one (``x:n``).
        """
        return key.startswith(f"{self.namespace}:") and _LIKE_OURS.match(key, len(self.namespace) + 1) is not None

    def parse_key(self, key: str) -> tuple[str, Path] | None:
        """Take a key apart.

        Returns:
            Its letter and its path; ``None`` for a key that is not spelled as redicts spells them. The root has keys
            of locks, and no others.
        """
        prefix = f"{self.namespace}:"
        letter, colon, tail = key[len(prefix) :].partition(":")
        if not key.startswith(prefix) or not colon or len(letter) != 1:
            return None
        path = parse_tail(tail)
        if path is None or letter not in _LETTERS or (not path and letter not in _OF_LOCKS):
            return None
        return (letter, path) if self.key(letter, path) == key else None


def parse_tail(tail: str) -> Path | None:
    """Take the path out of what stands in keys and in lock entries; ``None`` for what redicts does not spell so."""
    if not tail:
        return ()
    match = re.fullmatch(r"\{([^{}]+)\}((?:\.[^{}]+)?)", tail, re.DOTALL)
    if match is None:
        return None
    encoded = [match.group(1), *match.group(2).split(".")[1:]]
    if len(encoded) > MAX_COMPONENTS:
        return None
    try:
        path = tuple([check_component(decode_component(name), tail) for name in encoded])
    except (InternalError, ValueError):
        return None
    return path if _tail(path) == tail else None


@lru_cache(maxsize=8192)
def _tail(path: Path) -> str:
    if not path:
        return ""
    section, *rest = [encode_component(component) for component in path]
    return ".".join([f"{{{section}}}", *rest])
