"""``acquire`` by hand, where somebody is in the way: where it waits, how long, and what becomes of a wake-up."""

from __future__ import annotations

import pytest

from redicts.core.effects import WAITING, Block, Call, Commit, Watch
from redicts.errors import ConnectionLost, InternalError, LockTimeout, OutcomeUnknown
from redicts.locks.acquiring import CHECK_SECONDS, GRACE_SECONDS, GRACES
from tests.unit.locks.acts import NOW, Act, Clock, acquiring_act, standing

AT, ABOVE, BELOW = standing("a.b"), standing("a"), standing("a.b.c")
GIVE_UP = Block((), 0.0)


def popped(line: str) -> list[str]:
    """The reply of a pop that got a wake-up."""
    return [line, "1"]


def leaves_it(act: Act, line: str, times: int = GRACES) -> Act:
    """Find it free so many times, and stand in line for a while after each, not being woken."""
    for _ in range(times):
        act.look()
        assert act.one == Commit(()), "it is left to another, with no watch kept"
        act.reply([])
        assert act.block.args == ("BLPOP", line), "the pop that is under way goes on"
        assert act.block.patience == GRACE_SECONDS
        act.reply(WAITING)
    return act


def gone(clock: Clock, *, shared: bool = False, timeout: float = 10.0) -> Act:
    """Wait for ``AT``, and find it gone after a second, without having been woken."""
    act = acquiring_act(shared=shared, timeout=timeout).blocked(AT)
    clock.now += 1
    act.reply(WAITING).reply(None)
    return act


def assert_wakes(act: Act, line: str) -> None:
    effect = act.script
    assert (effect.script.name, effect.keys, list(effect.args)) == ("wake", (line,), [])


@pytest.mark.parametrize(
    ("found", "line"),
    [
        ([standing("a.b")], "ns:w:{a}.b"),
        ([standing("")], "ns:w:"),
        ([standing("a.b.c")], "ns:w:{a}.b.c"),
        ([standing("a.b.c"), standing("a.b.d", nonce="e:2"), standing("a", nonce="e:3")], "ns:w:{a}"),
        ([standing("a.b.c"), standing("a.b.b", nonce="e:2")], "ns:w:{a}.b.b"),
        ([standing("a.b", "me", shared=True), standing("a.b", shared=True)], "ns:u:{a}.b"),
        ([standing("a", "me", shared=True), standing("a.b", shared=True)], "ns:w:{a}.b"),
        ([standing("a.b", "me", shared=True, left=0), standing("a.b", shared=True)], "ns:w:{a}.b"),
    ],
)
def test_it_waits_at_the_outermost_that_blocks(clock: Clock, found: list[object], line: str) -> None:
    act = acquiring_act().blocked(*found)  # type: ignore[arg-type]  # they are standings
    assert act.block == Block(("BLPOP", line), 10.0, CHECK_SECONDS, line, shared=True)


@pytest.mark.parametrize(
    ("timeout", "left", "seconds", "patience"),
    [
        (10, 60_000, 10, 1),
        (None, 60_000, 3600, 1),
        (0.25, 60_000, 0.25, 0.25),
        (10, 400, 10, 0.401),
        (1e9, 999_999_999, 3600, 1),
    ],
)
def test_it_waits_for_what_is_left(
    clock: Clock, timeout: float | None, left: int, seconds: float, patience: float
) -> None:
    block = acquiring_act(timeout=timeout).blocked(standing("a", left=left)).block
    assert block.timeout == pytest.approx(seconds)
    assert block.patience == pytest.approx(patience)


def test_of_several_at_one_path_it_watches_the_one_that_goes_last(clock: Clock) -> None:
    short, long = standing("a", shared=True, left=300), standing("a", "sue", shared=True, left=9000, nonce="e:2")
    act = acquiring_act().blocked(short, long)
    assert act.reply(WAITING).asked == (Call(("ZSCORE", "ns:l:{a}", long.text)),)


