"""HyperLogLogs: how well they estimate, how often they are wrong about an element, and what others see meanwhile.

What is drawn is drawn once and for all, so that each run measures the same.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from redicts import Proxy, TooManyElements
from redicts.leaves.hyperloglog import HyperLogLog
from redicts.leaves.parts import hyperloglog_seen
from tests.concurrency.trees import Spot, new_spot
from tests.support.servers import Server
from tests.support.waiting import wait_until

REGISTERS = 16_384
STANDARD_ERROR = 1.04 / math.sqrt(REGISTERS)


def body_of(spot: Spot, tail: str) -> str:
    return f"{spot.namespace}:v:{tail}"


def filled(tree: Proxy, name: str, count: int, salt: str = "") -> HyperLogLog[Any]:
    made = tree.get(name).as_hyperloglog()
    for start in range(0, count, 50_000):
        made.update(f"{salt}element {number}" for number in range(start, min(start + 50_000, count)))
    return made


def rate(count: int) -> float:
    """How many of the others a HyperLogLog takes for seen that saw so many."""
    return sum(2.0**-k * (1 - (1 - 2.0 ** (1 - k) / REGISTERS) ** count) for k in range(1, 51))


# ---- estimates


@pytest.mark.parametrize(
    "count", [1, 10, 100, 1000, 10_000, 100_000, pytest.param(1_000_000, marks=pytest.mark.exhaustive)]
)
def test_the_estimate_is_as_good_as_is_said(tree: Proxy, count: int) -> None:
    seen = filled(tree, "a.seen", count)
    assert abs(seen.length() - count) <= max(1, 3 * STANDARD_ERROR * count)
    assert seen.length() == tree.get("a.seen").val()


def test_the_standard_error_is_what_is_said(tree: Proxy) -> None:
    """Of 60 of them, each of which saw 20,000 other elements."""
    count = 20_000
    errors = [filled(tree, f"a.{number}", count, f"{number} ").length() / count - 1 for number in range(60)]
    found = math.sqrt(sum(error**2 for error in errors) / len(errors))
    assert 0.7 * STANDARD_ERROR < found < 1.3 * STANDARD_ERROR
    assert abs(sum(errors) / len(errors)) < 3 * STANDARD_ERROR / math.sqrt(len(errors)), "it leans to no side"


def test_a_union_is_estimated_as_if_one_had_seen_all(tree: Proxy) -> None:
    one, other, every = (tree.get(f"a.{name}").as_hyperloglog() for name in ("one", "other", "every"))
    one.update(range(30_000))
    other.update(range(20_000, 50_000))
    every.update(range(50_000))
    assert one.union_length(other) == other.union_length(one) == every.length()
    one.union_update(other)
    assert one.length() == every.length()
    assert tree.get("b.far").as_hyperloglog().store_union(one) == every.length()


# ---- whether one was seen


@pytest.mark.parametrize(
    "count",
    [10, 100, 1000, 2500, *[pytest.param(n, marks=pytest.mark.exhaustive) for n in (3000, 10_000, 30_000, 100_000)]],
)
def test_how_many_are_taken_for_seen(tree: Proxy, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """As many as theory says, within three standard deviations of a binomial; and none that was seen is not known."""
    monkeypatch.setattr(hyperloglog_seen, "MOST", 10**9)
    seen, asked = filled(tree, "a.seen", count), 20_000
    wrong = sum(seen.contains_many(f"other {number}" for number in range(asked)))
    expected = rate(count)
    print(f"{count} elements: {wrong / asked:.3%} wrongly, {expected:.3%} expected")
    assert abs(wrong - expected * asked) <= 3 * math.sqrt(asked * expected * (1 - expected)) + 1
    known = seen.contains_many(f"element {number}" for number in range(min(count, asked)))
    assert all(known)


def test_where_it_is_refused_one_in_ten_would_be_wrong() -> None:
    most = hyperloglog_seen.MOST
    assert rate(most) == pytest.approx(0.095, abs=0.0005)
    assert rate(round(most * (1 + 3 * STANDARD_ERROR))) < 0.1, "the estimate may be too low"


def registers(spot: Spot, key: str) -> list[int]:
    with redis.Redis.from_url(spot.url) as client:
        found: list[int] = client.execute_command("PFDEBUG", "GETREG", key)
        return found


def test_who_asks_neither_adds_nor_loses(spot: Spot, tree: Proxy) -> None:
    """Some add while others ask, for elements that nobody adds too: in the end it is as if nobody had asked."""
    adders, each = 3, 250
    seen, done = tree.get("a.seen").as_hyperloglog(), threading.Event()

    def add(me: int) -> int:
        missed = 0
        for number in range(each):
            value = f"{me} {number}"
            _ = seen.update([value, f"{value} too"]) if number % 2 else seen.add(value)
            missed += not seen.contains(value)
        return missed

    def ask() -> int:
        rounds = 0
        while not done.is_set():
            _ = seen.contains_many(f"other {number}" for number in range(100))
            _ = "nobody" in seen, seen.length()
            rounds += 1
        return rounds

    with ThreadPoolExecutor(adders + 2) as pool:
        asking = [pool.submit(ask) for _ in range(2)]
        missed = sum(pool.map(add, range(adders)))
        done.set()
        assert min(future.result() for future in asking) > 0
    assert missed == 0, "what was seen is known at once"
    every = [f"{me} {number}{too}" for me in range(adders) for number in range(each)
             for too in ("", " too") if not too or number % 2]  # fmt: skip
    alone = tree.get("a.alone").as_hyperloglog()
    alone.update(every)
    assert registers(spot, body_of(spot, "{a}.seen")) == registers(spot, body_of(spot, "{a}.alone"))
    assert spot.all_keys() == sorted(
        [body_of(spot, "{a}.seen"), body_of(spot, "{a}.alone"), f"{spot.namespace}:n:{{a}}", f"{spot.namespace}:s"]
    )
    spot.assert_clean(tree)


# ---- servers


@pytest.fixture
def own(start_server: Callable[..., Server], open_tree: Callable[..., Proxy]) -> tuple[Server, Spot, Proxy]:
    """A server of the test's own, which keeps an append-only file."""
    server = start_server("valkey", appendonly="yes", repl_diskless_sync_delay=0)
    spot = new_spot(server)
    return server, spot, open_tree(spot)


