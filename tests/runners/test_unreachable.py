"""No server, one that is not ready, one that hangs, a pool with nothing left: each said clearly, and none for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis
from redis.backoff import ConstantBackoff, NoBackoff
from redis.retry import Retry

from redicts.errors import ConfigError, ConnectionLost, OutcomeUnknown
from redicts.proxy import Proxy
from tests.runners.rig import Rig, call, in_use, proxy_over, script
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server

MakeProxy = Callable[..., Proxy]


@pytest.mark.parametrize("act", [lambda p: p.val(), lambda p: p.add(1), lambda p: p.set("x", 1), lambda p: p.pop("x")])
def test_no_server_is_said_with_its_address_and_the_ways_out(proxy: MakeProxy, chaos: ChaosProxy, act: Any) -> None:
    place = proxy()
    chaos.refuse()
    before = time.monotonic()
    with pytest.raises(ConnectionLost) as caught:
        act(place)
    assert time.monotonic() - before < 3
    text = str(caught.value)
    assert caught.value.address == f"127.0.0.1:{chaos.port}/0"
    assert f"no connection to the server at {caught.value.address}" in text
    assert "nothing was changed" in text
    for way_out in ("cfg={'url'", "REDICTS_URL", "'embedded': 'DIR'", "fake_redis=True"):
        assert way_out in text
    assert isinstance(caught.value, redis.ConnectionError)
    assert in_use(place._where().client) == 0


def test_a_server_that_comes_back_is_found_again(proxy: MakeProxy, chaos: ChaosProxy) -> None:
    place = proxy()
    place.store("x", 1)
    chaos.refuse()
    with pytest.raises(ConnectionLost):
        place.val()
    chaos.accept()
    assert place.val() == {"x": 1}
    assert place.get("x").add(1) == 2


def test_a_server_that_is_back_within_the_tries_is_not_noticed(proxy: MakeProxy, chaos: ChaosProxy) -> None:
    place = proxy()
    place.store("x", 1)
    for act in (lambda: place.get("x").val(), lambda: place.get("x").add(0)):
        chaos.refuse()
        timer = threading.Timer(0.02, chaos.accept)
        timer.start()
        assert act() == 1, "nothing had been sent, so even add may try again"
        timer.join()


def test_a_name_that_leads_nowhere() -> None:
    place = proxy_over("redis://nowhere.invalid:6379/0", socket_timeout=2)
    with pytest.raises(ConnectionLost, match=r"nowhere\.invalid:6379/0"):
        place.val()


def test_a_hung_server_is_lost_for_a_reader_and_unknown_for_a_writer(proxy: MakeProxy, chaos: ChaosProxy) -> None:
    place = proxy(socket_timeout=0.2)
    place.store("x", 1)
    assert place.get("x").add(0) == 1
    chaos.hang(requests=False)
    before = time.monotonic()
    with pytest.raises(ConnectionLost, match="may be repeated safely"):
        place.get("x").val()
    assert 0.19 <= time.monotonic() - before < 0.6, "once: a server that hangs would hang again"
    chaos.resume()
    assert place.get("x").val() == 1
    chaos.reset()
    chaos.hang(requests=False)
    before = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="once, or not at all"):
        place.get("x").add(1)
    assert time.monotonic() - before < 0.6
    chaos.resume()
    assert place.get("x").val() == 2
    assert chaos.command_names.count("EVALSHA") == 1


def test_a_server_that_was_stopped(start_server: Callable[..., Server]) -> None:
    server = start_server()
    place = proxy_over(server.url, socket_timeout=0.2)
    place.store("x", 1)
    server.stop()
    with pytest.raises(ConnectionLost):
        place.get("x").val()
    with pytest.raises(ConnectionLost, match="nothing was changed"):
        place.get("x").add(1)  # a new connection: the handshake gets no answer, so nothing was asked yet
    server.cont()
    assert place.get("x").val() == 1
    place._where().client.connection_pool.disconnect()


def test_a_wrong_password_is_no_endless_loop(start_server: Callable[..., Server]) -> None:
    server = start_server(requirepass="secret")
    for password in (None, "wrong"):
        place = proxy_over(server.url, password=password)
        with pytest.raises(ConfigError, match="check username and password") as caught:
            place.add(1)
        assert "secret" not in str(caught.value)
        assert "'wrong'" not in str(caught.value)
        assert in_use(place._where().client) == 0


def test_a_users_client_never_repeats_a_command_by_itself(chaos: ChaosProxy) -> None:
    with redis.Redis(host=chaos.host, port=chaos.port, retry=Retry(NoBackoff(), 5)) as client:
        rig = Rig(client)
        effect = script("return 1")
        assert rig.run(effect) == 1
        chaos.reset()
        chaos.cut_before_reply()
        with pytest.raises(OutcomeUnknown):
            rig.run(effect, idempotent=False)
        assert chaos.command_names.count("EVALSHA") == 1
        rig.close()


def test_the_retries_of_a_users_client_are_not_multiplied(chaos: ChaosProxy) -> None:
    """redis-py's default is to try to connect ten times, for some four seconds."""
    chaos.refuse()
    with redis.Redis(host=chaos.host, port=chaos.port, retry=Retry(ConstantBackoff(0.35), 3)) as client:
        before = time.monotonic()
        with pytest.raises(ConnectionLost):
            Rig(client).run(call("PING"))
        assert 1 < time.monotonic() - before < 1.9
