"""The simulated store against real servers: the same effects, the same replies and keys. Else what is found with it
would mean nothing."""

from __future__ import annotations

import random
from typing import Any

from redicts.core.effects import WAITING, Block, Call, Commit, Conflict, Eval, Watch
from redicts.core.scripts import COMMON, load
from redicts.locks.entry import Entry
from redicts.locks.reading import PACKAGE, around, now_us, release_keys
from redicts.runners.kept import Kept
from tests.interleaving import scripts
from tests.interleaving.store import Store
from tests.support.backends import Backend

PATHS = [(), ("a",), ("a", "b"), ("a", "b", "c"), ("a", "d")]
CLIENTS = 3
SEQUENCES, LENGTH = 30, 40
TOLERANCE_MS = 400
"""What the expiry of a key may differ by: the lives that are told apart are 1, 50 and 100 seconds."""


class Both:
    """The simulated store and a real one, with the same clients."""

    def __init__(self, backend: Backend, chance: random.Random) -> None:
        self.backend, self.chance = backend, chance
        self.space = backend.database.space
        self.runner: Any = backend.database.runner
        self.kept = [Kept(self.runner._pool) for _ in range(CLIENTS)]
        self.store = Store()
        self.waiting: dict[int, str] = {}
        self.entries: dict[tuple[str, ...], list[str]] = {path: [] for path in PATHS}
        self.sync()

    def sync(self) -> None:
        """Set the simulated clock by the real one."""
        (time,) = self.runner._batch((Call(("TIME",)),), True)
        self.store.clock_us = now_us(time)
        self.store.pass_time(0)

    def compare(self) -> None:
        found: dict[str, tuple[Any, int]] = {}
        keys = self.backend.keys()
        for key in keys:
            letter = key.split(":")[1]
            client: Any = self.backend.client
            if letter == "f":
                value: Any = client.get(key).decode()
            elif letter in "wu":
                value = [item.decode() for item in client.lrange(key, 0, -1)]
            else:
                value = {member.decode(): int(score) for member, score in client.zrange(key, 0, -1, withscores=True)}
            found[key] = (value, client.pttl(key))
        self.sync()
        assert {key: value for key, (value, _) in found.items()} == self.store.values
        for key, (_, left) in found.items():
            assert abs(left - self.store.pttl(key)) < TOLERANCE_MS, key

    def effect(self, path: tuple[str, ...]) -> Eval:
        """Make up a call of a script."""
        chance, keys, now_ms = self.chance, self.space.locks(path), self.store.now_ms
        name = chance.choice(["hold", "hold", "hold", "release", "release", "renew", "wake"])
        lease = chance.choice([50_000, 100_000])
        if name == "hold":
            share = chance.choice([0.1, 0.1, 1.0])
            dead = [text for entries in self.entries.values() for text in entries if chance.random() < share]
            owner = chance.choice("AB")
            nonce = f"{chance.getrandbits(40)}"
            text = Entry(chance.random() < 0.5, nonce, now_ms, owner, "h", 1, path).text(keys.tail)
            self.entries[path].append(text)
            deadline = now_ms + (lease if chance.random() < 0.7 else -lease)
            args = (text, str(deadline), str(lease), str(self.store.clock_us // 10 * 10 + chance.randrange(10)), *dead)
            return Eval(load(PACKAGE, "hold"), (keys.fence, *keys.entered), args)
        text = chance.choice(self.entries[path] or [f"x 0 0 A h 1 {keys.tail}"])
        if name == "release":
            return Eval(load(PACKAGE, "release"), release_keys(keys), (text,))
        if name == "renew":
            return Eval(load(PACKAGE, "renew"), (keys.fence, *keys.entered), (text, str(lease)))
        return Eval(load(COMMON, "wake"), (chance.choice([keys.wake_ups, keys.upgrades]),), ())

    def step(self) -> str:
        """Do one thing in both, and compare the replies."""
        chance, client = self.chance, self.chance.randrange(CLIENTS)
        path = chance.choice(PATHS)
        keys = self.space.locks(path)
        self.sync()
        if client in self.waiting:
            return self.go_on_waiting(client)
        what = chance.choice(["script", "script", "watch", "read", "wait"])
        if client in self.store.watches:
            what = "commit"
        if what == "wait":
            line = chance.choice([keys.wake_ups, keys.upgrades])
            reply = self.runner._alone((Block(("BLPOP", line), 60, 0.0, line),), self.kept[client])
            expected = self.store.pop(client, line)
            if expected is None:
                assert reply is WAITING
                self.waiting[client] = line
            else:  # the reply may be under way just now
                while reply is WAITING:
                    reply = self.runner._alone((Block(("BLPOP", line), 60, 5.0, line),), self.kept[client])
                assert reply == expected
            return what
        if what == "watch":
            effect: Any = Watch(keys.around, around(keys)[:1])
        elif what == "commit":
            effect = Commit(chance.choice([(), (self.effect(path),)]))
        elif what == "read":
            text = chance.choice(self.entries[path] or ["nothing"])
            effect = chance.choice([Call(("ZSCORE", keys.at, text)), Call(around(keys)[0])])
        else:
            effect = self.effect(path)
        assert self.real(client, effect) == self.simulated(client, effect), effect
        self.adopt(effect)
        return effect.script.name if isinstance(effect, Eval) else what

    def go_on_waiting(self, client: int) -> str:
        line = self.waiting.pop(client)
        if client in self.store.given or self.chance.random() < 0.3:
            patience = 5.0 if client in self.store.given else 0.0
            reply = self.runner._alone((Block(("BLPOP", line), 60, patience, line),), self.kept[client])
            if client in self.store.given:
                assert reply == self.store.take(client)
            else:
                assert reply is WAITING
                self.waiting[client] = line
            return "wait on"
        reply = self.runner._alone((Block((), 0.0),), self.kept[client])
        self.store.leave_lines(client)
        assert reply == self.store.take(client)
        return "leave"

    def real(self, client: int, effect: Any) -> Any:
        try:
            if isinstance(effect, (Call, Eval)):
                return self.runner._batch((effect,), False)[0]
            return self.runner._alone((effect,), self.kept[client])
        except Conflict:
            return "conflict"

    def adopt(self, effect: Any) -> None:
        """A renewal takes the server's time for itself, a moment later: take the deadline over."""
        for part in effect.writes if isinstance(effect, Commit) else (effect,):
            if isinstance(part, Eval) and part.script.name == "renew":
                at, text = part.keys[1], str(part.args[0])
                ours, theirs = self.simulated(0, Call(("ZSCORE", at, text))), self.real(0, Call(("ZSCORE", at, text)))
                assert (ours is None) == (theirs is None)
                if theirs is None:
                    continue
                for key in part.keys[1:]:
                    assert 0 <= int(theirs) - self.store.values[key][text] < TOLERANCE_MS
                    self.store.values[key][text] = int(theirs)

    def simulated(self, client: int, effect: Any) -> Any:
        try:
            return self.store.perform(client, effect)
        except Conflict:
            return "conflict"

    def close(self) -> None:
        for kept in self.kept:
            kept.close()


def test_the_simulated_store_is_like_a_real_one(real_backend: Backend) -> None:
    names = ("hold", "release", "renew", "wake")
    assert set(Store.scripts) == set(names) == {script.__name__ for script in Store.scripts.values()}
    assert Store.scripts["hold"] is scripts.hold
    for name in names:
        _ = real_backend.client.script_load(load(COMMON if name == "wake" else PACKAGE, name).text)
    done: dict[str, int] = {}
    for seed in range(SEQUENCES):
        both = Both(real_backend, random.Random(seed))
        try:
            for _ in range(LENGTH):
                what = both.step()
                done[what] = done.get(what, 0) + 1
            both.compare()
        finally:
            both.close()
            real_backend.clear()
    assert done.keys() >= {"hold", "release", "renew", "wake", "watch", "commit", "wait", "wait on", "leave", "read"}
    print(f"{SEQUENCES * LENGTH} effects compared on {real_backend.name}: {done}")
