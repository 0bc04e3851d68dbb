"""The scripts of a Redlock: what is done above the prelude is what is done below it; and tokens that were given up."""

from __future__ import annotations

import random
from typing import Any

import pytest

from redicts.core.keys import KeySpace
from redicts.core.scripts import Script, load
from redicts.leaves.leaf import PACKAGE
from tests.support.backends import Backend
from tests.support.trees import tree_of
from tests.support.waiting import wait_until

ACQUIRE, EXTEND, RELEASE = [load(PACKAGE, f"redlock_{name}") for name in ("acquire", "extend", "release")]
SHORT, LONG = "0", "00"
"""The number of guards: none. Spelled in the second way it is not taken for the usual case."""

PATHS = [("lock",), ("a", "lock"), ("a", "b", "lock")]


class Master:
    """One place where a lock is kept.

    Args:
        backend: Where.
        path: The place.
        guards: How the number of guards is spelled.
    """

    def __init__(self, backend: Backend, path: tuple[str, ...], guards: str, namespace: str = "") -> None:
        self.client: Any = backend.client
        self.space = KeySpace(namespace or backend.namespace)
        self.keys = self.space.leaf(path)
        self.guards = guards

    def run(self, script: Script, token: str, ms: int) -> int:
        args = (self.guards, "1", self.keys.field, "@redlock", token, ms)
        return int(self.client.eval(script.text, 3, *self.keys.plain, *args))

    def put_beside(self, path: tuple[str, ...]) -> None:
        """Put something into each node that the place lies in, by hand."""
        for depth in range(1, len(path)):
            self.client.hset(self.space.node(path[:depth]), "beside", "1")
            self.client.sadd(self.space.sections, path[0])
            if depth > 1:
                entry = self.space.entry(path[:depth])
                self.client.hset(entry.key, entry.field, "/")

    def members(self) -> list[str]:
        return sorted(member.decode() for member in self.client.zrange(self.keys.body, 0, -1))

    def shape(self) -> Any:
        """What is there: keys, members, fields, and about how long they live."""
        found: dict[str, Any] = {}
        for key in self.client.scan_iter(match=f"{self.space.namespace}:*", count=1000):
            kind, life = self.client.type(key), self.client.pttl(key)
            read = {b"hash": self.client.hgetall, b"set": self.client.smembers}.get(kind)
            what = read(key) if read else self.members()
            found[key.decode().removeprefix(self.space.namespace)] = (what, life if life < 0 else round(life / 2000))
        return found


@pytest.mark.parametrize("path", PATHS, ids=len)
@pytest.mark.parametrize("beside", [False, True])
def test_the_usual_case_is_no_other(real_backend: Backend, path: tuple[str, ...], beside: bool) -> None:
    choose = random.Random(str((path, beside)))
    one, other = [Master(real_backend, path, guards, f"{real_backend.namespace}:{guards}") for guards in (SHORT, LONG)]
    masters, tokens = [one, other], ["x", "y", "z"]
    if beside:
        for master in masters:
            master.put_beside(path)
    for _ in range(200):
        token, ms = choose.choice(tokens), choose.choice([4000, 60_000])
        script = choose.choice([ACQUIRE, ACQUIRE, EXTEND, RELEASE])
        if script is RELEASE:
            ms = choose.choice([0, 0, 0, 4000])
        if choose.random() < 0.1:
            for master in masters:  # all that is held runs out
                for member in master.members():
                    master.client.zadd(master.keys.body, {member: 1})
        replies = [master.run(script, token, ms) for master in masters]
        assert abs(replies[0] - replies[1]) < 1500, (script.name, replies)
        assert (replies[0] > 0, replies[0] < 0) == (replies[1] > 0, replies[1] < 0), (script.name, replies)
        assert one.shape() == other.shape(), script.name
    for master in masters:
        for key in master.shape():
            master.client.delete(f"{master.space.namespace}{key}")


@pytest.mark.parametrize("guards", [SHORT, LONG])
@pytest.mark.parametrize("path", PATHS, ids=len)
def test_a_token_that_was_given_up_comes_too_late(real_backend: Backend, path: tuple[str, ...], guards: str) -> None:
    master = Master(real_backend, path, guards)
    assert master.run(RELEASE, "gone", 200) == 0
    assert master.members() == ["- gone"]
    assert [master.run(ACQUIRE, "gone", 400), master.run(EXTEND, "gone", 400)] == [0, 0]
    assert master.run(ACQUIRE, "new", 400) == 400, "it is in nobody's way"
    assert master.run(ACQUIRE, "new", 400) == 400, "asked again, as a lost reply is"
    assert -400 <= master.run(ACQUIRE, "other", 400) < 0
    assert master.run(RELEASE, "other", 0) == 0, "which frees nothing"
    assert master.run(RELEASE, "new", 0) == 1
    assert master.members() == ["- gone"]
    wait_until(lambda: not master.members(), what="the end of what is remembered")
    assert master.run(ACQUIRE, "gone", 400) == 400, "by then nothing of it is on its way"
    assert master.run(RELEASE, "gone", 0) == 1
    assert real_backend.keys() == []
    assert tree_of(real_backend).check() == []


def test_given_up_and_held(real_backend: Backend) -> None:
    """What is given up while it is not known whether it is held, is held no more, and never again."""
    master = Master(real_backend, ("a", "lock"), SHORT)
    assert master.run(ACQUIRE, "x", 5000) == 5000
    assert master.run(RELEASE, "x", 5000) == 1
    assert (master.members(), master.run(ACQUIRE, "x", 5000)) == (["- x"], 0)
    assert tree_of(real_backend).val() == {"a": {"lock": 0}}
    assert tree_of(real_backend).check() == []


def test_a_life_that_somebody_gave_it(real_backend: Backend) -> None:
    master, place = Master(real_backend, ("a", "lock"), SHORT), tree_of(real_backend).get("a.lock")
    _ = place.parent.set("beside", 1)
    for guards in (SHORT, LONG):
        master.guards = guards
        assert master.run(ACQUIRE, "x", 5000) == 5000
        assert place.persist()
        assert master.run(EXTEND, "x", 5000) == 5000
        assert place.time_to_live() == -1
        assert master.run(RELEASE, "x", 0) == 1
        assert place.kind() is None
