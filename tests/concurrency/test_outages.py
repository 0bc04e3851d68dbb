"""The server is killed (SIGKILL) and restarted under load: what it acknowledged is there, and clients go on."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from redicts import Proxy
from tests.concurrency.journal import Journal, entry, keep_journal, missing_entries
from tests.concurrency.trees import Spot
from tests.support.processes import Processes
from tests.support.servers import KINDS, Server
from tests.support.waiting import wait_until

OpenTree = Callable[..., Proxy]
StartServer = Callable[..., Server]
WRITERS = 3

EVERYSEC_SECONDS = 2.0
"""What a server that flushes every second may lose: a write waits for a flush that is late, for up to two seconds."""


class Outcome(NamedTuple):
    """What the writers say, and when the server was killed (monotonic clock)."""

    journals: list[Journal]
    kills: list[float]


def kill_under_load(server: Server, spot: Spot, folder: Path, rounds: int, progress: int) -> Outcome:
    """Have processes write; kill and restart the server whenever each has written so many entries more.

    The first time it stays away until each writer has given up trying and been told so.
    """
    stop = folder / "stop"
    kills: list[float] = []
    with Processes() as processes:
        writers = [processes.prepare(keep_journal, spot, me, stop, {"socket_timeout": 5}) for me in range(WRITERS)]
        for writer in writers:
            writer.go()
        for _ in range(rounds):
            _await_progress(server, spot, progress)
            kills.append(time.monotonic())
            server.kill()
            for writer in writers if len(kills) == 1 else ():
                writer.expect("ConnectionLost")
            server.restart()
        _await_progress(server, spot, progress)
        stop.touch()
        return Outcome([writer.result(60) for writer in writers], kills)


def _await_progress(server: Server, spot: Spot, progress: int) -> None:
    keys = [f"{spot.namespace}:n:{{w{me}}}.entries" for me in range(WRITERS)]
    with server.client() as client:
        before = [client.hlen(key) for key in keys]
        wait_until(
            lambda: all(client.hlen(key) - size >= progress for key, size in zip(keys, before, strict=True)),
            seconds=60,
            what="progress of every writer",
        )


def tell(name: str, outcome: Outcome, lost: int) -> None:
    """Print the numbers of a run."""
    acknowledged = sum(len(journal.acknowledged) for journal in outcome.journals)
    attempted = sum(journal.attempted for journal in outcome.journals)
    errors: Counter[str] = sum((Counter(journal.errors) for journal in outcome.journals), Counter())
    longest = max(outage for journal in outcome.journals for outage in journal.outages)
    print(
        f"{name}: {len(outcome.kills)} kills, {attempted} entries tried, {acknowledged} acknowledged, {lost} lost; "
        f"{dict(errors)}; longest without an answer {longest:.2f} s"
    )


def assert_lived_through(outcome: Outcome, tree: Proxy) -> None:
    """Assert that every writer met the outages, went on, and left its last words."""
    for journal in outcome.journals:
        assert set(journal.errors) <= {"ConnectionLost", "OutcomeUnknown"}
        assert journal.outages, "it met no outage"
        assert journal.attempted in journal.acknowledged, "it did not go on to the end"
        last = journal.attempted
        state = {"last": last, "shape": entry(journal.me, last) if last % 2 else last}
        assert tree.get(f"w{journal.me}.state").val() == state
        assert tree.get(f"w{journal.me}.count").val() <= len(journal.sums) + journal.unknown, "one was counted twice"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_acknowledged_is_lost_when_every_write_is_flushed(
    start_server: StartServer, open_tree: OpenTree, tmp_path: Path, kind: str
) -> None:
    server = start_server(kind, appendonly="yes", appendfsync="always")
    _strict(server, open_tree, tmp_path, rounds=3, progress=25)


def _strict(server: Server, open_tree: OpenTree, folder: Path, rounds: int, progress: int) -> None:
    spot = Spot(server.url, "strict")
    outcome = kill_under_load(server, spot, folder, rounds, progress)
    tree = open_tree(spot)
    assert tree.check() == []
    lost = {journal.me: missing_entries(tree, journal) for journal in outcome.journals}
    tell(f"{server.kind}, always", outcome, sum(map(len, lost.values())))
    assert lost == {me: {} for me in range(WRITERS)}
    assert_lived_through(outcome, tree)
    for journal in outcome.journals:
        count = tree.get(f"w{journal.me}.count").val()
        assert journal.sums == sorted(set(journal.sums)), "a sum went back, or came twice"
        assert count >= journal.sums[-1]
        assert len(journal.sums) <= count <= len(journal.sums) + journal.unknown
    spot.assert_clean(tree)


def test_everysec_loses_no_more_than_its_policy_says(
    start_server: StartServer, open_tree: OpenTree, tmp_path: Path
) -> None:
    server = start_server(appendonly="yes", appendfsync="everysec")
    _everysec(server, open_tree, tmp_path, rounds=3, progress=50)


def _everysec(server: Server, open_tree: OpenTree, folder: Path, rounds: int, progress: int) -> None:
    spot = Spot(server.url, "everysec")
    outcome = kill_under_load(server, spot, folder, rounds, progress)
    tree = open_tree(spot)
    assert tree.check() == []
    lost = {journal.me: missing_entries(tree, journal) for journal in outcome.journals}
    tell(f"{server.kind}, everysec", outcome, sum(map(len, lost.values())))
    for entries in lost.values():
        for n, when in entries.items():
            assert any(kill - EVERYSEC_SECONDS <= when <= kill for kill in outcome.kills), (n, when, outcome.kills)
    assert_lived_through(outcome, tree)
    spot.assert_clean(tree)


def test_a_journal_tells_what_is_lost(start_server: StartServer, open_tree: OpenTree, tmp_path: Path) -> None:
    """Without an append-only file everything before the kill is lost, and must be found missing."""
    server = start_server()
    spot = Spot(server.url, "lossy")
    outcome = kill_under_load(server, spot, tmp_path, rounds=1, progress=20)
    tree = open_tree(spot)
    assert all(len(missing_entries(tree, journal)) >= 20 for journal in outcome.journals)
    tree.set("w0.entries.e1", {"n": 1})
    with pytest.raises(AssertionError, match="half an entry"):
        missing_entries(tree, outcome.journals[0])


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("policy", ["always", "everysec"])
def test_many_outages(
    start_server: StartServer, open_tree: OpenTree, tmp_path: Path, soak_seconds: float, kind: str, policy: str
) -> None:
    server = start_server(kind, appendonly="yes", appendfsync=policy)
    check = _strict if policy == "always" else _everysec
    check(server, open_tree, tmp_path, rounds=max(2, int(soak_seconds / 3)), progress=60)
