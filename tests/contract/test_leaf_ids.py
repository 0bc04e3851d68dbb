"""``as_ids()`` in every face: what its operations give, and what they leave alone."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from redicts import InternalError, LockLost, Proxy, WrongType
from redicts.leaves.ids import Ids
from tests.support.backends import Backend
from tests.support.trees import nothing_written

LAST = 2**63 - 1


@pytest.fixture
def ids(tree: Proxy) -> Ids:
    """IDs at a place where nothing is."""
    return tree.get("app.ids").as_ids()


def test_nothing_is_there_before_the_first_one(ids: Ids, tree: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        assert (ids.last(), ids.length(), ids.reserve(0), bool(ids)) == (0, 0, range(0), True)
        ids.raise_to(0)
        ids.clear()
    assert tree.val() == {}


def test_they_grow_from_one_on(ids: Ids, tree: Proxy) -> None:
    other = tree.get("app").get("ids").as_ids()
    assert [ids.next(), other.next(), ids.next()] == [1, 2, 3]
    assert (other.reserve(1000), ids.next()) == (range(4, 1004), 1004)
    assert (ids.last(), ids.length(), other.last()) == (1004, 1004, 1004)
    assert tree.val() == {"app": {"ids": 1004}}
    assert tree.get("app.ids").kind() == "ids"


def test_they_are_an_iterator_without_end(ids: Ids, tree: Proxy) -> None:
    assert next(ids) == 1
    assert list(islice(ids, 3)) == [2, 3, 4]
    assert [number for number, _ in zip(tree.get("app.ids").as_ids(), "ab", strict=False)][:2] == [5, 6]
    assert iter(ids) is ids


def test_cleared_they_begin_again(ids: Ids, tree: Proxy, backend: Backend) -> None:
    _ = ids.reserve(5)
    ids.clear()
    assert (tree.val(), backend.keys(), ids.next()) == ({}, [], 1)


def test_raised_they_go_on_above(ids: Ids) -> None:
    ids.raise_to(41)
    assert ids.next() == 42
    for last in (41, 42, 7, 0):
        ids.raise_to(last)
        assert ids.last() == 42
    ids.raise_to(10**18)
    assert ids.next() == 10**18 + 1


def test_no_digit_is_lost(ids: Ids, tree: Proxy) -> None:
    """A Lua number holds 53 bits."""
    for border in (2**53 - 3, 2**53 + 101, 10**18 - 3):
        ids.raise_to(border)
        assert [ids.next() for _ in range(5)] == [border + step for step in range(1, 6)]
        assert ids.reserve(3) == range(border + 6, border + 9)
        assert tree.val() == {"app": {"ids": border + 8}}
    ids.clear()
    assert ids.reserve(2**53 + 1) == range(1, 2**53 + 2)
    assert ids.reserve(2**53 + 1)[0] == 2**53 + 2


def test_the_end_of_all_ids(ids: Ids, tree: Proxy, backend: Backend) -> None:
    ids.raise_to(LAST - 2)
    with nothing_written(backend), pytest.raises(OverflowError, match=r"not so many IDs left at 'app\.ids'"):
        _ = ids.reserve(3)
    assert ids.next() == LAST - 1
    assert ids.next() == LAST
    with nothing_written(backend):
        for act in (ids.next, lambda: next(ids), lambda: ids.reserve(LAST)):
            with pytest.raises(OverflowError):
                act()
    assert (ids.last(), tree.val()) == (LAST, {"app": {"ids": LAST}})
    ids.clear()
    assert ids.reserve(LAST) == range(1, LAST + 1)


def test_bad_input(ids: Any, tree: Proxy, backend: Backend) -> None:
    place: Any = tree.get("app.ids")
    with nothing_written(backend):
        for count in (-1, 2**63):
            for act in (ids.reserve, ids.raise_to):
                with pytest.raises(ValueError, match="at least"):
                    act(count)
        for wrong in (True, 1.0, "1", None):
            for act in (ids.reserve, ids.raise_to):
                with pytest.raises(TypeError, match="whole number"):
                    act(wrong)
            with pytest.raises(TypeError, match="block is a whole number"):
                place.as_ids(block=wrong)
        for block in (0, -1, 2**63):
            with pytest.raises(ValueError, match="block is 1 at least"):
                place.as_ids(block=block)


@pytest.mark.parametrize("value", [None, 1, "1", {"a": 1}])
def test_a_place_that_holds_something_else(ids: Ids, tree: Proxy, backend: Backend, value: Any) -> None:
    tree.set("app.ids", value)
    with nothing_written(backend):
        for act in (ids.next, lambda: next(ids), lambda: ids.reserve(2), ids.last, lambda: ids.raise_to(9), ids.clear):
            with pytest.raises(WrongType) as caught:
                act()
            assert caught.value.expected == "ids"


def test_a_body_that_is_no_number(ids: Ids, backend: Backend) -> None:
    _ = ids.next()
    client: Any = backend.client
    for text in ("12x", "", "1.5", "-"):
        client.set(backend.database.space.body(("app", "ids")), text)
        for act in (ids.next, lambda: ids.reserve(2), ids.last, lambda: ids.raise_to(9)):
            with pytest.raises(InternalError):
                act()
        assert client.get(backend.database.space.body(("app", "ids"))) == text.encode()
    client.set(backend.database.space.body(("app", "ids")), "7")
    assert ids.next() == 8


def test_time_to_live(ids: Ids, tree: Proxy, backend: Backend) -> None:
    """With the place goes what was given: they begin again."""
    _ = ids.reserve(5)
    assert tree.get("app").expire(100)
    assert ids.next() == 6
    ids.raise_to(20)
    assert 90 < tree.get("app.ids").time_to_live() <= 100
    backend.advance(101)
    assert (ids.last(), tree.val(), ids.next()) == (0, {}, 1)
    tree.set("app.else", 1)
    assert tree.get("app").expire(100)
    other = tree.get("app.more").as_ids()
    assert other.next() == 1
    assert 90 < tree.get("app.more").time_to_live() <= 100


def test_under_a_lost_lock(ids: Ids, tree: Proxy, backend: Backend) -> None:
    lease = tree.get("app").acquire(expire_timeout=30)
    assert ids.next() == 1
    assert tree.get("app").break_locks()
    with nothing_written(backend):
        for act in (ids.next, lambda: ids.reserve(2), lambda: ids.raise_to(9), ids.clear):
            with pytest.raises(LockLost):
                act()
    with pytest.raises(LockLost):
        lease.release()
    assert ids.next() == 2


# ---- blocks


@pytest.fixture
def block(tree: Proxy, backend: Backend) -> Ids:
    """A handle that fetches ten at a time."""
    if backend.through == "queued":
        pytest.skip("a pipeline has no blocks")
    return tree.get("app.ids").as_ids(block=10)


def test_a_block_is_handed_out(ids: Ids, block: Ids, tree: Proxy, backend: Backend) -> None:
    assert block.next() == 1
    assert tree.val() == {"app": {"ids": 10}}
    with nothing_written(backend):
        assert [block.next() for _ in range(5)] == [2, 3, 4, 5, 6]
        assert block.reserve(3) == range(7, 10)
    assert ids.next() == 11
    assert (block.next(), block.next(), ids.next()) == (10, 12, 22)
    assert block.last() == 22


def test_what_is_reserved_follows_on_itself(ids: Ids, block: Ids) -> None:
    assert block.reserve(25) == range(1, 26)
    assert block.next() == 26  # a block of its own: 26 to 35
    assert block.reserve(20) == range(27, 47)  # 36 to 55 were fetched, which follow on what it has
    assert ids.next() == 56
    assert block.reserve(12) == range(57, 69)  # 47 to 55 are too few: they are passed over
    assert (block.next(), ids.last()) == (69, 78)


def test_two_handles_have_blocks_of_their_own(block: Ids, tree: Proxy) -> None:
    other = tree.get("app.ids").as_ids(block=5)
    given = [(block.next(), other.next()) for _ in range(12)]
    for numbers in zip(*given, strict=True):
        assert list(numbers) == sorted(set(numbers))
    assert len({number for pair in given for number in pair}) == 24


def test_a_block_that_was_raised_above(ids: Ids, block: Ids) -> None:
    assert block.next() == 1
    block.raise_to(5)
    assert block.next() == 6  # of the same block
    block.raise_to(100)
    assert (block.next(), ids.next()) == (101, 111)


def test_a_block_that_was_cleared(block: Ids, tree: Proxy) -> None:
    assert block.reserve(3) == range(1, 4)
    block.clear()
    assert (tree.val(), block.next()) == ({}, 1)


def test_the_last_block(block: Ids, ids: Ids) -> None:
    ids.raise_to(LAST - 5)
    with pytest.raises(OverflowError):
        _ = block.next()
    assert ids.next() == LAST - 4
