"""``as_rate_limiter()`` in every face: what its operations do, and what they leave alone. (And its numbers: below.)"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from redicts import LockLost, PipelineMisused, Proxy, RateLimited, WaitTimeout, WrongType
from redicts.leaves.rate_limiter import Decision, RateLimiter
from tests.contract.variants import once_each
from tests.support.backends import Backend
from tests.support.trees import nothing_written


def acts(*given: Callable[[], object]) -> tuple[Callable[[], object], ...]:
    """What is to be tried, one after another."""
    return given


@pytest.fixture
def limiter(tree: Proxy) -> RateLimiter:
    """A limiter at a place where nothing is: one in 100 s, three at once."""
    return tree.get("app.limit").as_rate_limiter(3, per=300)


def test_nothing_is_there_before_the_first_hit(limiter: RateLimiter, tree: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        assert limiter.peek() == limiter.peek(3) == Decision(True, 3, 0.0, 0.0)
        assert (limiter.length(), limiter.rate, limiter.per, limiter.burst) == (0, 3, 300, 3)
        limiter.reset()
        limiter.clear()
    assert bool(limiter)
    assert tree.val() == {}


def test_hits_are_let_through_until_there_are_too_many(limiter: RateLimiter, tree: Proxy, backend: Backend) -> None:
    assert limiter.hit() == Decision(True, 2, 0.0, 100.0)
    assert tree.get("app.limit").kind() == "rate_limiter"
    assert tree.val()["app"]["limit"] == pytest.approx((time.time() + 100) * 1e6, abs=5e6)
    with nothing_written(backend):
        assert limiter.peek(2).allowed
        refused = limiter.hit(3)
        assert (refused.allowed, refused.remaining) == (False, 2)
        assert 95 < refused.retry_after <= 100
    second = limiter.check()
    assert (second.allowed, second.remaining, second.retry_after) == (True, 1, 0.0)
    assert 195 < second.reset_after <= 200
    assert limiter.wait(timeout=5).remaining == 0
    assert limiter.length() == 3
    with nothing_written(backend):
        for refused in (limiter.hit(), limiter.peek()):
            assert (refused.allowed, refused.remaining) == (False, 0)
            assert 95 < refused.retry_after <= 100
            assert 295 < refused.reset_after <= 300
        with pytest.raises(RateLimited, match=r"'app\.limit' is reached \(3 per 300 s, 3 at once\)") as caught:
            limiter.check()
        assert (caught.value.path, 95 < caught.value.retry_after <= 100) == ("app.limit", True)
    assert 295 < tree.get("app.limit").time_to_live() <= 300
    limiter.reset()
    assert (limiter.hit(3).allowed, limiter.hit().allowed) == (True, False)
    limiter.clear()
    assert (tree.val(), backend.keys()) == ({}, [])


def test_waiting_that_would_be_in_vain_is_told_at_once(limiter: RateLimiter, backend: Backend) -> None:
    assert limiter.hit(3).allowed
    began = time.monotonic()
    with nothing_written(backend):
        for timeout in (0, 0.5, 90):
            with pytest.raises(WaitTimeout, match="not in time") as caught:
                limiter.wait(timeout)
            assert (caught.value.path, caught.value.timeout) == ("app.limit", timeout)
        if backend.through == "queued":
            with pytest.raises(PipelineMisused, match="a pipeline cannot wait"):
                limiter.wait()
    assert time.monotonic() - began < 2


def test_waiting(tree: Proxy, backend: Backend) -> None:
    if backend.through == "queued":
        pytest.skip("a pipeline cannot wait")
    limiter = tree.get("limit").as_rate_limiter(50, burst=2)
    began = time.monotonic()
    assert all(limiter.wait().allowed for _ in range(5))
    assert limiter.wait(timeout=5, count=2).allowed
    assert 0.1 <= time.monotonic() - began < 2


def test_bad_input(limiter: RateLimiter, tree: Proxy, backend: Backend) -> None:
    place: Any = tree.get("app.limit")
    with nothing_written(backend):
        for wrong in (0, -1, float("nan"), float("inf"), float("-inf")):
            with pytest.raises(ValueError, match="rate is above 0 and finite"):
                place.as_rate_limiter(wrong)
            with pytest.raises(ValueError, match="per is above 0 and finite"):
                place.as_rate_limiter(1, per=wrong)
        for strange in (True, "1", None, 1j):
            with pytest.raises(TypeError, match="rate is a number"):
                place.as_rate_limiter(strange)
            with pytest.raises(TypeError, match="per is a number"):
                place.as_rate_limiter(1, per=strange)
        for burst in (0, -1, 10**9 + 1):
            with pytest.raises(ValueError, match="burst is at"):
                place.as_rate_limiter(1, burst=burst)
        for strange in (True, 1.0, "1"):
            with pytest.raises(TypeError, match="burst is an integer"):
                place.as_rate_limiter(1, burst=strange)
        with pytest.raises(ValueError, match="in a second"):
            place.as_rate_limiter(2e9)
        with pytest.raises(ValueError, match="in a second"):
            place.as_rate_limiter(1, per=1e-300)
        with pytest.raises(ValueError, match="too slow"):
            place.as_rate_limiter(1e-9, burst=2)
        with pytest.raises(ValueError, match="too slow"):
            place.as_rate_limiter(1, per=1e300)
        for act in (limiter.hit, limiter.check, limiter.peek, lambda count: limiter.wait(1, count)):
            for count in (0, -1):
                with pytest.raises(ValueError, match="count is at least 1"):
                    act(count)
            with pytest.raises(ValueError, match="at most 3 here, not 4: so many are never let through"):
                act(4)
            for strange in (True, 1.0, "1", None):
                with pytest.raises(TypeError, match="count is an integer"):
                    act(strange)  # type: ignore[arg-type]
        for timeout in (-1, float("nan")):
            with pytest.raises(ValueError, match="timeout"):
                limiter.wait(timeout)


@pytest.mark.parametrize("value", [1, [], None, {"x": 1}])
def test_another_kind_is_left_alone(limiter: RateLimiter, tree: Proxy, backend: Backend, value: Any) -> None:
    tree.set("app.limit", value)
    with nothing_written(backend):
        for act in (*acts(limiter.hit, limiter.check, limiter.wait, limiter.peek), limiter.length, limiter.reset):
            with pytest.raises(WrongType) as caught:
                act()
            assert caught.value.expected == "rate_limiter"


def test_under_a_lost_lock(limiter: RateLimiter, tree: Proxy) -> None:
    lease = tree.get("app").acquire(expire_timeout=30)
    assert limiter.hit().allowed
    assert tree.get("app").break_locks()
    for act in acts(limiter.hit, limiter.check, limiter.wait, limiter.reset, limiter.clear):
        with pytest.raises(LockLost):
            act()
    assert limiter.length() == 1
    with pytest.raises(LockLost):
        lease.release()


def test_the_place_goes_by_itself(tree: Proxy, backend: Backend) -> None:
    place = tree.get("app.limit")
    limiter = place.as_rate_limiter(1, per=100, burst=5)
    assert limiter.hit().allowed
    assert 99 < place.time_to_live() <= 100.1
    assert limiter.hit(2).allowed
    assert 299 < place.time_to_live() <= 300.1
    assert place.expire(1000)
    assert limiter.hit().allowed
    assert 999 < place.time_to_live() <= 1000
    assert place.persist()
    assert limiter.hit().allowed
    assert (place.time_to_live(), limiter.hit().allowed) == (-1, False)
    limiter.reset()
    tree.set("app.other", 1)
    assert tree.get("app").expire(50)
    assert limiter.hit().allowed
    assert 49 < place.time_to_live() <= 50
    assert limiter.hit().allowed
    assert 49 < place.time_to_live() <= 50
    assert tree.check() == []
    backend.advance(51)
    assert (limiter.peek().remaining, tree.val()) == (5, {})


def test_a_section_as_a_limiter(tree: Proxy, backend: Backend) -> None:
    limiter = tree.get("limit").as_rate_limiter(1, per=10, burst=2)
    assert (limiter.hit().remaining, limiter.hit().remaining, limiter.hit().allowed) == (1, 0, False)
    assert 19 < tree.get("limit").time_to_live() <= 20.1
    backend.advance(21)
    assert (limiter.peek(), tree.val(), tree.children()) == (Decision(True, 2, 0.0, 0.0), {}, [])


@once_each
def test_limiters_of_many_users_are_tidied(tree: Proxy, backend: Backend) -> None:
    tree.set("app.other", 1)
    for number in range(40):
        assert tree.get(f"app.user{number}").as_rate_limiter(1, per=5).hit().allowed
        if number % 5 == 4:
            backend.advance(6)
    assert backend.client.hlen(backend.database.space.node(("app",))) < 30


# ---- its numbers


class Model:
    """GCRA in fractions, as its definition says: the theoretical arrival time, and how far that may be ahead."""

    def __init__(self, rate: Any, per: Any, burst: int) -> None:
        self.cost = Fraction(str(per)) * 1_000_000 / Fraction(str(rate))
        self.burst = burst
        self.arrival = Fraction(0)

    def hit(self, now: int, count: int) -> tuple[bool, int, int, int]:
        """What a hit at a time gives: allowed, remaining, and in whole us when to retry, and when all is as before."""
        new = max(self.arrival, Fraction(now)) + count * self.cost
        over = new - now - self.burst * self.cost
        if over <= 0:
            self.arrival = new
        ahead = max(self.arrival - now, Fraction(0))
        left = (self.burst * self.cost - ahead) // self.cost
        return over <= 0, left, max(0, -(-over // 1)), -(-ahead // 1)


def asked(limiter: Any, count: int) -> tuple[int, tuple[bool, int, int, int]]:
    """Hit, by the script itself: it tells the server's time that it went by."""
    reply = limiter._place._run(limiter._run_writing("rate_limiter_hit", *limiter._args(count)), False)
    allowed, more, wait, ahead, now = reply
    return int(now), (bool(allowed), int(more), int(wait), int(ahead))


