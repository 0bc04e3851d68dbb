"""The scripts of locks as Python: each the twin of the ``.lua`` file of its name; compared in ``test_store.py``."""

from __future__ import annotations

from collections.abc import Sequence

from tests.interleaving.store import Store

__all__ = ["hold", "parts_of", "release", "renew", "wake"]


def parts_of(entry: str) -> tuple[str, str, str]:
    """Give the mode, the owner and the tail of an entry."""
    mode, _, _, owner, _, _, tail = entry.split(" ", 6)
    return mode, owner, tail


def hold(store: Store, keys: Sequence[str], args: Sequence[str]) -> str:
    entry, deadline, lease, now_us, *dead = args
    fence, *entered = keys
    token = max(int(store.get(fence) or 0) + 1, int(now_us))
    store.set(fence, str(token), int(lease))
    tail = parts_of(entry)[2]
    prefix = entered[0][: len(entered[0]) - len(tail) - 2]
    for other in dead:
        remove_entry(store, prefix, other)
    if token % 10 == 7:
        now = int(deadline) - int(lease)
        for key in entered[1:] or entered:
            zset = sorted((store.get(key) or {}).items(), key=lambda pair: (pair[1], pair[0]))
            for other in [member for member, score in zset if score <= now][:8]:
                remove_entry(store, prefix, other)
    enter(store, entered, entry, int(deadline), int(lease))
    _ = store.pexpire(fence, store.pttl(entered[-1]))
    store.granted += ((entry, token),)
    return str(token)


def release(store: Store, keys: Sequence[str], args: Sequence[str]) -> int:
    (entry,) = args
    fence, section_at, section_below, waiters, upgrader, at, *_ = keys
    deadline = store.zscore(at, entry)
    for key in keys[5:]:
        store.zrem(key, entry)
    left_here = store.exists(at)
    if not left_here and (len(keys) == 6 or not store.exists(section_at, section_below)):
        _ = store.pexpire(fence, 1000)
    if deadline is None:
        return 0
    if not left_here:
        wake_at(store, waiters)
        return int(deadline > store.now_ms)
    others = [parts_of(other) for other, score in (store.get(at) or {}).items() if score > store.now_ms]
    exclusive = any(mode == "x" for mode, _, _ in others)
    owners = len({owner for _, owner, _ in others})
    if not owners or (parts_of(entry)[0] == "x" and not exclusive):
        wake_at(store, waiters)
    elif owners == 1 and not exclusive:
        wake_at(store, upgrader)
    return int(deadline > store.now_ms)


def renew(store: Store, keys: Sequence[str], args: Sequence[str]) -> int:
    entry, wanted = args
    deadline = store.zscore(keys[1], entry)
    if deadline is None or deadline <= store.now_ms:
        return 0
    lease = max(deadline - store.now_ms, int(wanted))
    enter(store, keys[1:], entry, store.now_ms + lease, lease)
    if store.pttl(keys[0]) < lease:
        _ = store.pexpire(keys[0], lease)
    return 1


def wake(store: Store, keys: Sequence[str], _: Sequence[str]) -> int:
    wake_at(store, keys[0])
    return 1


def wake_at(store: Store, key: str) -> None:
    if not store.pexpire(key, 1000):
        store.push(key, "1")
        _ = store.pexpire(key, 1000)


def enter(store: Store, entered: Sequence[str], entry: str, deadline: int, lease: int) -> None:
    for key in entered:
        store.zadd(key, deadline, entry)
        if store.pttl(key) < lease:
            _ = store.pexpire(key, lease)


def remove_entry(store: Store, prefix: str, entry: str) -> None:
    tail = parts_of(entry)[2]
    store.zrem(f"{prefix}l:{tail}", entry)
    while tail:
        tail = tail.rpartition(".")[0]
        store.zrem(f"{prefix}b:{tail}", entry)


Store.scripts.update(hold=hold, release=release, renew=renew, wake=wake)
