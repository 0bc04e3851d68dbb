"""Waiting at queues in threads: who wakes whom, how fast, what it costs, and what is left."""

from __future__ import annotations

import queue
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from redicts import InvalidElement, Proxy, TaskLost, WaitTimeout
from redicts.pool.database import Database
from tests.concurrency.steps import at_each_effect
from tests.concurrency.trees import Spot
from tests.support.backends import Backend, server_backend
from tests.support.processes import Processes
from tests.support.servers import Server
from tests.support.trees import tree_of
from tests.support.waiting import wait_until
from tests.waiting.test_cost import through

KINDS = pytest.mark.parametrize("reliable", [False, True], ids=["plain", "reliable"])


@pytest.fixture
def store(valkey_server: Server) -> Iterator[Backend]:
    """A namespace on Valkey; what somebody waited with is gone within seconds."""
    backend = server_backend(valkey_server, 3)
    yield backend
    assert tree_of(backend).check() == []
    for key in list(backend.keys()):
        letter = key.removeprefix(f"{backend.namespace}:")[0]
        if letter in "egpj":
            left: Any = backend.client.pttl(key)
            assert left == -2 or 0 <= left <= (5000 if letter == "e" else 1000), f"{key} stays for {left} ms"
    tree_of(backend).clear()
    backend.advance(10)
    assert backend.keys() == []
    backend.database.runner.close()
    backend.close()


def jobs_at(place: Proxy, reliable: bool, **options: Any) -> Any:
    return place.as_queue(reliable=True, **options) if reliable else place.as_queue(**options)


class Waiter:
    """A thread that does something which has to wait, and when that was through."""

    def __init__(self, store: Backend, act: Callable[[], Any]) -> None:
        self.value: Any = None
        self.error: BaseException | None = None
        self.ended_at = 0.0
        before = in_line(store)
        self._thread = threading.Thread(target=self._work, args=(act,), daemon=True)
        self._thread.start()
        wait_until(lambda: in_line(store) > before or self.ended_at, what="another one that waits")

    def _work(self, act: Callable[[], Any]) -> None:
        try:
            self.value = act()
        except BaseException as error:  # noqa: BLE001  # told to the test
            self.error = error
        self.ended_at = time.perf_counter()

    def end(self, seconds: float = 20) -> Any:
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "it still waits"
        if self.error is not None:
            raise self.error
        return self.value


def in_line(store: Backend) -> int:
    """How many connections wait in the namespace."""
    client: Any = store.client
    return sum("b" in each["flags"] and store.namespace in each["name"] for each in client.client_list())


@KINDS
@pytest.mark.usefixtures("no_looks")
def test_a_get_is_woken_by_a_put(store: Backend, reliable: bool) -> None:
    jobs, took = jobs_at(tree_of(store, "jobs"), reliable), []
    for number in range(20):
        waiter = Waiter(store, jobs.get)
        began = time.perf_counter()
        jobs.put(number)
        assert waiter.end() == number
        took.append(waiter.ended_at - began)
    median = statistics.median(took)
    print(f"a get is woken in {median * 1000:.2f} ms in the median")
    assert median < 0.05
    jobs.clear()


@KINDS
@pytest.mark.usefixtures("no_looks")
def test_a_put_is_woken_by_room(store: Backend, reliable: bool) -> None:
    jobs = jobs_at(tree_of(store, "jobs"), reliable, maxsize=1)
    jobs.put(0)
    waiters = [Waiter(store, lambda number=number: jobs.put(number)) for number in (1, 2, 3)]  # type: ignore[misc]
    assert [jobs.get() for _ in range(4)] == [0, 1, 2, 3]
    for waiter in waiters:
        waiter.end()
    jobs.put(4)
    waiter = Waiter(store, lambda: jobs.put(5))
    jobs.clear()
    waiter.end()
    assert jobs.get() == 5
    jobs.clear()


@KINDS
@pytest.mark.usefixtures("no_looks")
def test_all_are_served_by_one_put_of_many(store: Backend, reliable: bool) -> None:
    """One is woken by it; each that takes something wakes the next."""
    jobs = jobs_at(tree_of(store, "jobs"), reliable)
    waiters = [Waiter(store, jobs.get) for _ in range(8)]
    jobs.put_many(range(8))
    assert sorted(waiter.end() for waiter in waiters) == list(range(8))
    jobs.clear()


@pytest.mark.usefixtures("no_looks")
def test_all_putters_are_served_by_room_for_all(store: Backend) -> None:
    jobs = tree_of(store, "jobs").as_queue(maxsize=6)
    jobs.put_many(range(6))
    waiters = [Waiter(store, lambda: jobs.put("x")) for _ in range(6)]
    assert jobs.get_many(6) == list(range(6))
    for waiter in waiters:
        waiter.end()
    assert jobs.get_many(10) == ["x"] * 6


