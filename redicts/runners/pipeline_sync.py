"""Driving the rounds of a pipeline over connections of redis-py: all databases are sent to before one is read.

May import redis, core and its neighbours. Invariant: as for the synchronous runner: whatever interrupts between sending
and the last reply disconnects that connection, and every connection goes back to its pool.

A batch is sent whole before the first reply is read, as redis-py's own pipelines are: the server keeps replies in
memory for who does not read yet, and goes on reading, so neither waits for the other.
"""

from __future__ import annotations

import time
from typing import Any

from redicts.errors import RedictsError
from redicts.runners.exchange import Failed, as_failed, read_reply
from redicts.runners.known import known_of
from redicts.runners.packing import pack_commands
from redicts.runners.pipeline import Batch, Rounds

__all__ = ["run_rounds"]


def run_rounds(rounds: Rounds) -> None:
    """Drive all of it to its end. What fails is in the results; only an interrupt is raised."""
    trips: list[_Trip] = []
    try:
        for batches in rounds:
            # In one order for all threads: each holds a connection of one pool while it waits for one of the next.
            trips = [_Trip(batch) for batch in sorted(batches, key=lambda batch: id(batch.database.runner))]
            for trip in trips:
                trip.send()
            for trip in trips:
                trip.finish()
    except BaseException as error:
        for trip in trips:
            trip.give_up(error)
        rounds.give_up(error)
        raise


class _Trip:
    """A batch, and the connection that it is under way on."""

    __slots__ = ("_batch", "_connection", "_count", "_failure", "_raw", "_runner")

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._runner = batch.database.runner
        self._connection: Any = None
        self._count = 0
        self._raw: list[Any] = []
        self._failure: Exception | None = None

    def send(self) -> None:
        """Send it; what fails is kept for ``finish``."""
        self._raw, self._failure, self._count = [], None, 0
        try:
            self._connection = connection = self._runner._connect(self._runner._pool)
            commands = self._batch.spell(known_of(connection))
            packed = pack_commands(connection, commands)
            self._count = len(commands)
            connection.send_packed_command(packed)
        except Exception as error:  # noqa: BLE001  # an interrupt goes on
            self._fails(error)

    def finish(self) -> None:
        """Read the replies; send again what is to be sent again."""
        while True:
            if self._failure is None:
                self._read()
            pause = self._batch.took(self._raw, self._failure)
            if pause is None:
                return
            time.sleep(pause)
            self.send()

    def give_up(self, error: BaseException) -> None:
        """Leave it: it was interrupted."""
        self._release(whole=False)
        self._batch.give_up(self._raw, error)

    def _read(self) -> None:
        connection, take = self._connection, self._raw.append
        try:
            for _ in range(self._count):
                take(read_reply(connection))
        except Exception as error:  # noqa: BLE001  # an interrupt goes on
            self._fails(error)
        else:
            self._release(whole=True)

    def _fails(self, error: Exception) -> None:
        known = isinstance(error, (Failed, RedictsError))  # as PoolExhausted, which is a lost connection to redis-py
        self._failure = error if known else as_failed(error, self._count > 0, self._count) or error
        self._release(whole=False)

    def _release(self, whole: bool) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            if not whole:
                connection.disconnect()
            self._runner._pool.release(connection)
