"""``as_redlock()`` in both faces that have it, over real servers: what it holds, for whom, and what it says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from redicts import (
    ConfigError,
    LockError,
    LockLost,
    LockTimeout,
    NotOwner,
    PathError,
    Pool,
    Proxy,
    QuorumIsImpossible,
    QuorumNotAchieved,
    TooManyExtensions,
    WrongType,
    aio,
    root,
)
from redicts.leaves.redlock import Redlock
from tests.support.faces.awaited import AwaitedPlace
from tests.support.portal import Portal
from tests.support.servers import Server
from tests.support.servers import start_server as start
from tests.support.waiting import wait_until

NAMES = ["m0", "m1", "m2", "m3", "m4"]
DEAD = {f"dead{number}": f"redis://127.0.0.1:{number + 1}/0" for number in range(3)}
"""Nobody listens there."""


@pytest.fixture(scope="module")
def five() -> Iterator[list[Server]]:
    """Servers that live as long as these tests."""
    servers = [start() for _ in NAMES]
    yield servers
    for server in servers:
        server.close()


@pytest.fixture
def servers(five: list[Server]) -> Iterator[list[Server]]:
    """They, with nothing in them, as databases of the pool; one of them is the default."""
    names = {name: server.url for name, server in zip(NAMES, five, strict=True)}
    Pool().reload(cfg={"url": five[0].url, "names": {**names, **DEAD}})
    yield five
    for server in five:
        with server.client() as client:
            client.flushall()
    Pool().close()


@pytest.fixture(params=["sync", "asyncio"])
def place(request: pytest.FixtureRequest, servers: list[Server]) -> Iterator[Proxy]:
    """A place, in both faces."""
    assert len(servers) == len(NAMES)
    if request.param == "sync":
        yield root().get("app.lock")
        return
    portal = Portal()
    made: Any = AwaitedPlace(portal, aio.root().get("app.lock"))
    yield made
    portal.call(aio.Pool().close)
    portal.close()


@pytest.fixture
def lock(place: Proxy) -> Redlock:
    return place.as_redlock(NAMES)


@pytest.fixture
def elsewhere() -> Iterator[Callable[[Callable[[], Any]], Any]]:
    """Does something in another thread; in asyncio that is another task."""
    with ThreadPoolExecutor(1) as threads:
        yield lambda act: threads.submit(act).result(20)


def keys(servers: list[Server]) -> list[Any]:
    """All that there is."""
    found = []
    for server in servers:
        with server.client() as client:
            found.append(sorted(client.keys("*")))
    return found


def bare(servers: list[Server]) -> bool:
    """Whether there is nothing, soon: masters that were not waited for are told just now."""
    return wait_until(lambda: keys(servers) == [[]] * len(servers), what="the end of all keys")


def at(servers: list[Server], path: str = "app.lock") -> list[Any]:
    """What each master shows."""
    found = []
    for server in servers:
        with server.client() as client:
            assert Proxy("", rconn=client).check() == []
            found.append(Proxy(path, rconn=client).val())
    return found


def set_at(server: Server, value: Any, path: str = "app.lock") -> None:
    with server.client() as client:
        _ = Proxy(path, rconn=client).set((), value)


def break_at(servers: list[Server]) -> None:
    """As if it had run out there."""
    for server in servers:
        with server.client() as client:
            assert Proxy("app.lock", rconn=client).delete(())


# -- held, and by whom ------------------------------------------------------------------------------------------------


def test_it_is_held_by_a_majority_until_it_is_released(lock: Redlock, place: Proxy, servers: list[Server]) -> None:
    assert (lock.locked(), lock.length(), bool(lock), lock.key()) == (0.0, 0, True, "app.lock")
    assert keys(servers) == [[]] * 5
    assert lock.acquire() is True
    assert 9 < lock.locked() < 9.9, "10 s, less 1 % and 2 ms, less what it took"
    wait_until(lambda: at(servers) == [1] * 5, what="the last masters")
    assert lock.length() == 5
    assert (place.kind(), place.val(), place.time_to_live() <= 10) == ("redlock", 1, True)
    assert lock.release() is None
    assert lock.locked() == 0.0
    assert bare(servers)


def test_with(lock: Redlock, servers: list[Server]) -> None:
    with lock as held:
        assert held is lock
        assert lock.locked() > 9
    assert lock.locked() == 0.0
    assert bare(servers)


def test_others_are_kept_out(lock: Redlock, place: Proxy, elsewhere: Any) -> None:
    other = place.as_redlock(NAMES, acquire_timeout=0.05)
    with lock:
        assert elsewhere(lambda: other.acquire(blocking=False)) is False
        began = time.monotonic()
        assert elsewhere(lambda: other.acquire(timeout=0.1)) is False
        assert 0.1 <= time.monotonic() - began < 0.5
        assert (other.locked(), lock.locked() > 9) == (0.0, True)
        with pytest.raises(LockTimeout, match=r"'app\.lock' was not free within 0\.05 s") as caught:
            elsewhere(other.__enter__)
        assert (caught.value.path, caught.value.timeout) == ("app.lock", 0.05)
    assert elsewhere(lambda: other.acquire(blocking=False)) is True
    assert lock.acquire(timeout=0) is False
    elsewhere(other.release)


def test_who_waits_gets_it_when_it_is_released(lock: Redlock) -> None:
    with ThreadPoolExecutor(1) as threads:
        with lock:
            waiting = threads.submit(lambda: (lock.acquire(timeout=None), time.monotonic(), lock.release()))
            time.sleep(0.05)
            assert not waiting.done()
            released = time.monotonic()
        got, when, _ = waiting.result(20)
    assert got
    assert released <= when < released + 1


def test_twice_by_one_is_refused(lock: Redlock, servers: list[Server]) -> None:
    """Pottery waits, for itself; or, as ``acquire`` says, for the time that it holds it."""
    assert lock.acquire()
    for timeout in (0, 5, None):
        with pytest.raises(LockError, match=r"'app\.lock' was acquired here already.*not re-entrant") as caught:
            lock.acquire(timeout=timeout)
        assert caught.value.path == "app.lock"
    with pytest.raises(LockError, match="not re-entrant"), lock:
        pytest.fail("it was let in twice")
    assert lock.locked() > 9
    lock.release()
    with pytest.raises(NotOwner, match=r"'app\.lock' was not acquired through this handle"):
        lock.release()
    assert bare(servers)
    assert lock.acquire(timeout=0)
    lock.release()


def test_a_shared_handle_lets_one_in(lock: Redlock, elsewhere: Any) -> None:
    """What another acquired through the same handle is the other's."""
    with lock:
        assert elsewhere(lambda: (lock.acquire(blocking=False), lock.locked())) == (False, 0.0)
        for act in (lock.release, lock.extend):
            with pytest.raises(NotOwner, match="this thread, or this task"):
                elsewhere(act)
        assert lock.locked() > 9
        assert lock.length() == 5
    assert elsewhere(lambda: lock.acquire(blocking=False)) is True
    assert (lock.locked(), elsewhere(lock.locked) > 9) == (0.0, True)
    elsewhere(lock.release)


