"""The asyncio runner: drives an operation over connections of a redis.asyncio client's pool.

May import redis, core and what the synchronous runner uses. Invariants: those of the synchronous runner; and whatever
is cancelled, however often: no reply is taken for another's, every connection goes back to its pool, and what an
operation does to leave nothing behind is carried through.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from copy import copy
from typing import Any, Final, TypeVar

import redis.asyncio
import redis.exceptions
from redis.maint_notifications import MaintNotificationsConfig

from redicts.core.effects import (
    WAITING,
    Block,
    Call,
    Command,
    Commit,
    Conflict,
    Effect,
    Eval,
    Op,
    Sleep,
    Watch,
    may_write,
)
from redicts.core.units import to_ms, to_seconds
from redicts.errors import ConnectionLost, RedictsError
from redicts.runners.aio_exchange import Spares, drop, exchange, give_back, lifeline, settle, take, within
from redicts.runners.exchange import LOST, REFUSED, Failed
from redicts.runners.failures import exhausted, lost
from redicts.runners.lines import Lines, Waiter
from redicts.runners.packing import command_of
from redicts.runners.replies import checked, plain, translate
from redicts.runners.retrying import Tries
from redicts.runners.several_links_aio import AsyncLink
from redicts.runners.transactions import Transaction
from redicts.runners.version import check_version_async

__all__ = ["AsyncRunner", "begin", "go_on"]

T = TypeVar("T")
OwnT = TypeVar("OwnT")

CLEAN_UP_SECONDS: Final = 2.0
"""How long an operation that was cancelled may take to leave nothing behind. A lease ends what it did not get done."""


class _Kept:
    """What an operation keeps between its steps: the connection of a watch, and its place in a line."""

    __slots__ = ("connection", "waiter")

    def __init__(self) -> None:
        self.connection: Any = None
        self.waiter: Waiter | None = None

    @property
    def is_used(self) -> bool:
        """Whether there is anything to give back."""
        return self.connection is not None or self.waiter is not None


class AsyncRunner:
    """Runs operations on one database, in one event loop.

    Args:
        client: Whose connection pool is used. Its settings for decoding do not matter; its retries are
            used for making connections only.
        address: What the server is called in errors.
    """

    def __init__(self, client: redis.asyncio.Redis, address: str) -> None:
        self._pool: Any = client.connection_pool
        # A pool of ours gives back at once; one of redis-py's may wait for its turn, and loses what is cancelled there.
        self._give_back: Callable[[Any], None] | None = getattr(self._pool, "give_back", None)
        self._address = address
        self._checked = False
        self._own: dict[str, Any] = {}
        self._lifeline: AsyncGenerator[None, None] | None = None
        self._lines: Lines | None = None

    def run(self, op: Op[T], idempotent: bool) -> Coroutine[Any, Any, T]:
        """Drive an operation to its end.

        Args:
            op: A fresh generator. It is begun here and now, not when what is returned is awaited: what it asks of its
                caller, it asks of this one.
            idempotent: Whether its commands may be sent again after a lost connection.

        Returns:
            What the operation returns, when it is awaited.

        Raises:
            ConnectionLost: No connection; nothing was changed, or what was under way may be repeated safely.
            PoolExhausted: No connection of the pool became free in time.
            OutcomeUnknown: The connection was cut while a write was under way.
        """
        return go_on(op, begin(op), idempotent, lambda: self)

    async def drive(self, op: Op[T], effects: tuple[Effect, ...], idempotent: bool) -> T:
        """Drive an operation on that was begun, and asks for effects."""
        return await self._drive(op, effects, idempotent, _Kept())

    async def _drive(self, op: Op[T], effects: tuple[Effect, ...], idempotent: bool, kept: _Kept) -> T:
        try:
            while True:
                try:
                    if kept.connection is not None and not isinstance(effects[0], Commit):
                        await self._unwatch(kept)  # who keeps one waits for no other: all might, for each other
                    if isinstance(effects[0], (Call, Eval)):
                        replies = await self._batch(effects, idempotent)
                    else:
                        replies = (await self._alone(effects, kept),)
                except asyncio.CancelledError as error:
                    effects = op.throw(error)  # which mostly ends it; else it has something to put in order first
                    return await settle(self._drive(op, effects, idempotent, kept), CLEAN_UP_SECONDS)
                except Exception as error:  # noqa: BLE001  # to the operation, which may have to clean up
                    effects = op.throw(error)
                else:
                    effects = op.send(replies)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # typed by Op[T]; StopIteration forgets it
        finally:
            if kept.is_used:
                await self._close(kept)
            op.close()

    async def run_apart(self, op: Op[T], patience: float) -> T:
        """Drive an operation that may be repeated, without waiting for others, nor for long.

        Args:
            op: A fresh generator.
            patience: Seconds that it may take.

        Raises:
            ConnectionLost: No connection, or no reply in time.
        """
        apart = copy(self)
        apart._pool, apart._checked, apart._lines = self._spares("apart"), True, None
        try:
            return await within(apart.run(op, True), patience)
        except asyncio.TimeoutError as error:
            raise ConnectionLost(
                f"no reply from the server at {self._address} within {patience:.2f} s; it may be repeated safely",
                address=self._address,
            ) from error

    async def close(self) -> None:
        """Close the connections of its own: those that are free, and the others when they come back."""
        for spares in self._own.values():
            spares.close()

    def drop(self) -> None:
        """Close them, and end all waiting: the loop ends."""
        lines, self._lines = self._lines, None
        if lines is not None:
            lines.close()
        own, self._own = self._own, {}
        for spares in own.values():
            spares.close()

    async def _alone(self, effects: tuple[Effect, ...], kept: _Kept) -> Any:
        """Perform one of the effects that stand alone in their step."""
        effect = effects[0]
        if len(effects) != 1:
            raise ValueError(f"{type(effect).__name__} stands alone in its step, not among {len(effects)} effects")
        if isinstance(effect, Watch):
            return await self._watch(effect, kept)
        if isinstance(effect, Commit):
            return await self._commit(effect, kept)
        if isinstance(effect, Block):
            return await self._block(effect, kept)
        if isinstance(effect, Sleep):
            return await asyncio.sleep(effect.seconds)
        raise ValueError(f"{effect!r} is no effect")

    async def _batch(self, effects: tuple[Effect, ...], idempotent: bool) -> tuple[Any, ...]:
        """Send independent commands and scripts in one round trip."""
        commands = [command_of(effect) for effect in effects]
        repeatable = idempotent or not any(may_write(effect) for effect in effects)
        send = self._take if isinstance(effects[0], Eval) and effects[0].script.takes else self._send
        raw = await send(commands, repeatable)
        if len(raw) == 1 and not isinstance(raw[0], Exception):
            return (plain(raw[0], commands[0][0]),)
        for index, reply in enumerate(raw):
            if isinstance(reply, redis.exceptions.NoScriptError):
                # It was not run, so sending the whole text is safe for any operation, and loads it for the next.
                (raw[index],) = await send([command_of(effects[index], whole=True)], repeatable)
        return tuple([checked(reply, command[0]) for reply, command in zip(raw, commands, strict=True)])

    async def _take(self, commands: Sequence[Command], repeatable: bool) -> list[Any]:
        """Send what takes something out. The error of who is cancelled meanwhile has what was ``taken``."""
        carried: list[Any] = []
        try:
            return await self._send(commands, repeatable, carried)
        except asyncio.CancelledError as error:
            if carried and not isinstance(carried[0], Exception):
                error.taken = plain(carried[0])  # type: ignore[attr-defined]
            raise

    async def _send(self, commands: Sequence[Command], repeatable: bool, carried: list[Any] | None = None) -> list[Any]:
        """Send commands; try again where that is safe, else say what is known."""
        tries, began = None, time.monotonic()
        while True:
            try:
                connection = await self._connect(self._pool)
                try:
                    return await exchange(connection, commands, carried=carried)
                finally:
                    await self._return(self._pool, connection)
            except Failed as failed:
                tries = tries or Tries(repeatable, began)
                pause = tries.pause(failed)
                if pause is None:
                    raise lost(failed, commands, self._address, unknown=tries.is_unsafe(failed)) from failed.error
            await asyncio.sleep(pause)

    async def _connect(self, pool: Any) -> Any:
        try:
            ours = hasattr(pool, "give_back")
            connection = await (pool.get_connection() if ours else take(pool))
            if not self._checked:
                await self._check(pool, connection)
            return connection
        except LOST as error:
            if isinstance(error.__cause__, RedictsError):
                raise error.__cause__ from None
            if "No connection available" in str(error) or isinstance(error, redis.exceptions.MaxConnectionsError):
                raise exhausted(pool, self._address) from error
            raise Failed(error, sent=False) from error

    async def _check(self, pool: Any, connection: Any) -> None:
        """Look at the server's version, once; the connection goes back where that fails."""
        try:
            await check_version_async(connection, self._address)
        except BaseException:
            drop(connection)
            await self._return(pool, connection)
            raise
        self._checked = True

    async def _return(self, pool: Any, connection: Any) -> None:
        if hasattr(pool, "give_back"):
            pool.give_back(connection)
        else:
            await give_back(pool, connection)

    async def _watch(self, watch: Watch, kept: _Kept) -> list[Any]:
        """WATCH and read. Nothing is written, so it may be tried again."""
        commands: list[Command] = [("WATCH", *watch.keys), *watch.reads]
        tries = Tries(True, time.monotonic())
        while True:
            await self._unwatch(kept)
            try:
                kept.connection = await self._connect(self._pool)
                raw = await exchange(kept.connection, commands)
                return [checked(reply, command[0]) for reply, command in zip(raw, commands, strict=True)][1:]
            except Failed as failed:
                pause = tries.pause(failed)
                if pause is None:
                    raise lost(failed, commands, self._address, unknown=False) from failed.error
            await asyncio.sleep(pause)

    async def _commit(self, commit: Commit, kept: _Kept) -> list[Any]:
        if kept.connection is None:
            raise ValueError("Commit needs a Watch before it, in the same operation")
        if not commit.writes:
            await self._unwatch(kept)
            return []
        transaction = Transaction(commit)
        try:
            raw = await exchange(kept.connection, transaction.commands, as_it_is=True)
        except Failed as failed:
            raise lost(failed, transaction.writes, self._address, unknown=failed.sent) from failed.error
        connection, kept.connection = kept.connection, None
        await self._return(self._pool, connection)
        missing = transaction.missing(raw)
        if missing is not None:
            _ = await self._send([("SCRIPT", "LOAD", missing.text)], True)
            raise Conflict
        return transaction.read(raw)

    async def _unwatch(self, kept: _Kept) -> None:
        """Give the connection of the watch back, without a watch on it."""
        if kept.connection is None:
            return
        try:
            if kept.connection.is_connected:
                _ = await exchange(kept.connection, [("UNWATCH",)])
        except Failed:
            pass  # it is disconnected, and so is the watch
        finally:
            connection, kept.connection = kept.connection, None
            await self._return(self._pool, connection)

    async def _block(self, block: Block, kept: _Kept) -> Any:
        """Wait, in line with the others of this loop where that can be shared."""
        asked: Command = kept.waiter.line.args if kept.waiter is not None else block.args
        try:
            if kept.waiter is not None and kept.waiter.line.args != block.args:
                waiter, lines = kept.waiter, self._waiting()
                given = await lines.leave(waiter)
                kept.waiter = None
                if not block.args:
                    return plain(given)
            if not block.args:
                return None
            if not block.shared:
                return await self._block_through(block)
            lines = self._waiting()
            if kept.waiter is None:
                kept.waiter = lines.join(block.args)
            patience = block.timeout if block.patience is None else block.patience
            reply = await lines.wait(kept.waiter, block.timeout, patience)
        except Failed as failed:
            kept.waiter = None
            if not isinstance(failed.error, (*LOST, *REFUSED)):
                raise translate(failed.error) from None  # the server's, who refuses
            raise lost(failed, [asked], self._address, unknown=failed.sent) from failed.error
        if reply is WAITING:
            return WAITING
        kept.waiter = None
        return plain(reply)

    async def _block_through(self, block: Block) -> Any:
        """Wait until the reply, on a connection of its own; or for the patience, and then stand in line anew."""
        wait = block.timeout if block.patience is None else min(block.timeout, block.patience)
        command = (*block.args, str(to_seconds(max(to_ms(wait), 1))))  # never 0, which is for ever
        spares = self._spares("blocking")
        connection = await self._connect(spares)
        try:
            reply = checked((await exchange(connection, [command]))[0], command[0])
        finally:
            spares.give_back(connection)
        return WAITING if reply is None and wait < block.timeout else reply

    async def _close(self, kept: _Kept) -> None:
        """Give back what an operation keeps at its end."""
        waiter, kept.waiter = kept.waiter, None
        if waiter is not None:
            self._waiting().abandon(waiter)
        connection, kept.connection = kept.connection, None
        if connection is not None:  # it has ended in the middle of a transaction
            drop(connection)
            await self._return(self._pool, connection)

    def _waiting(self) -> Lines:
        spares = self._spares("blocking")
        if self._lines is None or self._lines.spares is not spares:
            self._lines = Lines(lambda: self._connect(spares), spares, lambda commands: self._send(commands, True))
        return self._lines

    def _spares(self, name: str) -> Spares:
        def make() -> Spares:
            options: dict[str, Any] = {"maint_notifications_config": MaintNotificationsConfig(enabled=False)}
            return Spares(self._pool, **options, **({"socket_timeout": None} if name == "blocking" else {}))

        return self._kept_as(name, make)

    def link(self) -> AsyncLink:
        """Give the connection over which this database is asked beside others."""
        return self._kept_as("link", lambda: AsyncLink(self._pool, self._address))

    def _kept_as(self, name: str, make: Callable[[], OwnT]) -> OwnT:
        found: OwnT | None = self._own.get(name)
        if found is None:
            if self._give_back is None and not self._own:
                self._lifeline = lifeline(self._own)  # the databases of a pool of ours have one already
            found = self._own[name] = make()
        return found


def begin(op: Op[T]) -> tuple[Effect, ...] | list[T]:
    """Begin an operation: gives the effects that it asks for; where it has ended already, a list of what it returns."""
    try:
        return next(op)
    except StopIteration as stop:
        return [stop.value]


async def go_on(
    op: Op[T], begun: tuple[Effect, ...] | list[T], idempotent: bool, runner: Callable[[], AsyncRunner]
) -> T:
    """Go on with an operation.

    Args:
        op: The operation.
        begun: What ``begin`` gave for it.
        idempotent: As for ``AsyncRunner.run``.
        runner: Finds what runs it; not asked where it has ended already.
    """
    return begun[0] if isinstance(begun, list) else await runner().drive(op, begun, idempotent)
