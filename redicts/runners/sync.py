"""The synchronous runner: drives an operation over connections of a redis-py client's pool.

May import redis, core and replies. It speaks to redis-py's connections rather than to its client: one way for every
effect, several commands in one round trip, and less work for each.

Invariants: whatever interrupts between sending and the last reply disconnects that connection, so no reply is ever
taken for another's; all replies of a batch are read before an error is raised; every connection goes back to its pool.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import redis
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
from redicts.core.labels import spell_label
from redicts.core.units import to_ms, to_seconds
from redicts.errors import ConnectionLost, OutcomeUnknown
from redicts.runners.blocked import BLOCK_MARGIN, Blocked
from redicts.runners.exchange import LOST, Failed, exchange
from redicts.runners.failures import exhausted, lost
from redicts.runners.kept import Kept
from redicts.runners.packing import command_of
from redicts.runners.replies import checked, plain
from redicts.runners.retrying import Tries
from redicts.runners.transactions import Transaction
from redicts.runners.version import check_version

if TYPE_CHECKING:
    from redicts.runners.several_links import Links

__all__ = ["SyncRunner"]

T = TypeVar("T")

INTERRUPTS: Final = (KeyboardInterrupt, SystemExit)
"""What may come at any time, from a signal."""

APART_SECONDS: Final = 2.0
"""How long a server may take, while a connection is made, for what must not wait."""

UNBOUNDED: Final = 2**31
"""As many connections as there are waiters: redis-py's own default is 100."""


