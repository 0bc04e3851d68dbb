"""``as_ids(masters=...)`` in both faces that have it, over real servers: what it gives, and whom it tells what."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
import redis

from redicts import (
    ConfigError,
    InternalError,
    Pool,
    Proxy,
    QuorumIsImpossible,
    QuorumNotAchieved,
    WrongType,
    aio,
    root,
)
from redicts.leaves.majority_ids import MajorityIds
from redicts.pool.database import Database
from tests.support.faces.awaited import AwaitedPlace
from tests.support.portal import Portal
from tests.support.servers import Server
from tests.support.servers import start_server as start

LAST = 2**63 - 1
NAMES = ["m0", "m1", "m2", "m3", "m4"]


@pytest.fixture(scope="module")
def five() -> Iterator[list[Server]]:
    """Servers that live as long as these tests."""
    servers = [start() for _ in NAMES]
    yield servers
    for server in servers:
        server.close()


@pytest.fixture
def servers(five: list[Server]) -> Iterator[list[Server]]:
    """They, with nothing in them, as databases of the pool."""
    Pool().reload(cfg={"names": {name: server.url for name, server in zip(NAMES, five, strict=True)}})
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
        yield root().get("app.ids")
        return
    portal = Portal()
    made: Any = AwaitedPlace(portal, aio.root().get("app.ids"))
    yield made
    portal.call(aio.Pool().close)
    portal.call(nothing_owed)
    portal.close()


async def nothing_owed() -> None:
    """Wait until the replies have come that nobody waits for."""
    while any(task.get_name().startswith("redicts:") for task in asyncio.all_tasks()):  # noqa: ASYNC110
        await asyncio.sleep(0.001)


@pytest.fixture
def ids(place: Proxy) -> MajorityIds:
    return opened(place)


def opened(place: Proxy, masters: list[str] = NAMES, master_timeout: float = 2.0, **options: Any) -> MajorityIds:
    """Open it, with time enough for each master where the machine is busy."""
    return place.as_ids(masters, master_timeout=master_timeout, **options)


def at(servers: list[Server], path: str = "app.ids") -> list[Any]:
    """What each master holds."""
    found = []
    for server in servers:
        with server.client() as client:
            found.append(Proxy(path, rconn=client).val())
    return found


def set_at(server: Server, value: Any, path: str = "app.ids") -> None:
    with server.client() as client:
        _ = Proxy(path, rconn=client).set((), value)


def settled(servers: list[Server], value: int) -> bool:
    """Whether all masters hold it, soon."""
    deadline = time.monotonic() + 5
    while (held := at(servers)) != [value] * len(servers) and time.monotonic() < deadline:
        time.sleep(0.001)
    return held == [value] * len(servers)


def test_they_grow_from_one_on(ids: MajorityIds, place: Proxy, servers: list[Server]) -> None:
    assert (ids.last(), ids.length(), ids.reserve(0), bool(ids)) == (0, 0, range(0), True)
    assert at(servers) == [None] * 5
    other = opened(place, NAMES[::-1])
    assert [ids.next(), other.next(), ids.next(), next(other)] == [1, 2, 3, 4]
    assert (ids.reserve(100), other.next(), ids.last()) == (range(5, 105), 105, 105)
    assert list(islice(ids, 2)) == [106, 107]
    assert settled(servers, 107)


def test_a_new_handle_goes_on(place: Proxy) -> None:
    assert [opened(place, NAMES[:3]).next() for _ in range(4)] == [1, 2, 3, 4]


def test_raised_and_cleared(ids: MajorityIds, place: Proxy, servers: list[Server]) -> None:
    ids.raise_to(2**53)
    assert [ids.next() - 2**53 for _ in range(3)] == [1, 2, 3]
    ids.raise_to(7)
    assert opened(place).next() == 2**53 + 4
    assert settled(servers, 2**53 + 4)
    ids.clear()
    assert at(servers) == [None] * 5
    assert (ids.last(), ids.next()) == (0, 1)


def test_the_end_of_all_ids(ids: MajorityIds, servers: list[Server]) -> None:
    ids.raise_to(LAST - 2)
    with pytest.raises(OverflowError, match="not so many IDs left"):
        _ = ids.reserve(3)
    assert (ids.next(), ids.next()) == (LAST - 1, LAST)
    for _ in range(2):
        with pytest.raises(OverflowError):
            _ = ids.next()
    assert settled(servers, LAST)
    assert ids.last() == LAST


def test_blocks(place: Proxy, ids: MajorityIds) -> None:
    block = opened(place, block=10)
    assert [block.next() for _ in range(4)] == [1, 2, 3, 4]
    assert (block.reserve(3), ids.next()) == (range(5, 8), 11)
    assert [block.next() for _ in range(4)] == [8, 9, 10, 12]
    block.raise_to(50)
    assert block.next() == 51
    block.clear()
    assert block.next() == 1


def test_one_that_holds_something_else_is_left_alone(ids: MajorityIds, servers: list[Server]) -> None:
    for server in servers[:2]:
        set_at(server, {"a": [1]})
    assert [ids.next(), ids.next(), ids.last()] == [1, 2, 2]
    with pytest.raises(WrongType):
        ids.clear()
    set_at(servers[2], "text")
    for act in (ids.next, ids.last, lambda: ids.raise_to(5)):
        with pytest.raises(WrongType, match="not IDs"):
            act()
    assert at(servers[:3]) == [{"a": [1]}, {"a": [1]}, "text"]


def test_what_was_tampered_with(ids: MajorityIds, servers: list[Server]) -> None:
    _ = ids.next()
    for server in servers:
        with server.client() as client:
            client.set(Proxy("app.ids", rconn=client)._space.body(("app", "ids")), "one")
    with pytest.raises(QuorumIsImpossible, match="not an integer"):
        _ = ids.next()
    with pytest.raises(InternalError, match="is no ID"):
        _ = ids.last()


def test_it_expires_as_any_leaf_does(ids: MajorityIds, servers: list[Server]) -> None:
    _ = ids.next()
    assert settled(servers, 1)
    for server in servers:
        with server.client() as client:
            assert Proxy("app.ids", rconn=client).expire(100)
    assert ids.next() == 2
    assert settled(servers, 2)
    with servers[0].client() as client:
        assert 90 < Proxy("app.ids", rconn=client).time_to_live() <= 100


def test_an_even_number_of_masters(place: Proxy, servers: list[Server]) -> None:
    ids = opened(place, NAMES[:4])
    assert [ids.next(), ids.next()] == [1, 2]
    for server in servers[:2]:
        set_at(server, 0)
    with pytest.raises(WrongType):  # two are left, and three must agree
        _ = ids.next()


def test_one_master(place: Proxy) -> None:
    ids = opened(place, NAMES[:1])
    assert [ids.next(), ids.reserve(2)[0], ids.last()] == [1, 2, 3]


def test_clients_as_masters(servers: list[Server]) -> None:
    clients = [server.client() for server in servers]
    ids = root().get("app.ids").as_ids(clients, master_timeout=2)
    assert [ids.next(), opened(root().get("app.ids")).next()] == [1, 2]
    for client in clients:
        Database.of_client(client).runner.close()  # the connections that are not the client's
        client.close()


def test_bad_input(place: Any) -> None:
    nobody: list[str] = []
    for masters in (nobody, "m0", b"m0", 5):
        with pytest.raises(ConfigError, match="masters"):
            place.as_ids(masters)
    with pytest.raises(ConfigError, match="one database; give each once"):
        place.as_ids(["m0", "m1", "m0"])
    with pytest.raises(ConfigError, match="m9"):
        place.as_ids(["m0", "m9"])
    for wrong in (True, "1", None):
        for name in ("block", "timeout", "master_timeout"):
            with pytest.raises(TypeError, match=name):
                place.as_ids(NAMES, **{name: wrong})
    for options in ({"block": 0}, {"block": -1}, {"timeout": -1}, {"timeout": float("inf")}, {"master_timeout": 0}):
        with pytest.raises(ValueError, match=r"block|timeout"):
            place.as_ids(NAMES, **options)
    with pytest.raises(ValueError, match="timeout"):
        place.as_ids(NAMES, timeout=float("nan"))
    ids = place.as_ids(NAMES)
    for count in (-1, 2**63):
        for act in (ids.reserve, ids.raise_to):
            with pytest.raises(ValueError, match="at least"):
                act(count)
    for bad in (True, 1.5, "1"):
        for act in (ids.reserve, ids.raise_to):
            with pytest.raises(TypeError, match="whole number"):
                act(bad)


def test_the_pool_leads_elsewhere_now(servers: list[Server]) -> None:
    """A handle asks those that the names mean just then; its block is of no use there."""
    place = root().get("app.ids")
    ids, block = opened(place, NAMES[:1]), opened(place, NAMES[:1], block=10)
    alone = root(db_name="m0").get("app.more").as_ids(block=10)
    assert (ids.next(), block.next(), alone.next()) == (1, 2, 1)
    Pool().reload(cfg={"names": {"m0": servers[4].url}})
    assert (ids.next(), block.next(), alone.next()) == (1, 2, 1)
    assert at(servers, "app")[1:4] == [None] * 3
    Pool().reload(cfg={"names": {"m0": servers[0].url}})
    assert (ids.next(), alone.next()) == (12, 11)


# ---- masters that fail


@pytest.fixture
def mortal(start_server: Callable[..., Server], place: Proxy) -> list[Server]:
    """Five that may be killed, as databases of the pool instead."""
    assert place.key() == "app.ids"
    servers = [start_server() for _ in NAMES]
    Pool().reload(cfg={"names": {name: server.url for name, server in zip(NAMES, servers, strict=True)}})
    return servers


def seconds(act: Callable[[], object]) -> float:
    began = time.monotonic()
    _ = act()
    return time.monotonic() - began


def test_a_minority_that_is_gone_or_hangs_delays_nothing(ids: MajorityIds, mortal: list[Server]) -> None:
    assert ids.next() == 1
    mortal[0].kill()
    mortal[3].stop()
    given: list[int] = []
    took = sorted(seconds(lambda: given.append(ids.next())) for _ in range(20))
    assert given == list(range(2, 22))
    assert took[15] < 1, took  # and not the 2 s after which one is given up
    assert ids.last() == 21
    mortal[3].cont()
    assert [ids.next() for _ in range(3)] == [22, 23, 24]
    with pytest.raises(QuorumNotAchieved, match="cleared at 4 of 5") as caught:
        ids.clear()
    assert list(caught.value.masters) == [f"'m0' (127.0.0.1:{mortal[0].port}/0)"]


def test_a_majority_that_is_gone_is_told_at_once(ids: MajorityIds, mortal: list[Server]) -> None:
    """Pottery asks three times, and says that no quorum was achieved, not who failed."""
    assert ids.next() == 1
    for server in mortal[:3]:
        server.kill()
    for act in (ids.next, ids.last, lambda: ids.reserve(5), lambda: ids.raise_to(9)):
        began = time.monotonic()
        with pytest.raises(QuorumIsImpossible, match="no majority of the 5 masters") as caught:
            act()
        assert time.monotonic() - began < 1.5, "not after the ten seconds of the timeout, nor the two of a master"
        assert caught.value.path == "app.ids"
        named = {at: f"'m{at}' (127.0.0.1:{mortal[at].port}/0)" for at in range(3)}
        assert caught.value.masters.keys() >= set(named.values())
        assert all(str(mortal[at].port) in caught.value.masters[name] for at, name in named.items())


def test_a_majority_that_hangs_is_told_after_the_time_of_one(place: Proxy, mortal: list[Server]) -> None:
    patient, ids = opened(place), opened(place, master_timeout=0.1)
    assert patient.next() == 1
    for server in mortal[1:4]:
        server.stop()
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(QuorumIsImpossible, match=r"within 0\.10 s"):
            _ = ids.next()
        assert 0.1 <= time.monotonic() - began < 1.5
    for server in mortal[1:4]:
        server.cont()
    assert patient.next() > 1


def test_what_was_given_is_not_given_again_after_a_restart(
    place: Proxy, start_server: Callable[..., Server], servers: list[Server]
) -> None:
    assert servers
    masters = [start_server(appendonly="yes", appendfsync="always") for _ in range(3)]
    Pool().reload(cfg={"names": {f"m{at}": server.url for at, server in enumerate(masters)}})
    ids, given = opened(place, NAMES[:3]), []
    for at in range(6):
        given += [ids.next() for _ in range(5)]
        masters[at % 3].kill()
        given += [ids.next() for _ in range(5)]
        _ = masters[at % 3].restart()
    assert given == sorted(set(given))


def test_cut_everywhere_it_is_asked_again(servers: list[Server]) -> None:
    """A connection that a master closed meanwhile is no failure of it."""
    ids = opened(root().get("app.ids"))
    for _ in range(3):
        assert ids.next() >= 1
        for server in servers:
            with server.client() as client:
                killed: Any = client.client_kill_filter(_type="normal", skipme=True)
                assert isinstance(client, redis.Redis)
                assert killed >= 0
    assert ids.next() >= 4
