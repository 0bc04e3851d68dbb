"""redicts: a JSON tree that many processes share, kept in Redis or Valkey.

The public names. Nothing inside the package imports this module.

    >>> from redicts import Proxy, root
    >>> _ = Proxy("a.b.c").set("d", 42)
    >>> root().get("a.b.c.d").val()
    42
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redicts.core.deferred import Deferred
from redicts.core.paths import Name
from redicts.errors import (
    ConfigError,
    ConnectionLost,
    InternalError,
    InvalidElement,
    LockError,
    LockLost,
    LockTimeout,
    NeverSent,
    NotANumber,
    NotAtomic,
    NotOwner,
    OutcomeUnknown,
    ParameterMismatch,
    PathError,
    PipelineError,
    PipelineMisused,
    PoolExhausted,
    QuorumIsImpossible,
    QuorumNotAchieved,
    RateLimited,
    RedictsError,
    ResultNotReady,
    TaskLost,
    TooManyElements,
    TooManyExtensions,
    WaitTimeout,
    WrongType,
)
from redicts.lock import Lock
from redicts.lockable import Lease
from redicts.locks.holders import Holder
from redicts.pipeline import Pipeline, pipeline
from redicts.pool import Pool
from redicts.proxy import Proxy, root, section
from redicts.timer import ContextTimer
from redicts.tree.checking import Problem

if TYPE_CHECKING:
    import redicts.aio as aio
    from redicts.decorators.cache import cache
    from redicts.decorators.synchronize import synchronize
else:
    _LATE = {"aio": "redicts.aio", "cache": "redicts.decorators.cache", "synchronize": "redicts.decorators.synchronize"}

    def __getattr__(name: str) -> object:
        """Import what has its price where it is first asked for: who does not use asyncio does not pay for it."""
        if name not in _LATE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        module = import_module(_LATE[name])
        found = globals()[name] = module if name == "aio" else getattr(module, name)  # this is called once
        return found


__version__ = "2.0.0"

__all__ = [
    "ConfigError",
    "ConnectionLost",
    "ContextTimer",
    "Deferred",
    "Holder",
    "InternalError",
    "InvalidElement",
    "Lease",
    "Lock",
    "LockError",
    "LockLost",
    "LockTimeout",
    "Name",
    "NeverSent",
    "NotANumber",
    "NotAtomic",
    "NotOwner",
    "OutcomeUnknown",
    "ParameterMismatch",
    "PathError",
    "Pipeline",
    "PipelineError",
    "PipelineMisused",
    "Pool",
    "PoolExhausted",
    "Problem",
    "Proxy",
    "QuorumIsImpossible",
    "QuorumNotAchieved",
    "RateLimited",
    "RedictsError",
    "ResultNotReady",
    "TaskLost",
    "TooManyElements",
    "TooManyExtensions",
    "WaitTimeout",
    "WrongType",
    "aio",
    "cache",
    "pipeline",
    "root",
    "section",
    "synchronize",
]
