"""What ``cache`` makes of a function, as type checkers see it: the function, and what can be asked of its cache.

Imports nothing of redicts. At run time it is a function like any other, with these attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar, overload

__all__ = ["AsyncCached", "CacheDecorator", "CacheInfo", "Cached"]

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")
SelfT = TypeVar("SelfT")


class CacheInfo(NamedTuple):
    """How a cached function fared: the names of ``functools``.

    Attributes:
        hits: How many calls of this process were answered without computing, waiting ones too.
        misses: How many computed.
        maxsize: Always ``None``: there is no limit.
        currsize: How many values are in the cache now, whoever put them there.
    """

    hits: int
    misses: int
    maxsize: None
    currsize: int


class Cached(Protocol[P, R_co]):
    """A function whose results are cached."""

    @property
    def __wrapped__(self) -> Callable[P, R_co]:
        """The function itself."""
        ...

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Give what the function gives, from the cache where it is there."""
        ...

    def __bypass__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Call the function, whatever is in the cache, and put what it gives there."""
        ...

    def cache_info(self) -> CacheInfo:
        """Tell how it fared in this process, and how many values there are: 1 round trip."""
        ...

    def cache_clear(self) -> None:
        """Take everything out of its place, for everybody; count from 0 again here: 1 round trip."""
        ...

    def cache_parameters(self) -> dict[str, Any]:
        """Tell how it is cached."""
        ...

    @overload
    def __get__(self: SelfT, instance: None, owner: type, /) -> SelfT: ...
    @overload
    def __get__(self: Cached[Concatenate[S, Q], R], instance: S, owner: type | None = None, /) -> Callable[Q, R]: ...


class AsyncCached(Protocol[P, R_co]):
    """A coroutine function whose results are cached: what is asked of its cache is awaited, too."""

    @property
    def __wrapped__(self) -> Callable[P, Coroutine[Any, Any, R_co]]:
        """The function itself."""
        ...

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R_co]:
        """Give what the function gives, from the cache where it is there."""
        ...

    def __bypass__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R_co]:
        """Call the function, whatever is in the cache, and put what it gives there."""
        ...

    def cache_info(self) -> Coroutine[Any, Any, CacheInfo]:
        """Tell how it fared in this process, and how many values there are: 1 round trip."""
        ...

    def cache_clear(self) -> Coroutine[Any, Any, None]:
        """Take everything out of its place, for everybody; count from 0 again here: 1 round trip."""
        ...

    def cache_parameters(self) -> dict[str, Any]:
        """Tell how it is cached."""
        ...

    @overload
    def __get__(self: SelfT, instance: None, owner: type, /) -> SelfT: ...
    @overload
    def __get__(
        self: AsyncCached[Concatenate[S, Q], R], instance: S, owner: type | None = None, /
    ) -> Callable[Q, Coroutine[Any, Any, R]]: ...


class CacheDecorator(Protocol):
    """What ``cache(...)`` gives: it takes functions and coroutine functions."""

    @overload
    def __call__(  # type: ignore[overload-overlap]  # what gives a coroutine is the first  # pyright: ignore[reportOverlappingOverload]
        self, function: Callable[P, Coroutine[Any, Any, R]], /
    ) -> AsyncCached[P, R]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> Cached[P, R]: ...
