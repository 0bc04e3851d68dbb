"""The synchronous runner: drives an operation over connections of a redis-py client's pool.

May import redis, core and replies. It speaks to redis-py's connections rather than to its client: one way for every
effect, several commands in one round trip, and less work for each.

Invariants: whatever interrupts between sending and the last reply disconnects that connection, so no reply is ever
taken for another's; all replies of a batch are read before an error is raised; every connection goes back to its pool.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import redis
import redis.exceptions

from redicts.core.effects import (
    Argument,
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
from redicts.core.scripts import Script
from redicts.core.units import to_ms, to_seconds
from redicts.errors import ConnectionLost, OutcomeUnknown, PoolExhausted
from redicts.runners.packing import pack_commands
from redicts.runners.replies import plain, translate
from redicts.runners.version import check_version

__all__ = ["SyncRunner"]

T = TypeVar("T")

RETRY_PAUSES: Final = (0.0, 0.05, 0.2)
"""Seconds before each further try, where a try may be repeated."""

BLOCK_MARGIN: Final = 5.0
"""Seconds that a blocking command's reply may be late before the connection counts as lost."""

_LOST: Final = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, OSError)


class _Failed(Exception):
    """A try that failed in transport. ``sent``: whether the server may have seen the commands."""

    def __init__(self, error: Exception, sent: bool) -> None:
        super().__init__(error)
        self.error = error
        self.sent = sent


class SyncRunner:
    """Runs operations on one database, one thread at a time each; safe to share between threads.

    Args:
        client: Whose connection pool is used. Its settings for decoding do not matter, and its retries are not used.
        address: What the server is called in errors.
    """

    __slots__ = ("_address", "_blocking", "_checked", "_pool")

    def __init__(self, client: redis.Redis, address: str) -> None:
        self._pool: Any = client.connection_pool
        self._address = address
        self._blocking: Any = None
        self._checked = False

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
        kept: _Kept | None = None
        try:
            effects = next(op)
            while True:
                try:
                    if isinstance(effects[0], (Call, Eval)):
                        replies = self._batch(effects, idempotent)
                    else:
                        kept = kept or _Kept(self._pool)
                        replies = (self._alone(effects, kept),)
                except Exception as error:  # noqa: BLE001  # all go to the operation, which knows what they mean
                    effects = op.throw(error)
                else:
                    effects = op.send(replies)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # typed by Op[T]; StopIteration forgets it
        finally:
            op.close()
            if kept is not None:
                kept.release()

    def close(self) -> None:
        """Close the connections of its own, those of blocking commands. The client's are the client's."""
        if self._blocking is not None:
            self._blocking.disconnect()

    def _alone(self, effects: tuple[Effect, ...], kept: _Kept) -> Any:
        """Perform one of the effects that stand alone in their step."""
        effect = effects[0]
        if len(effects) != 1:
            raise ValueError(f"{type(effect).__name__} stands alone in its step, not among {len(effects)} effects")
        if isinstance(effect, Watch):
            return self._watch(effect, kept)
        if isinstance(effect, Commit):
            return self._commit(effect, kept)
        if isinstance(effect, Block):
            return self._block(effect)
        if isinstance(effect, Sleep):
            return time.sleep(effect.seconds)
        raise ValueError(f"{effect!r} is no effect")

    def _batch(self, effects: tuple[Effect, ...], idempotent: bool) -> tuple[Any, ...]:
        """Send independent commands and scripts in one round trip."""
        commands = [_command(effect) for effect in effects]
        repeatable = idempotent or not any([may_write(effect) for effect in effects])
        raw = self._send(commands, repeatable)
        for index, reply in enumerate(raw):
            if isinstance(reply, redis.exceptions.NoScriptError):
                # It was not run, so sending the whole text is safe for any operation, and loads it for the next.
                raw[index] = self._send([_command(effects[index], whole=True)], repeatable)[0]
        return tuple([_checked(reply, command[0]) for reply, command in zip(raw, commands, strict=True)])

    def _send(self, commands: Sequence[Command], repeatable: bool) -> list[Any]:
        def once() -> list[Any]:
            connection = self._connect(self._pool)
            try:
                return _exchange(connection, commands)
            finally:
                self._pool.release(connection)

        return self._try(once, commands, repeatable)

    def _try(self, once: Callable[[], list[Any]], commands: Sequence[Command], repeatable: bool) -> list[Any]:
        """Try, and try again where that is safe; else say what is known."""
        for pause in (*RETRY_PAUSES, None):
            try:
                return once()
            except _Failed as failed:
                unsafe = failed.sent and not repeatable
                if unsafe or pause is None or isinstance(failed.error, redis.exceptions.TimeoutError):
                    raise self._lost(failed, commands, unknown=unsafe) from failed.error
                time.sleep(pause)
        raise RuntimeError("unreachable: the last try returns or raises")

    def _connect(self, pool: Any) -> Any:
        try:
            connection = pool.get_connection()
            if not self._checked:
                self._check(pool, connection)
            return connection
        except _LOST as error:
            if "No connection available" in str(error) or isinstance(error, redis.exceptions.MaxConnectionsError):
                raise self._exhausted(pool) from error
            raise _Failed(error, sent=False) from error

    def _check(self, pool: Any, connection: Any) -> None:
        """Look at the server's version, once; the connection goes back where that fails."""
        try:
            check_version(connection, self._address)
        except BaseException:
            connection.disconnect()
            pool.release(connection)
            raise
        self._checked = True

    def _watch(self, watch: Watch, kept: _Kept) -> list[Any]:
        """WATCH and read. Nothing is written, so it may be tried again."""
        commands: list[Command] = [("WATCH", *watch.keys), *watch.reads]

        def once() -> list[Any]:
            kept.release()
            kept.take(self._connect(self._pool))
            return _exchange(kept.connection, commands)

        raw = self._try(once, commands, True)
        return [_checked(reply, command[0]) for reply, command in zip(raw, commands, strict=True)][1:]

    def _commit(self, commit: Commit, kept: _Kept) -> list[Any]:
        if kept.connection is None:
            raise ValueError("Commit needs a Watch before it, in the same operation")
        if not commit.writes:
            kept.release()
            return []
        # A script that the server does not know would fail alone, after its neighbours took effect: so load them first.
        loads: list[Command] = [("SCRIPT", "LOAD", w.script.text) for w in commit.writes if isinstance(w, Eval)]
        writes = [_command(write) for write in commit.writes]
        commands: list[Command] = [*loads, ("MULTI",), *writes, ("EXEC",)]
        try:
            raw = _exchange(kept.connection, commands)
        except _Failed as failed:
            raise self._lost(failed, writes, unknown=failed.sent) from failed.error
        kept.watching = False
        kept.release()
        if raw[-1] is None:
            raise Conflict
        for reply in raw[:-1]:
            if isinstance(reply, Exception):
                raise translate(reply)
        if isinstance(raw[-1], Exception):
            raise translate(raw[-1])
        return [_checked(reply, command[0]) for reply, command in zip(raw[-1], writes, strict=True)]

    def _block(self, block: Block) -> Any:
        """Wait on a connection of its own pool, which has no upper bound: waiters never use up the others'."""
        wait = to_seconds(max(to_ms(block.timeout), 1))
        command = (*block.args, wait)
        if self._blocking is None:
            pool = self._pool
            self._blocking = redis.ConnectionPool(connection_class=pool.connection_class, **pool.connection_kwargs)
        try:
            connection = self._connect(self._blocking)
            try:
                return _checked(_exchange(connection, [command], timeout=wait + BLOCK_MARGIN)[0], command[0])
            finally:
                self._blocking.release(connection)
        except _Failed as failed:
            raise self._lost(failed, [command], unknown=failed.sent) from failed.error

    def _lost(self, failed: _Failed, commands: Sequence[Command], unknown: bool) -> Exception:
        if unknown:
            names = [str(command[0]) for command in commands]
            return OutcomeUnknown(
                f"the connection to {self._address} was cut while a write was under way ({failed.error}): it happened "
                "once, or not at all, and was not sent again; read the place to find out",
                address=self._address,
                commands=names,
            )
        outcome = "it may be repeated safely" if failed.sent else "nothing was changed"
        return ConnectionLost(
            f"no connection to the server at {self._address} ({failed.error}); {outcome}. Is it running and "
            "reachable? Another server: Pool().reload(cfg={'url': ...}) or REDICTS_URL; none at hand: "
            "cfg={'embedded': 'DIR'} (pip install 'redicts[server]'), or reload(fake_redis=True) for tests",
            address=self._address,
        )

    def _exhausted(self, pool: Any) -> PoolExhausted:
        timeout = getattr(pool, "timeout", None)
        waited = "" if timeout is None else f" for {timeout} s"
        return PoolExhausted(
            f"all {pool.max_connections} connections to {self._address} stayed in use{waited}; raise max_connections "
            "or timeout_secs, or use fewer threads",
            address=self._address,
            timeout=timeout,
        )


