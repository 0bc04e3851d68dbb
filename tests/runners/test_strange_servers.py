"""Servers that load their data, are too old, or are no Redis at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import redis

from redicts.errors import ConfigError, ConnectionLost, OutcomeUnknown
from tests.runners.rig import Rig, call, in_use, quiet_client, steps
from tests.runners.scripted import ScriptedServer

MakeRig = Callable[[dict[bytes, list[bytes]]], Rig]


@pytest.fixture
def scripted() -> Iterator[MakeRig]:
    """``scripted({command: [reply, ...]})``: a runner over a server that says this, spoken to in RESP2."""
    made: list[tuple[Rig, ScriptedServer]] = []

    def start(replies: dict[bytes, list[bytes]]) -> Rig:
        server = ScriptedServer(replies)
        made.append((Rig(quiet_client(host="127.0.0.1", port=server.port, protocol=2)), server))
        return made[-1][0]

    yield start
    for rig, server in made:
        assert in_use(rig.client) == 0
        rig.client.close()
        server.close()


LOADING = b"-LOADING Redis is loading the dataset in memory\r\n"
MODERN = [b"$20\r\nredis_version:7.0.0\n\r\n"]


@pytest.mark.parametrize("idempotent", [True, False])
def test_a_server_that_loads_its_data_is_tried_again(scripted: MakeRig, idempotent: bool) -> None:
    rig = scripted({b"INFO": MODERN, b"INCR": [LOADING, LOADING, b":7\r\n"]})
    assert rig.runner.run(steps((call("INCR", "n"),)), idempotent) == [(7,)]


def test_a_server_that_goes_on_loading_is_a_lost_connection(scripted: MakeRig) -> None:
    rig = scripted({b"INFO": MODERN, b"INCR": [LOADING]})
    with pytest.raises(ConnectionLost, match=r"(?i)loading.*nothing was changed"):
        rig.runner.run(steps((call("INCR", "n"),)), False)


def test_a_server_that_is_through_with_loading_between_two_commands(scripted: MakeRig) -> None:
    """The first was refused and the second done: sending both again would do the second twice."""
    rig = scripted({b"INFO": MODERN, b"INCR": [LOADING, b":1\r\n"]})
    with pytest.raises(OutcomeUnknown):
        rig.run(call("INCR", "a"), call("INCR", "b"), idempotent=False)


def test_a_server_that_is_too_old_is_refused_before_anything_is_sent(scripted: MakeRig) -> None:
    rig = scripted({b"INFO": [b"$20\r\nredis_version:6.0.9\n\r\n"], b"INCR": [b":1\r\n"]})
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"Redis 6\.0\.9; redicts needs Redis 6\.2"):
            rig.run(call("INCR", "n"))


@pytest.mark.parametrize("garbage", [b"?what\r\n", b"$x\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_a_server_that_speaks_another_language(scripted: MakeRig, garbage: bytes) -> None:
    rig = scripted({b"INFO": MODERN, b"GET": [garbage]})
    with pytest.raises((ConnectionLost, redis.RedisError)):
        rig.run(call("GET", "k"))