# -- time -------------------------------------------------------------------------------------------------------------


def test_it_is_free_again_after_its_time(place: Proxy, elsewhere: Any, servers: list[Server]) -> None:
    brief, other = place.as_redlock(NAMES, auto_release_time=0.1), place.as_redlock(NAMES)
    assert brief.acquire()
    assert 0 < brief.locked() < 0.1
    began = time.monotonic()
    assert elsewhere(lambda: other.acquire(timeout=5))
    assert time.monotonic() - began < 1
    assert brief.locked() == 0.0
    with pytest.raises(LockLost, match=r"'app\.lock' had run out.*longer auto_release_time") as caught:
        brief.extend()
    assert caught.value.path == "app.lock"
    with pytest.raises(LockLost, match="another may have held it since"):
        brief.release()
    with pytest.raises(NotOwner):
        brief.release()
    assert elsewhere(other.locked) > 9
    elsewhere(other.release)
    assert bare(servers)


def test_lost_though_nobody_took_it(place: Proxy, servers: list[Server]) -> None:
    lock = place.as_redlock(NAMES, auto_release_time=0.05)
    with pytest.raises(LockLost), lock:
        wait_until(lambda: lock.length() == 0)
    assert bare(servers), "and nothing is left of it"


def test_extended(place: Proxy, servers: list[Server]) -> None:
    lock = place.as_redlock(NAMES, auto_release_time=1, max_extensions=2)
    assert lock.acquire()
    for _ in range(2):
        time.sleep(0.05)
        before = lock.locked()
        assert before < 0.95
        lock.extend()
        assert before < lock.locked() < 1
    with pytest.raises(TooManyExtensions, match="extended 2 times, as often as it may be") as caught:
        lock.extend()
    assert (caught.value.path, caught.value.max_extensions) == ("app.lock", 2)
    assert lock.locked() > 0.5, "as before"
    lock.release()
    with pytest.raises(NotOwner):
        lock.extend()
    with lock:
        lock.extend()  # they are counted for each acquisition
    with place.as_redlock(NAMES, max_extensions=0) as never, pytest.raises(TooManyExtensions):
        never.extend()
    assert bare(servers)