class SyncRunner:
    """Runs operations on one database, one thread at a time each; safe to share between threads.

    Args:
        client: Whose connection pool is used. Its settings for decoding do not matter; its retries are
            used for making connections only.
        address: What the server is called in errors.
        answers_at_once: Whether its connections do their work while a command is sent (fakeredis): none can be left
            waiting.
    """

    __slots__ = ("_address", "_answers_at_once", "_checked", "_own", "_patience", "_pool")

    def __init__(self, client: redis.Redis, address: str, *, answers_at_once: bool = False) -> None:
        self._pool: Any = client.connection_pool
        self._answers_at_once = answers_at_once
        self._address = address
        self._own: dict[str, Any] = {}
        self._checked = False
        self._patience: float | None = None

    def apart(self, patience: float) -> SyncRunner:
        """Make a runner of the same database whose work waits for nobody.

        It has connections of its own, as many as it needs, and gives up on a server that hangs sooner than the client
        would.

        Args:
            patience: Seconds to wait for a reply. (Making a connection may take as long, or ``APART_SECONDS``.)
        """
        other = SyncRunner.__new__(SyncRunner)
        connecting = min(patience, APART_SECONDS)
        other._pool = self._own_pool("apart", socket_timeout=connecting, socket_connect_timeout=connecting)
        other._address, other._answers_at_once = self._address, self._answers_at_once
        other._own, other._checked, other._patience = self._own, True, patience
        return other

    def links(self) -> Links:
        """Give the connections over which this database is asked beside others."""
        found: Links | None = self._own.get("links")
        if found is not None:
            return found
        from redicts.runners.several_links import Links  # here: most have no use for it, and pay for no import

        made = Links(self._pool, self._address, answers_at_once=self._answers_at_once)
        return self._own.setdefault("links", made)  # type: ignore[no-any-return]  # one, also of two threads

    def run_apart(self, op: Op[T], patience: float) -> T:
        """Drive an operation that may be repeated, without waiting for others, nor for long.

        Args:
            op: A fresh generator.
            patience: As for ``apart``.

        Returns:
            What the operation returns.

        Raises:
            ConnectionLost: No connection, or no reply in time.
            OutcomeUnknown: Likewise, while a write was under way.
        """
        try:
            return self.apart(patience).run(op, True)
        except (ConnectionLost, OutcomeUnknown):
            pool = self._own.pop("apart", None)  # connections are made within the patience that there is then
            if pool is not None:
                pool.disconnect(inuse_connections=False)
            raise

    def run(self, op: Op[T], idempotent: bool) -> T:
        """Drive an operation to its end.

        Args:
            op: A fresh generator.
            idempotent: Whether its commands may be sent again after a lost connection.

        Returns:
            What the operation returns.

        Raises:
            ConnectionLost: No connection; nothing was changed, or what was under way may be repeated safely.
            PoolExhausted: No connection of the pool became free in time.
            OutcomeUnknown: The connection was cut while a write was under way.
        """
        kept: Kept | None = None
        try:
            effects = next(op)
            while True:
                try:
                    if kept is not None and kept.connection is not None and not isinstance(effects[0], Commit):
                        kept.release()  # who keeps one waits for no other: all who do might, for each other
                    if isinstance(effects[0], (Call, Eval)):
                        replies = self._batch(effects, idempotent)
                    else:
                        kept = kept or Kept(self._pool)
                        replies = (self._alone(effects, kept),)
                except (Exception, *INTERRUPTS) as error:  # noqa: BLE001  # to the operation, which may have to clean up
                    effects = op.throw(error)
                else:
                    effects = op.send(replies)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # typed by Op[T]; StopIteration forgets it
        finally:
            op.close()
            if kept is not None:
                kept.close()

    def close(self) -> None:
        """Close the connections of its own, those of blocking commands. The client's are the client's."""
        for pool in self._own.values():
            pool.disconnect(inuse_connections=False)  # a waiter comes to its end, and its connection with it

    def _alone(self, effects: tuple[Effect, ...], kept: Kept) -> Any:
        """Perform one of the effects that stand alone in their step."""
        effect = effects[0]
        if len(effects) != 1:
            raise ValueError(f"{type(effect).__name__} stands alone in its step, not among {len(effects)} effects")
        if isinstance(effect, Watch):
            return self._watch(effect, kept)
        if isinstance(effect, Commit):
            return self._commit(effect, kept)
        if isinstance(effect, Block):
            return self._block(effect, kept)
        if isinstance(effect, Sleep):
            return time.sleep(effect.seconds)
        raise ValueError(f"{effect!r} is no effect")

    def _batch(self, effects: tuple[Effect, ...], idempotent: bool) -> tuple[Any, ...]:
        """Send independent commands and scripts in one round trip."""
        commands = [command_of(effect) for effect in effects]
        repeatable = idempotent or not any(may_write(effect) for effect in effects)
        raw = self._send(commands, repeatable)
        if len(raw) == 1 and not isinstance(raw[0], Exception):  # nearly every call: what follows would cost it 4 %
            return (plain(raw[0], commands[0][0]),)
        for index, reply in enumerate(raw):
            if isinstance(reply, redis.exceptions.NoScriptError):
                # It was not run, so sending the whole text is safe for any operation, and loads it for the next.
                raw[index] = self._send([command_of(effects[index], whole=True)], repeatable)[0]
        return tuple([checked(reply, command[0]) for reply, command in zip(raw, commands, strict=True)])

    def _send(self, commands: Sequence[Command], repeatable: bool) -> list[Any]:
        def once() -> list[Any]:
            connection = self._connect(self._pool)
            try:
                return exchange(connection, commands, self._patience)
            finally:
                self._pool.release(connection)

        return self._try(once, commands, repeatable)

    def _try(self, once: Callable[[], list[Any]], commands: Sequence[Command], repeatable: bool) -> list[Any]:
        """Try, and try again where that is safe; else say what is known."""
        tries, began = None, time.monotonic()
        while True:
            try:
                return once()
            except Failed as failed:
                tries = tries or Tries(repeatable, began)
                pause = tries.pause(failed)
                if pause is None:
                    raise lost(failed, commands, self._address, unknown=tries.is_unsafe(failed)) from failed.error
            time.sleep(pause)

    def _connect(self, pool: Any) -> Any:
        try:
            connection = pool.get_connection()
            if not self._checked:
                self._check(pool, connection)
            return connection
        except LOST as error:
            if "No connection available" in str(error) or isinstance(error, redis.exceptions.MaxConnectionsError):
                raise exhausted(pool, self._address) from error
            raise Failed(error, sent=False) from error

    def _check(self, pool: Any, connection: Any) -> None:
        """Look at the server's version, once; the connection goes back where that fails."""
        try:
            check_version(connection, self._address)
        except BaseException:
            connection.disconnect()
            pool.release(connection)
            raise
        self._checked = True

    def _watch(self, watch: Watch, kept: Kept) -> list[Any]:
        """WATCH and read. Nothing is written, so it may be tried again."""
        commands: list[Command] = [("WATCH", *watch.keys), *watch.reads]

        def once() -> list[Any]:
            kept.release()
            kept.take(self._connect(self._pool))
            return exchange(kept.connection, commands)

        raw = self._try(once, commands, True)
        return [checked(reply, command[0]) for reply, command in zip(raw, commands, strict=True)][1:]

    def _commit(self, commit: Commit, kept: Kept) -> list[Any]:
        if kept.connection is None:
            raise ValueError("Commit needs a Watch before it, in the same operation")
        if not commit.writes:
            kept.release()
            return []
        transaction = Transaction(commit)
        try:
            raw = exchange(kept.connection, transaction.commands, as_it_is=True)
        except Failed as failed:
            raise lost(failed, transaction.writes, self._address, unknown=failed.sent) from failed.error
        kept.watching = False
        kept.release()
        missing = transaction.missing(raw)
        if missing is not None:
            _ = self._send([("SCRIPT", "LOAD", missing.text)], True)
            raise Conflict
        return transaction.read(raw)

    def _block(self, block: Block, kept: Kept) -> Any:
        """Wait on a connection of its own pool, which has no upper bound: waiters never use up the others'."""
        asked = block.args if kept.blocked is None else kept.blocked.args
        try:
            if kept.blocked is not None and kept.blocked.args != block.args:
                given = self._give_up(kept)
                if not block.args:
                    return given
            if not block.args:
                return None
            if kept.blocked is None:
                if block.patience is None or self._answers_at_once:
                    return self._block_through(block)
                # Kept before it is sent: an interrupt may come at any time, and must find it.
                kept.blocked = Blocked(self._blocking_pool(), block.args, _wait(block.timeout))
                kept.blocked.begin(self._connect(self._blocking_pool()), spell_label(block.label))
            reply = kept.blocked.reply(block.patience)
            if reply is WAITING:
                return WAITING
            kept.blocked = None
            return checked(reply, block.args[0])
        except Failed as failed:
            kept.blocked = None
            raise lost(failed, [asked], self._address, unknown=failed.sent) from failed.error

    def _block_through(self, block: Block) -> Any:
        """Wait until the reply, or for the patience where the connection cannot be left alone meanwhile."""
        wait = _wait(block.timeout if block.patience is None else min(block.timeout, block.patience))
        command = (*block.args, str(wait))
        pool = self._blocking_pool()
        connection = self._connect(pool)
        try:
            reply = checked(exchange(connection, [command], timeout=wait + BLOCK_MARGIN)[0], command[0])
        finally:
            pool.release(connection)
        return WAITING if reply is None and wait < _wait(block.timeout) else reply

    def _give_up(self, kept: Kept) -> Any:
        """End a blocking command; what it was given meanwhile is its reply, else ``None``."""
        blocked = kept.blocked
        if blocked is None or not blocked.under_way:  # it was interrupted when it was sent
            kept.blocked = None
            return None
        patience = 0.0  # where the server does not let us end it: only what has come already
        try:
            if blocked.client_id is not None:
                (ended,) = self._send([("CLIENT", "UNBLOCK", blocked.client_id)], True)
                patience = 0.0 if isinstance(ended, Exception) else BLOCK_MARGIN
            reply = blocked.reply(patience)
        finally:
            blocked.drop()  # where it is not through
            kept.blocked = None
        return None if reply is WAITING or isinstance(reply, Exception) else plain(reply)

    def _blocking_pool(self) -> Any:
        return self._own_pool("blocking")

    def _own_pool(self, name: str, **options: Any) -> Any:
        if (pool := self._own.get(name)) is not None:
            return pool
        quiet = {"maint_notifications_config": MaintNotificationsConfig(enabled=False)}
        given: dict[str, Any] = {**self._pool.connection_kwargs, **quiet, **options}
        made = redis.ConnectionPool(self._pool.connection_class, max_connections=UNBOUNDED, **given)
        return self._own.setdefault(name, made)  # of several threads one is first; a lock would not survive fork


def _wait(seconds: float) -> float:
    """Round a timeout up to the millisecond, and never to 0, which is for ever."""
    return to_seconds(max(to_ms(seconds), 1))
