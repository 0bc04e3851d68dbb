"""``acquire`` by hand, where nobody needs to be waited for: what it asks for at each step."""

from __future__ import annotations

import pytest

from redicts.core.effects import Call, Commit, Conflict, Eval, Watch
from redicts.errors import ConnectionLost, InternalError, LockTimeout, OutcomeUnknown
from redicts.locks.acquiring import CONFLICT_SECONDS
from redicts.locks.entry import Entry
from redicts.locks.reading import release_keys
from tests.unit.locks.acts import BY, NOW, NOW_US, SPACE, Act, Clock, acquiring_act, script_of, standing

KEYS = SPACE.locks(("a", "b"))


def assert_withdraws(act: Act, text: str) -> None:
    effect = act.script
    assert (effect.script.name, effect.keys, effect.args) == ("release", release_keys(KEYS), (text,))


def test_a_free_lock_takes_two_trips(clock: Clock) -> None:
    act = acquiring_act()
    assert act.one == Watch(
        ("ns:l:{a}.b", "ns:l:{a}", "ns:l:", "ns:b:{a}.b"),
        (
            ("ZUNION", "4", "ns:l:{a}.b", "ns:l:{a}", "ns:l:", "ns:b:{a}.b", "AGGREGATE", "MAX", "WITHSCORES"),
            ("TIME",),
        ),
    )
    hold = act.look().hold
    assert hold.keys == ("ns:f:{a}", "ns:l:{a}.b", "ns:b:{a}", "ns:b:")
    text, *numbers = hold.args
    assert numbers == [str(NOW + 30_000), "30000", str(NOW_US)]
    entry = Entry.read(str(text), "k")
    assert entry == (False, entry.nonce, NOW, "me", BY.host, BY.pid, ("a", "b"))
    clock.now += 2
    act.granted("123")
    assert act.done
    assert act.value == (text, 123, 1030.0), "validity counts from before the first step"
    assert act.trips == 2


def test_each_acquisition_has_a_nonce_of_its_own() -> None:
    nonces = {Entry.read(str(acquiring_act().look().hold.args[0]), "k").nonce for _ in range(5)}
    assert len(nonces) == 5


def test_what_is_dead_and_stood_in_the_way_goes_in_the_same_step() -> None:
    dead = standing("a", left=0)
    other = standing("a.b.c", nonce="e:2", left=-5000)
    own = standing("a.b.c", owner="me", nonce="e:3", left=-1)
    alive = standing("a.b", shared=True, nonce="e:4")
    act = acquiring_act(shared=True)
    assert act.look(dead, other, own, alive).hold.args[4:] == (dead.text, other.text)


@pytest.mark.parametrize("left", [1, 5000])
def test_an_entry_is_alive_before_its_deadline(left: int) -> None:
    assert acquiring_act().look(standing("a", left=left)).one == Commit(())


def test_one_try_ends_where_it_is_blocked() -> None:
    act = acquiring_act(timeout=0).look(standing("a", left=4200))
    assert act.one == Commit(()), "the watch is given up"
    with pytest.raises(LockTimeout, match="was not free at once; held by process 5 on far") as caught:
        act.reply([])
    assert (caught.value.path, caught.value.timeout) == ("a.b", 0)
    assert "4.2 s left" in str(caught.value)


def test_a_conflict_is_decided_anew_with_the_same_entry() -> None:
    act = acquiring_act(timeout=0).look()
    text = act.hold.args[0]
    act.fail(Conflict())
    assert isinstance(act.one, Watch)
    assert act.look(now_us=NOW_US + 7_000).hold.args[:2] == (text, str(NOW + 7 + 30_000)), "its lease is a new one"


@pytest.mark.parametrize("timeout", [0, 10])
def test_conflicts_without_end_end_a_second_late(clock: Clock, timeout: float) -> None:
    act, begun = acquiring_act(timeout=timeout), clock.now
    for after in (0.0, timeout, timeout + CONFLICT_SECONDS - 0.01):
        clock.now = begun + after
        act.look().fail(Conflict())
        assert isinstance(act.one, Watch)
    clock.now = begun + timeout + CONFLICT_SECONDS
    act.look()
    assert act.hold
    with pytest.raises(LockTimeout, match="held by nobody; but others came and went all the time"):
        act.fail(Conflict())


def test_conflicts_end_nothing_that_has_all_the_time(clock: Clock) -> None:
    act = acquiring_act(timeout=None)
    clock.now += 1e6
    act.look().fail(Conflict())
    assert act.look().granted().done


