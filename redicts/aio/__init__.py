"""redicts for asyncio: the same names, and awaitables for what asks the server.

    >>> from redicts import aio
    >>> _ = await aio.Proxy("a.b.c").set("d", 42)
    >>> await aio.root().get("a.b.c.d").val()
    42

Locks are owned by tasks; connections belong to the event loop that they were made in, and are closed with it. The
configuration is that of ``redicts.Pool``, for both.
"""

from redicts.aio.lock import Lock
from redicts.aio.lockable import Lease
from redicts.aio.pipeline import Pipeline, pipeline
from redicts.aio.proxy import Proxy, root, section
from redicts.pool.pool_aio import AsyncPool as Pool

__all__ = ["Lease", "Lock", "Pipeline", "Pool", "Proxy", "pipeline", "root", "section"]
