"""``Watch`` and ``Commit``: one round trip each, all or nothing, and no watch outlives its operation."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from redicts.core.effects import Call, Commit, Conflict, Eval, Op, Refused
from redicts.errors import ConnectionLost, InternalError, OutcomeUnknown
from tests.runners.rig import Rig, call, in_use, quiet_client, script, watch
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server

FACES = ("sync", "asyncio")


def transaction(rig: Rig, *writes: Call | Eval, between: Any = None) -> Op[list[Any]]:
    """Watch the key ``k``, do ``between``, commit."""
    (read,) = yield (watch([rig.key("k")], ("GET", rig.key("k")), ("TIME",)),)
    assert len(read[1]) == 2
    if between is not None:
        between()
    (written,) = yield (Commit(writes),)
    return [read[0], *written]


def test_reads_and_writes_give_their_replies(rig: Rig) -> None:
    rig.client.set(rig.key("k"), "old")
    writes = call("SET", rig.key("k"), "new"), call("GET", rig.key("k")), call("INCR", rig.key("n"))
    assert rig.runner.run(transaction(rig, *writes), False) == ["old", "OK", "new", 1]
    assert rig.client.get(rig.key("k")) == b"new"


def test_a_watched_key_that_changed_is_a_conflict_and_nothing_is_written(rig: Rig) -> None:
    with pytest.raises(Conflict):
        rig.runner.run(
            transaction(rig, call("SET", rig.key("other"), "x"), between=lambda: rig.client.set(rig.key("k"), "rival")),
            False,
        )
    assert rig.client.get(rig.key("k")) == b"rival"
    assert rig.client.exists(rig.key("other")) == 0
    assert rig.run(call("PING")) == "PONG"


def test_another_key_that_changed_is_no_conflict(rig: Rig) -> None:
    op = transaction(rig, call("SET", rig.key("k"), "x"), between=lambda: rig.client.set(rig.key("other"), "rival"))
    assert rig.runner.run(op, False) == [None, "OK"]


def test_an_operation_begins_again_after_a_conflict(rig: Rig) -> None:
    rivals = iter(["1", "2"])

    def count_up() -> Op[int]:
        while True:
            ((old,),) = yield (watch([rig.key("k")], ("GET", rig.key("k"))),)
            if (rival := next(rivals, None)) is not None:
                rig.client.set(rig.key("k"), rival)
            try:
                yield (Commit((call("SET", rig.key("k"), int(old or 0) + 10),)),)
            except Conflict:
                continue
            return int(old or 0) + 10

    assert rig.runner.run(count_up(), False) == 12
    assert rig.client.get(rig.key("k")) == b"12"


def test_an_empty_commit_gives_up_the_watch(rig: Rig) -> None:
    assert rig.runner.run(transaction(rig), False) == [None]
    # The connection that had the watch serves others: a change of the key is no conflict for them.
    rig.client.set(rig.key("k"), "rival")
    assert rig.client.connection_pool is not None
    with rig.client.pipeline() as pipe:
        pipe.set(rig.key("n"), 1)
        assert pipe.execute() == [True]


@pytest.mark.parametrize("how", ["returns", "raises", "watches again"])
def test_a_watch_never_outlives_its_operation(rig: Rig, how: str) -> None:
    def begin() -> Op[None]:
        yield (watch([rig.key("k")]),)
        if how == "raises":
            raise RuntimeError("given up")
        if how == "watches again":
            yield (watch([rig.key("other")]),)

    if how == "raises":
        with pytest.raises(RuntimeError, match="given up"):
            rig.runner.run(begin(), False)
    else:
        rig.runner.run(begin(), False)
    assert in_use(rig.client) == 0
    rig.client.set(rig.key("k"), "rival")
    connections: list[Any] = [rig.client.connection_pool.get_connection() for _ in range(3)]
    for connection in connections:
        connection.send_command("MULTI")
        connection.send_command("PING")
        connection.send_command("EXEC")
        replies = [connection.read_response() for _ in range(3)]
        assert replies[-1] is not None, "an old watch made EXEC fail"
        rig.client.connection_pool.release(connection)


def test_a_second_watch_replaces_the_first(rig: Rig) -> None:
    def twice() -> Op[Any]:
        yield (watch([rig.key("first")]),)
        yield (watch([rig.key("second")]),)
        rig.client.set(rig.key("first"), "rival")
        return (yield (Commit((call("SET", rig.key("x"), 1),)),))

    assert rig.runner.run(twice(), False) == (["OK"],)


def test_scripts_in_a_commit_are_known_before_it_runs(rig: Rig) -> None:
    increase = script("return redis.call('INCRBY', KEYS[1], ARGV[1])", [rig.key("n")], [5])
    again = script("return {redis.call('GET', KEYS[1])}", [rig.key("n")])
    op = transaction(rig, increase, call("INCR", rig.key("n")), again)
    assert rig.runner.run(op, False) == [None, 5, 6, ["6"]]
    rig.client.script_flush()
    assert rig.runner.run(transaction(rig, increase, again), False) == [None, 11, ["11"]]


def test_an_error_inside_a_commit_is_raised_and_the_connection_goes_on(rig: Rig) -> None:
    rig.client.set(rig.key("text"), "x")
    with pytest.raises(redis.ResponseError, match="not an integer"):
        rig.runner.run(transaction(rig, call("INCR", rig.key("text")), call("SET", rig.key("y"), 1)), False)
    assert rig.run(call("GET", rig.key("y"))) == "1", "as Redis does: the others of a transaction take effect"
    with pytest.raises(InternalError, match=r"run check\(\)"):
        rig.runner.run(transaction(rig, call("HGET", rig.key("text"), "f")), False)
    refusing = script("return redis.error_reply('LOCKLOST x')")
    with pytest.raises(Conflict):
        rig.runner.run(transaction(rig, refusing), False)  # alone, it is loaded when it was missing: begin again
    with pytest.raises(Refused, match="LOCKLOST"):
        rig.runner.run(transaction(rig, refusing), False)
    assert rig.run(call("PING")) == "PONG"


def test_a_command_that_cannot_be_queued_means_that_nothing_is_written(rig: Rig) -> None:
    with pytest.raises(redis.ResponseError, match=r"(?i)wrong number|unknown"):
        rig.runner.run(transaction(rig, call("SET", rig.key("y"), 1), call("INCR")), False)
    assert rig.client.exists(rig.key("y")) == 0
    assert rig.run(call("PING")) == "PONG"


def test_an_error_in_the_reads_of_a_watch(rig: Rig) -> None:
    rig.client.set(rig.key("text"), "x")

    def begin() -> Op[None]:
        yield (watch([rig.key("k")], ("HGET", rig.key("text"), "f"), ("GET", rig.key("text"))),)

    with pytest.raises(InternalError):
        rig.runner.run(begin(), True)
    assert rig.run(call("PING")) == "PONG"


def test_a_commit_without_a_watch_is_a_mistake(rig: Rig) -> None:
    with pytest.raises(ValueError, match="needs a Watch before it"):
        rig.run(Commit((call("PING"),)))


def test_each_is_one_round_trip(chaos_rig: Rig, chaos: ChaosProxy) -> None:
    known = script("return 1")
    assert chaos_rig.run(known) == 1
    chaos.reset()
    trips = []

    def op() -> Op[None]:
        yield (watch([chaos_rig.key(name) for name in "abcdef"], *[("GET", chaos_rig.key(name)) for name in "abc"]),)
        trips.append(chaos.round_trips)
        yield (Commit((*[call("SET", chaos_rig.key(name), "x" * 2000) for name in "abcdef"], known)),)
        trips.append(chaos.round_trips)

    chaos_rig.runner.run(op(), False)
    assert trips == [1, 2]
    assert chaos.round_trips == 2, "nothing more at the end: EXEC has given up the watch"
    assert chaos.command_names[:4] == ["WATCH", "GET", "GET", "GET"]
    assert chaos.command_names[-9:] == ["MULTI", *["SET"] * 6, "EVALSHA", "EXEC"]


def test_a_watch_cut_off_is_made_again_unseen(chaos_rig: Rig, chaos: ChaosProxy) -> None:
    chaos.cut_before_reply()
    assert chaos_rig.runner.run(transaction(chaos_rig, call("SET", chaos_rig.key("k"), 1)), False) == [None, "OK"]
    assert chaos.cuts == 1


def test_a_commit_cut_off_is_unknown_and_never_sent_again(chaos_rig: Rig, chaos: ChaosProxy) -> None:
    op = transaction(chaos_rig, call("INCR", chaos_rig.key("n")), between=chaos.cut_before_reply)
    with pytest.raises(OutcomeUnknown) as caught:
        chaos_rig.runner.run(op, True)
    assert caught.value.commands == ["INCR"]
    assert chaos.command_names.count("EXEC") == 1
    assert chaos_rig.run(call("GET", chaos_rig.key("n"))) == "1"


@pytest.mark.parametrize("health_check_interval", [0, 1e-9])
def test_a_commit_never_goes_to_another_connection(chaos: ChaosProxy, health_check_interval: float) -> None:
    """Its watch would be missing there. redis-py connects anew by itself, after a failed health check too."""
    with redis.Redis(host=chaos.host, port=chaos.port, health_check_interval=health_check_interval) as client:  # type: ignore[arg-type]
        rig = Rig(client)

        def rival_and_cut() -> None:
            with redis.Redis(host=chaos.upstream[0], port=chaos.upstream[1]) as rival:
                rival.set(rig.key("k"), "rival")
            chaos.cut()

        with pytest.raises((ConnectionLost, OutcomeUnknown)):
            rig.runner.run(transaction(rig, call("SET", rig.key("k"), "mine"), between=rival_and_cut), False)
        assert client.get(rig.key("k")) == b"rival"
        assert in_use(client) == 0
        rig.close()


def lose_by_refusing(chaos: ChaosProxy) -> None:
    chaos.refuse()


def lose_by_hanging(chaos: ChaosProxy) -> None:
    chaos.hang()


@pytest.mark.parametrize("lose", [lose_by_refusing, lose_by_hanging])
def test_a_commit_after_the_watch_was_lost_for_good_is_refused(chaos: ChaosProxy, lose: Any) -> None:
    with quiet_client(host=chaos.host, port=chaos.port, socket_timeout=0.2) as client:
        rig = Rig(client)
        assert rig.run(call("PING")) == "PONG"

        def stubborn() -> Op[Any]:
            lose(chaos)
            try:
                yield (watch([rig.key("k")]),)
            except ConnectionLost:
                chaos.heal()
            return (yield (Commit((call("SET", rig.key("k"), "mine"),)),))

        with pytest.raises((ConnectionLost, ValueError), match=r"nothing was changed|needs a Watch"):
            rig.runner.run(stubborn(), False)
        assert rig.run(call("GET", rig.key("k"))) is None
        assert in_use(client) == 0


def test_transactions_on_a_client_that_decodes(valkey_server: Server) -> None:
    with valkey_server.client(decode_responses=True) as client:
        rig = Rig(client)
        assert rig.runner.run(transaction(rig, call("SET", rig.key("k"), "é")), False) == [None, "OK"]
        rig.close()
