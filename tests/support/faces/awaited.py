"""The asyncio face, for threads: what is called is called, and awaited, by the task that stands for the thread.

What has no counterpart there is spelled with what has: ``p["x"]`` is ``get``, ``with`` is ``async with``, and iterating
is ``async for``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from types import TracebackType
from typing import Any, ClassVar, TypeVar, cast

import fakeredis
import redis.asyncio

from redicts import Lease, Lock, Proxy, aio
from redicts.core.paths import PathLike
from redicts.leaves.leaf import AsyncLeaf
from redicts.leaves.permit import AsyncPermit, Permit
from redicts.pool import AsyncDatabase
from tests.support.faces.plain import Face
from tests.support.portal import Portal

__all__ = ["AwaitedFace"]

T = TypeVar("T")

AT_ONCE = frozenset({"get", "key", "name", "parent", "path"})
"""What asks nobody, and so is not sent through the portal."""


class Awaited:
    """Something of the asyncio face.

    Args:
        portal: Leads to its loop.
        there: It.
    """

    looks_like: ClassVar[type]
    at_once: ClassVar[frozenset[str]] = AT_ONCE
    _portal: Portal
    _there: Any

    def __init__(self, portal: Portal, there: Any) -> None:
        self._portal = portal
        self._there = there

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # what isinstance() asks
        return self.looks_like

    def __getattr__(self, name: str) -> Any:
        there = self._there
        if callable(getattr(type(there), name)):
            return partial(self._call, getattr(there, name), at_once=name in self.at_once)
        value = getattr(there, name) if name in self.at_once else self._portal.call(getattr, there, name)
        return self._here(value)

    def _call(self, function: Callable[..., Any], *args: Any, at_once: bool = False, **options: Any) -> Any:
        if options.get("on_lost") is not None:
            options["on_lost"] = elsewhere(self._portal, options["on_lost"])
        args = tuple([each._there if isinstance(each, Awaited) else each for each in args])
        return self._here(function(*args, **options) if at_once else self._portal.call(function, *args, **options))

    def _here(self, value: Any) -> Any:
        """Give what came from there as something of here."""
        if value is self._there:
            return self
        if isinstance(value, AsyncLeaf):
            return awaited_leaf(type(value))(self._portal, value)
        return self._at(value) if type(value) in LOOKS else value

    def _at(self, value: Any) -> Any:
        return LOOKS[type(value)](self._portal, value)

    def __enter__(self) -> Any:
        return self._call(self._there.__aenter__)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Any:
        return self._call(self._there.__aexit__, kind, error, trace)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Awaited) and bool(self._there == other._there)

    def __hash__(self) -> int:
        return hash(self._there)

    def __bool__(self) -> bool:
        return bool(self._there)

    def __repr__(self) -> str:
        return str(self._portal.call(repr, self._there))


class AwaitedPlace(Awaited):
    looks_like = Proxy

    __getitem__, __setitem__, __delitem__ = Proxy.__getitem__, Proxy.__setitem__, Proxy.__delitem__
    __contains__, __len__ = Proxy.__contains__, Proxy.__len__

    def __iter__(self) -> Iterator[Any]:
        async def names() -> list[Any]:
            return [name async for name in self._there]

        return iter(self._portal.call(names))

    def iter_children(self) -> Iterator[Any]:
        leaves = self._there.iter_children()

        async def take(count: int) -> list[Any]:
            """Some at a time: a way through the portal for each takes long."""
            found: list[Any] = []
            async for leaf in leaves:
                found.append(leaf)
                if len(found) == count:
                    break
            return found

        count = 1
        while found := self._portal.call(take, count):
            yield from map(self._at, found)
            count = 100


def awaited_leaf(kind: type) -> type[Awaited]:
    """Make a class for typed leaves of a kind: with the special methods of its synchronous face."""
    plain = getattr(import_module(kind.__module__), kind.__name__.removeprefix("Async"))
    special = {
        name: each
        for base in reversed(plain.__mro__)
        if base.__module__.startswith("redicts.leaves.") and base.__module__ != "redicts.leaves.leaf"
        for name, each in vars(base).items()
        if name.startswith("__") and callable(each) and name != "__init__"
    }
    return type(f"Awaited{plain.__name__}", (Awaited,), {**special, "looks_like": plain, "at_once": frozenset({"key"})})


class AwaitedLease(Awaited):
    looks_like = Lease


class AwaitedLock(Awaited):
    looks_like = Lock


class AwaitedPermit(Awaited):
    looks_like = Permit


class Told:
    """An event of the loop, as one of threading."""

    def __init__(self, portal: Portal, event: asyncio.Event) -> None:
        self._portal = portal
        self._event = event
        self.is_set = event.is_set

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Told) and other._event is self._event

    def __hash__(self) -> int:
        return hash(self._event)

    def wait(self, seconds: float) -> bool:
        return bool(self._portal.call(asyncio.wait_for, self._event.wait(), seconds))


LOOKS: dict[type, Callable[[Portal, Any], Any]] = {
    aio.Proxy: AwaitedPlace, aio.Lease: AwaitedLease, aio.Lock: AwaitedLock, asyncio.Event: Told,
    AsyncPermit: AwaitedPermit,
}  # fmt: skip


def elsewhere(portal: Portal, on_lost: Callable[[Any], object]) -> Callable[[Any], Any]:
    """Have a callback called in a thread of its own, where it may use the portal."""

    async def tell(lease: aio.Lease) -> None:
        _ = await asyncio.to_thread(on_lost, AwaitedLease(portal, lease))

    return tell


class AwaitedFace(Face):
    """The same names, over redis.asyncio, in a loop of its own."""

    who = "this task"
    _kind = AsyncDatabase

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._portal = Portal()
        self._own: Any = self.another_client()

    @property
    def client(self) -> Any:
        return self._own

    def place(self, path: PathLike = (), *, namespace: str | None = None, client: Any = None, **options: Any) -> Proxy:
        made = aio.Proxy(path, **options)
        if "db_name" not in options:
            made._database = self.database(client, namespace)
        return cast(Proxy, AwaitedPlace(self._portal, made))

    def lock(
        self, path: PathLike, *args: Any, client: Any = None, namespace: str | None = None, **options: Any
    ) -> Lock:
        if options.get("on_lost") is not None:
            options["on_lost"] = elsewhere(self._portal, options["on_lost"])
        _ = self.database(client, namespace)  # so that it is known at the end
        made = aio.Lock(client or self.client, path, *args, namespace=namespace or self._namespace, **options)
        return cast(Lock, AwaitedLock(self._portal, made))

    def call(self, function: Callable[[], T]) -> T:
        return self._portal.call(function)  # type: ignore[no-any-return]

    def idle(self) -> None:
        pool: Any = self.client.connection_pool
        assert not pool._in_use_connections
        self.call(self.database().runner.close)

    def close(self) -> None:
        for database in self._databases.values():
            self.call(database.runner.close)
        for client in self._made:
            self.call(client.aclose)
        self._portal.close()

    def _connect(self, **options: Any) -> Any:
        if self._server is None:
            server = self._client.connection_pool.connection_kwargs["server"]
            return fakeredis.FakeAsyncRedis(server=server, **options)
        if options.pop("unix", False):
            return redis.asyncio.Redis(unix_socket_path=self._server.socket, **options)
        where = {"host": self._server.host, "port": self._server.port, "protocol": self._protocol}
        return redis.asyncio.Redis(**{**where, **options})
