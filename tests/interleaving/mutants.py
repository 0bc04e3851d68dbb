"""Seeded bugs: each is a line of the product that is gone. The explorer can be trusted because it finds them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

import redicts.locks.acquiring as acquiring
from redicts.core.effects import Conflict, Effect
from redicts.locks.entry import Standing
from redicts.locks.rules import Blocked, Free, Request, covers, decide
from tests.interleaving import scripts
from tests.interleaving.store import Store

__all__ = [
    "Careless",
    "Resurrecting",
    "Silent",
    "forget_to_pass_on",
    "ignore_below",
    "keep_it_while_waiting_on",
    "keep_the_dead",
    "never_check",
]


def keep_the_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """``hold`` is not told which dead entries are to go."""

    def mutated(request: Request, found: Iterable[Standing], now_ms: int) -> Free | Blocked:
        decision = decide(request, found, now_ms)
        return Free([]) if isinstance(decision, Free) else decision

    monkeypatch.setattr(acquiring, "decide", mutated)


def ignore_below(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules look at the path and above it, not below."""

    def mutated(request: Request, found: Iterable[Standing], now_ms: int) -> Free | Blocked:
        return decide(request, [s for s in found if covers(s.entry.path, request.path)], now_ms)

    monkeypatch.setattr(acquiring, "decide", mutated)


def forget_to_pass_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is woken keeps it for himself."""
    monkeypatch.setattr(acquiring, "passes_on", lambda waited_at, granted: False)


def keep_it_while_waiting_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is woken, and must wait on for one who shares, lets those wait who could share too."""
    monkeypatch.setattr(acquiring, "stays_but_passes_on", lambda blocker, passed_by: False)


def never_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """A waiter does not look whether what it waits for is still there."""
    monkeypatch.setattr(acquiring, "CHECK_SECONDS", 1000.0)


class Silent(Store):
    """``release`` wakes nobody."""

    @staticmethod
    def release(store: Store, keys: Sequence[str], args: Sequence[str]) -> int:
        held = scripts.release(store, keys, args)
        for line in keys[3:5]:
            if store.get(line):
                store.remove(line)
        return held

    scripts = Store.scripts | {"release": release}


class Resurrecting(Store):
    """``renew`` does not ask whether the entry is still there."""

    @staticmethod
    def renew(store: Store, keys: Sequence[str], args: Sequence[str]) -> int:
        scripts.enter(store, keys[1:], args[0], store.now_ms + int(args[1]), int(args[1]))
        return 1

    scripts = Store.scripts | {"renew": renew}


class Careless(Store):
    """``EXEC`` does not ask whether a watched key has changed."""

    def perform(self, client: int, effect: Effect) -> Any:
        if client in self.watches:
            self.watches[client] = (self.watches[client][0], False)
        try:
            return super().perform(client, effect)
        except Conflict:
            raise AssertionError("nothing was watched") from None
