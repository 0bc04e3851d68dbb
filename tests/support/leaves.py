"""A filled typed leaf of every kind, put into Redis by hand: what it holds, and how ``val()`` shows that."""

from __future__ import annotations

from typing import Any, NamedTuple

from redicts.core.kinds import KINDS
from redicts.core.paths import Path
from tests.support.backends import Backend
from tests.support.trees import canonical, tree_of

__all__ = ["EXAMPLES", "Example", "mount", "same"]


class Example(NamedTuple):
    """What a typed leaf of a kind may hold.

    Attributes:
        shown: What ``val()`` gives.
        command: What fills the body, without the key.
    """

    shown: Any
    command: tuple[str, ...]


_ROW = Example(
    [1, "é", [2.0, None], {"a": [], "b": -0.0}], ("RPUSH", "1", r'"\u00e9"', "[2.0,null]", '{"a":[],"b":-0.0}')
)

_FOREVER = "9" * 14

EXAMPLES: dict[str, Example] = {
    "bloom_filter": Example(
        3, ("SET", "redicts bloom 1 xxh3 capacity=100 error_rate=0.01 scalable=0 bits=1027 hashes=7 layers=1 set=21 "
            "length=3 pass=1".ljust(255) + "\n" + "\x03" * 10 + "\x01" + "\0" * 118),
    ),
    "cache": Example(
        {"a": 1, "b.c": [None], "7": {"x": []}},
        ("HSET", '"a"', f"v{_FOREVER} {_FOREVER} 1", '"b.c"', f"V{_FOREVER} {_FOREVER} [null]", "7",
         f'v{_FOREVER} {_FOREVER} {{"x":[]}}', '"ended"', f"V{1:014} {_FOREVER} 5", '"error"',
         f'x{_FOREVER} {_FOREVER} [["builtins:KeyError"],[],{{}}]', '?"a"',
         f"c{1:014} {_FOREVER} {'-' * 16} {'0' * 16}"),
    ),
    "counter": Example({"ham": 3, "eggs": -1}, ("HSET", '"ham"', "3", '"eggs"', "-1")),
    "deque": _ROW,
    "dict": Example({"a": 1, "b.c": [{"d": None}]}, ("HSET", '"a"', "1", '"b.c"', '[{"d":null}]')),
    "hyperloglog": Example(2, ("PFADD", "1", '"a"')),
    "ids": Example(41, ("SET", "41")),
    "list": _ROW,
    "priority_queue": Example(
        [[1, "now"], [2.5, {"a": "then"}]],
        ("ZADD", "1", '0000000000000001 [1,"now"]', "2.5", '0000000000000000 [2.5,{"a":"then"}]'),
    ),
    "queue": _ROW,
    "rate_limiter": Example(1700000000000000, ("SET", "1700000000000000 2/3")),
    "redlock": Example(1, ("ZADD", "99999999999999", "+ token")),
    "reliable_queue": Example(["now", "then"], ("ZADD", "0", f'{1:019x}.0 "now"', "0", f'{2:019x}.0 "then"')),
    "semaphore": Example(
        2, ("ZADD", "99999999999999", "+ a", "99999999999999", "+ a 2", "-7e15", "- 1 b", "1", "+ c"),
    ),
    "set": Example([1, 1.0, "a", [True, None]], ("SADD", "1", "1.0", '"a"', "[true,null]")),
    "sorted_set": Example([["a", -1.5], [2, 3.0]], ("ZADD", "-1.5", '"a"', "3", "2")),
    "string": Example("é\x00\"", ("SET", "é\x00\"")),
}  # fmt: skip
"""By kind."""

assert EXAMPLES.keys() == KINDS.keys()


def mount(backend: Backend, path: Path, kind: str) -> None:
    """Put the example of a kind at a place, replacing what is there."""
    tree_of(backend).set(path, 0)
    client: Any = backend.client
    entry, body = backend.database.space.entry(path), backend.database.space.body(path)
    command, *args = EXAMPLES[kind].command
    life = client.pttl(entry.key)
    client.execute_command(command, body, *args)
    if kind == "hyperloglog":
        client.pfcount(body)  # which it keeps: the first one to ask writes
    client.hset(entry.key, entry.field, KINDS[kind].marker)
    if life > 0:
        client.pexpireat(body, client.pexpiretime(entry.key))


def same(kind: str, one: Any, other: Any) -> bool:
    """Whether two values that ``val()`` gave are one: a set is shown in no order."""
    if KINDS[kind].redis_type == "set":
        one, other = (sorted(map(canonical, each)) for each in (one, other))
    return canonical(one) == canonical(other)
