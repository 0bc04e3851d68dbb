"""The server is stopped (SIGSTOP): calls end in clear errors after ``socket_timeout``, and later all is right."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
import redis

from redicts import ConnectionLost, OutcomeUnknown, Proxy, root
from tests.concurrency.trees import Spot
from tests.support.servers import KINDS, Server
from tests.support.waiting import wait_until

OpenTree = Callable[..., Proxy]
PATIENCE = 0.25
"""Seconds that a call waits for an answer."""


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of server in turn."""
    return str(request.param)


@pytest.fixture
def stoppable(kind: str, start_server: Callable[..., Server]) -> Iterator[Server]:
    """A server of the test's own, continued at its end."""
    server = start_server(kind)
    yield server
    server.cont()


@pytest.fixture
def patient(stoppable: Server, open_tree: OpenTree) -> Proxy:
    """The root of a tree there, with a short ``socket_timeout``."""
    url = stoppable.url
    return open_tree(Spot(url, "stopped"), socket_timeout=PATIENCE, names={"calm": {"url": url, "socket_timeout": 30}})


def test_each_call_ends_in_time_with_the_right_error(stoppable: Server, patient: Proxy) -> None:
    calm = root(db_name="calm")
    calm.update({"n": 1, "doc": {"a": 1, "b": {"c": 2}}, "list": [1]})
    outcomes: dict[str, type[Exception]] = {}
    calls: dict[str, Callable[[], object]] = {
        "val": lambda: patient.get("doc").val(),
        "children": patient.children,
        "set": lambda: patient.set("n", 2),
        "add": lambda: patient.get("n").add(),
        "pop": lambda: patient.pop("list"),
        "transform": lambda: patient.get("doc").transform(lambda old: {**old, "d": 4}),
    }
    for name, call in calls.items():
        # On a connection that stood before the stop: the command is sent, so a write may happen yet.
        wait_until(lambda: _answers(patient), what="a connection")
        stoppable.stop()
        outcomes[name] = _error_of(stoppable, call)
        stoppable.cont()
    assert {name for name, error in outcomes.items() if error is OutcomeUnknown} == {"add", "pop"}
    assert {name for name, error in outcomes.items() if error is ConnectionLost} == {*calls} - {"add", "pop"}
    assert calm.get("n").val() in (2, 3), "added once, or not at all"
    assert calm.get("doc").val() == {"a": 1, "b": {"c": 2}}, "transform had read nothing, so it wrote nothing"
    assert calm.check() == []


def test_what_was_never_sent_never_happens(stoppable: Server, patient: Proxy) -> None:
    calm = root(db_name="calm")
    calm.set("n", 1)
    stoppable.stop()
    assert _error_of(stoppable, lambda: patient.get("n").add(), match="nothing was changed") is ConnectionLost
    stoppable.cont()
    wait_until(lambda: _answers(patient), what="answers after the server went on")
    assert calm.get("n").val() == 1


def _error_of(server: Server, call: Callable[[], object], match: str | None = None) -> type[Exception]:
    """Give the type of the error that a call ends in, after its time but not much later."""
    began = time.monotonic()
    with pytest.raises((ConnectionLost, OutcomeUnknown), match=match) as caught:
        call()
    assert PATIENCE * 0.9 < time.monotonic() - began < PATIENCE + 3
    assert str(server.port) in str(caught.value), "it names the server"
    assert isinstance(caught.value, redis.ConnectionError)
    return caught.type


def _answers(tree: Proxy) -> bool:
    try:
        return tree.get("n").exists() or True
    except ConnectionLost:
        return False


def test_replies_of_before_are_nobodys(stoppable: Server, patient: Proxy) -> None:
    names = [f"k{number}" for number in range(30)]
    calm = root(db_name="calm")
    calm.set("own", {name: name for name in names})
    for name in names[:3]:
        wait_until(lambda: _answers(patient), what="a connection")
        stoppable.stop()
        with pytest.raises(ConnectionLost):
            patient.get(["own", name]).val()
        stoppable.cont()
        wait_until(lambda: _answers(patient), what="answers after the server went on")
        assert {name: patient.get(["own", name]).val() for name in names} == {name: name for name in names}


def test_a_short_stop_is_only_a_delay(stoppable: Server, open_tree: OpenTree) -> None:
    tree = open_tree(Spot(stoppable.url, "stopped"), socket_timeout=30)
    count = tree.get("count")
    assert count.add() == 1
    stoppable.stop()
    adder = threading.Thread(target=count.add)
    adder.start()
    adder.join(0.2)
    assert adder.is_alive(), "the server is stopped"
    stoppable.cont()
    adder.join(20)
    assert count.val() == 2


def test_threads_go_on_by_themselves(stoppable: Server, open_tree: OpenTree) -> None:
    tree = open_tree(Spot(stoppable.url, "stopped"), socket_timeout=PATIENCE, max_connections=8)
    stop = threading.Event()
    answered = [0] * 8
    unknown = [0] * 8
    errors: Counter[str] = Counter()

    def work(me: int) -> None:
        while not stop.is_set():
            try:
                tree.get("total").add()
                answered[me] += 1
            except OutcomeUnknown:
                unknown[me] += 1
            except ConnectionLost as error:
                errors[type(error).__name__] += 1

    def await_progress() -> None:
        before = list(answered)
        wait_until(
            lambda: all(now > then for now, then in zip(answered, before, strict=True)),
            seconds=30,
            what="progress of every thread",
        )

    def await_errors(more: int) -> None:
        seen = sum(unknown) + errors.total()
        wait_until(lambda: sum(unknown) + errors.total() >= seen + more, seconds=30, what="errors of every thread")

    threads = [threading.Thread(target=work, args=(me,), daemon=True) for me in range(8)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            await_progress()
            stoppable.stop()
            await_errors(8)
            stoppable.cont()
        await_progress()
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
    total = tree.get("total").val()
    print(f"{sum(answered)} answered, {sum(unknown)} unknown, {dict(errors)}, total {total}")
    assert sum(answered) <= total <= sum(answered) + sum(unknown)
    assert tree.check() == []