def test_extended_only_while_a_majority_holds_it(lock: Redlock, servers: list[Server]) -> None:
    assert lock.acquire()
    wait_until(lambda: lock.length() == 5)
    break_at(servers[:2])
    lock.extend()
    assert lock.length() == 3, "nothing is put where it was gone"
    break_at(servers[2:3])
    with pytest.raises(LockLost):
        lock.extend()
    assert lock.locked() == 0.0
    with pytest.raises(LockLost):
        lock.release()
    assert bare(servers)


def test_a_majority_that_is_too_slow_for_its_time(place: Proxy, servers: list[Server]) -> None:
    """It would have run out before anybody knew of it."""
    lock = place.as_redlock(NAMES, auto_release_time=0.001)
    with pytest.raises(QuorumNotAchieved, match=r"longer than the auto_release_time of 0\.001 s") as caught:
        lock.acquire(timeout=0.05)
    assert type(caught.value) is QuorumNotAchieved
    assert lock.locked() == 0.0
    wait_until(lambda: at(servers) == [None] * 5)


def test_what_it_lies_in_ends_sooner(place: Proxy, servers: list[Server]) -> None:
    for server in servers[:3]:
        with server.client() as client:
            _ = Proxy("app", rconn=client).set("other", 1)
            assert Proxy("app", rconn=client).expire(2)
    lock = place.as_redlock(NAMES[:3], auto_release_time=100)
    with lock:
        assert 1 < lock.locked() < 2
        lock.extend()
        assert 0 < lock.locked() < 2
        assert 0 < place.time_to_live() <= 2


# -- errors -----------------------------------------------------------------------------------------------------------


def test_the_error_of_the_body_is_what_counts(place: Proxy, servers: list[Server]) -> None:
    lock = place.as_redlock(NAMES, auto_release_time=0.05)

    def fail(waits: bool) -> None:
        with lock:
            if waits:
                wait_until(lambda: lock.length() == 0)
            raise KeyError("the body's")

    with pytest.raises(KeyError, match="the body's"):
        fail(waits=True)
    assert lock.locked() == 0.0
    lock = place.as_redlock(NAMES)
    with pytest.raises(KeyError, match="the body's"):
        fail(waits=False)
    assert bare(servers)
    with lock:
        pass


@pytest.mark.parametrize("dead", [1, 2])
def test_a_minority_that_is_not_there(place: Proxy, dead: int, servers: list[Server]) -> None:
    lock = place.as_redlock([*list(DEAD)[:dead], *NAMES[dead:]])
    for _ in range(3):
        with lock:
            lock.extend()
            assert lock.locked() > 9
    with lock, pytest.raises(LockError):
        lock.acquire()
    wait_until(lambda: at(servers) == [None] * 5)


def test_a_majority_that_is_not_there_is_told_at_once(place: Proxy, servers: list[Server]) -> None:
    """Pottery's ``acquire()`` tries for ever, purse's as well."""
    lock = place.as_redlock([*DEAD, *NAMES[3:]])
    for options in ({"timeout": None}, {}, {"blocking": False}):
        began = time.monotonic()
        with pytest.raises(QuorumIsImpossible, match="no majority of the 5 masters") as caught:
            lock.acquire(**options)
        assert time.monotonic() - began < 2
        assert caught.value.path == "app.lock"
        told = {name.partition("'")[2].partition("'")[0]: why for name, why in caught.value.masters.items()}
        assert set(DEAD) <= set(told)
        assert all("no connection" in told[name] for name in DEAD)
    assert bare(servers)
    with pytest.raises(QuorumIsImpossible):
        lock.length()
    with pytest.raises(QuorumIsImpossible):
        lock.clear()


def test_where_something_else_is(lock: Redlock, servers: list[Server]) -> None:
    for server in servers[:2]:
        set_at(server, 5)
    with lock:
        assert lock.locked() > 9, "a minority is no hindrance"
    set_at(servers[2], {"x": 1})
    with pytest.raises(WrongType, match=r"'app\.lock' holds (a JSON value|a node), not a redlock; it was left alone"):
        lock.acquire()
    with pytest.raises(WrongType):
        lock.length()
    with pytest.raises(WrongType):
        lock.clear()
    wait_until(lambda: at(servers) == [5, 5, {"x": 1}, None, None])
    wait_until(lambda: keys(servers)[3:] == [[], []])