class _Kept:
    """The connection that an operation keeps from a ``Watch`` to its ``Commit``."""

    __slots__ = ("connection", "pool", "watching")

    def __init__(self, pool: Any) -> None:
        self.pool = pool
        self.connection: Any = None
        self.watching = False

    def take(self, connection: Any) -> None:
        self.connection = connection
        self.watching = True

    def release(self) -> None:
        """Give the connection back, without a watch on it."""
        connection, self.connection = self.connection, None
        if connection is None:
            return
        try:
            if self.watching and connection.is_connected:
                self.watching = False
                _ = _exchange(connection, [("UNWATCH",)])
        except _Failed:
            pass  # it is disconnected, and so is the watch
        finally:
            self.pool.release(connection)


def _exchange(connection: Any, commands: Sequence[Command], timeout: float | None = None) -> list[Any]:
    """Send commands and read every reply; error replies stand among them.

    Raises:
        _Failed: The connection was lost. It has been disconnected.
    """
    sent = False
    try:
        packed = pack_commands(connection, commands)
        sent = True
        connection.send_packed_command(packed)
        if timeout is None:
            return [_read(connection) for _ in commands]
        return [_read(connection, timeout=timeout) for _ in commands]
    except redis.exceptions.BusyLoadingError as error:
        connection.disconnect()
        raise _Failed(error, sent=False) from error
    except _LOST as error:
        connection.disconnect()
        raise _Failed(error, sent) from error
    except BaseException:
        connection.disconnect()
        raise


def _read(connection: Any, **options: Any) -> Any:
    try:
        return connection.read_response(disable_decoding=True, **options)
    except redis.exceptions.ResponseError as error:
        return error


def _command(effect: Effect, whole: bool = False) -> Command:
    if isinstance(effect, Call):
        return effect.args
    if isinstance(effect, Eval):
        script: Script = effect.script
        name, text = ("EVAL", script.text) if whole else ("EVALSHA", script.sha)
        return (name, text, len(effect.keys), *effect.keys, *effect.args)
    raise ValueError(f"{type(effect).__name__} stands alone in its step")


def _checked(reply: Any, command: Argument) -> Any:
    if isinstance(reply, Exception):
        raise translate(reply)
    return plain(reply, command)
