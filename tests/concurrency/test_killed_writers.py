"""A writing process is killed (SIGKILL) at random points: what it was about to write is there whole, or not at all.

One process forks the victims and kills them, since a fork costs a hundredth of a new interpreter. A victim's documents
are larger than a socket takes at once, so that it often dies in the middle of sending.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pytest

from redicts import Pool, Proxy
from tests.concurrency.trees import Spot
from tests.support.processes import Processes
from tests.support.waiting import wait_until

NODES = 30
LEAVES = 20


class Deaths(NamedTuple):
    """What the process that killed the others saw.

    Attributes:
        kills: How many were killed.
        advanced: How many of them had written something.
        faults: What was torn, or found by ``check()``.
    """

    kills: int
    advanced: int
    faults: list[str]


def large(g: int) -> Any:
    """Give the document of a generation: 600 leaves in 30 nodes, or a leaf of some size, or a small node."""
    text = f"{g} " * 20
    if g % 5 == 0:
        return [g, text * 50]
    if g % 5 == 1:
        return {"g": g}
    return {"g": g, **{f"n{i}": {f"k{j}": f"{text}{i}.{j}" for j in range(LEAVES)} for i in range(NODES)}}


def write_until_killed(tree: Proxy, first: int) -> None:
    """Write, replace, update and remove, one generation after the other."""
    for g in itertools.count(first):
        tree.set("victim.doc", large(g))
        tree.update({"left": {"doc": large(g)}, "right.of.it": large(g), "victim.last": g})
        if g % 3 == 0:
            tree.delete("victim.doc")
        elif g % 3 == 1:
            tree.pop("victim.doc", None)
        tree.set("victim.token", {"a": {"b": g}}, expire=0.01)
        tree.get("victim.count").add()
        tree.get("victim.moved").transform(partial(_replace, g))


def _has_written(tree: Proxy, before: int) -> bool:
    return bool(tree.get("victim.last").val(0) > before)


def _replace(g: int, _: Any) -> Any:
    return large(g)


def faults_in(tree: Proxy) -> list[str]:
    """Look for anything torn."""
    found = [f"check: {problem}" for problem in tree.check()]
    value = tree.val()
    victim = value.get("victim", {})
    for place, document in (("doc", victim.get("doc")), ("moved", victim.get("moved"))):
        if document is not None and document != large(_generation(document)):
            found.append(f"{place}: {str(document)[:200]}")
    pair = [value.get("left", {}).get("doc"), value.get("right", {}).get("of", {}).get("it")]
    if pair[0] != pair[1] or (pair[0] is not None and pair[0] != large(_generation(pair[0]))):
        found.append(f"left and right: {str(pair)[:200]}")
    if pair[0] is not None and victim.get("last") != _generation(pair[0]):
        found.append(f"an update in part: {victim.get('last')}")
    return found


def _generation(document: Any) -> int:
    return int(document["g"] if isinstance(document, dict) else document[0])


def kill_often(spot: Spot, kills: int, seconds: float) -> Deaths:
    """Fork writers and kill them at random points, so many times or so long."""
    tree = spot.open()
    tree.set("victim.last", 0)
    client = Pool().get_connection()
    connections = client.info("clients")["connected_clients"]
    choose = random.Random(11)
    faults: list[str] = []
    advanced = 0
    deadline = time.monotonic() + seconds
    killed = 0
    while killed < kills and time.monotonic() < deadline:
        before = int(tree.get("victim.last").val(0))
        victim = os.fork()
        if victim == 0:
            try:
                write_until_killed(tree, before + 1)
            finally:
                os._exit(1)
        if killed % 4 != 0:  # else at once: it may not even be connected
            wait_until(partial(_has_written, tree, before), what="a first write of the victim")
        time.sleep(choose.uniform(0, 0.02))
        os.kill(victim, signal.SIGKILL)
        _, status = os.waitpid(victim, 0)
        if not os.WIFSIGNALED(status):
            faults.append(f"the victim ended by itself: {status}")
        killed += 1
        advanced += _has_written(tree, before)
        faults += faults_in(tree)
    # What a victim had sent whole is carried out even now; the server is through with it when it closes its side.
    wait_until(lambda: client.info("clients")["connected_clients"] <= connections, what="the end of the connections")
    return Deaths(killed, advanced, faults)


def test_nothing_half_written_is_left(spot: Spot, processes: Processes, open_tree: Callable[..., Proxy]) -> None:
    deaths = processes.start(kill_often, spot, 24, 20).result()
    print(f"{deaths.kills} writers killed, {deaths.advanced} of them after a first write")
    assert deaths.faults == []
    assert deaths.kills >= 10
    assert deaths.advanced >= deaths.kills // 2
    spot.assert_clean(open_tree(spot))


def test_torn_documents_are_found(tree: Proxy) -> None:
    tree.update({"left.doc": large(2), "right.of.it": large(2), "victim": {"last": 2, "doc": large(3)}})
    assert faults_in(tree) == []
    tree.delete("victim.doc.n7.k3")
    assert len(faults_in(tree)) == 1
    tree.set("victim.last", 3)
    assert len(faults_in(tree)) == 2


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_many_deaths(spot: Spot, processes: Processes, open_tree: Callable[..., Proxy], soak_seconds: float) -> None:
    deaths = processes.start(kill_often, spot, 10**6, soak_seconds / 2).result(soak_seconds + 30)
    print(f"{deaths.kills} writers killed, {deaths.advanced} of them after a first write")
    assert deaths.faults == []
    spot.assert_clean(open_tree(spot))