def test_once_a_second_it_looks_and_keeps_its_place(clock: Clock) -> None:
    act = acquiring_act().blocked(ABOVE)
    first = act.block
    for second in range(1, 4):
        clock.now += 1
        act.reply(WAITING)
        assert act.one == Call(("ZSCORE", "ns:l:{a}", ABOVE.text))
        act.reply(str(ABOVE.deadline_ms))
        assert act.block.args == first.args
        assert act.block.timeout == pytest.approx(10 - second)


def test_a_blocker_that_is_gone_is_noticed(clock: Clock) -> None:
    act = acquiring_act().blocked(ABOVE)
    clock.now += 1
    act.reply(WAITING).reply(None)
    leaves_it(act, "ns:w:{a}").look().granted()
    assert act.asked == (GIVE_UP,), "the pop is still under way"
    act.reply(None)
    assert_wakes(act, "ns:w:{a}")  # of those who wait there together only one looks, and this was it
    assert act.reply(1).done


@pytest.mark.parametrize("looks", range(1, GRACES + 1))
def test_who_leaves_it_to_another_and_is_woken_enters(clock: Clock, looks: int) -> None:
    act = gone(clock)
    leaves_it(act, "ns:w:{a}.b", looks - 1).look()
    act.reply([])
    act.reply(popped("ns:w:{a}.b"))
    assert act.look().granted().done, "no pop is under way, and it keeps the wake-up"


def test_who_leaves_it_to_another_and_loses_the_connection_enters_as_if_woken(clock: Clock) -> None:
    act = leaves_it(gone(clock), "ns:w:{a}.b", 1).look()
    act.reply([])
    act.fail(OutcomeUnknown("cut", address="here", commands=["BLPOP"]))
    assert act.look().granted().done


def test_what_a_dead_one_stood_at_is_left_to_nobody(clock: Clock) -> None:
    """Nobody was woken there: it did not release."""
    dead = standing("a.b", nonce="e:5", left=0)
    act = gone(clock).look(dead)
    assert act.hold.args[4:] == (dead.text,)


def test_what_runs_out_while_it_is_waited_for_is_left_to_nobody(clock: Clock) -> None:
    act = acquiring_act().blocked(standing("a.b", left=500))
    clock.now += 0.6
    act.reply(WAITING)
    assert act.look().hold, "it has not been released, so nobody was woken"


def test_who_left_it_to_another_and_then_outwaits_a_lease_leaves_it_no_more(clock: Clock) -> None:
    act = leaves_it(gone(clock), "ns:w:{a}.b", 1).blocked(standing("a.b", "sue", nonce="s:1", left=500))
    clock.now += 0.6
    act.reply(WAITING)
    assert act.look().hold


def test_who_left_it_to_another_does_so_anew_for_the_next(clock: Clock) -> None:
    act = leaves_it(gone(clock), "ns:w:{a}.b", GRACES - 1)
    act.blocked(standing("a.b", "sue", nonce="s:1"))
    assert act.block.patience == CHECK_SECONDS
    clock.now += 1
    act.reply(WAITING).reply(None)
    assert leaves_it(act, "ns:w:{a}.b").look().hold


def test_who_leaves_it_to_another_until_time_is_up_looks_once_more(clock: Clock) -> None:
    act = leaves_it(gone(clock, timeout=1.01), "ns:w:{a}.b", 1)
    clock.now += 0.025
    act.look()
    act.reply([])
    act.reply(None)
    assert act.look().granted().done


def test_a_blocker_that_runs_out_is_not_asked_about(clock: Clock) -> None:
    act = acquiring_act().blocked(standing("a", left=500))
    assert act.block.patience == pytest.approx(0.501)
    clock.now += 0.6
    assert isinstance(act.reply(WAITING).asked[0], Watch)