def test_broken(lock: Redlock, elsewhere: Any, servers: list[Server]) -> None:
    assert lock.acquire()
    assert lock.clear() is None
    assert (lock.length(), keys(servers)) == (0, [[]] * 5)
    assert elsewhere(lambda: lock.acquire(blocking=False))
    with pytest.raises(LockLost):
        lock.release()
    elsewhere(lock.release)
    assert bare(servers)


def test_an_even_number(place: Proxy, elsewhere: Any, servers: list[Server]) -> None:
    lock, pair = place.as_redlock(NAMES[:4]), place.as_redlock(NAMES[:2])
    with lock:
        assert elsewhere(lambda: lock.acquire(timeout=0)) is False
    with pair:
        assert elsewhere(lambda: lock.acquire(timeout=0)) is False, "two of four are no majority"
        wait_until(lambda: at(servers) == [1, 1, None, None, None], what="what the other gave up")
    assert bare(servers)
    lock = place.as_redlock([*list(DEAD)[:2], *NAMES[2:4]])
    with pytest.raises(QuorumIsImpossible):
        lock.acquire()


def test_one_alone(place: Proxy, elsewhere: Any, servers: list[Server]) -> None:
    lock = place.as_redlock()
    with lock:
        assert (place.val(), elsewhere(lambda: place.as_redlock().acquire(timeout=0))) == (1, False)
    assert keys(servers) == [[]] * 5
    set_at(servers[0], [1])
    with pytest.raises(WrongType):
        lock.acquire()


BAD: dict[str, tuple[Callable[[Proxy], object], type[Exception], str]] = {
    "no masters": (lambda place: place.as_redlock([]), ConfigError, "name one database at least"),
    "text": (lambda place: place.as_redlock("m0"), ConfigError, "must be a list of names"),
    "no list": (lambda place: place.as_redlock(5), ConfigError, "must be a list"),  # type: ignore[arg-type]
    "one twice": (lambda place: place.as_redlock(["m0", "m1", "m0"]), ConfigError, "give each once"),
    "one by two names": (lambda place: place.as_redlock([None, "m1", "m0"]), ConfigError, "give each once"),
    "unknown": (lambda place: place.as_redlock(["m0", "m9"]), ConfigError, "m9"),
    "no client": (lambda place: place.as_redlock(["m0", 5]), ConfigError, "client"),
    "time of 0": (lambda place: place.as_redlock(auto_release_time=0), ValueError, "auto_release_time is above 0"),
    "NaN": (lambda place: place.as_redlock(auto_release_time=float("nan")), ValueError, "auto_release_time"),
    "infinite": (lambda place: place.as_redlock(master_timeout=float("inf")), ValueError, "master_timeout"),
    "a bool": (lambda place: place.as_redlock(auto_release_time=True), TypeError, "auto_release_time"),
    "no number": (lambda place: place.as_redlock(master_timeout="1"), TypeError, "master_timeout"),  # type: ignore[arg-type]
    "negative": (lambda place: place.as_redlock(acquire_timeout=-1), ValueError, "non-negative"),
    "extensions": (lambda place: place.as_redlock(max_extensions=-1), ValueError, "max_extensions is at least 0"),
    "true": (lambda place: place.as_redlock(max_extensions=True), TypeError, "max_extensions"),
    "timeout": (lambda place: place.as_redlock().acquire(timeout=-1), ValueError, "non-negative"),
    "no timeout": (lambda place: place.as_redlock().acquire(timeout="1"), TypeError, "timeout"),  # type: ignore[arg-type]
    "both": (lambda place: place.as_redlock().acquire(blocking=False, timeout=1), ValueError, "no timeout with"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input(place: Proxy, what: str, servers: list[Server]) -> None:
    act, kind, text = BAD[what]
    with pytest.raises(kind, match=text):
        act(place)
    assert keys(servers) == [[]] * 5


def test_the_root_is_no_lock(servers: list[Server]) -> None:
    for place in (root(), aio.root()):
        with pytest.raises(PathError, match="redlock"):
            place.as_redlock(NAMES[: len(servers)])


def test_clients_of_the_other_face() -> None:
    with pytest.raises(ConfigError):
        Proxy("a").as_redlock([redis.asyncio.Redis()])
    with pytest.raises(ConfigError):
        aio.Proxy("a").as_redlock([redis.Redis()])