RATES = [
    (3, 1, 3), (1, 1, 1), (10, 60, 10), (7, 0.01, 2), (0.5, 0.001, 4), (1000, 0.3, 17), (12345.678, 1, 5),
    (333333, 1, 1000), (2**20 - 3, 1, 50), (1e6, 1, 10**9), (7e8, 1, 3), (0.1, 1e-5, 1),
]  # fmt: skip


@pytest.mark.parametrize(("rate", "per", "burst"), RATES)
def test_it_is_what_the_definition_says(tree: Proxy, backend: Backend, rate: Any, per: Any, burst: int) -> None:
    """To the last microsecond, and however many have come: nothing adds up."""
    if backend.through != "sync":
        pytest.skip("about numbers")
    limiter, model = tree.get("a.limit").as_rate_limiter(rate, per, burst), Model(rate, per, burst)
    choose, allowed = random.Random(burst), 0
    for _ in range(60):
        count = choose.choice([1, 1, 1, burst, choose.randint(1, burst)])
        now, found = asked(limiter, count)
        assert found == model.hit(now, count)
        allowed += found[0]
        if choose.random() < 0.05:
            time.sleep(choose.random() * 0.002)
    assert allowed


def test_no_more_and_no_less_than_the_rate_lets_through(tree: Proxy, backend: Backend) -> None:
    """Hit as fast as one can: their number is that of the rate exactly, within one. A third of a us adds up to none."""
    if backend.through != "sync":
        pytest.skip("about numbers")
    limiter, cost = tree.get("a.limit").as_rate_limiter(3000, burst=1000), Fraction(1000, 3)
    first, found = asked(limiter, 1000)
    assert found[:2] == (True, 0)
    allowed, now = 0, first
    while now < first + 250_000:  # less than the burst lasts: nothing is lost while the machine is busy elsewhere
        now, found = asked(limiter, 1)
        allowed += found[0]
        assert 0 <= (now - first) // cost - allowed - found[1] <= 1
    print(f"{allowed} of {float((now - first) / cost):.1f} in {now - first} us")
    assert allowed > 10


