"""Waiting for permits in threads: in which order, how fast, what it costs, and what is left."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from redicts import Proxy, WaitTimeout
from redicts.leaves.semaphore import Permit, Semaphore
from redicts.pool.database import Database
from tests.concurrency.steps import at_each_effect
from tests.support.backends import Backend, server_backend
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server
from tests.support.trees import tree_of
from tests.support.waiting import wait_until
from tests.waiting.test_cost import through


@pytest.fixture
def store(valkey_server: Server) -> Iterator[Backend]:
    """A namespace on Valkey; when all is over nothing is there but what somebody waited with, for seconds."""
    backend = server_backend(valkey_server, 3)
    yield backend
    assert tree_of(backend).check() == []
    for key in list(backend.keys()):
        letter = key.removeprefix(f"{backend.namespace}:")[0]
        assert letter in "ep", f"{key} is left"
        left: Any = backend.client.pttl(key)
        assert left == -2 or 0 <= left <= (5000 if letter == "e" else 1000), f"{key} stays for {left} ms"
    backend.database.runner.close()
    backend.close()


@pytest.fixture
def slots(store: Backend) -> Semaphore:
    """A semaphore with one permit."""
    return tree_of(store, "slots").as_semaphore(1, lease=60)


class Waiter:
    """A thread that acquires, notes that it has, and releases when it is told to."""

    def __init__(self, slots: Semaphore, log: list[Any], name: object = None, **options: Any) -> None:
        self.error: BaseException | None = None
        self.got_at = 0.0
        self.release = threading.Event()
        self._options = options
        before = slots.waiting()
        self._thread = threading.Thread(target=self._work, args=(slots, log, name), daemon=True)
        self._thread.start()
        wait_until(lambda: slots.waiting() > before or self.got_at or self.error, what="another one that waits")

    def _work(self, slots: Semaphore, log: list[Any], name: object) -> None:
        try:
            with slots.acquire(**self._options):
                self.got_at = time.perf_counter()
                log.append(name)
                assert self.release.wait(30)
        except BaseException as error:  # noqa: BLE001  # told to the test
            self.error = error

    def got(self, seconds: float = 20) -> None:
        wait_until(lambda: self.got_at or self.error, seconds, what="its permit")
        if self.error is not None:
            raise self.error

    def end(self) -> None:
        self.release.set()
        self._thread.join(20)
        assert not self._thread.is_alive()
        if self.error is not None:
            raise self.error


@contextmanager
def counted(server: Server, store: Backend) -> Iterator[tuple[Proxy, ChaosProxy]]:
    """The place, through a proxy that counts."""
    with through(server) as (client, sent):
        place = Proxy("slots")
        database = place._database = Database.of_client(client, namespace=store.namespace)
        yield place, sent
        database.runner.close()
        client.connection_pool.disconnect()


def in_line(store: Backend) -> int:
    """How many connections wait in the namespace."""
    client: Any = store.client
    return sum("b" in each["flags"] and store.namespace in each["name"] for each in client.client_list())


def test_first_come_first_served(slots: Semaphore, store: Backend) -> None:
    held, log = slots.acquire(), list[Any]()
    waiters = [Waiter(slots, log, number) for number in range(10)]
    wait_until(lambda: in_line(store) == 10)
    held.release()
    for number, waiter in enumerate(waiters):
        waiter.got()
        assert log == list(range(number + 1))
        assert slots.try_acquire() is None
        waiter.end()
    assert slots.available() == 1


def test_nobody_overtakes(slots: Semaphore) -> None:
    """Newcomers that try all the time, without waiting, do not get in while somebody waits."""
    held, log, enough = slots.acquire(), list[Any](), threading.Event()

    def push() -> None:
        while not enough.is_set():
            permit = slots.try_acquire()
            if permit is not None:
                log.append("pushed in")
                permit.release()

    first, second = Waiter(slots, log, 1), Waiter(slots, log, 2)
    pushers = [threading.Thread(target=push, daemon=True) for _ in range(3)]
    for pusher in pushers:
        pusher.start()
    held.release()
    for waiter in (first, second):
        waiter.got()
        waiter.release.set()
    wait_until(lambda: "pushed in" in log, what="their turn")
    enough.set()
    for thread in pushers:
        thread.join(20)
    assert log[:2] == [1, 2]
    first.end()
    second.end()


def test_one_that_wants_many_is_not_overtaken_by_ones_that_want_few(store: Backend) -> None:
    slots, log = tree_of(store, "slots").as_semaphore(3, lease=60), list[Any]()
    one, two = slots.acquire(), slots.acquire(count=2)
    many = Waiter(slots, log, "many", count=3)
    few = Waiter(slots, log, "few")
    two.release()
    assert slots.try_acquire() is None
    one.release()
    many.got()
    assert log == ["many"]
    many.end()
    few.got()
    few.end()


@pytest.mark.usefixtures("no_looks")
def test_who_gives_up_lets_the_next_one_go_on(store: Backend) -> None:
    slots, log = tree_of(store, "slots").as_semaphore(3, lease=60), list[Any]()
    two = slots.acquire(count=2)
    many = Waiter(slots, log, "many", count=3, timeout=0.3)
    few = Waiter(slots, log, "few")
    assert not few.got_at
    few.got(5)
    assert isinstance(many.error, WaitTimeout)
    few.end()
    two.release()


@pytest.mark.usefixtures("no_looks")
def test_all_that_can_go_on_do(store: Backend) -> None:
    """One release lets four in: each wakes the next. So does one who clears the place."""
    slots = tree_of(store, "slots").as_semaphore(4, lease=60)
    for free in ("release", "clear"):
        four, log = slots.acquire(count=4), list[Any]()
        waiters = [Waiter(slots, log, number) for number in range(6)]
        four.release() if free == "release" else slots.clear()
        wait_until(lambda log=log: len(log) == 4, what="four of them")  # type: ignore[misc]
        assert free == "clear" or sorted(log) == [0, 1, 2, 3]
        for waiter in waiters:
            waiter.release.set()
        wait_until(lambda log=log: len(log) == 6, what="all of them")  # type: ignore[misc]
        for waiter in waiters:
            waiter.end()


def test_how_long_a_hand_over_takes(slots: Semaphore) -> None:
    released, latencies, enough = [0.0], list[float](), threading.Event()

    def work() -> None:
        while not enough.is_set():
            with slots:
                latencies.append(time.perf_counter() - released[0])
                enough.wait(0.002)  # meanwhile the one before stands in line again
                if len(latencies) > 80:
                    enough.set()
                released[0] = time.perf_counter()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    median = statistics.median(latencies[5:80])
    print(
        f"8 waiters: a hand-over takes {median * 1000:.2f} ms in the median, {max(latencies[5:80]) * 1000:.1f} at most"
    )
    assert median < 0.05


def test_what_idle_waiters_send(slots: Semaphore, store: Backend, valkey_server: Server) -> None:
    with counted(valkey_server, store) as (place, sent):
        held, log = slots.acquire(), list[Any]()
        waiters = [Waiter(place.as_semaphore(1), log, number) for number in range(3)]
        wait_until(lambda: sent.command_names.count("BLPOP") == 3)
        sent.reset()
        ends = time.monotonic() + 1.2
        wait_until(lambda: time.monotonic() > ends)
        names = sent.command_names
        print(f"three idle waiters sent {len(names)} commands in 1.2 s: {sorted(set(names))}")
        assert 3 <= len(names) <= 6
        held.release()
        for waiter in waiters:
            waiter.got()
            waiter.end()
        assert log == [0, 1, 2]
        sent.reset()
        ends = time.monotonic() + 0.5
        wait_until(lambda: time.monotonic() > ends)
        assert sent.commands == [], "nothing is asked when nobody waits"


def test_what_each_costs(store: Backend, valkey_server: Server) -> None:
    with counted(valkey_server, store) as (place, sent):
        slots = place.as_semaphore(1)
        for _ in range(2):  # the second time the scripts are there
            sent.reset()
            with slots.acquire(timeout=5) as permit:
                permit.renew()
                assert slots.try_acquire() is None
                assert permit.valid_for() > 0
        assert sent.command_names == ["EVALSHA"] * 4, "one command each"


def test_a_wake_up_that_is_lost_costs_a_second(slots: Semaphore, store: Backend) -> None:
    """A permit goes without a word."""
    _, log = slots.acquire(), list[Any]()
    waiter = Waiter(slots, log)
    body = store.database.space.body(("slots",))
    assert store.client.zremrangebyscore(body, 1, "+inf") == 1
    gone = time.perf_counter()
    waiter.got()
    assert waiter.got_at - gone < 1.5
    waiter.end()


def test_one_that_died_first_in_line_costs_seconds(slots: Semaphore, store: Backend, valkey_server: Server) -> None:
    """Its ticket is in the way until it does not count any more; and the others do not pass the time with wake-ups."""
    with counted(valkey_server, store) as (place, sent):
        held, log = slots.acquire(), list[Any]()
        now: Any = store.client.time()
        body = store.database.space.body(("slots",))
        store.client.zadd(body, {f"- {now[0] * 1000 + now[1] // 1000 + 700} dead": -8e15})
        waiters = [Waiter(place.as_semaphore(1), log, number) for number in range(3)]
        sent.reset()
        released = time.perf_counter()
        held.release()
        waiters[0].got()
        waited, commands = waiters[0].got_at - released, len(sent.command_names)
        print(f"after {waited:.2f} s and {commands} commands of three waiters it was its turn")
        assert waited < 2
        assert commands < 80
        for waiter in waiters:
            waiter.got()
            waiter.end()
        assert log == [0, 1, 2]


@pytest.mark.usefixtures("no_looks")
def test_a_short_lease_that_a_waiter_knows_nothing_of(slots: Semaphore) -> None:
    """Two wait; one gets its permit, for a short time, and dies. The other does not look before that ran out."""
    held, log = slots.acquire(), list[Any]()
    first, second = Waiter(slots, log, 1, lease=0.3), Waiter(slots, log, 2)
    held.release()
    second.got(5)
    assert second.got_at - first.got_at < 1
    second.end()
    first.release.set()
    wait_until(lambda: first.error is not None)


@pytest.mark.usefixtures("no_looks")
def test_the_connection_is_cut_while_it_waits(slots: Semaphore, store: Backend) -> None:
    held, log, client = slots.acquire(), list[Any](), cast("Any", store.client)
    waiter = Waiter(slots, log)
    wait_until(lambda: in_line(store) == 1)
    (cut,) = [each["id"] for each in client.client_list() if "b" in each["flags"] and store.namespace in each["name"]]
    client.client_kill_filter(_id=cut)
    wait_until(lambda: in_line(store) == 1, what="it waits again")
    held.release()
    waiter.got()
    waiter.end()


class Stopped(KeyboardInterrupt):
    """Ctrl-C."""


def until_interrupted(act: Callable[[], Any], kind: str, moment: str) -> None:
    """Do something, and interrupt it where it asks for something of a kind for the first time."""

    def hook(number: int, when: str, what: str) -> None:
        if what == kind and when == moment and not done:
            done.append(number)
            raise Stopped

    done: list[int] = []
    with pytest.raises(Stopped), at_each_effect(hook):
        act()


@pytest.mark.parametrize("moment", ["before", "sent", "after"])
@pytest.mark.parametrize("kind", ["Eval", "Block"])
@pytest.mark.usefixtures("no_looks")
def test_interrupted(slots: Semaphore, store: Backend, kind: str, moment: str) -> None:
    """Neither a permit nor a ticket is left, and another that waits goes on."""
    log: list[Any] = []
    if kind == "Eval":
        until_interrupted(slots.acquire, kind, moment)
        assert (slots.available(), slots.waiting()) == (1, 0)
        return
    held = slots.acquire()
    if moment == "after":  # it was woken, and is interrupted before it knows
        timer = threading.Timer(0.1, held.release)
        timer.start()
        until_interrupted(slots.acquire, kind, moment)
        timer.join()
    else:
        other = Waiter(slots, log)
        until_interrupted(slots.acquire, kind, moment)
        assert slots.waiting() == 1
        held.release()
        other.got()
        other.end()
    assert (slots.available(), slots.waiting()) == (1, 0)


def test_a_reply_that_was_lost_is_asked_for_again(store: Backend, valkey_server: Server) -> None:
    """It was taken; the connection is cut before the reply. It is the same permit then, and not another."""
    with counted(valkey_server, store) as (place, sent):
        slots = place.as_semaphore(2)
        slots.acquire().release()
        sent.cut_before_reply()
        permit: Permit = slots.acquire()
        assert slots.length() == 1
        permit.release()
        assert slots.length() == 0
