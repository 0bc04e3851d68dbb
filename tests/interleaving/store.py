"""A simulated Redis: as much of it as the effects of locks need, with a clock that is set by hand.

It is compared with real servers in ``test_store.py``. The scripts' twins are in ``scripts.py``. Clients are numbers.
"""

from __future__ import annotations

from typing import Any, ClassVar

from redicts.core.effects import Call, Commit, Conflict, Effect, Eval, Watch

__all__ = ["START_US", "Store"]

START_US = 1_700_000_000_000_001
"""What the clock shows at first, in us: the first fence tokens are none with which ``hold`` tidies up."""


class Store:
    """The keys, who waits, and who watches.

    Attributes:
        clock_us: The server's time.
        values: By key: a dict (zset), a list, or a str.
        expiry: By key: when it expires, in ms.
        lines: By list: the clients that wait there, the first one first.
        given: By client: the list whose element it was given, and has not read yet.
        watches: By client: the keys that it watches, and whether one of them was touched.
        granted: The entries that were entered, each with its fence token, in that order.
        tick_us: How long each effect takes, in us.
        eager: Whether a key goes when its time is over, as nearly always; else when it is asked for.
    """

    scripts: ClassVar[dict[str, Any]] = {}
    eager = True
    tick_us = 0

    def __init__(self, clock_us: int = START_US) -> None:
        self.clock_us = clock_us
        self.values: dict[str, Any] = {}
        self.expiry: dict[str, int] = {}
        self.lines: dict[str, tuple[int, ...]] = {}
        self.given: dict[int, str] = {}
        self.watches: dict[int, tuple[frozenset[str], bool]] = {}
        self.granted: tuple[tuple[str, int], ...] = ()

    def clone(self) -> Store:
        """Copy it."""
        other = type(self).__new__(type(self))
        other.clock_us, other.granted = self.clock_us, self.granted
        other.eager, other.tick_us = self.eager, self.tick_us
        other.values = {key: value if isinstance(value, str) else value.copy() for key, value in self.values.items()}
        other.expiry, other.lines, other.given = self.expiry.copy(), self.lines.copy(), self.given.copy()
        other.watches = self.watches.copy()
        return other

    def frozen(self) -> tuple[Any, ...]:
        """Give everything in it, to be compared and hashed."""
        values = [
            (key, tuple(sorted(value.items())) if isinstance(value, dict) else tuple(value), self.expiry.get(key))
            for key, value in sorted(self.values.items())
        ]
        lines, given, watches = sorted(self.lines.items()), sorted(self.given.items()), sorted(self.watches.items())
        watched = tuple([(client, tuple(sorted(keys)), dirty) for client, (keys, dirty) in watches])
        return (self.clock_us, tuple(values), tuple(lines), tuple(given), watched, self.granted)

    @property
    def now_ms(self) -> int:
        """The time, in ms."""
        return self.clock_us // 1000

    def pass_time(self, ms: int) -> None:
        """Move the clock on, or back."""
        self.clock_us += ms * 1000
        if self.eager:
            for key in list(self.expiry):
                self.expire(key)

    # -- keys ----------------------------------------------------------------------------------------------------

    def expire(self, key: str) -> None:
        """Delete a key whose time is over."""
        if key in self.expiry and self.expiry[key] <= self.now_ms:
            self.remove(key)

    def remove(self, key: str) -> None:
        """Delete a key."""
        del self.values[key]
        _ = self.expiry.pop(key, None)
        self.touch(key)

    def peek(self, key: str) -> Any:
        """Look at a key's value from outside; ``None`` where there is none."""
        return None if key in self.expiry and self.expiry[key] <= self.now_ms else self.values.get(key)

    def get(self, key: str) -> Any:
        """Read a key's value; ``None`` where there is none."""
        self.expire(key)
        return self.values.get(key)

    def touch(self, key: str) -> None:
        """Note for those who watch a key that it was changed."""
        for client, (keys, _) in self.watches.items():
            if key in keys:
                self.watches[client] = (keys, True)

    def zadd(self, key: str, score: int, member: str) -> None:
        zset = self.get(key)
        if zset is None:
            zset = self.values[key] = {}
        if zset.get(member) != score:
            zset[member] = score
            self.touch(key)

    def zrem(self, key: str, member: str) -> None:
        zset = self.get(key)
        if zset and member in zset:
            del zset[member]
            self.touch(key)
            if not zset:
                self.remove(key)

    def zscore(self, key: str, member: str) -> int | None:
        zset: dict[str, int] = self.get(key) or {}
        return zset.get(member)

    def set(self, key: str, text: str, ms: int) -> None:
        self.values[key] = text
        self.expiry[key] = self.now_ms + ms
        self.touch(key)

    def push(self, key: str, text: str) -> None:
        if self.get(key) is None:
            self.values[key] = []
        self.values[key].append(text)
        self.touch(key)

    def exists(self, *keys: str) -> int:
        return len([key for key in keys if self.get(key) is not None])

    def pexpire(self, key: str, ms: int) -> int:
        if self.get(key) is None:
            return 0
        self.expiry[key] = self.now_ms + ms
        self.touch(key)
        return 1

    def pttl(self, key: str) -> int:
        if self.get(key) is None:
            return -2
        return self.expiry[key] - self.now_ms if key in self.expiry else -1

    # -- what clients send ---------------------------------------------------------------------------------------

    def perform(self, client: int, effect: Effect) -> Any:
        """Carry out an effect that does not block, and reply."""
        self.clock_us += self.tick_us
        if isinstance(effect, Watch):
            self.watches[client] = (frozenset(effect.keys), False)
            return [self.command(*[str(part) for part in read]) for read in effect.reads]
        if isinstance(effect, Commit):
            _, dirty = self.watches.pop(client)
            if dirty and effect.writes:
                raise Conflict
            replies = [self.one(write) for write in effect.writes]
            self.serve()
            return replies
        assert isinstance(effect, (Call, Eval)), effect
        reply = self.one(effect)
        self.serve()
        return reply

    def one(self, effect: Call | Eval) -> Any:
        if isinstance(effect, Eval):
            args = [str(argument) for argument in effect.args]
            return self.scripts[effect.script.name](self, effect.keys, args)
        return self.command(*[str(part) for part in effect.args])

    def command(self, name: str, *args: str) -> Any:
        """Carry out a command that only reads."""
        if name == "TIME":
            return [str(self.clock_us // 1_000_000), str(self.clock_us % 1_000_000)]
        if name == "ZSCORE":
            score = self.zscore(*args)
            return None if score is None else str(score)
        if name == "ZUNION":
            union: dict[str, int] = {}
            for key in args[1 : 1 + int(args[0])]:
                zset: dict[str, int] = self.get(key) or {}
                for member, score in zset.items():
                    union[member] = max(score, union.get(member, score))
            ordered = sorted(union.items(), key=lambda pair: (pair[1], pair[0]))
            return [text for member, score in ordered for text in (member, str(score))]
        raise AssertionError(f"not simulated: {name}")

    # -- waiting -------------------------------------------------------------------------------------------------

    def pop(self, client: int, key: str) -> list[str] | None:
        """Take the first element of a list, or stand in line for it."""
        if self.get(key):
            value = self.values[key].pop(0)
            self.touch(key)
            if not self.values[key]:
                self.remove(key)
            return [key, value]
        self.lines[key] = (*self.lines.get(key, ()), client)
        return None

    def serve(self) -> None:
        """Give what was pushed to the first who waits for it."""
        for key in list(self.lines):
            while key in self.lines and self.get(key):
                client = self.lines[key][0]
                self.leave_lines(client)
                _ = self.pop(client, key)
                self.given[client] = key

    def take(self, client: int) -> list[str] | None:
        """Read what a client was given."""
        key = self.given.pop(client, None)
        return None if key is None else [key, "1"]

    def leave_lines(self, client: int) -> None:
        """Take a client out of the lines where it stands."""
        lines = {key: tuple([other for other in line if other != client]) for key, line in self.lines.items()}
        self.lines = {key: line for key, line in lines.items() if line}

    def close(self, client: int) -> None:
        """Close a client's connections: whatever it was given, and has not read, is lost."""
        self.leave_lines(client)
        _ = self.given.pop(client, None), self.watches.pop(client, None)
