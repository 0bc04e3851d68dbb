"""What a generator will do next depends on its frames, and those of the generators it delegates to: taken down here.

What no longer matters where it stands is left out, or equal states would look different; whether too much is left out
is checked in ``test_explorer.py``, against automata that remember everything.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from redicts.core.effects import Watch
from redicts.core.keys import LockKeys
from redicts.locks.acquiring import _Attempt
from redicts.locks.holding import Holding

__all__ = ["snapshot"]

CONSTANT = {"space", "by", "keys", "watch", "attempt", "log", "owner", "effect", "context", "grant", "lease_ms"}
"""The same for each run of a frame, or made of what is taken down elsewhere."""

DEAD = {
    "run": {"replies", "found", "now_us"},
    "wait": {"left", "alive", "score"},
    "stand": {"patience", "left", "reply"},
    "enter": {"entry", "request", "args", "free", "fence", "now_ms", "lease", "now_us"},
    "leave_line": {"reply"},
    "program": {"holding"},
}
"""By function: what is not read again after a reply, before it is written anew."""


def snapshot(generator: Any, asked: Any) -> tuple[Any, ...]:
    """Take down a generator that waits for the reply to ``asked``."""
    frames = []
    while generator is not None:
        frame, below = generator.gi_frame, generator.gi_yieldfrom
        if frame is None:
            return ("over",)
        dead = CONSTANT | DEAD.get(frame.f_code.co_name, set())
        if frame.f_code.co_name == "run":
            if below is not None:
                dead = dead | {"decision", "now_ms", "read"}
                if below.gi_code.co_name in {"wait", "stand"}:
                    dead = dead | {"asked", "fence", "valid_until"}
            elif isinstance(asked[0], Watch):
                dead = dead | {"decision", "now_ms", "read", "fence", "valid_until"}
        names = sorted(frame.f_locals.keys() - dead)
        frames.append((frame.f_code.co_name, frame.f_lasti, *[(n, plain(frame.f_locals[n])) for n in names]))
        generator = below
    return tuple(frames)


def plain(value: Any) -> Any:
    """Make of a value what can be compared and hashed."""
    if value is None or isinstance(value, (str, int, float, Enum)):
        return value
    if isinstance(value, _Attempt):
        fixed = {"space", "keys", "lease_ms", "by", "timeout"}
        return tuple([(name, plain(part)) for name, part in sorted(vars(value).items()) if name not in fixed])
    if isinstance(value, Holding):
        return (value.text, value.fence, value.valid_until, value.is_lost, value in value.context.holdings)
    if isinstance(value, LockKeys):
        return value.tail
    if isinstance(value, (tuple, list)):
        return tuple([plain(part) for part in value])
    if isinstance(value, (set, frozenset)):
        return frozenset(value)
    if isinstance(value, BaseException):
        return type(value).__name__
    if type(value).__name__ in {"range_iterator", "tuple_iterator"}:
        return ()
    raise TypeError(f"cannot take down {value!r}")
