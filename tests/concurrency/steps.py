"""Something done at every effect of this thread's operations: a signal, a flush, whatever a test is about.

It replaces methods of ``SyncRunner`` for as long as the ``with`` block lasts; other threads are left alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from redicts.runners import blocked, exchange
from redicts.runners.sync import SyncRunner

__all__ = ["MOMENTS", "Hook", "at_each_effect"]

MOMENTS = ("before", "sent", "after")
"""Before an effect is performed; once it was sent, before its first reply is read; once it is through."""

Hook = Callable[[int, str, str], object]
"""Called with the number of the effect, from 0 on, the moment, and what kind of effect it is."""


@contextmanager
def at_each_effect(hook: Hook) -> Iterator[None]:
    """Call the function at each moment of each effect."""
    here = threading.get_ident()
    number = -1
    kind = ""
    unread = False

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def perform(self: SyncRunner, effects: Any, *rest: Any) -> Any:
            nonlocal number, kind, unread
            if threading.get_ident() != here:
                return original(self, effects, *rest)
            number, kind, unread = number + 1, type(effects[0]).__name__, True
            hook(number, "before", kind)
            reply = original(self, effects, *rest)
            hook(number, "after", kind)
            return reply

        return perform

    def read_reply(connection: Any, **options: Any) -> Any:
        nonlocal unread
        if threading.get_ident() == here and unread:
            unread = False
            hook(number, "sent", kind)
        return original_read(connection, **options)

    original_read = exchange.read_reply
    with ExitStack() as stack:
        for name in ("_alone", "_batch"):
            stack.enter_context(patch.object(SyncRunner, name, around(getattr(SyncRunner, name))))
        for module in (exchange, blocked):
            stack.enter_context(patch.object(module, "read_reply", read_reply))
        yield
