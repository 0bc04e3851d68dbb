"""A cache that processes share: one computes what is missing, and the others wait for it, or get what was there before.

May import core and its neighbours. What is in the body is said in ``core/prelude/cached.lua``. Invariants: who began to
compute something before it was set, deleted, or computed anew stores nothing after that; and what is read from the
server is data, never code.

That one computes, and the others wait, keeps a crowd from doing the same work at once. Leases for it are given out by
R. Nishtala et al., "Scaling Memcache at Facebook" (NSDI 2013, section 3.2.1), where who gets none asks again a little
later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from inspect import isawaitable
from typing import Any, Final, TypeVar

from redicts.core.missing import MISSING, Missing
from redicts.leaves.elements import T
from redicts.leaves.leaf import AsyncLeaf, QueuedLeaf, SyncLeaf
from redicts.leaves.parts.cache_computing import ERROR, VALUE, CacheComputing
from redicts.leaves.parts.remembered import Chosen

__all__ = ["AsyncCache", "Cache", "CacheOperations", "QueuedCache"]

R = TypeVar("R")


class CacheOperations(CacheComputing[T]):
    """What a cache can do, but for ``get_or_compute``, which calls what is the user's own: that each face does."""

    __slots__ = ()


class Cache(CacheOperations[T], SyncLeaf):
    """A cache that processes share, as ``as_cache()`` opens it.

    An entry is *fresh* for ``ttl`` seconds, shortened at random by up to ``jitter`` of it. After that it is not there
    any more, but for ``get_or_compute``: for ``stale`` seconds that gives it to all but the one who computes it anew.
    Keys are compared as JSON: 1, 1.0, True and "1" are four. ``None`` is a value like any other.

    What has ended is removed by the server (Valkey 9, Redis 7.4), or else by chance, a few with each write, and all of
    it when the last one has ended. While something is computed the first time, the place is there, and empty.

    Example:
        >>> pages = root().get("pages").as_cache(ttl=60)
        >>> pages.set("front", "<h1>Tea</h1>")
        >>> pages.get("front"), "back" in pages, len(pages)
        ('<h1>Tea</h1>', False, 1)
        >>> pages.get_or_compute("back", lambda: "<h1>Pots</h1>")
        '<h1>Pots</h1>'
        >>> root().get("pages").val() == {"front": "<h1>Tea</h1>", "back": "<h1>Pots</h1>"}
        True
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        return True  # whether it is empty is asked by its length

    def __len__(self) -> int:
        return self.length()

    def __contains__(self, key: object) -> bool:
        return self.contains(key)

    def get_or_compute(
        self,
        key: Any,
        function: Callable[[], T],
        *,
        ttl: float | Missing | None = MISSING,
        negative: Chosen = (),
        negative_ttl: float | None = None,
    ) -> T:
        """Give the value of a key; where there is none that is fresh, compute it and store it.

        Of all who ask at once, in whatever process, one computes. The others wait, or are given what was fresh before,
        if the cache was opened with ``stale=``. If it raises, its caller gets the error, and the next one computes. If
        it takes longer than the lease, or dies, another takes over; of what they compute, the latest stays.

        Args:
            key: As for ``get``.
            function: Computes the value, without arguments.
            ttl: For how many seconds it is fresh; ``None`` for no end. Left out: as the cache was opened.
            negative: Exceptions that are remembered, and raised for who asks later. One whose arguments or attributes
                are no JSON is not.
            negative_ttl: For how many seconds; ``None``: as a value.

        Returns:
            The value, as it is read back from JSON: for who computed it, too.

        Raises:
            TypeError: The key, the value, or a time cannot be one, or an exception is none.
            ValueError: A time is not above 0.
            WrongType: The place holds something else.
            InvalidElement: The value is not of the type asked for. (One that was stored is computed anew.)
            LockLost: A lock that this owner took has run out.

        Atomicity: what is there is read, or the claim is got, in one step; another one stores. Who sets or deletes the
            key between makes the latter do nothing.
        Cost: 1 round trip where it is there, else 3: to look, to get the claim, to store. Who waits sends 1 command a
            second.
        """
        name = self._keys.spell(key, self.key)
        wanted = self._want(name, ttl, negative, negative_ttl)
        text = self._peek(name, bool(wanted.negative))
        if text is None:
            text = self._obtain(wanted)
        while text is not None:
            found = self._accept(wanted, text)
            if found is not MISSING:
                return found
            text = self._obtain(wanted)
        try:
            text = self._encode(function())
            self._store(wanted, VALUE, text)
        except BaseException as error:
            remembered = self._error_text(wanted, error)
            if remembered is None:
                self._give_up(wanted)
            else:
                self._store(wanted, ERROR, remembered)
            raise
        return self._decode(text)


class AsyncCache(CacheOperations[T], AsyncLeaf):
    """A cache that processes share, for asyncio: the same names as ``Cache``, awaited.

    Example:
        >>> pages = aio.root().get("pages").as_cache(ttl=60)
        >>> async def fetch():
        ...     return "<h1>Tea</h1>"
        >>> await pages.get_or_compute("front", fetch)
        '<h1>Tea</h1>'
        >>> await pages.get("front"), await pages.contains("back")
        ('<h1>Tea</h1>', False)
    """

    __slots__ = ()

    async def get_or_compute(
        self,
        key: Any,
        function: Callable[[], T | Awaitable[T]],
        *,
        ttl: float | Missing | None = MISSING,
        negative: Chosen = (),
        negative_ttl: float | None = None,
    ) -> T:
        """Give the value of a key; where there is none that is fresh, compute it and store it.

        Of all who ask at once, in whatever process, one computes. The others wait, or are given what was fresh before,
        if the cache was opened with ``stale=``. If it raises, its caller gets the error, and the next one computes. If
        it takes longer than the lease, or dies, another takes over; of what they compute, the latest stays.

        Args:
            key: As for ``get``.
            function: Computes the value, without arguments: a coroutine function, or a plain one. Who is cancelled
                gives the claim up.
            ttl: For how many seconds it is fresh; ``None`` for no end. Left out: as the cache was opened.
            negative: Exceptions that are remembered, and raised for who asks later. One whose arguments or attributes
                are no JSON is not.
            negative_ttl: For how many seconds; ``None``: as a value.

        Returns:
            The value, as it is read back from JSON: for who computed it, too.

        Raises:
            TypeError: The key, the value, or a time cannot be one, or an exception is none.
            ValueError: A time is not above 0.
            WrongType: The place holds something else.
            InvalidElement: The value is not of the type asked for. (One that was stored is computed anew.)
            LockLost: A lock that this owner took has run out.

        Atomicity: what is there is read, or the claim is got, in one step; another one stores. Who sets or deletes the
            key between makes the latter do nothing.
        Cost: 1 round trip where it is there, else 3: to look, to get the claim, to store. Who waits sends 1 command a
            second.
        """
        name = self._keys.spell(key, self.key)
        wanted = self._want(name, ttl, negative, negative_ttl)
        text = await self._peek(name, bool(wanted.negative))
        if text is None:
            text = await self._obtain(wanted)
        while text is not None:
            found = self._accept(wanted, text)
            if found is not MISSING:
                return found
            text = await self._obtain(wanted)
        try:
            value: Any = function()
            if isawaitable(value):
                value = await value
            text = self._encode(value)
            await self._store(wanted, VALUE, text)
        except GeneratorExit:  # nobody awaits this any more, so nothing can be awaited here
            raise
        except BaseException as error:
            remembered = self._error_text(wanted, error)
            ending = self._give_up(wanted) if remembered is None else self._store(wanted, ERROR, remembered)
            await _carry_through(ending)
            raise
        return self._decode(text)


class QueuedCache(CacheOperations[T], QueuedLeaf):
    """A cache that processes share, as a pipeline sees it. It computes nothing there: that would have to wait.

    Example:
        >>> with redicts.pipeline() as pipe:
        ...     pages = pipe.proxy("pages").as_cache(ttl=60)
        ...     _ = pages.set("front", "<h1>Tea</h1>")
        ...     page = pages.get("front")
        >>> page.result
        '<h1>Tea</h1>'
    """

    __slots__ = ()


_finishing: Final[set[asyncio.Task[Any]]] = set()
"""What goes on by itself, after who began it was cancelled again; a loop keeps no strong reference to its tasks."""


async def _carry_through(coroutine: Coroutine[object, None, R]) -> R:
    """Await something in a task that was cancelled: it is done, though the task is cancelled once more."""
    task = asyncio.ensure_future(coroutine)
    _finishing.add(task)
    task.add_done_callback(_finishing.discard)
    return await asyncio.shield(task)
