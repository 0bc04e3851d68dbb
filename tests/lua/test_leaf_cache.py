"""Caches on servers without times to live for fields: dead entries do not pile up, and the body ends with the last one.

And on those that have them: the server removes what is gone.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from redicts import Proxy
from tests.support.backends import Backend
from tests.support.trees import tree_of
from tests.support.waiting import wait_until

FOR_EVER = "9" * 14


@pytest.fixture
def place(real_backend: Backend) -> Proxy:
    return tree_of(real_backend, "app.pages")


def body(backend: Backend) -> str:
    return backend.database.space.body(("app", "pages"))


def by_hand(backend: Backend) -> bool:
    """Whether this server has no times to live for fields."""
    client: Any = backend.client
    client.hset(f"{backend.namespace}:x", "a", "1")
    try:
        client.execute_command("HPEXPIRE", f"{backend.namespace}:x", 1000, "FIELDS", 1, "a")
    except Exception:  # noqa: BLE001  # it does not know the command
        return True
    finally:
        client.delete(f"{backend.namespace}:x")
    return False


def only(backend: Backend, old: bool) -> None:
    if by_hand(backend) != old:
        pytest.skip("about other servers")


def raw(backend: Backend) -> dict[str, str]:
    client: Any = backend.client
    return {name.decode(): value.decode() for name, value in client.hgetall(body(backend)).items()}


def life(backend: Backend) -> int:
    found: Any = backend.client.pttl(body(backend))
    return int(found)


def test_how_it_is_stored(place: Proxy, real_backend: Backend) -> None:
    pages = place.as_cache()
    pages.set("a", {"b": 1})
    pages.set(1, None, ttl=50)
    place.as_cache(stale=5).set("s", 2, ttl=50)
    found = raw(real_backend)
    now = time.time() * 1000
    assert found.pop('"a"') == f'v{FOR_EVER} {FOR_EVER} {{"b":1}}'
    brief, kept = found.pop("1"), found.pop('"s"')
    assert brief == f"{'V' if by_hand(real_backend) else 'v'}{brief[1:15]} {brief[1:15]} null"
    assert 49_000 < int(brief[1:15]) - now < 50_500
    assert (kept[0], kept[30:]) == ("V", " 2")
    assert int(kept[16:30]) - int(kept[1:15]) == 5000
    assert found == ({"!": "-"} if by_hand(real_backend) else {})


def test_the_server_removes_what_is_gone(place: Proxy, real_backend: Backend) -> None:
    only(real_backend, old=False)
    client: Any = real_backend.client
    place.as_cache(ttl=0.05).set_many({number: number for number in range(100)})
    place.as_cache(ttl=0.05, stale=0.05).set_many({-number: number for number in range(1, 100)})
    place.as_cache().set("stays", 1)
    wait_until(lambda: client.hlen(body(real_backend)) == 1, what="only one entry")
    assert (life(real_backend), place.val()) == (-1, {"stays": 1})


def test_no_command_fails_where_fields_have_lives(place: Proxy, real_backend: Backend) -> None:
    """A script that tries what its server does not take goes on in another way: only its cost would tell."""
    only(real_backend, old=False)
    client: Any = real_backend.client
    pages = place.as_cache(ttl=50)
    pages.set("warm", 1)
    _ = pages.get_or_compute("warm too", lambda: 1)  # the scripts are there
    before, calls = client.info("errorstats"), client.info("commandstats")["cmdstat_hpexpireat"]["calls"]
    for number in range(5):
        pages.set("key", number)
    pages.set_many({"a": 1, "b": 2})
    _ = pages.get_or_compute("c", lambda: 3)
    assert client.info("errorstats") == before
    assert client.info("commandstats")["cmdstat_hpexpireat"]["calls"] - calls == 5 + 2 + 2


def test_elsewhere_each_write_looks_at_some(place: Proxy, real_backend: Backend) -> None:
    """In constant use, at most a fourth is dead, about: each new one looks at four."""
    only(real_backend, old=True)
    client: Any = real_backend.client
    brief, sizes = place.as_cache(ttl=0.001), []
    place.as_cache(ttl=1000).set("lives", 1)
    for number in range(2000):
        brief.set(number, None)
        sizes.append(client.hlen(body(real_backend)))
    print(f"2,000 entries of a millisecond each: {max(sizes)} fields at most, {sizes[-1]} at the end")
    assert max(sizes[1000:]) < 150
    wait_until(lambda: place.val() == {"lives": 1}, what="the end of the last one")


def test_elsewhere_the_body_ends_with_the_last_entry(place: Proxy, real_backend: Backend) -> None:
    only(real_backend, old=True)
    pages = place.as_cache(ttl=20)
    pages.set("a", 1)
    assert 20_000 - 500 < life(real_backend) <= 30_000
    pages.set("b", 1, ttl=100)
    assert 100_000 - 500 < life(real_backend) <= 110_000
    pages.set("c", 1, ttl=5)
    assert 100_000 - 500 < life(real_backend) <= 110_000
    assert life(real_backend) == place.time_to_live() * 1000 or place.time_to_live() > 99
    pages.set("d", 1, ttl=None)
    assert (life(real_backend), raw(real_backend)["!"]) == (-1, "-")
    pages.set("e", 1, ttl=5)
    assert life(real_backend) == -1
    pages.clear()
    pages.set("a", 1, ttl=None)
    pages.set("b", 1, ttl=5)
    assert life(real_backend) == -1, "something is without end"


def test_elsewhere_a_life_that_was_given_stays(place: Proxy, real_backend: Backend) -> None:
    only(real_backend, old=True)
    pages = place.as_cache(ttl=20)
    pages.set("a", 1)
    for seconds in (7, 300):
        assert place.expire(seconds)
        pages.set("b", 1, ttl=100)
        pages.set("c", 1, ttl=None)
        pages.get_or_compute("d", lambda: 1)
        assert seconds - 2 < place.time_to_live() <= seconds
        pages.clear()
        pages.set("a", 1)
    assert place.persist()
    pages.set("b", 1)
    assert place.time_to_live() == -1
    pages.clear()
    place.parent.set("beside", 1)
    assert place.parent.expire(50)
    pages.set("a", 1, ttl=100)
    assert 45 < place.time_to_live() <= 50
    pages.set("a", 1, ttl=10)
    assert 45 < place.time_to_live() <= 50
    place.parent.clear()
    place.parent.set("beside", 1)
    assert place.parent.expire(500)
    pages.set("a", 1, ttl=10)
    assert 9 < place.time_to_live() <= 20
    pages.set("a", 1, ttl=100)
    assert 99 < place.time_to_live() <= 110
    pages.set("a", 1, ttl=1000)
    assert 450 < place.time_to_live() <= 500
    pages.clear()


def test_elsewhere_what_is_emptied_is_gone(place: Proxy, real_backend: Backend) -> None:
    only(real_backend, old=True)
    pages = place.as_cache(ttl=20)
    pages.set_many({"a": 1, "b": 2})
    assert pages.delete_many(["a", "b"]) == 2
    with pytest.raises(ValueError, match="no"):
        pages.get_or_compute("a", raising)
    assert real_backend.keys() == []
    assert place.as_cache(ttl=None).get_or_compute("a", lambda: 1) == 1
    assert pages.delete("a")
    assert real_backend.keys() == []


def raising() -> Any:
    raise ValueError("no")


def test_a_claim_that_nobody_ends_is_gone_some_time(place: Proxy, real_backend: Backend) -> None:
    pages: Any = place.as_cache(ttl=20, lease=0.01)
    wanted = pages._want('"a"', 5, (), None)
    assert pages._obtain(wanted) is None
    claim = raw(real_backend)['?"a"']
    assert claim == f"c{claim[1:15]} {claim[16:30]} {'-' * 16} {wanted.nonce}"
    assert int(claim[16:30]) - int(claim[1:15]) == 100
    assert (place.val(), place.kind()) == ({}, "cache")
    if not by_hand(real_backend):
        wait_until(lambda: not place.exists(), what="the end of the claim")
        assert place.parent.children() == []
    else:
        assert life(real_backend) <= 10_200


def test_of_many_that_take_over_sixteen_may_store(place: Proxy, real_backend: Backend) -> None:
    pages: Any = place.as_cache(lease=60)
    client: Any = real_backend.client
    wanted = []
    for _ in range(20):
        wanted.append(pages._want('"a"', None, (), None))
        assert pages._obtain(wanted[-1]) is None
        claim = raw(real_backend)['?"a"']
        client.hset(body(real_backend), '?"a"', f"c{1:014}{claim[15:]}")  # its lease is over
    assert len(raw(real_backend)['?"a"'].split()) == 3 + 16
    for number, each in enumerate(wanted):
        pages._store(each, "v", str(number))
        assert pages.get("a") == (None if number < 4 else number)
    for number, each in enumerate(wanted):
        pages._store(each, "v", str(number))
        assert pages.get("a") == 19
    assert set(raw(real_backend)) - {"!"} == {'"a"'}


def test_a_claim_asked_for_twice_is_one(place: Proxy, real_backend: Backend) -> None:
    """As after a lost connection, when the command is sent again."""
    pages: Any = place.as_cache(lease=60)
    wanted = pages._want('"a"', None, (), None)
    assert pages._obtain(wanted) is None
    op = pages._claim(wanted, "v", "", "0", ())
    assert place._run(op, True) == [1]
    assert len(raw(real_backend)['?"a"'].split()) == 4
