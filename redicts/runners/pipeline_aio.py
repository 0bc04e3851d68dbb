"""Driving the rounds of a pipeline over connections of redis.asyncio: the databases side by side.

May import redis, core and its neighbours. Invariant: as for the asyncio runner: whatever is cancelled between sending
and the last reply disconnects that connection, and every connection goes back to its pool.
"""

from __future__ import annotations

import asyncio
from typing import Any

from redicts.runners.aio_exchange import _send, drop, read_reply
from redicts.runners.exchange import Failed, as_failed
from redicts.runners.known import known_of
from redicts.runners.packing import pack_commands
from redicts.runners.pipeline import Batch, Rounds

__all__ = ["run_rounds"]


async def run_rounds(rounds: Rounds) -> None:
    """Drive all of it to its end. What fails is in the results; only a cancellation, or an interrupt, is raised."""
    try:
        for batches in rounds:
            if len(batches) == 1:
                await _drive(batches[0])
            else:
                _ = await asyncio.gather(*[_drive(batch) for batch in batches])
    except BaseException as error:
        rounds.give_up(error)
        raise


async def _drive(batch: Batch) -> None:
    """Send a batch until it is through."""
    while True:
        raw: list[Any] = []
        failure: Exception | None = None
        try:
            await _exchange(batch, raw)
        except Exception as error:  # noqa: BLE001  # it goes to the operations
            failure = error
        except BaseException as error:
            batch.give_up(raw, error)
            raise
        pause = batch.took(raw, failure)
        if pause is None:
            return
        await asyncio.sleep(pause)


async def _exchange(batch: Batch, raw: list[Any]) -> None:
    """Send a batch and read every reply into ``raw``; as far as they come, where it fails."""
    runner = batch.database.runner
    connection = await runner._connect(runner._pool)
    count, whole = 0, False
    try:
        commands = batch.spell(known_of(connection))
        packed = pack_commands(connection, commands)
        count = len(commands)
        await _send(connection, packed, check_health=True)
        for _ in commands:
            raw.append(await read_reply(connection))  # noqa: PERF401  # those that came are wanted where it fails
        whole = True
    except BaseException as error:
        failed = None if isinstance(error, Failed) else as_failed(error, count > 0, count)
        if failed is None:
            raise
        raise failed from error
    finally:
        if not whole:
            drop(connection)
        await runner._return(runner._pool, connection)
