"""``cache``: what Pottery's ``redis_cache`` promises, and what it does not."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

from redicts import ConnectionLost, PathError, Pool, Proxy, WrongType, cache
from redicts.decorators.cache import CacheInfo
from tests.concurrency.trees import Spot

KINDS = pytest.mark.parametrize("awaited", [False, True], ids=["function", "coroutine function"])


def done(result: Any) -> Any:
    """Await what is awaitable."""
    return asyncio.run(result) if inspect.iscoroutine(result) else result


def of_kind(function: Callable[..., Any], awaited: bool) -> Any:
    """The function, or a coroutine function that does the same."""
    if not awaited:
        return function

    @functools.wraps(function)
    async def coroutine(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        return function(*args, **kwargs)

    return coroutine


def square(number: int) -> int:
    """The square of a number."""
    return number * number


def test_potterys_readme(tree: Proxy) -> None:
    """Its example, in our names."""
    called: list[int] = []

    @cache("expensive-function-cache")
    def expensive_function(n: int) -> int:
        called.append(n)
        return n

    assert expensive_function(5) == 5
    assert expensive_function.cache_info() == CacheInfo(hits=0, misses=1, maxsize=None, currsize=1)
    assert expensive_function(5) == 5
    assert expensive_function.cache_info() == CacheInfo(hits=1, misses=1, maxsize=None, currsize=1)
    assert expensive_function(6) == 6
    assert expensive_function.cache_info() == CacheInfo(hits=1, misses=2, maxsize=None, currsize=2)
    assert expensive_function.__wrapped__(7) == 7
    assert expensive_function.__bypass__(5) == 5
    assert called == [5, 6, 7, 5]
    assert expensive_function.cache_info() == (1, 2, None, 2), "neither a hit nor a miss"
    expensive_function.cache_clear()
    assert expensive_function.cache_info() == CacheInfo(hits=0, misses=0, maxsize=None, currsize=0)


@KINDS
def test_what_functools_has(tree: Proxy, awaited: bool) -> None:
    plain = of_kind(square, awaited)
    cached: Any = cache("app.squares", ttl=60)(plain)
    assert (done(cached(3)), done(cached(3)), done(cached(number=4))) == (9, 9, 16)
    assert done(cached.cache_info()) == (1, 2, None, 2)
    assert repr(done(cached.cache_info())) == "CacheInfo(hits=1, misses=2, maxsize=None, currsize=2)"
    assert (cached.__name__, cached.__doc__, cached.__module__) == ("square", "The square of a number.", __name__)
    assert cached.__wrapped__ is plain
    assert inspect.signature(cached) == inspect.signature(square)
    assert inspect.iscoroutinefunction(cached) == awaited
    assert done(cached.__wrapped__(5)) == 25
    assert done(cached.__bypass__(5)) == 25
    assert done(cached.cache_info()) == (1, 2, None, 3)
    shown = cached.cache_parameters()
    assert (shown["maxsize"], shown["path"], shown["ttl"]) == (None, "app.squares", 60)
    shown["ttl"] = 5
    assert cached.cache_parameters()["ttl"] == 60
    assert len(tree.get("app.squares").val()) == 3
    done(cached.cache_clear())
    assert (done(cached.cache_info()), tree.val()) == ((0, 0, None, 0), {})
    assert done(cached(3)) == 9


@KINDS
def test_bypass_computes_anew(tree: Proxy, awaited: bool) -> None:
    numbers = iter(range(10))
    cached: Any = cache("app.next")(of_kind(lambda: next(numbers), awaited))
    assert [done(cached()), done(cached()), done(cached.__bypass__()), done(cached())] == [0, 0, 1, 1]


@KINDS
def test_arguments_are_told_apart(tree: Proxy, awaited: bool) -> None:
    """With Pottery f(-1) and f(-2) share an entry, f(1), f(1.0) and f(True) too, since they have one ``hash()``."""
    cached: Any = cache("app.f")(of_kind(repr_of, awaited))
    values: list[Any] = [-1, -2, 1, 1.0, True, "1", None, (1,), [1], {"a": 1}]
    assert [done(cached(value)) for value in values] == [[repr(value), 2] for value in values]
    assert [done(cached(value=value, more=2)) for value in values] == [[repr(value), 2] for value in values]
    assert done(cached.cache_info()) == (len(values), len(values), None, len(values))


def repr_of(value: Any, more: int = 2) -> Any:
    return [repr(value), more]


def test_functions_that_share_a_place_share_no_entry(tree: Proxy) -> None:
    one, other = cache("app.shared")(square), cache("app.shared")(cube)
    assert (one(3), other(3), one(3), other(3)) == (9, 27, 9, 27)
    assert one.cache_info() == (1, 1, None, 2), "they are counted together"
    one.cache_clear()
    assert other.cache_info() == (1, 1, None, 0)


def cube(number: int) -> int:
    return number**3


def test_a_place_of_its_own(tree: Proxy) -> None:
    squares, cubes = cache(square), cache(ttl=60)(cube)
    assert (squares(3), cubes(3)) == (9, 27)
    assert squares.cache_parameters()["path"] == r"redicts\.cache.tests\.decorators\.test_cache.square"
    assert tree.val() == {"redicts.cache": {__name__: {"square": {"(number=3)": 9}, "cube": {"(number=3)": 27}}}}
    assert Methods.twice(4) == 8
    assert "Methods.twice" in tree.get(["redicts.cache", __name__]).children()


def test_what_has_no_name_of_its_own_needs_a_place(tree: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)

    def local() -> int:
        return 1

    main = functools.update_wrapper(lambda: 1, square)
    main.__module__ = "__main__"
    for function in (local, lambda: 1, functools.partial(square, 2), main):
        with pytest.raises(ValueError, match=r'give it a place, as in cache\("app\.squares"\)'):
            cache(function)
        if function is not main:
            assert cache("app.given")(function)() == function()


class Methods:
    def __init__(self, number: int) -> None:
        self.number = number

    @cache("app.times", key=lambda self, factor: [self.number, factor])
    def times(self, factor: int) -> int:
        return self.number * factor

    @cache("app.later", key=lambda self: self.number)
    async def later(self) -> int:
        return self.number + 1

    @cache("app.careless")
    def careless(self) -> int:
        return self.number

    @staticmethod
    @cache
    def twice(number: int) -> int:
        return 2 * number

    @classmethod
    @cache("app.name")
    def name(cls) -> str:
        return cls.__name__


class More(Methods):
    pass


def test_methods(tree: Proxy) -> None:
    one, other = Methods(3), Methods(4)
    assert (one.times(2), Methods(3).times(2), other.times(2), one.times(factor=3)) == (6, 6, 8, 9)
    assert Methods.times.cache_info() == (1, 3, None, 3)
    assert Methods.times.__bypass__(one, 2) == 6
    assert (asyncio.run(one.later()), asyncio.run(one.later())) == (4, 4)
    ours: Any = (Methods, More)
    assert (ours[0].name(), ours[1].name(), ours[0].name()) == ("Methods", "More", "Methods")
    assert Methods.twice(5) == 10
    with pytest.raises(
        TypeError, match=r"Methods\.careless\(\) is cached by its arguments, and 'self' is of type Methods"
    ):
        one.careless()


def test_what_it_cannot_take(tree: Proxy) -> None:
    def yields() -> Any:
        yield 1

    async def yields_later() -> Any:
        yield 1

    bad: Any
    for bad in (yields, yields_later, 1, staticmethod(square), classmethod(cast(Any, square))):
        with pytest.raises(TypeError):
            cache("app.f")(bad)
    with pytest.raises(PathError):
        cache("")(square)
    options: dict[str, Any]
    for name, value in (("ttl", 0), ("jitter", 2), ("stale", -1), ("lease", 0), ("negative_ttl", 0)):
        with pytest.raises(ValueError, match=name):
            cache("app.f", **cast("dict[str, Any]", {name: value}))(square)
    for options in ({"negative": "x"}, {"negative": BaseException}, {"ttl": True}, {"db_name": "x", "rconn": 1}):
        with pytest.raises((TypeError, ValueError)):
            cache("app.f", **options)(square)
    assert tree.val() == {}


@KINDS
def test_none_is_cached(tree: Proxy, awaited: bool) -> None:
    called: list[int] = []
    cached: Any = cache("app.none")(of_kind(lambda: called.append(1), awaited))
    assert (done(cached()), done(cached()), len(called)) == (None, None, 1)


@KINDS
def test_who_computes_gets_what_others_get(tree: Proxy, awaited: bool) -> None:
    cached: Any = cache("app.tuples")(of_kind(lambda: (1, 2), awaited))
    assert [done(cached()), done(cached()), done(cached.__bypass__())] == [[1, 2]] * 3
    typed: Any = cache("app.typed", of=tuple[int, int])(of_kind(lambda: (1, 2), awaited))
    assert [done(typed()), done(typed()), done(typed.__bypass__())] == [(1, 2)] * 3


@KINDS
def test_errors(tree: Proxy, awaited: bool) -> None:
    called: list[str] = []

    def find(name: str) -> Any:
        called.append(name)
        raise KeyError(name)

    cached: Any = cache("app.find")(of_kind(find, awaited))
    remembering: Any = cache("app.find", negative=(LookupError,), negative_ttl=50)(of_kind(find, awaited))
    for function, count in ((cached, 2), (remembering, 3)):
        for _ in range(2):
            with pytest.raises(KeyError, match="tea"):
                done(function("tea"))
        assert len(called) == count
    assert done(cached.cache_info()) == (0, 2, None, 0)
    assert done(remembering.cache_info()) == (1, 1, None, 0)


@KINDS
def test_what_is_not_the_functions_is_not_counted(tree: Proxy, awaited: bool, spot: Spot) -> None:
    cached: Any = cache("app.f")(of_kind(square, awaited))
    tree.set("app.f", 1)
    with pytest.raises(WrongType):
        done(cached(3))
    with pytest.raises(TypeError, match="'number' is of type set"):
        done(cached({1}))
    Pool().reload(cfg={"url": "redis://127.0.0.1:1"})
    with pytest.raises(ConnectionLost):
        done(cached(3))
    spot.open()
    assert tree.delete("app.f")
    assert done(cached.cache_info()) == (0, 0, None, 0)


def test_another_database(tree: Proxy, spot: Spot) -> None:
    spot.open(names={"other": f"{spot.url.rsplit('/', 1)[0]}/5"})
    cached = cache("app.there", db_name="other")(square)
    assert (cached(3), cached(3), tree.val()) == (9, 9, {})
    assert Proxy("app.there", db_name="other").kind() == "cache"
    cached.cache_clear()


@KINDS
def test_counts_are_of_all_threads(tree: Proxy, awaited: bool) -> None:
    cached: Any = cache("app.squares")(of_kind(square, awaited))

    def ask() -> None:
        for number in range(10):
            assert done(cached(number)) == number**2

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert done(cached.cache_info()) == (30, 10, None, 10)


@KINDS
def test_eight_that_miss_at_once_call_once(tree: Proxy, awaited: bool) -> None:
    """With Pottery each of them calls."""
    called: list[int] = []
    all_there = threading.Barrier(8) if not awaited else None

    def slow(number: int) -> int:
        called.append(number)
        threading.Event().wait(0.05)
        return number

    async def slow_too(number: int) -> int:
        called.append(number)
        await asyncio.sleep(0.05)
        return number

    if awaited:
        coroutine = cache("app.slow")(slow_too)

        async def all_at_once() -> list[int]:
            return await asyncio.gather(*[coroutine(7) for _ in range(8)])

        assert asyncio.run(all_at_once()) == [7] * 8
    else:
        function, found = cache("app.slow")(slow), list[int]()

        def ask() -> None:
            assert all_there is not None
            all_there.wait(30)
            found.append(function(7))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert found == [7] * 8
    assert called == [7]


@cache("app.fibonacci")
def fibonacci(number: int) -> int:
    return number if number < 2 else fibonacci(number - 1) + fibonacci(number - 2)


def test_a_module_that_is_run_is_called_as_who_imports_it_does(tree: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """``python -m tests.decorators.test_cache`` and ``import tests.decorators.test_cache`` share."""
    main = functools.update_wrapper(lambda number: number, square)
    main.__module__ = "__main__"
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", sys.modules[__name__].__spec__)
    assert cache(main).cache_parameters()["path"] == cache(square).cache_parameters()["path"]


def test_recursion(tree: Proxy) -> None:
    assert fibonacci(50) == 12586269025
    assert fibonacci.cache_info().misses == 51
