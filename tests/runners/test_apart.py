"""``SyncRunner.apart``: a runner of the same database that waits for nobody."""

from __future__ import annotations

import time
from typing import Any

import pytest
import redis

from redicts.core.effects import Block, Commit, Op
from redicts.errors import ConnectionLost, OutcomeUnknown, PoolExhausted
from redicts.runners import sync
from tests.runners.rig import Rig, call, in_use, quiet_client, script, steps, watch
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server


def test_it_works_on_the_same_database(rig: Rig) -> None:
    apart = rig.runner.apart(5)
    adding = script("return redis.call('INCRBY', KEYS[1], 5)", [rig.key("n")])
    assert apart.run(steps((call("SET", rig.key("n"), 1), adding)), False) == [("OK", 6)]
    assert rig.run(call("GET", rig.key("n"))) == "6"


def test_every_effect_works_there(rig: Rig) -> None:
    def op() -> Op[list[Any]]:
        ((old,),) = yield (watch([rig.key("k")], ("GET", rig.key("k"))),)
        (written,) = yield (Commit((call("SET", rig.key("k"), "x"),)),)
        (popped,) = yield (Block(("BLPOP", rig.key("q")), 0),)
        return [old, written, popped]

    assert rig.runner.apart(5).run(op(), False) == [None, ["OK"], None]


def test_it_does_not_wait_for_a_free_connection(valkey_server: Server) -> None:
    pool: Any = redis.BlockingConnectionPool(  # type: ignore[no-untyped-call]
        host=valkey_server.host, port=valkey_server.port, max_connections=1, timeout=0
    )
    rig = Rig(redis.Redis(connection_pool=pool))
    apart = rig.runner.apart(5)

    def op() -> Op[Any]:
        yield (watch([rig.key("k")]),)
        with pytest.raises(PoolExhausted):
            rig.run(call("PING"))
        return apart.run(steps((call("PING"),)), True)

    assert rig.runner.run(op(), True) == [("PONG",)]
    assert in_use(rig.client) == 0
    rig.close()
    pool.disconnect()


def test_it_has_connections_of_its_own(rig: Rig) -> None:
    assert rig.run(Block(("BLPOP", rig.key("q")), 0)) is None
    pools = [rig.runner.apart(5)._pool, rig.runner.apart(1)._pool]
    assert len({id(pool) for pool in pools}) == 1
    assert pools[0] is not rig.runner._blocking_pool()
    assert pools[0].connection_kwargs["socket_timeout"] == sync.APART_SECONDS
    assert rig.runner.apart(5).run(steps((call("PING"),)), True) == [("PONG",)]
    assert len(pools[0]._available_connections) == 1
    rig.runner.close()
    assert not pools[0]._available_connections[0].is_connected


@pytest.mark.parametrize("write", [False, True])
def test_it_gives_up_on_a_server_that_hangs(chaos: ChaosProxy, write: bool) -> None:
    with quiet_client(host=chaos.host, port=chaos.port, socket_timeout=60) as client:
        rig = Rig(client)
        apart = rig.runner.apart(0.3)
        assert apart.run(steps((call("PING"),)), True) == [("PONG",)]
        chaos.hang()
        before = time.monotonic()
        with pytest.raises(OutcomeUnknown if write else ConnectionLost):
            apart.run(steps((call("INCR", rig.key("n")) if write else call("GET", rig.key("n")),)), False)
        assert 0.25 <= time.monotonic() - before < 5, "once, and not as long as the client would"
        chaos.heal()
        assert apart.run(steps((call("PING"),)), True) == [("PONG",)]
        rig.close()
