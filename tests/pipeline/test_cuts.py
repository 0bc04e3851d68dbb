"""Connections that are lost while a pipeline is sent: nothing is done twice, and what had arrived is kept."""

from __future__ import annotations

from typing import Any

import pytest

import redicts
from redicts import ConnectionLost, Deferred, OutcomeUnknown, PipelineError, Proxy
from tests.runners.rig import in_use
from tests.support.chaos import ChaosProxy

BATCH = 5


def queue(pipe: redicts.Pipeline) -> list[Deferred[Any]]:
    """A batch of everything: what may be repeated and what may not, reads and writes."""
    number = pipe.proxy("number")
    return [
        number.get("a").add(),
        pipe.root().set("text", "x"),
        number.get("b").add(),
        pipe.root().get("text").val(),
        number.get("a").add(),
    ]


def size(chaos: ChaosProxy) -> tuple[int, int]:
    """How many bytes of requests and of replies the batch has, once its scripts are known."""
    for _ in range(2):
        chaos.reset()
        with redicts.pipeline() as pipe:
            _ = queue(pipe)
    return len(chaos.request_bytes), len(chaos.reply_bytes)


def cut_once(far: Proxy, chaos: ChaosProxy, count: int, replies: bool) -> tuple[int, list[Deferred[Any]]]:
    """Send the batch over a connection that is cut; returns how much was added, and the results."""
    far.set("number", {"a": 0, "b": 0})
    with redicts.pipeline() as pipe:  # the scripts are known to this connection
        _ = pipe.proxy("x").set((), 1), pipe.proxy("y").add(), pipe.proxy("x").val()
    (chaos.cut_after_replies if replies else chaos.cut_after_requests)(count)
    with redicts.pipeline(raise_on_error=False) as pipe:
        results = queue(pipe)
    chaos.heal()
    now = far.get("number").val()
    assert in_use(far._where().client) == 0
    return now["a"] + now["b"], results


def check(added: int, results: list[Deferred[Any]]) -> int:
    """Check what was said against what was done; returns how many have results."""
    adds = [results[0], results[2], results[4]]
    certain = sum(each.error is None for each in adds)
    unknown = sum(isinstance(each.error, OutcomeUnknown) for each in adds)
    assert certain + unknown == len(adds), "a sum is there, or its outcome is unknown"
    assert certain <= added <= certain + unknown, "done once, or not at all"
    assert [each.result for each in adds if each.error is None] == [1, 1, 2][:certain]
    for each in (results[1], results[3]):
        assert each.error is None or type(each.error) is ConnectionLost
        assert each.error is None or "may be repeated safely" in str(each.error)
    done = [each.error is None for each in results]
    assert done == sorted(done, reverse=True), "what had arrived is kept, and nothing after it"
    return sum(done)


def test_a_cut_in_the_replies_keeps_what_had_arrived(far: Proxy, chaos: ChaosProxy) -> None:
    _, replies = size(chaos)
    seen = [check(*cut_once(far, chaos, count, True)) for count in range(replies)]
    assert seen == sorted(seen)
    assert set(seen) == set(range(BATCH))


@pytest.mark.parametrize("step", [29, pytest.param(1, marks=pytest.mark.exhaustive)])
def test_a_cut_in_the_requests_does_nothing_twice(far: Proxy, chaos: ChaosProxy, step: int) -> None:
    requests, _ = size(chaos)
    amounts = set()
    for count in range(0, requests, step):
        added, results = cut_once(far, chaos, count, False)
        _ = check(added, results)
        amounts.add(added)
    assert amounts == {0, 1, 2}


@pytest.mark.parametrize("replies", [True, False])
def test_a_batch_that_may_be_repeated_is(far: Proxy, chaos: ChaosProxy, replies: bool) -> None:
    for count in range(0, 60, 6):
        (chaos.cut_after_replies if replies else chaos.cut_after_requests)(count)
        with redicts.pipeline() as pipe:
            _ = pipe.root().set("a", 1), pipe.root().set("b.c", 2)
            texts = pipe.root().val(), pipe.command("GET", "nothing")
            set_again = pipe.root().set("a", 3)
        chaos.heal()
        assert (texts[0].result, texts[1].result) == ({"a": 1, "b": {"c": 2}}, None)
        assert set_again.result is None
        assert far.val() == {"a": 3, "b": {"c": 2}}


def test_a_cut_transaction_is_unknown_as_a_whole(far: Proxy, chaos: ChaosProxy) -> None:
    far.set("n", 0)
    outcomes = set()
    for count in range(0, 90, 3):
        before = far.get("n").val()
        chaos.cut_after_replies(count)
        with redicts.pipeline(raise_on_error=False, atomic=True) as pipe:
            sums = [pipe.proxy("n").add(), pipe.proxy("n").add()]
        chaos.heal()
        assert len({type(each.error) for each in sums}) == 1
        assert far.get("n").val() - before == 2, "the server had it whole"
        outcomes.add(type(sums[0].error))
    assert outcomes == {OutcomeUnknown, type(None)}


def test_no_server_is_told_by_each_and_at_the_end(far: Proxy, chaos: ChaosProxy) -> None:
    chaos.refuse()
    with pytest.raises(PipelineError, match="5 failed") as caught, redicts.pipeline() as pipe:
        results = queue(pipe)
    assert all(type(each.error) is ConnectionLost for each in results)
    assert "nothing was changed" in str(results[0].error)
    assert isinstance(caught.value.__cause__, ConnectionLost)
    chaos.heal()
    with redicts.pipeline() as pipe:
        assert pipe.command("PING").error is None


def test_a_later_step_that_is_cut_concerns_those_that_have_one(far: Proxy, chaos: ChaosProxy) -> None:
    far.set("a", 1)

    def change(value: int) -> int:
        chaos.cut_before_reply()
        return value + 1

    with redicts.pipeline(raise_on_error=False) as pipe:
        added, changed = pipe.proxy("n").add(), pipe.proxy("a").transform(change)
    chaos.heal()
    assert added.result == 1
    assert isinstance(changed.error, OutcomeUnknown)
    assert far.get("a").val() == 2


def test_ctrl_c_ends_every_operation(far: Proxy, chaos: ChaosProxy, alarm: Any) -> None:
    chaos.hang(requests=False)
    alarm(lambda: "PING" in chaos.command_names)
    called: list[int] = []
    with pytest.raises(KeyboardInterrupt), redicts.pipeline() as pipe:  # noqa: PT012
        added, read = pipe.proxy("n").add(), pipe.proxy("n").val()
        made = pipe.then(str, read)
        last = pipe.command("PING")
        pipe.on_execute(lambda: called.append(1))
    chaos.resume()
    assert isinstance(added.error, OutcomeUnknown)
    assert isinstance(last.error, ConnectionLost), "it only reads"
    assert type(read.error) is ConnectionLost is type(made.error)
    assert "KeyboardInterrupt" in str(added.error)
    assert called == []
    assert in_use(far._where().client) == 0
    assert far.get("n").val() == 1, "the late replies are nobody's"