def test_after_conflicts_alone_nothing_is_taken_back() -> None:
    act = acquiring_act(timeout=0).look().fail(Conflict())
    assert isinstance(act, Act)
    act.look(standing("a"))
    with pytest.raises(LockTimeout):
        act.reply([])


def unknown() -> OutcomeUnknown:
    return OutcomeUnknown("cut", address="here", commands=["EVALSHA"])


def test_an_entry_whose_reply_was_lost_is_entered_again_as_it_is() -> None:
    act = acquiring_act(timeout=0).look()
    text = str(act.hold.args[0])
    own = standing("a.b", owner="me", nonce=Entry.read(text, "k").nonce)._replace(text=text)
    act.fail(unknown())
    assert act.look(own).hold.args[0] == text
    assert act.granted().value.text == text


def test_an_entry_whose_reply_was_lost_is_taken_back_when_it_ends_otherwise() -> None:
    act = acquiring_act(timeout=0).look()
    text = str(act.hold.args[0])
    act.fail(unknown())
    act.look().fail(Conflict())  # which says nothing about the first time
    act.look(standing("a"))
    act.reply([])
    assert_withdraws(act, text)
    with pytest.raises(LockTimeout):
        act.reply(1)


def test_an_acquire_that_took_longer_than_its_lease_did_not_succeed(clock: Clock) -> None:
    act = acquiring_act(lease_ms=500, timeout=10).look()
    text = str(act.hold.args[0])
    clock.now += 0.5
    act.granted()
    assert_withdraws(act, text)
    act.reply(1)
    hold = act.look().hold
    clock.now += 0.4
    assert act.granted().value.text == hold.args[0]
    assert act.value.valid_until == pytest.approx(clock.now + 0.1)


def test_leases_that_are_always_too_short_end_in_time(clock: Clock) -> None:
    act = acquiring_act(lease_ms=500, timeout=0).look()
    clock.now += 0.6
    act.granted()
    with pytest.raises(LockTimeout, match="raise lock_expire_timeout"):
        act.reply(1)


def test_tampered_entries_are_blamed_on_their_key() -> None:
    act = acquiring_act()
    act.reply([["rubbish", "1"], ["1", "2"]])
    asked = [effect.args for effect in act.asked if isinstance(effect, Call)]
    assert {args[0] for args in asked} == {"TYPE"}
    assert {str(args[1]) for args in asked} == {
        *KEYS.around, *KEYS.entered, *KEYS.section, KEYS.wake_ups, KEYS.upgrades, KEYS.fence
    }  # fmt: skip
    act.reply(*["zset" if args[1] in ("ns:l:{a}", "ns:l:") else "none" for args in asked])
    assert [effect.args for effect in act.asked if isinstance(effect, Call)] == [
        ("ZRANGE", "ns:l:{a}", "0", "-1", "WITHSCORES"),
        ("ZRANGE", "ns:l:", "0", "-1", "WITHSCORES"),
    ]
    good = standing("")
    with pytest.raises(InternalError, match="no lock entry") as caught:
        act.reply(["rubbish", "1"], [good.text, "5"])
    assert caught.value.key == "ns:l:{a}"


def test_a_key_of_another_kind_is_named() -> None:
    act = acquiring_act().fail(InternalError("WRONGTYPE somewhere"))
    asked = [str(effect.args[1]) for effect in act.asked if isinstance(effect, Call)]
    with pytest.raises(InternalError, match="is a hash, and should be a zset") as caught:
        act.reply(*["hash" if key == "ns:b:{a}" else "none" for key in asked])
    assert caught.value.key == "ns:b:{a}"


def test_where_no_key_is_to_blame_the_error_stays_as_it_is() -> None:
    error = InternalError("something else")
    act = acquiring_act().fail(error)
    with pytest.raises(InternalError) as caught:
        act.reply(*["none"] * len(act.asked))
    assert caught.value is error


def test_a_lost_connection_before_the_entry_leaves_nothing_to_take_back() -> None:
    error = ConnectionLost("gone", address="here")
    with pytest.raises(ConnectionLost) as caught:
        acquiring_act().fail(error)
    assert caught.value is error


def test_an_entry_that_may_stand_is_taken_back_and_the_error_is_the_first() -> None:
    error, later = ConnectionLost("gone", address="here"), ConnectionLost("still gone", address="here")
    act = acquiring_act().look().fail(error)
    assert script_of(act.asked[0]) == "release"
    assert isinstance(act.asked[0], Eval)
    with pytest.raises(ConnectionLost) as caught:
        act.fail(later)
    assert caught.value is error
