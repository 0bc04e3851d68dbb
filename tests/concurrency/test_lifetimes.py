"""Names used once, with short lives, made by several processes: what they leave is bounded, and nothing alive goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from redicts import Proxy
from tests.concurrency.brief import LIFE, WAYS, Made, check_until, make_brief_names
from tests.concurrency.trees import Spot, new_spot
from tests.support.processes import Processes
from tests.support.servers import Server
from tests.support.waiting import wait_until

OpenTree = Callable[..., Proxy]
MAKERS = 3
NAMES = 120


class Run(NamedTuple):
    """What the processes said, and where they were."""

    spot: Spot
    made: list[Made]
    checks: int
    faults: list[str]


def run_makers(spot: Spot, names: int, seconds: float) -> Run:
    """Have several processes make names, while another checks."""
    with Processes() as processes:
        checker = processes.start(check_until, spot, "done")
        makers = [processes.prepare(make_brief_names, spot, me, names) for me in range(MAKERS)]
        for maker in makers:
            maker.go()
        made = [maker.result(seconds) for maker in makers]
        spot.open().set("done", 1)
        checks, faults = checker.result(30)
        return Run(spot, made, checks, faults)


@pytest.fixture(scope="module")
def run(server: Server) -> Run:
    """One run on each kind of server."""
    return run_makers(new_spot(server), NAMES, 60)


def residue(spot: Spot, tree: Proxy) -> dict[str, int]:
    """Count the entries that nothing lives at any more, for each way of making names."""
    space = tree._where().space
    client = tree._where().client
    left = {way: client.hlen(space.node((way,))) - len(tree.get([way])) for way in WAYS if way != "section"}
    left["section"] = client.scard(space.sections) - len(tree)
    return left


def test_nothing_alive_was_removed(run: Run, open_tree: OpenTree) -> None:
    assert [made.gone for made in run.made] == [[]] * MAKERS
    tree = open_tree(run.spot)
    kept = {path: value for made in run.made for path, value in made.kept.items()}
    assert {path: tree.get(path).val() for path in kept} == kept
    assert len(kept) == MAKERS * (NAMES // 25) * len(WAYS)


def test_check_finds_nothing_while_names_come_and_go(run: Run) -> None:
    print(f"{run.checks} checks while {MAKERS * NAMES * len(WAYS)} names came and went")
    assert run.faults == []
    assert run.checks >= 3


@pytest.mark.parametrize("way", WAYS)
def test_the_residue_is_bounded(run: Run, open_tree: OpenTree, way: str) -> None:
    tree = open_tree(run.spot)
    names = MAKERS * NAMES
    # All that was brief has ended by now; what it left is less than a tenth of what it would be without tidying.
    wait_until(lambda: len(tree.get([way])) <= names // 25, what="the end of all that was brief")
    left = residue(run.spot, tree)[way]
    print(f"{way}: {left} of {names} names left an entry behind")
    assert left < names / 5


def test_later_writes_tidy_the_rest(run: Run, open_tree: OpenTree) -> None:
    tree = open_tree(run.spot)
    before = residue(run.spot, tree)
    for number in range(100):
        tree.set(["leaf", f"later-{number}"], 1, expire=3600)
    after = residue(run.spot, tree)
    assert after["leaf"] <= before["leaf"]
    assert after["leaf"] <= 20, "a hundred writes look at 400 entries, and nearly all of them live"


def test_nothing_is_left_in_the_end(run: Run, open_tree: OpenTree) -> None:
    tree = open_tree(run.spot)
    run.spot.assert_clean(tree)


def test_an_hour_is_not_over(tree: Proxy) -> None:
    """The lives above are short on purpose; they are far from those that must not end."""
    tree.set("a", 1, expire=LIFE)
    tree.set("b.c", 1, expire=3600)
    wait_until(lambda: not tree.get("a").exists(), what="the end of a short life")
    assert 3590 < tree.get("b.c").time_to_live() <= 3600


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_the_residue_stays_bounded(server: Server, open_tree: OpenTree, soak_seconds: float) -> None:
    names = int(soak_seconds * 15)
    run = run_makers(new_spot(server), names, soak_seconds * 4 + 60)
    assert (run.faults, [made.gone for made in run.made]) == ([], [[]] * MAKERS)
    tree = open_tree(run.spot)
    left = residue(run.spot, tree)
    print(f"{MAKERS * names} names each way, left behind: {left}")
    assert max(left.values()) < 200 + MAKERS * names / 10
    run.spot.assert_clean(tree)
