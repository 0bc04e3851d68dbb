"""Several masters as the faces use them: which databases they are, and what runs operations on all of them.

May import redis, core, runners and its neighbours. Nothing is connected to before an operation runs.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, Final, Generic, TypeVar

from redicts.core.effects import Op
from redicts.core.keys import KeySpace
from redicts.errors import ConfigError
from redicts.pool.database import AsyncDatabase, BaseDatabase, Database
from redicts.pool.pool import Pool
from redicts.runners.several import run_several

__all__ = ["AsyncMasters", "SyncMasters", "check_masters"]

T = TypeVar("T")
DatabaseT = TypeVar("DatabaseT", bound=BaseDatabase[Any])


class _Masters(Generic[DatabaseT]):
    """Databases that are found anew for each operation: the pool may be reloaded, and each event loop has its own.

    Args:
        find: Finds them.
    """

    def __init__(self, find: Sequence[Callable[[], DatabaseT]]) -> None:
        self._find: Final = tuple(find)
        databases = self._databases()
        seen: dict[DatabaseT, str] = {}
        for database, name in zip(databases, self._names(databases), strict=True):
            if database in seen:
                raise ConfigError(
                    f"masters must be independent of one another, but {seen[database]} and {name} are one "
                    "database; give each once",
                    key="masters",
                )
            seen[database] = name

    @property
    def names(self) -> tuple[str, ...]:
        """As ``core.several.Masters`` says."""
        return self._names(self._databases())

    @property
    def spaces(self) -> tuple[KeySpace, ...]:
        """As ``core.several.Masters`` says."""
        return tuple([database.space for database in self._databases()])

    def _databases(self) -> list[DatabaseT]:
        return [find() for find in self._find]

    @staticmethod
    def _names(databases: Sequence[DatabaseT]) -> tuple[str, ...]:
        return tuple([f"{each.name!r} ({each.address})" if each.name else each.address for each in databases])


class SyncMasters(_Masters[Database]):
    """Several masters for the synchronous face."""

    @classmethod
    def of(cls, masters: Sequence[object] | None, own: Callable[[], Database]) -> SyncMasters:
        """Find masters as a user names them.

        Args:
            masters: Names of the ``Pool``, or clients; ``None``: the one of the place alone.
            own: Finds that one.

        Raises:
            ConfigError: There are none, or one twice, or one that cannot be used.
        """
        given = check_masters(masters)
        if given is None:
            return cls([own])
        return cls([_finder(each, Pool().database, Database.of_client) for each in given])

    def run(self, op: Op[T]) -> T:
        """Run an operation on all of them."""
        return run_several(op, [database.runner for database in self._databases()])


class AsyncMasters(_Masters[AsyncDatabase]):
    """Several masters for asyncio."""

    @classmethod
    def of(cls, masters: Sequence[object] | None, own: Callable[[], AsyncDatabase]) -> AsyncMasters:
        """Find masters as a user names them: as ``SyncMasters.of``."""
        given = check_masters(masters)
        if given is None:
            return cls([own])
        return cls([_finder(each, Pool().async_database, AsyncDatabase.of_client) for each in given])

    def run(self, op: Op[T]) -> Coroutine[object, None, T]:
        """Run an operation on all of them; it is begun here, by who calls."""
        from redicts.runners.aio import begin
        from redicts.runners.several_aio import run_several as run_several_aio

        begun = begin(op)

        async def go_on() -> T:
            return await run_several_aio(op, begun, [database.runner for database in self._databases()])

        running: Any = go_on()
        coroutine: Coroutine[object, None, T] = running
        return coroutine


def check_masters(masters: object) -> list[object] | None:
    """Check what was given as masters, as far as that is possible without looking for them.

    Raises:
        ConfigError: It is no list, or an empty one.
    """
    if masters is None:
        return None
    if isinstance(masters, (str, bytes)) or not isinstance(masters, Iterable):
        raise ConfigError(f"masters must be a list of names of the Pool, or of clients, not {masters!r}", key="masters")
    given = list(masters)
    if not given:
        raise ConfigError(
            "masters must name one database at least, best three or five; leave it out for one's own", key="masters"
        )
    return given


def _finder(
    master: object, named: Callable[[str | None], DatabaseT], of_client: Callable[[Any], DatabaseT]
) -> Callable[[], DatabaseT]:
    if master is None or isinstance(master, str):
        return lambda: named(master)
    database = of_client(master)
    return lambda: database
