"""A ``Commit`` of one script: two round trips with its ``Watch``, and loaded only where the server does not know it."""

from __future__ import annotations

from typing import Any

import pytest

from redicts.core.effects import Call, Commit, Conflict, Eval, Op
from redicts.errors import OutcomeUnknown
from tests.runners.rig import Rig, call, in_use, script, watch
from tests.support.chaos import ChaosProxy

FACES = ("sync", "asyncio")


def attempt(rig: Rig, *writes: Call | Eval, between: Any = None) -> Op[list[Any]]:
    """Watch, and commit."""
    yield (watch([rig.key("k")]),)
    if between is not None:
        between()
    (written,) = yield (Commit(writes),)
    return list(written)


def until_done(rig: Rig, *writes: Call | Eval) -> Op[tuple[int, list[Any]]]:
    """Begin again after each ``Conflict``; tell how many there were."""
    conflicts = 0
    while True:
        try:
            return conflicts, (yield from attempt(rig, *writes))
        except Conflict:
            conflicts += 1


def counts(rig: Rig) -> Eval:
    """A script that no server knows, and that must run once."""
    return script("return redis.call('INCRBY', KEYS[1], ARGV[1])", [rig.key("n")], [5])


def test_one_that_is_unknown_is_loaded_and_is_a_conflict_with_nothing_written(rig: Rig) -> None:
    unknown = counts(rig)
    with pytest.raises(Conflict):
        rig.runner.run(attempt(rig, unknown), False)
    assert rig.client.exists(rig.key("n")) == 0
    assert rig.client.script_exists(unknown.script.sha) == [True]
    assert rig.runner.run(attempt(rig, unknown), False) == [5]
    assert rig.client.get(rig.key("n")) == b"5"


def test_an_operation_that_begins_again_does_so_once(rig: Rig) -> None:
    unknown = counts(rig)
    assert rig.runner.run(until_done(rig, unknown), False) == (1, [5])
    assert rig.runner.run(until_done(rig, unknown), False) == (0, [10])
    rig.client.script_flush()
    assert rig.runner.run(until_done(rig, unknown), False) == (1, [15])
    assert rig.client.get(rig.key("n")) == b"15"
    assert in_use(rig.client) == 0


def test_its_cost(chaos_rig: Rig, chaos: ChaosProxy) -> None:
    known = counts(chaos_rig)
    chaos.reset()
    assert chaos_rig.runner.run(until_done(chaos_rig, known), False) == (1, [5])
    assert chaos.round_trips == 5
    assert chaos.command_names == ["WATCH", "MULTI", "EVALSHA", "EXEC", "SCRIPT", "WATCH", "MULTI", "EVALSHA", "EXEC"]
    chaos.reset()
    assert chaos_rig.runner.run(until_done(chaos_rig, known), False) == (0, [10])
    assert chaos.round_trips == 2
    assert chaos.command_names == ["WATCH", "MULTI", "EVALSHA", "EXEC"]


def test_a_change_is_a_conflict_before_anything_is_looked_at(rig: Rig) -> None:
    unknown = counts(rig)
    op = attempt(rig, unknown, between=lambda: rig.client.set(rig.key("k"), "rival"))
    with pytest.raises(Conflict):
        rig.runner.run(op, False)
    assert rig.client.exists(rig.key("n")) == 0


def test_an_error_of_the_script_itself_is_no_conflict(rig: Rig) -> None:
    failing = script("return redis.error_reply('ERR not today')")
    with pytest.raises(Exception, match="not today"):
        rig.runner.run(until_done(rig, failing), False)
    assert rig.run(call("PING")) == "PONG"


def test_several_writes_are_loaded_beforehand_as_one_would_take_effect_alone(chaos_rig: Rig, chaos: ChaosProxy) -> None:
    unknown = counts(chaos_rig)
    chaos.reset()
    writes = call("INCR", chaos_rig.key("n")), unknown
    assert chaos_rig.runner.run(until_done(chaos_rig, *writes), False) == (0, [1, 6])
    assert chaos.command_names == ["WATCH", "SCRIPT", "MULTI", "INCR", "EVALSHA", "EXEC"]
    chaos_rig.client.script_flush()
    assert chaos_rig.runner.run(until_done(chaos_rig, unknown, unknown), False) == (0, [11, 16])


def test_a_single_command_needs_no_loading(chaos_rig: Rig, chaos: ChaosProxy) -> None:
    chaos.reset()
    assert chaos_rig.runner.run(until_done(chaos_rig, call("INCR", chaos_rig.key("n"))), False) == (0, [1])
    assert chaos.command_names == ["WATCH", "MULTI", "INCR", "EXEC"]


def test_cut_while_it_is_loaded_is_loaded_again(chaos_rig: Rig, chaos: ChaosProxy) -> None:
    """Loading changes nothing; the transaction itself is over by then, without effect."""
    unknown = counts(chaos_rig)

    def op() -> Op[Any]:
        yield (watch([chaos_rig.key("k")]),)
        chaos.cut_after_requests(len(chaos.request_bytes) - before + 600)  # in the middle of the script's text
        return (yield (Commit((unknown,)),))

    long = script(f"-- {'x' * 2000}\nreturn redis.call('INCR', KEYS[1])", [chaos_rig.key("n")])
    unknown, before = long, len(chaos.request_bytes)
    with pytest.raises(Conflict):
        chaos_rig.runner.run(op(), False)
    assert chaos.cuts == 1
    assert chaos.command_names.count("EXEC") == 1
    assert chaos_rig.runner.run(until_done(chaos_rig, long), False) == (0, [1])


def test_cut_at_exec_is_unknown_and_never_sent_again(chaos_rig: Rig, chaos: ChaosProxy) -> None:
    known = counts(chaos_rig)
    assert chaos_rig.run(known) == 5
    with pytest.raises(OutcomeUnknown):
        chaos_rig.runner.run(attempt(chaos_rig, known, between=chaos.cut_before_reply), True)
    assert chaos_rig.run(call("GET", chaos_rig.key("n"))) == "10"
    assert chaos.command_names.count("EXEC") == 1
