"""A tree on a ``Backend``, and looking at it from outside: what lies in Redis, and whether two values are one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redicts import Proxy
from redicts.core.paths import PathLike
from tests.support.backends import Backend

__all__ = ["behind", "canonical", "dump", "nothing_written", "tree_of"]


def tree_of(backend: Backend, path: PathLike = (), namespace: str | None = None) -> Proxy:
    """A place in the backend's own namespace, or in another, through the backend's face.

    (A user's namespace comes with the configuration of the ``Pool``.)
    """
    return backend.face.place(path, namespace=namespace)


def behind(backend: Backend, path: PathLike = ()) -> Proxy:
    """The same place through the synchronous face: for what happens in the middle of an operation of another face."""
    made = Proxy(path)
    made._database = backend.database
    return made


def canonical(value: object) -> str:
    """Spell a JSON value so that two are equal exactly when they are one value.

    Unlike with ``==``, 1, 1.0 and True are three values, -0.0 is not 0.0, and NaN is itself. Order of keys is lost.
    """
    return json.dumps(value, sort_keys=True)


def dump(backend: Backend, match: str | None = None) -> dict[bytes, tuple[str, Any, int]]:
    """Read every key of the namespace (or of a pattern): its type, what is in it, and when it expires."""
    client: Any = backend.client
    read = {
        b"hash": client.hgetall,
        b"string": client.get,
        b"set": client.smembers,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
    }
    found: dict[bytes, tuple[str, Any, int]] = {}
    for key in client.scan_iter(match=match or f"{backend.namespace}:*", count=1000):
        kind = client.type(key)
        if kind != b"none":
            found[key] = (kind.decode(), read[kind](key), client.pexpiretime(key))
    return found


@contextmanager
def nothing_written(backend: Backend) -> Iterator[None]:
    """Assert that what is done inside writes nothing, whatever else it does."""
    before = dump(backend)
    yield
    assert dump(backend) == before
