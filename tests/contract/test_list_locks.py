"""What the command ``locks`` shows: all that is locked at a place, above and below it, and how many wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from redicts import InternalError, Lock, LockLost, Proxy
from redicts.core.paths import parse
from redicts.locks.listing import Listing, list_locks
from redicts.pool.database import Database
from tests.contract.variants import SERVERS, on, sync_only
from tests.support.backends import Backend
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server
from tests.support.trees import nothing_written, tree_of
from tests.support.waiting import wait_until


def listing(backend: Backend, path: str = "", *, count_waiters: bool | None = None) -> Listing:
    op = list_locks(
        backend.database.space, parse(path), count_waiters=backend.real if count_waiters is None else count_waiters
    )
    return backend.database.runner.run(op, True)


@contextmanager
def waiting(*attempts: Callable[[], Any]) -> Iterator[None]:
    """Have each of them wait in a thread of its own; they come to an end after the body, or it is said."""
    threads = [threading.Thread(target=attempt) for attempt in attempts]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in threads)


def entering(place: Proxy, **options: Any) -> Callable[[], None]:
    """Wait for a lock, and give it back at once."""

    def attempt() -> None:
        place.acquire(acquire_timeout=30, **options).release()

    return attempt


@sync_only
def test_nothing_is_locked(backend: Backend) -> None:
    found = listing(backend)
    assert (found.holders, found.waiting) == ([], None)
    assert found.time > 1_700_000_000


@sync_only
def test_locks_at_above_and_below(backend: Backend) -> None:
    paths = ["a.b", "a", "a.b.c", "a-b", "x.é y", "", "a"]
    leases = [
        tree_of(backend, path).acquire(shared=True, owner=f"{number}", expire_timeout=60)
        for number, path in enumerate(paths)
    ]
    with nothing_written(backend):
        found = listing(backend).holders
        assert [(holder.path, holder.owner) for holder in found] == [
            ("", "5"), ("a", "1"), ("a", "6"), ("a.b", "0"), ("a.b.c", "2"), ("a-b", "3"), ("x.é y", "4"),
        ]  # fmt: skip
        assert {holder.mode for holder in found} == {"shared"}
        assert all(50 < holder.remaining <= 60 for holder in found)
        for path in ("a.b", "a.b.c.d", "a-b", "z"):
            expected = {holder.owner for holder in tree_of(backend, path).holders()}
            assert {holder.owner for holder in listing(backend, path).holders} == expected
    for lease in leases:
        lease.release()
    assert listing(backend).holders == []


@sync_only
def test_what_has_run_out_is_not_shown(backend: Backend) -> None:
    lease = tree_of(backend, "a.b").acquire(expire_timeout=60)
    space = backend.database.space
    client: Any = backend.client
    (entry,) = client.zrange(space.key("l", ("a", "b")), 0, -1)
    for key in space.locks(("a", "b")).entered:
        client.zadd(key, {entry: 1})
    assert listing(backend).holders == []
    with pytest.raises(LockLost):
        lease.release()


@sync_only
def test_tampered_keys_are_named(backend: Backend) -> None:
    key = backend.database.space.key("l", ("a",))
    backend.client.zadd(key, {"some text": 9e12})
    with pytest.raises(InternalError) as caught:
        listing(backend, "a.b")
    assert caught.value.key == key
    backend.client.delete(key)
    backend.client.set(key, "x")
    with pytest.raises(InternalError) as caught:
        listing(backend, "a.b")
    assert caught.value.key == key


@on(*SERVERS)  # fakeredis does not know
@pytest.mark.parametrize("path", ["a.b", "odd name.100%.é.{x}.%41", ""])
def test_who_waits_is_counted(backend: Backend, path: str) -> None:
    place = tree_of(backend, path)
    first = place.acquire(shared=True, owner="one", expire_timeout=60)
    second = place.acquire(shared=True, owner="two", expire_timeout=60)
    attempts = [entering(place, owner=name) for name in ("three", "four", "one")]  # the last one upgrades
    with waiting(*attempts):
        try:
            wait_until(lambda: [listing(backend).waiters(holder) for holder in listing(backend).holders] == [3, 3])
            if path:
                other = tree_of(backend, "elsewhere").acquire(owner="five")
                found = listing(backend)
                assert {holder.path: found.waiters(holder) for holder in found.holders} == {path: 3, "elsewhere": 0}
                other.release()
            assert listing(backend, count_waiters=False).waiting is None
        finally:
            first.release()
            second.release()
    assert listing(backend).holders == []


def test_who_waits_elsewhere_is_not_counted(server: Server) -> None:
    """In another database of the same server, and in another namespace."""
    backend = Backend("", server.client(), server)
    others = [
        Backend("", server.client(db=1), server, backend.namespace),
        Backend("", server.client(), server),
    ]
    leases = [tree_of(each, "a").acquire(owner="one") for each in (backend, *others)]
    with waiting(*[entering(tree_of(each, "a")) for each in others]):
        try:
            wait_until(lambda: [listing(other).waiting for other in others] == [{"a": 1}, {"a": 1}])
            assert listing(backend).waiting == {}
        finally:
            for lease in leases:
                lease.release()
    for each in (backend, *others):
        each.close()


def test_who_waited_and_got_it_is_not_counted(real_backend: Backend) -> None:
    """The connection keeps its name, in the pool of those that wait."""
    place = tree_of(real_backend, "a")
    lease = place.acquire(owner="one")
    with waiting(entering(place, owner="two")):
        wait_until(lambda: listing(real_backend).waiting == {"a": 1})
        lease.release()
    with place.acquire(owner="three"):
        assert listing(real_backend).waiting == {}


def test_a_server_that_does_not_say_who_waits(real_backend: Backend) -> None:
    """And locks that do without: nothing of them needs what is refused."""
    client: Any = real_backend.client
    name = f"user-{real_backend.namespace}"
    client.execute_command("ACL", "SETUSER", name, "on", ">secret", "~*", "+@all", "-client|list")
    assert real_backend.server is not None
    user = real_backend.server.client(username=name, password="secret")
    try:
        with Lock(user, "a", namespace=real_backend.namespace):
            restricted = replace(real_backend, client=user, _database=None)
            found = listing(restricted)
            assert [holder.path for holder in found.holders] == ["a"]
            assert found.waiters(found.holders[0]) is None
    finally:
        user.close()
        client.execute_command("ACL", "DELUSER", name)


def test_the_cost(chaos: ChaosProxy, valkey_server: Server) -> None:
    """Two round trips, whatever is locked; nothing of the tree is read."""
    backend = Backend("", valkey_server.client(), valkey_server)
    leases = [tree_of(backend, f"s{number % 7}.n{number}").acquire() for number in range(300)]
    tree_of(backend).set("big", {f"leaf {number}": "x" * 100 for number in range(10_000)})
    client = valkey_server.client()
    client.connection_pool.connection_kwargs |= {"port": chaos.port, "host": chaos.host}
    database = Database.of_client(client, backend.namespace)
    assert len(database.runner.run(list_locks(database.space, ("s1", "n1")), True).holders) == 1
    chaos.reset()
    found = database.runner.run(list_locks(database.space, ()), True)
    assert len(found.holders) == 300
    assert (found.waiting, chaos.round_trips) == ({}, 2)
    assert len(chaos.reply_bytes) < 100_000
    for lease in leases:
        lease.release()
    assert database.runner.run(list_locks(database.space, ()), True).holders == []
    assert chaos.round_trips == 3
    client.close()
    backend.close()