@pytest.mark.usefixtures("no_looks")
def test_who_cannot_take_it_wakes_the_next(store: Backend) -> None:
    """The first of those that wait is for numbers; what comes is none, and the second has it."""
    place = tree_of(store, "jobs")
    first = Waiter(store, place.as_queue(int).get)
    second = Waiter(store, place.as_queue().get)
    place.as_queue().put("text")
    with pytest.raises(InvalidElement):
        first.end()
    assert second.end() == "text"


@KINDS
def test_who_gave_up_leaves_the_wake_up_to_others(store: Backend, reliable: bool) -> None:
    jobs = jobs_at(tree_of(store, "jobs"), reliable)
    brief = [Waiter(store, lambda: jobs.get(timeout=0.2)) for _ in range(3)]
    patient = Waiter(store, jobs.get)
    for waiter in brief:
        with pytest.raises(queue.Empty):
            waiter.end()
    began = time.perf_counter()
    jobs.put("x")
    assert patient.end() == "x"
    assert patient.ended_at - began < 0.5
    jobs.clear()


def test_never_empty_while_something_is_there(store: Backend) -> None:
    """Getters that wait for next to no time, while something comes and goes all the time."""
    jobs, enough = tree_of(store, "jobs").as_queue(), threading.Event()
    jobs.put_many(range(10))

    def turn() -> int:
        """Take one and put it back: there always are at least 10 - 4."""
        turns = 0
        while not enough.is_set():
            jobs.put(jobs.get(timeout=0.0001 * (turns % 3)))
            turns += 1
        return turns

    turners = [threading.Thread(target=turn, daemon=True) for _ in range(4)]
    errors: list[Any] = []
    threading.excepthook, hook = errors.append, threading.excepthook
    try:
        for turner in turners:
            turner.start()
        ends = time.monotonic() + 0.4
        wait_until(lambda: time.monotonic() > ends)
        enough.set()
        for turner in turners:
            turner.join(20)
    finally:
        threading.excepthook = hook
    assert errors == []
    assert sorted(jobs.get_many(20)) == list(range(10))


@pytest.mark.usefixtures("no_looks")
def test_what_comes_back_wakes(store: Backend) -> None:
    jobs = tree_of(store, "jobs").as_queue(reliable=True, lease=0.4)
    began = time.perf_counter()
    jobs.put("x")
    assert jobs.get() == "x"
    assert jobs.get(timeout=20) == "x"
    waited = time.perf_counter() - began
    print(f"an item whose lease of 400 ms ran out is had after {waited * 1000:.0f} ms")
    assert 0.4 <= waited < 1.0
    with pytest.raises(TaskLost):
        jobs.task_done()  # the first time; though it was given to this very thread again
    jobs.task_done()
    assert jobs.length() == 0


@pytest.mark.usefixtures("no_looks")
def test_what_is_given_back_wakes(store: Backend) -> None:
    jobs = tree_of(store, "jobs").as_queue(reliable=True)
    jobs.put("x")
    task = jobs.take()
    waiter = Waiter(store, lambda: jobs.take(lease=0.3))
    task.give_back()
    again = waiter.end()
    assert (again.value, again.delivered) == ("x", 2)
    third = Waiter(store, jobs.take)  # it is woken for the end of a lease that it knows of
    assert third.end().delivered == 3
    jobs.clear()


@pytest.mark.usefixtures("no_looks")
def test_a_short_lease_that_a_waiter_knows_nothing_of(store: Backend) -> None:
    """Two wait; one is given an item, with a short lease, and dies. The other does not look before it ran out."""
    jobs = tree_of(store, "jobs").as_queue(reliable=True)
    first = Waiter(store, lambda: jobs.take(lease=0.3))
    second = Waiter(store, jobs.take)
    jobs.put("x")
    assert first.end().delivered == 1
    assert second.end().delivered == 2
    assert second.ended_at - first.ended_at < 1
    jobs.clear()


@pytest.mark.usefixtures("no_looks")
def test_join_is_woken_by_the_last_one_done(store: Backend) -> None:
    jobs = tree_of(store, "jobs").as_queue(reliable=True)
    jobs.put_many([1, 2])
    assert (jobs.get(), jobs.get()) == (1, 2)
    waiters = [Waiter(store, jobs.join) for _ in range(3)]
    jobs.task_done()
    assert not any(waiter.ended_at for waiter in waiters)
    jobs.task_done()
    for waiter in waiters:
        waiter.end()
    jobs.put(3)
    with pytest.raises(WaitTimeout):
        jobs.join(timeout=0.05)
    waiters = [Waiter(store, jobs.join) for _ in range(2)]
    jobs.clear()
    for waiter in waiters:
        waiter.end()


