"""``fork`` in the middle of use: parent and children go on, and nobody gets another one's reply.

The forks happen in a process of their own, and a child that hangs is ended by its alarm.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from redicts import Pool, Proxy, root
from tests.concurrency.trees import Spot
from tests.support.processes import Processes

HANG_SECONDS = 20
THREADS = 4


def forked(work: Callable[[], object]) -> int:
    """Fork a child that does the work and ends; its number."""
    child = os.fork()
    if child:
        return child
    try:
        signal.alarm(HANG_SECONDS)
        work()
        os._exit(0)
    except BaseException:  # noqa: BLE001  # this process must not go on as its parent
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(1)


def ended_well(child: int) -> bool:
    """Wait for a child's end; False where it failed or hung."""
    _, status = os.waitpid(child, 0)
    return status == 0


def use(tree: Proxy, who: str, rounds: int) -> None:
    """Write and read what nobody else writes, and check each reply."""
    own = tree.get(["own", who])
    for number in range(rounds):
        own.set((), {"who": who, "deep": {"number": number}})
        assert own.val() == {"who": who, "deep": {"number": number}}
        assert own.get("who").val() == who
        assert own.get("deep.number").add() == number + 1
        assert set(own.children()) == {"who", "deep"}
        tree.get("total").add()


def fork_among_threads(spot: Spot, forks: int) -> dict[str, Any]:
    """Fork while threads are in the middle of operations over few connections.

    Not while one makes the first connection of all, and imports modules for it: a module's lock that a thread holds
    at that moment stays locked in the child (of Python, not of redicts).
    """
    tree = spot.open(max_connections=THREADS + 1)
    tree.val()
    stop = threading.Event()
    rounds = [0] * THREADS
    failures: list[str] = []

    def work(me: int) -> None:
        try:
            while not stop.is_set():
                use(tree, f"thread {me}", 1)
                rounds[me] += 1
        except Exception:  # noqa: BLE001  # told in the end
            failures.append(traceback.format_exc())

    threads = [threading.Thread(target=work, args=(me,)) for me in range(THREADS)]
    for thread in threads:
        thread.start()
    good = 0
    for number in range(forks):
        child = forked(lambda number=number: use(tree, f"child {number}", 5))  # type: ignore[misc]
        use(tree, "parent", 2)
        good += ended_well(child)
    stop.set()
    for thread in threads:
        thread.join(HANG_SECONDS)
    return {"good": good, "rounds": rounds, "failures": failures}


def test_threads_and_forks_together(spot: Spot, tree: Proxy, processes: Processes) -> None:
    forks = 25
    child = processes.start(fork_among_threads, spot, forks)
    result = child.result(90)
    print(f"{forks} forks among {THREADS} threads that did {result['rounds']} rounds")
    assert result["failures"] == []
    assert result["good"] == forks
    assert all(result["rounds"])
    assert tree.get("total").val() == forks * (5 + 2) + sum(result["rounds"]), "an addition was lost, or made twice"
    spot.assert_clean(tree)


def map_in_forked_workers(spot: Spot, jobs: int) -> list[int]:
    """Use a ``multiprocessing`` pool of forked workers, begun after the tree was used."""
    tree = spot.open(max_connections=2)
    use(tree, "parent before", 3)
    with multiprocessing.get_context("fork").Pool(4) as workers:
        outcome = workers.map_async(use_in_worker, range(jobs), chunksize=1)
        use(tree, "parent meanwhile", 10)
        return outcome.get(HANG_SECONDS)


def use_in_worker(number: int) -> int:
    """Use the tree that the parent has opened; nothing is opened here."""
    use(root(), f"job {number}", 3)
    return os.getpid()


def test_multiprocessing_by_fork(spot: Spot, tree: Proxy, processes: Processes) -> None:
    pids = processes.start(map_in_forked_workers, spot, 20).result(60)
    assert len(pids) == 20
    assert tree.get("total").val() == 20 * 3 + 3 + 10
    assert len(tree.get("own").children()) == 22
    spot.assert_clean(tree)


def fork_inside_operations(spot: Spot) -> dict[str, Any]:
    """Fork inside the function of ``transform``, and in the middle of a walk; both sides go on with it."""
    tree = spot.open(max_connections=1, timeout_secs=5)
    tree.set("journal", [])
    children: list[int] = []

    def append_and_fork(old: list[int]) -> list[int]:
        if not children:
            child = os.fork()
            if child == 0:
                signal.alarm(HANG_SECONDS)
            children.append(child)
        return [*old, os.getpid()]

    try:
        journal = tree.get("journal").transform(append_and_fork)
        if children[0] == 0:
            assert journal.count(os.getpid()) == 1
            os._exit(0)
    finally:
        if children == [0]:
            os._exit(1)
    good = [ended_well(children[0])]

    tree.set("doc", {f"n{i}": {f"k{j}": i * 10 + j for j in range(10)} for i in range(250)})
    expected = sorted(range(2500))
    walk = tree.get("doc").iter_children()
    first = [leaf.val() for leaf in itertools.islice(walk, 100)]

    def finish() -> None:
        assert sorted(first + [leaf.val() for leaf in walk]) == expected

    child = forked(finish)
    finish()
    good.append(ended_well(child))
    return {"good": good, "journal": sorted(tree.get("journal").val()) == sorted([children[0], os.getpid()])}


def test_a_fork_inside_an_operation(spot: Spot, tree: Proxy, processes: Processes) -> None:
    assert processes.start(fork_inside_operations, spot).result(60) == {"good": [True, True], "journal": True}
    spot.assert_clean(tree)


def fork_and_compare_connections(spot: Spot) -> dict[str, Any]:
    """Fork, use the tree in the child and let it end; see which connections each side had."""
    tree = spot.open(max_connections=1)
    tree.set("a", 1)
    before = Pool().get_connection().client_id()

    def use_and_tell() -> None:
        tree.set("child", Pool().get_connection().client_id())
        Pool().close()

    good = ended_well(forked(use_and_tell))
    assert tree.get("a").val() == 1
    return {
        "good": good,
        "the parent keeps its connection": Pool().get_connection().client_id() == before,
        "the child has its own": tree.get("child").val() != before,
    }


def test_each_side_has_connections_of_its_own(spot: Spot, tree: Proxy, processes: Processes) -> None:
    result = processes.start(fork_and_compare_connections, spot).result(60)
    assert result == {"good": True, "the parent keeps its connection": True, "the child has its own": True}
    spot.assert_clean(tree)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_many_forks_among_threads(spot: Spot, tree: Proxy, processes: Processes, soak_seconds: float) -> None:
    forks = int(soak_seconds * 4)
    result = processes.start(fork_among_threads, spot, forks).result(soak_seconds + 120)
    print(f"{forks} forks among {THREADS} threads that did {sum(result['rounds'])} rounds")
    assert (result["failures"], result["good"]) == ([], forks)
    spot.assert_clean(tree)
