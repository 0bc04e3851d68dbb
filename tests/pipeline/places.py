"""Places of a database that is at hand."""

from __future__ import annotations

from redicts.core.paths import PathLike
from redicts.pool import Database
from redicts.proxy import Proxy

__all__ = ["at"]


def at(database: Database, path: PathLike = ()) -> Proxy:
    """Lead to a place, as if the Pool led there."""
    proxy = Proxy(path)
    proxy._database = database
    return proxy