def test_asking_is_not_told_to_replicas_and_files(
    own: tuple[Server, Spot, Proxy], start_server: Callable[..., Server], open_tree: Callable[..., Proxy]
) -> None:
    """Each of 1,000 that are not in it is a copy of 12 KB, on this server alone. On a replica nobody can ask."""
    server, spot, tree = own
    seen = filled(tree, "a.seen", 2000)
    with server.client() as client, start_server("valkey").client() as replica:
        replica.replicaof(server.host, server.port)
        wait_until(lambda: replica.info("replication")["master_link_status"] == "up", what="the replica")
        _ = seen.length(), seen.contains_many(["x"])

        def told() -> tuple[int, int]:
            return client.info("persistence")["aof_current_size"], client.info("replication")["master_repl_offset"]

        before = told()
        assert sum(seen.contains_many(range(1000))) < 120
        file, offset = (now - then for now, then in zip(told(), before, strict=True))
        assert file < 1000
        assert offset < 1000
        _ = client.wait(1, 5000)
        assert replica.get(body_of(spot, "{a}.seen")) == client.get(body_of(spot, "{a}.seen"))
        assert replica.dbsize() == client.dbsize() == 3
        kwargs = replica.connection_pool.connection_kwargs
        copy = open_tree(spot._replace(url=f"redis://{kwargs['host']}:{kwargs['port']}")).get("a.seen")
        assert copy.val() == copy.as_hyperloglog().length() == copy.as_hyperloglog().union_length()
        with pytest.raises(redis.ReadOnlyError):
            copy.as_hyperloglog().contains("x")


def test_a_server_without_memory(own: tuple[Server, Spot, Proxy]) -> None:
    server, spot, tree = own
    seen = filled(tree, "a.seen", 2000)
    count, keys = seen.length(), spot.all_keys()
    with server.client() as client:
        client.config_set("maxmemory", 1)
        for act in (lambda: seen.contains("x"), lambda: seen.add("x"), lambda: seen.union_update(seen)):
            with pytest.raises(redis.ResponseError, match="used memory > 'maxmemory'"):
                act()
        assert (seen.length(), spot.all_keys()) == (count, keys)
        client.config_set("maxmemory", 0)
    assert seen.contains("element 1")


def test_it_takes_little_and_never_more_than_it_says(own: tuple[Server, Spot, Proxy]) -> None:
    server, spot, tree = own
    with server.client() as client:
        sizes = {count: client.strlen(body_of(spot, f"{{a}}.n{count}"))
                 for count in (1, 100, 1000, 100_000) if filled(tree, f"a.n{count}", count)}  # fmt: skip
    assert sizes[1] < 30
    assert sizes[100] < 600
    assert sizes[1000] <= 12_304 == sizes[100_000]
    with pytest.raises(TooManyElements):
        tree.get("a.n100000").as_hyperloglog().contains(1)
