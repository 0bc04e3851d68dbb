"""The steps of owners. Each is one round trip: the effect is carried out and answered at once, but for those that take
time, ``Block`` and ``Sleep``: begun in one step and answered in another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from redicts.core.effects import WAITING, Block, Commit, Conflict, Effect, Eval, Everywhere, Sleep, Watch
from tests.interleaving.world import NOT_ASKED, Blocking, Cast, Move, World, in_ms, replaced

__all__ = ["carry_out", "own_steps", "spell"]


def own_steps(cast: Cast, world: World, i: int) -> Iterator[Move]:
    """Give what owner ``i`` can do: nothing, one thing, or two where a reply and its patience race."""
    effect, name = cast.asked(world, i), cast.scenario.owners[i].name
    if effect is None:
        return
    kept = world.blocking[i]
    if isinstance(effect, Block) and kept is not None and kept.args == effect.args:
        yield from answers(cast, world, i, kept)
        return
    if isinstance(effect, Sleep) and kept is not None:
        if world.mono_ms >= kept.end_ms:
            after = world.clone()
            after.blocking = replaced(world.blocking, i, None)
            yield Move(f"{name} has worked", cast.tell(after, i, "send", (None,)))
        return
    after = world.clone()
    kind, reply = carry_out(after, i, effect)
    if kind == "wait":
        yield Move(f"{name}: {spell(effect)}", after)
    else:
        yield Move(f"{name}: {spell(effect)} -> {reply}", cast.tell(after, i, kind, reply))


def carry_out(world: World, i: int, effect: Effect) -> tuple[str, Any]:
    """Carry out an effect of owner ``i``; say how its generator goes on: ``send``, ``throw`` or ``wait``."""
    if isinstance(effect, Block):
        if world.blocking[i] is not None:
            world.store.leave_lines(i)
            world.blocking = replaced(world.blocking, i, None)
            given = world.store.take(i)
            if not effect.args:
                return "send", (given,)
        if not effect.args:
            return "send", (None,)
        if (reply := world.store.pop(i, str(effect.args[1]))) is not None:
            return "send", (reply,)
        arrival = (i, str(effect.args[1]))
        if arrival not in world.arrivals:
            others = [other for other in world.arrivals if other[0] != i]
            world.arrivals = (*others, arrival)
        ends = [world.mono_ms + in_ms(seconds) for seconds in (effect.timeout, effect.patience or effect.timeout)]
        world.blocking = replaced(world.blocking, i, Blocking(effect.args, *ends))
        return "wait", None
    if isinstance(effect, Sleep):
        end_ms = world.mono_ms + in_ms(effect.seconds)
        world.blocking = replaced(world.blocking, i, Blocking((), end_ms, end_ms))
        return "wait", None
    try:
        reply = world.store.perform(i, effect)
    except Conflict:
        return "throw", "Conflict"
    return "send", (reply,)


def answers(cast: Cast, world: World, i: int, kept: Blocking) -> Iterator[Move]:
    """Give what may come of a blocking command that is under way."""
    name = cast.scenario.owners[i].name
    if i in world.store.given:
        after = world.clone()
        after.blocking = replaced(after.blocking, i, None)
        reply = after.store.take(i)
        yield Move(f"{name} is woken", cast.tell(after, i, "send", (reply,)))
        return
    if world.mono_ms >= kept.patience_ms:
        after = world.clone()
        after.blocking = replaced(after.blocking, i, kept._replace(patience_ms=NOT_ASKED))
        yield Move(f"{name} is out of patience", cast.tell(after, i, "send", (WAITING,)))
    if world.mono_ms >= kept.end_ms:
        after = world.clone()
        after.blocking = replaced(after.blocking, i, None)
        after.store.leave_lines(i)
        yield Move(f"{name} has waited in vain", cast.tell(after, i, "send", (None,)))


def spell(effect: Effect) -> str:
    """Name an effect in a few words."""
    if isinstance(effect, Commit):
        return "commit" if effect.writes else "unwatch"
    if isinstance(effect, Eval):
        return effect.script.name
    if isinstance(effect, Block):
        return f"wait at {effect.args[1]!r}" if effect.args else "leave the line"
    if isinstance(effect, Sleep):
        return "work"
    if isinstance(effect, Everywhere):
        return "everywhere"
    return "watch" if isinstance(effect, Watch) else str(effect.args[0])
