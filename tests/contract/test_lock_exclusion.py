"""Who is let in beside whom: other owners, the same owner again, shared and exclusive, upgrades."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from redicts import LockTimeout, NotOwner
from tests.contract.ground import SECONDS, Ground, Party

IN_THE_WAY = ["a.b", "a", "", "a.b.c", "a.b.c.d"]
"""What the lock at ``a.b`` keeps others out of."""

FREE = ["a.c", "a.bc", "a.c.b", "ab", "b", "b.a.b", r"a\.b", r"a.b\.c"]
"""What it does not."""


def test_others_are_kept_out_here_above_and_below(ground: Ground, rival: Party) -> None:
    with ground.proxy("a.b"):
        assert [path for path in IN_THE_WAY if rival.enters(ground.proxy(path))] == []
        assert [path for path in FREE if not rival.enters(ground.proxy(path))] == []
    assert [path for path in IN_THE_WAY if not rival.enters(ground.proxy(path))] == []


def test_a_named_owner_is_another(ground: Ground) -> None:
    with ground.proxy("a.b"), ground.nothing_written():
        for path in IN_THE_WAY:
            assert ground.proxy(path).try_acquire(owner="another") is None
    with ground.proxy("a.b").acquire(owner="another"), ground.nothing_written():
        for path in IN_THE_WAY:
            assert ground.proxy(path).try_acquire() is None


def test_the_lock_of_the_root_keeps_everybody_out(ground: Ground, rival: Party) -> None:
    with ground.proxy():
        assert [path for path in IN_THE_WAY + FREE if rival.enters(ground.proxy(path))] == []


def test_names_with_dots_braces_and_spaces_are_apart(ground: Ground, rival: Party) -> None:
    for odd in ("x.y", "{x}", "x y", "é", "x\ny", '"', "\\", "*", "x:l:"):
        with ground.proxy(["s", odd]):
            assert not rival.enters(ground.proxy(["s", odd, "below"]))
            assert not rival.enters(ground.proxy("s"))
            assert rival.enters(ground.proxy(["s", odd + "x"]))
            assert rival.enters(ground.proxy(["s", "x"]))
            assert [holder.path for holder in ground.proxy().holders()] == [ground.proxy(["s", odd]).key()]


@pytest.mark.parametrize("order", ["last first", "first first"])
def test_the_same_owner_is_let_in_again(ground: Ground, rival: Party, order: str) -> None:
    for paths in itertools.permutations(("", "a", "a.b.c")):
        leases = [ground.proxy(path).acquire(acquire_timeout=0) for path in paths]
        assert not rival.enters(ground.proxy("a.b.c"))
        if order == "last first":
            leases.reverse()
        while leases:
            held = sorted(lease.path for lease in leases)
            assert [holder.path for holder in ground.proxy().holders()] == held
            assert rival.enters(ground.proxy("x")) == ("" not in held)
            assert rival.enters(ground.proxy("a.x")) == (not {"", "a"} & set(held))
            leases.pop(0).release()
        assert ground.proxy().holders() == []


def test_each_acquisition_is_released_by_itself(ground: Ground, rival: Party) -> None:
    place = ground.proxy("a.b")
    for _ in range(3):
        _ = place.acquire()
    with place:
        assert len(place.holders()) == 4
    for left in (3, 2, 1):
        assert len(place.holders()) == left
        assert not rival.enters(place)
        place.release()
    assert rival.enters(place)
    with ground.nothing_written(), pytest.raises(NotOwner):
        place.release()


def test_release_takes_the_one_acquired_last(ground: Ground) -> None:
    place = ground.proxy("a")
    first, second = place.acquire(shared=True), place.acquire()
    above = ground.proxy().acquire()
    place.release()
    assert [holder.mode for holder in place.holders()] == ["exclusive", "shared"]
    assert place.holders()[0].path == ""
    with pytest.raises(NotOwner, match="released already"):
        second.release()
    above.release()
    first.release()


@pytest.mark.parametrize(("held", "wanted"), list(itertools.product((False, True), (False, True))))
def test_shared_locks_exclude_exclusive_ones_only(ground: Ground, rival: Party, held: bool, wanted: bool) -> None:
    with ground.proxy("a.b").acquire(shared=held):
        for path in IN_THE_WAY:
            assert rival.enters(ground.proxy(path), shared=wanted) == (held and wanted)


def test_the_only_sharer_may_have_it_alone_on_top(ground: Ground, rival: Party) -> None:
    place, below = ground.proxy("a"), ground.proxy("a.b")
    with place.acquire(shared=True):
        assert rival.enters(below, shared=True)
        with place.acquire(acquire_timeout=0) as lease:
            assert lease.mode == "exclusive"
            assert not rival.enters(below, shared=True)
        assert rival.enters(below, shared=True)
        assert not rival.enters(below)


def test_what_is_held_alone_may_be_kept_shared(ground: Ground, rival: Party) -> None:
    alone = ground.proxy("a").acquire()
    with ground.proxy("a").acquire(shared=True):
        assert not rival.enters(ground.proxy("a"), shared=True)
        alone.release()
        assert rival.enters(ground.proxy("a"), shared=True)
        assert not rival.enters(ground.proxy("a"))


def test_one_of_two_sharers_waits_for_the_other(ground: Ground, rival: Party) -> None:
    place = ground.proxy("a")
    other = rival.do(lambda: place.acquire(shared=True))
    with place.acquire(shared=True):
        assert place.try_acquire() is None
        assert len(place.holders()) == 2, "both still share it"
        released = rival.start(other.release)
        with place.acquire(acquire_timeout=SECONDS) as lease:
            assert lease.mode == "exclusive"
        released.result(SECONDS)


def test_of_two_that_upgrade_at_once_one_gives_up(ground: Ground, rival: Party, third: Party) -> None:
    place = ground.proxy("a")
    first = rival.do(lambda: place.acquire(shared=True))
    second = third.do(lambda: place.acquire(shared=True))

    def give_up() -> None:
        with first, pytest.raises(LockTimeout):
            _ = place.acquire(acquire_timeout=0.3)

    def go_through() -> str:
        with second, place.acquire(acquire_timeout=SECONDS) as lease:
            return lease.mode

    mode, given_up = third.start(go_through), rival.start(give_up)
    given_up.result(SECONDS)
    assert mode.result(SECONDS) == "exclusive"
    assert place.holders() == []


def test_two_that_upgrade_at_once_never_both_get_it(ground: Ground, rival: Party, third: Party) -> None:
    place = ground.proxy("a")

    def upgrade() -> bool:
        return place.try_acquire() is not None

    leases = [party.do(lambda: place.acquire(shared=True)) for party in (rival, third)]
    futures = [party.start(upgrade) for party in (rival, third)]
    assert [future.result(SECONDS) for future in futures] == [False, False]
    for party, lease in zip((rival, third), leases, strict=True):
        party.do(lease.release)


def test_a_waiter_goes_on_when_the_holder_releases(ground: Ground, rival: Party) -> None:
    log: list[str] = []

    def enter(path: str) -> None:
        with ground.proxy(path, lock_acquire_timeout=SECONDS):
            log.append("entered")

    for path in IN_THE_WAY:
        log.clear()
        with ground.proxy("a.b"):
            waiting = rival.start(lambda path=path: enter(path))  # type: ignore[misc]
            assert not wait([waiting], timeout=0.03).done, "it came in where it must not"
            log.append("released")
        waiting.result(SECONDS)
        assert log == ["released", "entered"]


def test_sections_of_work_in_threads_never_overlap(ground: Ground) -> None:
    counter = ground.proxy("count.er").set((), 0)

    def work(path: str) -> None:
        for _ in range(10):
            with ground.proxy(path, lock_acquire_timeout=SECONDS):
                counter.store((), counter.val() + 1)

    with ThreadPoolExecutor(4) as executor:
        list(executor.map(work, ["count.er", "count", "", "count.er"]))
    assert counter.val() == 40
