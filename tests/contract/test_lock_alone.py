"""``Lock`` by itself: with any client, beside ``Proxy``, and with the forms of ``threading.Lock``."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import fakeredis
import pytest
import redis
import redis.asyncio

from redicts import ConfigError, Lease, Lock, LockLost, LockTimeout, NotOwner, PathError
from tests.contract.ground import SECONDS, Ground, Party
from tests.contract.variants import sync_only
from tests.support.backends import fake_backend
from tests.support.waiting import wait_until


def test_it_and_proxy_exclude_each_other(ground: Ground, rival: Party) -> None:
    lock = ground.lock("a.b")
    with lock:
        for path in ("a.b", "a", "a.b.c", ""):
            assert not rival.enters(ground.proxy(path))
            assert rival.do(lambda path=path: ground.lock(path).acquire(False)) is False  # type: ignore[misc]
        assert rival.enters(ground.proxy("a.c"))
        assert rival.enters(ground.proxy("a.b.c").parent.parent["c"])
        with ground.proxy("a"), ground.proxy("a.b.c"):
            assert len(ground.proxy().holders()) == 3, "one owner: the thread"
    with ground.proxy("a"):
        assert rival.do(lambda: ground.lock(["a", "b"]).acquire(blocking=False)) is False
    assert rival.do(lambda: (lock.acquire(), lock.release())) == (True, None)


@pytest.mark.parametrize(
    "options", [{}, {"decode_responses": True}, {"protocol": 2}, {"protocol": 3}, {"encoding": "latin-1"}], ids=str
)
def test_any_client_will_do(ground: Ground, rival: Party, options: dict[str, Any]) -> None:
    lock = ground.lock("é.b", client=ground.face.another_client(**options), renew=True)
    with lock:
        assert not rival.enters(ground.proxy("é"))
        lock.ensure_held()
        lock.renew()
        assert [holder.path for holder in lock.holders()] == ["é.b"]
    other = rival.do(lambda: ground.proxy("é").acquire())
    assert lock.acquire(timeout=0.01) is False
    released = rival.start(other.release)
    assert lock.acquire(timeout=SECONDS) is True
    lock.release()
    released.result(SECONDS)


@sync_only
def test_a_condition_may_stand_on_it(ground: Ground, rival: Party) -> None:
    lock, waits, found = ground.lock("a", acquire_timeout=SECONDS), threading.Event(), list[str]()
    condition = threading.Condition(lock)  # type: ignore[arg-type]  # typed for the locks of threading only

    def take() -> str:
        with condition:
            assert lock.owned()
            waits.set()
            assert condition.wait_for(lambda: found, SECONDS)
            assert lock.owned(), "it has it again"
            return found.pop()

    for act in (condition.notify, condition.wait):
        with pytest.raises(RuntimeError, match="un-acquired lock"):
            act()
    taken = rival.start(take)
    assert waits.wait(SECONDS)
    with condition:  # which needs the lock: who waits has released it
        assert lock.owned()
        assert not rival_owns(lock)
        condition.notify()  # in vain
    with condition:
        found.append("x")
        condition.notify()
        assert not taken.done()
    assert taken.result(SECONDS) == "x"
    assert not lock.owned()
    assert not lock.locked()


def rival_owns(lock: Lock) -> bool:
    """Whether a thread that has nothing to do with it is told that it owns the lock."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(lock.owned).result(SECONDS)


def test_a_unix_socket_leads_to_the_same_locks(ground: Ground) -> None:
    server = ground.backend.server
    if server is None:
        pytest.skip("fakeredis has no socket")
    client = ground.face.another_client(unix=True)
    with ground.lock("a.b", client=client, owner="near") as lock:
        assert ground.proxy("a").try_acquire() is None
        assert [holder.owner for holder in ground.proxy("a").holders()] == ["near"]
        assert repr(lock).startswith(f"Lock('a.b' on {server.socket}, database 0, exclusive, held, fence")
    with ground.proxy("a"):
        assert lock.acquire(timeout=0.01) is False


def test_other_databases_and_namespaces_are_apart(ground: Ground) -> None:
    elsewhere = fake_backend(ground.backend.through)
    with ground.proxy("a"):
        for other in (
            ground.lock("a", client=ground.face.another_client(db=5), owner="x"),
            ground.lock("a", namespace=f"{ground.backend.namespace}:2", owner="x"),
            elsewhere.face.lock("a", namespace=ground.backend.namespace, owner="x"),
        ):
            assert other.locked() is False
            assert other.acquire(blocking=False) is True
            assert len(other.holders()) == 1
            other.release()
    elsewhere.close()


@sync_only
def test_clients_that_will_not_do(ground: Ground) -> None:
    bad: list[Any] = [
        redis.asyncio.Redis(), fakeredis.FakeAsyncRedis(), None, "localhost", ground.client.pipeline, object(),
    ]  # fmt: skip
    for client in bad:
        with pytest.raises(ConfigError, match=r"client must be a redis\.Redis client"):
            _ = Lock(client, "a")
    with pytest.raises(ConfigError, match="namespace"):
        _ = ground.lock("a").__class__(ground.client, "a", namespace="a b")


def test_arguments_that_will_not_do(ground: Ground) -> None:
    with ground.nothing_written():
        for arguments, options, error in (
            (("a..b",), {}, PathError), (("a", 0), {}, ValueError), (("a", -1), {}, ValueError),
            (("a", float("nan")), {}, ValueError), (("a", "30"), {}, TypeError), (("a", None), {}, TypeError),
            (("a", 30, -1), {}, ValueError), (("a", 30, "1"), {}, TypeError), (("a",), {"owner": ""}, ValueError),
            (("a",), {"owner": 5}, TypeError), (("a",), {"max_lifetime": 0}, ValueError),
        ):  # fmt: skip
            with pytest.raises(error):
                _ = ground.lock(*arguments, **options)


