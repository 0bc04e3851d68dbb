"""Caches: a hit, and what is put in, against the raw command with json."""

from __future__ import annotations

import itertools
import json
from typing import Any

from benchmarks.measure import Pair
from benchmarks.registry import row
from benchmarks.rows.coroutines import CALLS
from benchmarks.stage import Stage
from redicts import Proxy, aio, cache

VALUE = {"id": 7, "name": "hello world"}
TEXT = json.dumps(VALUE)


@row("cache.get(k), a hit", "json.loads(r.hget(h, json.dumps(k)))", 1.15)
def hit(stage: Stage) -> Pair:
    raw, pages = _set_up(stage)
    return Pair(raw=lambda: json.loads(raw.hget("h", json.dumps("ada"))), ours=lambda: pages.get("ada"))


@row("cache.get_or_compute(k, f), a hit", "json.loads(r.get(k))", 1.15)
def hit_computed(stage: Stage) -> Pair:
    raw, pages = _set_up(stage)
    return Pair(raw=lambda: json.loads(raw.get("k")), ours=lambda: pages.get_or_compute("ada", _never))


@row("cache.get_or_compute(k, f), a hit, stale=", "json.loads(r.get(k))", 1.15)
def hit_timed(stage: Stage) -> Pair:
    """Where the reader looks at the time: so it is, too, on servers without times to live for fields."""
    raw, _ = _set_up(stage)
    kept = Proxy("app.kept").as_cache(ttl=600, stale=60)
    kept.set("ada", VALUE)
    return Pair(raw=lambda: json.loads(raw.get("k")), ours=lambda: kept.get_or_compute("ada", _never))


@row("@cache, a hit", "json.loads(r.get(k))", 1.15)
def hit_decorated(stage: Stage) -> Pair:
    raw, _ = _set_up(stage)

    @cache("app.user", ttl=600)
    def user(number: int, *, full: bool = False) -> Any:
        return VALUE if number or full else None

    _ = user(7)
    return Pair(raw=lambda: json.loads(raw.get("k")), ours=lambda: user(7))


@row("asyncio: cache.get_or_compute(k, f), a hit", "json.loads(await r.get(k))", 1.15)
def hit_awaited(stage: Stage) -> Pair:
    _ = _set_up(stage)
    raw, pages = stage.raw_async, aio.Proxy("app.pages").as_cache(ttl=600)

    async def theirs() -> Any:
        return json.loads(await raw.get("k"))

    return Pair(raw=stage.burst(theirs, CALLS), ours=stage.burst(lambda: pages.get_or_compute("ada", _never), CALLS))


@row("cache.get_many() of 1,000", "map(json.loads, r.hmget(h, map(json.dumps, ks)))", 1.5)
def hits(stage: Stage) -> Pair:
    raw, pages = _set_up(stage)
    names = [f"name {number}" for number in range(1000)]
    raw.hset("many", mapping={json.dumps(name): TEXT for name in names})
    pages.set_many(dict.fromkeys(names, VALUE))
    return Pair(
        raw=lambda: list(map(json.loads, raw.hmget("many", list(map(json.dumps, names))))),
        ours=lambda: pages.get_many(names),
    )


@row("cache.set(k, v) with a ttl", "r.set(k, json.dumps(v), px=...)", 1.30)
def put(stage: Stage) -> Pair:
    raw, pages = _set_up(stage)
    return Pair(raw=lambda: raw.set("k", json.dumps(VALUE), px=600_000), ours=lambda: pages.set("ada", VALUE))


@row("cache.get_or_compute(k, f), a miss", "r.get(k), r.set(k, json.dumps(v), px=...)")
def miss(stage: Stage) -> Pair:
    raw, pages = _set_up(stage)
    ours, theirs = itertools.count(), itertools.count()

    def fetch() -> None:
        name = f"k{next(theirs)}"
        if raw.get(name) is None:
            raw.set(name, json.dumps(VALUE), px=600_000)

    return Pair(raw=fetch, ours=lambda: pages.get_or_compute(next(ours), lambda: VALUE))


def _set_up(stage: Stage) -> tuple[Any, Any]:
    """Put one value everywhere."""
    pages = Proxy("app.pages").as_cache(ttl=600)
    pages.set("ada", VALUE)
    stage.raw.set("k", TEXT)
    stage.raw.hset("h", json.dumps("ada"), TEXT)
    return stage.raw, pages


def _never() -> Any:
    raise RuntimeError("this is a hit")
