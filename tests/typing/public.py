"""The public names, as type checkers see them. Never run: see ``test_types.py``."""
# pyright: reportUnusedCallResult=false

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Any

import redis
from typing_extensions import assert_type

import redicts
from redicts import Holder, Lease, Lock, Name, Pool, Problem, Proxy, root, section


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


def locking(proxy: Proxy) -> None:
    assert_type(proxy.acquire(), Lease)
    assert_type(proxy.acquire(True, acquire_timeout=None, expire_timeout=0.5, owner="x"), Lease)
    assert_type(proxy.acquire(renew=True, max_lifetime=60, on_lost=lambda lease: lease.path), Lease)
    assert_type(proxy.try_acquire(shared=True), Lease | None)
    proxy.release()
    proxy.release(owner="x")
    assert_type(proxy.is_locked(), bool)
    assert_type(proxy.holders(), list[Holder])
    assert_type(proxy.break_locks(), list[Holder])
    with proxy as same:
        assert_type(same, Proxy)
    with Proxy("a", lock_renew=True) as p, p.acquire() as lease:
        assert_type(p, Proxy)
        assert_type(lease, Lease)
    if (tried := proxy.try_acquire()) is not None:
        with tried as lease:
            assert_type(lease, Lease)
    for holder in proxy.holders():
        assert_type(holder.path, str)
        assert_type(holder.mode, str)
        assert_type(holder.pid, int)
        assert_type(holder.remaining, float)


def leases(lease: Lease) -> None:
    assert_type((lease.path, lease.mode, lease.owner), tuple[str, str, str])
    assert_type(lease.fence, int)
    assert_type(lease.lost, Event)
    assert_type(lease.valid_for(), float)
    lease.ensure_held()
    lease.renew()
    lease.hand_over()
    lease.release()


def told(lease: Lease) -> None:
    lease.lost.set()


def locks_by_themselves(client: redis.Redis) -> None:
    lock = Lock(client, ["a", "b"], 30, None, shared=True, owner="x", renew=True, max_lifetime=60, on_lost=told)
    assert_type(lock, Lock)
    assert_type(Lock(client, "a.b", expire_timeout=0.5, acquire_timeout=0, namespace="mine").key(), str)
    assert_type(lock.acquire(), bool)
    assert_type(lock.acquire(False), bool)
    assert_type(lock.acquire(True, 5), bool)
    assert_type(lock.acquire(blocking=True, timeout=None), bool)
    lock.release()
    with lock as same:
        assert_type(same, Lock)
    assert_type(lock.locked(), bool)
    assert_type(lock.is_locked(), bool)
    assert_type(lock.holders(), list[Holder])
    assert_type(lock.break_locks(), list[Holder])
    assert_type(lock.lease, Lease)
    assert_type(lock.fence, int)
    assert_type(lock.lost, Event)
    assert_type(lock.valid_for(), float)
    lock.ensure_held()
    lock.renew()


def the_pool() -> None:
    pool = Pool()
    assert_type(pool, Pool)
    pool.reload(cfg={"host": "localhost"}, fake_redis=False)
    assert_type(pool.get_connection("name"), redis.Redis)
    pool.close()


def errors(
    error: redicts.OutcomeUnknown,
    exhausted: redicts.PoolExhausted,
    lost: redicts.LockTimeout,
    not_owner: redicts.NotOwner,
) -> None:
    assert_type(error.address, str)
    assert_type(exhausted.timeout, float | None)
    assert_type(lost.path, str)
    assert_type(lost.timeout, float)
    assert_type(not_owner.owner, str)