def test_the_forms_of_threading_lock(ground: Ground, rival: Party) -> None:
    lock = ground.lock("a", acquire_timeout=0.02)
    for arguments, options in (
        ((), {}), ((True,), {}), ((False,), {}), ((True, 0.02), {}), ((), {"blocking": False}), ((), {"timeout": 0.02}),
        ((), {"timeout": 0}), ((), {"timeout": None}), ((), {"blocking": True, "timeout": 0.02}),
    ):  # fmt: skip
        assert lock.acquire(*arguments, **options) is True
        assert lock.locked() is True
        if options.get("timeout", 0) is not None:
            assert rival.do(lambda: lock.acquire(*arguments, **options) if options else lock.acquire(False)) is False  # noqa: B023
        lock.release()
        assert lock.locked() is False
    for blocking, timeout in ((False, 1), (False, None), (False, -1), (True, -1), (True, float("nan"))):
        with ground.nothing_written(), pytest.raises(ValueError, match="timeout"):
            _ = lock.acquire(blocking, timeout)
    with ground.nothing_written(), pytest.raises(TypeError, match="timeout is a number of seconds"):
        _ = lock.acquire(timeout="1")  # type: ignore[arg-type]
    with ground.nothing_written(), pytest.raises(NotOwner, match=f"{ground.who} holds no lock at 'a'"):
        lock.release()


def test_with_raises_where_it_is_not_free(ground: Ground, rival: Party) -> None:
    def enter() -> None:
        with ground.lock("a", 30, 0):
            raise AssertionError

    with ground.lock("a") as entered:
        assert isinstance(entered, Lock)
        with pytest.raises(LockTimeout, match="'a' was not free at once"):
            rival.do(enter)


@pytest.mark.parametrize("kind", ["tree", "threading"])
def test_code_for_a_threading_rlock_works(ground: Ground, rival: Party, kind: str) -> None:
    """The same code with either: re-entrant, refused to others, released by an error too."""
    lock: Any = ground.lock("a") if kind == "tree" else threading.RLock()
    log: list[str] = []

    def guarded(depth: int) -> None:
        with lock:
            log.append(f"in {depth}")
            if depth:
                guarded(depth - 1)
                return
            assert rival.do(lambda: lock.acquire(blocking=False)) is False
            assert rival.do(lambda: lock.acquire(False)) is False
            assert rival.do(lambda: lock.acquire(timeout=0.01)) is False
            raise KeyError

    with pytest.raises(KeyError):
        guarded(2)
    assert log == ["in 2", "in 1", "in 0"]
    assert rival.do(lambda: (lock.acquire(), lock.release())) == (True, None)
    with pytest.raises((RuntimeError, NotOwner)):
        lock.release()


def test_one_object_shared_by_threads(ground: Ground) -> None:
    lock, counter = ground.lock("a", acquire_timeout=SECONDS), ground.proxy("counter").set((), 0)
    fences: list[int] = []

    def work(_: int) -> None:
        for _ in range(8):
            with lock, lock:
                counter.store((), counter.val() + 1)
                fences.append(lock.fence)
                assert lock.valid_for() > 0

    with ThreadPoolExecutor(4) as executor:
        list(executor.map(work, range(4)))
    assert counter.val() == 32
    assert fences == sorted(set(fences)), "each thread sees its own"


def test_repr_in_every_state(ground: Ground, rival: Party) -> None:
    lock, named = ground.lock("a.b"), ground.lock("a", shared=True, owner="x")
    where = f"Lock('a.b' on {ground.backend.database.address}, exclusive, "
    assert repr(lock) == where + f"not held by {ground.who})"
    with lock:
        assert repr(lock) == where + f"held, fence {lock.fence}, {lock.valid_for():.1f} s left)"
        assert rival.do(lambda: repr(lock)) == where + f"not held by {ground.who})"
        ground.run_out()
        with pytest.raises(LockLost):
            lock.ensure_held()
        assert repr(lock) == where + f"held, fence {lock.fence}, lost, or perhaps so)"
        with pytest.raises(LockLost):
            lock.release()
        _ = lock.acquire()
    assert repr(lock) == where + f"not held by {ground.who})"
    assert repr(named).endswith(", shared, not acquired by 'x' here)")
    with named:
        assert ", shared, held, fence " in rival.do(lambda: repr(named))


def test_what_is_held(ground: Ground, rival: Party) -> None:
    lock = ground.lock("a", expire_timeout=20)
    asked = [lambda: lock.fence, lambda: lock.lost, lambda: lock.lease, lock.valid_for, lock.ensure_held, lock.renew]
    for ask in asked:
        with pytest.raises(NotOwner, match="was not acquired yet"):
            ask()
    _ = lock.acquire()
    lease = lock.lease
    assert isinstance(lease, Lease)
    assert (lock.fence, lock.lost, lock.key(), lease.path) == (lease.fence, lease.lost, "a", "a")
    assert 10 < lock.valid_for() <= 20
    wait_until(lambda: lock.valid_for() < 19.99)
    lock.renew()
    assert lock.valid_for() > 19.9
    lock.ensure_held()
    assert rival.do(lock.break_locks)[0].path == "a"
    assert not lock.lost.is_set()
    with pytest.raises(LockLost):
        lock.ensure_held()
    assert lock.lost.is_set()
    assert lock.valid_for() == 0
    for ask in (lock.ensure_held, lock.renew, lock.release):
        with pytest.raises(LockLost):
            ask()
    assert lock.lost.is_set(), "what was acquired last is still told"
    for ask in (lock.ensure_held, lock.renew):
        with pytest.raises(NotOwner, match="released already"):
            ask()
