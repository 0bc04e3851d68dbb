"""The kinds of typed leaves: the one place that lists them all. Imports nothing of redicts.

A kind's marker stands in the field of the place; its body is a key of its own. The scripts get the same table: it is
put into ``core/prelude/kinds.lua`` when they are loaded. The class that works on a kind is in ``leaves/``, in the file
of the same name. A container is what it holds; the others are primitives, which keep an account of something.

How a body is shown as JSON, where a value above it is read (``core/prelude/snapshot.lua``):

=============  ===========================================================================================
``elements``   an array of the elements of a list or set, each of which is JSON text
``items``      an object of the fields of a hash, names and values of which are JSON texts
``scores``     an array of pairs: each member of a zset, which is JSON text, and its score
``members``    an array of the members of a zset, which are JSON texts after the words that are ours
``text``       a string: the bytes as UTF-8, or (where they are not) each byte as the character of its number
``number``     the number that a string is the text of
``estimate``   the number of elements of a HyperLogLog, as it estimates it
``filter``     the number of elements of a Bloom filter, as it estimates it
``entries``    an object of the live entries of a cache
``holders``    how many hold it just now: the members of a zset that begin with "+ ", and end in the future
=============  ===========================================================================================
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["KINDS", "Kind", "lua_table"]

CONTENTS: Final = frozenset({"elements", "items", "scores", "members", "text"})
"""The forms that show all there is."""


class Kind(NamedTuple):
    """One kind of typed leaf.

    Attributes:
        name: What ``kind()`` says of it.
        redis_type: What ``TYPE`` says of its body.
        snapshot: How it is shown as JSON: one of the forms above.
    """

    name: str
    redis_type: str
    snapshot: str

    @property
    def is_container(self) -> bool:
        """Whether all that is in it is shown: then plain JSON can be made of it, and it of plain JSON."""
        return self.snapshot in CONTENTS

    @property
    def marker(self) -> str:
        """What stands in the field of the place."""
        return f"@{self.name}"


KINDS: Final[dict[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind("bloom_filter", "string", "filter"),
        Kind("cache", "hash", "entries"),
        Kind("counter", "hash", "items"),
        Kind("deque", "list", "elements"),
        Kind("dict", "hash", "items"),
        Kind("hyperloglog", "string", "estimate"),
        Kind("ids", "string", "number"),
        Kind("list", "list", "elements"),
        Kind("priority_queue", "zset", "members"),
        Kind("queue", "list", "elements"),
        Kind("rate_limiter", "string", "number"),
        Kind("redlock", "zset", "holders"),
        Kind("reliable_queue", "zset", "members"),
        Kind("semaphore", "zset", "holders"),
        Kind("set", "set", "elements"),
        Kind("sorted_set", "zset", "scores"),
        Kind("string", "string", "text"),
    )
}


def lua_table() -> str:
    """Spell the table for scripts: marker to Redis type and form."""
    rows = [f"  ['{kind.marker}'] = {{'{kind.redis_type}', '{kind.snapshot}'}}," for kind in KINDS.values()]
    return "\n".join(rows)