def test_a_blocker_that_was_renewed_is_waited_for(clock: Clock) -> None:
    act = acquiring_act().blocked(standing("a", left=1200))
    clock.now += 1
    act.reply(WAITING).reply(str(NOW + 9000))
    assert act.block.patience == pytest.approx(1.0), "not the 0.2 s of the deadline that was read first"
    clock.now += 1
    assert act.reply(WAITING).asked[0] == Call(("ZSCORE", "ns:l:{a}", standing("a").text))


def test_a_score_that_is_none_is_tampered(clock: Clock) -> None:
    act = acquiring_act().blocked(ABOVE).reply(WAITING).reply("nan")
    assert act.asked == (GIVE_UP,)
    act.reply(None)
    with pytest.raises(InternalError) as caught:
        act.reply(*["none"] * len(act.asked))
    assert caught.value.key == "ns:l:{a}"


def test_time_that_is_up_ends_the_wait_and_the_pop(clock: Clock) -> None:
    act = acquiring_act(timeout=0.5).blocked(ABOVE)
    clock.now += 0.5
    act.reply(WAITING).reply(str(ABOVE.deadline_ms))
    assert isinstance(act, Act)
    act.look(ABOVE)
    assert act.reply([]).asked == (GIVE_UP,)
    with pytest.raises(LockTimeout, match=r"within 0\.5 s"):
        act.reply(None)


def test_a_pop_that_ended_by_itself_is_not_given_up(clock: Clock) -> None:
    act = acquiring_act(timeout=0.5).blocked(ABOVE)
    clock.now += 0.5
    act.reply(None)
    assert isinstance(act, Act)
    act.look(ABOVE)
    with pytest.raises(LockTimeout):
        act.reply([])


def test_the_last_look_may_still_find_it_free(clock: Clock) -> None:
    act = acquiring_act(timeout=0.5).blocked(ABOVE)
    clock.now += 0.6
    act.reply(None)
    assert isinstance(act, Act)
    assert act.look().granted().done


# -- what becomes of a wake-up ---------------------------------------------------------------------------------------


def test_who_was_woken_and_locks_that_very_place_keeps_the_wake_up(clock: Clock) -> None:
    act = acquiring_act().blocked(AT)
    act.reply(popped("ns:w:{a}.b"))
    assert act.look().granted().done


@pytest.mark.parametrize(("blocker", "shared"), [(AT, True), (ABOVE, False), (BELOW, False), (ABOVE, True)])
def test_who_was_woken_and_leaves_room_for_others_wakes_the_next(clock: Clock, blocker: object, shared: bool) -> None:
    act = acquiring_act(shared=shared).blocked(blocker)  # type: ignore[arg-type]  # it is a standing
    line = str(act.block.args[1])
    act.reply(popped(line))
    act.look().granted()
    assert_wakes(act, line)
    assert act.reply(1).done
    assert act.value.fence == 77


@pytest.mark.parametrize(("shared", "wakes"), [(False, False), (True, True)])
def test_a_wake_up_that_came_too_late_is_passed_on_likewise(clock: Clock, shared: bool, wakes: bool) -> None:
    act = leaves_it(gone(clock, shared=shared), "ns:w:{a}.b").look().granted()
    assert act.one == GIVE_UP
    act.reply(popped("ns:w:{a}.b"))
    if wakes:
        assert_wakes(act, "ns:w:{a}.b")
        act.reply(1)
    assert act.done


def test_who_was_perhaps_woken_when_the_connection_was_cut_looks_and_passes_it_on(clock: Clock) -> None:
    act = acquiring_act().blocked(AT).fail(OutcomeUnknown("cut", address="here", commands=["BLPOP"]))
    assert isinstance(act, Act)
    act.blocked(ABOVE)
    assert_wakes(act, "ns:w:{a}.b")


def test_who_was_woken_and_is_blocked_again_in_the_same_line_waits_there(clock: Clock) -> None:
    act = acquiring_act().blocked(AT)
    act.reply(popped("ns:w:{a}.b"))
    act.blocked(standing("a.b", nonce="e:9"))
    assert act.block.args == ("BLPOP", "ns:w:{a}.b")


