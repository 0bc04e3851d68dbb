"""The errors that runners raise when they do not get through: what is known, and what to do next.

May import redis, errors and exchange. The one place that words them, for every runner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redicts.core.effects import Command
from redicts.errors import ConfigError, ConnectionLost, OutcomeUnknown, PoolExhausted
from redicts.runners.exchange import REFUSED, Failed

__all__ = ["exhausted", "lost"]


def lost(failed: Failed, commands: Sequence[Command], address: str, *, unknown: bool) -> Exception:
    """Make the error of a lost connection.

    Args:
        failed: The last try.
        commands: What was to be sent.
        address: What the server is called.
        unknown: Whether a write may have been carried out, and may not be repeated.
    """
    if isinstance(failed.error, REFUSED):
        return ConfigError(
            f"the server at {address} does not let us in ({failed.error}); check username and password", key="password"
        )
    if unknown:
        names = [str(command[0]) for command in commands]
        return OutcomeUnknown(
            f"the connection to {address} was cut while a write was under way ({failed.error}): it happened "
            "once, or not at all, and was not sent again; read the place to find out",
            address=address,
            commands=names,
        )
    outcome = "it may be repeated safely" if failed.sent else "nothing was changed"
    return ConnectionLost(
        f"no connection to the server at {address} ({failed.error}); {outcome}. Is it running and "
        "reachable? Another server: Pool().reload(cfg={'url': ...}) or REDICTS_URL; none at hand: "
        "cfg={'embedded': 'DIR'} (pip install 'redicts[server]'), or reload(fake_redis=True) for tests",
        address=address,
    )


def exhausted(pool: Any, address: str) -> PoolExhausted:
    """Make the error of a pool whose connections all stayed in use."""
    timeout = getattr(pool, "timeout", None)
    waited = "" if timeout is None else f" for {timeout} s"
    return PoolExhausted(
        f"all {pool.max_connections} connections to {address} stayed in use{waited}; raise max_connections "
        "or timeout_secs, or use fewer threads",
        address=address,
        timeout=timeout,
    )
