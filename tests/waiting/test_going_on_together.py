"""One release lets everybody go on that can: for other paths, sharing, upgrading; also when one that was woken dies."""

from __future__ import annotations

import os
import signal
import time

import pytest
import redis

from redicts import Lock
from tests.support.processes import Processes
from tests.support.waiting import wait_until
from tests.waiting.crowd import Crowd

SOON = 5
"""Seconds, on a busy machine. Where nobody looks for itself, a wake-up that is missing costs a minute."""

TOGETHER = {
    "children": ("a", [(f"a.{name}", False) for name in "bcdefghi"]),
    "sharing": ("a.b", [("a.b", True)] * 8),
    "sharing here and below": ("a", [("a", True), ("a.b", True), ("a.b.c", True), ("a.b", True), ("a.d", True)]),
    "sharing above": ("a.b.c", [("a.b", True), ("a", True), ("", True), ("a.b.c", True), ("a.b.c.d", True)]),
    "below the root": ("", [("a", False), ("b", False), ("c.d", False), ("c.e", True), ("c.e", True)]),
}


@pytest.mark.usefixtures("no_looks")
@pytest.mark.parametrize("case", TOGETHER)
def test_all_whom_one_release_sets_free_go_on(crowd: Crowd, case: str) -> None:
    held, wanted = TOGETHER[case]
    with crowd.lock(held):
        waiters = [crowd.join(path, shared=shared, keep=True) for path, shared in wanted]
        began = time.monotonic()
        assert len(set(crowd.in_line())) == 1, "in one line"
    slowest = max(waiter.has_it() for waiter in waiters) - began
    print(f"{case}: {len(waiters)} waiters went on within {slowest * 1000:.1f} ms of one release")
    assert slowest < SOON
    for waiter in waiters:
        assert waiter.end() is None
    crowd.nothing_is_left()


@pytest.mark.usefixtures("no_looks")
def test_one_after_the_other_where_they_exclude_each_other(crowd: Crowd) -> None:
    """Of those who wait for a parent some want the same child, some the parent itself: each release wakes the next."""
    with crowd.lock("a"):
        waiters = [crowd.join(path) for path in ("a.b", "a.b", "a", "a.c", "a.b", "a", "a.b.c")]
    for waiter in waiters:
        assert waiter.end() is None
    assert sorted(map(id, crowd.order)) == sorted(map(id, waiters))
    crowd.nothing_is_left()


@pytest.mark.usefixtures("no_looks")
def test_one_that_waits_to_upgrade_is_woken(crowd: Crowd) -> None:
    with crowd.lock("a", shared=True, owner="mine"):
        other = crowd.join("a", shared=True, keep=True, in_line=False)
        other.has_it()
        newcomer = crowd.join("a")
        upgrade = crowd.join("a", owner="mine", keep=True)
        assert crowd.in_line() == ["u:{a}", "w:{a}"]
        began = time.monotonic()
        other.release()
        assert upgrade.has_it() - began < SOON
        assert newcomer.acquired_at == 0
        upgrade.release()
    assert newcomer.end() is None
    crowd.nothing_is_left()


def take(url: str, namespace: str, path: str) -> None:
    """Acquire a lock and keep it, in a process of its own."""
    with redis.Redis.from_url(url) as client, Lock(client, path, namespace=namespace):
        print("acquired", flush=True)
        time.sleep(60)


@pytest.mark.usefixtures("no_looks")
def test_one_that_is_killed_while_it_waits_costs_the_others_nothing(valkey_crowd: Crowd, processes: Processes) -> None:
    assert valkey_crowd.backend.server is not None
    with valkey_crowd.lock("a"):
        first = processes.start(take, valkey_crowd.backend.server.url, valkey_crowd.backend.namespace, "a")
        wait_until(lambda: valkey_crowd.in_line() == ["w:{a}"], what="the one to be killed")
        second = valkey_crowd.join("a")
        began = time.monotonic()
        first.kill()
        wait_until(lambda: len(valkey_crowd.in_line()) == 1, what="the server has seen its end")
    assert second.has_it() - began < SOON
    assert second.end() is None
    valkey_crowd.nothing_is_left()


