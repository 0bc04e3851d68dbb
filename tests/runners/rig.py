"""A runner with a client of its own, operations made on the spot, and a look into the client's pool."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from redicts.core.effects import Argument, Call, Command, Effect, Eval, Op, Watch
from redicts.core.scripts import Script
from redicts.pool import Database
from redicts.pool.config import read_config
from redicts.pool.server import open_client
from redicts.proxy import Proxy
from redicts.runners.sync import SyncRunner

__all__ = ["BOTH", "Rig", "call", "in_use", "proxy_over", "quiet_client", "script", "steps", "watch"]

BOTH = pytest.mark.parametrize("face", ["sync", "asyncio"], indirect=True)
"""For a test whose rig is to be one of either kind in turn. (A module says ``FACES`` for all of its tests.)"""


def call(*args: Argument | int) -> Call:
    """One command; numbers are spelled here, as every sender must."""
    return Call(_spelled(args))


def watch(keys: list[str], *reads: Sequence[Argument | int]) -> Watch:
    """WATCH and reads."""
    return Watch(tuple(keys), tuple([_spelled(read) for read in reads]))


def _spelled(args: Sequence[Argument | int]) -> Command:
    return tuple([str(arg) if isinstance(arg, int) else arg for arg in args])


def script(text: str, keys: list[str] | None = None, args: Sequence[Argument | int] = ()) -> Eval:
    """A script that no server knows yet, as an effect."""
    text = f"-- {uuid.uuid4().hex}\n{text}"
    made = Script("test", text, hashlib.sha1(text.encode()).hexdigest(), True)
    return Eval(made, tuple(keys or ()), _spelled(args))


def steps(*asked: tuple[Effect, ...]) -> Op[list[tuple[Any, ...]]]:
    """An operation that asks for these effects in turn and returns all replies."""
    replies: list[tuple[Any, ...]] = []
    for effects in asked:
        reply = yield effects
        replies.append(reply)
    return replies


class Rig:
    """A runner, its client, and a namespace of its own.

    Args:
        client: Closed by whoever made it.
    """

    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        self.runner = SyncRunner(client, "the server")
        self.namespace = f"t_{uuid.uuid4().hex[:12]}"

    def key(self, name: str) -> str:
        """A key of this test's own."""
        return f"{self.namespace}:{name}"

    def run(self, *effects: Effect, idempotent: bool = True) -> Any:
        """Run one step and return its replies; the reply itself where there is one effect."""
        (replies,) = self.runner.run(steps(effects), idempotent)
        return replies[0] if len(effects) == 1 else replies

    def steps(self, *effects: Effect, idempotent: bool = True) -> list[Any]:
        """Run each effect as a step of one operation and return their replies."""
        return [replies[0] for replies in self.runner.run(steps(*[(effect,) for effect in effects]), idempotent)]

    def close(self) -> None:
        """Delete what the test left, and close what the runner opened."""
        if keys := list(self.client.scan_iter(match=f"{self.namespace}:*", count=1000)):
            self.client.delete(*keys)
        self.runner.close()


def in_use(client: redis.Redis) -> int:
    """How many connections of a client's pool are handed out."""
    pool: Any = client.connection_pool
    if isinstance(pool, redis.BlockingConnectionPool):
        return int(pool.max_connections - pool.pool.qsize())
    return len(pool._in_use_connections)


def proxy_over(url: str, path: str = "place", **cfg: Any) -> Proxy:
    """A proxy as the ``Pool`` makes it for a URL, in a namespace of its own."""
    client = open_client(read_config({"url": url, **cfg}))
    proxy = Proxy(path)
    proxy._database = Database(client, namespace=f"t_{uuid.uuid4().hex[:12]}")
    return proxy


def quiet_client(**options: Any) -> redis.Redis:
    """A client whose own retries are off, so that what fails fails at once."""
    return redis.Redis(retry=Retry(NoBackoff(), 0), **options)