def test_what_an_idle_waiter_sends(store: Backend, valkey_server: Server) -> None:
    with through(valkey_server) as (client, sent):
        place = Proxy("jobs")
        place._database = Database.of_client(client, namespace=store.namespace)
        waiter = Waiter(store, place.as_queue().get)
        wait_until(lambda: "BLPOP" in sent.command_names)
        sent.reset()
        ends = time.monotonic() + 2.2
        wait_until(lambda: time.monotonic() > ends)
        names = sent.command_names
        print(f"an idle waiter sent {len(names)} commands in 2.2 s: {sorted(set(names))}")
        assert 1 <= len(names) <= 3
        tree_of(store, "jobs").as_queue().put(1)
        assert waiter.end() == 1
        sent.reset()
        ends = time.monotonic() + 1.1
        wait_until(lambda: time.monotonic() > ends)
        assert sent.commands == [], "nothing is asked when nobody waits"
        place._database.runner.close()


def test_what_each_costs(store: Backend, valkey_server: Server) -> None:
    """One command each, and so one round trip."""
    with through(valkey_server) as (client, sent):
        tree = Proxy(())
        tree._database = Database.of_client(client, namespace=store.namespace)
        for jobs in (
            *(tree.get("a").as_queue(), tree.get("b").as_queue(maxsize=9)),
            *(tree.get("c").as_queue(reliable=True), tree.get("d").as_queue(maxsize=9, reliable=True)),
        ):
            for _ in range(2):  # the second time the scripts are there
                sent.reset()
                jobs.put(1)
                jobs.put_many([2, 3])
                assert (jobs.get(), jobs.get(timeout=5), jobs.get_nowait()) == (1, 2, 3)
                jobs.clear()
            assert sent.command_names == ["EVALSHA"] * 6


@KINDS
@pytest.mark.usefixtures("no_looks")
def test_the_connection_is_cut_while_it_waits(store: Backend, reliable: bool) -> None:
    """That of the waiting: it carries nothing, so another one is made."""
    jobs, client = jobs_at(tree_of(store, "jobs"), reliable), cast("Any", store.client)
    waiter = Waiter(store, jobs.get)
    (cut,) = [each["id"] for each in client.client_list() if "b" in each["flags"] and store.namespace in each["name"]]
    client.client_kill_filter(_id=cut)
    wait_until(lambda: in_line(store) == 1, what="it waits again")
    assert not waiter.ended_at
    jobs.put("x")
    assert waiter.end() == "x"
    jobs.clear()


class Stopped(KeyboardInterrupt):
    """Ctrl-C."""


def until_interrupted(act: Callable[[], Any], moment: str, first: Callable[[], Any]) -> None:
    """Do something that has to wait, and interrupt it there."""

    def hook(number: int, when: str, kind: str) -> None:
        if kind == "Block" and when == moment:
            first()
            raise Stopped

    with pytest.raises(Stopped), at_each_effect(hook):
        act()


@KINDS
@pytest.mark.parametrize("moment", ["before", "sent", "after"])
@pytest.mark.parametrize("put_before", [False, True])
@pytest.mark.usefixtures("no_looks")
def test_interrupted_while_it_waits(store: Backend, reliable: bool, moment: str, put_before: bool) -> None:
    """Nothing is lost with it, and another that waits has what comes."""
    jobs = jobs_at(tree_of(store, "jobs"), reliable)
    if moment == "after":  # it was woken, and is interrupted before it knows
        timer = threading.Timer(0.1, jobs.put, ["x"])
        timer.start()
        until_interrupted(jobs.get, moment, lambda: None)
        timer.join()
        assert jobs.get(timeout=0) == "x"
        jobs.clear()
        return
    other = Waiter(store, jobs.get)
    until_interrupted(jobs.get, moment, lambda: jobs.put("x") if put_before else None)
    if not put_before:
        jobs.put("x")
    assert other.end() == "x"
    jobs.clear()


@pytest.mark.usefixtures("no_looks")
def test_latency_between_processes(store: Backend, processes: Processes) -> None:
    assert store.server is not None
    spot = Spot(store.server.url, store.namespace)
    child = processes.start(put_when_told, spot, 15)
    jobs, told = tree_of(store, "jobs").as_queue(), tree_of(store, "told").as_queue()
    took = []
    for number in range(15):
        told.put(number)
        sent_at, got = jobs.get(timeout=20)
        took.append(time.time() - sent_at)
        assert got == number
    child.result()
    median = statistics.median(took[5:])
    print(f"from a put in another process to the end of the get: {median * 1000:.2f} ms in the median")
    assert median < 0.05


def put_when_told(spot: Spot, count: int) -> None:
    """Put the time into a queue, a moment after something comes by another: by then somebody waits there."""
    tree = spot.open()
    told, jobs = tree.get("told").as_queue(), tree.get("jobs").as_queue()
    for _ in range(count):
        number = told.get(timeout=20)
        time.sleep(0.02)  # by then the other waits
        jobs.put([time.time(), number])
