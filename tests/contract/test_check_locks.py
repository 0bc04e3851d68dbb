"""``check`` on the keys of locks: what is held, and comes and goes, is none; faults are told, and mended."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from redicts import Lease, LockError, LockTimeout
from redicts.core.keys import KeySpace
from tests.contract.variants import on
from tests.support.backends import Backend
from tests.support.trees import nothing_written, tree_of

Key = Callable[[KeySpace], str]
Make = Callable[[Any, KeySpace], Any]

LEASE = 600
HELD = [("", "one"), ("a.b.c", "one"), ("s", "one"), ("s", "two"), ("t x.é", "one")]
"""What is locked: the paths, and the owners. All are shared but ``a.b.c``."""


@dataclass
class Fault:
    """One thing that is wrong.

    Attributes:
        make: Does it, given a client and the key space.
        kind: What ``check`` calls it.
        key: The key that it is found at.
        path: The place, as dotted text.
        lost: The paths of the locks that mending ends. All others are held as before.
    """

    make: Make
    kind: str
    key: Key
    path: str
    lost: tuple[str, ...] = ()


def key(letter: str, *path: str) -> Key:
    return lambda space: space.key(letter, path)


def do(command: str, where: Key, *args: Any) -> Make:
    return lambda client, space: client.execute_command(command, where(space), *args)


def both(*makes: Make) -> Make:
    def make(client: Any, space: KeySpace) -> None:
        for each in makes:
            each(client, space)

    return make


def score(where: Key, change: Callable[[float], Any], source: Key | None = None) -> Make:
    """Enter what stands at a key (or at ``source``) with another score."""

    def make(client: Any, space: KeySpace) -> None:
        found = client.zrange((source or where)(space), 0, -1, withscores=True)
        for member, deadline in found:
            client.execute_command("ZADD", where(space), change(deadline), member)

    return make


ABC, BELOW_AB, BELOW_A, BELOW = key("l", "a", "b", "c"), key("b", "a", "b"), key("b", "a"), key("b")
NOT_ABOVE, HALF = "lock not entered above", "entry without lock"
GARBAGE, FOREVER, EARLY, TYPE = "not a lock entry", "never expires", "expires before its locks", "wrong type"
Z, BELOW_Z = key("l", "z"), key("b", "z")
OTHER = {"l": "RPUSH", "b": "SADD", "w": "SADD", "u": "SADD", "f": "RPUSH"}

FAULTS = {
    "below: one lost": Fault(both(do("DEL", BELOW_A)), NOT_ABOVE, ABC, "a.b.c"),
    "below: the parent's": Fault(do("DEL", BELOW_AB), NOT_ABOVE, ABC, "a.b.c"),
    "below: the root's": Fault(do("DEL", BELOW), NOT_ABOVE, key("l", "s"), "s"),
    "below: sooner": Fault(score(BELOW_A, lambda deadline: int(deadline) - 5000), NOT_ABOVE, ABC, "a.b.c"),
    "below: out": Fault(score(BELOW_A, lambda deadline: 5), NOT_ABOVE, ABC, "a.b.c"),
    "below: of another type": Fault(both(do("DEL", BELOW_A), do("RPUSH", BELOW_A, "x")), TYPE, BELOW_A, "a"),
    "lock lost": Fault(do("DEL", ABC), HALF, BELOW_A, "a", ("a.b.c",)),
    "lock lost, told at the root": Fault(do("DEL", ABC), HALF, BELOW, "", ("a.b.c",)),
    "lock out": Fault(score(ABC, lambda deadline: 5), HALF, BELOW_AB, "a.b", ("a.b.c",)),
    "lock of another type": Fault(both(do("DEL", ABC), do("SET", ABC, "x")), TYPE, ABC, "a.b.c", ("a.b.c",)),
    "garbage": Fault(do("ZADD", ABC, "9e12", "some text"), GARBAGE, ABC, "a.b.c"),
    "garbage at the root": Fault(do("ZADD", key("l"), "9e12", "x"), GARBAGE, key("l"), ""),
    "garbage that has run out": Fault(do("ZADD", BELOW_A, "1", b"\xff\xfe"), GARBAGE, BELOW_A, "a"),
    "garbage in a key of its own": Fault(do("ZADD", Z, "9e12", b"\xff"), GARBAGE, Z, "z"),
    "an owner spelled otherwise": Fault(do("ZADD", Z, "9e12", "x n:1 5 \\u0041 h 1 {z}"), GARBAGE, Z, "z"),
    "an entry of another path": Fault(score(Z, int, ABC), GARBAGE, Z, "z"),
    "an entry below another path": Fault(score(BELOW_Z, int, ABC), GARBAGE, BELOW_Z, "z"),
    "an entry below its own path": Fault(score(key("b", "a", "b", "c"), int, ABC), GARBAGE, key("b", "a", "b", "c"),
                                         "a.b.c"),
    "held for ever": Fault(score(ABC, lambda deadline: "+inf"), GARBAGE, ABC, "a.b.c", ("a.b.c",)),
    "held till the end of days": Fault(score(ABC, lambda deadline: "2e15"), GARBAGE, ABC, "a.b.c", ("a.b.c",)),
    **{f"{letter}:{'.'.join(path)} never expires": Fault(do("PERSIST", key(letter, *path)), FOREVER,
                                                         key(letter, *path), ".".join(path))
       for letter, path in [("l", ("a", "b", "c")), ("b", ("a",)), ("l", ()), ("b", ()), ("f", ("a",)), ("f", ())]},
    **{f"{letter}:{'.'.join(path)} left for ever": Fault(do("RPUSH", key(letter, *path), "1"), FOREVER,
                                                         key(letter, *path), ".".join(path))
       for letter, path in [("w", ("a", "b")), ("u", ("a",)), ("w", ()), ("u", ())]},
    "a key that goes before its locks": Fault(do("PEXPIRE", BELOW_A, "20000"), EARLY, BELOW_A, "a"),
    "a lock that goes before its time": Fault(do("PEXPIRE", ABC, "20000"), EARLY, ABC, "a.b.c"),
    **{f"{letter} of another type": Fault(do(command, key(letter, "y", "z"), "x"), TYPE, key(letter, "y", "z"), "y.z")
       for letter, command in OTHER.items()},
    "a token that is none": Fault(do("SET", key("f", "a"), "1.5", "EX", "100"), "not a number", key("f", "a"), "a"),
}  # fmt: skip


@pytest.fixture
def leases(backend: Backend, neighbours: None) -> Iterator[list[Lease]]:
    """What ``HELD`` says, acquired."""
    acquired = [
        tree_of(backend, path).acquire(shared=path != "a.b.c", owner=owner, expire_timeout=LEASE)
        for path, owner in HELD
    ]
    yield acquired
    for lease in acquired:
        with contextlib.suppress(LockError):
            lease.release()


def holders(backend: Backend) -> list[tuple[str, str]]:
    return sorted((holder.path, holder.owner) for holder in tree_of(backend).holders())


def test_what_is_held_is_no_fault(leases: list[Lease], backend: Backend) -> None:
    tree = tree_of(backend)
    with nothing_written(backend):
        assert tree.check() == []
        assert tree.check(repair=True) == []
        assert tree.get("a.b").check() == []
    for lease in reversed(leases):
        lease.release()
    left = backend.keys()
    assert {each.partition(":")[2][0] for each in left} == set("wuf")  # for a second: that is no fault either
    assert tree.check(repair=True) == []
    backend.advance(2)
    assert backend.keys() == []


@pytest.mark.parametrize("backend", ["valkey-resp3", "redis-resp2"], indirect=True)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_and_mended(leases: list[Lease], backend: Backend, name: str) -> None:
    fault, space, tree = FAULTS[name], backend.database.space, tree_of(backend)
    fault.make(backend.client, space)
    with nothing_written(backend):
        problems = tree.check()
    assert (fault.kind, fault.key(space), fault.path) in [problem[:3] for problem in problems]
    assert not any(problem.repaired for problem in problems)
    mended = tree.check(repair=True)
    if fault.kind != HALF:  # that goes from all keys when it is met at the first
        assert (fault.kind, fault.key(space), fault.path) in [problem[:3] for problem in mended]
    assert mended
    assert all(problem.repaired for problem in mended)
    with nothing_written(backend):
        assert tree.check() == []
    assert holders(backend) == sorted((path, owner) for path, owner in HELD if path not in fault.lost)
    for lease in leases:
        if lease.path not in fault.lost:
            lease.renew()
            lease.release()
    backend.advance(LEASE + 10)
    assert backend.keys() == []


@pytest.mark.usefixtures("leases")
def test_several_faults_at_once(backend: Backend) -> None:
    tree, space = tree_of(backend), backend.database.space
    faults = [
        FAULTS[name]
        for name in (
            "below: the root's", "below: out", "garbage", "garbage in a key of its own", "an entry of another path",
            "an owner spelled otherwise", "f:a never expires", "w:a.b left for ever", "u:a left for ever",
            "w of another type", "a lock that goes before its time",
        )
    ]  # fmt: skip
    for fault in faults:
        fault.make(backend.client, space)
    told = {problem[:3] for problem in tree.check()}
    assert told >= {(fault.kind, fault.key(space), fault.path) for fault in faults}
    mended = tree.check(repair=True)
    assert {problem[:3] for problem in mended} >= told
    assert all(problem.repaired for problem in mended)
    assert tree.check() == []
    assert holders(backend) == sorted(HELD)


@pytest.mark.usefixtures("leases")
def test_only_what_lies_below_is_looked_at(backend: Backend) -> None:
    tree, space = tree_of(backend), backend.database.space
    for name in ("below: one lost", "garbage", "garbage at the root", "f:a never expires"):
        FAULTS[name].make(backend.client, space)
    assert tree.get("s").check() == []
    assert {problem.kind for problem in tree.get("a.b").check()} == {NOT_ABOVE, GARBAGE}
    assert {problem.path for problem in tree.get("a").check(repair=True)} == {"a", "a.b.c"}
    assert [problem.path for problem in tree.check()] == [""]


@pytest.mark.usefixtures("leases")
def test_a_lock_is_made_whole_in_one_go(backend: Backend) -> None:
    """Also above the place that is looked at, whatever stands there; and the key lives as long as the lock."""
    tree, space = tree_of(backend), backend.database.space
    FAULTS["below: of another type"].make(backend.client, space)
    FAULTS["below: the parent's"].make(backend.client, space)
    problems = tree.get("a.b").check(repair=True)
    assert [(problem.kind, problem.detail) for problem in problems] == [
        (NOT_ABOVE, where(space)) for where in (BELOW_AB, BELOW_A)
    ]
    assert tree.check() == []
    for where in (BELOW_AB, BELOW_A):
        assert LEASE - 60 < backend.client.ttl(where(space)) <= LEASE


@pytest.mark.usefixtures("leases")
def test_what_has_run_out_is_no_fault_and_is_tidied_away(backend: Backend) -> None:
    tree, space = tree_of(backend), backend.database.space
    client: Any = backend.client
    for where in (ABC, BELOW_AB, BELOW_A):
        score(where, lambda deadline: 5)(client, space)
    (entry,) = client.zrange(ABC(space), 0, -1)
    client.zadd(BELOW(space), {entry: 5})
    with nothing_written(backend):
        assert tree.check() == []
    assert tree.get("a.b.c").check(repair=True) == []  # from all its keys at once, also those above the place
    assert {where(space) for where in (ABC, BELOW_AB, BELOW_A)}.isdisjoint(backend.keys())
    assert client.zscore(BELOW(space), entry) is None
    assert holders(backend) == sorted(held for held in HELD if held[0] != "a.b.c")


@on("valkey-resp3", "redis-resp2", "asyncio:valkey-resp3", "queued:valkey-resp3")  # fakeredis is no proof
def test_locks_that_come_and_go_are_never_taken_for_faults(backend: Backend, neighbours: None) -> None:
    done = threading.Event()
    failures: list[Exception] = []
    taken = []

    def work(number: int) -> None:
        dice = random.Random(number)
        try:
            while not done.is_set():
                place = tree_of(backend, dice.choice(["", "a", "a.b", "a.b.c", "a.d", "e"]))
                try:
                    lease = place.acquire(dice.random() < 0.6, acquire_timeout=0.01, expire_timeout=LEASE)
                except LockTimeout:
                    continue
                if dice.random() < 0.5:
                    lease.renew()
                lease.release()  # LockLost, where a check took it for a fault and mended it
                taken.append(number)
                _ = place.try_acquire(shared=True, owner=f"{number}", expire_timeout=0.002)  # runs out by itself
        except Exception as error:  # noqa: BLE001  # told by the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for turn in range(300):
            assert tree_of(backend).check(repair=turn % 2 == 1) == []
    finally:
        done.set()
        for thread in threads:
            thread.join(30)
    assert failures == []
    assert len(taken) > 10
