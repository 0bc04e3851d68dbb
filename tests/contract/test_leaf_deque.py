"""``as_deque()`` in every face: what its operations do, and what they leave alone."""

from __future__ import annotations

import copy
import sys
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest

from redicts import InvalidElement, Proxy, WaitTimeout, WrongType
from redicts.leaves.deque import Deque
from tests.contract.variants import sync_only
from tests.support.backends import Backend
from tests.support.trees import nothing_written

LIFE = 1000


@pytest.fixture
def last(tree: Proxy) -> Deque[Any]:
    """A deque of three at most, at a place where nothing is."""
    return tree.get("app.last").as_deque(maxlen=3)


@pytest.fixture
def free(tree: Proxy) -> Deque[Any]:
    """The same place, with no limit."""
    return tree.get("app.last").as_deque()


def test_nothing_is_there_before_the_first_element(last: Deque[Any], tree: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        assert (last.to_list(), last.length(), last.maxlen) == ([], 0, 3)
        for take in (last.pop, last.popleft):
            with pytest.raises(IndexError, match="pop from an empty deque"):
                take()
        with pytest.raises(IndexError, match="deque index out of range"):
            last.get(0)
        with pytest.raises(ValueError, match="not in the deque"):
            last.remove(1)
        last.rotate(5)
        last.reverse()
        last.clear()
        last.repeat(4)
        last.extend("")
        last.extendleft([])
    assert not tree.get("app").exists()


def test_both_ends(free: Deque[Any], tree: Proxy) -> None:
    free.append("b")
    free.appendleft("a")
    free.extend(["c", None])
    free.extendleft([1, 2])
    assert free.to_list() == [2, 1, "a", "b", "c", None]
    assert tree.val() == {"app": {"last": [2, 1, "a", "b", "c", None]}}
    assert tree.get("app.last").kind() == "deque"
    assert (free.popleft(), free.pop(), free.index("b"), free.count(1), free.contains("a")) == (2, None, 2, 1, True)
    free.insert(1, "x")
    free.insert(-1, "y")
    free.remove("a")
    free.delete(0)
    free.set(-1, "z")
    assert free.to_list() == ["x", "b", "y", "z"]
    for _ in range(4):
        free.popleft()
    assert tree.val() == {}


def test_what_is_too_many_goes_at_the_other_end(last: Deque[Any]) -> None:
    for act, expected in (
        (lambda: last.extend("abcdefgh"), "fgh"),
        (lambda: last.append("i"), "ghi"),
        (lambda: last.appendleft("j"), "jgh"),
        (lambda: last.extendleft("klmno"), "onm"),
        (lambda: last.repeat(7), "onm"),
        (lambda: last.extendleft("p"), "pon"),
        (last.pop, "po"),
        (lambda: last.insert(1, "x"), "pxo"),
        (lambda: last.extend("q"), "xoq"),
        (last.popleft, "oq"),
        (lambda: last.repeat(2), "qoq"),
    ):
        act()
        assert last.to_list() == [*expected]
    with pytest.raises(IndexError, match="deque already at its maximum size"):
        last.insert(0, "y")
    assert last.to_list() == [*"qoq"]


def test_a_limit_of_none_at_all(last: Deque[Any], tree: Proxy, backend: Backend) -> None:
    nothing = tree.get("app.last").as_deque(maxlen=0)
    given = iter(range(100))
    with nothing_written(backend):
        nothing.append(1)
        nothing.appendleft(1)
        nothing.extend(given)
        assert next(given, "used up") == "used up"
        nothing.extendleft([1])
        nothing.repeat(2)
        with pytest.raises(IndexError, match="maximum size"):
            nothing.insert(0, 1)
    assert not tree.get("app").exists()
    last.append(1)
    nothing.extend([])
    assert last.to_list() == [1]
    nothing.append(2)
    assert not tree.get("app").exists()
    last.append(1)
    nothing.extend([2, 3])
    assert not tree.get("app").exists()


def test_a_limit_is_the_handles_own(last: Deque[Any], free: Deque[Any]) -> None:
    free.extend(range(6))
    last.rotate(2)
    assert free.to_list() == [4, 5, 0, 1, 2, 3]
    last.appendleft("x")
    assert free.to_list() == ["x", 4, 5]


def test_many(last: Deque[Any], free: Deque[Any], backend: Backend) -> None:
    many = 9001 if backend.real else 4501
    free.extend(range(many))
    free.extendleft(range(many))
    model = deque([*range(many)])
    model.extendleft(range(many))
    for by in (1, -1, 5000, -5000, many, 2 * many + 3, 10**30 + 7, -(10**30) - 7):
        free.rotate(by)
        model.rotate(by % (2 * many))
    assert free.to_list() == [*model]
    last.extend(range(many))
    assert last.to_list() == [many - 3, many - 2, many - 1]


@pytest.mark.parametrize("backend", ["valkey-resp3"], indirect=True)
def test_of_a_million_only_the_last_are_sent(tree: Proxy) -> None:
    """More than one command may carry, and than it sends."""
    last = tree.get("app.last").as_deque(maxlen=10)
    last.extend(number % 10 for number in range(1_000_003))
    assert last.to_list() == [3, 4, 5, 6, 7, 8, 9, 0, 1, 2]


def test_whatever_does_not_empty_it_leaves_its_life(last: Deque[Any], tree: Proxy) -> None:
    last.extend("abc")
    place = tree.get("app.last")
    assert place.expire(LIFE)
    for act in (
        lambda: last.append("d"), lambda: last.appendleft("e"), lambda: last.extend("fghi"), last.rotate, last.reverse,
        lambda: last.rotate(-1), lambda: last.extendleft("jklm"), last.pop, lambda: last.insert(0, "n"), last.popleft,
        lambda: last.repeat(5), lambda: last.delete(1), lambda: last.remove(last.get(0)),
    ):  # fmt: skip
        act()
        assert last.length() > 0
        assert LIFE - 60 < place.time_to_live() <= LIFE


def test_another_kind_is_left_alone(last: Deque[Any], tree: Proxy, backend: Backend) -> None:
    nothing = tree.get("app.last").as_deque(maxlen=0)
    tree.get("app.last").as_list().append(1)
    with nothing_written(backend):
        for act in (
            last.to_list, last.length, last.pop, last.popleft, last.clear, last.rotate, lambda: last.append(1),
            lambda: last.appendleft(1), lambda: last.extend([1]), lambda: last.insert(0, 1), lambda: nothing.append(1),
        ):  # fmt: skip
            with pytest.raises(WrongType) as caught:
                act()
            assert (caught.value.expected, caught.value.found) == ("deque", "list")
    assert tree.val() == {"app": {"last": [1]}}


def test_a_limit_that_is_none(tree: Proxy) -> None:
    bad: Any
    for bad in ("3", 3.0, [3]):
        with pytest.raises(TypeError, match="integer is required"):
            tree.get("x").as_deque(maxlen=bad)
    with pytest.raises(ValueError, match="maxlen must be non-negative"):
        tree.get("x").as_deque(maxlen=-1)
    with pytest.raises(OverflowError):
        tree.get("x").as_deque(maxlen=sys.maxsize + 1)
    assert tree.get("x").as_deque(maxlen=sys.maxsize).maxlen == sys.maxsize


def test_what_does_not_fit_is_not_sent(tree: Proxy, free: Deque[Any], backend: Backend) -> None:
    free.append("x")
    numbers = tree.get("app.last").as_deque(of=int, maxlen=2)

    def failing() -> Iterator[Any]:
        yield 1
        raise ZeroDivisionError

    with nothing_written(backend):
        for values, error in (([1, "a", 2, 3], InvalidElement), (None, TypeError), (failing, ZeroDivisionError)):
            for act in (numbers.extend, numbers.extendleft):
                with pytest.raises(error):  # also for those that would not stay
                    act(values() if callable(values) else values)  # type: ignore[arg-type]
        for take in (numbers.pop, numbers.popleft):
            with pytest.raises(InvalidElement):
                take()
    assert free.to_list() == ["x"]
    numbers.appendleft(7)
    assert numbers.popleft() == 7


def test_waiting(free: Deque[Any]) -> None:
    if type(free).__name__.startswith("Piped"):
        pytest.skip("a pipeline cannot wait")
    for take in (free.blocking_pop, free.blocking_popleft):
        with pytest.raises(WaitTimeout):
            take(timeout=0)
    with pytest.raises(WaitTimeout):
        free.blocking_popleft(timeout=0.02)
    free.extend([1, 2, 3])
    assert (free.blocking_popleft(), free.blocking_pop(1), free.blocking_pop(timeout=0)) == (1, 3, 2)


# -- what only the synchronous face has -----------------------------------------------------------------------------


@sync_only
def test_operators_give_deques(tree: Proxy, last: Deque[Any]) -> None:
    other = tree.get("other").as_deque()
    last.extend("ab")
    other.extend("bc")
    copied: Any = copy.copy  # which gives what __copy__ says, and so no leaf
    copied_deeply: Any = copy.deepcopy
    results: list[tuple[deque[Any], str, int | None]] = [
        (last + other, "bbc", 3),
        (last + deque("xyz"), "xyz", 3),
        (deque("xyz") + last, "xyzab", None),
        (other + last, "bcab", None),
        (last * 2, "bab", 3),
        (3 * other, "bcbcbc", None),
        (last * -1, "", 3),
        (last.copy(), "ab", 3),
        (copied(last), "ab", 3),
        (copied_deeply(other), "bc", None),
    ]
    for result, expected, maxlen in results:
        assert type(result) is deque
        assert ("".join(result), result.maxlen) == (expected, maxlen)
    for bad in ("ab", ["a"], ("a",)):
        with pytest.raises(TypeError):
            _ = last + bad  # type: ignore[operator]
    with pytest.raises(TypeError):
        _ = last * "a"  # type: ignore[operator]


@sync_only
def test_in_place_it_is_the_leaf(tree: Proxy, last: Deque[Any]) -> None:
    same = last
    last += "ab"
    last *= 2
    last += last
    assert last is same
    assert last.to_list() == [*"bab"]
    last.extendleft(last)
    assert last.to_list() == [*"bab"]
    free = tree.get("app.free").as_deque()
    free.extend("abc")
    free.extendleft(tree.get("app.free").as_deque())
    free += free
    assert free.to_list() == [*"cbaabccbaabc"]
    free *= 0
    assert not tree.get("app.free").exists()


@sync_only
def test_compared_with_deques_only(last: Deque[Any], tree: Proxy) -> None:
    last.extend("abc")
    assert last == deque("abc")
    assert deque("abc") == last == tree.get("app.last").as_deque()
    assert last != [*"abc"]
    assert deque("ab") < last < deque("abd")
    assert deque("abc") >= last <= deque("b") > last >= deque("abc")
    with pytest.raises(TypeError):
        _ = last < [*"abd"]  # type: ignore[operator]
    with pytest.raises(TypeError):
        hash(last)


@sync_only
def test_the_limit_stays(last: Deque[Any]) -> None:
    with pytest.raises(AttributeError):
        last.maxlen = 4  # type: ignore[misc]
    assert last.maxlen == 3


@sync_only
def test_no_slices(last: Deque[Any]) -> None:
    last.extend("abc")
    bad: Any
    for bad in (slice(0, 1), "x", 1.0, None):
        for act in (lambda bad=bad: last[bad], lambda bad=bad: last.__setitem__(bad, 1)):
            with pytest.raises(TypeError, match="sequence index must be integer, not"):
                act()
        with pytest.raises(TypeError, match="sequence index must be integer, not"):
            del last[bad]
    last[0], last[-1] = "x", "z"
    del last[1]
    assert (list(last), list(reversed(last)), "x" in last, len(last)) == (["x", "z"], ["z", "x"], True, 2)
    for at in (2, -3):
        with pytest.raises(IndexError):
            _ = last[at]
    for count in ("x", 1.0, None):
        with pytest.raises(TypeError):
            last.rotate(count)  # type: ignore[arg-type]
