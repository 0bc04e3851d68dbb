"""``cache``: ``functools.cache`` for many processes. May import the faces.

Invariants: calls that differ in anything have entries of their own (``arguments``), functions that differ too; and only
what ``leaves.cache`` does is done to the place.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Coroutine
from functools import update_wrapper
from threading import get_ident
from typing import Any, ParamSpec, TypeVar, cast, overload

import redicts.core.paths as paths
from redicts.core.paths import Path, PathLike
from redicts.decorators.arguments import Arguments
from redicts.decorators.cached import AsyncCached, Cached, CacheDecorator, CacheInfo
from redicts.leaves.parts.remembered import Chosen, check_chosen
from redicts.proxy import Proxy

__all__ = ["AsyncCached", "CacheDecorator", "CacheInfo", "Cached", "cache"]

P = ParamSpec("P")
R = TypeVar("R")

SECTION = "redicts.cache"
"""Where functions have their places that were given none."""


@overload
def cache(  # type: ignore[overload-overlap]  # what gives a coroutine is the first  # pyright: ignore[reportOverlappingOverload]
    path: Callable[P, Coroutine[Any, Any, R]], /
) -> AsyncCached[P, R]: ...
@overload
def cache(path: Callable[P, R], /) -> Cached[P, R]: ...
@overload
def cache(
    path: PathLike | None = None,
    *,
    ttl: float | None = None,
    jitter: float = 0.0,
    stale: float = 0.0,
    lease: float = 10.0,
    negative: Chosen = (),
    negative_ttl: float | None = None,
    of: Any = None,
    key: Callable[..., Any] | None = None,
    db_name: str | None = None,
    rconn: Any = None,
) -> CacheDecorator: ...
def cache(
    path: Any = None,
    *,
    ttl: float | None = None,
    jitter: float = 0.0,
    stale: float = 0.0,
    lease: float = 10.0,
    negative: Chosen = (),
    negative_ttl: float | None = None,
    of: Any = None,
    key: Callable[..., Any] | None = None,
    db_name: str | None = None,
    rconn: Any = None,
) -> Any:
    """Cache what a function returns: what one process has computed, all others get.

    A decorator for functions, coroutine functions, and methods (which need ``key=``, unless they are static or of a
    class: ``self`` is no JSON). Of all who miss at once, in whatever process, one computes: see
    ``Cache.get_or_compute``. What is returned is what is read back from JSON, for who computed it, too.

    Calls are told apart by their arguments, as JSON, with their types: 1, 1.0, True and "1" are four calls, and so are
    ``(1,)`` and ``[1]``. Spelled by position, by name, or left to its default, an argument is the same. Functions are
    told apart by their modules and names, also where they share a place.

    Args:
        path: The place of the entries. ``None``: ``redicts.cache``, the module and the qualified name, as three
            components. Functions within functions, lambdas, and what is in a script must be given one.
        ttl: Seconds that an entry is fresh, above 0; ``None`` for no limit.
        jitter: By what part of it that time is shortened at random, 0 to 1.
        stale: Seconds for which an entry is still served after that, while one caller computes it anew.
        lease: Seconds after which another caller takes over from one that computes.
        negative: Exceptions that are remembered, and raised for later callers.
        negative_ttl: For how many seconds; ``None``: as long as a value.
        of: The type of the values: as for pydantic's ``TypeAdapter``; ``None`` for any JSON value.
        key: A function of the same arguments: what it gives, as JSON, tells calls apart instead of them.
        db_name: A database of the ``Pool``; ``None`` for the default one.
        rconn: A client to use instead of the ``Pool``: of redis-py, or of redis.asyncio for coroutine functions.

    Returns:
        The decorator; used as ``@cache`` alone, the function. It has ``cache_info()``, ``cache_clear()`` and
        ``cache_parameters()`` as with ``functools`` (of a coroutine function, the first two are awaited),
        ``__wrapped__``, the function itself, and ``__bypass__``, which calls it, whatever is there, and puts into the
        cache what it returns.

    Raises:
        PathError: ``path`` is the root, or no path.
        TypeError: An argument is of another type; or it is no function, or one that yields.
        ValueError: An argument is out of range; or the function needs a ``path``.

    Cost: a hit is 1 round trip, a miss 3.

    Example:
        >>> @cache("app.squares", ttl=3600)
        ... def square(number):
        ...     return number * number
        >>> square(5), square(number=5), square.__bypass__(5)
        (25, 25, 25)
        >>> square.cache_info()
        CacheInfo(hits=1, misses=1, maxsize=None, currsize=1)
    """
    if callable(path):
        return cache()(path)
    options: dict[str, Any] = {"ttl": ttl, "jitter": jitter, "stale": stale, "lease": lease}
    errors: dict[str, Any] = {"negative": check_chosen(negative), "negative_ttl": negative_ttl}
    given = None if path is None else paths.parse(path)

    def decorate(function: Any) -> Any:
        memory = _Memory(function, given, key, errors)
        where: dict[str, Any] = {"db_name": db_name, "rconn": rconn}
        if inspect.iscoroutinefunction(function):
            from redicts.aio.proxy import Proxy as AsyncProxy  # who does not use asyncio does not pay for it

            memory.leaf = AsyncProxy(memory.path, **where).as_cache(of, **options)
            made = _awaited(memory)
        else:
            memory.leaf = Proxy(memory.path, **where).as_cache(of, **options)
            made = _plain(memory)
        leaf, shown = memory.leaf, {"maxsize": None, "typed": True, "path": memory.leaf.key(), **options, **errors}
        _ = leaf._want("", ttl, **errors)  # so that what is wrong is said here
        made.cache_parameters = lambda: dict(shown)
        return update_wrapper(made, function)

    return decorate


class _Memory:
    """What a function has got to do with its cache.

    Attributes:
        function: The function.
        path: The place of its entries.
        leaf: The cache there.
        errors: What ``get_or_compute`` is told of exceptions.
    """

    def __init__(
        self, function: Any, path: Path | None, key: Callable[..., Any] | None, errors: dict[str, Any]
    ) -> None:
        if not callable(function) or isinstance(function, (classmethod, staticmethod)):
            raise TypeError(f"cache takes a function, not {function!r}; @classmethod and @staticmethod stand above it")
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"{function!r} yields, which cannot be cached; cache a function that returns a list")
        module, name = _module(function), str(getattr(function, "__qualname__", type(function).__qualname__))
        if path is None and ("<" in name or module == "__main__" or not hasattr(function, "__qualname__")):
            raise ValueError(
                f"{module}.{name} has no name that tells it from all others, in every process: give it a place, as in "
                'cache("app.squares")'
            )
        self.function = function
        self.path: Path = paths.parse((SECTION, module, name)) if path is None else path
        self.leaf: Any = None
        self.errors = errors
        self._shares = "" if path is None else f"{module}.{name}"
        self._arguments = Arguments(function, name, key)
        self._tallies: dict[int, list[int]] = {}

    def key(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """Give the key of a call."""
        return self._shares + self._arguments.spell(args, kwargs)

    def count(self, computed: bool, error: BaseException | None = None) -> None:
        """Note a call. Each thread counts by itself: then nothing is locked, which a fork would not survive."""
        if error is None or computed or isinstance(error, self.errors["negative"]):
            self._tallies.setdefault(get_ident(), [0, 0])[computed] += 1

    def info(self, length: int) -> CacheInfo:
        """Sum the counts up."""
        hits, misses = [sum(column) for column in zip(*[[0, 0], *self._tallies.values()], strict=True)]
        return CacheInfo(hits, misses, None, length)

    def forget(self) -> None:
        """Count from 0 again."""
        self._tallies = {}


def _module(function: Any) -> str:
    """Name the module of a function: that which is run by ``python -m`` as everybody else does."""
    name = str(getattr(function, "__module__", None) or type(function).__module__)
    spec = getattr(sys.modules.get(name), "__spec__", None)
    return name if name != "__main__" or spec is None else str(spec.name)


def _plain(memory: _Memory) -> Any:
    function, leaf, errors = memory.function, memory.leaf, memory.errors

    def call(*args: Any, **kwargs: Any) -> Any:
        computed = False

        def compute() -> Any:
            nonlocal computed
            computed = True
            return function(*args, **kwargs)

        key = memory.key(args, kwargs)
        try:
            value = leaf.get_or_compute(key, compute, **errors)
        except BaseException as error:
            memory.count(computed, error)
            raise
        memory.count(computed)
        return value

    def bypass(*args: Any, **kwargs: Any) -> Any:
        key, value = memory.key(args, kwargs), function(*args, **kwargs)
        leaf.set(key, value)
        return leaf._decode(leaf._encode(value))

    def clear() -> None:
        leaf.clear()
        memory.forget()

    made = cast("Any", call)
    made.__bypass__, made.cache_clear = update_wrapper(bypass, function), clear
    made.cache_info = lambda: memory.info(leaf.length())
    return made


def _awaited(memory: _Memory) -> Any:
    function: Any = memory.function
    leaf, errors = memory.leaf, memory.errors

    async def call(*args: Any, **kwargs: Any) -> Any:
        computed = False

        def compute() -> Any:
            nonlocal computed
            computed = True
            return function(*args, **kwargs)

        key = memory.key(args, kwargs)
        try:
            value = await leaf.get_or_compute(key, compute, **errors)
        except BaseException as error:
            memory.count(computed, error)
            raise
        memory.count(computed)
        return value

    async def bypass(*args: Any, **kwargs: Any) -> Any:
        key = memory.key(args, kwargs)
        value = await function(*args, **kwargs)
        await leaf.set(key, value)
        return leaf._decode(leaf._encode(value))

    async def clear() -> None:
        await leaf.clear()
        memory.forget()

    async def info() -> CacheInfo:
        return memory.info(await leaf.length())

    made = cast("Any", call)
    made.__bypass__, made.cache_clear, made.cache_info = update_wrapper(bypass, function), clear, info
    return made
