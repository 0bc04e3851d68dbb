"""IDs without a server: blocks, lines, when a proposal is decided, and what is said when time is over."""

from __future__ import annotations

import threading
from itertools import permutations
from typing import Any

import pytest

from redicts.core.effects import WAITING, Everywhere, Refused, Sleep
from redicts.errors import ConnectionLost, QuorumIsImpossible, QuorumNotAchieved, WrongType
from redicts.leaves.parts import id_majority
from redicts.leaves.parts.id_line import ThreadLine, Turn, line_of
from redicts.leaves.parts.id_majority import _decided
from redicts.leaves.parts.id_source import MOST, Block, Fetched
from tests.interleaving.ids_world import _Ids, _Place

GONE = ConnectionLost("gone", address="x")


class TestBlock:
    def test_what_comes_in_another_order_is_given_in_order(self) -> None:
        """Three threads have fetched at once."""
        for order in permutations([range(1, 4), range(4, 7), range(9, 12)]):
            block, given = Block("here"), list[int]()
            for ids in order:
                block.add(ids)
                while ids[0] == 9 and (taken := block.take(1)):
                    given.append(taken[0])
            while taken := block.take(1):
                given.append(taken[0])
            assert given == sorted(set(given))
            assert set(given) >= {9, 10, 11}

    def test_a_smaller_one_that_comes_late_is_dropped(self) -> None:
        block = Block("here")
        block.add(range(11, 21))
        assert block.take(2) == range(11, 13)
        block.add(range(1, 11))
        assert block.take(1) == range(13, 14)

    def test_what_follows_on_another_is_one(self) -> None:
        block = Block("here")
        block.add(range(11, 21))
        block.add(range(1, 11))
        assert block.take(15) == range(1, 16)
        assert block.take(6) is None
        assert block.take(5) == range(16, 21)
        assert block.take(1) is None

    def test_passed_over(self) -> None:
        block = Block("here")
        block.add(range(1, 11))
        block.pass_over(4)
        block.add(range(21, 31))
        assert block.take(1) == range(5, 6)
        block.pass_over(25)
        block.pass_over(3)
        assert block.take(5) == range(26, 31)

    def test_of_another_database_it_is_empty(self) -> None:
        fetched = Fetched(10)
        fetched.block("here").add(range(1, 11))
        assert fetched.block("hereabouts"[:4]).take(1) == range(1, 2)
        assert fetched.block("there").take(1) is None
        assert fetched.block("here").take(1) is None
        fetched.block("here").add(range(21, 31))
        fetched.drop()
        assert fetched.block("here").take(1) is None

    def test_of_another_process_it_is_empty(self, monkeypatch: pytest.MonkeyPatch) -> None:
        fetched = Fetched(10)
        fetched.block("here").add(range(1, 11))
        monkeypatch.setattr("os.getpid", lambda: -1)
        assert fetched.block("here").take(1) is None


class TestLine:
    def test_one_leads_and_serves_those_who_came_before(self) -> None:
        line = ThreadLine("key")
        leader, other = line.enter(2), line.enter(3)
        line.wait(leader, 0)
        assert leader.leads
        line.wait(other, 0)
        assert not other.leads
        chosen = line.propose(leader, 0, MOST)
        assert chosen == ([leader, other], range(1, 6))
        late = line.enter(1)
        line.serve(*chosen)
        assert (leader.ids, other.ids, late.ids) == (range(1, 3), range(3, 6), None)
        line.leave(leader)
        line.wait(other, 0)
        assert not other.leads
        line.wait(late, 0)
        assert late.leads
        assert line.propose(late, 0, MOST) == ([late], range(1, 2)), "nothing was learned yet"

    def test_who_waits_goes_on_when_it_is_served_or_may_lead(self) -> None:
        line = ThreadLine("key")
        leader, other, third = line.enter(1), line.enter(1), line.enter(1)
        line.wait(leader, 0)
        threads = [threading.Thread(target=line.wait, args=(each, 30)) for each in (other, third)]
        for thread in threads:
            thread.start()
        line.serve([leader, other], range(1, 3))
        line.leave(leader)
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive()
        assert (other.ids, other.leads, third.leads) == (range(2, 3), False, True)

    def test_one_that_is_gone_is_not_served(self) -> None:
        line = ThreadLine("key")
        leader, gone = line.enter(1), line.enter(5)
        line.wait(leader, 0)
        line.leave(gone)
        assert line.propose(leader, 0, MOST) == ([leader], range(1, 2))

    def test_where_there_are_not_enough_for_all(self) -> None:
        line = ThreadLine("key")
        line.learn(MOST - 3)
        leader, other = line.enter(2), line.enter(2)
        line.wait(leader, 0)
        assert line.propose(leader, 7, MOST) == ([leader], range(MOST - 2, MOST))
        line.leave(other)
        line.learn(MOST - 1)
        assert line.propose(leader, 0, MOST) is None

    def test_handles_of_one_place_share_a_line(self, monkeypatch: pytest.MonkeyPatch) -> None:
        one = line_of(None, "what", None)
        assert line_of(None, "what", None) is one
        assert line_of(None, "what", one) is one
        assert line_of(None, "other", one) is not one
        monkeypatch.setattr("os.getpid", lambda: -1)
        assert line_of(None, "what", one) is not one


