"""The public names, as type checkers see them. Never run: see ``test_types.py``."""
# pyright: reportUnusedCallResult=false

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import redis
from typing_extensions import assert_type

import redicts
from redicts import Name, Pool, Problem, Proxy, root, section


def proxies_are_made(client: redis.Redis) -> None:
    assert_type(Proxy("a.b"), Proxy)
    assert_type(Proxy(["a", "b.c"], lock_acquire_timeout=None, lock_expire_timeout=1), Proxy)
    assert_type(Proxy((), 10, 30, db_name="sessions"), Proxy)
    assert_type(root(rconn=client), Proxy)
    assert_type(section(__name__), Proxy)
    assert_type(section(Name("a.b"), db_name=None), Proxy)


def places(proxy: Proxy) -> None:
    assert_type(proxy.key(), str)
    assert_type(proxy.path, tuple[str, ...])
    assert_type(proxy.name, Name)
    assert_type(proxy.parent, Proxy)
    assert_type(proxy.get("a"), Proxy)
    assert_type(proxy.get(["a", "b"]), Proxy)
    assert_type(proxy["a"]["b"], Proxy)
    assert_type(proxy == proxy, bool)
    assert_type({proxy: 1}, dict[Proxy, int])


def reading(proxy: Proxy) -> None:
    assert_type(proxy.val(), Any)
    assert_type(proxy.val([]), Any)
    assert_type(proxy.kind(), str | None)
    assert_type(proxy.exists(), bool)
    assert_type(proxy.children(), list[Name])
    assert_type(proxy.count_children(), int)
    assert_type(proxy.time_to_live(), float)
    assert_type(proxy.iter_children(), Iterator[Proxy])
    assert_type("x" in proxy, bool)
    assert_type(list(proxy), list[Name])
    assert_type(len(proxy), int)
    assert_type(bool(proxy), bool)
    for name in proxy:
        assert_type(proxy[name], Proxy)


def writing(proxy: Proxy) -> None:
    assert_type(proxy.set("a", 1).set("b", {"c": []}, expire=1.5), Proxy)
    proxy.store("a", None)
    proxy.update({"a.b": 1})
    proxy.update([(["a", "b"], 1), ("c", 2)])
    assert_type(proxy.setdefault("a"), Any)
    assert_type(proxy.pop("a"), Any)
    assert_type(proxy.pop("a", None), Any)
    assert_type(proxy.delete("a"), bool)
    proxy.clear()
    assert_type(proxy.expire(10), bool)
    assert_type(proxy.persist(), bool)
    proxy["a"] = {"b": 1}
    del proxy["a"]


def changing(proxy: Proxy) -> None:
    assert_type(proxy.add(), int | float)
    assert_type(proxy.add(0.5), int | float)
    assert_type(proxy.compare_and_set(None, 1), bool)
    assert_type(proxy.transform(lambda value: value), Any)


def checking(proxy: Proxy) -> None:
    assert_type(proxy.check(), list[Problem])
    for problem in proxy.check(repair=True):
        assert_type(problem.path, str | None)
        assert_type(problem.repaired, bool)


def the_pool() -> None:
    pool = Pool()
    assert_type(pool, Pool)
    pool.reload(cfg={"host": "localhost"}, fake_redis=False)
    assert_type(pool.get_connection("name"), redis.Redis)
    pool.close()


def errors(error: redicts.OutcomeUnknown, exhausted: redicts.PoolExhausted, lost: redicts.LockTimeout) -> None:
    assert_type(error.address, str)
    assert_type(exhausted.timeout, float | None)
    assert_type(lost.path, str)
    assert_type(lost.timeout, float)
