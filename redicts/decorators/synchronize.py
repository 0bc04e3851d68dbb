"""``synchronize``: a function that runs in one place at a time, over processes and machines. May import the faces.

Invariant: whatever the function does, or is done to it, the lock is given up; and its own exception is what is raised.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from redicts.core.paths import PathLike
from redicts.faces.located import Located, check_one_of
from redicts.pool.masters import check_masters
from redicts.proxy import Proxy

if TYPE_CHECKING:
    import redicts.aio.proxy as aio

__all__ = ["synchronize"]

F = TypeVar("F", bound=Callable[..., Any])


def synchronize(
    path: PathLike | Proxy | aio.Proxy,
    masters: Sequence[object] | None = None,
    *,
    auto_release_time: float = 10.0,
    acquire_timeout: float | None = 10.0,
    master_timeout: float = 0.2,
    db_name: str | None = None,
    rconn: Any = None,
) -> Callable[[F], F]:
    """Let a function run for one caller at a time, of all threads, tasks, processes and machines: under a ``Redlock``.

    A decorator for functions, coroutine functions, and methods. All functions that are given one place exclude each
    other. It is not re-entrant: a function that calls itself, or another of the same place, is told so.

    Args:
        path: The place of the lock; or a ``Proxy`` that leads there, of ``redicts.aio`` for coroutine functions.
        masters: The databases, each of which keeps it there: names of the ``Pool`` or clients, those of redis.asyncio
            for coroutine functions. ``None``: the one of the place alone.
        auto_release_time: Seconds after which another is let in, though the function has not returned: above 0.
        acquire_timeout: Seconds to wait; ``None`` for no limit, 0 for one try.
        master_timeout: Seconds after which a master is given up, for this time.
        db_name: A database of the ``Pool``; ``None`` for the default one.
        rconn: A client to use instead of the ``Pool``.

    Returns:
        The decorator. ``__wrapped__`` of what it gives is the function itself.

    Raises:
        PathError: ``path`` is the root, or no path.
        ConfigError: There are no masters.
        TypeError: An argument is of another type; or it is no function, or one that yields.
        ValueError: An argument is out of range.

    A call raises ``LockTimeout`` where the lock was not free in time, ``QuorumIsImpossible`` where so many masters
    failed that there can be no majority, ``LockError`` where the caller holds the lock already, and ``LockLost`` after
    the function has returned, where it took longer than ``auto_release_time``: it may not have been alone. What the
    function itself raises always comes through.

    Cost: 2 round trips more than the function, to all masters side by side.

    Example:
        >>> @synchronize("app.report", auto_release_time=60)
        ... def report():
        ...     return "done"
        >>> report(), report.__wrapped__()
        ('done', 'done')
    """
    from redicts.leaves.parts.master_lock import Limits  # who does not use it does not pay for it

    _ = Limits.checked(auto_release_time, acquire_timeout, 0, master_timeout)
    _ = check_masters(masters)
    where = _Where(path, db_name, rconn)

    def open_lock(place: Any) -> Any:
        return place.as_redlock(
            masters, auto_release_time=auto_release_time, acquire_timeout=acquire_timeout, master_timeout=master_timeout
        )

    def decorate(function: F) -> F:
        _check_function(function)
        if inspect.iscoroutinefunction(function):
            return cast("F", _awaited(function, where.check_awaited(bare=masters is not None), open_lock))
        return cast("F", _plain(function, where.check_plain(), open_lock))

    return decorate


class _Where:
    """The place of a lock, as it was given: found when it is first used, for the Pool may be configured later.

    Args:
        path: The place, or its path.
        db_name: A database of the ``Pool``.
        rconn: A client.

    Raises:
        PathError: It is the root, or no path.
        TypeError: It is a function.
        ValueError: The database is named in two ways.
    """

    def __init__(self, path: Any, db_name: str | None, rconn: Any) -> None:
        if callable(path):
            raise TypeError('a function has to be given a place: @synchronize("app.report")')
        self._given: Any = path if isinstance(path, Located) else None
        if self._given is not None and (db_name is not None or rconn is not None):
            raise ValueError("the place says already which database it is in: give neither db_name nor rconn with it")
        place = Proxy(path.path if isinstance(path, Located) else path)
        place._not_root(place.path, "a lock of functions")
        self._path = place.path
        self._options: dict[str, Any] = {"db_name": check_one_of(db_name, rconn), "rconn": rconn}

    def check_plain(self) -> Callable[[], Any]:
        """Give what finds the place for a function.

        Raises:
            TypeError: It is a place of redicts.aio.
        """
        if self._given is not None and not isinstance(self._given, Proxy):
            raise TypeError("a function that is no coroutine function needs a place of redicts, not of redicts.aio")
        return lambda: self._given or Proxy(self._path, **self._options)

    def check_awaited(self, bare: bool) -> Callable[[], Any]:
        """Give what finds the place for a coroutine function.

        Args:
            bare: Whether nothing but the path matters.

        Raises:
            TypeError: It is a place of redicts with a client of its own.
        """
        from redicts.aio.proxy import Proxy as AsyncProxy  # who does not use asyncio does not pay for it

        if not isinstance(self._given, Proxy):
            return lambda: self._given or AsyncProxy(self._path, **self._options)
        if self._given._database is not None and not bare:
            raise TypeError("a coroutine function needs a place of redicts.aio, or one without a client of its own")
        name = self._given._db_name
        return lambda: AsyncProxy(self._path, db_name=name)


def _check_function(function: object) -> None:
    if not callable(function) or isinstance(function, (classmethod, staticmethod)):
        raise TypeError(
            f"synchronize takes a function, not {function!r}; @classmethod and @staticmethod stand above it"
        )
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{function!r} yields: the lock would be given up before its first value is asked for")


def _once(find: Callable[[], Any], open_lock: Callable[[Any], Any]) -> Callable[[], Any]:
    """Open the lock when it is first asked for; of several threads one is first."""
    opened: dict[str, Any] = {}
    return lambda: opened.get("lock") or opened.setdefault("lock", open_lock(find()))


def _plain(function: Callable[..., Any], find: Callable[[], Any], open_lock: Callable[[Any], Any]) -> Any:
    lock = _once(find, open_lock)

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with lock():
            return function(*args, **kwargs)

    return call


def _awaited(function: Callable[..., Any], find: Callable[[], Any], open_lock: Callable[[Any], Any]) -> Any:
    lock = _once(find, open_lock)

    @wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        async with lock():
            return await function(*args, **kwargs)

    return call