def test_one_that_is_killed_when_it_was_woken_costs_the_others_a_second(
    valkey_crowd: Crowd, processes: Processes
) -> None:
    assert valkey_crowd.backend.server is not None
    with valkey_crowd.lock("a"):
        first = processes.start(take, valkey_crowd.backend.server.url, valkey_crowd.backend.namespace, "a")
        wait_until(lambda: valkey_crowd.in_line() == ["w:{a}"], what="the one to be killed")
        others = [valkey_crowd.join("a") for _ in range(3)]
        first.stop()  # it gets the wake-up, and does nothing with it
    began = time.monotonic()
    wait_until(lambda: len(valkey_crowd.in_line()) <= 3, what="the wake-up is handed out")
    first.kill()
    lost = min(other.has_it() for other in others) - began
    print(f"a wake-up that was lost with its process cost {lost:.2f} s")
    assert lost < 2.5
    for other in others:
        assert other.end() is None
    assert max(other.acquired_at for other in others) - began < 3.5, "and once only"
    valkey_crowd.nothing_is_left()


@pytest.mark.usefixtures("no_looks")
def test_one_that_was_woken_in_vain_passes_it_on(valkey_crowd: Crowd, processes: Processes) -> None:
    """A newcomer who shares was quicker than the first in line, who does not; the next in line shares too."""
    assert valkey_crowd.backend.server is not None
    with valkey_crowd.lock("a"):
        first = processes.start(take, valkey_crowd.backend.server.url, valkey_crowd.backend.namespace, "a")
        wait_until(lambda: valkey_crowd.in_line() == ["w:{a}"], what="the first in line")
        sharing = valkey_crowd.join("a", shared=True)
        first.stop()
    with valkey_crowd.lock("a", shared=True):
        began = time.monotonic()
        first.cont()
        assert sharing.has_it() - began < SOON
        assert sharing.end() is None
    first.expect("acquired")
    first.kill()


def take_until_interrupted(url: str, namespace: str, path: str) -> None:
    """Wait for a lock, be interrupted, and live on."""
    with redis.Redis.from_url(url) as client:
        with pytest.raises(KeyboardInterrupt):
            Lock(client, path, namespace=namespace, acquire_timeout=60).acquire()
        print("interrupted", flush=True)
        time.sleep(60)


@pytest.mark.usefixtures("no_looks")
def test_one_that_is_interrupted_goes_out_of_the_line(valkey_crowd: Crowd, processes: Processes) -> None:
    assert valkey_crowd.backend.server is not None
    with valkey_crowd.lock("a"):
        arguments = valkey_crowd.backend.server.url, valkey_crowd.backend.namespace, "a"
        first = processes.start(take_until_interrupted, *arguments)
        wait_until(lambda: valkey_crowd.in_line() == ["w:{a}"], what="the one to be interrupted")
        second = valkey_crowd.join("a")
        os.kill(first.pid, signal.SIGINT)
        first.expect("interrupted")
        assert len(valkey_crowd.in_line()) == 1
        began = time.monotonic()
    assert second.has_it() - began < SOON
    assert second.end() is None
    valkey_crowd.nothing_is_left()


@pytest.mark.usefixtures("no_looks")
def test_one_that_is_interrupted_when_it_was_woken_passes_that_on(valkey_crowd: Crowd, processes: Processes) -> None:
    assert valkey_crowd.backend.server is not None
    with valkey_crowd.lock("a"):
        arguments = valkey_crowd.backend.server.url, valkey_crowd.backend.namespace, "a"
        first = processes.start(take_until_interrupted, *arguments)
        wait_until(lambda: valkey_crowd.in_line() == ["w:{a}"], what="the one to be interrupted")
        first.stop()  # so that it finds the wake-up and the interrupt together
        second = valkey_crowd.join("a")
    wait_until(lambda: len(valkey_crowd.in_line()) <= 1, what="the wake-up is handed out")
    os.kill(first.pid, signal.SIGINT)
    began = time.monotonic()
    first.cont()
    first.expect("interrupted")
    assert second.has_it() - began < SOON
    assert second.end() is None
    valkey_crowd.nothing_is_left()
