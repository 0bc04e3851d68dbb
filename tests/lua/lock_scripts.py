"""The scripts of locks with raw KEYS and ARGV, entries made up on the spot, and a look at what they left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from redicts.core.keys import KeySpace, LockKeys
from redicts.core.scripts import COMMON, load
from redicts.locks.entry import Entry
from tests.support.backends import Backend

__all__ = ["LockScripts"]

_NUMBERS = count(1)


class LockScripts:
    """The scripts, on one server in one namespace.

    Attributes:
        client: Of the server, for looking behind their back.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.client: Any = backend.client

    @property
    def space(self) -> KeySpace:
        """How the keys are spelled."""
        return self.backend.database.space

    def now_us(self) -> int:
        """The server's time."""
        seconds, micros = self.client.time()
        return int(seconds) * 1_000_000 + int(micros)

    def now_ms(self) -> int:
        """The server's time."""
        return self.now_us() // 1000

    def run(self, name: str, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """Run a script of the locks."""
        script = load(COMMON if name == "wake" else "redicts.locks", name)
        reply = self.client.eval(script.text, len(keys), *keys, *args)
        return reply.decode() if isinstance(reply, bytes) else reply

    def entry(self, *path: str, owner: str = "me", shared: bool = False, host: str = "here") -> str:
        """Spell a new entry."""
        made = Entry(shared, f"n:{next(_NUMBERS)}", 1, owner, host, 7, path)
        return made.text(self.space.locks(path).tail)

    def keys(self, entry: str) -> LockKeys:
        """The keys of the lock that an entry is of."""
        return self.space.locks(Entry.read(entry, "").path)

    def hold(self, entry: str, lease_ms: int = 60_000, dead: Iterable[str] = (), *, token: int | None = None) -> int:
        """Enter an entry, with its deadline from now on.

        Args:
            entry: The entry.
            lease_ms: Its lease.
            dead: What is to be removed first.
            token: What is said to be the server's time in us; else it is asked for, and made a number that lets
                nothing be tidied.
        """
        keys, now = self.keys(entry), self.now_us()
        if token is None:
            token = max(now, int(self.client.get(keys.fence) or 0) + 1)
            token += token % 10 == 7
        args = [entry, now // 1000 + lease_ms, lease_ms, token, *dead]
        return int(self.run("hold", [keys.fence, *keys.entered], args))

    def release(self, entry: str) -> int:
        """Take an entry back."""
        keys = self.keys(entry)
        return int(
            self.run("release", [keys.fence, *keys.section, keys.wake_ups, keys.upgrades, *keys.entered], [entry])
        )

    def renew(self, entry: str, lease_ms: int = 60_000) -> int:
        """Give an entry a new lease."""
        keys = self.keys(entry)
        return int(self.run("renew", [keys.fence, *keys.entered], [entry, lease_ms]))

    def put(self, entry: str, deadline_ms: int, ttl_ms: int = 60_000) -> None:
        """Let an entry stand where it belongs, with any deadline, behind the scripts' back."""
        for key in self.keys(entry).entered:
            self.client.zadd(key, {entry: deadline_ms})
            self.client.pexpire(key, ttl_ms)

    def kill(self, entry: str) -> str:
        """Let the lease of an entry have run out, and give the entry."""
        for key in self.keys(entry).entered:
            self.client.zadd(key, {entry: self.now_ms()})
        return entry

    def standing(self, key: str) -> dict[str, int]:
        """The entries in a zset, with their deadlines."""
        return {text.decode(): int(score) for text, score in self.client.zrange(key, 0, -1, withscores=True)}

    def places(self, entry: str) -> list[str]:
        """The keys an entry stands in, wherever that is."""
        every = self.backend.keys()
        return [key for key in every if self.client.type(key) == b"zset" and entry in self.standing(key)]

    def woken(self, *path: str) -> str:
        """The letters of the lists of a path that hold a wake-up; each holds one at most, for a second at most."""
        keys = self.space.locks(path)
        found = ""
        for letter, key in (("w", keys.wake_ups), ("u", keys.upgrades)):
            if length := self.client.llen(key):
                assert length == 1
                assert 0 < self.client.pttl(key) <= 1000
                found += letter
        return found
