"""Several masters asked side by side, in both faces: whom they wait for, and what becomes of late replies."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import fakeredis
import pytest
import redis

from redicts.core.effects import WAITING, Call, Everywhere, Op, Sleep
from redicts.errors import ConfigError
from redicts.pool.masters import AsyncMasters
from redicts.runners import several_links, several_links_aio
from tests.runners.rig import call, script
from tests.runners.several_rig import COUNT, Several, lost, once
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server
from tests.support.servers import start_server as start
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def three() -> Iterator[list[Server]]:
    """Servers that live as long as these tests."""
    servers = [start() for _ in range(COUNT)]
    yield servers
    for server in servers:
        server.close()


@pytest.fixture
def servers(three: list[Server]) -> Iterator[list[Server]]:
    """They, with nothing in them; afterwards all run."""
    yield three
    for server in three:
        if not server.running:
            _ = server.restart()
        server.cont()
        with server.client() as client:
            client.flushall()
            client.script_flush()


Opener = Callable[[Sequence[redis.Redis]], Several]


@pytest.fixture(params=["sync", "asyncio"])
def opener(request: pytest.FixtureRequest) -> Iterator[Opener]:
    """Makes masters of one face of clients."""
    with ExitStack() as made:

        def open_(clients: Sequence[redis.Redis]) -> Several:
            for client in clients:
                _ = made.callback(client.close)
            several = Several(str(request.param), clients)
            _ = made.callback(several.close)
            return several

        yield open_


@pytest.fixture
def several(opener: Opener, servers: list[Server]) -> Several:
    return opener([server.client() for server in servers])


@pytest.fixture
def proxies(servers: list[Server]) -> Iterator[list[ChaosProxy]]:
    """A proxy before each."""
    with ExitStack() as stack:
        yield [stack.enter_context(ChaosProxy((server.host, server.port))) for server in servers]


@pytest.fixture
def behind(opener: Opener, proxies: list[ChaosProxy]) -> Several:
    """Masters behind proxies, connected."""
    made = opener([redis.Redis(port=proxy.port) for proxy in proxies])
    assert made.ask(call("PING")) == ["PONG"] * COUNT
    for proxy in proxies:
        proxy.reset()
    return made


# -- replies ----------------------------------------------------------------------------------------------------------


def test_each_gets_its_own_and_answers_in_its_place(several: Several) -> None:
    assert several.ask(call("SET", "k", "a"), None, call("SET", "k", "c"), need=2) == ["OK", WAITING, "OK"]
    assert several.ask(call("GET", "k")) == ["a", None, "c"]
    returned = several.ask(script("return {KEYS[1], 1, false}", ["k"]), call("PING"), call("LRANGE", "k", 0, 1), need=2)
    assert returned[:2] == [["k", 1, None], "PONG"]
    assert "WRONGTYPE" in str(returned[2]) or returned[2] is WAITING


def test_error_replies_are_outcomes(several: Several) -> None:
    outcomes = several.ask(call("NOSUCH"), call("PING"), call("INCR"), need=3, patience=0.1)
    assert [isinstance(each, redis.ResponseError) for each in outcomes] == [True, False, True]
    assert several.ask(call("PING")) == ["PONG"] * COUNT


def test_it_returns_as_soon_as_it_is_enough(behind: Several, proxies: list[ChaosProxy]) -> None:
    proxies[1].hang()
    began = time.monotonic()
    assert behind.ask(call("INCR", "k"), need=2) == [1, WAITING, 1]
    assert time.monotonic() - began < 1
    assert behind.ask(call("INCR", "k"), need=0) == [WAITING] * COUNT, "it is asked before anything came, too"
    proxies[1].resume()
    assert behind.ask(call("INCR", "k")) == [3, 3, 3]
    assert behind.owed() == [0, 0, 0]


def test_what_is_owed_is_never_anothers(behind: Several, proxies: list[ChaosProxy]) -> None:
    """Many questions, of which hardly any reply was waited for: each is carried out, in order."""
    proxies[0].delay(0.01)
    for number in range(20):
        outcomes = behind.ask(call("RPUSH", "k", number), need=1)
        assert {each for each in outcomes if each is not WAITING} == {number + 1}
    proxies[0].heal()
    assert behind.ask(call("LLEN", "k")) == [20, 20, 20]
    assert behind.ask(call("LRANGE", "k", 0, -1)) == [[str(number) for number in range(20)]] * 3
    assert [proxy.connections for proxy in proxies] == [0, 0, 0]


def test_patience_is_for_each(behind: Several, proxies: list[ChaosProxy]) -> None:
    proxies[2].hang()
    began = time.monotonic()
    first, second, third = behind.ask(call("PING"), patience=0.1)
    assert 0.1 <= time.monotonic() - began < 0.5
    assert (first, second) == ("PONG", "PONG")
    assert lost(third)
    assert "within 0.10 s" in str(third)
    assert third.address.endswith(f":{proxies[2].port}/0")
    proxies[2].resume()
    assert behind.ask(call("PING")) == ["PONG"] * COUNT
    assert proxies[2].connections == 0, "the same connection"


def test_grace(behind: Several, proxies: list[ChaosProxy]) -> None:
    """When it is enough, the others have a little time."""
    proxies[0].delay(0.02)
    assert behind.ask(call("PING"), need=2, grace=5.0) == ["PONG"] * COUNT
    proxies[0].hang()
    began = time.monotonic()
    assert behind.ask(call("PING"), need=2, grace=0.05) == [WAITING, "PONG", "PONG"]
    assert 0.05 <= time.monotonic() - began < 1


def test_what_enough_raises_is_raised(several: Several) -> None:
    def op(when: int) -> Op[Any]:
        def enough(outcomes: list[Any]) -> bool:
            if sum(each is not WAITING for each in outcomes) >= when:
                raise LookupError
            return False

        try:
            (outcomes,) = yield (Everywhere((call("INCR", "k"),) * COUNT, 5, enough),)
        except LookupError:
            yield (Sleep(0),)
            return "told"
        return outcomes

    for when in (0, 1, 3):
        assert several.run(op(when)) == "told"
    assert several.ask(call("INCR", "k")) == [4, 4, 4]


def test_nothing_else_is_for_several(several: Several) -> None:
    def op() -> Op[Any]:
        return (yield (call("PING"),))

    with pytest.raises(ValueError, match="Call is not for several masters"):
        several.run(op())


# -- scripts ----------------------------------------------------------------------------------------------------------


def test_a_script_goes_whole_at_first(behind: Several, proxies: list[ChaosProxy]) -> None:
    asked = script("return redis.call('INCR', KEYS[1])", ["k"])
    assert behind.ask(asked) == [1, 1, 1]
    assert behind.ask(asked) == [2, 2, 2]
    assert [proxy.command_names for proxy in proxies] == [["EVAL", "EVALSHA"]] * COUNT


def test_a_script_that_one_has_lost(behind: Several, proxies: list[ChaosProxy]) -> None:
    asked = script("return redis.call('INCR', KEYS[1])", ["k"])
    assert behind.ask(asked) == [1, 1, 1]
    behind.clients[1].script_flush()
    for proxy in proxies:
        proxy.reset()
    assert behind.ask(asked) == [2, 2, 2]
    assert [proxy.command_names for proxy in proxies] == [["EVALSHA"], ["EVALSHA", "EVAL"], ["EVALSHA"]]
    wrong = script("return redis.error_reply('NOSCRIPT really')")
    outcomes = behind.ask(wrong, patience=0.2)
    assert all("NOSCRIPT" in str(each) or "really" in str(each) for each in outcomes), "and not for ever"


# -- masters that are not there ---------------------------------------------------------------------------------------


def test_one_that_is_gone_is_told_at_once(several: Several, servers: list[Server]) -> None:
    assert several.ask(call("PING")) == ["PONG"] * COUNT
    servers[0].kill()
    for _ in range(3):
        began = time.monotonic()
        first, *others = several.ask(call("PING"), patience=10)
        assert time.monotonic() - began < 2
        assert lost(first)
        assert others == ["PONG"] * 2
    _ = servers[0].restart()
    assert several.ask(call("PING")) == ["PONG"] * COUNT, "the lost connection is not what is asked"
    _ = servers[1].restart()
    assert several.ask(call("INCR", "k")) == [1, 1, 1]


def test_one_that_hangs_while_connecting(opener: Opener, proxies: list[ChaosProxy]) -> None:
    proxies[0].hang()
    made = opener([redis.Redis(port=proxy.port) for proxy in proxies])
    for _ in range(5):
        began = time.monotonic()
        assert made.ask(call("INCR", "k"), need=2, patience=2) == [WAITING, *[_ + 1] * 2]
        assert time.monotonic() - began < 1
    assert proxies[0].connections == 1, "they wait for one connection"
    proxies[0].resume()
    assert made.ask(call("INCR", "k")) == [6, 6, 6], "and what they asked is carried out"


def test_one_that_hangs_for_long_is_given_up(
    opener: Opener, proxies: list[ChaosProxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (several_links, several_links_aio):
        monkeypatch.setattr(module, "OWED_SECONDS", 0.2)
    made = opener([redis.Redis(port=proxy.port) for proxy in proxies])
    assert made.ask(call("PING")) == ["PONG"] * COUNT
    proxies[0].hang()
    assert made.ask(call("PING"), need=2)[0] is WAITING
    wait_until(lambda: made.ask(call("PING"), need=2, patience=0.1) and proxies[0].connections > 1)
    proxies[0].resume()
    assert wait_until(lambda: made.ask(call("PING"), patience=1) == ["PONG"] * COUNT)


def test_so_many_may_be_owed(behind: Several, proxies: list[ChaosProxy]) -> None:
    """What is sent to one that hangs never fills the buffers on the way."""
    proxies[0].hang()
    for _ in range(several_links.MAX_OWED):
        assert behind.ask(call("INCR", "k"), need=2)[0] is WAITING
    for _ in range(3):
        began = time.monotonic()
        (first, *_) = behind.ask(call("INCR", "k"))
        assert lost(first)
        assert "owes 64 replies" in str(first)
        assert time.monotonic() - began < 1
    proxies[0].resume()
    assert wait_until(lambda: behind.ask(call("PING"), patience=1) == ["PONG"] * COUNT)
    assert behind.ask(call("GET", "k")) == ["64", "67", "67"]


def test_one_that_does_not_let_us_in(
    opener: Opener, servers: list[Server], start_server: Callable[..., Server]
) -> None:
    closed = start_server(requirepass="secret")
    made = opener([servers[0].client(), servers[1].client(), redis.Redis(port=closed.port, password="wrong")])
    first, second, third = made.ask(call("PING"))
    assert (first, second) == ("PONG", "PONG")
    assert isinstance(third, ConfigError)
    assert "does not let us in" in str(third)


@pytest.mark.parametrize("reset", [False, True])
def test_cut_on_the_way(behind: Several, proxies: list[ChaosProxy], reset: bool) -> None:
    """It is asked once more, over another connection."""
    proxies[0].cut_before_reply(reset)
    assert behind.ask(call("INCR", "k")) == [2, 1, 1]
    proxies[0].cut_after_requests(3, reset)
    assert behind.ask(call("INCR", "k")) == [3, 2, 2]
    assert proxies[0].connections == 2


def test_fakes(opener: Opener) -> None:
    made = opener([fakeredis.FakeRedis(server=fakeredis.FakeServer()) for _ in range(COUNT)])
    assert made.ask(call("INCR", "k")) == [1, 1, 1]
    asked = script("return redis.call('INCR', KEYS[1])", ["k"])
    assert [made.ask(asked), made.ask(asked)] == [[2] * 3, [3] * 3]
    assert made.ask(call("INCR", "k"), need=1)[0] == 4
    made.clients[1].connection_pool.connection_kwargs["server"].connected = False
    first, second, third = made.ask(call("PING"), need=3)
    assert (first, lost(second), third) == ("PONG", True, "PONG")
    made.clients[1].connection_pool.connection_kwargs["server"].connected = True
    assert made.ask(call("PING")) == ["PONG"] * 3


# -- lanes ------------------------------------------------------------------------------------------------------------


def laned(first: Call, then: Call, instead: Call, need: int, between: Callable[[], object] = lambda: None) -> Op[Any]:
    """Ask for one thing, and then, in the same lane, for another."""

    def enough(outcomes: list[Any]) -> bool:
        return sum(each is not WAITING for each in outcomes) >= need

    def at_all(each: Call) -> tuple[Call, ...]:
        return (each,) * COUNT

    lane: dict[int, Any] = {}
    _ = yield (Everywhere(at_all(first), 0.3, enough, lane=lane),)
    _ = between()
    (outcomes,) = yield (Everywhere(at_all(then), 0.3, lambda _: False, lane=lane, instead=at_all(instead)),)
    return outcomes


def steps_at(several: Several) -> list[Any]:
    return [client.lrange("steps", 0, -1) for client in several.clients]


FIRST, THEN, INSTEAD = [call("RPUSH", "steps", word) for word in ("first", "then", "instead")]


def test_a_lane_keeps_its_order(behind: Several, proxies: list[ChaosProxy]) -> None:
    proxies[1].hang()

    def go_on() -> None:
        threading.Timer(0.05, proxies[1].resume).start()

    assert behind.run(laned(FIRST, THEN, INSTEAD, 2, go_on)) == [2, 2, 2]
    assert steps_at(behind) == [[b"first", b"then"]] * COUNT


def test_where_it_cannot_be_kept(behind: Several, proxies: list[ChaosProxy]) -> None:
    """The connection that the first was asked over was lost: it may still be on its way."""

    def cut() -> None:
        proxies[1].refuse()
        proxies[1].heal()

    proxies[1].hang(requests=False)
    assert behind.run(laned(FIRST, THEN, INSTEAD, 2, cut)) == [2, 2, 2]
    assert steps_at(behind) == [[b"first", b"then"], [b"first", b"instead"], [b"first", b"then"]]


def test_where_the_first_was_never_asked(several: Several, servers: list[Server]) -> None:
    assert several.ask(call("PING")) == ["PONG"] * COUNT
    servers[1].kill()
    outcomes = several.run(laned(FIRST, THEN, INSTEAD, 3, servers[1].restart))
    assert outcomes == [2, 1, 2]
    assert steps_at(several)[1] == [b"then"]


# -- threads, forks, interrupts, cancellations ------------------------------------------------------------------------


def test_many_at_a_time(several: Several) -> None:
    def work(number: int) -> None:
        for step in range(50):
            key = f"k{number}"
            outcomes = several.ask(call("INCR", key), need=1 + (number + step) % 3)
            assert {each for each in outcomes if each is not WAITING} == {step + 1}

    with ThreadPoolExecutor(8) as threads:
        _ = list(threads.map(work, range(8)))
    assert several.ask(*[call("MGET", *[f"k{number}" for number in range(8)])]) == [["50"] * 8] * COUNT


def test_a_child_has_connections_of_its_own(servers: list[Server]) -> None:
    clients = [server.client() for server in servers]
    several = Several("sync", clients)
    assert several.ask(call("PING")) == ["PONG"] * COUNT
    assert several.ask(call("INCR", "k"), need=1).count(WAITING) == 2
    child = os.fork()
    if child == 0:
        status = 1
        try:
            done = [several.ask(call("INCR", "k")) for _ in range(20)]
            status = int(done != [[number] * 3 for number in range(2, 22)])
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert several.ask(call("INCR", "k")) == [22] * 3, "its own are as they were"
    several.close()
    for client in clients:
        client.close()


def test_a_child_does_not_wait_for_what_its_parent_connects_to(
    servers: list[Server], proxies: list[ChaosProxy]
) -> None:
    proxies[0].hang()
    clients = [redis.Redis(port=port) for port in (proxies[0].port, servers[1].port, servers[2].port)]
    several = Several("sync", clients)
    assert several.ask(call("INCR", "k"), need=2)[0] is WAITING
    (link,) = several.runners()[0].links()._idle
    with link._joining._lock:  # as the thread holds it for a moment
        child = os.fork()
        if child == 0:
            status = 1
            try:
                done = [several.ask(call("INCR", "k"), need=2) for _ in range(5)]
                status = int(done != [[WAITING, number, number] for number in range(2, 7)])
            finally:
                os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    proxies[0].resume()
    assert several.ask(call("GET", "k"))[1:] == ["6", "6"]
    several.close()
    for client in clients:
        client.close()


def test_interrupted(behind: Several, proxies: list[ChaosProxy]) -> None:
    """By Ctrl-C, or by being cancelled: what the operation does to clean up is done, and no reply is mixed up."""
    cleaned: list[Any] = []

    def op() -> Op[Any]:
        try:
            (outcomes,) = yield (Everywhere((call("RPUSH", "k", "x"),) * COUNT, 5, lambda _: False),)
        except GeneratorExit:
            raise
        except BaseException:
            enough = [lambda outcomes: sum(each is not WAITING for each in outcomes) >= 2]
            cleaned.extend((yield (Everywhere((call("RPUSH", "k", "y"),) * COUNT, 1, enough[0]),)))
            raise
        return outcomes

    proxies[0].hang()
    if behind.loop is None:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            behind.run(op())
    else:

        async def cancel() -> None:
            task = asyncio.ensure_future(behind.masters.run(op()))
            await asyncio.sleep(0.1)
            _ = task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        behind.loop.run(cancel())
    assert cleaned == [[WAITING, 2, 2]]
    proxies[0].resume()
    assert behind.ask(call("LRANGE", "k", 0, -1)) == [["x", "y"]] * COUNT


def test_a_loop_that_ends_leaves_nothing(servers: list[Server], proxies: list[ChaosProxy]) -> None:
    """Not a task, nor a connection, though one master owes a reply and another is being connected to."""
    proxies[1].hang()

    async def main() -> None:
        clients = [redis.asyncio.Redis(port=port) for port in (proxies[0].port, proxies[1].port, servers[2].port)]
        masters = AsyncMasters.of(clients, lambda: None)  # type: ignore[arg-type, return-value]
        assert await masters.run(once((call("PING"),) * 3, 2, 5)) == ["PONG", WAITING, "PONG"]
        proxies[0].hang()
        assert await masters.run(once((call("PING"),) * 3, 1, 5)) == [WAITING, WAITING, "PONG"]
        names = {
            task.get_name().partition(":")[0] for task in asyncio.all_tasks() if task is not asyncio.current_task()
        }
        assert names == {"redicts"}
        for client in clients:
            await client.aclose()

    asyncio.run(main())
    proxies[0].resume()
    proxies[1].resume()
    wait_until(lambda: not proxies[0]._links and not proxies[1]._links, what="the end of all connections")
