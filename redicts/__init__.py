"""redicts: a JSON tree that many processes share, kept in Redis or Valkey.

The public names. Nothing inside the package imports this module.

    >>> from redicts import Proxy, root
    >>> _ = Proxy("a.b.c").set("d", 42)
    >>> root().get("a.b.c.d").val()
    42
"""

from __future__ import annotations

from redicts.core.operation import Deferred
from redicts.core.paths import Name
from redicts.errors import (
    ConfigError,
    ConnectionLost,
    InternalError,
    LockError,
    LockLost,
    LockTimeout,
    NotANumber,
    NotOwner,
    OutcomeUnknown,
    PathError,
    PoolExhausted,
    RedictsError,
    ResultNotReady,
    WrongType,
)
from redicts.lock import Lock
from redicts.lockable import Lease
from redicts.locks.holders import Holder
from redicts.pool import Pool
from redicts.proxy import Proxy, root, section
from redicts.tree.checking import Problem

__version__ = "2.0.0"

__all__ = [
    "ConfigError",
    "ConnectionLost",
    "Deferred",
    "Holder",
    "InternalError",
    "Lease",
    "Lock",
    "LockError",
    "LockLost",
    "LockTimeout",
    "Name",
    "NotANumber",
    "NotOwner",
    "OutcomeUnknown",
    "PathError",
    "Pool",
    "PoolExhausted",
    "Problem",
    "Proxy",
    "RedictsError",
    "ResultNotReady",
    "WrongType",
    "root",
    "section",
]
