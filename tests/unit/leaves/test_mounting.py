"""Mounting a typed leaf on a cluster: the name of a new section is registered first, then the write is tried again."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from redicts.core.effects import Call, Eval, Refused
from redicts.core.place import Guard
from redicts.errors import LockLost
from redicts.leaves.opening import SyncOpening
from tests.support.leaf_operations import ALONE, OPENED, ROWS
from tests.support.stepping import Spot, Step


class Stepped(Spot, SyncOpening):
    """A place whose typed leaves are stepped by hand."""

    __slots__ = ()

    def _run(self, op: Any, idempotent: bool) -> Step:
        return Step(op)


def steps(kind: str, spot: Stepped) -> list[tuple[str, Step]]:
    """Begin every operation that writes in its first step."""
    begun: list[tuple[str, Step]] = []
    for row in ROWS[kind]:
        if row.writes and row.trips == 1:
            with suppress(AttributeError):  # it needs a neighbour, and this place has none
                begun.append((row.name, row.act(OPENED[kind](spot))))
    assert len(begun) > 1
    return begun


@pytest.mark.parametrize("kind", ALONE)
def test_a_new_section_on_a_cluster_is_registered_first(kind: str) -> None:
    for name, step in steps(kind, Stepped("a", spread=True)):
        first = step.script
        assert first.args[1] == "0", name
        assert first.script.writes, name
        assert "ns:s" not in first.keys, "the set of sections lies in another slot"
        assert all("{a}" in key for key in first.keys), "one slot"
        step.fail(Refused("NEWSECTION", "a"))
        assert step.asked == (Call(("SADD", "ns:s", "a")),), name
        again = step.reply(1).script
        assert (again.args[1], again.keys, list(again.args[2:])) == ("2", first.keys, list(first.args[2:])), name


@pytest.mark.parametrize("kind", ALONE)
def test_every_write_carries_its_guards(kind: str) -> None:
    told: list[str] = []
    guards = [Guard(f"ns:l:{{a}}{tail}", f"x:me:{tail}", lambda tail=tail: told.append(tail)) for tail in ("", ".b")]  # type: ignore[misc]
    for name, step in steps(kind, Stepped("a.b.c", *guards)):
        effect = step.script
        assert isinstance(effect, Eval)
        assert list(effect.args[:4]) == ["2", "1", "x:me:", "x:me:.b"], name
        assert effect.keys[:3] == ("ns:l:{a}", "ns:l:{a}.b", "ns:s"), name
        told.clear()
        with pytest.raises(LockLost, match="nothing was written"):
            step.fail(Refused("LOCKLOST", "2 ns:l:{a}.b"))
        assert told == [".b"], name