def test_it_is_told_when_to_come_again(tree: Proxy, backend: Backend) -> None:
    """After so long it is let through; a moment before, it is not."""
    if backend.through != "sync":
        pytest.skip("about numbers")
    limiter = tree.get("a.limit").as_rate_limiter(30, burst=2)
    for _ in range(5):
        while True:
            now, found = asked(limiter, 1)
            if not found[0]:
                break
        assert 0 < found[2] <= 33_334
        time.sleep(max(0.0, found[2] / 1e6 - 0.004))
        early, again = asked(limiter, 1)
        assert again[0] is (early >= now + found[2])
        if not again[0]:
            assert early + again[2] == now + found[2], "the moment stays"
            time.sleep(again[2] / 1e6)
            assert limiter.hit().allowed


def test_a_clock_that_is_set_back(limiter: RateLimiter, tree: Proxy, backend: Backend) -> None:
    """What is stored is farther ahead than it can be: it counts as a burst that was used up, and no more."""
    assert limiter.hit().allowed
    body, client = backend.database.space.body(("app", "limit")), backend.client
    client.set(body, str(int((time.time() + 10**6) * 1e6)), keepttl=True)
    found = limiter.peek()
    assert (found.allowed, found.remaining, found.retry_after, found.reset_after) == (False, 0, 100.0, 300.0)
    assert limiter.hit().retry_after == 100.0
    client.set(body, str(int((time.time() - 10**6) * 1e6)), keepttl=True)
    assert limiter.hit().remaining == 2


def test_another_rate_goes_on_from_there(limiter: RateLimiter, tree: Proxy, backend: Backend) -> None:
    assert limiter.hit(3).allowed
    place = tree.get("app.limit")
    faster = place.as_rate_limiter(7, per=300).peek()
    assert (faster.allowed, faster.remaining) == (False, 0)
    assert 40 < faster.retry_after <= 43
    assert 295 < faster.reset_after <= 300
    slower = place.as_rate_limiter(1, per=1000).peek()
    assert (slower.allowed, 295 < slower.retry_after <= 300) == (False, True)
    more = place.as_rate_limiter(3, per=300, burst=7)
    assert (more.peek().remaining, more.hit(4).allowed) == (4, True)
    assert limiter.peek().remaining == 0
    thirds = place.as_rate_limiter(7, per=300, burst=100)
    assert thirds.hit().allowed
    raw: Any = backend.client.get(backend.database.space.body(("app", "limit")))
    assert raw.endswith(b"/7")
    assert isinstance(tree.val()["app"]["limit"], int)
    assert limiter.hit().retry_after == 100.0