class TestDecided:
    @pytest.mark.parametrize(
        ("outcomes", "suspects", "expected"),
        [
            ([WAITING] * 5, set[int](), False),
            (["", "", WAITING, WAITING, WAITING], set[int](), False),
            (["", "", "", WAITING, WAITING], set[int](), True),
            (["5", "5", WAITING, WAITING, WAITING], set[int](), False),
            (["5", "5", "5", WAITING, WAITING], set[int](), True),
            ([GONE, GONE, GONE, WAITING, WAITING], set[int](), True),
            (["5", GONE, GONE, WAITING, WAITING], set[int](), True),
            (["5", WAITING, WAITING, "", ""], set[int](), False),
            (["5", WAITING, WAITING, "", ""], {1, 2}, True),  # those failed before: something higher is proposed
            (["", WAITING, WAITING, "", WAITING], {1, 2}, False),  # nobody has refused
            (["5", WAITING, WAITING, WAITING, ""], {1, 2, 3}, False),  # without them there is no majority
            (["", ""], set[int](), True),
            (["", WAITING], set[int](), False),
            (["", "5"], set[int](), True),
        ],
    )
    def test_when(self, outcomes: list[Any], suspects: set[int], expected: bool) -> None:
        need = len(outcomes) // 2 + 1
        assert _decided(need, frozenset(suspects), outcomes) is expected


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(id_majority, "monotonic", lambda: now[0])
    return now


def asked_again_and_again(timeout: float, clock: list[float], outcomes: Any) -> int:
    """Answer every proposal, each after a second. Gives how many there were."""
    op = _Ids(_Place(3), [], 1, timeout, 1)._fetch(1)
    proposals, seen = 0, 40
    (effect,) = next(op)
    while True:
        if isinstance(effect, Turn):
            effect.line.wait(effect.ticket, 0)
            (effect,) = op.send((None,))
        elif isinstance(effect, Sleep):
            assert 0 <= effect.seconds <= 0.01
            (effect,) = op.send((None,))
        else:
            assert isinstance(effect, Everywhere)
            proposals += 1
            clock[0] += 1
            seen += 10
            try:
                (effect,) = op.send((outcomes(seen),))
            except Exception as error:
                error.args = (*error.args, proposals)
                raise


def test_others_that_are_always_faster(clock: list[float]) -> None:
    with pytest.raises(QuorumNotAchieved, match=r"within 5\.0 s: others were faster every time") as caught:
        _ = asked_again_and_again(5, clock, lambda seen: [str(seen), "", str(seen + 1)])
    assert not isinstance(caught.value, QuorumIsImpossible)
    assert caught.value.args[-1] == 5
    assert caught.value.path == "a.ids"
    assert caught.value.masters == {"m0": "90 was taken there", "m2": "91 was taken there"}


def test_no_time_is_one_try(clock: list[float]) -> None:
    """And one more, where the first showed what others took."""
    with pytest.raises(QuorumNotAchieved) as caught:
        _ = asked_again_and_again(0, clock, lambda seen: [str(seen), "", str(seen)])
    assert caught.value.args[-1] == 2


def test_a_majority_that_failed_is_told_at_once(clock: list[float]) -> None:
    with pytest.raises(QuorumIsImpossible, match=r"m0: gone; m2: gone\. No ID was given") as caught:
        _ = asked_again_and_again(5, clock, lambda seen: [GONE, str(seen), GONE])
    assert (caught.value.args[-1], caught.value.masters) == (1, {"m0": "gone", "m2": "gone"})


def test_a_majority_that_holds_something_else(clock: list[float]) -> None:
    other = Refused("WRONGKIND", "@list")
    with pytest.raises(WrongType, match="holds a list"):
        _ = asked_again_and_again(5, clock, lambda _: [other, "", other])
    with pytest.raises(QuorumIsImpossible, match=r"m0: 'a\.ids' holds a list, not IDs; m2: gone"):
        _ = asked_again_and_again(5, clock, lambda _: [other, "", GONE])