def test_who_was_woken_and_is_blocked_by_one_that_shares_lets_others_in_once(clock: Clock) -> None:
    act, line = acquiring_act().blocked(AT), "ns:w:{a}.b"
    sharing, another = standing("a.b", shared=True, nonce="e:8"), standing("a.b", shared=True, nonce="e:9", left=9000)
    for found, wakes in (([sharing], True), ([sharing], False), ([sharing, another], True), ([another], False)):
        act.reply(popped(line))
        act.blocked(*found)
        if wakes:
            assert_wakes(act, line)
            act.reply(1)
        assert act.block.args == ("BLPOP", line)


@pytest.mark.parametrize("how", ["was gone", "ran out"])
def test_who_found_out_by_itself_and_is_blocked_by_one_that_shares_lets_others_in_once(clock: Clock, how: str) -> None:
    """Of those who wait together only one looks: the others do not know yet that what they wait for is gone."""
    act, line, sharing = acquiring_act().blocked(AT), "ns:w:{a}.b", standing("a.b", shared=True, nonce="e:8")
    clock.now += 1 if how == "was gone" else 5.001
    act.reply(WAITING)
    if how == "was gone":
        act.reply(None)
    act.blocked(sharing)
    assert_wakes(act, line)
    act.reply(1)
    assert act.block.args == ("BLPOP", line)
    clock.now += 1
    act.reply(WAITING).reply(str(sharing.deadline_ms))
    assert act.block.args == ("BLPOP", line), "nothing has changed since"


def test_who_was_woken_and_is_blocked_elsewhere_wakes_the_next_and_changes_lines(clock: Clock) -> None:
    act = acquiring_act().blocked(AT)
    act.reply(popped("ns:w:{a}.b"))
    act.blocked(ABOVE)
    assert_wakes(act, "ns:w:{a}.b")
    act.reply(1)
    assert act.block.args == ("BLPOP", "ns:w:{a}")
    act.reply(popped("ns:w:{a}"))
    act.look().granted()
    assert_wakes(act, "ns:w:{a}")


@pytest.mark.parametrize("woken", [True, False])
def test_who_changes_lines_gives_up_the_pop_first(clock: Clock, woken: bool) -> None:
    act = acquiring_act().blocked(AT)
    clock.now += 1
    act.reply(WAITING).reply(None)
    assert isinstance(act, Act)
    act.blocked(ABOVE)
    assert act.one == GIVE_UP
    act.reply(popped("ns:w:{a}.b") if woken else None)
    assert_wakes(act, "ns:w:{a}.b")  # woken or not: it knows that what others wait for there is gone
    act.reply(1)
    assert act.block.args == ("BLPOP", "ns:w:{a}")


def test_who_stays_in_line_for_another_blocker_there_keeps_the_pop(clock: Clock) -> None:
    act = acquiring_act().blocked(AT)
    clock.now += 1
    act.reply(WAITING).reply(None)
    assert isinstance(act, Act)
    act.blocked(standing("a.b", "sue", nonce="s:1"))
    assert act.block.args == ("BLPOP", "ns:w:{a}.b")


def test_who_was_woken_and_finds_that_time_is_up_wakes_the_next(clock: Clock) -> None:
    act = acquiring_act(timeout=0.5).blocked(AT)
    clock.now += 0.5
    act.reply(popped("ns:w:{a}.b"))
    act.look(AT)
    assert act.one == Commit(())
    act.reply([])
    assert_wakes(act, "ns:w:{a}.b")
    with pytest.raises(LockTimeout):
        act.reply(1)


def test_a_wake_up_that_cannot_be_passed_on_costs_no_lock(clock: Clock) -> None:
    act = leaves_it(gone(clock, shared=True), "ns:w:{a}.b").look().granted()
    act.fail(ConnectionLost("gone", address="here"))
    assert_wakes(act, "ns:w:{a}.b")  # perhaps it was woken when the connection was lost
    act.fail(ConnectionLost("gone", address="here"))
    assert act.done
    assert act.value.fence == 77
