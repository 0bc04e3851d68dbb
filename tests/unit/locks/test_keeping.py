"""One acquisition by hand: giving it back, renewing it, asking for it; what is known when the answer is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from redicts.core.effects import Call, Eval
from redicts.errors import ConnectionLost, InternalError, LockLost, NotOwner, OutcomeUnknown
from redicts.locks.holding import Holding
from redicts.locks.keeping import ensure_held, give_back, hand_over, renew
from redicts.locks.owners import current_holdings, find, process
from redicts.locks.reading import release_keys
from tests.unit.locks.acts import NOW, Act, Clock, held

TIME = ["1700000000", "123456"]


@pytest.fixture
def holding(clock: Clock) -> Iterator[Holding]:
    """A lock that this thread holds, for 30 seconds."""
    made = held()
    process().add(made)
    yield made
    process().remove(made)


def release_of(holding: Holding) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    return ("release", release_keys(holding.keys), (holding.text,))


def asked(act: Act) -> tuple[str, tuple[str, ...], object]:
    effect = act.script
    return (effect.script.name, effect.keys, effect.args)


def unknown() -> OutcomeUnknown:
    return OutcomeUnknown("cut", address="here", commands=["EVALSHA"])


# -- giving back ------------------------------------------------------------------------------------------------------


def test_a_release_takes_one_trip(holding: Holding) -> None:
    act = Act(give_back(holding))
    assert asked(act) == release_of(holding)
    assert holding in current_holdings(), "it is held until the server has said"
    act.reply(1)
    assert (act.done, act.trips, current_holdings()) == (True, 1, ())
    assert not holding.is_lost


def test_what_was_released_is_not_released_again(holding: Holding) -> None:
    Act(give_back(holding)).reply(1)
    with pytest.raises(NotOwner, match="was released already") as caught:
        Act(give_back(holding))
    assert (caught.value.path, caught.value.owner) == ("a.b", holding.owner)


def test_a_release_that_finds_nothing_is_a_lost_lock(holding: Holding) -> None:
    act = Act(give_back(holding))
    with pytest.raises(LockLost, match=r"had run out \(after 30\.0 s\) or was broken") as caught:
        act.reply(0)
    assert caught.value.path == "a.b"
    assert holding.is_lost
    assert current_holdings() == ()


def test_renewal_ends_before_the_release_is_sent(holding: Holding) -> None:
    told: list[Holding] = []
    holding.stop_renewal = told.append
    act = Act(give_back(holding))
    assert told == [holding]
    act.reply(1)


@pytest.mark.parametrize(("late", "again", "lost"), [(0, 0, False), (0, 1, False), (31, 1, False), (31, 0, True)])
def test_a_release_whose_reply_was_lost_is_sent_again(
    holding: Holding, clock: Clock, late: float, again: int, lost: bool
) -> None:
    """It finds nothing where it was carried out the first time: then the lease tells whether it was in time."""
    act = Act(give_back(holding))
    clock.now += late
    act.fail(unknown())
    assert asked(act) == release_of(holding)
    if lost:
        with pytest.raises(LockLost):
            act.reply(again)
    else:
        assert act.reply(again).done
    assert current_holdings() == ()


def test_a_release_that_was_not_sent_can_be_tried_again(holding: Holding) -> None:
    with pytest.raises(ConnectionLost):
        Act(give_back(holding)).fail(ConnectionLost("gone", address="here"))
    assert current_holdings() == (holding,)
    assert Act(give_back(holding)).reply(1).done


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("works", [True, False])
def test_a_release_that_is_interrupted_is_made_up_for(holding: Holding, kind: type[BaseException], works: bool) -> None:
    error = kind()
    act = Act(give_back(holding)).interrupt(error)
    assert asked(act) == release_of(holding)
    with pytest.raises(kind) as caught:
        _ = act.reply(1) if works else act.fail(ConnectionLost("gone", address="here"))
    assert caught.value is error
    assert current_holdings() == ()


def test_a_release_that_is_dropped_asks_for_nothing_more(holding: Holding) -> None:
    act = Act(give_back(holding))
    act.op.close()
    assert current_holdings() == (holding,)


# -- renewing ---------------------------------------------------------------------------------------------------------


def test_locks_are_renewed_in_one_trip(clock: Clock) -> None:
    one, other, gone = held(lease_ms=1000), held("x", lease_ms=5000), held("y", lease_ms=1000)
    act = Act(renew([one, other, gone]))
    names = [(effect.script.name, effect.keys, effect.args) for effect in act.asked if isinstance(effect, Eval)]
    assert names == [
        ("renew", ("ns:f:{a}", "ns:l:{a}.b", "ns:b:{a}", "ns:b:"), (one.text, "1000")),
        ("renew", ("ns:f:{x}", "ns:l:{x}", "ns:b:"), (other.text, "5000")),
        ("renew", ("ns:f:{y}", "ns:l:{y}", "ns:b:"), (gone.text, "1000")),
    ]
    clock.now += 0.25
    act.reply(1, 1, 0)
    assert act.value == [True, True, False]
    assert (one.valid_for(), other.valid_for(), gone.valid_for()) == (0.75, 4.75, 0.75), "from before it was asked"


def test_a_new_lease_counts_from_when_it_was_asked_for(clock: Clock) -> None:
    holding = held(lease_ms=1000)
    clock.now += 0.9
    Act(renew([holding])).reply(1)
    assert holding.valid_for() == pytest.approx(1)
    holding.valid_until = clock.now + 9
    Act(renew([holding])).reply(1)
    assert holding.valid_for() == pytest.approx(9), "none is made shorter"


# -- asking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", [1, 5000])
def test_what_stands_and_is_alive_is_held(holding: Holding, left: int) -> None:
    act = Act(ensure_held(holding))
    assert act.asked == (Call(("ZSCORE", "ns:l:{a}.b", holding.text)), Call(("TIME",)))
    assert act.reply(str(NOW + left), TIME).done
    assert not holding.is_lost


@pytest.mark.parametrize("score", [None, str(NOW), str(NOW - 5)])
def test_what_is_gone_or_has_run_out_is_lost(holding: Holding, score: str | None) -> None:
    act = Act(ensure_held(holding))
    with pytest.raises(LockLost, match="stop what depends on it"):
        act.reply(score, TIME)
    assert holding.is_lost
    with pytest.raises(LockLost):
        Act(ensure_held(holding))  # without asking


def test_a_deadline_that_is_none_is_tampered(holding: Holding) -> None:
    with pytest.raises(InternalError) as caught:
        Act(ensure_held(holding)).reply("nan", TIME)
    assert caught.value.key == "ns:l:{a}.b"
    assert not holding.is_lost


def test_what_was_released_is_not_asked_for(holding: Holding) -> None:
    Act(give_back(holding)).reply(1)
    with pytest.raises(NotOwner):
        Act(ensure_held(holding))


# -- handing over -----------------------------------------------------------------------------------------------------


def test_a_named_lock_is_handed_over(clock: Clock) -> None:
    holding, told = held(owner="job"), list[Holding]()
    process().add(holding)
    holding.stop_renewal = told.append
    hand_over(holding)
    assert (told, current_holdings(), find("db", ("a", "b"), "job")) == ([holding], (), None)
    with pytest.raises(NotOwner):
        hand_over(holding)


def test_a_threads_own_lock_is_not_handed_over(holding: Holding) -> None:
    with pytest.raises(ValueError, match="has no named owner"):
        hand_over(holding)
    assert current_holdings() == (holding,)
