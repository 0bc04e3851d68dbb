"""Round trips, several databases, large batches, raw commands, threads: over real servers, counted at the socket."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import redis.exceptions

import redicts
from redicts import PipelineError, PipelineMisused, Proxy
from redicts.pool import Database
from tests.pipeline.places import at
from tests.runners.rig import proxy_over
from tests.support.backends import Backend
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server
from tests.support.waiting import wait_until


def test_two_hundred_operations_are_one_round_trip(far: Proxy, chaos: ChaosProxy) -> None:
    with redicts.pipeline() as pipe:
        sums = [pipe.proxy("hits").add() for _ in range(200)]
        assert chaos.round_trips == 0
    assert [each.result for each in sums] == list(range(1, 201))
    assert (chaos.round_trips, len(chaos.commands)) == (1, 200)
    assert chaos.command_names[:2] == ["EVAL", "EVALSHA"], "whole once, and then by its SHA"


def test_nothing_queued_is_no_round_trip(far: Proxy, chaos: ChaosProxy) -> None:
    with redicts.pipeline() as pipe, redicts.pipeline(pipe) as inner:
        inner.execute()
        _ = inner.root().time_to_live()
    assert chaos.commands == []


def test_as_many_round_trips_as_the_longest(far: Proxy, chaos: ChaosProxy) -> None:
    far.update({"a": {"x": 1}, "b": {"x": 1}})
    chaos.reset()
    with redicts.pipeline() as pipe:
        sums = [pipe.proxy("n").add() for _ in range(5)]
        changed = [pipe.proxy(name).transform(lambda node: {"was": node}) for name in "ab"]
        read = pipe.proxy("a").val()
    assert [each.result for each in changed] == [{"was": {"x": 1}}] * 2
    assert (sums[-1].result, read.result) == (5, {"x": 1})
    assert chaos.round_trips == 2


def test_databases_get_one_round_trip_each(chaos: ChaosProxy, valkey_server: Server, lead: Callable[..., None]) -> None:
    with ChaosProxy((valkey_server.host, valkey_server.port)) as second:
        one, two = proxy_over(chaos.url, ""), proxy_over(second.url, "")
        lead(one._where(), two=two._where())
        _ = one.val(), two.val()
        chaos.reset()
        second.reset()
        with redicts.pipeline() as pipe:
            here = [pipe.proxy("n").add() for _ in range(3)]
            with redicts.pipeline(pipe, db_name="two") as inner:
                there = [inner.proxy("n").add(), inner.proxy("n").add(), pipe.proxy("n", "two").add()]
        assert [each.result for each in (*here, *there)] == [1, 2, 3, 1, 2, 3]
        assert (chaos.round_trips, second.round_trips) == (1, 1)
        second.refuse()
        with redicts.pipeline(raise_on_error=False) as pipe:
            ok, bad = pipe.proxy("n").add(), pipe.proxy("n", "two").add()
        assert ok.result == 4
        assert isinstance(bad.error, redicts.ConnectionLost)
        second.heal()
        for each in (one, two):
            each.clear()
            each._where().client.close()


def test_databases_are_sent_to_before_one_is_read(
    chaos: ChaosProxy, valkey_server: Server, lead: Callable[..., None]
) -> None:
    one, two = proxy_over(chaos.url, ""), at(Database.of_client(valkey_server.client(), "t_second"))
    lead(one._where(), two=two._where())
    _ = one.val(), two.val()
    chaos.hang(requests=False)  # what one asks is done, and not answered
    done: list[Any] = []

    def run() -> None:
        with redicts.pipeline() as pipe:
            done.extend([pipe.proxy("n").add(), pipe.proxy("n", "two").add()])

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: two.get("n").val() == 1, what="the second database is sent to")
    assert not done or not done[0].done
    chaos.heal()
    thread.join(10)
    assert [each.result for each in done] == [1, 1]
    for each in (one, two):
        each.clear()
        each._where().client.close()


def test_all_backends_and_protocols(home: Proxy, backend: Backend) -> None:
    home.set("x", {"a": [1], "b": "ü"})
    with redicts.pipeline() as pipe:
        x = pipe.proxy("x")
        results = [x.val(), x.kind(), x.exists(), x.count_children(), x.get("a").time_to_live(), x.setdefault("c", 1)]
        _ = x.update({"d": 1.5})
        later = [x.pop("c"), x.delete("c"), x.get("d").add(1), x.is_locked(), x.expire(60), pipe.root().children()]
        pairs = pipe.command("ZADD", f"{backend.namespace}:z", 1, "m")
        scores = pipe.command("ZRANGE", f"{backend.namespace}:z", 0, -1, "WITHSCORES")
    assert [each.result for each in results] == [{"a": [1], "b": "ü"}, "node", True, 2, -1, 1]
    assert [each.result for each in later] == [1, False, 2.5, False, True, ["x"]]
    assert (pairs.result, scores.result) == (1, ["m", "1"])


def test_large_batches_do_not_block_one_another(real_home: Proxy) -> None:
    real_home.set("big", "x" * 50_000)
    with redicts.pipeline() as pipe:
        bodies = [pipe.proxy("big").val() for _ in range(400)]  # 20 MB of replies
        stored = [pipe.root().set(f"b{index}", "y" * 20_000) for index in range(400)]
    assert {len(body.result) for body in bodies} == {50_000}
    assert all(each.result is None for each in stored)
    with redicts.pipeline() as pipe:
        last = [pipe.command("PING") for _ in range(50_000)][-1]
    assert last.result == "PONG"


def test_raw_commands(fake: Database) -> None:
    with redicts.pipeline(raise_on_error=False) as pipe:
        number = pipe.command("incrbyfloat", b"raw", 0.5)
        text = pipe.command("SET", "text", bytearray(b"ab"))
        bad = pipe.command("LPUSH", "text", 1)
        info = pipe.command("object encoding", "text")
        for words in (("MULTI",), ("select", 1), ("Subscribe", "x"), ("CLIENT", "reply", "off"), (b"exec",)):
            with pytest.raises(PipelineMisused, match="own"):
                _ = pipe.command(*words)
        others: list[Any] = [True, None, [], {}]
        for wrong in others:
            with pytest.raises(TypeError, match="convert"):
                _ = pipe.command("SET", "x", wrong)
    assert (number.result, text.result) == ("0.5", "OK")
    assert isinstance(bad.error, redis.exceptions.ResponseError)
    assert not isinstance(bad.error, redicts.RedictsError)
    assert info.done


def test_threads_with_a_pipeline_each(real_home: Proxy) -> None:
    sums: list[Any] = []

    def run() -> None:
        for _ in range(10):
            with redicts.pipeline() as pipe:
                sums.extend([pipe.proxy("n").add() for _ in range(10)])

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(each.result for each in sums) == list(range(1, 401))


def test_what_would_wait_is_refused(fake: Database) -> None:
    from redicts.core.effects import Call, Op, Sleep
    from redicts.faces.queued import QueuedProxy

    def sleeper() -> Op[None]:
        _ = yield (Sleep(1),)

    def later() -> Op[None]:
        _ = yield (Call(("PING",)),)
        _ = yield (Sleep(1),)

    with pytest.raises(PipelineError, match="cannot") as caught, redicts.pipeline() as pipe:  # noqa: PT012
        place: QueuedProxy = pipe.proxy("a")
        with pytest.raises(PipelineMisused, match="sleeper at 'a' would have to wait"):
            _ = place._queue(sleeper(), True, True)
        second = place._queue(later(), True, False)
    assert caught.value.errors == [second.error]
